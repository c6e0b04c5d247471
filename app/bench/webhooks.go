package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	hookEndpoints = 8      // of the deliveries that are measured
	hookBacklog   = 20_000 // deliveries that wait when they are
	pacedEvents   = 250
	pacedEvery    = 20 * time.Millisecond
)

// webhooks measures the way of an event: into the database, in the transaction of
// a call that comes in, and from there to a receiver on this machine.
func webhooks(ctx context.Context, o Options) (err error) {
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
	crm, err := newReceiver()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, crm.close()) }()
	a, err := startAppliance(ctx, o, dir, "CRK_ALLOW_NETWORKS=127.0.0.0/8")
	if err != nil {
		return err
	}
	defer a.stop()
	h := &hooked{appliance: a, crm: crm, client: &fasthttp.Client{MaxConnsPerHost: callers, ReadTimeout: time.Minute, WriteTimeout: time.Minute}}
	if err := h.measureEvents(ctx, o.Stdout, dir); err != nil {
		return err
	}
	if err := h.measureDeliveries(ctx, o.Stdout); err != nil {
		return err
	}
	return h.measurePaced(ctx, o.Stdout)
}

// hooked is an appliance that tells a receiver of each call.
type hooked struct {
	*appliance
	crm    *receiver
	client *fasthttp.Client
	calls  atomic.Int64
	hooks  []string // ids
}

// ask sends one request to the API and reads its answer into into, which may be
// nil. It returns how long that took.
func (h *hooked) ask(method, path string, body any, want int, into any) (time.Duration, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod(method)
	req.SetRequestURI(h.url + "/api/v1" + path)
	req.Header.SetContentType("application/json")
	req.Header.Set("Authorization", "Bearer "+h.keys[0])
	req.SetBodyRaw(b)
	begin := time.Now()
	if err := h.client.Do(req, res); err != nil {
		return 0, fmt.Errorf("bench: %s %s: %w", method, path, err)
	}
	took := time.Since(begin)
	if res.StatusCode() != want {
		return 0, fmt.Errorf("bench: %s %s: answered %d: %.200s", method, path, res.StatusCode(), res.Body())
	}
	if into == nil {
		return took, nil
	}
	return took, json.Unmarshal(res.Body(), into)
}

// hook adds a webhook, switched off: what it is to be told is kept.
func (h *hooked) hook() error {
	var made struct{ ID string }
	_, err := h.ask("POST", "/webhooks", map[string]any{
		"url": h.crm.url + "/" + strconv.Itoa(len(h.hooks)), "events": []string{"recording.created"}, "isActive": false,
	}, 201, &made)
	h.hooks = append(h.hooks, made.ID)
	return err
}

// call has a call come in: one event.
func (h *hooked) call() (time.Duration, error) {
	n := h.calls.Add(1)
	return h.ask("POST", "/recordings", map[string]any{
		"dataId": "bench-" + strconv.FormatInt(n, 10), "callAt": "2026-11-16T13:00:00+07:00", "direction": "in",
		"duration": 125, "customerPhone": "0812345678", "callcenterNumber": "1001",
	}, 201, nil)
}

// measureEvents compares calls that come in, each with its event and one
// delivery, with a loop that does nothing but write. They take turns.
func (h *hooked) measureEvents(ctx context.Context, w io.Writer, dir string) error {
	if err := h.hook(); err != nil {
		return err
	}
	loop, err := startChild(ctx, nil, "bench", "loop", dir)
	if err != nil {
		return err
	}
	defer loop.stop()
	var bare, own []load
	for range rounds {
		l, err := publish(ctx, target{url: loop.url + "/publish"}, callers, roundLength)
		if err != nil {
			return err
		}
		bare = append(bare, l)
		if l, err = spread(ctx, callers, roundLength, h.call); err != nil {
			return err
		}
		own = append(own, l)
	}
	b, e := middle(bare), middle(own)
	fmt.Fprintf(w, "calls over HTTP, %d callers, each with its event and one delivery on the disk before its answer\n", callers)
	fmt.Fprintf(w, "  bare group commit     %6.0f/s   p50 %s   p99 %s   one row each\n", b.rate, short(b.p50), short(b.p99))
	fmt.Fprintf(w, "  crk, event commits    %6.0f/s   p50 %s   p99 %s\n", e.rate, short(e.p50), short(e.p99))
	fmt.Fprintf(w, "  crk / bare            %6.2f\n\n", e.rate/b.rate)
	return nil
}

