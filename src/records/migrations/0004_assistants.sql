-- Assistants of people: a system prompt, a model and parameters under a name.
CREATE TABLE assistants (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT    NOT NULL UNIQUE,  -- "asst_…"
  owner         INTEGER NOT NULL,
  tenant        INTEGER NOT NULL,
  name          TEXT    NOT NULL,         -- applications ask the model "assistant:NAME"
  title         TEXT    NOT NULL,
  description   TEXT    NOT NULL,
  system_prompt TEXT    NOT NULL,
  model         TEXT,
  parameters    TEXT    NOT NULL,         -- a JSON object
  starters      TEXT    NOT NULL,         -- a JSON list of texts
  departments   TEXT    NOT NULL,         -- a JSON list of ids: it is published to these
  everyone      INTEGER NOT NULL,         -- it is published to the whole tenant
  created       INTEGER NOT NULL,         -- seconds since 1970, as all times
  updated       INTEGER NOT NULL,
  UNIQUE (tenant, name)
) STRICT;
CREATE INDEX assistants_by_owner ON assistants (owner);
