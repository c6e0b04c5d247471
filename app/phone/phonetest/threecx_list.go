package phonetest

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// begin counts a list, lets rows in and decides whether it fails. It returns the
// recordings that there are.
func (x *ThreeCX) begin(w http.ResponseWriter, f PBXFaults, count *int) (rows []PBXRecording, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	*count++
	switch x.stats.Lists + x.stats.Logs {
	case f.InsertAtList:
		x.add(f.Insert)
	case f.ResetAtList:
		x.reset()
	}
	status := f.ListStatus
	if x.faults.FailLists > 0 {
		x.faults.FailLists--
		status = http.StatusInternalServerError
	}
	if f.ListHTML {
		writePage(w)
		return nil, false
	}
	if status != 0 {
		w.WriteHeader(status)
		return nil, false
	}
	for _, r := range x.recordings {
		if r = r.under(f, x.now()); !r.VisibleFrom.After(x.now()) {
			rows = append(rows, r)
		}
	}
	return rows, true
}

// under is a recording as the faults have it.
func (r PBXRecording) under(f PBXFaults, now time.Time) PBXRecording {
	r.Archived = r.Archived || f.Archived
	end := r.EndedAt
	if end.IsZero() {
		return r
	}
	if f.LateBy > 0 {
		r.VisibleFrom = end.Add(f.LateBy)
	}
	if f.ReadyAfter > 0 {
		r.ReadyFrom = end.Add(f.ReadyAfter)
	}
	if f.Transcribes > 0 {
		r.TranscribedFrom = end.Add(f.Transcribes)
		if r.Transcript == "" {
			r.Transcript, r.Sentiment = "Agent: (written down by 3CX itself)", 4
		}
	}
	if f.OpenFor > 0 && now.Before(end.Add(f.OpenFor)) {
		r.EndedAt = time.Time{}
	}
	return r
}

// list answers a page of recordings.
func (x *ThreeCX) list(w http.ResponseWriter, r *http.Request, f PBXFaults) {
	rows, ok := x.begin(w, f, &x.stats.Lists)
	if !ok {
		return
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	var p pageQuery
	if err == nil {
		p, err = readPage(q, f, x.clock())
	}
	if err != nil {
		x.badRequest(w, err)
		return
	}
	rows = slices.DeleteFunc(rows, func(rec PBXRecording) bool { return !p.filter(rec) })
	slices.SortFunc(rows, func(a, b PBXRecording) int {
		if f.AnyOrder {
			return cmp.Compare(a.ID%7, b.ID%7)
		}
		return p.order(a, b)
	})
	value := []any{}
	for i := range f.BadRows {
		value = append(value, map[string]any{"Id": -1 - i, "StartTime": "yesterday"})
	}
	part := p.cut(len(rows), f)
	for _, rec := range rows[part[0]:part[1]] {
		value = append(value, p.selected(rec.row(x.clock())))
	}
	answer := map[string]any{"@odata.context": "http://" + r.Host + "/xapi/v1/$metadata#Recordings", "value": value}
	if p.count {
		answer["@odata.count"] = len(rows)
	}
	if f.NextLink == NextAlways || f.NextLink == NextMore && part[1] < len(rows) {
		answer["@odata.nextLink"] = "http://internal.invalid/xapi/v1/Recordings?$skip=" + strconv.Itoa(part[1])
	}
	writeJSON(w, answer)
}

func (x *ThreeCX) clock() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.now()
}

func (x *ThreeCX) badRequest(w http.ResponseWriter, err error) {
	x.mu.Lock()
	x.stats.BadRequests = append(x.stats.BadRequests, err.Error())
	x.mu.Unlock()
	odataError(w, http.StatusBadRequest, err.Error())
}

const pbxTime = "2006-01-02T15:04:05.999999Z"

// row is a recording as the list shows it.
func (r PBXRecording) row(now time.Time) map[string]any {
	m := map[string]any{
		"Id": r.ID, "StartTime": r.StartedAt.UTC().Format(pbxTime), "EndTime": nil, "CallType": r.CallType,
		"FromDn": r.From.Dn, "FromDnType": dnType(r.From), "FromCallerNumber": r.From.Number, "FromDisplayName": r.From.Name, "FromDidNumber": "",
		"ToDn": r.To.Dn, "ToDnType": dnType(r.To), "ToCallerNumber": r.To.Number, "ToDisplayName": r.To.Name, "ToDidNumber": "",
		"RecordingUrl": r.To.Dn + "/[x]_" + strconv.FormatInt(r.ID, 10) + ".wav", "IsArchived": r.Archived,
		"IsTranscribed": r.transcribed(now),
	}
	if !r.EndedAt.IsZero() {
		m["EndTime"] = r.EndedAt.UTC().Format(pbxTime)
	}
	maps.Copy(m, r.words(now))
	return m
}

