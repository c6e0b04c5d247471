package e2e_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crk/app/ai/aitest"
)

// TestSoak runs a mixed load for as long as CRK_E2E_SOAK says, as 60m, and
// samples what the process holds: memory, goroutines, file handles, and what
// lies on the disk. Its table is in the log. What must not grow is compared
// between the second quarter of the time, when everything is warm, and the last.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("CRK_E2E_SOAK"))
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("for how long is in CRK_E2E_SOAK, as 60m; Linux alone tells what a process holds")
	}
	w := newWorld(t)
	w.env["CRK_METRICS_TOKEN"], w.env["CRK_LOG"] = "soak", "info"
	p := w.start()
	c := p.client(w.key("manage_all"))
	provider := w.connectPhones(c)
	w.tellOfEveryCall(c, w.linkChat(c, leads))
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	s := &soak{w: w, p: p, c: c, provider: provider}
	var load sync.WaitGroup
	for _, part := range []struct {
		every time.Duration
		do    func(context.Context, int) error
	}{
		{15 * time.Second, s.arrive}, {40 * time.Second, s.sync}, {200 * time.Millisecond, s.send},
		{500 * time.Millisecond, s.search}, {2 * time.Second, s.play},
	} {
		load.Go(func() { s.repeat(ctx, part.every, part.do) })
	}
	for n := range 5 { // a user may hold ten sockets
		ann := fmt.Sprintf("ann%d@example.com", n)
		w.crk("user", "create", "--email", ann, "--business", "acme-co", "--role", "viewer")
		hers := p.client(w.crk("token", "create", "--owner", ann, "--business", "acme-co", "--name", "soak", "--scopes", "view_notifications"))
		for range 8 {
			load.Go(func() {
				s.repeat(ctx, time.Second, func(ctx context.Context, _ int) error { return s.listen(ctx, hers) })
			})
		}
	}
	samples := s.sample(ctx, max(time.Second, length/60))
	load.Wait()
	s.judge(t, samples)
	if err := p.stop(); err != nil {
		t.Error("stop:", err)
	}
}

// A soak is the load and what it did.
type soak struct {
	w        *world
	p        *process
	c        *client
	provider string

	calls, syncs, sends, searches, plays, heard, failures atomic.Int64
	audio                                                 atomic.Value // string: a call's audio URL
}

// repeat does something again and again, at uneven times around the given one.
func (s *soak) repeat(ctx context.Context, every time.Duration, do func(context.Context, int) error) {
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every/2 + rand.N(every)):
		}
		if err := do(ctx, n); err != nil && ctx.Err() == nil {
			if s.failures.Add(1) <= 10 {
				s.w.t.Log("load:", err)
			}
		}
	}
}

func (s *soak) arrive(_ context.Context, n int) error {
	s.w.recordCall(int64(10_000+n), aitest.Dialogues()[n%len(aitest.Dialogues())], 5*time.Minute)
	s.calls.Add(1)
	return nil
}

func (s *soak) sync(context.Context, int) error {
	s.syncs.Add(1)
	return s.ask(http.MethodPost, "/providers/"+s.provider+"/sync", nil, 202, 409)
}

func (s *soak) send(_ context.Context, n int) error {
	s.sends.Add(1)
	return s.ask(http.MethodPost, "/notifications/send",
		map[string]any{"channel": "in_app", "title": fmt.Sprint("Message ", n), "body": "ทดสอบระบบแจ้งเตือน under load"}, 200)
}

func (s *soak) search(_ context.Context, n int) error {
	s.searches.Add(1)
	paths := []string{"/recordings?q=warehouse", "/recordings?limit=50", "/recordings?q=พัสดุ", "/notifications/feed?limit=50", "/usage", "/recordings?scoreMax=60"}
	a, err := s.c.do(http.MethodGet, paths[n%len(paths)], nil)
	if err == nil && a.status != 200 {
		err = fmt.Errorf("GET %s: %d %s", paths[n%len(paths)], a.status, a.body)
	}
	for _, item := range a.items() {
		if url, _ := item["audioUrl"].(string); url != "" {
			s.audio.Store(url[len("/api/v1"):])
		}
	}
	return err
}

func (s *soak) play(context.Context, int) error {
	url, _ := s.audio.Load().(string)
	if url == "" {
		return nil
	}
	s.plays.Add(1)
	a, err := s.c.do(http.MethodGet, url, nil, "Range", "bytes=1000-60000")
	if err == nil && a.status != 206 {
		err = fmt.Errorf("GET %s: %d", url, a.status)
	}
	return err
}

