-- How long things are kept, where it is not as the settings say.
CREATE TABLE retention_rules (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  level   TEXT    NOT NULL CHECK (level IN ('box', 'tenant', 'department', 'user')),
  subject INTEGER NOT NULL,  -- the id of that tenant, …; 0 of the box
  kind    TEXT    NOT NULL,  -- "files"
  days    INTEGER NOT NULL,
  created INTEGER NOT NULL,
  UNIQUE (level, subject, kind)
) STRICT;

-- Bytes that are kept of an owner: triggers of the tables that hold them count here, in the same transaction.
CREATE TABLE stored_bytes (
  owner INTEGER PRIMARY KEY,
  bytes INTEGER NOT NULL
) STRICT;

-- Quotas of storage, too.
CREATE TABLE quotas_and_storage (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  level   TEXT    NOT NULL CHECK (level IN ('box', 'tenant', 'department', 'user', 'key')),
  subject INTEGER NOT NULL,  -- the id of that tenant, …; 0 of the box
  model   TEXT    NOT NULL,  -- empty: all together
  metric  TEXT    NOT NULL CHECK (metric IN ('requests', 'tokens', 'concurrency', 'money', 'storage')),
  period  TEXT    NOT NULL CHECK (period IN ('minute', 'day', 'month', 'now')),
  amount  INTEGER NOT NULL,
  created INTEGER NOT NULL,
  UNIQUE (level, subject, model, metric, period)
) STRICT;
INSERT INTO quotas_and_storage SELECT * FROM quotas;
DROP TABLE quotas;
ALTER TABLE quotas_and_storage RENAME TO quotas;
