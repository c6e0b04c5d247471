package store_test

import (
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestPeople(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx := t.Context()
	u := f.User(t, "somchai@example.com", app.Agent)
	_, _, err := f.CreateSession(ctx, app.Session{UserID: u.ID, BusinessID: f.Business.ID})
	is.NoErr(err)
	p, err := f.Person(ctx, f.Business.ID, u.ID)
	is.NoErr(err)
	is.True(p.Active)
	is.Equal(p.SeenAt.UnixMilli(), storetest.Start.UnixMilli())

	no, supervisor, agents := false, app.Supervisor, []string{"201"}
	is.NoErr(f.PatchPerson(ctx, f.Business.ID, u.ID, app.RoleAdmin, store.PersonPatch{Role: &supervisor, Agents: &agents}))
	p, err = f.Person(ctx, f.Business.ID, u.ID)
	is.NoErr(err)
	is.Equal(p.Role, app.Supervisor)
	is.Equal(p.Agents, agents)

	is.NoErr(f.PatchPerson(ctx, f.Business.ID, u.ID, app.Owner, store.PersonPatch{Active: &no}))
	_, err = f.Member(ctx, f.Business.ID, u.ID)
	is.True(app.IsKind(err, app.NotFound)) // who is suspended is nobody here
	_, err = f.FirstMember(ctx, u.ID)
	is.True(app.IsKind(err, app.NotFound))
	all, err := f.People(ctx, f.Business.ID)
	is.NoErr(err)
	is.Equal(len(all), 2) // but is still listed
	members, err := f.Members(ctx, f.Business.ID)
	is.NoErr(err)
	is.Equal(len(members), 1)

	other, err := f.CreateBusiness(ctx, app.Business{Name: "Other"}, f.Owner.ID)
	is.NoErr(err)
	is.True(app.IsKind(f.PatchPerson(ctx, other.ID, u.ID, app.Owner, store.PersonPatch{Active: &no}), app.NotFound)) // not its member
	is.True(app.IsKind(f.RemovePerson(ctx, other.ID, u.ID, app.Owner), app.NotFound))
}

func TestABusinessKeepsAnOwner(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, no, viewer, owner := t.Context(), false, app.Viewer, app.Owner
	b := f.Business.ID
	is.True(app.IsKind(f.PatchPerson(ctx, b, f.Owner.ID, app.Owner, store.PersonPatch{Role: &viewer}), app.Conflict))
	is.True(app.IsKind(f.PatchPerson(ctx, b, f.Owner.ID, app.Owner, store.PersonPatch{Active: &no}), app.Conflict))
	is.True(app.IsKind(f.RemovePerson(ctx, b, f.Owner.ID, app.Owner), app.Conflict))
	m, err := f.Member(ctx, b, f.Owner.ID)
	is.NoErr(err)
	is.Equal(m.Role, app.Owner) // nothing came of it

	u := f.User(t, "malee@example.com", app.RoleAdmin)
	is.True(app.IsKind(f.PatchPerson(ctx, b, u.ID, app.RoleAdmin, store.PersonPatch{Role: &owner}), app.Forbidden)) // admins make no owners
	is.True(app.IsKind(f.RemovePerson(ctx, b, f.Owner.ID, app.RoleAdmin), app.Forbidden))
	is.NoErr(f.PatchPerson(ctx, b, u.ID, app.Owner, store.PersonPatch{Role: &owner}))
	_, key, err := f.CreateKey(ctx, app.Key{Name: "k", OwnerID: f.Owner.ID, BusinessID: b, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	is.NoErr(f.RemovePerson(ctx, b, f.Owner.ID, app.Owner)) // there is another one now
	hash, _ := app.HashKey(key.Reveal())
	k, err := f.KeyByHash(ctx, hash)
	is.NoErr(err)
	is.True(!k.Alive(f.Now())) // the keys go with the person
}

func TestInvitation(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx := t.Context()
	owner, err := f.Member(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	i, token, err := f.Invite(ctx, app.Invitation{BusinessID: f.Business.ID, Role: app.Agent, Agents: []string{"201"}, Email: "nok@example.com"}, owner)
	is.NoErr(err)
	list, err := f.Invitations(ctx, f.Business.ID)
	is.NoErr(err)
	is.Equal(len(list), 1)
	is.Equal(list[0].InvitedBy, "Owner")

	_, _, err = f.JoinByInvitation(ctx, token.Reveal(), app.User{Email: "owner@example.com"}, storetest.Password)
	is.True(app.IsKind(err, app.Conflict)) // an address that is taken
	u, joined, err := f.JoinByInvitation(ctx, token.Reveal(), app.User{Email: "nok@example.com", Name: "Nok"}, storetest.Password)
	is.NoErr(err)
	is.Equal(joined.ID, i.ID)
	m, err := f.Member(ctx, f.Business.ID, u.ID)
	is.NoErr(err)
	is.Equal(m.Role, app.Agent)
	is.Equal(m.Agents, []string{"201"})
	_, err = f.AcceptInvitation(ctx, token.Reveal(), f.Owner.ID)
	is.True(app.IsKind(err, app.NotFound)) // it serves once

	_, token, err = f.Invite(ctx, app.Invitation{BusinessID: f.Business.ID, Role: app.Viewer}, owner)
	is.NoErr(err)
	_, err = f.AcceptInvitation(ctx, token.Reveal(), f.Owner.ID)
	is.NoErr(err)
	m, err = f.Member(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	is.Equal(m.Role, app.Owner) // nobody loses a role by it

	i, token, err = f.Invite(ctx, app.Invitation{BusinessID: f.Business.ID, Role: app.Viewer}, owner)
	is.NoErr(err)
	other, err := f.CreateBusiness(ctx, app.Business{Name: "Other"}, f.Owner.ID)
	is.NoErr(err)
	is.True(app.IsKind(f.TakeBackInvitation(ctx, other.ID, i.ID), app.NotFound)) // another business's
	f.Clock.Advance(app.InvitationLife)
	_, err = f.InvitationByToken(ctx, token.Reveal())
	is.True(app.IsKind(err, app.NotFound)) // too late
	owner.Role = app.RoleAdmin
	_, _, err = f.Invite(ctx, app.Invitation{BusinessID: f.Business.ID, Role: app.Owner}, owner)
	is.True(app.IsKind(err, app.Forbidden))
}

// code is what an authenticator shows at the test's time.
func code(t *testing.T, f *storetest.Fixture, url app.Secret) string {
	t.Helper()
	key, err := otp.NewKeyFromURL(url.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	c, err := totp.GenerateCode(key.Secret(), f.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTwoStep(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, id := t.Context(), f.Owner.ID
	url, err := f.BeginTwoStep(ctx, id)
	is.NoErr(err)
	u, err := f.Store.User(ctx, id)
	is.NoErr(err)
	is.True(!u.TwoStep) // not before a code was shown
	_, err = f.ConfirmTwoStep(ctx, id, "000000", "")
	is.Equal(err, store.ErrCode)
	codes, err := f.ConfirmTwoStep(ctx, id, code(t, f, url), "")
	is.NoErr(err)
	is.Equal(len(codes), 10)
	_, err = f.BeginTwoStep(ctx, id)
	is.True(app.IsKind(err, app.Conflict)) // a new secret would lock the person out

	step, err := f.BeginLoginStep(ctx, id)
	is.NoErr(err)
	is.Equal(f.FinishLoginStep(ctx, step.Reveal(), id, code(t, f, url)), store.ErrCode) // the code was used
	f.Clock.Advance(30 * time.Second)
	is.NoErr(f.FinishLoginStep(ctx, step.Reveal(), id, code(t, f, url)))
	f.Clock.Advance(30 * time.Second)
	is.Equal(f.FinishLoginStep(ctx, step.Reveal(), id, code(t, f, url)), store.ErrCode) // the step is done

	step, err = f.BeginLoginStep(ctx, id)
	is.NoErr(err)
	is.NoErr(f.FinishLoginStep(ctx, step.Reveal(), id, codes[3]))
	left, err := f.RecoveryCodesLeft(ctx, id)
	is.NoErr(err)
	is.Equal(left, 9)
	step, err = f.BeginLoginStep(ctx, id)
	is.NoErr(err)
	is.Equal(f.FinishLoginStep(ctx, step.Reveal(), id, codes[3]), store.ErrCode) // once
	f.Clock.Advance(store.LoginStepLife)
	_, err = f.LoginStep(ctx, step.Reveal())
	is.True(app.IsKind(err, app.NotFound)) // the password is to be given again

	is.NoErr(f.ResetTwoStep(ctx, id))
	u, err = f.Store.User(ctx, id)
	is.NoErr(err)
	is.True(!u.TwoStep)
}

func TestUpdateBusiness(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	is.Equal(f.Business.Hours, app.UsualHours()) // until somebody says others
	b, err := f.Store.Business(t.Context(), f.Business.ID)
	is.NoErr(err)
	is.Equal(b.Hours, app.UsualHours())
	b.Name, b.TimeZone, b.Hours = "Acme Thailand", "Asia/Tokyo", app.Window{Days: []int{1}, From: "09:00", Until: "12:00"}
	_, err = f.Store.UpdateBusiness(t.Context(), b)
	is.NoErr(err)
	got, err := f.Store.Business(t.Context(), b.ID)
	is.NoErr(err)
	is.Equal(got, b)
	is.Equal(got.Slug, "acme-co") // addresses stay
}
