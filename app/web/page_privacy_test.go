package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestRetentionIsAskedAbout(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET size = 2097152, call_at = call_at - 40 * 86400000 WHERE id = ?`, id)
	b := s.enter(t, "owner@example.com")
	ask := b.post(t, "/settings/privacy", "audioDays", "30", "textDays", "", "logDays", "365")
	is.Equal(ask.status, 200)
	says(t, ask, "the audio of 1 call (2.1 MB)")
	is.Equal(s.Text(t, `SELECT count(*) FROM privacy`), "0") // nothing is saved yet
	is.True(strings.Contains(ask.body, `name="sure" value="30/0/365"`))
	says(t, b.post(t, "/settings/privacy", "audioDays", "20", "textDays", "", "logDays", "365", "sure", "30/0/365"), "the audio of 1 call") // of other days it asks again
	says(t, b.follow(t, "/settings/privacy", "audioDays", "30", "textDays", "", "logDays", "365", "sure", "30/0/365"), "Saved")
	p, err := s.Privacy(t.Context(), s.Business.ID)
	is.NoErr(err)
	is.Equal(p, app.Privacy{AudioDays: 30, LogDays: 365})
	is.Equal(s.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'retain'`), "1") // and begins at once
	bad := b.post(t, "/settings/privacy", "audioDays", "-1", "textDays", "x", "logDays", "0")
	is.Equal(bad.status, 422)
	says(t, bad, "A whole number from 0 to 36,500")

	s.User(t, "viewer@example.com", app.Viewer)
	viewer := s.enter(t, "viewer@example.com")
	for _, path := range []string{"/settings/privacy", "/settings/privacy/access", "/settings/privacy/access/export.csv"} {
		is.Equal(viewer.get(t, path).status, 403) // it is the owners' matter
	}
	is.Equal(viewer.post(t, "/settings/privacy/person", "phone", "0812345678").status, 403)
}

func TestEverythingAboutANumber(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	path := s.process(t, s.Key(t), &spoken, app.Analysis{Summary: "Said hello", Tag: "normal"})
	id := strings.TrimPrefix(path, recordingsPath+"/")
	s.Exec(t, `UPDATE recordings SET customer_phone = '0812345678', customer_normalized = '+66812345678' WHERE id = ?`, id)
	mention := s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET customer_phone = '', customer_normalized = '' WHERE id = ?`, mention)
	s.Exec(t, `INSERT INTO call_text (recording_id, business_id, note) VALUES (?, ?, 'call 081-234-5678 back')`, mention, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	page := b.post(t, "/settings/privacy/person", "phone", "+66 (81) 234-5678")
	says(t, page, "1 call")
	says(t, page, "in 1 call of somebody else") // also where others speak of it
	is.True(strings.Contains(page.body, "/calls/"+id))
	is.Equal(b.post(t, "/settings/privacy/person", "phone", "x").status, 422)

	file := b.post(t, "/settings/privacy/person/export", "phone", "0812345678")
	archive, err := zip.NewReader(strings.NewReader(file.body), int64(len(file.body)))
	is.NoErr(err)
	is.Equal(len(archive.File), 2) // what is known, and the sound
	r, err := archive.File[0].Open()
	is.NoErr(err)
	known, err := io.ReadAll(r)
	is.NoErr(err)
	is.True(json.Valid(known) && bytes.Contains(known, []byte("Said hello")) && bytes.Contains(known, []byte("Hi & bye.")))
	is.True(!bytes.Contains(known, []byte("secret-"))) // no model's name leaves the product

	receipt := b.follow(t, "/settings/privacy/person/erase", "phone", "081 234 5678")
	says(t, receipt, "••••5678")
	says(t, receipt, "under way")
	is.True(!strings.Contains(receipt.body, "812345678")) // the receipt does not hold the number
	where := s.Text(t, `SELECT id FROM erasures`)
	s.OtherBusiness(t)
	is.Equal(s.enter(t, "other@example.com").get(t, "/settings/privacy/receipts/"+where).status, 404)
}

func TestWhoHeardWhat(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1")
	id := strings.TrimPrefix(path, recordingsPath+"/")
	b := s.enter(t, "owner@example.com")
	b.get(t, "/calls/"+id) // to look is not to listen
	is.Equal(s.Text(t, `SELECT count(*) FROM access_log`), "0")
	for _, part := range []string{"bytes=0-99", "bytes=100-199"} {
		b.get(t, "/calls/"+id+"/audio", "Range", part)
	}
	b.get(t, "/calls/"+id+"/audio?download=1")
	b.get(t, "/calls/export.csv")
	s.call(t, "GET", path+"/audio", key, nil)
	page := b.get(t, "/settings/privacy/access")
	for _, want := range []string{"heard", "took the audio", "exported calls", "test (API token of Owner)"} {
		says(t, page, want)
	}
	is.Equal(s.Text(t, `SELECT count(*) FROM access_log`), "4") // one line for all requests of a sitting
	is.True(!strings.Contains(words(b.get(t, "/settings/privacy/access?what=export").body), "2026 14:00 Owner heard"))
	file := b.get(t, "/settings/privacy/access/export.csv?what=listen").body
	is.Equal(strings.Count(file, "\n"), 2) // a head and a line
	is.True(strings.Contains(file, id))
}
