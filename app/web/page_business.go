package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const businessPath = "/settings/business"

func businessPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", businessPath, app.ManageAll, businessPage(o)},
		{"POST", businessPath, app.ManageAll, saveBusiness(o)},
		{"POST", businessPath + "/new", anybody, addBusiness(o)},
	}
}

func businessPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b := who(c).Business
		v := url.Values{
			"business": {b.Name}, "timeZone": {b.TimeZone}, "language": {b.Language}, "from": {b.Hours.From}, "until": {b.Hours.Until},
			"days": mapped(b.Hours.Days, strconv.Itoa),
		}
		return o.showBusiness(c, views.BusinessPage{Form: views.Form{Values: v}})
	}
}

func (o Options) showBusiness(c *fiber.Ctx, p views.BusinessPage) error {
	return o.show(c, views.AtSettings, "business.title", func(f views.Frame) templ.Component { return views.Business(f, p) })
}

func saveBusiness(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		b, err := readBusiness(in)
		if err == nil {
			b.ID = who(c).Business.ID
			_, err = o.DB.UpdateBusiness(c.UserContext(), b)
		}
		if f, ok := refused(o.reader(c), "invalid.setup", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showBusiness(c, views.BusinessPage{Form: f})
		}
		return done(c, businessPath, "saved", err)
	}
}

// readBusiness reads a business's own settings, and what is wrong with them.
func readBusiness(in url.Values) (app.Business, error) {
	b, bad := readBusinessName(in)
	b.Hours = app.Window{Days: []int{}, From: in.Get("from"), Until: in.Get("until")}
	for _, d := range in["days"] {
		n, err := strconv.Atoi(d)
		if err != nil || n < 1 || n > 7 || slices.Contains(b.Hours.Days, n) {
			bad.Add("days", "Choose days.")
			continue
		}
		b.Hours.Days = append(b.Hours.Days, n)
	}
	slices.Sort(b.Hours.Days)
	if len(b.Hours.Days) == 0 {
		bad.Add("days", "Choose a day at least.")
	}
	for _, name := range []string{"from", "until"} {
		if _, err := time.Parse("15:04", in.Get(name)); err != nil {
			bad.Add(name, "Use a time such as 08:00.")
		}
	}
	return b, bad.Err()
}

// readBusinessName reads what every business has from the first.
func readBusinessName(in url.Values) (app.Business, app.Problems) {
	b := app.Business{Name: strings.TrimSpace(in.Get("business")), TimeZone: in.Get("timeZone"), Language: in.Get("language")}
	var bad app.Problems
	if n := utf8.RuneCountInString(b.Name); n < 1 || n > longestBusinessName {
		bad.Add("business", "Use 1 to %d characters.", longestBusinessName)
	}
	if _, err := time.LoadLocation(b.TimeZone); err != nil || b.TimeZone == "" || b.TimeZone == "Local" {
		bad.Add("timeZone", "This is no time zone.")
	}
	if !views.Language(b.Language).Valid() {
		bad.Add("language", "Choose a language.")
	}
	return b, bad
}

// addBusiness makes another business on this appliance, which its administrator
// then owns and is shown.
func addBusiness(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if !w.User.Admin {
			return &app.Error{Kind: app.Forbidden, Code: "forbidden", Message: "Only the administrator of this appliance adds businesses."}
		}
		in, err := formOf(c)
		if err != nil {
			return err
		}
		in.Set("timeZone", w.Business.TimeZone)
		in.Set("language", w.Business.Language)
		b, bad := readBusinessName(in)
		if err = bad.Err(); err == nil {
			b, err = o.DB.CreateBusiness(c.UserContext(), b, w.User.ID)
		}
		if f, ok := refused(o.reader(c), "invalid.setup", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			f.Name = "new-"
			return o.showBusiness(c, views.BusinessPage{New: f})
		}
		if err == nil {
			err = o.DB.SetSessionBusiness(c.UserContext(), *w.Session, b.ID)
		}
		return done(c, "/", "business_added", err)
	}
}
