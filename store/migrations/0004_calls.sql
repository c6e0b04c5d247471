-- Calls: a log of what changed for the index in memory, the agent's share of the
-- talk, names of agents, work on many calls, and privacy.

ALTER TABLE recordings ADD COLUMN agent_talk REAL;
ALTER TABLE recordings ADD COLUMN audio_removed_at INTEGER;
ALTER TABLE recordings ADD COLUMN text_removed_at INTEGER;
UPDATE recordings SET agent_talk = (
    SELECT json_extract(a.stats, '$.talkRatio[0]') FROM call_audio a
    WHERE a.recording_id = recordings.id AND json_array_length(a.stats, '$.talkRatio') > 1 AND coalesce(json_extract(a.stats, '$.same'), 0) = 0);

DROP INDEX recordings_duration;             -- lists are filtered and sorted in memory
DROP INDEX recordings_score;
DROP INDEX recordings_agent;

CREATE TABLE recording_changes (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    business_id  TEXT NOT NULL,
    recording_id TEXT NOT NULL
) STRICT;
CREATE TRIGGER recording_changes_bound AFTER INSERT ON recording_changes BEGIN
    DELETE FROM recording_changes WHERE seq <= new.seq - 20000;
END;
CREATE TRIGGER recordings_inserted AFTER INSERT ON recordings BEGIN
    INSERT INTO recording_changes (business_id, recording_id) VALUES (new.business_id, new.id);
END;
CREATE TRIGGER recordings_updated AFTER UPDATE OF call_at, given_duration, audio_duration, direction, source, provider_id,
    customer_phone, customer_normalized, agent_number, agent_name, given_tag, given_score, ai_tag, ai_score, review_tag,
    review_score, sentiment, status, agent_talk ON recordings BEGIN
    INSERT INTO recording_changes (business_id, recording_id) VALUES (new.business_id, new.id);
END;
CREATE TRIGGER recordings_deleted AFTER DELETE ON recordings BEGIN
    INSERT INTO recording_changes (business_id, recording_id) VALUES (old.business_id, old.id);
END;
CREATE TRIGGER call_text_added AFTER INSERT ON call_text BEGIN
    INSERT INTO recording_changes (business_id, recording_id) VALUES (new.business_id, new.recording_id);
END;
CREATE TRIGGER collection_items_added AFTER INSERT ON collection_items BEGIN
    INSERT INTO recording_changes (business_id, recording_id)
    SELECT business_id, id FROM recordings WHERE id = new.recording_id;
END;
CREATE TRIGGER collection_items_removed AFTER DELETE ON collection_items BEGIN
    INSERT INTO recording_changes (business_id, recording_id)
    SELECT business_id, id FROM recordings WHERE id = old.recording_id;
END;

CREATE TABLE agents (              -- what the business calls an agent; the calls keep their own names
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    agent_key   TEXT NOT NULL,
    name        TEXT NOT NULL,
    PRIMARY KEY (business_id, agent_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE bulk_runs (           -- one thing to be done to many calls
    id          TEXT PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    user_id     TEXT NOT NULL,
    action      TEXT NOT NULL CHECK (action IN ('collect', 'transcribe', 'analyse', 'delete')),
    target      TEXT NOT NULL DEFAULT '',  -- of collect: the collection
    total       INTEGER NOT NULL,
    done        INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX bulk_runs_business ON bulk_runs (business_id, created_at);

CREATE TABLE bulk_items (          -- what is left of it
    run_id       TEXT NOT NULL REFERENCES bulk_runs ON DELETE CASCADE,
    recording_id TEXT NOT NULL,
    PRIMARY KEY (run_id, recording_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE privacy (             -- how long what is kept, in days; 0: for ever
    business_id TEXT PRIMARY KEY REFERENCES businesses ON DELETE CASCADE,
    audio_days  INTEGER NOT NULL,
    text_days   INTEGER NOT NULL,
    log_days    INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE erasures (            -- receipts: everything about a telephone number was removed
    id          TEXT PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    masked      TEXT NOT NULL,     -- the number's last digits
    fingerprint BLOB NOT NULL,     -- keyed hash of the number
    phone       BLOB,              -- sealed, until it is done
    user_id     TEXT NOT NULL,
    user_name   TEXT NOT NULL,
    counts      TEXT NOT NULL,     -- app.ErasedCounts
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_business ON erasures (business_id, created_at);

CREATE TABLE erased_calls (        -- calls that no sync brings back; nothing in here tells of anybody
    business_id  TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    fingerprint  BLOB NOT NULL,    -- keyed hash of the source's id
    call_at      INTEGER NOT NULL,
    erasure_id   TEXT NOT NULL,
    recording_id TEXT NOT NULL,
    PRIMARY KEY (business_id, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_calls_erasure ON erased_calls (erasure_id, recording_id);

CREATE TABLE access_log (          -- who heard, read or took away what
    seq          INTEGER PRIMARY KEY,
    business_id  TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    at           INTEGER NOT NULL,
    last_at      INTEGER NOT NULL, -- of listening: the latest request of the same sitting
    user_id      TEXT NOT NULL,
    key_id       TEXT NOT NULL DEFAULT '',
    action       TEXT NOT NULL CHECK (action IN ('listen', 'download', 'transcript', 'export', 'person')),
    recording_id TEXT NOT NULL DEFAULT '',
    rows         INTEGER NOT NULL DEFAULT 0,  -- of exports
    ip           TEXT NOT NULL
) STRICT;
CREATE INDEX access_log_business ON access_log (business_id, at DESC, seq DESC);
CREATE INDEX access_log_recording ON access_log (business_id, recording_id, user_id, last_at);
