package storetest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"

	"crk/app"
)

// Chat puts a linked Telegram chat into a business, as if by the bot, and
// returns its id.
func (f *Fixture) Chat(t testing.TB, business app.BusinessID) string {
	t.Helper()
	id := newID()
	f.Exec(t, `INSERT INTO chats (id, business_id, chat_id, title, type, linked_at)
		VALUES (?, ?, abs(random() % 1000000000), 'Chat', 'private', ?)`, id, business, f.Clock.Now().UnixMilli())
	return id
}

// Webhook puts a Discord webhook, with a token that opens nothing, into a
// business and returns its id.
func (f *Fixture) Webhook(t testing.TB, business app.BusinessID) string {
	t.Helper()
	id := newID()
	f.Exec(t, `INSERT INTO discord_webhooks (id, business_id, name, webhook_id, token, fingerprint, created_at)
		VALUES (?, ?, 'Webhook', '1', x'00', randomblob(32), ?)`, id, business, f.Clock.Now().UnixMilli())
	return id
}

// Call puts a call that was transcribed and analysed into a business, with the
// job that runs its automations, and returns its id: an angry customer of
// Somchai's on Monday, 16 November 2026, at 13:00 in Bangkok, scored 41.
func (f *Fixture) Call(t testing.TB, business app.BusinessID) string {
	t.Helper()
	id, analysis, now := newID(), newID(), Start.UnixMilli()
	f.Exec(t, `INSERT INTO recordings (id, business_id, data_id, source, call_at, given_duration, direction, customer_phone,
			customer_normalized, agent_number, agent_name, ai_tag, ai_score, sentiment, language, summary, topics, action_items,
			status, analysis_id, created_at, updated_at)
		VALUES (?1, ?2, ?1, 'dtac', ?3, 125, 'in', '0812345678', '+66812345678', '1001', 'Somchai', 'normal', 41,
			'negative', 'th', 'Wants a refund', '["refund"]', '["call back"]', 'completed', ?4, ?5, ?5)`,
		id, business, Start.Add(-time.Hour).UnixMilli(), analysis, now)
	f.Exec(t, `INSERT INTO analyses (id, recording_id, business_id, result, prompt_version, model, created_at)
		VALUES (?, ?, ?, '{"scoreReason":"He shouted."}', '1', '', ?)`, analysis, id, business, now)
	f.Exec(t, `INSERT INTO transcripts (recording_id, business_id, language, text, segments, model, created_at)
		VALUES (?, ?, 'th', 'สวัสดีครับ ขอคืนเงิน', '[]', '', ?)`, id, business, now)
	f.Exec(t, `INSERT INTO call_audio (recording_id, stats) VALUES (?, '{"duration":125,"silenceRatio":0.25}')`, id)
	f.Exec(t, `INSERT INTO jobs (kind, business_id, key, run_at, created_at) VALUES ('automate', ?1, ?2, ?3, ?3)`, business, id, now)
	return id
}

// Exec runs SQL beside the store, for what no method of it does.
func (f *Fixture) Exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if err := f.Try(t, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Try is Exec for SQL that may fail.
func (f *Fixture) Try(t testing.TB, query string, args ...any) error {
	t.Helper()
	_, err := f.beside(t).ExecContext(t.Context(), query, args...)
	if err == nil { // a write of its own has the store see at once what it would see a moment later
		err = f.Ready(t.Context())
	}
	return err
}

// Text returns the one value that a query finds, as text.
func (f *Fixture) Text(t testing.TB, query string, args ...any) string {
	t.Helper()
	var v sql.NullString
	if err := f.beside(t).QueryRowContext(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

// beside is the database, opened a second time and kept until the test ends.
func (f *Fixture) beside(t testing.TB) *sql.DB {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.side != nil {
		return f.side
	}
	db, err := sql.Open("sqlite", "file:"+f.Path+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal("open the database:", err)
	}
	db.SetMaxOpenConns(1)
	f.side = db
	return db
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