func (s *soak) ask(method, path string, body any, allowed ...int) error {
	a, err := s.c.do(method, path, body)
	if err == nil && !slices.Contains(allowed, a.status) {
		err = fmt.Errorf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return err
}

// listen holds a socket for a while.
func (s *soak) listen(ctx context.Context, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second+rand.N(2*time.Minute))
	defer cancel()
	ws, err := c.dial(ctx, "")
	if err != nil {
		return err
	}
	defer ws.Close()
	context.AfterFunc(ctx, func() { ws.Close() })
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.heard.Add(1)
	}
}

// A holding is what the process holds at one moment.
type holding struct {
	at                              time.Duration
	memory, heap, routines, handles float64
	database, log, sounds           int64
	calls, sends                    int64
}

// sample looks again and again until ctx ends.
func (s *soak) sample(ctx context.Context, every time.Duration) (all []holding) {
	began := time.Now()
	s.w.t.Log("   time  memory    heap  goroutines  handles  database     log   audio  calls  sends  searches  heard")
	for {
		select {
		case <-ctx.Done():
			return all
		case <-time.After(every):
		}
		h, err := s.look()
		if err != nil {
			s.w.t.Log("sample:", err)
			continue
		}
		h.at = time.Since(began)
		all = append(all, h)
		s.w.t.Logf("%7s %6.1fM %6.1fM %11.0f %8.0f %8.1fM %6.1fM %6.1fM %6d %6d %9d %6d", h.at.Round(time.Second), h.memory/(1<<20), h.heap/(1<<20),
			h.routines, h.handles, float64(h.database)/(1<<20), float64(h.log)/(1<<20), float64(h.sounds)/(1<<20),
			h.calls, h.sends, s.searches.Load(), s.heard.Load())
	}
}

func (s *soak) look() (h holding, err error) {
	req, err := http.NewRequest(http.MethodGet, s.p.url+"/metrics", nil)
	if err != nil {
		return h, err
	}
	req.Header.Set("Authorization", "Bearer soak")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return h, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return h, err
	}
	h.memory, h.heap = metric(text, "process_resident_memory_bytes"), metric(text, "go_memstats_heap_inuse_bytes")
	h.routines, h.handles = metric(text, "go_goroutines"), metric(text, "process_open_fds")
	h.database, h.log = fileSize(s.w.dir, "crk.db"), fileSize(s.w.dir, "crk.db-wal")
	err = filepath.WalkDir(filepath.Join(s.w.dir, "audio"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // a temporary file that is gone by now
		}
		if info, err := d.Info(); err == nil {
			h.sounds += info.Size()
		}
		return nil
	})
	h.calls, h.sends = s.calls.Load(), s.sends.Load()
	return h, err
}

func fileSize(dir, name string) int64 {
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	return info.Size()
}

// judge compares the second quarter with the last.
func (s *soak) judge(t *testing.T, all []holding) {
	t.Helper()
	t.Logf("%d calls, %d syncs, %d sends, %d searches, %d plays, %d messages heard, %d failures",
		s.calls.Load(), s.syncs.Load(), s.sends.Load(), s.searches.Load(), s.plays.Load(), s.heard.Load(), s.failures.Load())
	if n := s.failures.Load(); n > 0 {
		t.Errorf("%d requests of the load failed", n)
	}
	if len(all) < 8 {
		t.Fatal("too few samples to compare")
	}
	early, late := all[len(all)/4:len(all)/2], all[len(all)*3/4:]
	for _, what := range []struct {
		name  string
		of    func(holding) float64
		slack float64 // beyond a quarter more
	}{
		{"memory", func(h holding) float64 { return h.memory }, 8 << 20},
		{"heap", func(h holding) float64 { return h.heap }, 8 << 20},
		{"goroutines", func(h holding) float64 { return h.routines }, 20},
		{"file handles", func(h holding) float64 { return h.handles }, 20},
	} {
		a, b := median(early, what.of), median(late, what.of)
		t.Logf("%s: %.0f in the second quarter, %.0f in the last", what.name, a, b)
		if b > a*1.25+what.slack {
			t.Errorf("%s grows", what.name)
		}
	}
	first, last := all[len(all)/4], all[len(all)-1]
	if rows := (last.sends - first.sends) + (last.calls - first.calls); rows > 0 {
		t.Logf("database: %d bytes for each message or call", (last.database-first.database)/rows)
	}
	if last.log > 128<<20 {
		t.Errorf("the log of the database has %d MiB", last.log>>20)
	}
}

func median(list []holding, of func(holding) float64) float64 {
	values := make([]float64, len(list))
	for i, h := range list {
		values[i] = of(h)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// metric reads one of the answer of GET /metrics.
func metric(text []byte, name string) float64 {
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
	if found == nil {
		return 0
	}
	v, _ := strconv.ParseFloat(string(found[1]), 64)
	return v
}
