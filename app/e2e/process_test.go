package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/matryer/is"
)

// TestStartAndIdle measures what a start takes and what an idle appliance
// holds. It asserts no time, for machines differ; the numbers are in the log.
func TestStartAndIdle(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	t.Logf("ready on an empty directory: %v", p.ready.Round(time.Millisecond))
	is.NoErr(p.stop())
	p = w.start()
	t.Logf("ready on an existing database: %v", p.ready.Round(time.Millisecond))
	c := p.client(w.key("manage_all"))
	c.call(200, "GET", "/recordings", nil)
	if runtime.GOOS == "linux" {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		is.NoErr(err)
		t.Logf("memory: %s", regexp.MustCompile(`VmRSS:\s*(.*)`).FindSubmatch(status)[1])
	}
	is.True(strings.Contains(p.log.text(), "version=e2e")) // it says what it is
}

// TestStop: asked to stop, the server tells its listeners so, ends with status 0
// and leaves the directory to the next.
func TestStop(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	live := p.client(w.key("view_notifications")).listen("")
	live.next("ready")
	closed := make(chan error, 1)
	go func() {
		for {
			if _, _, err := live.ws.ReadMessage(); err != nil {
				closed <- err
				return
			}
		}
	}()
	is.NoErr(p.stop())                                                  // status 0
	is.True(websocket.IsCloseError(<-closed, websocket.CloseGoingAway)) // the listener was told
	is.NoErr(w.start().stop())                                          // the lock is free again
}

// TestOneAtATime: two servers on one directory would both do every job.
func TestOneAtATime(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	w.start()
	second := exec.Command(binary)
	second.Env = w.environ()
	out, err := second.CombinedOutput()
	is.True(err != nil)                                           // refused
	is.True(strings.Contains(string(out), "another crk runs on")) // and told why
}

// TestBadSettingsAreToldTogether: one start shows everything that is wrong.
func TestBadSettingsAreToldTogether(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	w.env["CRK_LISTEN"], w.env["CRK_ALLOW_NETWORKS"], w.env["CRK_LOG"] = "nowhere", "lan", "loud"
	cmd := exec.Command(binary)
	cmd.Env = w.environ()
	out, err := cmd.CombinedOutput()
	is.True(err != nil)
	for _, name := range []string{"CRK_LISTEN", "CRK_ALLOW_NETWORKS", "CRK_LOG"} {
		is.True(strings.Contains(string(out), name)) // each by its name
	}
	_, err = os.Stat(w.dir)
	is.True(os.IsNotExist(err)) // before anything is made
}

// TestCommandsBesideTheServer: what a command makes serves at once.
func TestCommandsBesideTheServer(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	is.Equal(w.crk("version"), "e2e")
	is.Equal(w.crk("business", "create", "--name", "Beta Ltd", "--owner", email), "beta-ltd")
	w.crk("user", "create", "--email", "ann@example.com", "--business", "beta-ltd", "--role", "viewer")
	c := p.client(w.crk("token", "create", "--owner", "ann@example.com", "--business", "beta-ltd", "--name", "n", "--scopes", "manage_all"))
	a := c.call(200, "GET", "/meta/whoami", nil)
	is.Equal(a.at("business", "slug"), "beta-ltd")
	is.Equal(a.at("scopes"), []any{"view_recording_all", "view_recording_self", "view_notifications", "view_usage"}) // no more than a viewer may
	account := p.client(w.crk("token", "create", "--owner", email, "--account", "--name", "n", "--scopes", "manage_all", "--expires", "1h"))
	is.Equal(len(account.call(200, "GET", "/meta/whoami", nil).at("businesses").([]any)), 2) // both of the owner's
}
