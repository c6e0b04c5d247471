package threecx

import (
	"context"
	"time"

	"crk/app/phone"
)

// Probe implements [phone.Source]. It asks for the newest recordings of a week, or
// for as much of the call log, and tries nothing twice.
func (c *Client) Probe(ctx context.Context) (phone.Report, error) {
	var r phone.Report
	before, start := c.signIns.Load(), time.Now()
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
	start = time.Now()
	err = c.probeList(ctx, &r)
	if c.signIns.Load() == before {
		r.Latency = time.Since(start)
	}
	if isForbidden(err) {
		err = c.probeLog(ctx, &r)
	}
	if err = r.Add(phone.StepList, err); err != nil {
		return r, err
	}
	if warnings, err := c.askStatus(ctx); err == nil { // else it does not tell, and the calls are there
		r.Warnings = warnings
	}
	return r, nil
}

const probed = 7 * 24 * time.Hour

func (c *Client) probeList(ctx context.Context, r *phone.Report) error {
	now := c.now()
	page, err := c.askPage(ctx, opList, recordingsPath(now.Add(-probed), now, 0, "Id desc")+"&$count=true")
	if err != nil {
		return err
	}
	r.RecordingsSeen = max(len(page.rows), page.count)
	for _, raw := range page.rows {
		if v, err := readRow(raw); err == nil {
			r.Sample = &v.call
			return nil
		}
	}
	if len(page.rows) > 0 {
		return errNoRow(opList)
	}
	return nil
}

func (c *Client) probeLog(ctx context.Context, r *phone.Report) error {
	now := c.now()
	page, err := c.askPage(ctx, opLog, callLogPath(now.Add(-probed), now, 0))
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, raw := range page.rows {
		ids, call, err := readSegment(raw)
		if err != nil {
			continue
		}
		for _, id := range ids {
			if seen[id] = true; r.Sample == nil {
				call.ID = id
				r.Sample = &call
			}
		}
	}
	r.RecordingsSeen = len(seen)
	return nil
}
