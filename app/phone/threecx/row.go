package threecx

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crk/app/phone"
)

// A row is a recording of the list.
type row struct {
	id       int64 // 0 where it cannot be read
	call     phone.Call
	archived bool // its file was moved away
}

// readRow reads a row of the list. The error is a [*phone.RowError]; the id is told
// beside it where that at least can be read.
func readRow(raw json.RawMessage) (row, error) {
	var v struct {
		ID         phone.Text `json:"Id"`
		Start      phone.Text `json:"StartTime"`
		End        phone.Text `json:"EndTime"` // none while the call goes on
		CallType   phone.Text `json:"CallType"`
		FromDn     phone.Text `json:"FromDn"`
		FromType   phone.Text `json:"FromDnType"`
		FromNumber phone.Text `json:"FromCallerNumber"`
		FromName   phone.Text `json:"FromDisplayName"`
		ToDn       phone.Text `json:"ToDn"`
		ToType     phone.Text `json:"ToDnType"`
		ToNumber   phone.Text `json:"ToCallerNumber"`
		ToName     phone.Text `json:"ToDisplayName"`
		Archived   flag       `json:"IsArchived"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return row{}, &phone.RowError{Err: errors.New("is no object")}
	}
	id, ok := readID(v.ID)
	if !ok {
		return row{}, &phone.RowError{Err: errors.New("has no usable id")}
	}
	r := row{id: id, call: phone.Call{ID: strconv.FormatInt(id, 10), Raw: raw}, archived: bool(v.Archived)}
	if r.call.StartedAt, ok = readTime(v.Start); !ok {
		return r, &phone.RowError{ID: r.call.ID, Err: errors.New("has no readable time")}
	}
	if end, ok := readTime(v.End); ok {
		r.call.Duration = max(0, end.Sub(r.call.StartedAt))
	}
	r.call.Direction = direction(v.CallType)
	setSides(&r.call, side{v.FromNumber, v.FromDn, v.FromName, v.FromType == extension},
		side{v.ToNumber, v.ToDn, v.ToName, v.ToType == extension})
	return r, nil
}

// A flag reads true, and takes anything else for false, so that one odd field does
// not spoil a row.
type flag bool

// UnmarshalJSON implements [json.Unmarshaler].
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = string(b) == "true"
	return nil
}

// extension is the DnType of a person's own number.
const extension = "0"

// A side is one end of a call.
type side struct {
	number, dn, name phone.Text
	inside           bool // it is an extension
}

// own is the number of a side in the business.
func (s side) own() string {
	if n := plainNumber(string(s.number)); n != "" {
		return n
	}
	return string(s.dn)
}

// setSides says who of the two is the business's.
func setSides(c *phone.Call, from, to side) {
	agent, other := to, from
	switch {
	case c.Direction == phone.Out || c.Direction == phone.Internal,
		c.Direction == phone.Unknown && from.inside && !to.inside:
		agent, other = from, to
	}
	c.AgentNumber, c.AgentName = agent.own(), string(agent.name)
	c.CustomerPhone = plainNumber(string(other.number))
}

// direction reads 3CX's words for it: Local, InboundExternal and OutboundExternal
// in the list; the call log also has Internal, Inbound and Outbound.
func direction(word phone.Text) phone.Direction {
	switch w := strings.ToLower(string(word)); {
	case w == "local", strings.HasPrefix(w, "internal"):
		return phone.Internal
	case strings.HasPrefix(w, "inbound"):
		return phone.In
	case strings.HasPrefix(w, "outbound"):
		return phone.Out
	}
	return phone.Unknown
}

// plainNumber takes away what 3CX writes before an extension's number.
func plainNumber(s string) string {
	const prefix = "ext."
	s = strings.TrimSpace(s)
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		s = strings.TrimSpace(s[len(prefix):])
	}
	return s
}

// callID is what an id may look like; it becomes part of a path and of a file's
// name.
var callID = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// readID reads an id, which is a number above 0.
func readID(s phone.Text) (int64, bool) {
	if !callID.MatchString(string(s)) {
		return 0, false
	}
	id, err := strconv.ParseInt(string(s), 10, 64)
	return id, err == nil
}

// timeLayouts are the ways a time may be written; each takes a fraction as well.
// Without a zone UTC is meant.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime}

func readTime(s phone.Text) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, string(s)); err == nil {
			return t.UTC(), t.Year() >= 1990
		}
	}
	return time.Time{}, false
}
