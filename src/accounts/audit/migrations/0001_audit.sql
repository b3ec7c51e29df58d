-- The two ends of the audit trail, whose records lie in files of their own.
CREATE TABLE audit_chain (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  box       TEXT    NOT NULL,  -- 16 random bytes in hex: which box signs
  head_n    INTEGER NOT NULL,  -- the last record that is on the disk
  head_hash TEXT    NOT NULL,
  base_n    INTEGER NOT NULL,  -- the last one that retention has removed; 0: none
  base_hash TEXT    NOT NULL
) STRICT;

-- Whose personal fields are sealed under which key. Erasing takes name and key away.
CREATE TABLE audit_persons (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  name    TEXT UNIQUE,
  key     BLOB,
  created INTEGER NOT NULL,  -- seconds since 1970
  erased  INTEGER,
  CHECK ((name IS NULL) = (key IS NULL) AND (name IS NULL) = (erased IS NOT NULL))
) STRICT;

-- Legal holds: nothing of this person may be erased, and nothing at all by retention. The name '' holds everybody.
CREATE TABLE audit_holds (
  name  TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT;
