package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"crk/app"
	"crk/store/storetest"
)

// benchCalls is a busy company's few years.
const benchCalls = 200_000

// BenchmarkRecordings asks for the newest 50 calls of 200,000, with the exact
// number of all that match, under every filter. Beside it, in the same run,
// stands what SQLite alone takes for the same with an index on the time of the
// calls.
//
//	go test ./store -run '^$' -bench Recordings -benchtime 60x
func BenchmarkRecordings(b *testing.B) {
	f := storetest.New(b)
	manyCalls(b, f, benchCalls)
	say(b, f)
	begin := time.Now()
	_, _, err := f.Recordings(b.Context(), f.Business.ID, app.RecordingFilter{Limit: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the first question after a start: %s", time.Since(begin).Round(time.Millisecond))
	words := []asked{
		{name: "words, rare", f: app.RecordingFilter{Text: "ใบกำกับภาษีซ้ำ"}},
		{name: "words, in 2 of 100", f: app.RecordingFilter{Text: "คืนเงิน"}},
		{name: "words, in 1 of 3", f: app.RecordingFilter{Text: "ใบแจ้งหนี้"}},
		{name: "words and filters", f: app.RecordingFilter{Text: "คืนเงิน", Direction: app.In, ScoreMin: ptr(50.0)}},
		{name: "two characters", f: app.RecordingFilter{Text: "ดี", From: storetest.Start.AddDate(0, 0, -7)}},
	}
	for _, q := range append(questions(), words...) {
		q.f.Limit = 50
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
			measure(b, func() error {
				_, _, err := f.Recordings(b.Context(), f.Business.ID, q.f)
				return err
			})
		})
		if q.where != "" {
			b.Run(strings.ReplaceAll(q.name, " ", "_")+"/raw", func(b *testing.B) {
				measure(b, func() error {
					f.Text(b, `SELECT count(*) FROM recordings WHERE business_id = ? AND `+q.where, f.Business.ID)
					f.Text(b, `SELECT group_concat(id) FROM (SELECT id FROM recordings WHERE business_id = ? AND `+q.where+
						` ORDER BY `+sqlOrder(q.f)+` LIMIT 50 OFFSET `+fmt.Sprint(q.f.Offset)+`)`, f.Business.ID)
					return nil
				})
			})
		}
	}
}

// measure reports the median and the 95th of 100 of what do takes.
func measure(b *testing.B, do func() error) {
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(0, "ns/op")
}

// say gives every call 500 characters of words, a third of them with an invoice
// in it, one of fifty with a refund. The index is built in one go: by the
// triggers it would take minutes.
func say(b *testing.B, f *storetest.Fixture) {
	r := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("กา มี ไป ดี รับ ส่ง ของ ความ การ ผู้ นะ เรา ที่ ให้ ได้ แล้ว จะ ทำ งาน บ้าน ma ri ton sel der pro con ta ing able")
	text := func(i int) string {
		var s strings.Builder
		if r.IntN(3) == 0 {
			s.WriteString("ใบแจ้งหนี้ ")
		}
		if r.IntN(50) == 0 {
			s.WriteString("ขอคืนเงิน ")
		}
		if i%20_000 == 0 {
			s.WriteString("ใบกำกับภาษีซ้ำ ")
		}
		for s.Len() < 1200 {
			s.WriteString(syllables[r.IntN(len(syllables))])
			if r.IntN(4) == 0 {
				s.WriteByte(' ')
			}
		}
		return s.String()
	}
	trigger := f.Text(b, `SELECT sql FROM sqlite_schema WHERE name = 'call_text_insert'`)
	f.Exec(b, `DROP TRIGGER call_text_insert`)
	for i := 0; i < benchCalls; i += 2000 {
		var texts []string
		for j := range 2000 {
			texts = append(texts, text(i+j))
		}
		list, err := json.Marshal(texts)
		if err != nil {
			b.Fatal(err)
		}
		f.Exec(b, `INSERT INTO call_text (recording_id, business_id, transcript)
			SELECT r.id, r.business_id, t.value FROM json_each(?1) t JOIN recordings r ON r.rowid = t.key + ?2 + 1`, string(list), i)
	}
	f.Exec(b, `INSERT INTO call_index (call_index) VALUES ('rebuild')`)
	f.Exec(b, trigger)
}
