-- Passkeys (WebAuthn).
CREATE TABLE passkeys (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  owner      INTEGER NOT NULL REFERENCES owners (id),
  name       TEXT    NOT NULL,
  rp_id      TEXT    NOT NULL,  -- the domain that it is bound to
  credential BLOB    NOT NULL UNIQUE,  -- its id, of the authenticator's choice
  algorithm  INTEGER NOT NULL,  -- COSE: -7 ES256, -8 EdDSA, -257 RS256
  public_key BLOB    NOT NULL,
  counter    INTEGER NOT NULL,  -- of signatures; 0: the authenticator does not count
  created    INTEGER NOT NULL,
  used       INTEGER,
  UNIQUE (owner, name)
) STRICT;

-- Codes that take the place of any second factor, each once.
CREATE TABLE recovery_codes (
  owner INTEGER PRIMARY KEY REFERENCES owners (id),
  macs  TEXT    NOT NULL  -- HMACs of those that are left, a line each
) STRICT;
INSERT INTO recovery_codes SELECT owner, recovery FROM second_factors WHERE confirmed IS NOT NULL;
ALTER TABLE second_factors DROP COLUMN recovery;
