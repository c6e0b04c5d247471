package store_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

func TestFeedIsForItsAudience(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	users := map[app.Role]app.UserID{app.Owner: f.Owner.ID}
	for _, role := range app.Roles()[1:] {
		users[role] = f.User(t, string(role)+"@example.com", role).ID
	}
	ids := map[string]string{}
	for name, roles := range map[string][]app.Role{"all": nil, "chiefs": {app.Owner, app.Supervisor}, "agents": {app.Agent}} {
		id, err := f.AddInApp(ctx, app.Delivery{
			BusinessID: f.Business.ID, Channel: app.ChannelInApp, Title: name, Severity: app.Info, Audience: app.AudienceOf(roles),
		})
		is.NoErr(err) // it is said
		ids[name] = id
	}
	for role, sees := range map[app.Role][]string{
		app.Owner: {"all", "chiefs"}, app.RoleAdmin: {"all"}, app.Supervisor: {"all", "chiefs"}, app.Agent: {"all", "agents"}, app.Viewer: {"all"},
	} {
		t.Run(string(role), func(t *testing.T) {
			is := is.New(t)
			user := users[role]
			for _, unread := range []bool{false, true} {
				list, err := f.Feed(ctx, f.Business.ID, user, 0, unread, 10)
				is.NoErr(err)
				is.Equal(len(list), len(sees)) // as much is in the list, read or not
			}
			n, err := f.UnreadCount(ctx, f.Business.ID, user)
			is.NoErr(err)
			is.Equal(n, len(sees)) // and counted
			for name, id := range ids {
				_, err := f.FeedItem(ctx, f.Business.ID, user, id)
				marked := f.MarkRead(ctx, f.Business.ID, user, id)
				mine := name == "all" || name == sees[len(sees)-1]
				is.Equal(err == nil, mine)                                 // what is for the role can be read
				is.Equal(marked == nil, mine)                              // and marked
				is.Equal(app.IsKind(marked, app.NotFound), !mine)          // the rest is not there
				is.Equal(app.AudienceOf(nil).Includes(role), true)         // everybody is
				is.Equal(app.AudienceOf(app.Roles()).Includes(role), true) // whoever is named
			}
			n, err = f.UnreadCount(ctx, f.Business.ID, user)
			is.NoErr(err)
			is.Equal(n, 0) // all that is seen has been read
		})
	}
	_, stranger := f.OtherBusiness(t)
	list, err := f.Feed(ctx, f.Business.ID, stranger.ID, 0, false, 10)
	is.NoErr(err)
	is.Equal(len(list), 1) // who is no member is of no role
}
