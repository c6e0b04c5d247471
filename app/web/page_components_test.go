package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/web"
)

// TestComponents: whoever works on the pages finds their parts in the
// demonstration; a real appliance has no such page.
func TestComponents(t *testing.T) {
	is := is.New(t)
	real := newPages(t)
	is.Equal(real.enter(t, "owner@example.com").get(t, "/components").status, 404) // not of a real appliance

	s := newPages(t, func(o *web.Options) { o.Simulated = true })
	is.Equal(s.browser().get(t, "/components").status, 303) // behind the login
	b := s.enter(t, "owner@example.com")
	a := b.get(t, "/components")
	is.Equal(a.status, 200)
	is.True(strings.Contains(a.body, `aria-busy="true"`)) // a list that waits
	is.True(!strings.Contains(a.body, "<dialog"))         // nothing lies over it
	is.True(strings.Contains(b.get(t, "/components?drawer=1").body, "<dialog"))
}
