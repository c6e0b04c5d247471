package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// A child is a process of this program that serves on the loopback address.
type child struct {
	cmd  *exec.Cmd
	url  string
	done chan struct{} // closed when its output has ended
}

var opened = regexp.MustCompile(`open=(http://127\.0\.0\.1:\d+)`)

// startChild starts this program again and waits until it says where it
// listens: in a line with open=http://… The caller stops it.
func startChild(ctx context.Context, env []string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	c := &child{cmd: exec.CommandContext(ctx, self, args...), done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	c.cmd.Stdout, c.cmd.Stderr = w, w
	err = c.cmd.Start()
	w.Close() // the child's end is the child's
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bench: start %v: %w", args, err), r.Close())
	}
	urls := make(chan string, 1)
	go func() {
		defer close(c.done)
		defer r.Close()
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if m := opened.FindStringSubmatch(lines.Text()); m != nil && len(urls) == 0 {
				urls <- m[1]
			}
		}
		_, _ = io.Copy(io.Discard, r) // a line too long ends the reading of lines, not the process
	}()
	select {
	case c.url = <-urls:
		return c, nil
	case <-c.done:
	case <-time.After(30 * time.Second):
	}
	c.stop()
	return nil, fmt.Errorf("bench: %v does not start", args)
}

// stop ends the process and waits until it is gone.
func (c *child) stop() {
	_ = c.cmd.Process.Kill() // it may be gone
	_ = c.cmd.Wait()         // killed, it ends with an error
	<-c.done
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident returns how many bytes of memory the process holds; false where the
// system does not tell.
func (c *child) resident() (int64, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	m := residentLine.FindSubmatch(b)
	if err != nil || m == nil {
		return 0, false
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	return kib << 10, err == nil
}
