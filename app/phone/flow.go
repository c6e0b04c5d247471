package phone

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Limits of time of a download. How long one may take in all follows the bytes, so
// that a long call arrives on a slow line too, and a peer that only trickles holds
// nothing up for long.
const (
	// answerTime is how long a phone system may take to begin its answer: it may
	// have to convert or decrypt the recording first.
	answerTime = 2 * time.Minute

	// idleTime is how long no byte may come.
	idleTime = 60 * time.Second

	// slowest is how many bytes a second come at least, on the average of any
	// maxLag. Telephone sound takes as many when it is spoken: a line that is
	// slower would never keep up with the calls.
	slowest = 16 << 10

	// maxLag is how far a download may fall behind that.
	maxLag = 5 * time.Minute

	// maxTime is how long the bytes of one recording are waited for in all.
	maxTime = 2 * time.Hour
)

var (
	errNoAnswer = errors.New("no answer came")
	errIdle     = errors.New("no more bytes came")
	errSlow     = errors.New("the bytes come too slowly")
)

// A watch holds a download to the limits. Only waiting for bytes counts, and not
// what the reader or a throttle takes.
type watch struct {
	lag  time.Duration // behind the slowest pace; 0: on time or ahead
	left time.Duration // of maxTime
}

func newWatch() *watch { return &watch{left: maxTime} }

// patience is how long the next bytes may take.
func (w *watch) patience() time.Duration { return min(idleTime, maxLag-w.lag, w.left) }

// spent reports whether no time is left.
func (w *watch) spent() bool { return w.patience() <= 0 }

// came notes that n bytes came after a while.
func (w *watch) came(n int, after time.Duration) {
	w.left -= after
	w.lag = max(0, w.lag+after-time.Duration(n)*time.Second/slowest)
}

// A timedBody is a body that ends with an error when its bytes do not come in time.
type timedBody struct {
	io.ReadCloser
	watch  *watch
	cancel context.CancelFunc // ends the exchange
}

// Read implements [io.Reader].
func (b *timedBody) Read(p []byte) (int, error) {
	patience := b.watch.patience()
	if patience <= 0 {
		return 0, errSlow
	}
	began := time.Now()
	timer := time.AfterFunc(patience, b.cancel)
	n, err := b.ReadCloser.Read(p)
	late := !timer.Stop()
	b.watch.came(n, time.Since(began))
	switch {
	case !late || err == nil || errors.Is(err, io.EOF):
		return n, err
	case patience < idleTime:
		return n, errSlow
	}
	return n, errIdle
}

// Close implements [io.Closer].
func (b *timedBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// A Throttle lets only so many bytes a second through, of all downloads that share
// it. Nil lets everything through. It may be used concurrently.
type Throttle struct {
	perSecond int

	mu   sync.Mutex
	free time.Time // when what was let through will have had its time
}

// The bounds of a throttle, in KiB a second. Below, a call would take longer to
// fetch than to make.
const (
	leastKiBps = 8
	mostKiBps  = 1_000_000
)

// NewThrottle returns a throttle of so many KiB a second, nil for 0.
func NewThrottle(kibps int) *Throttle {
	if kibps <= 0 {
		return nil
	}
	return &Throttle{perSecond: kibps << 10}
}

// CheckKiBps returns a [*FieldError] of a setting that is not what NewThrottle may
// be given: 0, for no limit, or 8 to 1,000,000.
func CheckKiBps(field string, kibps int) error {
	if kibps == 0 || kibps >= leastKiBps && kibps <= mostKiBps {
		return nil
	}
	return &FieldError{Field: field, Message: "must be 8 to 1000000 KiB a second, or 0 for no limit"}
}

// most is how many of n bytes are read at once: a quarter of a second's.
func (t *Throttle) most(n int) int {
	if t == nil {
		return n
	}
	return min(n, t.perSecond/4)
}

// wait waits until n more bytes may have come, or ctx ends.
func (t *Throttle) wait(ctx context.Context, n int) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	now := time.Now()
	if t.free.Before(now) {
		t.free = now
	}
	t.free = t.free.Add(time.Duration(n) * time.Second / time.Duration(t.perSecond))
	pause := t.free.Sub(now)
	t.mu.Unlock()
	if pause < 5*time.Millisecond { // too short for a timer; it adds up
		return nil
	}
	return Pause(ctx, pause)
}
