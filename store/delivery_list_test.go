package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// TestDeliveriesPageOverBothTables reads, in pages of every size, what was sent
// by hand into the feed and elsewhere.
func TestDeliveriesPageOverBothTables(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	var want []string // newest first
	for i, channel := range strings.Split("in_app telegram in_app in_app discord in_app telegram", " ") {
		d := app.Delivery{BusinessID: f.Business.ID, Channel: channel, Destination: channel, Title: "x", Severity: app.Info}
		var id string
		var err error
		if channel == app.ChannelInApp {
			id, err = f.AddInApp(t.Context(), d)
		} else {
			id, err = f.AddDelivery(t.Context(), d, store.Outcome{})
		}
		is.NoErr(err)
		want = append([]string{id}, want...)
		if i%2 == 1 { // some in the same millisecond, some not
			f.Clock.Advance(time.Second)
		}
	}
	is.NoErr(f.AddFeedOnce(t.Context(), app.FeedItem{BusinessID: f.Business.ID, Title: "said", Severity: app.Info}, "")) // no delivery
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		before := ""
		for range len(want) + 1 {
			page, err := f.Deliveries(t.Context(), f.Business.ID, store.DeliveryFilter{Before: before, Limit: limit})
			is.NoErr(err)
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				got = append(got, d.ID)
				before = d.ID
			}
		}
		is.Equal(got, want) // each once, in order, whatever the size of a page
	}
	for _, tt := range []struct {
		name   string
		filter store.DeliveryFilter
		want   int
	}{
		{"the feed", store.DeliveryFilter{Channel: app.ChannelInApp}, 4},
		{"sent", store.DeliveryFilter{Status: app.DeliverySent}, 7},
		{"failed", store.DeliveryFilter{Status: app.DeliveryFailed}, 0},
		{"another channel", store.DeliveryFilter{Channel: app.ChannelDiscord}, 1},
		{"of a rule", store.DeliveryFilter{AutomationID: "r"}, 0},
	} {
		tt.filter.Limit = 100
		list, err := f.Deliveries(t.Context(), f.Business.ID, tt.filter)
		is.NoErr(err)
		is.Equal(len(list), tt.want) // as many as the filter lets through
	}
	d, err := f.Delivery(t.Context(), f.Business.ID, want[1])
	is.NoErr(err)
	is.Equal(d.Channel+" "+d.Status, "in_app sent") // found by its id too
	other, _ := f.OtherBusiness(t)
	_, err = f.Delivery(t.Context(), other.ID, want[1])
	is.True(app.IsKind(err, app.NotFound)) // but by its own business alone
}
