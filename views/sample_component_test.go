package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func componentSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	p := views.ComponentsPage{Calls: callsPage(t), Home: homePage(t), Feed: []app.FeedItem{{ID: "n1", Title: "ลูกค้าไม่พอใจ", Severity: app.Warning, CreatedAt: noon(t)}}}
	p.Calls.Picks = false
	open := p
	open.Drawer = true
	f := frame("ส่วนประกอบของหน้า", "")
	return map[string]templ.Component{"components": views.Components(f, p), "components-drawer": views.Components(f, open)}
}
