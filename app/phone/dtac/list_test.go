package dtac_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
)

func TestNothingSaysWhetherThereIsMore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		calls  int
		faults phonetest.Faults
		kind   phone.Kind
	}{
		{"no nextPageUri", 25, phonetest.Faults{NoNext: true}, ""},
		{"no envelope", 25, phonetest.Faults{BareArray: true}, ""},
		{"no nextPageUri, and the last page is exactly full", 20, phonetest.Faults{NoNext: true}, ""},
		{"no envelope, and the last page is exactly full", 20, phonetest.Faults{BareArray: true}, ""},
		{"no nextPageUri, fewer a page than asked for", 25, phonetest.Faults{NoNext: true, PageLimit: 4}, ""},
		{"no envelope, fewer a page than asked for", 25, phonetest.Faults{BareArray: true, PageLimit: 4}, ""},
		{"no envelope, no call", 0, phonetest.Faults{BareArray: true}, ""},
		{"no nextPageUri, and a page that fails is not the end", 25, phonetest.Faults{NoNext: true, FailFromPage: 2}, phone.TooMany},
		{"a page that was promised fails", 25, phonetest.Faults{FailFromPage: 2}, phone.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{PageSize: 10})
			fill(sim, tt.calls)
			sim.Fail(tt.faults)
			got, _, err := list(t, client)
			is.Equal(phone.KindOf(err), tt.kind)
			if tt.kind == "" {
				is.NoErr(err)
				is.Equal(len(got), tt.calls) // every call
			}
		})
	}
}

func TestALimitOfOnesOwn(t *testing.T) {
	is := is.New(t)
	sim, client := start(t, dtac.Config{ListParams: map[string]string{"maxresults": "10"}})
	fill(sim, 10)
	got, _, err := list(t, client)
	is.NoErr(err)
	is.Equal(len(got), 10)
	fill(sim, 11)
	_, _, err = list(t, client)
	is.Equal(phone.KindOf(err), phone.TooMany) // the eleventh was cut off
}

// A book answers lists with pages of rows as a server of its own does.
type book struct {
	rows     int
	most     int  // rows a page at most, of which nothing is told
	ignores  bool // the number of the page
	envelope string
	broken   bool // beyond the rows: every list fails from then on
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("pagesize"))
	size = min(size, b.most)
	if b.ignores {
		page = 1
	}
	from := (page - 1) * size
	if from > 0 && from >= b.rows || b.broken && q.Get("maxresults") == "-1" {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var rows []string
	for i := from; i < min(from+size, b.rows); i++ {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"timestamp":"2026-11-20 09:%02d:%02d"}`, i+1, i/60%60, i%60))
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(b.envelope, "%", strings.Join(rows, ",")))
}

func TestWhatMayHaveBeenCutShort(t *testing.T) {
	const bare = `[%]`
	for _, tt := range []struct {
		name string
		book book
		kind phone.Kind // "": all rows come
	}{
		{"short pages that name a next", book{rows: 30, most: 12, envelope: `{"objects":[%],"nextPageUri":"x"}`}, ""},
		{"short pages that name a next in another form", book{rows: 30, most: 12, envelope: `{"objects":[%],"nextPageUri":{"href":"x"}}`}, ""},
		{"short pages in a size that is not told", book{rows: 30, most: 12, envelope: bare}, ""},
		{"more were counted than came", book{rows: 30, most: 100, envelope: `{"objects":[%],"nextPageUri":null,"resultCount":31}`}, phone.TooMany},
		{"more were counted than came, in quotes", book{rows: 30, most: 100, envelope: `{"objects":[%],"nextPageUri":null,"resultCount":"31"}`}, phone.TooMany},
		{"as many were counted as came", book{rows: 30, most: 100, envelope: `{"objects":[%],"nextPageUri":null,"resultCount":30}`}, ""},
		{"the limit was reached", book{rows: 30, most: 100, envelope: `{"objects":[%],"nextPageUri":null,"limitReached":true}`}, phone.TooMany},
		{"the limit was reached, in quotes", book{rows: 30, most: 100, envelope: `{"objects":[%],"nextPageUri":null,"limitReached":"true"}`}, phone.TooMany},
		{"the limit was not reached", book{rows: 30, most: 100, envelope: `{"objects":[%],"nextPageUri":null,"limitReached":"false"}`}, ""},
		{"one page for all, which is full", book{rows: 700, most: 500, ignores: true, envelope: bare}, phone.TooMany},
		{"one page for all, which is not", book{rows: 499, most: 500, ignores: true, envelope: bare}, ""},
		{"no answer where the list might go on", book{rows: 500, most: 500, broken: true, envelope: bare}, phone.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			got, _, err := list(t, serve(t, tt.book.ServeHTTP))
			is.Equal(phone.KindOf(err), tt.kind) // a listing that may have been cut short is an error
			if tt.kind == "" {
				is.NoErr(err)
				is.Equal(len(got), tt.book.rows) // never a shorter list
			}
		})
	}
}

func TestEndlessRows(t *testing.T) {
	is := is.New(t)
	b := book{rows: 1_000_000, most: 10_000, envelope: `{"objects":[%],"nextPageUri":"x"}`}
	client := serveWith(t, dtac.Config{PageSize: 10_000}, b.ServeHTTP)
	got, _, err := list(t, client)
	is.Equal(phone.KindOf(err), phone.TooMany) // a shorter window is asked for
	is.True(len(got) < 200_000)                // before there is no room for more
}
