-- Files of applications. The content lies sealed in DIR/files under the key that stands here: without its row it is noise.
CREATE TABLE files (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they came
  id      TEXT    NOT NULL UNIQUE,            -- "file-…"
  tenant  INTEGER NOT NULL,
  name    TEXT    NOT NULL,
  purpose TEXT    NOT NULL,
  bytes   INTEGER NOT NULL,
  key     BLOB    NOT NULL,
  created INTEGER NOT NULL,                   -- seconds since 1970, as all times
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX files_by_tenant ON files (tenant, number);

-- Requests that are answered when nobody else asks.
CREATE TABLE batches (
  number           INTEGER PRIMARY KEY AUTOINCREMENT,
  id               TEXT    NOT NULL UNIQUE,    -- "batch_…"
  tenant           INTEGER NOT NULL,
  key_id           INTEGER NOT NULL,           -- the key that asked
  endpoint         TEXT    NOT NULL,           -- "/v1/chat/completions"
  input_file       TEXT    NOT NULL,           -- an id of files
  output_expires_s INTEGER,                    -- how long its output is kept
  metadata         TEXT    NOT NULL,           -- a JSON object, or null
  status           TEXT    NOT NULL,
  faults           TEXT    NOT NULL DEFAULT '[]',  -- why it failed, or was cancelled: [{"code", "message", "param", "line"}]
  output_file      TEXT,
  error_file       TEXT,
  total            INTEGER NOT NULL DEFAULT 0,
  completed        INTEGER NOT NULL DEFAULT 0,
  failed           INTEGER NOT NULL DEFAULT 0,
  prompt_tokens     INTEGER NOT NULL DEFAULT 0,
  cached_tokens     INTEGER NOT NULL DEFAULT 0,
  completion_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens  INTEGER NOT NULL DEFAULT 0,
  created          INTEGER NOT NULL,
  expires          INTEGER NOT NULL,           -- what is not answered then is left
  begun            INTEGER,
  finalizing       INTEGER,
  cancelling       INTEGER,
  ended            INTEGER                     -- completed, failed, expired or cancelled
) STRICT;
CREATE INDEX batches_by_tenant ON batches (tenant, number);
CREATE INDEX batches_open ON batches (number) WHERE ended IS NULL;

-- Answers of a batch that runs, until its files are written.
CREATE TABLE batch_answers (
  batch    INTEGER NOT NULL REFERENCES batches (number) ON DELETE CASCADE,
  line     INTEGER NOT NULL,                   -- of the input file, from 1
  is_error INTEGER NOT NULL,
  text     TEXT    NOT NULL,                   -- the line of the output or error file
  PRIMARY KEY (batch, line)
) STRICT, WITHOUT ROWID;
