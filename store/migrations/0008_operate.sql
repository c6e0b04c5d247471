CREATE TABLE backups (             -- of the whole appliance, made by the server
    id          TEXT PRIMARY KEY,
    cause       TEXT NOT NULL CHECK (cause IN ('schedule', 'person')),
    status      TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'interrupted')),
    file        TEXT NOT NULL DEFAULT '',  -- its name in the folder of backups
    size        INTEGER NOT NULL DEFAULT 0,
    recordings  INTEGER NOT NULL DEFAULT 0,
    error       TEXT NOT NULL DEFAULT '',
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX backups_one ON backups (status) WHERE status = 'running';
