-- Throttles, runs that a throttle held back, and notifications for some roles alone.
ALTER TABLE automation_runs ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX automation_runs_business ON automation_runs (business_id, created_at DESC, id DESC);
CREATE INDEX automation_runs_automation ON automation_runs (automation_id, created_at DESC, id DESC);

CREATE TABLE throttle_passes (
    business_id   TEXT NOT NULL REFERENCES businesses ON DELETE CASCADE,
    automation_id TEXT NOT NULL REFERENCES automations ON DELETE CASCADE,
    node_id       TEXT NOT NULL,
    subject       TEXT NOT NULL,
    recording_id  TEXT NOT NULL REFERENCES recordings ON DELETE CASCADE,
    at            INTEGER NOT NULL
) STRICT;
CREATE INDEX throttle_passes_uses ON throttle_passes (automation_id, node_id, subject, at);
CREATE INDEX throttle_passes_old ON throttle_passes (automation_id, at);
CREATE INDEX throttle_passes_recording ON throttle_passes (recording_id);

ALTER TABLE deliveries ADD COLUMN audience INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN audience INTEGER NOT NULL DEFAULT 0;
DROP INDEX feed_business;
CREATE INDEX feed_business ON feed (business_id, seq, audience);
