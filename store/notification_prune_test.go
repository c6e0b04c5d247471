package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

// fillFeed puts n rows of one age into a business's feed.
func fillFeed(t *testing.T, f *storetest.Fixture, business app.BusinessID, title string, n int, age time.Duration) {
	t.Helper()
	f.Exec(t, `INSERT INTO feed (id, business_id, title, body, severity, created_at)
		WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT ?2 || i || ?3, ?3, ?2, '', 'info', ?4 FROM n WHERE ?1 > 0`,
		n, title, business, f.Clock.Now().Add(-age).UnixMilli())
}

func TestFeedIsBounded(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name           string
		old, aged, new int // rows of more than 90 days, of some days, of less than a day
		want           string
	}{
		{"few", 0, 3, 2, "aged 3,new 2"},
		{"old", 1200, 3, 2, "aged 3,new 2"},
		{"all too old", 501, 0, 0, ""},
		{"as many as may be", 0, 9_000, 1_000, "aged 9000,new 1000"},
		{"too many", 5, 11_000, 1_000, "aged 9000,new 1000"},
		{"too many in one day", 5, 700, 10_050, "new 10050"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			other, _ := f.OtherBusiness(t)
			fillFeed(t, f, f.Business.ID, "old", tt.old, 90*day+time.Second)
			fillFeed(t, f, other.ID, "theirs", 1, 2*day)
			fillFeed(t, f, f.Business.ID, "aged", tt.aged, 2*day)
			fillFeed(t, f, f.Business.ID, "new", tt.new, day-time.Second)
			is.NoErr(f.PruneNotifications(t.Context()))
			is.Equal(f.Text(t, `SELECT coalesce(group_concat(title || ' ' || n), '') FROM
				(SELECT title, count(*) AS n FROM feed WHERE business_id = ? GROUP BY title ORDER BY title)`, f.Business.ID), tt.want)
			is.Equal(f.Text(t, `SELECT count(*) FROM feed WHERE business_id = ?`, other.ID), "1") // each business has its own bounds
		})
	}
}

func TestPrunedFeedKeepsTheNewestAndItsMarks(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	fillFeed(t, f, f.Business.ID, "a", 10_002, 48*time.Hour)
	first := "a1" + string(f.Business.ID)
	is.NoErr(f.MarkRead(ctx, f.Business.ID, f.Owner.ID, first))
	is.NoErr(f.PruneNotifications(ctx))
	_, known, err := f.FeedSeq(ctx, f.Business.ID, first)
	is.NoErr(err)
	is.True(!known)                                             // who has read up to there is told to start again
	is.Equal(f.Text(t, `SELECT count(*) FROM feed_reads`), "0") // its mark went with it
	is.Equal(f.Text(t, `SELECT min(seq) FROM feed`), "3")       // the oldest went
	fillFeed(t, f, f.Business.ID, "b", 1, 0)                    // and what comes
	is.Equal(f.Text(t, `SELECT max(seq) FROM feed`), "10003")   // has a number that was never used
	n, err := f.UnreadCount(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	is.Equal(n, 10_001)
}

func TestDeliveriesAreBounded(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	add := func(status string, n int, age time.Duration) {
		f.Exec(t, `INSERT INTO deliveries (id, business_id, channel, destination, title, body, severity, status, created_at)
			WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT ?2 || i || ?3, ?4, 'in_app', 'in_app', '', '', 'info', ?2, ?3 FROM n`,
			n, status, f.Clock.Now().Add(-age).UnixMilli(), f.Business.ID)
	}
	const limit = 90 * 24 * time.Hour
	add("sent", 1100, limit+time.Second)
	add("failed", 3, limit+time.Second)
	add("queued", 2, limit+time.Second)
	add("sent", 4, limit-time.Second)
	is.NoErr(f.PruneNotifications(ctx))
	is.Equal(f.Text(t, `SELECT group_concat(status || ' ' || n) FROM (SELECT status, count(*) AS n FROM deliveries GROUP BY status ORDER BY status)`),
		"queued 2,sent 4") // what is old and over is gone
}

func TestPruningStops(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	is.True(f.PruneNotifications(ctx) != nil) // with its context
}
