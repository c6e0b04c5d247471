package store_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func lines(t *testing.T, f *storetest.Fixture, filter app.AuditFilter) []app.AuditEntry {
	t.Helper()
	list, err := f.Audit(t.Context(), f.Business.ID, filter, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAuditSaysWhoFromWhereAndWhat(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ann := app.Actor{Kind: app.ActorKey, UserID: f.Owner.ID, Name: "ann@example.com", KeyID: "k1", KeyName: "CRM", Via: app.ViaAPI, Address: "203.0.113.7"}
	ctx := app.WithActor(t.Context(), ann)
	p, err := f.AddProvider(ctx, app.Provider{BusinessID: f.Business.ID, Kind: "dtac", Name: "Siam", Host: "h", Config: []byte(`{}`), Secret: "s3cret", Interval: time.Hour, Backfill: storetest.Start})
	is.NoErr(err)
	f.Clock.Advance(time.Minute)
	name, secret := "Silom", app.Secret("an0ther")
	_, err = f.PatchProvider(ctx, f.Business.ID, p.ID, store.ProviderPatch{Name: &name, Secret: &secret})
	is.NoErr(err)

	got := lines(t, f, app.AuditFilter{Thing: "provider"})
	is.Equal(len(got), 2)
	e := got[0] // newest first
	is.Equal(e.Actor, ann)
	is.Equal(e.Action, app.Action("provider.update"))
	is.Equal(e.ObjectID, p.ID)
	is.Equal(e.ObjectName, "Silom")
	is.Equal(e.At, storetest.Start.Add(time.Minute))
	is.Equal(e.Changes, []app.FieldChange{{Field: "name", From: []byte(`"Siam"`), To: []byte(`"Silom"`)}, {Field: "secret"}}) // what, and no secret
	is.Equal(f.Text(t, `SELECT count(*) FROM audit_log WHERE instr(changes, 's3cret') OR instr(changes, 'an0ther')`), "0")
}

func TestAuditKeepsCallsToThemselves(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	id := f.Call(t, f.Business.ID)
	note, phone := "she cried", "0899999999"
	_, err := f.PatchRecording(t.Context(), f.Business.ID, nil, id, store.RecordingPatch{Note: &note, CustomerPhone: &phone})
	is.NoErr(err)
	e := lines(t, f, app.AuditFilter{Thing: "recording"})[0]
	is.Equal(e.Actor.Kind, app.ActorSystem) // where nobody is named
	is.Equal(e.Changes, []app.FieldChange{{Field: "note"}, {Field: "customerPhone"}})
}

// TestAuditIsOfTheChange: a change that is not made leaves no line.
func TestAuditIsOfTheChange(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	before := len(lines(t, f, app.AuditFilter{}))
	_, err := f.CreateUser(t.Context(), app.User{Email: f.Owner.Email}, storetest.Password)
	is.True(app.IsKind(err, app.Conflict))
	is.True(f.DeleteProvider(t.Context(), f.Business.ID, "none") != nil)
	is.NoErr(f.RenameUser(t.Context(), f.Owner.ID, f.Owner.Name)) // to the same name
	is.NoErr(f.AddMember(t.Context(), f.Business.ID, f.Owner.ID, app.Owner))
	is.Equal(len(lines(t, f, app.AuditFilter{})), before)
	is.Equal(f.Text(t, `SELECT count(*) FROM audit_log WHERE business_id IS NULL AND action <> 'user.create'`), "0")
}

func TestAuditOnlyGrows(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	for _, query := range []string{
		`UPDATE audit_log SET actor_name = 'somebody else'`, `DELETE FROM audit_log`, `UPDATE audit_log SET at = 0`,
	} {
		err := f.Try(t, query)
		is.True(err != nil && strings.Contains(err.Error(), "the audit log only grows"))
	}
}

func TestAuditIsKeptTwoYears(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	all := f.Text(t, `SELECT count(*) FROM audit_log`)
	is.NoErr(f.PruneAudit(t.Context()))
	is.Equal(f.Text(t, `SELECT count(*) FROM audit_log`), all) // none is old

	old := time.Now().AddDate(-3, 0, 0)
	for range 1200 { // more than one write takes
		f.Exec(t, `INSERT INTO audit_log (seq, at, actor, actor_name, key_name, via, address, action, object_id, object_name, changes)
			SELECT min(seq) - 1, ?, 'system', '', '', '', '', 'user.create', '', '', '[]' FROM audit_log`, old.UnixMilli())
	}
	is.NoErr(f.PruneAudit(t.Context()))
	is.Equal(f.Text(t, `SELECT count(*) FROM audit_log`), all) // the old ones are gone, the others are not

	f.Clock.Advance(10 * 365 * 24 * time.Hour) // a clock that runs wild
	is.True(f.PruneAudit(t.Context()) != nil)  // is refused by the database itself
	is.Equal(f.Text(t, `SELECT count(*) FROM audit_log`), all)
}

func TestAuditFilters(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	other, owner := f.OtherBusiness(t)
	key := app.WithActor(t.Context(), app.Actor{Kind: app.ActorKey, UserID: f.Owner.ID, KeyID: "k1", KeyName: "CRM"})
	for i := range 3 {
		f.Clock.Advance(time.Hour)
		_, err := f.CreateCollection(key, app.Collection{BusinessID: f.Business.ID, Name: strconv.Itoa(i)})
		is.NoErr(err)
	}
	_, err := f.CreateCollection(app.WithActor(t.Context(), app.Actor{Kind: app.ActorUser, UserID: owner.ID}), app.Collection{BusinessID: other.ID, Name: "theirs"})
	is.NoErr(err)

	names := func(filter app.AuditFilter) (out string) {
		for _, e := range lines(t, f, filter) {
			out += e.ObjectName
		}
		return out
	}
	is.Equal(names(app.AuditFilter{Thing: "collection"}), "210") // newest first, and not another business's
	is.Equal(names(app.AuditFilter{KeyID: "k1"}), "210")
	is.Equal(names(app.AuditFilter{UserID: f.Owner.ID}), "210") // whose key it was
	is.Equal(names(app.AuditFilter{UserID: owner.ID}), "")
	is.Equal(names(app.AuditFilter{Actor: app.ActorKey, From: storetest.Start.Add(2 * time.Hour)}), "21")
	is.Equal(names(app.AuditFilter{Actor: app.ActorKey, To: storetest.Start.Add(2 * time.Hour)}), "0")
	is.Equal(names(app.AuditFilter{Thing: "coll"}), "") // whole words
	newest := lines(t, f, app.AuditFilter{Thing: "collection"})[0]
	is.Equal(names(app.AuditFilter{Thing: "collection", BeforeSeq: newest.Seq}), "10") // the next page
	is.Equal(names(app.AuditFilter{ObjectID: newest.ObjectID}), "2")

	who, err := f.AuditActors(t.Context(), f.Business.ID, false)
	is.NoErr(err)
	is.Equal(who, []app.Actor{{Kind: app.ActorKey, UserID: f.Owner.ID, KeyID: "k1", KeyName: "CRM"}}) // who is to be chosen from
}

func TestAuditOfThePerson(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	second, err := f.CreateBusiness(t.Context(), app.Business{Name: "Second"}, f.Owner.ID)
	is.NoErr(err)
	is.NoErr(f.SetPassword(context.Background(), f.Owner.ID, "another long sentence"))
	for _, b := range []app.BusinessID{f.Business.ID, second.ID} { // both businesses are to know
		list, err := f.Audit(t.Context(), b, app.AuditFilter{Thing: "user"}, 10)
		is.NoErr(err)
		is.Equal(len(list), 1)
		is.Equal(list[0].Action, app.Action("user.password"))
	}
}
