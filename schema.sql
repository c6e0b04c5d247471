-- The whole schema of a new appliance. Changes to one that exists are in
-- store/migrations; a test holds the two together.
--
-- Times are unix milliseconds, ids UUIDv7, JSON is text. Sealed columns hold
-- age ciphertext whose plaintext names the column's purpose and the row.

CREATE TABLE migrations (          -- which of store/migrations this database has had
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (            -- of the appliance itself
    name   TEXT PRIMARY KEY,
    value  BLOB NOT NULL           -- sealed where the name ends in .sealed
) STRICT, WITHOUT ROWID;

CREATE TABLE businesses (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    time_zone  TEXT NOT NULL,
    language   TEXT NOT NULL CHECK (language IN ('th', 'en')),
    agent_channel TEXT NOT NULL DEFAULT 'auto' CHECK (agent_channel IN ('auto', 'left', 'right')), -- of stereo recordings
    created_at INTEGER NOT NULL,
    checklist_hidden_at INTEGER,   -- when somebody had seen enough of the first steps
    hours      TEXT NOT NULL DEFAULT ''            -- app.Window; '': the usual ones
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    language      TEXT NOT NULL CHECK (language IN ('th', 'en')),
    admin         INTEGER NOT NULL DEFAULT 0,
    password_hash TEXT NOT NULL,   -- argon2id in PHC form
    created_at    INTEGER NOT NULL,
    calendar      TEXT NOT NULL DEFAULT '' CHECK (calendar IN ('', 'buddhist', 'gregorian')), -- of dates; '': the language's
    totp          BLOB,            -- sealed: the secret of the one-time codes
    totp_at       INTEGER,         -- when it was confirmed; NULL: codes are not asked for
    totp_step     INTEGER NOT NULL DEFAULT 0       -- of the last code that was taken: none serves twice
) STRICT, WITHOUT ROWID;

CREATE TABLE last_seen (           -- apart from users: what is kept in memory of those stays so
    user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (      -- each stands in for a one-time code, once
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    hash    BLOB NOT NULL,         -- SHA-256
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE login_steps (         -- whose password was right, and whose code is awaited
    hash       BLOB PRIMARY KEY,   -- SHA-256 of the cookie's token
    user_id    TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    role        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'supervisor', 'agent', 'viewer')),
    agents      TEXT NOT NULL DEFAULT '[]',
    created_at  INTEGER NOT NULL,
    suspended_at INTEGER,          -- NULL: may sign in
    PRIMARY KEY (business_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

CREATE TABLE invitations (
    hash        BLOB PRIMARY KEY,  -- SHA-256 of the link's token
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

CREATE TABLE sessions (
    hash        BLOB PRIMARY KEY,  -- SHA-256 of the cookie's token
    id          TEXT NOT NULL UNIQUE,
    user_id     TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    ip          TEXT NOT NULL,
    agent       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE login_failures (      -- throttling that survives a restart
    subject    TEXT PRIMARY KEY,   -- 'account:<e-mail>' or 'address:<ip>'
    failures   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    owner_id     TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    business_id  TEXT REFERENCES businesses ON DELETE CASCADE,  -- NULL: an account key
    default_id   TEXT REFERENCES businesses ON DELETE SET NULL,
    scopes       TEXT NOT NULL,
    hint         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_business ON api_keys (business_id, created_at);
CREATE INDEX api_keys_owner ON api_keys (owner_id, created_at);

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

CREATE TABLE idempotency (         -- answers kept for replay, 24 h
    key_id     TEXT NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    key        TEXT NOT NULL,
    request    BLOB NOT NULL,      -- SHA-256 of method, path, business and body
    status     INTEGER,            -- NULL: still under way
    body       BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, key)
) STRICT;
CREATE INDEX idempotency_created ON idempotency (created_at);

-- The queue. At most one job for each kind and key.
CREATE TABLE jobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    key         TEXT NOT NULL,
    lane        TEXT NOT NULL DEFAULT '',
    payload     TEXT,
    priority    INTEGER NOT NULL DEFAULT 0,
    run_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    claims      INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,           -- NULL: nobody has it
    last_error  TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX jobs_due ON jobs (kind, priority, run_at, id, lane) WHERE lease_until IS NULL;
CREATE INDEX jobs_leased ON jobs (kind, lane) WHERE lease_until IS NOT NULL;

CREATE TABLE providers (           -- phone integrations
    id            TEXT PRIMARY KEY,
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    kind          TEXT NOT NULL CHECK (kind IN ('dtac', 'threecx')),
    name          TEXT NOT NULL,
    host          TEXT NOT NULL,
    agent_channel TEXT NOT NULL DEFAULT '' CHECK (agent_channel IN ('', 'auto', 'left', 'right')), -- '': the business's
    config        TEXT NOT NULL,
    secret        BLOB NOT NULL,   -- sealed
    interval_ms   INTEGER NOT NULL,
    backfill_from INTEGER NOT NULL,
    active        INTEGER NOT NULL DEFAULT 0,
    is_default    INTEGER NOT NULL DEFAULT 0,
    state         TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'failing', 'stopped')),
    cursor        INTEGER,
    refusals      INTEGER NOT NULL DEFAULT 0,
    next_sync_at  INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX providers_business ON providers (business_id, created_at);
CREATE UNIQUE INDEX providers_default ON providers (business_id, kind) WHERE is_default = 1;

CREATE TABLE sync_runs (
    id          TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES providers ON DELETE CASCADE,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    cause       TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'interrupted')),
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    found       INTEGER NOT NULL DEFAULT 0,
    imported    INTEGER NOT NULL DEFAULT 0,
    skipped     INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    error       TEXT NOT NULL DEFAULT '',
    lease_until INTEGER            -- while it runs; one that is not renewed has lost its process
) STRICT, WITHOUT ROWID;
CREATE INDEX sync_runs_provider ON sync_runs (provider_id, started_at, id);
CREATE UNIQUE INDEX sync_runs_one ON sync_runs (provider_id) WHERE status = 'running';

-- The ledger: every call a phone system ever reported, also those that were
-- skipped or deleted since, so that none is imported twice.
CREATE TABLE seen_calls (
    business_id  TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    data_id      TEXT NOT NULL,
    recording_id TEXT,             -- NULL: skipped
    reason       TEXT NOT NULL DEFAULT '',
    call_at      INTEGER NOT NULL,
    duration     INTEGER,          -- as reported, seconds
    seen_at      INTEGER NOT NULL,
    PRIMARY KEY (business_id, data_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE recordings (
    id                  TEXT PRIMARY KEY,
    business_id         TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    data_id             TEXT NOT NULL,
    source              TEXT NOT NULL CHECK (source IN ('threecx', 'dtac', 'upload')),
    provider_id         TEXT NOT NULL DEFAULT '',  -- kept when the integration is deleted
    remote              TEXT,                      -- how the phone system names the audio, JSON
    call_at             INTEGER NOT NULL,
    given_duration      INTEGER,                   -- seconds, as the source says
    audio_duration      INTEGER,                   -- seconds, decoded
    duration            INTEGER GENERATED ALWAYS AS (coalesce(audio_duration, given_duration)) STORED,
    direction           TEXT NOT NULL CHECK (direction IN ('in', 'out', 'internal', 'unknown')),
    customer_phone      TEXT NOT NULL DEFAULT '',
    customer_normalized TEXT NOT NULL DEFAULT '',
    agent_number        TEXT NOT NULL DEFAULT '',
    agent_name          TEXT NOT NULL DEFAULT '',
    agent_key           TEXT GENERATED ALWAYS AS (CASE agent_number WHEN '' THEN agent_name ELSE agent_number END) STORED,
    given_tag           TEXT,
    given_score         REAL,
    ai_tag              TEXT,
    ai_score            REAL,
    review_tag          TEXT,
    review_score        REAL,
    review_note         TEXT,
    review_by           TEXT,
    review_at           INTEGER,
    tag                 TEXT GENERATED ALWAYS AS (coalesce(review_tag, given_tag, ai_tag)) STORED,
    score               REAL GENERATED ALWAYS AS (coalesce(review_score, given_score, ai_score)) STORED,
    sentiment           TEXT,
    language            TEXT NOT NULL DEFAULT '',
    summary             TEXT NOT NULL DEFAULT '',
    topics              TEXT NOT NULL DEFAULT '[]',
    action_items        TEXT NOT NULL DEFAULT '[]',
    note                TEXT NOT NULL DEFAULT '',
    status              TEXT NOT NULL CHECK (status IN ('awaiting_audio', 'queued', 'transcribing', 'analyzing', 'completed', 'failed')),
    error               TEXT NOT NULL DEFAULT '',
    content_type        TEXT NOT NULL DEFAULT 'audio/wav',
    size                INTEGER NOT NULL DEFAULT 0,
    sha256              TEXT NOT NULL DEFAULT '',
    analysis_id         TEXT,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    agent_talk          REAL,                      -- the agent's share of the time, where two voices are told apart
    audio_removed_at    INTEGER,                   -- by the retention of the business
    text_removed_at     INTEGER,
    UNIQUE (business_id, data_id)
) STRICT;
CREATE INDEX recordings_call_at ON recordings (business_id, call_at DESC, id);
CREATE INDEX recordings_phone ON recordings (business_id, customer_normalized);
CREATE INDEX recordings_status ON recordings (business_id, status, call_at DESC);

CREATE TABLE call_audio (          -- what the audio itself says; apart, so that lists stay narrow
    recording_id TEXT PRIMARY KEY REFERENCES recordings ON DELETE CASCADE,
    stats        TEXT NOT NULL     -- app.AudioStats
) STRICT;

CREATE TABLE uploads (             -- signed upload URLs: one object, 15 minutes
    hash         BLOB PRIMARY KEY,
    business_id  TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    recording_id TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stage_events (        -- the history of a call
    recording_id TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    at           INTEGER NOT NULL,
    stage        TEXT NOT NULL,    -- found, audio, transcribed, analysed, notified, failed
    detail       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX stage_events_recording ON stage_events (recording_id, at);

CREATE TABLE transcripts (
    recording_id TEXT PRIMARY KEY REFERENCES recordings ON DELETE CASCADE,
    business_id  TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    language     TEXT NOT NULL,
    text         TEXT NOT NULL,
    segments     TEXT NOT NULL,
    model        TEXT NOT NULL,    -- never leaves the appliance
    created_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE transcript_chunks (   -- answers kept so that a crash repeats one chunk at most
    recording_id TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    hash         BLOB NOT NULL,    -- SHA-256 of the sound, the server, the model and the settings
    answer       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (recording_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE analyses (
    id             TEXT PRIMARY KEY,
    recording_id   TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    business_id    TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    result         TEXT NOT NULL,  -- app.Analysis
    prompt_version TEXT NOT NULL,
    model          TEXT NOT NULL,  -- never leaves the appliance
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX analyses_recording ON analyses (recording_id, created_at);

-- AI servers of a business, what analyses are told, what was used and its price.
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

-- What full text search looks in, normalised; calls is its index.
CREATE TABLE call_text (
    seq          INTEGER PRIMARY KEY,
    recording_id TEXT NOT NULL UNIQUE REFERENCES recordings ON DELETE CASCADE,
    business_id  TEXT NOT NULL,
    summary      TEXT NOT NULL DEFAULT '',
    transcript   TEXT NOT NULL DEFAULT '',
    note         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE VIRTUAL TABLE call_index USING fts5(
    summary, transcript, note, content = 'call_text', content_rowid = 'seq', tokenize = 'trigram'
);
CREATE TRIGGER call_text_insert AFTER INSERT ON call_text BEGIN
    INSERT INTO call_index (rowid, summary, transcript, note) VALUES (new.seq, new.summary, new.transcript, new.note);
END;
CREATE TRIGGER call_text_delete AFTER DELETE ON call_text BEGIN
    INSERT INTO call_index (call_index, rowid, summary, transcript, note)
    VALUES ('delete', old.seq, old.summary, old.transcript, old.note);
END;
CREATE TRIGGER call_text_update AFTER UPDATE ON call_text BEGIN
    INSERT INTO call_index (call_index, rowid, summary, transcript, note)
    VALUES ('delete', old.seq, old.summary, old.transcript, old.note);
    INSERT INTO call_index (rowid, summary, transcript, note) VALUES (new.seq, new.summary, new.transcript, new.note);
END;

CREATE TABLE collections (
    id          TEXT PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    color       TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX collections_business ON collections (business_id, created_at);

CREATE TABLE collection_items (
    collection_id TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
    recording_id  TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    added_at      INTEGER NOT NULL,
    PRIMARY KEY (collection_id, recording_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX collection_items_recording ON collection_items (recording_id);

-- What changed of what lists filter by, for the index that the store keeps in
-- memory. It bounds itself: an index that is further behind is made anew.
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

CREATE TABLE telegram_updates (    -- how far each bot's updates were handled
    bot_id     INTEGER PRIMARY KEY,
    next       INTEGER NOT NULL,   -- the offset to ask for next
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE link_codes (
    hash        BLOB PRIMARY KEY,  -- SHA-256
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE chats (
    id               TEXT PRIMARY KEY,
    business_id      TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    chat_id          INTEGER NOT NULL,
    thread_id        INTEGER NOT NULL DEFAULT 0,
    title            TEXT NOT NULL,
    type             TEXT NOT NULL,
    active           INTEGER NOT NULL DEFAULT 1,
    state            TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'blocked', 'gone')),
    linked_at        INTEGER NOT NULL,
    last_delivery_at INTEGER,
    last_error       TEXT NOT NULL DEFAULT '',
    UNIQUE (business_id, chat_id, thread_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX chats_chat ON chats (chat_id);

CREATE TABLE discord_webhooks (
    id               TEXT PRIMARY KEY,
    business_id      TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    name             TEXT NOT NULL,
    webhook_id       TEXT NOT NULL,
    token            BLOB NOT NULL,     -- sealed
    fingerprint      BLOB NOT NULL,     -- keyed hash of id and token: "already added"
    thread_id        TEXT NOT NULL DEFAULT '',
    active           INTEGER NOT NULL DEFAULT 1,
    state            TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'blocked', 'gone')),
    created_at       INTEGER NOT NULL,
    last_delivery_at INTEGER,
    last_error       TEXT NOT NULL DEFAULT '',
    UNIQUE (business_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE automations (
    id          TEXT PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    name        TEXT NOT NULL,
    enabled     INTEGER NOT NULL DEFAULT 1,
    graph       TEXT NOT NULL,     -- app.Graph: the stored form
    sent        INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    last_run_at INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX automations_business ON automations (business_id, created_at);

CREATE TABLE automation_runs (     -- one for each rule that matched a call's analysis
    id            TEXT PRIMARY KEY,
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    automation_id TEXT NOT NULL REFERENCES automations ON DELETE CASCADE,
    recording_id  TEXT NOT NULL,
    analysis_id   TEXT NOT NULL,
    trace         TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    held          INTEGER NOT NULL DEFAULT 0, -- a throttle held it back: nothing was sent
    UNIQUE (automation_id, recording_id, analysis_id)
) STRICT;
CREATE INDEX automation_runs_business ON automation_runs (business_id, created_at DESC, id DESC);
CREATE INDEX automation_runs_automation ON automation_runs (automation_id, created_at DESC, id DESC);

CREATE TABLE throttle_passes (     -- calls that throttles let through, as long as any throttle may count them
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    automation_id TEXT NOT NULL REFERENCES automations ON DELETE CASCADE,
    node_id       TEXT NOT NULL,   -- in the automation's graph
    subject       TEXT NOT NULL,   -- the agent or number that the throttle counts by, or empty
    recording_id  TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    at            INTEGER NOT NULL
) STRICT;
CREATE INDEX throttle_passes_uses ON throttle_passes (automation_id, node_id, subject, at);
CREATE INDEX throttle_passes_old ON throttle_passes (automation_id, at);
CREATE INDEX throttle_passes_recording ON throttle_passes (recording_id);

CREATE TABLE deliveries (
    id              TEXT PRIMARY KEY,
    business_id     TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    channel         TEXT NOT NULL CHECK (channel IN ('telegram', 'discord', 'in_app')),
    destination     TEXT NOT NULL,            -- "telegram:<id>", "discord:<id>", "in_app"
    automation_id   TEXT NOT NULL DEFAULT '',
    recording_id    TEXT NOT NULL DEFAULT '',
    analysis_id     TEXT NOT NULL DEFAULT '',
    title           TEXT NOT NULL,
    body            TEXT NOT NULL,
    link            TEXT NOT NULL DEFAULT '',
    severity        TEXT NOT NULL CHECK (severity IN ('info', 'success', 'warning', 'critical')),
    data            TEXT,
    audience        INTEGER NOT NULL DEFAULT 0, -- app.Audience, in_app alone
    status          TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    error           TEXT NOT NULL DEFAULT '',
    next_attempt_at INTEGER,
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER
) STRICT;
CREATE INDEX deliveries_business ON deliveries (business_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX deliveries_once ON deliveries (automation_id, recording_id, analysis_id, destination)
    WHERE automation_id <> '';

CREATE TABLE feed (                -- in-app notifications, in commit order
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    title       TEXT NOT NULL,
    body        TEXT NOT NULL,
    severity    TEXT NOT NULL CHECK (severity IN ('info', 'success', 'warning', 'critical')),
    data        TEXT,
    rule_id     TEXT NOT NULL DEFAULT '',
    audience    INTEGER NOT NULL DEFAULT 0, -- app.Audience: the roles that see it
    once        TEXT,              -- what may be said only once, such as "chat-gone:<id>"
    sent        INTEGER NOT NULL DEFAULT 0,  -- by hand: the row is its own delivery
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX feed_business ON feed (business_id, seq, audience); -- unread rows are counted in it alone
CREATE UNIQUE INDEX feed_once ON feed (business_id, once) WHERE once IS NOT NULL;

-- Read state is each user's own: everything up to a mark, and single rows after it.
CREATE TABLE feed_marks (
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    read_at     INTEGER NOT NULL,
    PRIMARY KEY (business_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE feed_reads (
    user_id  TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    feed_seq INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
    read_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, feed_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_reads_feed ON feed_reads (feed_seq);

CREATE TABLE preferences (
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    value       TEXT NOT NULL,     -- app.Preferences
    PRIMARY KEY (business_id, user_id)
) STRICT, WITHOUT ROWID;

-- Outbound webhooks. An event is written with what it tells, in its final bytes,
-- with one delivery for each webhook that wants it.
CREATE TABLE webhooks (
    id              TEXT PRIMARY KEY,
    business_id     TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    url             TEXT NOT NULL,
    description     TEXT NOT NULL DEFAULT '',
    events          TEXT NOT NULL,     -- JSON list; "*" is every event
    active          INTEGER NOT NULL,
    disabled        TEXT NOT NULL DEFAULT '' CHECK (disabled IN ('', 'gone', 'failing')),
    failing_since   INTEGER,           -- NULL: the latest attempt succeeded, or there was none
    last_success_at INTEGER,
    last_failure_at INTEGER,
    not_before      INTEGER,           -- the receiver asked to be left alone until then
    ca              TEXT NOT NULL DEFAULT '',  -- PEM: authorities trusted beside the machine's
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhooks_business ON webhooks (business_id, created_at);

CREATE TABLE webhook_secrets (
    id         TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    secret     BLOB NOT NULL,          -- sealed
    expires_at INTEGER,                -- NULL: the present one
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook_id, created_at);

CREATE TABLE webhook_events (
    id          TEXT PRIMARY KEY,      -- the webhook-id of every attempt
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    type        TEXT NOT NULL,
    body        BLOB NOT NULL,         -- the bytes that are signed and sent
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_events_business ON webhook_events (business_id);

CREATE TABLE webhook_deliveries (
    id          TEXT PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    webhook_id  TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event_id    TEXT NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
    status      TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed', 'held')),
    test        INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,  -- made so far
    failures    INTEGER NOT NULL DEFAULT 0,  -- since it was last queued: the place in the schedule
    next_at     INTEGER NOT NULL,
    lease_until INTEGER,               -- NULL: nobody sends it now
    claims      INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    UNIQUE (event_id, webhook_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE status = 'pending' AND lease_until IS NULL;
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_business ON webhook_deliveries (business_id);

CREATE TABLE webhook_attempts (
    delivery_id TEXT NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status      INTEGER NOT NULL,      -- of the HTTP answer; 0: none
    error       TEXT NOT NULL,
    response    TEXT NOT NULL,         -- its beginning; empty for receivers in private networks
    PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE failing_syncs (           -- phone integrations whose failure was told and whose recovery was not
    provider_id TEXT PRIMARY KEY REFERENCES providers ON DELETE CASCADE,
    since       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How a phone system fares, beside what people set.
CREATE TABLE sync_health (
    provider_id TEXT PRIMARY KEY REFERENCES providers ON DELETE CASCADE,
    strikes     INTEGER NOT NULL DEFAULT 0,    -- times in a row that the system was away
    open_until  INTEGER,                       -- the circuit is open; NULL: closed
    last_ok_at  INTEGER,                       -- the last sync that succeeded
    skew_ms     INTEGER NOT NULL DEFAULT 0,    -- the system's clock minus ours
    oldest_at   INTEGER,                       -- the oldest call that it lists, as far as is known; no bound of anything
    keeps_ms    INTEGER NOT NULL DEFAULT 0,    -- it deletes recordings that are older; 0: not known
    checked_at  INTEGER,                       -- the last reconcile of a week
    deep_at     INTEGER,                       -- and of a month
    denied       INTEGER NOT NULL DEFAULT 0,   -- times in a row that calls were seen to be listed and none let be heard
    denied_until INTEGER,                      -- no recording is asked for; NULL: they are
    denied_code  TEXT NOT NULL DEFAULT ''      -- why none came
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_ins (                -- how integrations that try several ways signed in last
    provider_id TEXT PRIMARY KEY REFERENCES providers ON DELETE CASCADE,
    way         TEXT NOT NULL                  -- a word of the connector's
) STRICT, WITHOUT ROWID;

-- The way back: what lies before the week that every sync may read. It is read
-- from the newest day to the oldest.
CREATE TABLE backfills (
    provider_id TEXT PRIMARY KEY REFERENCES providers ON DELETE CASCADE,
    state       TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done')),
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    reached     INTEGER NOT NULL,              -- [reached, until) was read
    floor       INTEGER,                       -- [since, floor) was seen to be empty; NULL: not known
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
    seen_at      INTEGER NOT NULL,             -- while the transcript is empty: when it was looked for first
    sentiment    INTEGER NOT NULL DEFAULT 0 CHECK (sentiment BETWEEN 0 AND 5) -- the system's own, 1 to 5; 0: none
) STRICT;
CREATE INDEX recordings_provider ON recordings (business_id, provider_id, status, created_at);

-- What was used, in whole units. The ledger only grows, by a row in the
-- transaction of what is counted; a correction is a row with a negative
-- quantity. The totals are its sums by day of the business's time zone.
CREATE TABLE usage_ledger (
    seq         INTEGER PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    meter       TEXT NOT NULL,
    quantity    INTEGER NOT NULL,
    subject     TEXT NOT NULL,         -- the id of what was counted; the first of several in one commit
    day         TEXT NOT NULL,         -- as 2026-11-30
    at          INTEGER NOT NULL
) STRICT;
CREATE TRIGGER usage_ledger_update BEFORE UPDATE ON usage_ledger BEGIN
    SELECT RAISE(ABORT, 'the usage ledger only grows');
END;
CREATE TRIGGER usage_ledger_delete BEFORE DELETE ON usage_ledger
WHEN EXISTS (SELECT 1 FROM businesses WHERE id = old.business_id) BEGIN
    SELECT RAISE(ABORT, 'the usage ledger only grows');
END;

CREATE TABLE usage_totals (
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    day         TEXT NOT NULL,
    meter       TEXT NOT NULL,
    quantity    INTEGER NOT NULL,
    PRIMARY KEY (business_id, day, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE budgets (
    business_id   TEXT PRIMARY KEY REFERENCES businesses ON DELETE CASCADE,
    limit_minutes INTEGER NOT NULL,    -- of analysed calls in a month; 0: no limit
    thresholds    TEXT NOT NULL,       -- JSON list of percentages
    on_limit      TEXT NOT NULL CHECK (on_limit IN ('notify', 'pause')),
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE budget_alerts (           -- each threshold is told of once a month
    business_id TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    month       TEXT NOT NULL,         -- as 2026-11
    threshold   INTEGER NOT NULL,
    fired_at    INTEGER NOT NULL,
    PRIMARY KEY (business_id, month, threshold)
) STRICT, WITHOUT ROWID;

CREATE INDEX recordings_storage ON recordings (business_id, size); -- what the storage of a business sums up

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
