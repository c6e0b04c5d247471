package threecx

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"crk/app/phone"
)

const opHistory = "threecx: ask how far back it goes"

// Skew implements [phone.Clocked].
func (c *Client) Skew() time.Duration { return c.wire.Skew() }

// anyTime leaves out what has no time, which would come first.
const anyTime = "StartTime ge 1990-01-01T00:00:00Z"

// History implements [phone.Historian]. It goes by time: ids begin anew where a 3CX
// was set up anew. The retention is left out where the role may not read it.
func (c *Client) History(ctx context.Context) (phone.History, error) {
	var h phone.History
	page, err := c.page(ctx, opHistory, pathRecordings+"?$filter="+escape(anyTime)+"&$orderby="+escape("StartTime asc")+"&$top=1&$select=Id,StartTime")
	if err != nil {
		return h, err
	}
	for _, raw := range page.rows {
		if r, err := readRow(raw); err == nil {
			h.Oldest = r.call.StartedAt
		}
	}
	h.Keeps, err = c.keeps(ctx)
	if isForbidden(err) || errors.Is(err, errNoSettings) {
		err = nil
	}
	return h, err
}

// errNoSettings says that a 3CX does not tell how long it keeps recordings.
var errNoSettings = errors.New("threecx: no retention is told")

// keeps asks for how long recordings are kept; zero: until somebody deletes them.
func (c *Client) keeps(ctx context.Context) (keeps time.Duration, err error) {
	err = c.pace.Do(ctx, opHistory, func() error {
		return c.signedIn(ctx, opHistory, func(token string) error {
			body, err := c.fetchJSON(ctx, opHistory, pathRetention, token)
			if err != nil {
				return err
			}
			var answer struct {
				Enabled bool `json:"AutoDeleteRecordingEnabled"`
				Days    int  `json:"AutoDeleteRecordingDays"`
			}
			if json.Unmarshal(body, &answer) != nil {
				return errNoSettings
			}
			if answer.Enabled && answer.Days > 0 && answer.Days < 36_500 {
				keeps = time.Duration(answer.Days) * 24 * time.Hour
			}
			return nil
		})
	})
	if e, ok := errors.AsType[*phone.Error](err); ok && e.Status == http.StatusNotFound {
		err = errNoSettings // a build without this function
	}
	return keeps, err
}
