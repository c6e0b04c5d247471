ALTER TABLE backfills ADD COLUMN floor INTEGER;

-- Back-fills ended early where they took the oldest call that was seen for the oldest
-- that there is: after one day, and with others before them forgotten. What people
-- asked for is read once more; calls that are known cost no write.
UPDATE backfills SET since = min(since, coalesce((SELECT backfill_from FROM providers WHERE id = provider_id), since)),
    reached = until, found = 0, imported = 0, skipped = 0, failed = 0, busy_ms = 0, error = '', finished_at = NULL,
    next_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), started_at = CAST(unixepoch('subsec') * 1000 AS INTEGER),
    state = CASE state WHEN 'paused' THEN 'paused' ELSE 'running' END;
