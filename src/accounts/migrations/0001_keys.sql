-- Keys of the API. Of the key itself only its HMAC is kept, and the first letters, so that people can tell keys apart.
CREATE TABLE keys (
  id      INTEGER PRIMARY KEY,
  name    TEXT    NOT NULL,
  mac     BLOB    NOT NULL UNIQUE,  -- HMAC-SHA-256 of the whole text
  prefix  TEXT    NOT NULL,
  scopes  TEXT    NOT NULL,         -- "inference metrics"
  tenant  INTEGER NOT NULL UNIQUE,  -- random: salts the prefix cache
  created INTEGER NOT NULL,         -- seconds since 1970, as all times
  expires INTEGER,
  revoked INTEGER
) STRICT;

-- A name is free again when its key is revoked.
CREATE UNIQUE INDEX keys_by_name ON keys (name) WHERE revoked IS NULL;
