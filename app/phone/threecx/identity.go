package threecx

import (
	"context"
	"slices"
	"strconv"
	"time"

	"crk/app/phone"
)

const (
	opIdentify = "threecx: tell a recording by its id"

	extractLife = 5 * time.Minute
	maxExtracts = 16
	logHour     = time.Hour // of the call log, kept with half an hour on either side
)

// Same implements [phone.Identifier]. It asks for all of a hundred ids at once. A
// role that may not list recordings is answered from the call log of the hour in
// which the call began: it was listed in that very place. Where neither may be read
// that is the error, and no guess: a recording that is missing can be had later,
// while that of somebody else can never be taken back.
func (c *Client) Same(ctx context.Context, id string, startedAt time.Time) (bool, error) {
	n, ok := readID(phone.Text(id))
	if !ok {
		return false, &phone.Error{Kind: phone.NotYet, Op: opIdentify, Detail: "no recording can have this id"}
	}
	found, ok, err := c.listed(ctx, n)
	if isForbidden(err) {
		found, ok, err = c.logged(ctx, n, startedAt)
	}
	if err == nil && !ok {
		err = &phone.Error{Kind: phone.NotYet, Op: opIdentify, Detail: "no such recording is listed"}
	}
	return err == nil && found.began.Sub(startedAt).Abs() < phone.ReuseGap, err
}

// archivedThere reports whether 3CX says that it has moved a recording's file to
// its archive. Where it does not say, it has not.
func (c *Client) archivedThere(ctx context.Context, id string) bool {
	n, ok := readID(phone.Text(id))
	if !ok {
		return false
	}
	found, ok, err := c.listed(ctx, n)
	return err == nil && ok && found.archived
}

// A listed recording is what the list or the call log tells of an id.
type listed struct {
	began    time.Time
	archived bool
}

// listed looks an id up in the list of recordings. One that was not in the extract
// is asked for by itself: it may have come since, and a page may hold fewer rows
// than were asked for.
func (c *Client) listed(ctx context.Context, id int64) (found listed, ok bool, err error) {
	first := id / pageSize * pageSize
	err = c.extracts.with(ctx, c.now, "ids "+strconv.FormatInt(first, 10), func() (extract, error) {
		return c.ids(ctx, first, first+pageSize-1)
	}, func(known extract) error {
		if found, ok = known[id]; ok {
			return nil
		}
		one, err := c.ids(ctx, id, id)
		if found, ok = one[id]; ok {
			known[id] = found
		}
		return err
	})
	return found, ok, err
}

// ids asks for the recordings of a range of ids.
func (c *Client) ids(ctx context.Context, from, to int64) (extract, error) {
	filter := "Id ge " + strconv.FormatInt(from, 10) + " and Id le " + strconv.FormatInt(to, 10)
	page, err := c.page(ctx, opIdentify, listPath(filter, 0, "Id asc", "Id,StartTime,IsArchived"))
	if err != nil {
		return nil, err
	}
	known := extract{}
	for _, raw := range page.rows {
		if r, err := readRow(raw); err == nil {
			known[r.id] = listed{r.call.StartedAt, r.archived}
		}
	}
	return known, nil
}

// logged looks an id up in the call log, about when its call began.
func (c *Client) logged(ctx context.Context, id int64, startedAt time.Time) (found listed, ok bool, err error) {
	hour := startedAt.UTC().Truncate(logHour)
	err = c.extracts.with(ctx, c.now, "log "+hour.Format(time.RFC3339), func() (extract, error) {
		var all segments
		err := c.readLog(ctx, opIdentify, hour.Add(-phone.ReuseGap), hour.Add(logHour+phone.ReuseGap), all.take)
		known := extract{}
		for name, call := range all.best {
			if n, ok := readID(phone.Text(name)); ok {
				known[n] = listed{began: call.StartedAt}
			}
		}
		return known, err
	}, func(known extract) error {
		found, ok = known[id]
		return nil
	})
	return found, ok, err
}

// An extract is a part of what 3CX lists, by id.
type extract map[int64]listed

// extracts are some parts of what 3CX listed a moment ago. They may be used
// concurrently; those who wait for a part share what one of them asks.
type extracts struct {
	turn chan struct{} // holds a value while someone asks or looks
	kept []keptExtract // the oldest first
}

type keptExtract struct {
	name string
	at   time.Time
	data extract
	err  error // that one may not ask
}

func newExtracts() *extracts { return &extracts{turn: make(chan struct{}, 1)} }

// with calls look with the part of that name, and nobody else looking; ask gets it
// where it is not kept. A refusal is kept too. The error is ask's or look's, or the
// context's.
func (e *extracts) with(ctx context.Context, now func() time.Time, name string, ask func() (extract, error), look func(extract) error) error {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return phone.NetworkError(ctx, opIdentify, ctx.Err())
	}
	e.kept = slices.DeleteFunc(e.kept, func(k keptExtract) bool { return now().Sub(k.at).Abs() >= extractLife })
	i := slices.IndexFunc(e.kept, func(k keptExtract) bool { return k.name == name })
	if i < 0 {
		data, err := ask()
		if err != nil && !isForbidden(err) {
			return err
		}
		e.kept = append(e.kept, keptExtract{name, now(), data, err})
		e.kept = e.kept[max(0, len(e.kept)-maxExtracts):]
		i = len(e.kept) - 1
	}
	if e.kept[i].err != nil {
		return e.kept[i].err
	}
	return look(e.kept[i].data)
}
