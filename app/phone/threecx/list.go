package threecx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crk/app/phone"
)

const (
	opList   = "threecx: list recordings"
	pageSize = 100                    // more is refused
	pageGap  = 250 * time.Millisecond // between two pages: a 3CX also has calls to carry
	maxRows  = 50_000                 // of a window; one that holds more is to be split
)

// A walk is one reading of a window, [since, until).
type walk struct {
	since, until time.Time
	yield        func(phone.Call, error) bool
	seen         map[string]bool // calls, and errors of rows

	last     int64 // the highest id so far
	readable bool  // some row could be read
}

// errEnough ends a walk whose consumer wants no more.
var errEnough = errors.New("threecx: the consumer wants no more")

// take yields a call that is in the window and was not yielded before.
func (w *walk) take(c phone.Call) error {
	if w.seen[c.ID] || c.StartedAt.Before(w.since) || !c.StartedAt.Before(w.until) {
		return nil
	}
	w.seen[c.ID] = true
	if !w.yield(c, nil) {
		return errEnough
	}
	return nil
}

// odd yields the error of a row, once.
func (w *walk) odd(op string, err error) error {
	if key := "row: " + err.Error(); !w.seen[key] {
		w.seen[key] = true
		if !w.yield(phone.Call{}, fmt.Errorf("%s: %w", op, err)) {
			return errEnough
		}
	}
	return nil
}

// Calls implements [phone.Source]. Pages are asked for as they are consumed, one
// at a time.
func (c *Client) Calls(ctx context.Context, since, until time.Time) iter.Seq2[phone.Call, error] {
	return func(yield func(phone.Call, error) bool) {
		if !since.Before(until) {
			return
		}
		w := &walk{since: since, until: until, yield: yield, seen: map[string]bool{}}
		err := c.recordings(ctx, w)
		if isForbidden(err) {
			err = c.callLog(ctx, w)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(phone.Call{}, err)
		}
	}
}

// isForbidden reports whether the request itself was refused, and not the sign-in.
func isForbidden(err error) bool {
	e, ok := errors.AsType[*phone.Error](err)
	return ok && e.Status == http.StatusForbidden && e.Op != opLogin
}

// recordings reads the list of recordings, by id upwards. Only an empty page is
// the end: one may hold fewer rows than were asked for.
func (c *Client) recordings(ctx context.Context, w *walk) error {
	return c.keyset(ctx, w, opList, func(after int64) string { return recordingsPath(w.since, w.until, after, "Id asc") })
}

// keyset walks the pages that path gives the addresses of, each after an id.
func (c *Client) keyset(ctx context.Context, w *walk, op string, path func(after int64) string) error {
	for rows := 0; rows < maxRows; {
		address := path(w.last)
		page, err := c.page(ctx, op, address)
		if err != nil {
			return err
		}
		more, ordered, err := c.yieldRows(w, page.rows)
		if err == nil && !ordered {
			err = c.whole(ctx, op, address, len(page.rows))
		}
		if err != nil || !more {
			return err
		}
		rows += len(page.rows)
		if err := c.sleep(ctx, pageGap); err != nil {
			return phone.NetworkError(ctx, op, err)
		}
	}
	return &phone.Error{Kind: phone.TooMany, Op: op, Detail: "there is no end of pages"}
}

// whole makes sure that a page that is not full, and whose rows do not come in the
// order that was asked for, has all that there is: 3CX may give fewer than were
// asked for, and then some were lost between two pages.
func (c *Client) whole(ctx context.Context, op, address string, rows int) error {
	page, err := c.page(ctx, op, address+"&$count=true")
	if err == nil && page.count != rows {
		err = errOrder(op)
	}
	return err
}

// yieldRows yields a page and reports whether there may be another, and whether its
// rows came in the order that was asked for. In a full page another order means that
// some were lost between two pages, or that a page came again. Rows of which none
// can be read are not odd: it is 3CX that changed.
func (c *Client) yieldRows(w *walk, rows []json.RawMessage) (more, ordered bool, err error) {
	before := w.last
	ordered = true
	for _, raw := range rows {
		r, err := readRow(raw)
		if r.id > 0 {
			ordered = ordered && r.id > w.last
			w.last = max(w.last, r.id)
		}
		if err != nil {
			err = w.odd(opList, err)
		} else {
			w.readable = true
			r.call.Skip = c.filter.skip(r.call)
			err = w.take(r.call)
		}
		if err != nil {
			return false, ordered, err
		}
	}
	switch full := len(rows) >= pageSize; {
	case len(rows) > 0 && !w.readable:
		return false, ordered, errNoRow(opList)
	case full && (!ordered || w.last == before):
		return false, ordered, errOrder(opList)
	}
	return w.last > before, ordered, nil
}

func errOrder(op string) error {
	return unexpected(op, "the rows do not come in the order of their ids")
}

func errNoRow(op string) error { return unexpected(op, "no row of the list can be read") }

func unexpected(op, detail string) error {
	return &phone.Error{Kind: phone.Unexpected, Op: op, Detail: detail}
}

// recordingFields are what is asked for of a recording: without $select an entity
// shows more than is anybody's business.
const recordingFields = "Id,StartTime,EndTime,CallType,FromDn,FromDnType,FromCallerNumber,FromDisplayName," +
	"ToDn,ToDnType,ToCallerNumber,ToDisplayName,IsArchived"

// recordingsPath asks for a page of the recordings that started in [since, until)
// with an id above after. Times are asked for in whole seconds, which is enough:
// the rows are looked at again.
func recordingsPath(since, until time.Time, after int64, order string) string {
	return listPath(during(since, until), after, order, recordingFields)
}

// during is the filter for what started in [since, until).
func during(since, until time.Time) string {
	return "StartTime ge " + literal(since) + " and StartTime lt " + literal(until.Add(time.Second-1))
}

func listPath(filter string, after int64, order, fields string) string {
	if after > 0 {
		filter = "Id gt " + strconv.FormatInt(after, 10) + " and " + filter
	}
	return pathRecordings + "?$filter=" + escape(filter) + "&$orderby=" + escape(order) +
		"&$top=" + strconv.Itoa(pageSize) + "&$select=" + fields
}

// literal is a time as XAPI reads it: only with a Z.
func literal(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// escape writes a query's value with %20 for a blank, as 3CX's own pages do.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
