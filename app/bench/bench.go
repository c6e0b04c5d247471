// Package bench measures the appliance on the machine that it is to run on, and
// beside it what the machine could do at best, so that a number is never told
// without what it can be compared with.
//
// It promises that what is measured is the program itself, started as its own
// process with a directory of its own under the system's for temporary files,
// which is removed at the end; that nothing but the loopback address is used;
// and that every step is bounded in time.
//
// It asserts nothing: machines differ. It knows the appliance by its API and its
// settings, and makes its users in its database.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Options are what a benchmark is run with. All are required.
type Options struct {
	Stdout io.Writer
	Schema string // of the appliance's database
}

// Usage is how the benchmark is asked for.
const Usage = "  crk bench notify\n        measure this machine: messages a second, fan-out, memory of a socket\n" +
	"  crk bench webhooks\n        measure this machine: events a second, deliveries a second, how soon they arrive\n"

// Run runs the benchmark that args name, until it is done or ctx ends. The
// names "loop" and "floor" are those of its own helpers, which are processes of
// the same program.
func Run(ctx context.Context, o Options, args []string) error {
	name := ""
	if len(args) == 1 || len(args) == 2 {
		name = args[0]
	}
	switch {
	case name == "notify" && len(args) == 1:
		return notify(ctx, o)
	case name == "webhooks" && len(args) == 1:
		return webhooks(ctx, o)
	case name == "loop" && len(args) == 2:
		return serveLoop(ctx, args[1], o.Stdout)
	case name == "floor" && len(args) == 1:
		return serveFloor(ctx, o.Stdout)
	}
	return errors.New("bench: there are: crk bench notify, crk bench webhooks")
}

const (
	callers     = 64
	rounds      = 3
	roundLength = 3 * time.Second
	fanSockets  = 1000
	fanRounds   = 60
	perUser     = 10 // sockets that one user may hold
	shortLength = 60 // characters of an ordinary message
	longest     = 5 * time.Minute
)

// notify measures the way of an in-app notification: to the disk, and to those
// who watch.
func notify(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	dir, err := os.MkdirTemp("", "crk-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := measureDisk(ctx, o.Stdout, dir); err != nil {
		return err
	}
	a, err := startAppliance(ctx, o, dir)
	if err != nil {
		return err
	}
	defer a.stop()
	// The feed is short while sockets are opened: each begins with a count of
	// what was not read, and nobody has as much unread as is sent last.
	if err := measureFan(ctx, o.Stdout, a); err != nil {
		return err
	}
	if err := measureStalled(ctx, o.Stdout, a); err != nil {
		return err
	}
	return measureSends(ctx, o.Stdout, dir, a)
}

// measureSends compares the appliance with a loop that does nothing but write.
// They take turns, so that what else the machine does falls on both.
func measureSends(ctx context.Context, w io.Writer, dir string, a *appliance) error {
	loop, err := startChild(ctx, nil, "bench", "loop", dir)
	if err != nil {
		return err
	}
	defer loop.stop()
	var bare, own []load
	for range rounds {
		for _, side := range []struct {
			target target
			loads  *[]load
		}{{target{url: loop.url + "/publish"}, &bare}, {target{url: a.url + sendPath, key: a.keys[0]}, &own}} {
			l, err := publish(ctx, side.target, callers, roundLength)
			if err != nil {
				return err
			}
			*side.loads = append(*side.loads, l)
		}
	}
	b, p := middle(bare), middle(own)
	fmt.Fprintf(w, "in-app messages over HTTP, %d callers, each on the disk before its answer\n", callers)
	fmt.Fprintf(w, "  bare group commit     %6.0f/s   p50 %s   p99 %s\n", b.rate, short(b.p50), short(b.p99))
	fmt.Fprintf(w, "  crk                   %6.0f/s   p50 %s   p99 %s\n", p.rate, short(p.p50), short(p.p99))
	fmt.Fprintf(w, "  crk / bare            %6.2f     wanted: at least 0.50\n\n", p.rate/b.rate)
	return nil
}

// middle is the median round by rate.
func middle(loads []load) load {
	slices.SortFunc(loads, func(a, b load) int { return int(a.rate - b.rate) })
	return loads[len(loads)/2]
}

// quantile returns the q-th part of sorted times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func short(d time.Duration) string {
	return fmt.Sprintf("%7.2f ms", float64(d)/float64(time.Millisecond))
}
