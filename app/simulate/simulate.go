// Package simulate runs one of the simulated phone systems by itself, so that a
// person can try the appliance against an OrkTrack or a 3CX that misbehaves as the
// real ones do.
//
// It promises the simulators of the tests, no others; that each fault has a name
// that [Usage] and "--faults help" tell; and that nothing but the given address is
// listened on. It keeps nothing, and knows nothing of the appliance.
package simulate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Usage is how a simulator is asked for.
const Usage = "  crk simulate dtac|threecx [--listen ADDR] [--faults A,B=C] [--calls N] [--days N] [--every 30s] [--codec ulaw|alaw|pcm|gsm|mp3] [--stereo]\n" +
	"        run a phone system made up of simulated calls, with faults on demand (--faults help lists them)\n"

// settings are what a person asks for.
type settings struct {
	listen   string
	faults   string
	user     string
	password string
	calls    int
	days     int
	every    time.Duration
	seconds  int
	codec    string
	stereo   bool
}

// A system is a simulated phone system.
type system interface {
	http.Handler
	record(call)              // adds a call
	fail(faults string) error // the error names the fault that there is not
	knobs(w io.Writer)        // lists the faults
}

// Run runs the simulator that args begin with until ctx ends. What a person is to
// type into the appliance goes to out.
func Run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) == 0 {
		return errors.New("simulate: which one? dtac or threecx")
	}
	kind, s := args[0], settings{}
	fs := flag.NewFlagSet("crk simulate "+kind, flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&s.listen, "listen", "127.0.0.1:9090", "the address to listen on")
	fs.StringVar(&s.faults, "faults", "", "what it does wrong: names, with =value where one is wanted, and commas between; help lists them")
	fs.StringVar(&s.user, "user", "apiuser", "who may sign in")
	fs.StringVar(&s.password, "password", "simulated", "with this password")
	fs.IntVar(&s.calls, "calls", 200, "how many calls there are at first")
	fs.IntVar(&s.days, "days", 14, "over how many days, up to now")
	fs.DurationVar(&s.every, "every", 30*time.Second, "a new call ends this often; 0: none")
	fs.IntVar(&s.seconds, "seconds", 12, "length of the calls")
	fs.StringVar(&s.codec, "codec", "ulaw", "of the recordings: ulaw, alaw, pcm, gsm or mp3")
	fs.BoolVar(&s.stereo, "stereo", false, "each side on a channel of its own")
	err := fs.Parse(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("simulate: unknown argument %q", fs.Arg(0))
	}
	if err := s.check(); err != nil {
		return err
	}
	return run(ctx, out, kind, s)
}

// The most that a simulator makes up: calls, days and seconds of each.
const (
	maxCalls   = 1_000_000
	maxDays    = 3650
	maxSeconds = 6 * 3600
)

// check returns the first number that no simulator can go by.
func (s settings) check() error {
	for _, n := range []struct {
		flag       string
		is         int
		least, max int
	}{{"calls", s.calls, 0, maxCalls}, {"days", s.days, 1, maxDays}, {"seconds", s.seconds, 1, maxSeconds}} {
		if n.is < n.least || n.is > n.max {
			return fmt.Errorf("simulate: --%s %d: it is %d to %d", n.flag, n.is, n.least, n.max)
		}
	}
	if s.every < 0 {
		return fmt.Errorf("simulate: --every %s: it is 0, for none, or more", s.every)
	}
	return nil
}

func run(ctx context.Context, out io.Writer, kind string, s settings) error {
	var phone system
	switch kind {
	case "dtac":
		phone = newDTAC(s)
	case "threecx":
		phone = newThreeCX(s)
	default:
		return fmt.Errorf("simulate: there is no %q: it is dtac or threecx", kind)
	}
	if s.faults == "help" {
		phone.knobs(out)
		return nil
	}
	if err := phone.fail(s.faults); err != nil {
		return err
	}
	diary, err := newDiary(s)
	if err != nil {
		return err
	}
	for _, c := range diary.past(time.Now()) {
		phone.record(c)
	}
	return serve(ctx, out, kind, s, phone, diary)
}

// serve answers until ctx ends, and has new calls end meanwhile.
func serve(ctx context.Context, out io.Writer, kind string, s settings, phone system, diary *diary) error {
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("simulate: listen: %w", err)
	}
	srv := &http.Server{Handler: phone, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	fmt.Fprintf(out, "A simulated %s with %d calls of %d days. In Settings → Providers add:\n", kind, s.calls, s.days)
	fmt.Fprintf(out, "  Base URL  http://%s\n  Username  %s\n  Password  %s\n", l.Addr(), s.user, s.password)
	fmt.Fprintln(out, "The appliance reaches loopback only with CRK_ALLOW_NETWORKS=127.0.0.0/8.")
	var tick <-chan time.Time
	if s.every > 0 {
		t := time.NewTicker(s.every)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case now := <-tick:
			phone.record(diary.next(now))
		case err := <-served:
			return fmt.Errorf("simulate: %w", err)
		case <-ctx.Done():
			return srv.Close()
		}
	}
}
