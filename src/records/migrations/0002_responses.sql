-- Responses that applications may ask for again, and continue.
CREATE TABLE responses (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT    NOT NULL UNIQUE,  -- "resp_…"
  tenant     INTEGER NOT NULL,
  key_id     INTEGER NOT NULL,         -- the key that asked
  created    INTEGER NOT NULL,         -- seconds since 1970, as all times
  previous   TEXT,                     -- the id of the response that goes before
  background INTEGER NOT NULL,
  status     TEXT    NOT NULL,         -- "queued" while it is being written, else as in `object`
  input      TEXT    NOT NULL,         -- the items that were asked, a JSON list
  object     TEXT    NOT NULL          -- the response, a JSON object
) STRICT;
CREATE INDEX responses_by_age ON responses (created);
CREATE INDEX responses_queued ON responses (number) WHERE status = 'queued';

-- What a background response was streamed as, for those who lost their connection.
CREATE TABLE response_events (
  response INTEGER PRIMARY KEY REFERENCES responses (number) ON DELETE CASCADE,
  ended    INTEGER NOT NULL,
  text     TEXT    NOT NULL            -- empty: the box stopped before its end, nothing is known
) STRICT;
CREATE INDEX response_events_by_age ON response_events (ended);
