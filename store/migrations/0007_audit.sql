ALTER TABLE webhooks ADD COLUMN ca TEXT NOT NULL DEFAULT '';

-- Who changed what, from where and when. A line is written with the change and
-- stays as it is; only one that is older than two years may go. There is no
-- foreign key: the log outlives what it tells of.
CREATE TABLE audit_log (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    business_id TEXT,                  -- NULL: of the appliance itself
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL CHECK (actor IN ('system', 'user', 'key', 'command', 'visitor')),
    user_id     TEXT,                  -- the person, or the owner of the key
    actor_name  TEXT NOT NULL,
    key_id      TEXT,
    key_name    TEXT NOT NULL,
    via         TEXT NOT NULL,
    address     TEXT NOT NULL,
    action      TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    object_name TEXT NOT NULL,
    changes     TEXT NOT NULL          -- JSON list of app.FieldChange
) STRICT;
CREATE INDEX audit_log_business ON audit_log (business_id, seq);
CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log
WHEN old.at >= (unixepoch() - 730 * 86400) * 1000 BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
