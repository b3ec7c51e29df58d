-- What answers cost by the prices of their days, in millionths of the tenant's currency.
ALTER TABLE usage ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_departments ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;

-- Quotas of money, too: their amount in millionths of the tenant's currency.
CREATE TABLE quotas_and_budgets (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  level   TEXT    NOT NULL CHECK (level IN ('box', 'tenant', 'department', 'user', 'key')),
  subject INTEGER NOT NULL,  -- the id of that tenant, …; 0 of the box
  model   TEXT    NOT NULL,  -- empty: all together
  metric  TEXT    NOT NULL CHECK (metric IN ('requests', 'tokens', 'concurrency', 'money')),
  period  TEXT    NOT NULL CHECK (period IN ('minute', 'day', 'month', 'now')),
  amount  INTEGER NOT NULL,
  created INTEGER NOT NULL,
  UNIQUE (level, subject, model, metric, period)
) STRICT;
INSERT INTO quotas_and_budgets SELECT * FROM quotas;
DROP TABLE quotas;
ALTER TABLE quotas_and_budgets RENAME TO quotas;
