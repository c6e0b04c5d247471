-- Downloads of an integration that may list calls and not hear them wait.
ALTER TABLE sync_health ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sync_health ADD COLUMN denied_until INTEGER;
