ALTER TABLE sync_runs ADD COLUMN lease_until INTEGER;

-- How a phone system fares, beside what people set.
CREATE TABLE sync_health (
    provider_id TEXT PRIMARY KEY REFERENCES providers ON DELETE CASCADE,
    strikes     INTEGER NOT NULL DEFAULT 0,    -- times in a row that the system was away
    open_until  INTEGER,                       -- the circuit is open; NULL: closed
    last_ok_at  INTEGER,                       -- the last sync that succeeded
    skew_ms     INTEGER NOT NULL DEFAULT 0,    -- the system's clock minus ours
    oldest_at   INTEGER,                       -- the oldest call that it lists, as far as is known
    keeps_ms    INTEGER NOT NULL DEFAULT 0,    -- it deletes recordings that are older; 0: not known
    checked_at  INTEGER,                       -- the last reconcile of a week
    deep_at     INTEGER                        -- and of a month
) STRICT, WITHOUT ROWID;

-- The way back: what lies before the week that every sync may read. It is read
-- from the newest day to the oldest.
CREATE TABLE backfills (
    provider_id TEXT PRIMARY KEY REFERENCES providers ON DELETE CASCADE,
    state       TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done')),
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    reached     INTEGER NOT NULL,              -- [reached, until) was read
    nights      INTEGER NOT NULL DEFAULT 0,    -- only out of business hours
    found       INTEGER NOT NULL DEFAULT 0,
    imported    INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    busy_ms     INTEGER NOT NULL DEFAULT 0,    -- spent on reading
    next_at     INTEGER NOT NULL,              -- after a failure it waits
    error       TEXT NOT NULL DEFAULT '',
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;

-- What a phone system lists of a day, and what of that is here.
CREATE TABLE sync_days (
    provider_id TEXT NOT NULL REFERENCES providers ON DELETE CASCADE,
    day         TEXT NOT NULL,                 -- of the business's time zone
    listed      INTEGER NOT NULL,
    imported    INTEGER NOT NULL,              -- with their audio
    waiting     INTEGER NOT NULL,              -- whose audio is still to come
    skipped     INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    missing     INTEGER NOT NULL,              -- were not known when the day was checked, and fetched then
    checked_at  INTEGER NOT NULL,
    PRIMARY KEY (provider_id, day)
) STRICT, WITHOUT ROWID;

-- Lines that are quiet though they never are at this time, told once.
CREATE TABLE silent_lines (
    provider_id TEXT NOT NULL REFERENCES providers ON DELETE CASCADE,
    line        TEXT NOT NULL,                 -- a number of the business's side; '': all of the integration
    since       INTEGER NOT NULL,              -- its last call
    told_at     INTEGER NOT NULL,
    PRIMARY KEY (provider_id, line)
) STRICT, WITHOUT ROWID;

-- What a phone system itself wrote down of a call: an extra beside our own.
CREATE TABLE source_texts (
    recording_id TEXT PRIMARY KEY REFERENCES recordings ON DELETE CASCADE,
    transcript   TEXT NOT NULL,
    summary      TEXT NOT NULL,
    seen_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX recordings_provider ON recordings (business_id, provider_id, status, created_at);
