package threecx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"time"

	"crk/app/phone"
)

const (
	opLog = "threecx: read the call log"

	// reportRows is how many rows 3CX gives of a report, whatever is asked for,
	// unless its administrator set another number. A window with as many may hold
	// more.
	reportRows = 20_000

	// longestWaiting is how long before its talk a call may have come in, in a
	// queue: whether the log goes by the one or the other is not known. So it is
	// asked for that much more, and each row goes by its own time.
	longestWaiting = time.Hour
)

// callLog reads the recordings of a window from the call log. It has a row for each
// segment of a call, so that a recording may stand in several: the longest talk is
// the one it is of. The log is paged by counting, and its own order, newest first,
// is kept: with another, rows were seen to be missing.
func (c *Client) callLog(ctx context.Context, w *walk) error {
	var found segments
	if err := c.readLog(ctx, opLog, w.since, w.until, found.take); err != nil {
		return err
	}
	return c.yieldFound(w, found)
}

// readLog calls take with each row of a window of the call log.
func (c *Client) readLog(ctx context.Context, op string, since, until time.Time, take func(json.RawMessage) error) error {
	var before []json.RawMessage
	for rows := 0; rows < reportRows; {
		page, err := c.page(ctx, op, callLogPath(since.Add(-longestWaiting), until, rows))
		if err != nil {
			return err
		}
		again := slices.EqualFunc(page.rows, before, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
		if again && len(page.rows) >= pageSize {
			return unexpected(op, "page after page holds the same rows")
		}
		if again || len(page.rows) == 0 {
			return nil
		}
		for _, raw := range page.rows {
			if err := take(raw); err != nil {
				return err
			}
		}
		before = page.rows
		rows += len(page.rows)
		if err := c.sleep(ctx, pageGap); err != nil {
			return phone.NetworkError(ctx, op, err)
		}
	}
	return &phone.Error{Kind: phone.TooMany, Op: op, Detail: "the report may be cut short"}
}

// segments are those of a window that were recorded.
type segments struct {
	best  map[string]phone.Call // by recording
	order []string              // of recordings, as they came
	odd   []error
}

// take takes in a row of the call log.
func (s *segments) take(raw json.RawMessage) error {
	ids, call, err := readSegment(raw)
	if err != nil {
		s.odd = append(s.odd, err)
	}
	if s.best == nil {
		s.best = map[string]phone.Call{}
	}
	for _, id := range ids {
		have, known := s.best[id]
		if known && have.Duration >= call.Duration {
			continue
		}
		if !known {
			s.order = append(s.order, id)
		}
		call.ID = id
		s.best[id] = call
	}
	return nil
}

// yieldFound yields the recordings that were found. Rows of which none can be read
// are not odd: it is 3CX that changed.
func (c *Client) yieldFound(w *walk, found segments) error {
	if len(found.odd) > 0 && len(found.order) == 0 {
		return errNoRow(opLog)
	}
	for _, err := range found.odd {
		if err := w.odd(opLog, err); err != nil {
			return err
		}
	}
	for _, id := range found.order {
		call := found.best[id]
		call.Skip = c.filter.skip(call)
		if err := w.take(call); err != nil {
			return err
		}
	}
	return nil
}

// callLogPath asks for the segments of a window from the skip-th on. Every argument
// of the function is needed.
func callLogPath(since, until time.Time, skip int) string {
	return pathCallLog + "periodFrom=" + literal(since) + ",periodTo=" + literal(until.Add(time.Second-1)) +
		",sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0" +
		",callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)" +
		"?$top=" + strconv.Itoa(pageSize) + "&$skip=" + strconv.Itoa(skip)
}

// readSegment reads a row of the call log: the ids of its recordings, if any, and
// the call that they are of, without an id. The error is a [*phone.RowError].
func readSegment(raw json.RawMessage) (ids []string, call phone.Call, err error) {
	var v struct {
		Start      phone.Text `json:"StartTime"`
		Talk       phone.Text `json:"TalkingDuration"`
		Direction  phone.Text `json:"Direction"`
		CallType   phone.Text `json:"CallType"`
		FromDn     phone.Text `json:"SourceDn"`
		FromNumber phone.Text `json:"SourceCallerId"`
		FromName   phone.Text `json:"SourceDisplayName"`
		ToDn       phone.Text `json:"DestinationDn"`
		ToNumber   phone.Text `json:"DestinationCallerId"`
		ToName     phone.Text `json:"DestinationDisplayName"`
		SrcRec     phone.Text `json:"SrcRecId"`
		DstRec     phone.Text `json:"DstRecId"`
		Recordings []struct {
			ID phone.Text `json:"Id"`
		} `json:"Recordings"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return nil, phone.Call{}, &phone.RowError{Err: errors.New("is no segment of a call")}
	}
	named := []phone.Text{v.SrcRec, v.DstRec}
	for _, r := range v.Recordings {
		named = append(named, r.ID)
	}
	for _, n := range named {
		if id, ok := readID(n); ok && !slices.Contains(ids, strconv.FormatInt(id, 10)) {
			ids = append(ids, strconv.FormatInt(id, 10))
		}
	}
	if len(ids) == 0 {
		return nil, phone.Call{}, nil // nobody recorded it
	}
	started, ok := readTime(v.Start)
	if !ok {
		return nil, phone.Call{}, &phone.RowError{ID: ids[0], Err: errors.New("has no readable time")}
	}
	call = phone.Call{StartedAt: started, Duration: readSpan(string(v.Talk)), Direction: direction(v.Direction), Raw: raw}
	if call.Direction == phone.Unknown {
		call.Direction = direction(v.CallType)
	}
	setSides(&call, side{v.FromNumber, v.FromDn, v.FromName, isExtension(v.FromNumber)},
		side{v.ToNumber, v.ToDn, v.ToName, isExtension(v.ToNumber)})
	return ids, call, nil
}

// isExtension reports whether 3CX wrote a number as an extension's.
func isExtension(number phone.Text) bool { return plainNumber(string(number)) != string(number) }

// span is a duration as ISO 8601 writes it.
var span = regexp.MustCompile(`^P(?:(\d{1,3})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8}(?:\.\d+)?)S)?)?$`)

// readSpan returns zero for what is no duration a call can have: the audio will
// tell.
func readSpan(s string) time.Duration {
	m := span.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	seconds := 0.0
	for i, unit := range []float64{24 * 3600, 3600, 60, 1} {
		if n, err := strconv.ParseFloat(m[i+1], 64); err == nil {
			seconds += n * unit
		}
	}
	if seconds >= 7*24*3600 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
