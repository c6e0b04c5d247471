package dtac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"crk/app/phone"
)

const (
	opList      = "dtac: list recordings"
	listMaxBody = 32 << 20
	maxStale    = 3       // pages in a row that held only rows already seen
	maxRows     = 100_000 // of a window
)

// retryPauses are the waits before the second, third and fourth try of a page that
// was answered with a 5xx status.
var retryPauses = [...]time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second}

// Calls implements [phone.Source]. Pages are asked for as they are consumed, one
// at a time.
func (c *Client) Calls(ctx context.Context, since, until time.Time) iter.Seq2[phone.Call, error] {
	want := window{since, until}
	return func(yield func(phone.Call, error) bool) {
		if !since.Before(until) {
			return
		}
		asked, page, err := c.firstPage(ctx, want)
		w := walk{seen: map[string]bool{}}
		for number := 1; err == nil; number++ {
			fresh, goOn := c.yieldRows(page.rows, want, w.seen, yield)
			if !goOn {
				return
			}
			more, wrong := w.count(page, fresh)
			if err = wrong; err != nil {
				break
			}
			if !more {
				return
			}
			page, err = c.after(ctx, asked, number, page)
		}
		yield(phone.Call{}, err)
	}
}

// A walk is what the pages of a window have brought so far.
type walk struct {
	seen  map[string]bool // ids of calls
	came  int             // rows, doubles and unreadable ones too
	stale int             // pages at the end that brought nothing new
}

// count takes note of a page and says whether the next is to be asked for. fresh:
// some row was new. The error says that rows are missing, or may be.
func (w *walk) count(page listing, fresh bool) (more bool, err error) {
	w.came += len(page.rows)
	w.stale++
	if fresh {
		w.stale = 0
	}
	switch {
	case w.came > maxRows:
		return false, cutShort("the window holds too many rows")
	case w.stale > 0 && !page.told && page.full:
		return false, cutShort("a full page came twice, and nothing says what is beyond it")
	case w.stale == maxStale:
		return false, unexpected("page after page holds the same rows")
	}
	if more = page.more() && (page.told || w.stale == 0); !more && page.total > w.came {
		return false, cutShort("more rows were counted than came")
	}
	return more, nil
}

// yieldRows yields the rows that are in want and not in seen, and adds them to it.
// fresh: some row of the page was new. goOn: the consumer wants more.
func (c *Client) yieldRows(rows []json.RawMessage, want window, seen map[string]bool, yield func(phone.Call, error) bool) (fresh, goOn bool) {
	for _, raw := range rows {
		call, err := c.set.readRow(raw)
		if err != nil {
			if !yield(phone.Call{}, fmt.Errorf("%s: %w", opList, err)) {
				return fresh, false
			}
			continue
		}
		if seen[call.ID] {
			continue
		}
		seen[call.ID], fresh = true, true
		if want.has(call.StartedAt) && !yield(call, nil) {
			return fresh, false
		}
	}
	return fresh, true
}

// firstPage reads page 1 of w or, where OrkTrack cannot answer that, of a wider
// window, which it returns. A window without calls is one it may not answer.
func (c *Client) firstPage(ctx context.Context, w window) (window, listing, error) {
	page, err := c.page(ctx, w, 1, c.set.pageSize)
	if !hasStatus(err, http.StatusInternalServerError) {
		return w, page, err
	}
	for _, wide := range w.wider(c.now()) {
		if _, e := c.tryPage(ctx, wide, 1, 1); e != nil {
			if hasStatus(e, http.StatusInternalServerError) {
				continue
			}
			return w, listing{}, e
		}
		page, err = c.page(ctx, wide, 1, c.set.pageSize)
		return wide, page, err
	}
	return w, listing{}, err
}

