package dtac

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crk/app/phone"
)

// idShape is what an id may look like; it becomes part of a path and of a file's name.
const idShape = `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`

var callID = regexp.MustCompile("^" + idShape + "$")

// timeLayouts are the ways a time may be written. OrkTrack 4.20 uses the first.
var timeLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339}

// A row is a recording as OrkTrack writes it, as far as it is of use.
type row struct {
	ID          phone.Text      `json:"id"`
	Timestamp   phone.Text      `json:"timestamp"`
	Duration    phone.Text      `json:"duration"` // seconds
	LocalParty  phone.Text      `json:"localParty"`
	RemoteParty phone.Text      `json:"remoteParty"`
	Direction   phone.Text      `json:"direction"`
	User        json.RawMessage `json:"userDto"`
}

// readRow makes a call of a row. The error is a [*phone.RowError].
func (s *settings) readRow(raw json.RawMessage) (phone.Call, error) {
	var r row
	if err := json.Unmarshal(raw, &r); err != nil {
		return phone.Call{}, &phone.RowError{Err: errors.New("is no object")}
	}
	id := string(r.ID)
	if !callID.MatchString(id) {
		return phone.Call{}, &phone.RowError{Err: errors.New("has no usable id")}
	}
	started, ok := parseTime(string(r.Timestamp), s.zone)
	if !ok {
		return phone.Call{}, &phone.RowError{ID: id, Err: errors.New("has no readable time")}
	}
	call := phone.Call{
		ID:            id,
		StartedAt:     started,
		Duration:      parseSeconds(string(r.Duration)),
		Direction:     parseDirection(string(r.Direction)),
		CustomerPhone: string(r.RemoteParty),
		AgentNumber:   string(r.LocalParty),
		AgentName:     agentName(r.User),
		Raw:           raw,
	}
	switch {
	case call.Duration < s.minDuration:
		call.Skip = phone.SkipShort
	case len(s.lines) > 0 && !s.lines[lineKey(call.AgentNumber)]:
		call.Skip = phone.SkipLine
	}
	return call, nil
}

// lineKey makes the ways of writing one Thai number alike: "+66812345678",
// "66812345678" and "0812345678". Extensions stay as they are.
func lineKey(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	if national, ok := strings.CutPrefix(digits, "66"); ok && len(digits) >= 10 {
		return "0" + national
	}
	if digits == "" {
		return strings.TrimSpace(number)
	}
	return digits
}

func parseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range timeLayouts { // each takes a fraction as well
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC(), t.Year() >= 1990
		}
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) == 13 {
		return time.UnixMilli(ms).UTC(), true
	}
	return time.Time{}, false
}

// parseSeconds returns zero for what is no duration a call can have: the audio will
// tell.
func parseSeconds(s string) time.Duration {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds > 0 && seconds < 7*24*3600) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

func parseDirection(s string) phone.Direction {
	switch strings.ToUpper(s) {
	case "IN":
		return phone.In
	case "OUT":
		return phone.Out
	case "INTERNAL":
		return phone.Internal
	}
	return phone.Unknown // OrkTrack also has ALL and UNKN
}

func agentName(user json.RawMessage) string {
	var u struct {
		First phone.Text `json:"firstname"`
		Last  phone.Text `json:"lastname"`
	}
	if json.Unmarshal(user, &u) != nil {
		return ""
	}
	return strings.TrimSpace(string(u.First) + " " + string(u.Last))
}

// replaceID puts id in the place of {id}.
func replaceID(p, id string) string { return strings.ReplaceAll(p, "{id}", id) }
