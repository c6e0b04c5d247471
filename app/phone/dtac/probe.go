package dtac

import (
	"context"
	"io"
	"time"

	"crk/app/phone"
)

// Probe implements [phone.Source]. It asks for the last day, which is quick, and
// then counts a week, which may take too long and is then left out.
func (c *Client) Probe(ctx context.Context) (phone.Report, error) {
	var r phone.Report
	start := time.Now()
	_, err := c.token(ctx, "")
	r.Latency = time.Since(start)
	r.ClockSkew = time.Duration(c.skew.Load()).Round(time.Second)
	switch phone.KindOf(err) {
	case phone.Unreachable, phone.TLS:
		return r, r.Add(phone.StepConnect, err)
	}
	_ = r.Add(phone.StepConnect, nil)
	if r.Add(phone.StepSignIn, err) != nil {
		return r, err
	}
	if r.Add(phone.StepList, c.probeList(ctx, &r)) != nil {
		return r, r.Steps[len(r.Steps)-1].Err
	}
	if r.Sample == nil {
		return r, nil
	}
	// One recording that is not there says nothing about the others; not being
	// allowed to hear it does.
	if err := r.Add(phone.StepAudio, c.probeAudio(ctx, r.Sample.ID)); phone.KindOf(err) == phone.Forbidden {
		return r, err
	}
	return r, nil
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
		page, err := c.tryPage(ctx, window{now.Add(-span), now}, 1, c.set.pageSize)
		switch {
		case err == nil:
			listed = true
			c.sample(page, r)
			r.RecordingsSeen = max(r.RecordingsSeen, len(page.rows), page.total)
		case listed:
			return nil // the count is a courtesy
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

// probeAudio reads the first kilobyte of a recording.
func (c *Client) probeAudio(ctx context.Context, id string) error {
	audio, err := c.Audio(ctx, id)
	if err != nil {
		return err
	}
	defer audio.Body.Close()
	_, err = io.CopyN(io.Discard, audio.Body, 1<<10)
	if err == io.EOF {
		return nil
	}
	return err
}