// measureDeliveries lets a backlog go: everything that was kept while the
// webhooks were off.
func (h *hooked) measureDeliveries(ctx context.Context, w io.Writer) error {
	for len(h.hooks) < hookEndpoints {
		if err := h.hook(); err != nil {
			return err
		}
	}
	first := int(h.calls.Load()) // all but the first webhook know only what comes now
	more := max(0, hookBacklog-first) / hookEndpoints
	if err := h.comeIn(ctx, more); err != nil {
		return err
	}
	all := first + more*hookEndpoints
	done, begin := h.crm.expect(all), time.Now()
	for _, id := range h.hooks {
		if _, err := h.ask("PATCH", "/webhooks/"+id, map[string]any{"isActive": true}, 200, nil); err != nil {
			return err
		}
		if _, err := h.ask("POST", "/webhooks/"+id+"/recover", map[string]any{"since": "2020-01-01T00:00:00Z"}, 202, nil); err != nil {
			return err
		}
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
	took := time.Since(begin)
	got, repeats := h.crm.counts()
	fmt.Fprintf(w, "deliveries of a backlog to %d webhooks on this machine, each with its attempt on the disk\n", hookEndpoints)
	fmt.Fprintf(w, "  crk                   %6.0f/s   %d of %d arrived in %.2f s, %d of them twice\n\n", float64(got)/took.Seconds(), got, all, took.Seconds(), repeats)
	return ctx.Err()
}

// comeIn has n calls come in from all callers at once.
func (h *hooked) comeIn(ctx context.Context, n int) error {
	var left atomic.Int64
	left.Store(int64(n))
	_, err := spread(ctx, callers, longest, func() (time.Duration, error) {
		if left.Add(-1) < 0 {
			return 0, io.EOF
		}
		return h.call()
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

// measurePaced measures, while calls come in at an even pace, from the request
// that brings one in to the arrival of its event.
func (h *hooked) measurePaced(ctx context.Context, w io.Writer) error {
	before, _ := h.crm.counts()
	done := h.crm.expect(before + pacedEvents*len(h.hooks))
	sent := make([]time.Time, 0, pacedEvents)
	tick := time.NewTicker(pacedEvery)
	defer tick.Stop()
	for range pacedEvents {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		sent = append(sent, time.Now())
		if _, err := h.call(); err != nil {
			return err
		}
	}
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	took := h.crm.since(sent)
	fmt.Fprintf(w, "%d events a second, each to %d webhooks: from the request that brings a call in to the first arrival of its event\n",
		time.Second/pacedEvery, len(h.hooks))
	fmt.Fprintf(w, "  crk                   p50 %s   p99 %s\n\n", short(quantile(took, 0.5)), short(quantile(took, 0.99)))
	return nil
}

// since pairs the times at which events were caused, one after the other, with
// those of the latest arrivals: both are in order, as events were caused one by
// one. The result is sorted.
func (r *receiver) since(sent []time.Time) []time.Duration {
	r.mu.Lock()
	arrived := make([]time.Time, 0, len(r.at))
	for _, at := range r.at {
		arrived = append(arrived, at)
	}
	r.mu.Unlock()
	slices.SortFunc(arrived, time.Time.Compare)
	arrived = arrived[max(0, len(arrived)-len(sent)):]
	took := make([]time.Duration, len(arrived))
	for i := range arrived {
		took[i] = arrived[i].Sub(sent[i])
	}
	slices.Sort(took)
	return took
}
