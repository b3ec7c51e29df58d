-- What is removed by age, and what its holder has deleted while a legal hold keeps it.
ALTER TABLE responses ADD COLUMN hidden INTEGER;  -- since when nobody sees it
CREATE INDEX responses_hidden ON responses (hidden) WHERE hidden IS NOT NULL;
CREATE INDEX responses_by_tenant ON responses (tenant, number);
CREATE INDEX files_by_age ON files (created);
CREATE INDEX files_by_end ON files (expires);
CREATE INDEX batches_by_end ON batches (ended);

-- Every byte is counted to its holder in the transaction that keeps or removes it.
CREATE TRIGGER files_in AFTER INSERT ON files BEGIN
  INSERT INTO stored_bytes VALUES (NEW.tenant, NEW.bytes)
    ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER files_out AFTER DELETE ON files BEGIN
  UPDATE stored_bytes SET bytes = bytes - OLD.bytes WHERE owner = OLD.tenant;
END;
CREATE TRIGGER responses_in AFTER INSERT ON responses BEGIN
  INSERT INTO stored_bytes VALUES (NEW.tenant, octet_length(NEW.input) + octet_length(NEW.object))
    ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER responses_change AFTER UPDATE OF input, object ON responses BEGIN
  UPDATE stored_bytes SET bytes = bytes + octet_length(NEW.input) + octet_length(NEW.object)
    - octet_length(OLD.input) - octet_length(OLD.object) WHERE owner = OLD.tenant;
END;
CREATE TRIGGER responses_out AFTER DELETE ON responses BEGIN
  UPDATE stored_bytes SET bytes = bytes - octet_length(OLD.input) - octet_length(OLD.object) WHERE owner = OLD.tenant;
END;
CREATE TRIGGER chats_in AFTER INSERT ON chats BEGIN
  INSERT INTO stored_bytes VALUES (NEW.owner, NEW.bytes)
    ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER chats_change AFTER UPDATE OF bytes ON chats BEGIN
  UPDATE stored_bytes SET bytes = bytes + NEW.bytes - OLD.bytes WHERE owner = OLD.owner;
END;
CREATE TRIGGER chats_out AFTER DELETE ON chats BEGIN
  UPDATE stored_bytes SET bytes = bytes - OLD.bytes WHERE owner = OLD.owner;
END;
INSERT INTO stored_bytes
  SELECT tenant, sum(bytes) FROM (
    SELECT tenant, bytes FROM files
    UNION ALL SELECT owner, bytes FROM chats
    UNION ALL SELECT tenant, octet_length(input) + octet_length(object) FROM responses) GROUP BY tenant;
