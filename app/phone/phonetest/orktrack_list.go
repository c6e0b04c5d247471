package phonetest

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// list answers a page of recordings.
func (o *OrkTrack) list(w http.ResponseWriter, r *http.Request, f Faults, account string) {
	q := r.URL.Query()
	number, size := atLeast(q.Get("page"), 1), atLeast(q.Get("pagesize"), 1)
	if f.PageLimit > 0 {
		size = min(size, f.PageLimit)
	}
	failed := o.beginList(f, number)
	if f.SlowList > 0 {
		select {
		case <-time.After(f.SlowList):
		case <-r.Context().Done():
			return
		}
	}
	if f.ListHTML {
		writePage(w)
		return
	}
	if failed != 0 {
		w.WriteHeader(failed)
		return
	}
	rows := o.find(q, f, account)
	if number > 1 && f.InsertEach > 0 && len(rows) > 0 {
		o.insert(rows[0], f.InsertEach)
		rows = o.find(q, f, account)
	}
	start := (number - 1) * size
	if start > 0 && start >= len(rows) || f.EmptyFails && len(rows) == 0 {
		o.mu.Lock()
		o.stats.ServerErrors++
		o.mu.Unlock()
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	writeJSON(w, answer(r, f, rows, number, size))
}

// insert adds n calls like r, with ids that nobody else will give.
func (o *OrkTrack) insert(r Recording, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	const own = 1 << 40
	next := max(own, slices.Max(slices.Collect(maps.Keys(o.index)))) + 1
	next += (next - r.ID) % 2 // of the same account
	for i := range int64(n) {
		r.ID = next + 2*i
		o.add([]Recording{r})
	}
}

// beginList counts a list, lets late rows in and decides whether it fails; 0: it
// does not.
func (o *OrkTrack) beginList(f Faults, number int) (status int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stats.Lists++
	if f.InsertAtPage == number {
		o.add(f.Insert)
		o.faults.InsertAtPage = 0
	}
	if o.faults.FailLists > 0 {
		o.faults.FailLists--
		o.stats.ServerErrors++
		return http.StatusInternalServerError
	}
	burst := o.inFlight > 1 && (f.BurstFails || rand.Float64() < f.BurstRate)
	if burst || f.FailFromPage > 0 && number >= f.FailFromPage {
		o.stats.ServerErrors++
		return http.StatusInternalServerError
	}
	return f.ListStatus
}

// find returns the rows of a window that account may see, newest first.
func (o *OrkTrack) find(q url.Values, f Faults, account string) []Recording {
	zone := zoneOf(f)
	const layout = "20060102_150405"
	from, _ := time.ParseInLocation(layout, q.Get("startdate"), zone)
	to, err := time.ParseInLocation(layout, q.Get("enddate"), zone)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		to = o.now()
	}
	if f.ExclusiveEnds {
		from, to = from.Add(time.Second), to.Add(-time.Second)
	}
	var rows []Recording
	for _, r := range o.recordings {
		at := r.StartedAt.Truncate(time.Second)
		ended := o.now().Sub(r.StartedAt.Add(r.Duration))
		hidden := r.VisibleFrom.After(o.now()) || f.LateBy > 0 && ended < f.LateBy || !r.isFor(account, f)
		if !hidden && !at.Before(from) && !at.After(to) {
			if ended < f.GrowFor {
				r.Duration /= 2
			}
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b Recording) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.ID, a.ID))
	})
	if f.RandomOrder {
		shuffle(rows)
	}
	return rows
}

// answer is the envelope around one page of rows.
func answer(r *http.Request, f Faults, rows []Recording, number, size int) any {
	total, limited := len(rows), false
	for _, most := range []int{f.LimitRows, atLeast(r.URL.Query().Get("maxresults"), 0)} {
		if most > 0 && len(rows) > most {
			rows, limited = rows[:most], true
		}
	}
	start := min((number-1)*size, len(rows))
	end := min(start+size, len(rows))
	objects := make([]any, 0, size)
	for i := range f.BadRows {
		objects = append(objects, map[string]any{"id": -1 - i, "timestamp": "yesterday"})
	}
	for _, rec := range rows[start:end] {
		objects = append(objects, rec.row(r, f))
	}
	if f.BareArray {
		return objects
	}
	count := -1
	if r.URL.Query().Get("maxresults") == "-1" {
		count = total
	}
	envelope := map[string]any{
		"objects":      objects,
		"nextPageUri":  pageURI(r, f, number+1, end < len(rows) || f.AlwaysNext),
		"prevPageUri":  pageURI(r, f, number-1, number > 1),
		"limitReached": limited,
		"page":         number,
		"pageSize":     size,
		"resultCount":  count,
	}
	if f.NoNext {
		delete(envelope, "nextPageUri")
	}
	return envelope
}

// isFor reports whether a user may see a recording.
func (rec Recording) isFor(account string, f Faults) bool {
	if f.SecondAccount != "" && (rec.ID%2 == 1) != (account == f.SecondAccount) {
		return false
	}
	return rec.Account == "" || rec.Account == account
}

// row is a recording as OrkTrack lists it.
func (rec Recording) row(r *http.Request, f Faults) map[string]any {
	m := map[string]any{
		"type":         "recordingDto",
		"id":           rec.ID,
		"timestamp":    rec.StartedAt.In(zoneOf(f)).Format(time.DateTime),
		"duration":     int(rec.Duration / time.Second),
		"localParty":   rec.LocalParty,
		"remoteParty":  rec.RemoteParty,
		"direction":    rec.Direction,
		"recordingURL": origin(r, f) + mediaPath + strconv.FormatInt(rec.ID, 10),
	}
	if rec.FirstName != "" || rec.LastName != "" {
		m["userDto"] = map[string]any{"firstname": rec.FirstName, "lastname": rec.LastName}
	}
	return m
}

// pageURI is the address of a page, or nil where there is none.
func pageURI(r *http.Request, f Faults, number int, there bool) any {
	if !there {
		return nil
	}
	q := r.URL.Query()
	q.Set("page", strconv.Itoa(number))
	return origin(r, f) + listPath + "?" + q.Encode()
}

func origin(r *http.Request, f Faults) string {
	if f.NextURIHost != "" {
		return "http://" + f.NextURIHost
	}
	return "http://" + r.Host
}

func zoneOf(f Faults) *time.Location {
	if f.Zone != nil {
		return f.Zone
	}
	return time.UTC
}

func atLeast(s string, least int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return least
	}
	return max(n, least)
}
