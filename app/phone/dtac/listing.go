package dtac

import (
	"bytes"
	"encoding/json"
	"strconv"

	"crk/app/phone"
)

// A listing is a page as OrkTrack answers it.
type listing struct {
	rows  []json.RawMessage
	full  bool // there are as many rows as a page holds
	told  bool // the answer says whether there is another page:
	next  bool // there is
	total int  // of all pages; -1 where OrkTrack did not count
}

// more reports whether a further page is to be asked for. A page without rows is the
// last; so is one after which the answer says there is none, and no other: one that
// is short may be of a server that gives fewer rows than were asked for.
func (l listing) more() bool { return len(l.rows) > 0 && (l.next || !l.told) }

// readListing reads a list's answer. size is the number of rows that were asked
// for.
func (c *Client) readListing(body []byte, size int) (listing, error) {
	if phone.IsPage(body) {
		return listing{}, unexpected("a web page came instead of a list")
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		var rows []json.RawMessage
		if err := json.Unmarshal(body, &rows); err != nil {
			return listing{}, unexpected("the list is not JSON")
		}
		return listing{rows: rows, full: len(rows) >= size, total: -1}, c.readable(rows)
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return listing{}, unexpected("the list is not JSON")
	}
	if tokenError(answer) {
		return listing{}, phone.ErrTokenRefused
	}
	for _, field := range []string{c.set.arrayField, "objects", "recordings", "data", "recording"} {
		var rows []json.RawMessage
		if raw, there := answer[field]; there && json.Unmarshal(raw, &rows) == nil {
			if err := c.readable(rows); err != nil {
				return listing{}, err
			}
			return finishListing(answer, rows, size)
		}
	}
	return listing{}, unexpected("the answer holds no list")
}

// finishListing reads what the answer says beside its rows.
func finishListing(answer map[string]json.RawMessage, rows []json.RawMessage, size int) (listing, error) {
	if says(answer["limitReached"]) {
		return listing{}, cutShort("OrkTrack cut the list short")
	}
	// A server that gives fewer rows a page than were asked for says so; its full
	// page is full.
	if served := count(answer["pageSize"]); served > 0 {
		size = min(size, served)
	}
	next, told := answer["nextPageUri"]
	return listing{
		rows: rows, full: len(rows) >= size, told: told, next: says(next), total: count(answer["resultCount"]),
	}, nil
}

// says reports whether a field is there and says anything but no.
func says(raw json.RawMessage) bool {
	switch string(bytes.ToLower(bytes.Trim(raw, `"`))) {
	case "", "null", "false", "0":
		return false
	}
	return true
}

// count reads a number of rows; -1 where there is none.
func count(raw json.RawMessage) int {
	var text phone.Text
	if json.Unmarshal(raw, &text) != nil {
		return -1
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return -1
	}
	return n
}

// readable returns an error if there are rows and none can be read: then it is not
// the rows that are odd, but OrkTrack that changed.
func (c *Client) readable(rows []json.RawMessage) error {
	for _, raw := range rows {
		if _, err := c.set.readRow(raw); err == nil {
			return nil
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return unexpected("no row of the list can be read")
}

func unexpected(detail string) error {
	return &phone.Error{Kind: phone.Unexpected, Op: opList, Detail: detail}
}

// cutShort is the error of a list that may lack rows; that of a shorter window may
// be whole.
func cutShort(detail string) error {
	return &phone.Error{Kind: phone.TooMany, Op: opList, Detail: detail}
}
