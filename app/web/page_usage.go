package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const usagePath = "/usage"

func usagePages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", usagePath, app.ViewUsage, usagePage(o)},
		{"GET", usagePath + "/budget", app.ManageAll, budgetPage(o)},
		{"POST", usagePath + "/budget", app.ManageAll, saveBudget(o)},
	}
}

func usagePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showUsage(c, nil) }
}

// showUsage shows what the business used in a month, with a drawer where form
// is given.
func (o Options) showUsage(c *fiber.Ctx, form *views.Form) error {
	q, b := readQuery(c), who(c).Business
	month := q.month("month")
	if err := q.err(); err != nil {
		return err
	}
	u, err := o.DB.Usage(c.UserContext(), b, month)
	if err != nil {
		return err
	}
	p := views.UsagePage{Usage: u, Now: o.DB.Now().In(b.Location()), Form: form}
	if p.Days, err = o.DB.UsageByDay(c.UserContext(), b, u.Month); err != nil {
		return err
	}
	if p.Fired, err = o.DB.BudgetAlerts(c.UserContext(), b.ID, u.Month); err != nil {
		return err
	}
	if p.Cost, err = o.costOf(c.UserContext(), who(c), u.Month); err != nil {
		return err
	}
	return o.show(c, views.AtUsage, "place.usage", func(f views.Frame) templ.Component { return views.Usage(f, p) })
}

func budgetPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b, err := o.DB.Budget(c.UserContext(), who(c).Business.ID)
		if err != nil {
			return err
		}
		thresholds := strings.Join(mapped(b.Thresholds, strconv.Itoa), ", ")
		return o.showUsage(c, &views.Form{Values: url.Values{
			"limit": {strconv.FormatInt(b.Limit, 10)}, "thresholds": {thresholds}, "onLimit": {b.OnLimit},
		}})
	}
}

func saveBudget(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		b, err := readBudget(in)
		if err == nil {
			err = o.DB.SetBudget(c.UserContext(), who(c).Business.ID, b)
		}
		if f, ok := refused(o.reader(c), "invalid.budget", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showUsage(c, &f)
		}
		return done(c, usagePath, "saved", err)
	}
}

// readBudget reads the form of a budget. Thresholds may come in any order, with
// or without their percent signs.
func readBudget(in url.Values) (app.Budget, error) {
	b := app.Budget{OnLimit: in.Get("onLimit"), Thresholds: []int{}}
	var bad app.Problems
	var err error
	if b.Limit, err = strconv.ParseInt(cmp.Or(strings.TrimSpace(in.Get("limit")), "0"), 10, 64); err != nil {
		bad.Add("limit", "Use a whole number of minutes.")
	}
	for part := range strings.FieldsFuncSeq(in.Get("thresholds"), func(r rune) bool { return strings.ContainsRune(" ,;%\t", r) }) {
		n, err := strconv.Atoi(part)
		if err != nil {
			bad.Add("thresholds", "Use whole numbers.")
			break
		}
		b.Thresholds = append(b.Thresholds, n)
	}
	slices.Sort(b.Thresholds)
	return b, together(bad.Err(), b.Validate())
}
