package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crk/app/ai/aitest"
	"crk/app/notify/notifytest"
	"crk/app/phone/phonetest"
)

// patience bounds every wait. It is far beyond what anything takes.
const patience = 60 * time.Second

const (
	email    = "owner@example.com"
	password = "correct horse battery"
	botToken = "7000000001:AAE2E-simulated-token_for-tests"
)

// A world is everything around an appliance: its data directory, and the
// simulators of what it speaks to. It outlives the processes that run in it.
type world struct {
	t        testing.TB
	dir      string
	phones   *phonetest.OrkTrack
	telegram *notifytest.Telegram
	ai       *aitest.Server

	phonesURL string
	env       map[string]string
	wall      *wall // what every request to a simulator goes through
}

// A wall stands before the simulators and tells who is asked what.
type wall struct {
	mu   sync.Mutex
	hook func(r *http.Request, serve func()) // nil: serve
}

// watch has hook take every request; it must call serve to have it answered.
func (w *wall) watch(hook func(r *http.Request, serve func())) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// around puts the wall around a simulator.
func (w *wall) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
		w.mu.Lock()
		hook := w.hook
		w.mu.Unlock()
		if hook == nil {
			h.ServeHTTP(res, req)
			return
		}
		hook(req, func() { h.ServeHTTP(res, req) })
	})
}

// newWorld makes an empty data directory and healthy simulators.
func newWorld(t testing.TB) *world {
	t.Helper()
	readSources(t)
	w := &world{
		t: t, dir: filepath.Join(t.TempDir(), "data"), wall: &wall{},
		phones:   phonetest.NewOrkTrack("apiuser", "s3cret-of-the-pbx"),
		telegram: notifytest.NewTelegram(botToken, "crk_test_bot"),
		ai:       aitest.New(aitest.Dialogues()[0]),
	}
	w.phonesURL = w.serve(w.phones)
	ai, telegram := w.serve(w.ai), w.serve(w.telegram)
	w.env = map[string]string{
		"CRK_LISTEN": "127.0.0.1:0", "CRK_DATA_DIR": w.dir, "CRK_ALLOW_NETWORKS": "127.0.0.0/8",
		"CRK_ADMIN_EMAIL": email, "CRK_ADMIN_PASSWORD": password, "CRK_BUSINESS_NAME": "Acme Co",
		"CRK_TELEGRAM_TOKEN": botToken, "CRK_TELEGRAM_API_URL": telegram,
		"CRK_STT_URL": ai + "/v1", "CRK_STT_KEY": "stt-key", "CRK_STT_MODEL": "whisper-1",
		"CRK_LLM_URL": ai + "/v1", "CRK_LLM_KEY": "llm-key", "CRK_LLM_MODEL": "simulated",
		"CRK_RATE_LIMIT": "0", "CRK_LOG": "debug",
	}
	return w
}

func (w *world) serve(h http.Handler) string {
	srv := httptest.NewServer(w.wall.around(h))
	w.t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.URL
}

// environ is the environment of the world's processes: theirs alone.
func (w *world) environ() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(w.dir), "TMPDIR=" + filepath.Dir(w.dir)}
	for name, value := range w.env {
		env = append(env, name+"="+value)
	}
	return env
}

// crk runs a command beside the server and returns what it prints.
func (w *world) crk(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), binary, args...)
	cmd.Env = w.environ()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("crk %s: %v: %s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// key makes an API key by the command line.
func (w *world) key(scopes string) string {
	w.t.Helper()
	return w.crk("token", "create", "--owner", email, "--business", "acme-co", "--name", "e2e", "--scopes", scopes)
}

// A process is one run of the server.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	began time.Time
	url   string        // where it listens
	ready time.Duration // from its start until it listened
	log   *logBook
	done  chan struct{} // closed when it has ended
	err   error         // how; read after done
}

var readyLine = regexp.MustCompile(`msg=ready .*open=(\S+)`)

// start starts the server and waits until it says that it is ready.
func (w *world) start() *process {
	w.t.Helper()
	p := w.launch()
	p.await()
	return p
}

// launch starts the server, or what the arguments say, and waits for nothing.
func (w *world) launch(args ...string) *process {
	w.t.Helper()
	p := &process{t: w.t, log: newLogBook(), done: make(chan struct{}), began: time.Now()}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = w.environ()
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		p.log.read(stderr)
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	w.t.Cleanup(p.kill)
	return p
}

// await waits until the server says that it is ready.
func (p *process) await() {
	p.t.Helper()
	line := p.log.wait(p.t, readyLine)
	p.ready, p.url = time.Since(p.began), readyLine.FindStringSubmatch(line)[1]
}

// kill ends the process as a power cut would, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.done
}

// stop asks the process to end and waits until it has.
func (p *process) stop() error {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.err
	case <-time.After(patience):
		p.t.Fatal("the process does not stop")
		return nil
	}
}

// A logBook keeps what a process logs.
type logBook struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and replaced with each line
	ended bool
}

func newLogBook() *logBook { return &logBook{more: make(chan struct{})} }

func (b *logBook) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		b.add(lines.Text(), false)
	}
	b.add("", true)
}

func (b *logBook) add(line string, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ended {
		b.ended = true
	} else {
		b.lines = append(b.lines, line)
	}
	close(b.more)
	b.more = make(chan struct{})
}

// text is all that was logged so far.
func (b *logBook) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "\n")
}

// wait returns the first line that matches, as soon as there is one.
func (b *logBook) wait(t testing.TB, want *regexp.Regexp) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		b.mu.Lock()
		lines, more, ended := b.lines, b.more, b.ended
		b.mu.Unlock()
		for _, line := range lines {
			if want.MatchString(line) {
				return line
			}
		}
		if ended {
			t.Fatalf("the process ended without saying %s:\n%s", want, b.text())
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("the process does not say %s:\n%s", want, b.text())
		}
	}
}
