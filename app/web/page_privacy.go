package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
	"crk/views"
)

const (
	privacyPath   = "/settings/privacy"
	receiptsShown = 50
	personCalls   = 100 // of a telephone number, that the page lists
)

func privacyPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", privacyPath, app.ManageAll, privacyPage(o)},
		{"POST", privacyPath, app.ManageAll, savePrivacy(o)},
		{"POST", privacyPath + "/person", app.ManageAll, numberPage(o)},
		{"POST", privacyPath + "/person/export", app.ManageAll, exportPerson(o)},
		{"POST", privacyPath + "/person/erase", app.ManageAll, erasePerson(o)},
		{"GET", privacyPath + "/receipts/:id", app.ManageAll, receiptPage(o)},
		{"GET", privacyPath + "/access", app.ManageAll, accessPage(o)},
		{"GET", privacyPath + "/access/export.csv", app.ManageAll, exportAccess(o)},
	}
}

func privacyPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showPrivacy(c, views.PrivacyPage{}) }
}

// showPrivacy shows how long what is kept; what was just typed is in p.
func (o Options) showPrivacy(c *fiber.Ctx, p views.PrivacyPage) error {
	ctx, w := c.UserContext(), who(c)
	kept, err := o.DB.Privacy(ctx, w.Business.ID)
	if err != nil {
		return err
	}
	if p.Form.Values == nil {
		p.Form.Values = url.Values{
			"audioDays": {strconv.Itoa(kept.AudioDays)}, "textDays": {strconv.Itoa(kept.TextDays)}, "logDays": {strconv.Itoa(kept.LogDays)},
		}
	}
	if p.Receipts, err = o.DB.Erasures(ctx, w.Business.ID, "", receiptsShown); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "privacy.title", func(f views.Frame) templ.Component { return views.Privacy(f, p) })
}

// savePrivacy changes how long what is kept. What would be removed by that is
// shown first, and asked about.
func savePrivacy(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		ctx, b := c.UserContext(), who(c).Business.ID
		p, err := readPrivacy(in)
		if f, ok := refused(o.reader(c), "invalid.privacy", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showPrivacy(c, views.PrivacyPage{Form: f})
		}
		if err != nil {
			return err
		}
		due, err := o.DB.Due(ctx, b, p)
		if err != nil {
			return err
		}
		// Other days than those that were asked about are asked about again.
		if sure := fmt.Sprintf("%d/%d/%d", p.AudioDays, p.TextDays, p.LogDays); due.Any() && in.Get("sure") != sure {
			return o.showPrivacy(c, views.PrivacyPage{Form: views.Form{Values: in}, Due: &due, Sure: sure})
		}
		return done(c, privacyPath, "saved", o.DB.SetPrivacy(ctx, b, p))
	}
}

func readPrivacy(in url.Values) (p app.Privacy, err error) {
	var bad app.Problems
	days := func(name string) int {
		v := strings.TrimSpace(in.Get(name))
		if v == "" {
			return 0
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			bad.Add(name, "This is not a whole number.")
		}
		return n
	}
	p = app.Privacy{AudioDays: days("audioDays"), TextDays: days("textDays"), LogDays: days("logDays")}
	return p, together(bad.Err(), p.Validate())
}

// numberPage shows what is kept about a telephone number. The number comes in a
// form, not in the address, so that it stands in nobody's history or log.
func numberPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		ctx, w, typed := c.UserContext(), who(c), strings.TrimSpace(in.Get("phone"))
		phone := store.NormalizePhone(typed)
		if !strings.ContainsAny(phone, "0123456789") {
			return o.noNumber(c, typed)
		}
		p := views.PersonPage{Typed: typed, Phone: phone}
		if p.Calls, p.Total, err = o.DB.Recordings(ctx, w.Business.ID, app.RecordingFilter{Normalized: phone, Limit: personCalls}); err != nil {
			return err
		}
		if p.Mentions, p.MentionTotal, err = o.DB.Mentions(ctx, w.Business.ID, phone, personCalls); err != nil {
			return err
		}
		if p.Receipts, err = o.DB.Erasures(ctx, w.Business.ID, phone, receiptsShown); err != nil {
			return err
		}
		return o.show(c, views.AtSettings, "privacy.person.title", func(f views.Frame) templ.Component { return views.Person(f, p) })
	}
}

func (o Options) noNumber(c *fiber.Ctx, typed string) error {
	c.Status(fiber.StatusUnprocessableEntity)
	return o.showPrivacy(c, views.PrivacyPage{Find: views.Form{
		Name: "find-", Values: url.Values{"phone": {typed}}, Errors: map[string]string{"phone": views.T(o.reader(c), "privacy.phone.bad")},
	}})
}

// erasePerson orders the removal of everything about a telephone number.
func erasePerson(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		e, err := o.DB.BeginErasure(c.UserContext(), w.Business.ID, w.User, in.Get("phone"))
		if app.IsKind(err, app.Invalid) {
			return o.noNumber(c, in.Get("phone"))
		}
		return done(c, privacyPath+"/receipts/"+e.ID, "erasing", err)
	}
}

func receiptPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		e, err := o.DB.Erasure(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		return o.show(c, views.AtSettings, "receipt.title", func(f views.Frame) templ.Component { return views.Receipt(f, e) })
	}
}
