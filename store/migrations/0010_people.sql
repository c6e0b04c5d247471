ALTER TABLE users ADD COLUMN calendar TEXT NOT NULL DEFAULT '' CHECK (calendar IN ('', 'buddhist', 'gregorian'));
ALTER TABLE users ADD COLUMN totp BLOB;
ALTER TABLE users ADD COLUMN totp_at INTEGER;
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN suspended_at INTEGER;
ALTER TABLE businesses ADD COLUMN hours TEXT NOT NULL DEFAULT '';

CREATE TABLE last_seen (
    user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    hash    BLOB NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE login_steps (
    hash       BLOB PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
    hash        BLOB PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    role        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'supervisor', 'agent', 'viewer')),
    agents      TEXT NOT NULL DEFAULT '[]',
    email       TEXT NOT NULL DEFAULT '',
    invited_by  TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_business ON invitations (business_id, created_at);