// words is what 3CX wrote down of a recording, as an entity has it.
func (r PBXRecording) words(now time.Time) map[string]any {
	m := map[string]any{"Transcription": nil, "Summary": nil, "SentimentScore": nil}
	if !r.transcribed(now) || r.TextFrom.After(now) {
		return m
	}
	m["Transcription"] = r.Transcript
	if r.Summary != "" {
		m["Summary"] = r.Summary
	}
	if r.Sentiment > 0 {
		m["SentimentScore"] = r.Sentiment
	}
	return m
}

func (r PBXRecording) transcribed(now time.Time) bool {
	return r.Transcript != "" && !r.TranscribedFrom.After(now)
}

func dnType(p Party) int {
	if p.Trunk {
		return 1
	}
	return 0
}

// selected leaves what $select names.
func (p pageQuery) selected(row map[string]any) map[string]any {
	if len(p.fields) > 0 {
		maps.DeleteFunc(row, func(name string, _ any) bool { return !slices.Contains(p.fields, name) })
	}
	return row
}

// callLogArguments is how the function is called: with all of them, or not at all.
var callLogArguments = regexp.MustCompile(`^periodFrom=([^,]+),periodTo=([^,]+),sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',` +
	`callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true$`)

// log answers a page of the call log, newest segment first.
func (x *ThreeCX) log(w http.ResponseWriter, r *http.Request, f PBXFaults, arguments string) {
	rows, ok := x.begin(w, f, &x.stats.Logs)
	if !ok {
		return
	}
	m := callLogArguments.FindStringSubmatch(arguments)
	if m == nil {
		x.unknown(w, r)
		return
	}
	from, errFrom := time.Parse("2006-01-02T15:04:05Z", m[1])
	to, errTo := time.Parse("2006-01-02T15:04:05Z", m[2])
	if errFrom != nil || errTo != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	slices.SortFunc(rows, func(a, b PBXRecording) int { return b.StartedAt.Compare(a.StartedAt) })
	var segments []any
	for _, rec := range rows {
		if came := rec.StartedAt.Add(-rec.Waited); !came.Before(from) && !came.After(to) {
			segments = append(segments, rec.segments(x.clock())...)
		}
	}
	q := r.URL.Query()
	p := pageQuery{top: atLeast(q.Get("$top"), 1), skip: atLeast(q.Get("$skip"), 0)}
	if f.StuckLog {
		p.skip = 0
	}
	part := p.cut(len(segments), f)
	writeJSON(w, map[string]any{"value": append([]any{}, segments[part[0]:part[1]]...)})
}

// segments are the rows of a recorded call in the call log: the talk, and what was
// before, with nothing recorded or with the recording named as well.
func (r PBXRecording) segments(now time.Time) []any {
	direction := map[string]string{"InboundExternal": "Inbound", "OutboundExternal": "Outbound", "Local": "Internal"}[r.CallType]
	segment := func(talk time.Duration, to Party, named any) any {
		entity := r.words(now)
		entity["Id"] = named
		return map[string]any{
			"CdrId": strconv.FormatInt(r.ID, 10) + to.Dn, "StartTime": r.StartedAt.UTC().Format(pbxTime),
			"TalkingDuration": "PT" + strings.ToUpper(strconv.FormatFloat(talk.Seconds(), 'f', -1, 64)) + "S", "Answered": talk > 0,
			"Direction": direction, "CallType": r.CallType,
			"SourceDn": r.From.Dn, "SourceCallerId": r.From.Number, "SourceDisplayName": r.From.Name,
			"DestinationDn": to.Dn, "DestinationCallerId": to.Number, "DestinationDisplayName": to.Name,
			"SrcRecId": nil, "DstRecId": named, "Recordings": []any{entity},
		}
	}
	rows := []any{segment(max(0, r.EndedAt.Sub(r.StartedAt)), r.To, r.ID)}
	for range r.Segments {
		rows = append(rows, segment(0, Extension("800", "Queue"), r.ID))
	}
	unrecorded := segment(0, Extension("900", "Voicemail"), nil).(map[string]any)
	unrecorded["Recordings"] = []any{}
	return append(rows, unrecorded)
}
