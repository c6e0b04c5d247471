package views

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crk/app"
)

// CostPart is what AI cost, on the page of usage. It is for owners only.
type CostPart struct {
	Lines  []app.CostLine  // of the month, by model
	Months []app.MonthCost // the month and those before it, newest first
}

// PricesPage is what AI servers are paid. It is for owners only.
type PricesPage struct {
	Items []PriceCard
	Now   time.Time // in the business's time zone
	Form  Form      // what was typed for one of them and refused
}

// A PriceCard is a model with its prices, newest first.
type PriceCard struct {
	Model  app.AIModel
	Prices []app.Price
}

// Money is an amount with its currency: to the hundredth, and smaller amounts
// with as many digits as tell something.
func Money(micros int64, currency string) string {
	digits := 2
	if abs := max(micros, -micros); abs > 0 && abs < app.Micro {
		digits = 4
		if abs < 100 {
			digits = 6
		}
	}
	whole := fmt.Sprintf("%.*f", digits, float64(micros)/app.Micro)
	if dot := strings.IndexByte(whole, '.'); dot > 3 {
		for i := dot - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	return strings.TrimSpace(whole + " " + currency)
}

// exactly is an amount without idle zeros, as it was typed.
func exactly(micros int64) string {
	s := fmt.Sprintf("%d.%06d", micros/app.Micro, micros%app.Micro)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// totals are the sums of lines in each currency, as text.
func totals(lines []app.CostLine) []string {
	sums := map[string]int64{}
	var order []string
	for _, l := range lines {
		if !l.Priced() {
			continue
		}
		if _, known := sums[l.Currency]; !known {
			order = append(order, l.Currency)
		}
		sums[l.Currency] += l.Cost
	}
	slices.Sort(order)
	var out []string
	for _, currency := range order {
		out = append(out, Money(sums[currency], currency))
	}
	return out
}

// unpriced reports whether something was used that has no price.
func unpriced(lines []app.CostLine) bool {
	return slices.ContainsFunc(lines, func(l app.CostLine) bool { return !l.Priced() })
}

// unitsUsed is what a line counts: minutes of sound, or tokens.
func unitsUsed(ctx context.Context, l app.CostLine) string {
	if l.Task == app.TaskTranscription {
		return T(ctx, "cost.minutes", "Minutes", Figure(float64(l.AudioMs)/60000))
	}
	text := T(ctx, "cost.tokens", "Input", Number(ctx, int(l.Input)), "Output", Number(ctx, int(l.Output)))
	if l.Estimated {
		text += " " + T(ctx, "cost.estimated")
	}
	return text
}

// costText is what a line cost.
func costText(ctx context.Context, l app.CostLine) string {
	if !l.Priced() {
		return T(ctx, "cost.noprice")
	}
	return Money(l.Cost, l.Currency)
}

// priceText is a price in words.
func priceText(ctx context.Context, p app.Price) string {
	if p.Task == app.TaskTranscription {
		return T(ctx, "price.perminute", "Amount", exactly(p.Minute)+" "+p.Currency)
	}
	return T(ctx, "price.pertokens", "Input", exactly(p.Input)+" "+p.Currency, "Output", exactly(p.Output)+" "+p.Currency)
}

// monthText is a month of a list of months, as 2026-11.
func monthText(ctx context.Context, month string) string {
	t, err := time.Parse(monthLayout, month)
	if err != nil {
		return month
	}
	return monthName(ctx, t)
}

// form is the form of one card: what was typed if it was for this one.
func (p PricesPage) form(i int) Form {
	c := p.Items[i]
	m := c.Model
	f := Form{Values: map[string][]string{"currency": {app.DefaultCurrency}}}
	switch {
	case p.Form.Value("task") == string(m.Task) && p.Form.Value("server") == m.Server && p.Form.Value("model") == m.Model:
		f = p.Form
	case len(c.Prices) > 0:
		f.Values["currency"] = []string{c.Prices[0].Currency}
	default:
		f.Values["validFrom"] = []string{p.Now.Format("2006-01") + "-01"}
	}
	f.Name = fmt.Sprintf("price%d-", i)
	return f
}

// inUse reports whether the i-th price, newest first, is the one that counts now.
func (c PriceCard) inUse(i int, now time.Time) bool {
	return i == slices.IndexFunc(c.Prices, func(p app.Price) bool { return !p.ValidFrom.After(now) })
}

// fromHint says from when a new price of the model may count.
func fromHint(ctx context.Context, c PriceCard) string {
	if len(c.Prices) == 0 {
		return T(ctx, "price.from.first")
	}
	return T(ctx, "price.from.next")
}
