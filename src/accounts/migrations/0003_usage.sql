-- What was used: a row for each day of a key with a model. A day is the tenant's own, written 20261125. Department, user
-- and key are those of that time; 0: none.
CREATE TABLE usage_models (
  id   INTEGER PRIMARY KEY,
  name TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE usage (
  tenant     INTEGER NOT NULL,
  day        INTEGER NOT NULL,
  department INTEGER NOT NULL,
  user       INTEGER NOT NULL,
  key        INTEGER NOT NULL,
  model      INTEGER NOT NULL REFERENCES usage_models (id),
  requests   INTEGER NOT NULL,
  prompt     INTEGER NOT NULL,
  cached     INTEGER NOT NULL,  -- of the prompt
  completion INTEGER NOT NULL,
  reasoning  INTEGER NOT NULL,  -- of the completion
  PRIMARY KEY (tenant, day, department, user, key, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_user ON usage (user, day);

-- The same summed over users and keys, so that a year of a large company is read in milliseconds.
CREATE TABLE usage_departments (
  tenant     INTEGER NOT NULL,
  day        INTEGER NOT NULL,
  department INTEGER NOT NULL,
  model      INTEGER NOT NULL REFERENCES usage_models (id),
  requests   INTEGER NOT NULL,
  prompt     INTEGER NOT NULL,
  cached     INTEGER NOT NULL,
  completion INTEGER NOT NULL,
  reasoning  INTEGER NOT NULL,
  PRIMARY KEY (tenant, day, department, model)
) STRICT, WITHOUT ROWID;

-- The last entry of the journal that these tables have.
CREATE TABLE usage_journal (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  last     INTEGER NOT NULL
) STRICT;
INSERT INTO usage_journal VALUES (1, 0);

CREATE TABLE quotas (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  level   TEXT    NOT NULL CHECK (level IN ('box', 'tenant', 'department', 'user', 'key')),
  subject INTEGER NOT NULL,  -- the id of that tenant, …; 0 of the box
  model   TEXT    NOT NULL,  -- empty: all together
  metric  TEXT    NOT NULL CHECK (metric IN ('requests', 'tokens', 'concurrency')),
  period  TEXT    NOT NULL CHECK (period IN ('minute', 'day', 'month', 'now')),
  amount  INTEGER NOT NULL,
  created INTEGER NOT NULL,
  UNIQUE (level, subject, model, metric, period)
) STRICT;

-- What a model of a cloud costs there, since a day: money for a million tokens. Peak: at the hours when it costs more.
CREATE TABLE prices (
  model       TEXT    NOT NULL,
  since       INTEGER NOT NULL,  -- 20261125
  currency    TEXT    NOT NULL,
  input       REAL    NOT NULL,
  output      REAL    NOT NULL,
  cached      REAL,
  input_peak  REAL,
  output_peak REAL,
  cached_peak REAL,
  note        TEXT    NOT NULL,
  PRIMARY KEY (model, since)
) STRICT, WITHOUT ROWID;

-- List prices as they were known on 2026-11-23; an administrator keeps them up.
INSERT INTO prices VALUES
  ('glm-5.3', 20260101, 'CNY', 8, 28, 2, NULL, NULL, NULL, 'docs.bigmodel.cn'),
  ('glm-5.3-flash', 20260101, 'CNY', 0.4, 1.4, 0.115, NULL, NULL, NULL, 'docs.bigmodel.cn, half price until 2026-09-09'),
  ('glm-5.3-flash', 20260909, 'CNY', 0.8, 2.8, 0.23, NULL, NULL, NULL, 'docs.bigmodel.cn'),
  ('glm-5', 20260101, 'CNY', 6, 22, 1.5, NULL, NULL, NULL, 'Bailian, run by Zhipu'),
  ('qwen3-max', 20260501, 'CNY', 2.5, 10, NULL, NULL, NULL, NULL, 'to 32k, third party'),
  ('qwen3.6-plus', 20260101, 'CNY', 2, 12, NULL, NULL, NULL, NULL, 'third party'),
  ('qwen3.5-plus', 20260101, 'CNY', 0.8, 4.8, NULL, NULL, NULL, NULL, 'to 128k, third party'),
  ('qwen-max', 20260101, 'CNY', 2.4, 9.6, NULL, NULL, NULL, NULL, 'third party'),
  ('qwen-plus', 20260101, 'CNY', 0.8, 2, NULL, NULL, NULL, NULL, 'help.aliyun.com'),
  ('qwen-turbo', 20260101, 'CNY', 0.3, 0.6, NULL, NULL, NULL, NULL, 'help.aliyun.com'),
  ('qwen-long', 20260101, 'CNY', 0.5, 2, NULL, NULL, NULL, NULL, 'help.aliyun.com'),
  ('deepseek-flash', 20260911, 'CNY', 1, 4, 0.02, 2, 8, 0.04, 'peak 9-12 and 14-18 Beijing on weekdays, third party'),
  ('deepseek-v4-pro', 20261027, 'USD', 0.66, 1.98, 0.022, 1.32, 3.96, NULL, 'third party'),
  ('kimi-k3', 20260101, 'CNY', 20, 100, 2, NULL, NULL, NULL, 'third party'),
  ('hunyuan-turbos', 20250201, 'CNY', 0.8, 2, NULL, NULL, NULL, NULL, 'Tencent'),
  ('ernie-5.0', 20260401, 'CNY', 6, 24, NULL, NULL, NULL, NULL, 'thinking, to 32k, unconfirmed'),
  ('ernie-4.0', 20260101, 'CNY', 7, 7, NULL, NULL, NULL, NULL, 'list price of the token pack, older page'),
  ('doubao-seed-1.6', 20260101, 'USD', 0.12, 1, NULL, NULL, NULL, NULL, 'rounded, third party'),
  ('spark-lite', 20260101, 'CNY', 0, 0, NULL, NULL, NULL, NULL, 'free');
