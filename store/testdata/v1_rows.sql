-- A row in each table of the first release, as it would have written them.
INSERT INTO settings VALUES ('ready', x'31');
INSERT INTO businesses VALUES ('b1', 'Acme Co', 'acme-co', 'Asia/Bangkok', 'th', 1795000000000);
INSERT INTO users VALUES ('u1', 'ann@example.com', 'Ann', 'th', 1, '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 1795000000000);
INSERT INTO members VALUES ('b1', 'u1', 'owner', '[]', 1795000000000);
INSERT INTO sessions VALUES (x'01', 's1', 'u1', 'b1', 1795000000000, 1795000000000, 1796000000000, '127.0.0.1', 'Firefox');
INSERT INTO login_failures VALUES ('account:ann@example.com', 1, 1795000000000);
INSERT INTO api_keys VALUES ('k1', x'02', 'crm', 'u1', 'b1', NULL, '["manage_all"]', 'crk_…abcd', 1795000000000, NULL, NULL, NULL);
INSERT INTO idempotency VALUES ('k1', 'once', x'03', 201, x'7b7d', 1795000000000);
INSERT INTO jobs (kind, business_id, key, run_at, created_at) VALUES ('automate', 'b1', 'r1', 1795000000000, 1795000000000);
INSERT INTO providers VALUES ('p1', 'b1', 'dtac', 'Office', 'ork.example.com', '{"username":"+66812345678"}', x'04', 900000, 1794000000000, 1, 1, 'ok', 1795000000000, 0, 1795000900000, 1795000000000, 1795000000000);
INSERT INTO sync_runs VALUES ('sr1', 'p1', 'b1', 'schedule', 'succeeded', 1795000000000, 1795000001000, 1, 1, 0, 0, '');
INSERT INTO seen_calls VALUES ('b1', 'd1', 'r1', '', 1795000000000, 125, 1795000000000);
INSERT INTO recordings (id, business_id, data_id, source, provider_id, remote, call_at, given_duration, audio_duration, direction, customer_phone,
    customer_normalized, agent_number, agent_name, ai_tag, ai_score, sentiment, language, summary, status, size, sha256, analysis_id, created_at, updated_at)
VALUES ('r1', 'b1', 'd1', 'dtac', 'p1', '{}', 1795000000000, 125, 124, 'in', '0812345678', '+66812345678', '1001', 'Somchai', 'normal', 41, 'negative', 'th',
    'อยากได้เงินคืน', 'completed', 1000, 'ab', 'a1', 1795000000000, 1795000000000);
INSERT INTO call_audio VALUES ('r1', '{"duration":124}');
INSERT INTO uploads VALUES (x'05', 'b1', 'r1', 1795000900000);
INSERT INTO stage_events VALUES ('r1', 1795000000000, 'found', '');
INSERT INTO transcripts VALUES ('r1', 'b1', 'th', 'สวัสดีครับ', '[]', 'm', 1795000000000);
INSERT INTO transcript_chunks VALUES ('r1', x'06', '{}', 1795000000000);
INSERT INTO analyses VALUES ('a1', 'r1', 'b1', '{"score":41}', '1', 'm', 1795000000000);
INSERT INTO call_text VALUES (1, 'r1', 'b1', 'อยากได้เงินคืน', 'สวัสดีครับ', '');
INSERT INTO collections VALUES ('c1', 'b1', 'Refunds', '', '', 1795000000000, 1795000000000);
INSERT INTO collection_items VALUES ('c1', 'r1', 1795000000000);
INSERT INTO telegram_updates VALUES (7, 8, 1795000000000);
INSERT INTO link_codes VALUES (x'07', 'b1', 'u1', 1795000900000, NULL);
INSERT INTO chats (id, business_id, chat_id, title, type, linked_at) VALUES ('ch1', 'b1', 42, 'Ann', 'private', 1795000000000);
INSERT INTO discord_webhooks (id, business_id, name, webhook_id, token, fingerprint, created_at) VALUES ('dw1', 'b1', 'Shop', '9', x'08', x'09', 1795000000000);
INSERT INTO automations VALUES ('au1', 'b1', 'Angry', 1, '{"nodes":[],"edges":[]}', 1, 0, 1795000000000, 1795000000000, 1795000000000);
INSERT INTO automation_runs VALUES ('ar1', 'b1', 'au1', 'r1', 'a1', '[]', 1795000000000);
INSERT INTO deliveries VALUES ('de1', 'b1', 'in_app', 'in_app', 'au1', 'r1', 'a1', 'Angry', 'Score 41', '', 'warning', NULL, 'sent', 1, '', NULL, 1795000000000, 1795000000000);
INSERT INTO feed VALUES (1, 'f1', 'b1', 'Angry', 'Score 41', 'warning', NULL, 'au1', NULL, 1795000000000);
INSERT INTO feed_marks VALUES ('b1', 'u1', 1, 1795000000000);
INSERT INTO feed_reads VALUES ('u1', 1, 1795000000000);
INSERT INTO preferences VALUES ('b1', 'u1', '{}');
INSERT INTO webhooks VALUES ('w1', 'b1', 'https://crm.example.com/hook', '', '["*"]', 1, '', NULL, NULL, NULL, NULL, 1795000000000, 1795000000000);
INSERT INTO webhook_secrets VALUES ('ws1', 'w1', x'0a', NULL, 1795000000000);
INSERT INTO webhook_events VALUES ('e1', 'b1', 'recording.completed', x'7b7d', 1795000000000);
INSERT INTO webhook_deliveries (id, business_id, webhook_id, event_id, status, next_at, created_at) VALUES ('wd1', 'b1', 'w1', 'e1', 'delivered', 1795000000000, 1795000000000);
INSERT INTO webhook_attempts VALUES ('wd1', 1, 1795000000000, 20, 200, '', 'ok');
INSERT INTO failing_syncs VALUES ('p1', 1795000000000);
INSERT INTO usage_ledger VALUES (1, 'b1', 'minutes', 3, 'r1', '2026-11-18', 1795000000000);
INSERT INTO usage_totals VALUES ('b1', '2026-11-18', 'minutes', 3);
INSERT INTO budgets VALUES ('b1', 1000, '[80,100]', 'notify', 1795000000000);
INSERT INTO budget_alerts VALUES ('b1', '2026-11', 80, 1795000000000);
