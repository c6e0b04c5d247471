package threecx

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"crk/app/phone"
)

const (
	listMaxBody = 16 << 20
	longestWait = 30 * time.Second // that a server may ask for before a page is tried again
)

// retryPauses are the waits before the second, third and fourth try of a page that
// was answered with a 5xx status or with 429.
var retryPauses = [...]time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second}

// A listing is a page as XAPI answers it.
type listing struct {
	rows  []json.RawMessage
	count int // of all pages, where that was asked for; else 0
}

// page reads one page and tries again where 3CX fails or asks to be left alone for
// a moment.
func (c *Client) page(ctx context.Context, op, path string) (listing, error) {
	for try := 0; ; try++ {
		page, err := c.tryPage(ctx, op, path)
		e, ok := errors.AsType[*phone.Error](err)
		if !ok || e.Kind != phone.Transient || try == len(retryPauses) || e.RetryAfter > longestWait {
			return page, err
		}
		if e.Status == http.StatusUnauthorized && try > 0 {
			return page, err // each try signs in, and ends the other's sign-in
		}
		if c.sleep(ctx, max(retryPauses[try], e.RetryAfter)) != nil {
			return page, err
		}
	}
}

// tryPage reads one page when it is its turn.
func (c *Client) tryPage(ctx context.Context, op, path string) (page listing, err error) {
	err = c.pace.Do(ctx, op, func() error {
		page, err = c.askPage(ctx, op, path)
		return err
	})
	return page, err
}

// askPage reads one page at once.
func (c *Client) askPage(ctx context.Context, op, path string) (page listing, err error) {
	err = c.signedIn(ctx, op, func(token string) error {
		body, err := c.fetchJSON(ctx, op, path, token)
		if err != nil {
			return err
		}
		page, err = readListing(op, body)
		return err
	})
	return page, err
}

func (c *Client) fetchJSON(ctx context.Context, op, path, token string) ([]byte, error) {
	call, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	resp, err := c.get(call, op, path, token)
	if err != nil {
		return nil, explain(ctx, op, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, unexpected(op, "a part came where the whole was asked for")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, listMaxBody+1))
	if err != nil {
		return nil, phone.NetworkError(ctx, op, err)
	}
	if len(body) > listMaxBody {
		return nil, &phone.Error{Kind: phone.TooMany, Op: op, Detail: "the answer is too large"}
	}
	return body, nil
}

// readListing reads a list's answer. Its next link is of no use: it may be missing
// where there is more.
func readListing(op string, body []byte) (listing, error) {
	if phone.IsPage(body) {
		return listing{}, unexpected(op, "a web page came instead of a list")
	}
	var answer struct {
		Value *[]json.RawMessage `json:"value"`
		Count phone.Text         `json:"@odata.count"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return listing{}, unexpected(op, "the list is not JSON")
	}
	if answer.Value == nil {
		return listing{}, unexpected(op, "the answer holds no list")
	}
	count, err := strconv.Atoi(string(answer.Count))
	if err != nil {
		count = 0
	}
	return listing{rows: *answer.Value, count: max(0, count)}, nil
}
