package dtac

import (
	"context"
	"time"

	"crk/app/phone"
)

// Probe implements [phone.Source]. It asks for the last day, which is quick, and at
// the end counts a week, which may take too long and is then left out.
func (c *Client) Probe(ctx context.Context) (phone.Report, error) {
	var r phone.Report
	start := time.Now()
	err := c.session.SignIn(ctx)
	r.Latency = time.Since(start)
	r.ClockSkew = c.wire.Skew().Round(time.Second)
	switch phone.KindOf(err) {
	case phone.Unreachable, phone.TLS:
		err = r.Add(phone.StepConnect, err)
		return r, err
	}
	_ = r.Add(phone.StepConnect, nil)
	if r.Add(phone.StepSignIn, err) != nil {
		return r, err
	}
	if err = r.Add(phone.StepList, c.probeList(ctx, &r)); err != nil {
		return r, err
	}
	c.probeCount(ctx, &r)
	return r, nil
}

const (
	day       = 24 * time.Hour
	countTime = 3 * time.Second // for the count: somebody waits
)

// probeList looks for recordings in the last day, and further back where that is
// quiet or OrkTrack does not answer for a window without calls. It spends no time on
// trying again.
func (c *Client) probeList(ctx context.Context, r *phone.Report) error {
	now, listed := c.now(), false
	var failed error
	for _, span := range []time.Duration{day, 7 * day, 30 * day} {
		if r.Sample != nil || listed && span > 7*day {
			break
		}
		page, err := c.askNow(ctx, c.listQuery(window{now.Add(-span), now}, 1, c.set.pageSize), c.set.pageSize)
		switch {
		case err == nil:
			listed = true
			c.sample(page, r)
		case listed, phone.KindOf(err) == phone.TooMany: // there is plenty: a sync asks for less at once
			return nil
		case isServerError(err):
			failed = err
		default:
			return err
		}
	}
	if !listed {
		return failed
	}
	return nil
}

// probeCount counts a week, as a courtesy.
func (c *Client) probeCount(ctx context.Context, r *phone.Report) {
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	now := c.now()
	page, err := c.askNow(ctx, c.countQuery(window{now.Add(-7 * day), now}, 1, c.set.pageSize), c.set.pageSize)
	if err == nil {
		r.RecordingsSeen = max(r.RecordingsSeen, len(page.rows), page.total)
	}
}

// sample takes the newest row of page that can be read, rather of a call that has
// ended than of one under way, and the number of rows.
func (c *Client) sample(page listing, r *phone.Report) {
	r.RecordingsSeen = max(r.RecordingsSeen, len(page.rows))
	for _, raw := range page.rows {
		call, err := c.set.readRow(raw)
		if err == nil && (r.Sample == nil || newer(call, *r.Sample)) {
			r.Sample = &call
		}
	}
}

// newer reports whether a is the better sample: the call that ended, of two such the
// later one.
func newer(a, b phone.Call) bool {
	if ended := a.Duration > 0; ended != (b.Duration > 0) {
		return ended
	}
	return a.StartedAt.After(b.StartedAt)
}
