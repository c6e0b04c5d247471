package web

import (
	"context"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const (
	pricesPath = usagePath + "/prices"
	costMonths = 12 // that the page of usage compares
)

func costPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", pricesPath, app.ManageAll, forOwners(pricesPage(o))},
		{"POST", pricesPath, app.ManageAll, forOwners(addPrice(o))},
	}
}

// forOwners keeps money from everybody else, admins too.
func forOwners(next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if who(c).Role != app.Owner {
			return &app.Error{Kind: app.Forbidden, Code: "insufficient_scope", Message: "Only owners see what things cost."}
		}
		return next(c)
	}
}

// costOf is what AI cost in a month and in those before it; nil for whoever is
// no owner.
func (o Options) costOf(ctx context.Context, w caller, month string) (*views.CostPart, error) {
	if w.Role != app.Owner {
		return nil, nil
	}
	lines, err := o.DB.Cost(ctx, w.Business.ID, month)
	if err != nil {
		return nil, err
	}
	last, err := time.Parse("2006-01", month)
	if err != nil {
		return nil, err
	}
	first := last.AddDate(0, 1-costMonths, 0).Format("2006-01")
	months, err := o.DB.MonthlyCost(ctx, w.Business.ID, first, month)
	return &views.CostPart{Lines: lines, Months: months}, err
}

// callCost is what a call cost; nil for whoever is no owner.
func (o Options) callCost(ctx context.Context, w caller, recording string) ([]app.CostLine, error) {
	if w.Role != app.Owner {
		return nil, nil
	}
	return o.DB.CallCost(ctx, w.Business.ID, recording)
}

func pricesPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showPrices(c, views.Form{}) }
}

// showPrices shows the models that work or worked for the business, each with
// its prices; form is what was typed for one of them and refused.
func (o Options) showPrices(c *fiber.Ctx, form views.Form) error {
	ctx, b := c.UserContext(), who(c).Business
	models, err := o.pricedModels(ctx, b.ID)
	if err != nil {
		return err
	}
	prices, err := o.DB.Prices(ctx, b.ID)
	if err != nil {
		return err
	}
	p := views.PricesPage{Now: o.DB.Now().In(b.Location()), Form: form}
	for _, m := range models {
		card := views.PriceCard{Model: m}
		for _, price := range prices {
			if price.Task == m.Task && price.Server == m.Server && price.Model == m.Model {
				card.Prices = append(card.Prices, price)
			}
		}
		p.Items = append(p.Items, card)
	}
	return o.show(c, views.AtUsage, "price.title", func(f views.Frame) templ.Component { return views.Prices(f, p) })
}

// pricedModels are the models in use, before those that were.
func (o Options) pricedModels(ctx context.Context, b app.BusinessID) ([]app.AIModel, error) {
	used, err := o.DB.AIModels(ctx, b)
	if err != nil {
		return nil, err
	}
	var all []app.AIModel
	for _, task := range app.AITasks() {
		s, err := o.AI.Of(ctx, b, task)
		if err != nil {
			return nil, err
		}
		if s.URL != "" {
			all = append(all, app.AIModel{Task: task, Server: app.CostServer(s.URL), Model: s.ModelName(task)})
		}
	}
	for _, m := range used {
		if !containsModel(all, m) {
			all = append(all, m)
		}
	}
	return all, nil
}

func containsModel(all []app.AIModel, m app.AIModel) bool {
	for _, other := range all {
		if other == m {
			return true
		}
	}
	return false
}

func addPrice(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		p, err := readPrice(in, w.Business)
		if err == nil {
			err = o.checkModel(c.UserContext(), p)
		}
		if err == nil {
			p.CreatedBy = w.User.ID
			_, err = o.DB.AddPrice(c.UserContext(), p)
		}
		if f, ok := refused(o.reader(c), "invalid.price", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showPrices(c, f)
		}
		return done(c, pricesPath, "saved", err)
	}
}

// checkModel refuses a price of something that the business does not use.
func (o Options) checkModel(ctx context.Context, p app.Price) error {
	models, err := o.pricedModels(ctx, p.BusinessID)
	if err == nil && !containsModel(models, app.AIModel{Task: p.Task, Server: p.Server, Model: p.Model}) {
		return fiber.ErrNotFound
	}
	return err
}

// readPrice reads the form of a price. Without a day it begins now.
func readPrice(in url.Values, b app.Business) (app.Price, error) {
	p := app.Price{
		BusinessID: b.ID, Task: app.AITask(in.Get("task")), Server: in.Get("server"), Model: in.Get("model"),
		Currency: strings.ToUpper(strings.TrimSpace(in.Get("currency"))),
	}
	var bad app.Problems
	for name, to := range map[string]*int64{"minute": &p.Minute, "input": &p.Input, "output": &p.Output} {
		v, ok := readMicros(in.Get(name))
		if *to = v; !ok {
			bad.Add(name, "Use an amount such as 0.25, with at most six decimals.")
		}
	}
	if day := strings.TrimSpace(in.Get("validFrom")); day != "" {
		from, err := time.ParseInLocation(time.DateOnly, day, b.Location())
		if p.ValidFrom = from; err != nil || from.Year() < 2000 || from.Year() > 2100 {
			bad.Add("validFrom", "Give a day, as 2026-11-30.")
		}
	}
	return p, together(bad.Err(), p.Validate())
}

// readMicros reads an amount in micro-units, exactly; an empty one is nothing.
func readMicros(text string) (int64, bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", "")
	if text == "" {
		return 0, true
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || len(text) > 20 || strings.Trim(text, "0123456789.-") != "" {
		return 0, false
	}
	r.Mul(r, big.NewRat(app.Micro, 1))
	if !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	return r.Num().Int64(), true
}
