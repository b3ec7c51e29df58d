-- A key may be a client's certificate in place of a text; and when each key was used last.
ALTER TABLE keys ADD COLUMN used INTEGER;
ALTER TABLE keys ADD COLUMN certificate TEXT NOT NULL DEFAULT '';  -- its SHA-256 in hex; empty: the key is a text
ALTER TABLE keys ADD COLUMN subject TEXT NOT NULL DEFAULT '';      -- the certificate's common name
