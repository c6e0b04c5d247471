package web_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"crk/app"
	"crk/store/storetest"
)

// inviteLink makes an invitation and returns the path of its link.
func (s *server) inviteLink(t *testing.T, b *browser, role app.Role) string {
	t.Helper()
	page := b.post(t, "/settings/people/invitations", "role", string(role), "email", "nok@example.com", "agents", "1001")
	link := regexp.MustCompile(`/invite/[\w-]{43}`).FindString(page.body)
	if link == "" {
		t.Fatalf("no link: %d %s", page.status, page.body)
	}
	return link
}

func TestInvitingSomebody(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	owner := s.enter(t, "owner@example.com")
	link := s.inviteLink(t, owner, app.Agent)
	page := owner.get(t, "/settings/people")
	is.True(!strings.Contains(page.body, link)) // the link is shown once
	says(t, page, "nok@example.com")

	guest := s.browser()
	says(t, guest.get(t, link, "Accept-Language", "en"), "Join Acme Co")
	page = guest.post(t, link, "name", "Nok", "email", "owner@example.com", "password", storetest.Password)
	is.Equal(page.status, 422) // an account that is there already
	page = guest.post(t, link, "name", "Nok", "email", "nok@example.com", "password", "short")
	is.Equal(page.status, 422)
	is.Equal(guest.post(t, link, "name", "Nok", "email", "nok@example.com", "password", storetest.Password).status, 303)
	is.Equal(guest.get(t, "/").status, 200)                   // signed in, at home
	is.Equal(guest.get(t, "/settings/people").status, 403)    // as an agent
	is.Equal(s.browser().get(t, link).status, 404)            // the link leads nowhere now
	is.Equal(s.browser().post(t, link+"/accept").status, 303) // and joins nobody
	u, err := s.UserByEmail(t.Context(), "nok@example.com")
	is.NoErr(err)
	m, err := s.Member(t.Context(), s.Business.ID, u.ID)
	is.NoErr(err)
	is.Equal(m.Agents, []string{"1001"})
	lines, err := s.Audit(t.Context(), s.Business.ID, app.AuditFilter{Thing: "invitation"}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 2) // both the asking and the joining are on record
	is.Equal(lines[0].Action, app.Action("invitation.accept"))
	is.Equal(lines[0].ObjectName, "nok@example.com")

	path := "/settings/people/" + string(u.ID)
	says(t, owner.follow(t, path, "role", "viewer", "agents", ""), "Viewer")
	owner.follow(t, path+"/active", "active", "false")
	is.Equal(guest.get(t, "/").status, 303) // out at once
	owner.follow(t, path+"/active", "active", "true")
	is.Equal(s.enter(t, "nok@example.com").get(t, "/").status, 200)
	owner.follow(t, path+"/delete")
	_, err = s.Member(t.Context(), s.Business.ID, u.ID)
	is.True(app.IsKind(err, app.NotFound))

	self := "/settings/people/" + string(s.Owner.ID)
	says(t, owner.follow(t, self+"/delete"), "Not possible") // nobody leaves a business to nobody
	says(t, owner.follow(t, self+"/active", "active", "false"), "Not possible")
}

func TestAcceptingAsSomebodyWhoIsThere(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	u := s.User(t, "malee@example.com", app.Viewer)
	link := s.inviteLink(t, s.enter(t, "owner@example.com"), app.Supervisor)
	other, err := s.CreateBusiness(t.Context(), app.Business{Name: "Other"}, u.ID)
	is.NoErr(err)
	malee := s.enter(t, "malee@example.com")
	says(t, malee.get(t, link), "You are signed in as malee@example.com")
	is.Equal(malee.post(t, link+"/accept").status, 303)
	m, err := s.Member(t.Context(), s.Business.ID, u.ID)
	is.NoErr(err)
	is.Equal(m.Role, app.Viewer) // who is a member stays what they are
	is.True(other.ID != s.Business.ID)
}

func TestAdminsMakeNoOwners(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.User(t, "admin@example.com", app.RoleAdmin)
	b := s.enter(t, "admin@example.com")
	is.Equal(b.post(t, "/settings/people/invitations", "role", "owner").status, 422)
	is.Equal(b.post(t, "/settings/people/"+string(s.Owner.ID), "role", "viewer").status, 403)
	is.Equal(b.post(t, "/settings/people/"+string(s.Owner.ID)+"/delete").status, 403)
	is.True(!strings.Contains(b.get(t, "/settings/people/invite").body, `value="owner"`)) // nor are offered to
	is.Equal(b.post(t, "/settings/business/new", "business", "Mine").status, 403)
}

