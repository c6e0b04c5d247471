package dtac

import (
	"context"
	"time"

	"crk/app/phone"
)

// Probe implements [phone.Source]. It asks for the last day, which is quick, and
// then counts a week, which may take too long and is then left out.
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
	err = r.Add(phone.StepList, c.probeList(ctx, &r))
	return r, err
}

// probeList lists the last day and counts the last week. It spends no time on
// trying again, and looks further back where OrkTrack does not answer for a window
// without calls.
func (c *Client) probeList(ctx context.Context, r *phone.Report) error {
	const day = 24 * time.Hour
	now, listed := c.now(), false
	var failed error
	for _, span := range []time.Duration{day, 7 * day, 30 * day} {
		if listed && span > 7*day {
			break
		}
		ask := c.tryPage
		if listed {
			ask = c.countPage
		}
		page, err := ask(ctx, window{now.Add(-span), now}, 1, c.set.pageSize)
		switch {
		case err == nil:
			listed = true
			c.sample(page, r)
			r.RecordingsSeen = max(r.RecordingsSeen, len(page.rows), page.total)
		case listed:
			return nil // the count is a courtesy
		case phone.KindOf(err) == phone.TooMany:
			return nil // there is plenty: a sync asks for less at once
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

// sample takes the first row of page that can be read, unless there is one.
func (c *Client) sample(page listing, r *phone.Report) {
	for _, raw := range page.rows {
		call, err := c.set.readRow(raw)
		if err == nil && r.Sample == nil {
			r.Sample = &call
		}
	}
}
