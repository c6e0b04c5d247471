-- AI servers of a business, what analyses are told, prices and what was used.

CREATE TABLE ai_servers (          -- of a business; without one the appliance's own serves
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    task        TEXT NOT NULL CHECK (task IN ('transcription', 'analysis')),
    url         TEXT NOT NULL,
    key         BLOB,              -- sealed; NULL: the server asks for none
    model       TEXT NOT NULL,     -- never leaves the appliance
    options     TEXT NOT NULL,     -- app.AIOptions
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (business_id, task)
) STRICT, WITHOUT ROWID;

CREATE TABLE briefs (              -- what analyses are told of a business; each change is a version
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    version     INTEGER NOT NULL,
    value       TEXT NOT NULL,     -- app.Brief
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (business_id, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER briefs_update BEFORE UPDATE ON briefs BEGIN
    SELECT RAISE(ABORT, 'a version of a brief never changes');
END;

CREATE TABLE ai_usage (            -- what AI servers did, as they tell it; only grows
    seq           INTEGER PRIMARY KEY,
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    recording_id  TEXT NOT NULL,   -- kept when the recording is deleted; empty for a test
    task          TEXT NOT NULL CHECK (task IN ('transcription', 'analysis')),
    cause         TEXT NOT NULL CHECK (cause IN ('call', 'trial', 'test')),
    server        TEXT NOT NULL,
    model         TEXT NOT NULL,   -- never leaves the appliance
    audio_ms      INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    estimated     INTEGER NOT NULL, -- the server did not tell the tokens
    day           TEXT NOT NULL,   -- of the business's time zone, as 2026-11-30
    at            INTEGER NOT NULL
) STRICT;
CREATE INDEX ai_usage_recording ON ai_usage (business_id, recording_id);
CREATE TRIGGER ai_usage_update BEFORE UPDATE ON ai_usage BEGIN
    SELECT RAISE(ABORT, 'the ledger of AI only grows');
END;
CREATE TRIGGER ai_usage_delete BEFORE DELETE ON ai_usage
WHEN EXISTS (SELECT 1 FROM businesses WHERE id = old.business_id) BEGIN
    SELECT RAISE(ABORT, 'the ledger of AI only grows');
END;

CREATE TABLE ai_totals (           -- the sums of ai_usage by day and by the price that was valid
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    day           TEXT NOT NULL,
    task          TEXT NOT NULL,
    server        TEXT NOT NULL,
    model         TEXT NOT NULL,
    price_id      TEXT NOT NULL,   -- empty: there was none
    requests      INTEGER NOT NULL,
    audio_ms      INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    estimated     INTEGER NOT NULL, -- some of the tokens are
    since         INTEGER NOT NULL, -- the first use
    PRIMARY KEY (business_id, day, task, server, model, price_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ai_prices (           -- in micro-units of the currency; only grows
    id            TEXT PRIMARY KEY,
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    task          TEXT NOT NULL CHECK (task IN ('transcription', 'analysis')),
    server        TEXT NOT NULL,
    model         TEXT NOT NULL,
    currency      TEXT NOT NULL,
    minute_micros INTEGER NOT NULL, -- a minute of audio
    input_micros  INTEGER NOT NULL, -- a million tokens read
    output_micros INTEGER NOT NULL, -- a million tokens written
    valid_from    INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (business_id, task, server, model, valid_from)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER ai_prices_update BEFORE UPDATE ON ai_prices BEGIN
    SELECT RAISE(ABORT, 'a price never changes');
END;
CREATE TRIGGER ai_prices_delete BEFORE DELETE ON ai_prices
WHEN EXISTS (SELECT 1 FROM businesses WHERE id = old.business_id) BEGIN
    SELECT RAISE(ABORT, 'a price never changes');
END;

-- Which side of a stereo recording is the agent's.
ALTER TABLE businesses ADD COLUMN agent_channel TEXT NOT NULL DEFAULT 'auto' CHECK (agent_channel IN ('auto', 'left', 'right'));
ALTER TABLE providers ADD COLUMN agent_channel TEXT NOT NULL DEFAULT '' CHECK (agent_channel IN ('', 'auto', 'left', 'right')); -- '': the business's
