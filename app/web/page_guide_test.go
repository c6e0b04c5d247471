package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/views"
)

func TestGuidesAreThereInBothLanguages(t *testing.T) {
	s := newServer(t)
	for _, name := range views.GuideNames() {
		for _, language := range []string{"th", "en"} {
			t.Run(name+" "+language, func(t *testing.T) {
				is := is.New(t)
				a := s.call(t, "GET", "/docs/"+name, "", nil, "Accept-Language", language)
				is.Equal(a.status, 200)
				is.True(strings.Contains(a.body, `<html lang="`+language+`"`)) // in the language that was asked for
				is.True(strings.Contains(a.body, `href="/docs/changelog"`))    // with the way to the others
				is.Equal(strings.Count(a.body, "<h1>"), 1)
			})
		}
	}
	t.Run("there are no others", func(t *testing.T) {
		is.New(t).Equal(s.call(t, "GET", "/docs/nothing", "", nil).status, 404)
	})
}
