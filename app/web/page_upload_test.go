package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// upload sends a recording by hand: a file, and fields as names and values by
// turns.
func (b *browser) upload(t *testing.T, file []byte, fields ...string) answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if file != nil {
		part, err := w.CreateFormFile("audio", "call.wav")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/calls/upload", &body)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(t, req)
}

func TestUploadByHand(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	is.True(strings.Contains(b.get(t, "/calls/upload").body, `value="2026-11-16T14:00"`)) // now, where the business is
	a := b.upload(t, speech(2), "callAt", "2026-11-15T09:30", "direction", "out", "customerPhone", "081-234-5678", "callcenterName", "Nok", "note", "by hand")
	is.Equal(a.status, http.StatusSeeOther)
	page := b.get(t, a.header.Get("Location"))
	for _, want := range []string{"Uploaded; it is being processed", "Sun 15 Nov 2026, 09:30", "Outgoing", "081-234-5678", "Nok", "by hand", "0:02"} {
		says(t, page, want) // the call is there, its length read from the sound
	}
	r, err := s.Recording(t.Context(), s.Business.ID, nil, strings.TrimPrefix(a.header.Get("Location"), "/calls/"))
	is.NoErr(err)
	is.Equal(r.Status, app.Queued)       // on its way
	is.Equal(r.Source, app.SourceUpload) // by hand
}

func TestUploadIsChecked(t *testing.T) {
	good := []string{"callAt", "2026-11-15T09:30", "direction", "in"}
	for _, tt := range []struct {
		name   string
		file   []byte
		fields []string
		status int
		want   string
	}{
		{"no file", nil, good, 422, "Choose a sound file"},
		{"no sound", []byte("<html>This is no sound at all, but long enough to be looked at.</html>"), good, 415, "Choose a sound file"},
		{"half a sound", speech(2)[:9000], good, 422, "Choose a sound file"},
		{"no time", speech(1), []string{"direction", "in"}, 422, "Give the date and time of the call"},
		{"no direction", speech(1), []string{"callAt", "2026-11-15T09:30"}, 422, "Choose a direction"},
		{"a long name", speech(1), append([]string{"callcenterName", strings.Repeat("x", 201)}, good...), 422, "200 characters at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			s := newPages(t)
			b := s.enter(t, "owner@example.com")
			a := b.upload(t, tt.file, tt.fields...)
			is.Equal(a.status, tt.status)
			says(t, a, tt.want) // which field, and its rule
			_, total, err := s.Recordings(t.Context(), s.Business.ID, app.RecordingFilter{Limit: 1})
			is.NoErr(err)
			is.Equal(total, 0) // what is refused leaves nothing behind
		})
	}
}

func TestUploadThatIsNoForm(t *testing.T) {
	is := is.New(t)
	b := newPages(t).enter(t, "owner@example.com")
	is.Equal(b.post(t, "/calls/upload", "callAt", "2026-11-15T09:30").status, 400) // not a form with a file
}