// after reads the page that follows page number. Where that did not surely say that
// there is another, OrkTrack's failure to give it means that there is none: then the
// page that comes is empty, and counted, which shows that OrkTrack answers at all.
func (c *Client) after(ctx context.Context, w window, number int, page listing) (listing, error) {
	next, err := c.page(ctx, w, number+1, c.set.pageSize)
	if page.next && page.full || !hasStatus(err, http.StatusInternalServerError) {
		return next, err
	}
	counted, e := c.ask(ctx, c.countQuery(w, 1, 1), 1)
	if e != nil {
		return listing{}, err
	}
	return listing{told: true, total: counted.total}, nil
}

// page reads one page and tries again where OrkTrack fails, which it does now and
// then for no reason.
func (c *Client) page(ctx context.Context, w window, number, size int) (listing, error) {
	for try := 0; ; try++ {
		page, err := c.tryPage(ctx, w, number, size)
		if !isServerError(err) || try == len(retryPauses) {
			return page, err
		}
		var e *phone.Error
		if errors.As(err, &e) && e.RetryAfter > retryPauses[len(retryPauses)-1] {
			return page, err
		}
		if c.sleep(ctx, max(retryPauses[try], e.RetryAfter)) != nil {
			return page, err
		}
	}
}

func isServerError(err error) bool {
	e, ok := errors.AsType[*phone.Error](err)
	return ok && e.Status >= 500
}

func hasStatus(err error, status int) bool {
	e, ok := errors.AsType[*phone.Error](err)
	return ok && e.Status == status
}

func (c *Client) tryPage(ctx context.Context, w window, number, size int) (page listing, err error) {
	return c.ask(ctx, c.listQuery(w, number, size), size)
}

// countQuery is a list's with a count of all pages' rows, which takes OrkTrack longer.
func (c *Client) countQuery(w window, number, size int) url.Values {
	q := c.listQuery(w, number, size)
	q.Set("maxresults", "-1")
	return q
}

// ask sends a list's query when it is its turn. size is the number of rows it asks for.
func (c *Client) ask(ctx context.Context, q url.Values, size int) (page listing, err error) {
	err = c.pace.Do(ctx, opList, func() error {
		page, err = c.askNow(ctx, q, size)
		return err
	})
	return page, err
}

// askNow is ask without waiting for lists that are under way: somebody waits for the
// answer.
func (c *Client) askNow(ctx context.Context, q url.Values, size int) (page listing, err error) {
	address := c.url(c.set.list, "", q)
	err = c.session.Do(ctx, opList, func(token string) error {
		body, err := c.fetchJSON(ctx, address, token)
		if err != nil {
			return err
		}
		page, err = c.readListing(body, size)
		return err
	})
	return page, err
}

// listQuery asks for a second more at both ends: whether OrkTrack counts them in is
// not known, and it knows no fractions.
func (c *Client) listQuery(w window, number, size int) url.Values {
	q := url.Values{}
	for k, v := range c.set.listParams {
		q.Set(k, v)
	}
	q.Set("startdate", w.since.Add(-time.Second).In(c.set.zone).Format(c.set.dateFormat))
	q.Set("enddate", w.until.Add(time.Second).In(c.set.zone).Format(c.set.dateFormat))
	q.Set("page", strconv.Itoa(number))
	q.Set("pagesize", strconv.Itoa(size))
	return q
}

func (c *Client) fetchJSON(ctx context.Context, address, token string) ([]byte, error) {
	call, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	resp, err := c.get(call, opList, address, token)
	if err != nil {
		return nil, c.explain(ctx, opList, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, listMaxBody+1))
	if err != nil {
		return nil, phone.NetworkError(ctx, opList, err)
	}
	if len(body) > listMaxBody {
		return nil, &phone.Error{Kind: phone.TooMany, Op: opList, Detail: "the answer is too large"}
	}
	return body, nil
}

// explain leaves the errors of this package as they are and makes network errors of
// the rest.
func (c *Client) explain(ctx context.Context, op string, err error) error {
	if errors.Is(err, phone.ErrTokenRefused) || phone.KindOf(err) != "" {
		return err
	}
	return phone.NetworkError(ctx, op, err)
}
