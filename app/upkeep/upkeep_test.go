package upkeep_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/matryer/is"

	"crk/app"
	"crk/app/audio"
	"crk/app/upkeep"
	"crk/store"
	"crk/store/storetest"
)

// A rig is a keeper with what it keeps.
type rig struct {
	*storetest.Fixture
	keeper *upkeep.Keeper
	sounds *audio.Store
}

func newRig(t *testing.T) *rig {
	t.Helper()
	f := storetest.New(t)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	sounds, err := audio.OpenStore(filepath.Join(t.TempDir(), "audio"), id.String())
	if err != nil {
		t.Fatal(err)
	}
	return &rig{f, upkeep.New(f.Store, sounds, slog.New(slog.DiscardHandler)), sounds}
}

// work runs what is due of the keeper's jobs.
func (r *rig) work(t *testing.T) {
	t.Helper()
	handlers := r.keeper.Handlers()
	r.Drain(t, func(ctx context.Context, j app.Job) error { return handlers[j.Kind].Run(ctx, j) }, app.JobBulk, app.JobRetain, app.JobErase)
}

// call puts a call with a sound file and words into a business.
func (r *rig) call(t *testing.T, business app.BusinessID, words string) string {
	t.Helper()
	id := r.Call(t, business)
	if _, err := r.sounds.Put(t.Context(), id, strings.NewReader("sound"), 100); err != nil {
		t.Fatal(err)
	}
	r.Exec(t, `UPDATE recordings SET size = 5, note = 'note of it' WHERE id = ?`, id)
	r.Exec(t, `UPDATE transcripts SET text = ? WHERE recording_id = ?`, words, id)
	r.Exec(t, `INSERT INTO call_text (recording_id, business_id, transcript, note) VALUES (?, ?, ?, 'note of it')`, id, business, words)
	return id
}

func (r *rig) hears(id string) bool {
	f, err := r.sounds.Open(id)
	if err == nil {
		f.Close()
	}
	return err == nil
}