// codeOf is what an authenticator that was told an address shows.
func codeOf(t *testing.T, address app.Secret, at time.Time) string {
	t.Helper()
	key, err := otp.NewKeyFromURL(address.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(key.Secret(), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestTwoStepLogin(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	is.Equal(b.post(t, "/settings/two-step", "current", "wrong horse battery").status, 422)
	page := b.post(t, "/settings/two-step", "current", storetest.Password)
	secret := regexp.MustCompile(`[A-Z2-7]{32}`).FindString(page.body)
	now := func() string { return codeOf(t, app.Secret("otpauth://totp/CRK?secret="+secret), s.Clock.Now()) }
	is.Equal(b.post(t, "/settings/two-step/confirm", "code", "12345").status, 422)
	page = b.post(t, "/settings/two-step/confirm", "code", now())
	recovery := regexp.MustCompile(`<li>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})\s`).FindAllStringSubmatch(page.body, -1)
	is.Equal(len(recovery), 10)
	says(t, b.get(t, "/settings/profile"), "New recovery codes")

	in := s.browser()
	a := in.post(t, "/login", "email", "owner@example.com", "password", storetest.Password, "next", "/calls")
	is.Equal(a.header.Get("Location"), "/login/code?next=%2Fcalls")
	is.Equal(in.get(t, "/calls").status, 303) // the password alone opens nothing
	is.Equal(in.get(t, "/login/code").status, 200)
	is.Equal(in.post(t, "/login/code", "code", now()).status, 401) // the code that was used
	s.Clock.Advance(30 * time.Second)
	a = in.post(t, "/login/code", "code", now(), "next", "/calls")
	is.Equal(a.header.Get("Location"), "/calls")
	is.Equal(in.get(t, "/calls").status, 200)

	again := s.browser()
	again.post(t, "/login", "email", "owner@example.com", "password", storetest.Password)
	is.Equal(again.post(t, "/login/code", "code", recovery[0][1]).status, 303)
	is.Equal(s.browser().get(t, "/login/code").status, 303) // nobody gets there without the password
	b = again
	says(t, b.follow(t, "/settings/two-step/off", "current", storetest.Password), "is off")
	is.Equal(s.enter(t, "owner@example.com").get(t, "/calls").status, 200)
}

func TestGuessingCodesIsThrottled(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	url, err := s.BeginTwoStep(t.Context(), s.Owner.ID)
	is.NoErr(err)
	is.True(url != "")
	s.Exec(t, `UPDATE users SET totp_at = 1`)
	b := s.browser()
	refused := 0
	for range 20 { // with the right password in between, which must not count in favour
		b.post(t, "/login", "email", "owner@example.com", "password", storetest.Password)
		if b.post(t, "/login/code", "code", "000000").status == 429 {
			refused++
		}
	}
	is.True(refused > 5)
}

func TestBusinessSettings(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	is.Equal(b.post(t, "/settings/business", "business", "", "timeZone", "Mars", "language", "th", "from", "8", "until", "18:00").status, 422)
	page := b.follow(t, "/settings/business", "business", "Acme Thai", "timeZone", "Asia/Tokyo", "language", "th", "days", "1", "from", "09:00", "until", "17:00")
	is.True(strings.Contains(page.body, `value="Acme Thai"`))
	got, err := s.Store.Business(t.Context(), s.Business.ID)
	is.NoErr(err)
	is.Equal(got.TimeZone, "Asia/Tokyo")
	is.Equal(got.Hours, app.Window{Days: []int{1}, From: "09:00", Until: "17:00"})
	page = b.follow(t, "/settings/business/new", "business", "Second Co")
	is.True(strings.Contains(page.body, "<span>Second Co</span>")) // and is shown at once
	says(t, b.follow(t, "/settings/profile", "name", "Owner", "language", "en", "calendar", "buddhist"), "Buddhist era")
	says(t, b.get(t, "/usage"), "2569")
	is.Equal(b.post(t, "/settings/profile", "name", "Owner", "language", "en", "calendar", "mayan").status, 422)
}
