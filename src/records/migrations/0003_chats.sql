-- Chats of people.
CREATE TABLE chats (
  number           INTEGER PRIMARY KEY AUTOINCREMENT,
  id               TEXT    NOT NULL UNIQUE,  -- "chat_…"
  owner            INTEGER NOT NULL,         -- whose it is
  tenant           INTEGER NOT NULL,
  title            TEXT    NOT NULL,         -- may be empty
  folder           TEXT,
  model            TEXT,
  assistant        TEXT,                     -- an id of assistants
  parameters       TEXT    NOT NULL,         -- a JSON object
  system_prompt    TEXT,
  leaf             INTEGER,                  -- the message where its branch ends
  messages         INTEGER NOT NULL DEFAULT 0,
  bytes            INTEGER NOT NULL DEFAULT 0,  -- of its messages
  created          INTEGER NOT NULL,         -- seconds since 1970, as all times
  updated          INTEGER NOT NULL,         -- when its last message came
  share            TEXT    UNIQUE,           -- "share_…": the link that its owner gave out
  share_leaf       INTEGER,                  -- the message where it ends for those who have the link
  share_department INTEGER,                  -- whose members may read it
  shared           INTEGER
) STRICT;
CREATE INDEX chats_by_owner ON chats (owner, updated, number);
CREATE INDEX chats_by_age ON chats (updated);

-- Their messages: trees. A child has a higher number than its parent. Parents are no foreign key: SQLite bounds how deep deleting goes.
CREATE TABLE chat_messages (
  number            INTEGER PRIMARY KEY AUTOINCREMENT,
  id                TEXT    NOT NULL UNIQUE,  -- "cmsg_…"
  chat              INTEGER NOT NULL REFERENCES chats (number) ON DELETE CASCADE,
  parent            INTEGER,                  -- null: begins the chat
  role              TEXT    NOT NULL,         -- "user", "assistant"
  created           INTEGER NOT NULL,
  text              TEXT    NOT NULL DEFAULT '',
  reasoning         TEXT    NOT NULL DEFAULT '',
  tool_calls        TEXT    NOT NULL DEFAULT '[]',  -- of an answer: [{"call_id", "name", "arguments"}]
  tool_outputs      TEXT    NOT NULL DEFAULT '[]',  -- of the user's: [{"call_id", "output"}]
  status            TEXT    NOT NULL,         -- "queued" while it is being written
  finish_reason     TEXT,
  error_code        TEXT,
  error_message     TEXT,
  model             TEXT,                     -- as it was asked
  response          TEXT,                     -- an id of responses
  prompt_tokens     INTEGER NOT NULL DEFAULT 0,
  cached_tokens     INTEGER NOT NULL DEFAULT 0,
  completion_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens  INTEGER NOT NULL DEFAULT 0,
  first_token_ms    INTEGER,
  tokens_per_second REAL
) STRICT;
CREATE INDEX chat_messages_by_parent ON chat_messages (chat, parent, number);
CREATE INDEX chat_messages_open ON chat_messages (number) WHERE status = 'queued';

-- Words of titles and texts, each behind its owner's number: nobody's search goes over what others wrote.
CREATE VIRTUAL TABLE chat_title_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE VIRTUAL TABLE chat_text_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE TRIGGER chats_forget AFTER DELETE ON chats BEGIN
  DELETE FROM chat_title_words WHERE rowid = old.number;
END;
CREATE TRIGGER chat_messages_forget AFTER DELETE ON chat_messages BEGIN
  DELETE FROM chat_text_words WHERE rowid = old.number;
END;
