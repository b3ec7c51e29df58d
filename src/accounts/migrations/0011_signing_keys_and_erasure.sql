-- Keys whose text signs requests: it must be known to check a signature. Sealed under a key derived from the master key.
ALTER TABLE keys ADD COLUMN access_id TEXT;  -- by which a signature names the key
ALTER TABLE keys ADD COLUMN sealed    TEXT;  -- NULL: of other keys, and once it is revoked
CREATE UNIQUE INDEX keys_by_access_id ON keys (access_id) WHERE access_id IS NOT NULL;

-- Under which the keys of a tenant's contents are sealed: without it they are noise. NULL: the tenant was deleted, or its
-- key is about to be made.
ALTER TABLE tenants ADD COLUMN key BLOB;

-- Since when nothing but a number is left of an owner.
ALTER TABLE owners ADD COLUMN erased INTEGER;
CREATE INDEX owners_by_tenant ON owners (tenant);
CREATE INDEX owners_erased ON owners (id) WHERE erased IS NOT NULL;
