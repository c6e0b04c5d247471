package web

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
	"crk/views"
)

const rowsPerPage = 30

func feedPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w, q := c.UserContext(), who(c), readQuery(c)
		p := views.NotificationsPage{Only: q.one("only", "unread")}
		before := q.cursor()
		p.Older = before > 0
		var err error
		if p.Items, err = o.DB.Feed(ctx, w.Business.ID, w.User.ID, before, p.Only == "unread", rowsPerPage+1); err != nil {
			return err
		}
		if len(p.Items) > rowsPerPage {
			p.Items = p.Items[:rowsPerPage]
			p.Next = strconv.FormatInt(p.Items[rowsPerPage-1].Seq, 10)
		}
		if p.Unread, err = o.DB.UnreadCount(ctx, w.Business.ID, w.User.ID); err != nil {
			return err
		}
		if p.Prefer, err = o.DB.Preferences(ctx, w.Business.ID, w.User.ID); err != nil {
			return err
		}
		if p.Channels, err = o.channels(ctx, w.Business.ID); err != nil {
			return err
		}
		return o.show(c, views.AtNotifications, "place.notifications", func(f views.Frame) templ.Component {
			return views.Notifications(f, p)
		})
	}
}

// channels are those that have something to tell: the feed always does.
func (o Options) channels(ctx context.Context, business app.BusinessID) ([]views.ChannelCount, error) {
	statuses, err := o.DB.ChannelStatuses(ctx, business)
	if err != nil {
		return nil, err
	}
	var out []views.ChannelCount
	for _, channel := range app.Channels() {
		s := statuses[channel]
		if channel == app.ChannelInApp || s.Destinations+s.Sent24h+s.Failed24h > 0 {
			out = append(out, views.ChannelCount{Channel: channel, Sent: s.Sent24h, Failed: s.Failed24h})
		}
	}
	return out, nil
}

// markRead marks one notification. A script gets the feed back, to put it in.
func markRead(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if err := o.DB.MarkRead(c.UserContext(), w.Business.ID, w.User.ID, c.Params("id")); err != nil {
			return err
		}
		return goTo(c, "/notifications")
	}
}

func markAllRead(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if err := o.DB.MarkAllRead(c.UserContext(), w.Business.ID, w.User.ID); err != nil {
			return err
		}
		return goTo(c, "/notifications")
	}
}

// savePreferences keeps the reader's own wishes. A box that is not ticked is not
// sent.
func savePreferences(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w, on := who(c), func(name string) *bool {
			v := in.Get(name) == "true"
			return &v
		}
		least := app.Severity(in.Get("minSeverity"))
		patch := preferencesPatch{InAppEnabled: on("inAppEnabled"), Sound: on("sound"), Desktop: on("desktop"), MinSeverity: &least}
		if err := patch.Validate(); err != nil {
			return err
		}
		_, err = o.DB.SetPreferences(c.UserContext(), w.Business.ID, w.User.ID, patch.apply)
		return done(c, "/notifications", "saved", err)
	}
}

func deliveriesPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w, q := c.UserContext(), who(c), readQuery(c)
		f := store.DeliveryFilter{Before: q.text("cursor"), Limit: rowsPerPage + 1}
		p := views.DeliveriesPage{Failed: q.flag("failed")}
		if p.Failed {
			f.Status = app.DeliveryFailed
		}
		var err error
		if p.Items, err = o.DB.Deliveries(ctx, w.Business.ID, f); err != nil {
			return err
		}
		if len(p.Items) > rowsPerPage {
			p.Items = p.Items[:rowsPerPage]
			p.Next = p.Items[rowsPerPage-1].ID
		}
		if p.Places, p.Rules, err = o.names(ctx, w.Business.ID); err != nil {
			return err
		}
		if p.Unread, err = o.DB.UnreadCount(ctx, w.Business.ID, w.User.ID); err != nil {
			return err
		}
		return o.show(c, views.AtNotifications, "deliveries.tab", func(f views.Frame) templ.Component { return views.Deliveries(f, p) })
	}
}

// retryDelivery sends again what an automation failed to send.
func retryDelivery(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.DB.RetryDelivery(c.UserContext(), who(c).Business.ID, c.Params("id"))
		return done(c, "/notifications/deliveries", "requeued", err)
	}
}

const everything = 200 // more chats or rules than a business has

// names are what destinations and rules are called, by id.
func (o Options) names(ctx context.Context, business app.BusinessID) (places, rules map[string]string, err error) {
	places, rules = map[string]string{}, map[string]string{}
	chats, _, err := o.DB.Chats(ctx, business, everything, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, chat := range chats {
		places[chat.ID] = chat.Title
	}
	webhooks, err := o.DB.DiscordWebhooks(ctx, business)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range webhooks {
		places[w.ID] = w.Name
	}
	automations, _, err := o.DB.Automations(ctx, business, everything, 0)
	for _, a := range automations {
		rules[a.ID] = a.Name()
	}
	return places, rules, err
}
