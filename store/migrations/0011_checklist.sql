ALTER TABLE businesses ADD COLUMN checklist_hidden_at INTEGER;
