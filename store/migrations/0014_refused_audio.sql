-- Downloads of an integration that lists calls and hands out no recordings wait.
ALTER TABLE sync_health ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sync_health ADD COLUMN denied_until INTEGER;
ALTER TABLE sync_health ADD COLUMN denied_code TEXT NOT NULL DEFAULT '';
