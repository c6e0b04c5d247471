package ai_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/store"
	"crk/store/storetest"
)

// A lab is both stages on a real store, with AI servers of the test's own.
type lab struct {
	*storetest.Fixture
	sounds *audio.Store
	log    *bytes.Buffer
	stages map[app.JobKind]jobs.Handler

	servers *ai.Servers
	analyst *ai.Analyst
}

// newLab starts the stages. A nil handler is no server.
func newLab(t testing.TB, ear, mind http.Handler) *lab {
	t.Helper()
	serve := func(h http.Handler) ai.Server {
		if h == nil {
			return ai.Server{}
		}
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		return ai.Server{URL: srv.URL + "/v1", Key: "sk-secret"}
	}
	return newLabWith(t, serve(ear), serve(mind))
}

func newLabWith(t testing.TB, ear, mind ai.Server) *lab {
	t.Helper()
	l := &lab{Fixture: storetest.New(t), log: &bytes.Buffer{}}
	identity, err := l.AudioIdentity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if l.sounds, err = audio.OpenStore(filepath.Join(t.TempDir(), "audio"), identity); err != nil {
		t.Fatal(err)
	}
	l.start(ear, mind)
	return l
}

// start makes the stages with these servers of the appliance's own. A business's
// own requests carry a mark.
func (l *lab) start(ear, mind ai.Server) {
	log := slog.New(slog.NewTextHandler(l.log, nil))
	l.servers = ai.NewServers(ai.ServersOptions{
		DB: l.Store, Log: log, Operator: openai.New(http.DefaultClient), STT: ear, LLM: mind,
		Business: openai.New(&http.Client{Transport: marked{}}),
	})
	l.analyst = ai.NewAnalyst(l.Store, l.servers)
	l.stages = map[app.JobKind]jobs.Handler{
		app.JobTranscribe: ai.NewTranscriber(l.Store, l.sounds, l.servers).Handler(),
		app.JobAnalyse:    l.analyst.Handler(),
	}
}

// marked is the client that goes where a business may have requests sent.
type marked struct{}

func (marked) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Business", "yes")
	return http.DefaultTransport.RoundTrip(r)
}

// bring puts a call with its sound into the store and returns its id.
func (l *lab) bring(t testing.TB, direction app.Direction, sound []byte) string {
	t.Helper()
	id, now := uuid.Must(uuid.NewV7()).String(), l.Clock.Now().UnixMilli()
	l.Exec(t, `INSERT INTO recordings (id, business_id, data_id, source, call_at, direction, status, created_at, updated_at)
		VALUES (?1, ?2, ?1, 'upload', ?3, ?4, 'awaiting_audio', ?3, ?3)`, id, l.Business.ID, now, direction)
	stored, err := l.sounds.Put(t.Context(), id, bytes.NewReader(sound), int64(len(sound)))
	if err != nil {
		t.Fatal(err)
	}
	stats, _ := l.sounds.Measure(t.Context(), id) // none where it cannot be decoded
	file := store.AudioFile{Size: stored.Size, SHA256: stored.SHA256, ContentType: "audio/wav", Stats: stats}
	if _, err := l.SetAudio(t.Context(), l.Business.ID, id, file); err != nil {
		t.Fatal(err)
	}
	return id
}

// claim returns the due jobs of a kind, whatever their lanes.
func (l *lab) claim(t testing.TB, kind app.JobKind) []app.Job {
	t.Helper()
	l.Exec(t, `UPDATE jobs SET lane = ''`)
	jobs, err := l.ClaimJobs(t.Context(), kind, 10, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// run runs the due jobs of a stage and returns the last one's error. A job that
// fails is given back, so that the next run has it again.
func (l *lab) run(t testing.TB, kind app.JobKind) (err error) {
	t.Helper()
	for _, j := range l.claim(t, kind) {
		if err = l.stages[kind].Run(t.Context(), j); err != nil {
			if err := l.RetryJob(t.Context(), j, l.Clock.Now(), "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	return err
}

// process runs both stages and returns the finished call.
func (l *lab) process(t testing.TB, id string) app.Recording {
	t.Helper()
	for _, kind := range []app.JobKind{app.JobTranscribe, app.JobAnalyse} {
		if err := l.run(t, kind); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	return l.recording(t, id)
}

func (l *lab) recording(t testing.TB, id string) app.Recording {
	t.Helper()
	r, err := l.Recording(t.Context(), l.Business.ID, nil, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// transcript returns what was said in a call; the test ends where that is not
// known.
func (l *lab) transcript(t testing.TB, id string) app.Transcript {
	t.Helper()
	heard, err := l.Transcript(t.Context(), l.Business.ID, id)
	if err != nil || heard == nil {
		t.Fatalf("no transcript: %v", err)
	}
	return *heard
}

// fate is what becomes of a job that ended with err.
func fate(err error) jobs.Failure {
	var f *jobs.Failure
	if errors.As(err, &f) {
		return jobs.Failure{Permanent: f.Permanent, After: f.After, Blameless: f.Blameless}
	}
	return jobs.Failure{}
}

// talk is a stretch of speech, in seconds.
type talk struct{ from, to float64 }

// wav is a sound file of that many seconds, 8 kHz, in which each channel speaks
// at certain times.
func wav(seconds float64, channels ...[]talk) []byte {
	const rate = 8000
	le := binary.LittleEndian
	frames := int(seconds * rate)
	size := uint32(2 * len(channels) * frames)
	b := append(make([]byte, 0, 44+int(size)), "RIFF"...)
	b = le.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00"...)
	b = le.AppendUint16(b, uint16(len(channels)))
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, uint32(rate*2*len(channels)))
	b = le.AppendUint16(b, uint16(2*len(channels)))
	b = append(b, 16, 0)
	b = append(b, "data"...)
	b = le.AppendUint32(b, size)
	for i := range frames {
		at := float64(i) / rate
		for _, c := range channels {
			v := int16(0)
			for _, t := range c {
				if at >= t.from && at < t.to {
					v = int16(6000 + i/rate) // so that no two seconds are alike
					if i/20%2 == 0 {
						v = -v
					}
				}
			}
			b = le.AppendUint16(b, uint16(v))
		}
	}
	return b
}

// waitFor waits until something is so.
func waitFor(t testing.TB, so func() bool) {
	t.Helper()
	for range 10_000 {
		if so() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("it does not become so")
}

func contains(s, part string) bool { return strings.Contains(s, part) }
