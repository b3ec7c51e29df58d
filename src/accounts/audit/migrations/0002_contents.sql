-- What requests held is sealed under keys of their own, one for each person and last day; without its key a content is gone.
CREATE TABLE audit_content_keys (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  person   INTEGER NOT NULL,
  last_day INTEGER NOT NULL,  -- days since 1970
  key      BLOB    NOT NULL,
  UNIQUE (person, last_day)
) STRICT;
