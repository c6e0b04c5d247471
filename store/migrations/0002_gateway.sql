-- A message sent into the feed by hand is its own delivery.
ALTER TABLE feed ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;

-- Every change of what people may do, or of what they are called, whoever makes
-- it. The server keeps both in memory for as long as nothing is added here, and
-- ends or checks the sockets of those it names (see store/rights.go).
CREATE TABLE rights_changes (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    business_id TEXT NOT NULL DEFAULT '',
    user_id     TEXT NOT NULL DEFAULT '',   -- may do something else now; empty: nobody
    credential  TEXT NOT NULL DEFAULT ''    -- a key or session that serves no more
) STRICT;
CREATE TRIGGER rights_session_ended AFTER DELETE ON sessions BEGIN
    INSERT INTO rights_changes (credential) VALUES (old.id);
END;
CREATE TRIGGER rights_key_revoked AFTER UPDATE OF revoked_at ON api_keys WHEN new.revoked_at IS NOT old.revoked_at BEGIN
    INSERT INTO rights_changes (credential) VALUES (old.id);
END;
CREATE TRIGGER rights_key_deleted AFTER DELETE ON api_keys BEGIN
    INSERT INTO rights_changes (credential) VALUES (old.id);
END;
CREATE TRIGGER rights_key_changed AFTER UPDATE OF name, owner_id, business_id, default_id, scopes, expires_at ON api_keys BEGIN
    INSERT INTO rights_changes (user_id) VALUES (old.owner_id);
END;
CREATE TRIGGER rights_member_changed AFTER UPDATE ON members BEGIN
    INSERT INTO rights_changes (business_id, user_id) VALUES (old.business_id, old.user_id);
END;
CREATE TRIGGER rights_member_removed AFTER DELETE ON members BEGIN
    INSERT INTO rights_changes (business_id, user_id) VALUES (old.business_id, old.user_id);
END;
CREATE TRIGGER rights_user_changed AFTER UPDATE ON users BEGIN
    INSERT INTO rights_changes (user_id) VALUES (old.id);
END;
CREATE TRIGGER rights_business_changed AFTER UPDATE ON businesses BEGIN
    INSERT INTO rights_changes (business_id) VALUES (old.id);
END;
