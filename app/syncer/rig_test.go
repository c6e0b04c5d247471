package syncer_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crk/app"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

const (
	user     = "+66812345678"
	password = "s3cret-p4ss"
	maxAudio = 4 << 20
	listPath = "/orktrack/rest/recordings"
)

// A rig is a business with one phone integration at a simulated OrkTrack.
type rig struct {
	*storetest.Fixture
	t        testing.TB
	sim      *phonetest.OrkTrack
	engine   *syncer.Engine
	audio    *audio.Store
	audioDir string
	url      string
	provider app.Provider

	mu   sync.Mutex
	hook func(*http.Request) // called with each request to the simulator
	rest time.Duration       // every list is answered with a 503 that asks for it; zero: none is
	ids  int64               // of calls, given so far
}

// newRig starts one. config changes the integration's settings; it may be nil.
func newRig(t testing.TB, config func(*dtac.Config)) *rig {
	t.Helper()
	r := &rig{Fixture: storetest.New(t), t: t, sim: phonetest.NewOrkTrack(user, password)}
	r.sim.SetClock(r.Clock.Now)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		hook, rest := r.hook, r.rest
		r.mu.Unlock()
		if hook != nil {
			hook(req)
		}
		if rest > 0 && req.URL.Path == listPath {
			w.Header().Set("Retry-After", strconv.Itoa(int(rest.Seconds())))
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.sim.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	identity, err := r.AudioIdentity(t.Context())
	if err != nil {
		t.Fatal("audio identity:", err)
	}
	r.audioDir = t.TempDir()
	if r.audio, err = audio.OpenStore(r.audioDir, identity); err != nil {
		t.Fatal("audio store:", err)
	}
	r.restart()
	r.provider = r.integrate(config)
	return r
}

// restart replaces the engine, as a new process does.
func (r *rig) restart() {
	r.engine = syncer.New(syncer.Options{
		DB: r.Store, Audio: r.audio, Log: slog.New(slog.DiscardHandler), Client: trusting(http.DefaultClient), MaxAudio: maxAudio,
		Kinds: map[string]syncer.Kind{app.SourceDTAC: syncer.DTAC(
			dtac.WithSleep(func(ctx context.Context, _ time.Duration) error { return ctx.Err() }),
			dtac.WithClock(r.Clock.Now),
		)},
	})
}

// integrate makes an integration.
func (r *rig) integrate(config func(*dtac.Config)) app.Provider {
	r.t.Helper()
	c := dtac.Config{BaseURL: r.url, Username: user, Password: password, PageSize: 5}
	if config != nil {
		config(&c)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := r.engine.Read(app.SourceDTAC, raw)
	if err != nil {
		r.t.Fatal("settings:", err)
	}
	p, err := r.AddProvider(r.t.Context(), app.Provider{
		BusinessID: r.Business.ID, Kind: app.SourceDTAC, Name: "OneCall", Host: s.Host, Config: s.Config, Secret: s.Secret,
		Interval: 15 * time.Minute, Backfill: storetest.Start.AddDate(0, 0, -7),
	})
	if err != nil {
		r.t.Fatal("add provider:", err)
	}
	if err := r.SetDefaultProvider(r.t.Context(), r.Business.ID, p.ID); err != nil {
		r.t.Fatal("set default:", err)
	}
	return r.reread(p.ID)
}

// setPageSize changes how many rows a page has.
func (r *rig) setPageSize(n int) {
	r.t.Helper()
	var c map[string]any
	err := json.Unmarshal(r.provider.Config, &c)
	c["pageSize"] = n
	b, _ := json.Marshal(c) // plain values
	if err == nil {
		r.provider, err = r.PatchProvider(r.t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Config: b})
	}
	if err != nil {
		r.t.Fatal("page size:", err)
	}
}

func (r *rig) reread(id string) app.Provider {
	r.t.Helper()
	p, err := r.Provider(r.t.Context(), r.Business.ID, id)
	if err != nil {
		r.t.Fatal("provider:", err)
	}
	return p
}

// onRequest has f called with each request to the simulator.
func (r *rig) onRequest(f func(*http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hook = f
}

// wantRest has the simulator ask, in answer to every list, to be left alone for so
// long; zero: no more.
func (r *rig) wantRest(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rest = d
}

// record adds calls to the phone system: that many, one a minute, the first at the
// given time. Their ids go on from 1001.
func (r *rig) record(first time.Time, n int) {
	for i := range n {
		r.sim.Add(recorded(r.nextID(), first.Add(time.Duration(i)*time.Minute)))
	}
}

func (r *rig) nextID() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids++
	return 1000 + r.ids
}

func recorded(id int64, at time.Time) phonetest.Recording {
	return phonetest.Recording{
		ID: id, StartedAt: at, Duration: 2 * time.Second, LocalParty: user, RemoteParty: "0899998888", Direction: "IN",
		Audio: phonetest.Talk(2 * time.Second).WAV(),
	}
}

// sync runs a sync of the rig's integration to its end.
func (r *rig) sync(cause string) app.SyncRun {
	r.t.Helper()
	run, err := r.engine.Sync(r.t.Context(), r.Business.ID, r.provider.ID, cause)
	if err != nil {
		r.t.Fatal("sync:", err)
	}
	r.provider = r.reread(r.provider.ID)
	return run
}

// fetch runs the downloads that are due, each once, and does with the failed ones
// what the runner does. It returns how many failed.
func (r *rig) fetch() (failed int) {
	r.t.Helper()
	h := r.engine.Handler()
	var claimed []app.Job
	for {
		some, err := r.ClaimJobs(r.t.Context(), app.JobFetch, 10, time.Minute)
		if err != nil {
			r.t.Fatal("claim:", err)
		}
		if len(some) == 0 {
			return failed
		}
		claimed = some
		for _, j := range claimed {
			if err := r.settle(h, j, h.Run(r.t.Context(), j)); err != nil {
				failed++
			}
		}
	}
}

func (r *rig) settle(h jobs.Handler, j app.Job, err error) error {
	r.t.Helper()
	ctx, now := r.t.Context(), r.Clock.Now()
	f, ok := errors.AsType[*jobs.Failure](err)
	var saved error
	switch {
	case err == nil, errors.Is(err, store.ErrLease):
		saved = r.FinishJob(ctx, j)
	case !ok:
		saved = r.RetryJob(ctx, j, now.Add(h.Backoff(j.Attempts+1)), err.Error())
	case f.Permanent:
		saved = h.GiveUp(ctx, j, err)
	case f.Blameless:
		saved = r.ReleaseJob(ctx, j, now.Add(f.After))
	default:
		j.Payload = f.Remember
		saved = r.RetryJob(ctx, j, now.Add(f.After), err.Error())
	}
	if saved != nil {
		r.t.Fatal("settle:", saved)
	}
	return err
}

// recordings returns all by the phone system's id.
func (r *rig) recordings() map[int64]app.Recording {
	r.t.Helper()
	all, _, err := r.Recordings(r.t.Context(), r.Business.ID, app.RecordingFilter{Limit: 200})
	if err != nil {
		r.t.Fatal("recordings:", err)
	}
	out := map[int64]app.Recording{}
	for _, rec := range all {
		id, err := strconv.ParseInt(rec.DataID[strings.LastIndex(rec.DataID, ":")+1:], 10, 64)
		if err != nil {
			r.t.Fatal("data id:", rec.DataID)
		}
		if _, twice := out[id]; twice {
			r.t.Errorf("call %d arrived twice", id)
		}
		out[id] = rec
	}
	return out
}

// complete fails the test unless n calls are here, with their audio, each
// downloaded once.
func (r *rig) complete(n int) {
	r.t.Helper()
	all := r.recordings()
	if len(all) != n {
		r.t.Errorf("%d calls arrived, want %d", len(all), n)
	}
	downloads := r.sim.Stats().Downloads
	for id, rec := range all {
		if rec.Status != app.Queued || !rec.HasAudio() {
			r.t.Errorf("call %d is %s (%s), want queued with its audio", id, rec.Status, rec.Error)
		}
		if downloads[id] != 1 {
			r.t.Errorf("call %d was downloaded %d times, want once", id, downloads[id])
		}
	}
}

// trusting has every phone system asked with one client.
func trusting(c *http.Client) func(string) (*http.Client, error) {
	return func(string) (*http.Client, error) { return c, nil }
}
