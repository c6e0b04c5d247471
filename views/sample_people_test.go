package views_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func peopleSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	f, door := frame("สมาชิก", views.AtSettings), views.Door{Title: "CRK", Path: "/login"}
	f.User.Admin = true
	me := app.Person{Member: app.Member{User: f.User, Role: app.Owner}, Active: true, SeenAt: noon(t), TwoStep: true}
	agent := app.Person{Member: app.Member{User: app.User{ID: "u2", Email: "nat@siamcooling.example"}, Role: app.Agent, Agents: []string{"201", "202"}}}
	i := app.Invitation{ID: "i1", Business: "สยามเครื่องเย็น", Role: app.Agent, InvitedBy: "วราภรณ์", CreatedAt: noon(t), ExpiresAt: noon(t).Add(time.Hour)}
	named := i
	named.Email = "nok@siamcooling.example"
	list := views.PeoplePage{Items: []app.Person{me, agent}, Invitations: []app.Invitation{i, named}}
	fresh, form, change := list, list, list
	fresh.Fresh, fresh.Link = &i, "https://crk.example/invite/abc"
	form.Form = &views.PersonForm{Form: views.Form{Errors: map[string]string{"email": "ใส่อีเมล"}}, Roles: app.Roles()}
	change.Form = &views.PersonForm{
		Form: views.Form{Values: url.Values{"role": {"agent"}, "agents": {"201", "999"}}}, Person: &agent, Roles: app.Roles(),
		Agents: []views.Option{{Value: "201", Label: "201 ณัฐธิดา"}},
	}
	business := url.Values{"business": {"สยามเครื่องเย็น"}, "timeZone": {"Asia/Kabul"}, "days": {"1", "2"}, "from": {"08:00"}, "until": {"18:00"}}
	return map[string]templ.Component{
		"people": views.People(f, list), "people-fresh": views.People(f, fresh), "people-invite": views.People(f, form), "people-change": views.People(f, change),
		"invite":         views.InvitePage(views.Invite{Door: door, Invitation: i, Here: "/invite/abc"}),
		"invite-reader":  views.InvitePage(views.Invite{Door: door, Invitation: i, Here: "/invite/abc", Reader: &f.User}),
		"code":           views.CodePage(views.Login{Door: door, Form: views.Form{Problem: "รหัสไม่ถูกต้อง"}, Next: "/calls"}),
		"two-step":       views.TwoStep(f, &views.Enrolment{Secret: "JBSWY3DPEHPK3PXP", QR: qr(33)}, nil),
		"two-step-codes": views.TwoStep(f, nil, []string{"abcd-efgh-ijkl-mnop", "qrst-uvwx-yz23-4567"}),
		"business":       views.Business(f, views.BusinessPage{Form: views.Form{Values: business}}),
	}
}