func (r *rig) calls(t *testing.T, f app.RecordingFilter) int {
	t.Helper()
	_, n, err := r.Recordings(t.Context(), r.Business.ID, f)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestManyCallsAreDeletedInSteps(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	other, _ := r.OtherBusiness(t)
	theirs := r.call(t, other.ID, "theirs")
	var ids []string
	for range 120 {
		ids = append(ids, r.call(t, r.Business.ID, "word"))
	}
	run, err := r.BeginBulk(t.Context(), app.BulkRun{BusinessID: r.Business.ID, UserID: r.Owner.ID, Action: app.BulkDelete}, nil, append(ids, theirs))
	is.NoErr(err)
	is.Equal(run.Total, 120) // another business's call is not among them

	jobs, err := r.ClaimJobs(t.Context(), app.JobBulk, 1, time.Minute)
	is.NoErr(err)
	deleted, done, err := r.BulkStep(t.Context(), jobs[0], 50)
	is.NoErr(err)
	is.Equal(len(deleted), 50)
	is.True(!done)
	is.NoErr(r.ReleaseAllJobs(t.Context())) // as after a crash
	again, err := r.ClaimJobs(t.Context(), app.JobBulk, 1, time.Minute)
	is.NoErr(err)
	_, _, err = r.BulkStep(t.Context(), jobs[0], 50)
	is.Equal(err, store.ErrLease) // who was cut off may do no more
	is.NoErr(r.ReleaseJob(t.Context(), again[0], r.Clock.Now()))
	r.work(t)
	run, err = r.BulkRun(t.Context(), r.Business.ID, run.ID)
	is.NoErr(err)
	is.Equal([]int{run.Done, run.Skipped}, []int{120, 0}) // every call once
	is.True(!run.FinishedAt.IsZero())
	is.Equal(r.calls(t, app.RecordingFilter{}), 0)
	is.True(!r.hears(ids[119])) // with its sound
	by := `SELECT count(*) FROM audit_log WHERE action = 'recording.delete' AND user_id = ?`
	is.Equal(r.Text(t, by, r.Owner.ID), "70") // in the name of who ordered it; the first step was the test's own
	is.True(r.hears(theirs))
	_, err = r.BulkRun(t.Context(), other.ID, run.ID)
	is.True(app.IsKind(err, app.NotFound)) // no business sees another's run
}

func TestBulkSkipsWhatCannotBeDone(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	a, b := r.call(t, r.Business.ID, "x"), r.Call(t, r.Business.ID) // b has no sound
	run, deleted, err := r.DoBulk(t.Context(), app.BulkRun{BusinessID: r.Business.ID, Action: app.BulkAnalyse}, nil, []string{a, b, "gone"})
	is.NoErr(err)
	is.Equal([]int{run.Done, run.Skipped, len(deleted)}, []int{1, 2, 0})
	is.Equal(r.calls(t, app.RecordingFilter{Status: app.Queued}), 1)
	run, _, err = r.DoBulk(t.Context(), app.BulkRun{BusinessID: r.Business.ID, Action: app.BulkDelete}, []string{"nobody"}, []string{a})
	is.NoErr(err)
	is.Equal(run.Skipped, 1) // who does not see a call does nothing to it
	_, err = r.BeginBulk(t.Context(), app.BulkRun{BusinessID: r.Business.ID, Action: app.BulkCollect, Target: "none"}, nil, []string{a})
	is.True(app.IsKind(err, app.NotFound))
}

func TestCollectingInBulk(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	a, b := r.call(t, r.Business.ID, "x"), r.call(t, r.Business.ID, "y")
	c, err := r.CreateCollection(t.Context(), app.Collection{BusinessID: r.Business.ID, Name: "c"})
	is.NoErr(err)
	_, err = r.BeginBulk(t.Context(), app.BulkRun{BusinessID: r.Business.ID, UserID: r.Owner.ID, Action: app.BulkCollect, Target: c.ID}, nil, []string{a, b})
	is.NoErr(err)
	is.NoErr(r.DeleteRecording(t.Context(), r.Business.ID, nil, b)) // gone before its turn
	r.work(t)
	is.Equal(r.calls(t, app.RecordingFilter{CollectionID: c.ID}), 1)
}

func TestRetentionRemovesWhatIsOldAndNothingTwice(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	old, fresh := r.call(t, r.Business.ID, "ancient words"), r.call(t, r.Business.ID, "fresh words")
	waiting := r.call(t, r.Business.ID, "being worked on")
	r.Exec(t, `UPDATE recordings SET call_at = call_at - 40 * 86400000 WHERE id IN (?, ?)`, old, waiting)
	r.Exec(t, `UPDATE recordings SET status = 'transcribing' WHERE id = ?`, waiting)
	p := app.Privacy{AudioDays: 30, TextDays: 30, LogDays: 30}
	due, err := r.Due(t.Context(), r.Business.ID, p)
	is.NoErr(err)
	is.Equal(due, app.Due{Audio: 1, AudioBytes: 5, Texts: 1})
	is.NoErr(r.SetPrivacy(t.Context(), r.Business.ID, p))
	for range 2 { // as in two nights
		r.work(t)
		is.NoErr(r.SetPrivacy(t.Context(), r.Business.ID, p))
		is.Equal([]bool{r.hears(old), r.hears(fresh), r.hears(waiting)}, []bool{false, true, true})
		is.Equal(r.calls(t, app.RecordingFilter{Text: "ancient"}), 0)
		is.Equal(r.calls(t, app.RecordingFilter{Text: "fresh"}), 1)
		c, err := r.Recording(t.Context(), r.Business.ID, nil, old)
		is.NoErr(err)
		is.True(!c.HasAudio() && !c.HasTranscript && c.Note == "" && c.Summary == "") // what was said is gone
		is.Equal(*c.Score, 41.0)                                                      // what was counted stays
		is.Equal(r.Text(t, `SELECT count(*) FROM stage_events WHERE recording_id = ? AND stage LIKE '%_removed'`, old), "2")
	}
	due, err = r.Due(t.Context(), r.Business.ID, p)
	is.NoErr(err)
	is.True(!due.Any()) // nothing is left to do
}

func TestNothingIsRemovedWhereNobodySaidSo(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	id := r.call(t, r.Business.ID, "old words")
	r.Exec(t, `UPDATE recordings SET call_at = 0`)
	is.NoErr(r.QueueRetention(t.Context()))
	is.NoErr(r.QueueRetention(t.Context())) // one is enough
	is.Equal(r.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'retain'`), "1")
	r.work(t)
	is.True(r.hears(id)) // it is not night yet
	r.Clock.Advance(24 * time.Hour)
	r.work(t)
	is.True(r.hears(id)) // and at night there is nothing to do
	is.Equal(r.calls(t, app.RecordingFilter{Text: "old words"}), 1)
}

func TestErasureLeavesNothing(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	other, _ := r.OtherBusiness(t)
	const secret = "zanzibar pangolin"
	r.Exec(t, `PRAGMA secure_delete = ON`) // of the test's own changes
	var ids []string
	for i := range 25 {
		id := r.call(t, r.Business.ID, fmt.Sprintf("%s %d", secret, i))
		ids = append(ids, id)
	}
	kept := r.call(t, r.Business.ID, "harmless words")
	r.Exec(t, `UPDATE recordings SET customer_phone = '02 000 0000', customer_normalized = '+6620000000' WHERE id = ?`, kept)
	theirs := r.call(t, other.ID, "words of others")
	r.Exec(t, `UPDATE recordings SET customer_phone = '+66 81 234 56 78' WHERE id = ?`, theirs) // their customer too
	r.Exec(t, `UPDATE recordings SET customer_normalized = '+66-81-234-5678' WHERE id = ?`, theirs)
	r.traces(t, ids[3], kept)

	_, err := r.BeginErasure(t.Context(), r.Business.ID, r.Owner, "nobody")
	is.True(app.IsKind(err, app.Invalid))
	e, err := r.BeginErasure(t.Context(), r.Business.ID, r.Owner, "081-234 5678")
	is.NoErr(err)
	is.Equal(e.Masked, "••••5678")
	r.work(t)
	e, err = r.Erasure(t.Context(), r.Business.ID, e.ID)
	is.NoErr(err)
	is.True(!e.FinishedAt.IsZero())
	is.Equal(e.Counts, app.ErasedCounts{Calls: 25, Audio: 25, Transcripts: 25, Analyses: 25, Notes: 25, Notifications: 3, Events: 1, Answers: 1})
	is.True(!r.hears(ids[0]))
	is.True(r.hears(kept) && r.hears(theirs))
	is.Equal(r.calls(t, app.RecordingFilter{}), 1)
	is.Equal(r.Text(t, `SELECT count(*) FROM recordings WHERE id = ?`, theirs), "1") // another business has its own customers
	again, err := r.Erasures(t.Context(), r.Business.ID, "+66 81 234 5678", 10)
	is.NoErr(err)
	is.Equal(len(again), 1) // the receipt is found by the number, which it does not hold
	_, err = r.Erasure(t.Context(), other.ID, e.ID)
	is.True(app.IsKind(err, app.NotFound))
	r.grep(t, secret)

	p, err := r.AddProvider(t.Context(), app.Provider{
		BusinessID: r.Business.ID, Kind: app.SourceDTAC, Name: "pbx", Host: "pbx.example.com", Config: []byte("{}"), Secret: "s", Interval: time.Hour, Backfill: storetest.Start,
	})
	is.NoErr(err)
	n, err := r.AddFound(t.Context(), p, []store.FoundCall{
		{DataID: ids[0], CallAt: storetest.Start.Add(-time.Hour), CustomerPhone: "0812345678", Direction: app.In},
		{DataID: "new", CallAt: storetest.Start, CustomerPhone: "0812345678", Direction: app.In},
	}, true)
	is.NoErr(err)
	is.Equal(n, 1) // a later sync does not bring it back; a new call of the same person is another matter
	is.Equal(r.calls(t, app.RecordingFilter{Normalized: "+66812345678"}), 1)
}

// traces leaves words about a call in all the places where some are kept, and
// harmless ones about another.
func (r *rig) traces(t *testing.T, about, other string) {
	t.Helper()
	business, now := r.Business.ID, storetest.Start.UnixMilli()
	delivery := `INSERT INTO deliveries (id, business_id, channel, destination, recording_id, title, body, severity, status, created_at)
		VALUES (?, ?, 'in_app', 'in_app', ?, 'Call', ?, 'info', 'sent', ?)`
	r.Exec(t, delivery, "d1", business, about, "somebody was angry", now)
	r.Exec(t, delivery, "d2", business, "", "call 081-234-5678 back", now)
	r.Exec(t, delivery, "d3", business, other, "call 02 000 0000 back at 10:30", now)
	feed := `INSERT INTO feed (id, business_id, title, body, severity, data, created_at) VALUES (?, ?, 'Call', 'x', 'info', ?, ?)`
	r.Exec(t, feed, "f1", business, `{"recordingId":"`+about+`"}`, now)
	r.Exec(t, feed, "f2", business, `{"recordingId":"`+other+`"}`, now)
	event := `INSERT INTO webhook_events (id, business_id, type, body, created_at) VALUES (?, ?, 'recording.completed', CAST(? AS BLOB), ?)`
	r.Exec(t, event, "e1", business, `{"data":{"id":"`+about+`","customerPhone":"0812345678"}}`, now)
	r.Exec(t, event, "e2", business, `{"data":{"id":"`+other+`"}}`, now)
	r.Key(t)
	key := r.Text(t, `SELECT id FROM api_keys LIMIT 1`)
	for name, call := range map[string]string{"once": about, "again": other} {
		if _, err := r.BeginOnce(t.Context(), key, name, []byte{1}); err != nil {
			t.Fatal(err)
		}
		if err := r.KeepOnce(t.Context(), key, name, store.KeptAnswer{Status: 201, Body: []byte(`{"id":"` + call + `"}`)}); err != nil {
			t.Fatal(err)
		}
	}
}

// grep looks for a text and the number in every byte of the database.
func (r *rig) grep(t *testing.T, words string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(r.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{words, "081-234-5678", "0812345678", "66812345678"} {
			if bytes.Contains(b, []byte(text)) {
				t.Errorf("%q is still in the database%s", text, suffix)
			}
		}
	}
	if n := r.Text(t, `SELECT count(*) FROM call_index WHERE call_index MATCH '"zanzibar"'`); n != "0" {
		t.Errorf("the index still finds %s", n)
	}
}

func TestListeningIsOneLineASitting(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	id := r.call(t, r.Business.ID, "x")
	a := app.Access{BusinessID: r.Business.ID, UserID: r.Owner.ID, Action: app.AccessListen, RecordingID: id, IP: "10.0.0.1"}
	for range 5 {
		is.NoErr(r.NoteAccess(t.Context(), a))
		r.Clock.Advance(10 * time.Minute)
	}
	r.Clock.Advance(time.Hour)
	is.NoErr(r.NoteAccess(t.Context(), a))
	is.NoErr(r.NoteAccess(t.Context(), app.Access{BusinessID: r.Business.ID, UserID: r.Owner.ID, Action: app.AccessExport, Rows: 7, IP: "10.0.0.1"}))
	lines, err := r.Accesses(t.Context(), r.Business.ID, app.AccessFilter{}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 3) // two sittings and an export
	is.Equal(lines[0].Rows, 7)
	is.Equal(lines[2].LastAt.Sub(lines[2].At), 40*time.Minute)
	is.Equal(lines[2].UserName, "Owner")
	other, _ := r.OtherBusiness(t)
	lines, err = r.Accesses(t.Context(), other.ID, app.AccessFilter{}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 0) // and none of another business's

	r.Clock.Advance(100 * 24 * time.Hour)
	is.NoErr(r.SetPrivacy(t.Context(), r.Business.ID, app.Privacy{LogDays: 30}))
	r.work(t)
	lines, err = r.Accesses(t.Context(), r.Business.ID, app.AccessFilter{}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 0) // the log itself is kept no longer than it is to be
}
