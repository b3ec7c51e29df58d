-- Who uses the box: tenants, their departments, their users and service accounts; every key belongs to one of these.
CREATE TABLE tenants (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: salts the prefix cache
  name      TEXT    NOT NULL,
  zone      TEXT    NOT NULL,  -- "Asia/Shanghai": says when its day ends
  currency  TEXT    NOT NULL,
  created   INTEGER NOT NULL,
  suspended INTEGER,
  deleted   INTEGER
) STRICT;
CREATE UNIQUE INDEX tenants_by_name ON tenants (name) WHERE deleted IS NULL;

-- The one whose administrators reach all others.
INSERT INTO tenants (id, name, zone, currency, created) VALUES (1, 'home', 'UTC', 'CNY', unixepoch());

CREATE TABLE departments (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant  INTEGER NOT NULL REFERENCES tenants (id),
  name    TEXT    NOT NULL,
  created INTEGER NOT NULL,
  deleted INTEGER
) STRICT;
CREATE UNIQUE INDEX departments_by_name ON departments (tenant, name) WHERE deleted IS NULL;

CREATE TABLE owners (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant     INTEGER NOT NULL REFERENCES tenants (id),
  department INTEGER REFERENCES departments (id),
  kind       TEXT    NOT NULL CHECK (kind IN ('user', 'service')),
  name       TEXT    NOT NULL,
  label      TEXT    NOT NULL DEFAULT '',
  roles      TEXT    NOT NULL DEFAULT '',  -- of a user: "user auditor"
  scopes     TEXT    NOT NULL DEFAULT '',  -- of a service account: "inference metrics"
  maker      INTEGER REFERENCES owners (id),  -- NULL: who administers the machine
  created    INTEGER NOT NULL,
  suspended  INTEGER,
  deleted    INTEGER
) STRICT;
CREATE UNIQUE INDEX owners_by_name ON owners (tenant, name) WHERE deleted IS NULL;
CREATE INDEX owners_by_department ON owners (department);

-- A key made before belongs to a service account of its name.
INSERT INTO owners (tenant, kind, name, scopes, created)
  SELECT 1, 'service', name, group_concat(scopes, ' '), min(created) FROM keys GROUP BY name ORDER BY min(id);

CREATE TABLE keys_of_owners (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  owner     INTEGER NOT NULL REFERENCES owners (id),
  maker     INTEGER REFERENCES owners (id),
  name      TEXT    NOT NULL,
  mac       BLOB    NOT NULL UNIQUE,  -- HMAC-SHA-256 of the whole text
  prefix    TEXT    NOT NULL,
  scopes    TEXT    NOT NULL,
  models    TEXT    NOT NULL DEFAULT '',  -- with spaces between; none: all
  addresses TEXT    NOT NULL DEFAULT '',  -- networks, with spaces between; none: from everywhere
  created   INTEGER NOT NULL,
  expires   INTEGER,
  replaced  INTEGER,  -- when another took its place; it may be used until it expires
  revoked   INTEGER
) STRICT;
INSERT INTO keys_of_owners (id, owner, name, mac, prefix, scopes, created, expires, revoked)
  SELECT k.id, o.id, k.name, k.mac, k.prefix, k.scopes, k.created, k.expires, k.revoked
  FROM keys k JOIN owners o ON o.name = k.name AND o.tenant = 1;
DROP TABLE keys;
ALTER TABLE keys_of_owners RENAME TO keys;
-- A name is free again when its key is revoked or replaced.
CREATE UNIQUE INDEX keys_by_name ON keys (owner, name) WHERE revoked IS NULL AND replaced IS NULL;
