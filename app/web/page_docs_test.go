package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/web"
)

func TestDocsShowTheWholeContract(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) { o.BaseURL = "https://crk.example.com" })
	a := s.call(t, "GET", "/docs", "", nil)
	is.Equal(a.status, 200) // needs no key
	is.Equal(a.header.Get("Content-Type"), "text/html; charset=utf-8")
	is.Equal(a.header.Get("Content-Encoding"), "")
	small := s.call(t, "GET", "/docs", "", nil, "Accept-Encoding", "gzip")
	is.Equal(small.header.Get("Content-Encoding"), "gzip") // it is long: compressed for who takes that
	is.True(len(small.body)*3 < len(a.body))
	for _, o := range mustDocument().operations() {
		is.True(strings.Contains(a.body, `id="`+o.id+`"`))                             // each operation is there
		is.True(strings.Contains(a.body, o.path))                                      // with its path
		is.True(o.scope == "" || strings.Contains(a.body, "<code>"+o.scope+"</code>")) // and its scope
	}
	is.True(strings.Contains(a.body, "https://crk.example.com/api/v1")) // where people reach it
	is.True(strings.Contains(a.body, "callRecordingIds"))               // the fields of bodies
	is.True(strings.Contains(a.body, "One of awaiting_audio, queued"))  // and their values
	is.True(strings.Contains(a.body, "2026-11-20T02:30:00.000Z"))       // and examples made of schemas
}

func TestOpenAPINeedsNoKey(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a := s.call(t, "GET", "/api/v1/openapi.json", "", nil)
	is.Equal(a.status, 200)
	is.Equal(a.json(t)["openapi"], "3.1.0")
}
