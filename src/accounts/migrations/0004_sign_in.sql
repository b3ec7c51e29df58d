-- How people sign in.
CREATE TABLE passwords (
  owner   INTEGER PRIMARY KEY REFERENCES owners (id),
  hash    TEXT    NOT NULL,  -- Argon2id
  created INTEGER NOT NULL,
  older   TEXT    NOT NULL   -- hashes of those before, newest first, a line each
) STRICT;

-- Attempts that failed since the last that did not.
CREATE TABLE failed_sign_ins (
  owner INTEGER PRIMARY KEY REFERENCES owners (id),
  count INTEGER NOT NULL,
  last  INTEGER NOT NULL
) STRICT;

CREATE TABLE second_factors (
  owner     INTEGER PRIMARY KEY REFERENCES owners (id),
  secret    BLOB    NOT NULL,  -- of TOTP
  confirmed INTEGER,           -- NULL: not yet in use
  last_step INTEGER NOT NULL,  -- no code of this step or one before is taken again
  recovery  TEXT    NOT NULL   -- HMACs of the codes that are left, a line each
) STRICT;

CREATE TABLE sessions (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  owner   INTEGER NOT NULL REFERENCES owners (id),
  mac     BLOB    NOT NULL UNIQUE,  -- HMAC-SHA-256 of what the cookie holds
  limited INTEGER NOT NULL,         -- 1: only one's own account, until a second factor is there
  created INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  peer    TEXT    NOT NULL
) STRICT;

-- Links by which somebody sets their password, once.
CREATE TABLE links (
  mac     BLOB    PRIMARY KEY,
  owner   INTEGER NOT NULL REFERENCES owners (id),
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
