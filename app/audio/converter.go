package audio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

const (
	convertAtOnce = 2
	convertTime   = 10 * time.Minute // for one file
	convertGrace  = 5 * time.Second  // for its pipes, once it has ended
)

// A converter decodes by ffmpeg what has no decoder here. ffmpeg is a child with
// no network, no file and none of our environment: it gets the file on its
// standard input, told which kind it is, and gives WAV on its standard output. It
// is killed with its group when the context ends, and after ten minutes.
type converter struct {
	path  string
	dir   string // where it runs
	slots chan struct{}
}

// newConverter returns nil where the machine has no ffmpeg.
func newConverter(dir string) *converter {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil
	}
	return &converter{path: path, dir: dir, slots: make(chan struct{}, convertAtOnce)}
}

// open starts to decode a file, whose beginning is head. The error is ErrUnsupported
// for a kind that ffmpeg is not asked for either. The conversion is to be closed,
// after d was read as far as it is wanted.
func (c *converter) open(ctx context.Context, f *File, head []byte) (*Decoder, io.Closer, error) {
	k, ok := kindOf(head)
	if !ok || k.demuxer == "" {
		return nil, nil, ErrUnsupported
	}
	in := f.Reader()
	if k.Name == "mp4" {
		in = streamable(f, f.Size())
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	run, err := c.start(ctx, in, k.demuxer)
	if err != nil {
		<-c.slots
		return nil, nil, err
	}
	d, err := NewDecoder(run)
	if err != nil {
		_ = run.Close()
		return nil, nil, errors.Join(fmt.Errorf("%w: ffmpeg: %s", ErrUnreadable, run.complaint.String()), ctx.Err())
	}
	d.info.Format, d.info.Codec = k.Format, k.Name
	return d, run, nil
}

func (c *converter) start(ctx context.Context, in io.Reader, demuxer string) (*conversion, error) {
	run := &conversion{outer: ctx, slots: c.slots}
	run.ctx, run.stop = context.WithTimeout(ctx, convertTime)
	cmd := exec.CommandContext(run.ctx, c.path, "-nostdin", "-hide_banner", "-loglevel", "error", "-max_alloc", "268435456",
		"-protocol_whitelist", "pipe", "-f", demuxer, "-i", "pipe:0",
		"-map", "0:a:0", "-map_metadata", "-1", "-t", fmt.Sprint(int(MaxDuration.Seconds())+1), "-c:a", "pcm_s16le", "-f", "wav", "pipe:1")
	cmd.Dir, cmd.Env, cmd.WaitDelay = c.dir, []string{"LC_ALL=C"}, convertGrace
	cmd.Stdin, cmd.Stderr = in, &run.complaint
	ownGroup(cmd)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		run.stop()
		return nil, fmt.Errorf("audio: start ffmpeg: %w", err)
	}
	run.out, run.wait = out, sync.OnceValue(cmd.Wait)
	return run, nil
}

// A conversion is a running ffmpeg, read as the WAV file that it gives.
type conversion struct {
	outer, ctx context.Context
	stop       context.CancelFunc
	out        io.Reader
	wait       func() error
	slots      chan struct{}
	complaint  complaint
}

// Read implements io.Reader. The error wraps ErrTruncated where ffmpeg gave up
// within the file.
func (c *conversion) Read(p []byte) (int, error) {
	n, err := c.out.Read(p)
	if err == nil || n > 0 {
		return n, nil
	}
	failure := c.wait()
	switch {
	case c.outer.Err() != nil:
		return 0, c.outer.Err()
	case c.ctx.Err() != nil:
		return 0, fmt.Errorf("%w: ffmpeg took more than %v", ErrUnreadable, convertTime)
	case failure != nil:
		return 0, fmt.Errorf("%w: ffmpeg: %w: %s", ErrTruncated, failure, c.complaint.String())
	}
	return 0, io.EOF
}

// Close ends ffmpeg if it still runs, and waits for that. What it says then is of
// no interest: the sound was read, or is not wanted.
func (c *conversion) Close() error {
	c.stop()
	_ = c.wait()
	<-c.slots
	return nil
}

// A complaint is the beginning of what a child writes on its standard error.
type complaint struct{ b bytes.Buffer }

// Write implements io.Writer.
func (c *complaint) Write(p []byte) (int, error) {
	c.b.Write(p[:min(len(p), 1000-c.b.Len())])
	return len(p), nil
}

func (c *complaint) String() string {
	first, _, _ := strings.Cut(strings.TrimSpace(c.b.String()), "\n")
	return first
}
