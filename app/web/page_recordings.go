package web

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const callsPerPage = 20

// shortSearch is how long the page looks for a term of one or two characters,
// which the index does not hold, before it shows what it has and says so.
const shortSearch = 300 * time.Millisecond

// callFilter reads the filters of the list as they stand in its address. What
// cannot be read is left out: an address is not a form.
func callFilter(c *fiber.Ctx) (f app.RecordingFilter, kept url.Values, page int) {
	return readCallFilter(readQuery(c), who(c))
}

func readCallFilter(q *query, w caller) (f app.RecordingFilter, kept url.Values, page int) {
	loc := w.Business.Location()
	f = app.RecordingFilter{
		Direction:    app.Direction(q.one("direction", "in", "out", "internal", "unknown")),
		Source:       q.one("source", app.Sources()...),
		From:         q.instant("from", loc, false),
		To:           q.instant("to", loc, true),
		Tag:          q.one("tag", append(app.Tags(), "none")...),
		Sentiment:    q.one("sentiment", app.Sentiments()...),
		ScoreMin:     q.number("min"),
		ScoreMax:     q.number("max"),
		Status:       app.Status(q.one("status", statusNames()...)),
		CollectionID: q.text("collection"),
		SortBy:       q.one("sort", "callAt", "duration", "score"),
		Ascending:    q.one("dir", "asc", "desc") == "asc",
		OnlyAgents:   w.only(),
		Limit:        callsPerPage,
	}
	if agent := q.text("agent"); agent != "" {
		f.AgentKeys = []string{agent}
	}
	f.Search, f.Anywhere = typedWords(q.text("q"))
	page = q.whole("page", 1, 1_000_000, 1)
	f.Offset = (page - 1) * callsPerPage
	return f, keptQuery(q), page
}

// keptQuery is the query without what is empty or was not understood.
func keptQuery(q *query) url.Values {
	kept := url.Values{}
	for name, values := range q.values {
		if len(values) > 0 && values[0] != "" {
			kept.Set(name, values[0])
		}
	}
	for _, p := range q.problems {
		kept.Del(p.Name)
	}
	return kept
}

// typedWords tells a telephone number from words: a number is looked for in the
// form in which it is kept, however it was written.
func typedWords(q string) (number, words string) {
	q = strings.TrimSpace(q)
	digits := app.FoldPhone(q)
	if len(digits) < 4 || strings.Trim(digits, "+0123456789") != "" {
		return "", q
	}
	if rest, ok := strings.CutPrefix(digits, "0"); ok && len(digits) >= 9 {
		digits = rest // a Thai number is kept as +66 and the rest
	}
	return digits, ""
}

func callsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w := c.UserContext(), who(c)
		f, kept, page := callFilter(c)
		p := views.CallsPage{Query: kept, Words: f.Anywhere, Page: page, PageSize: callsPerPage, Audio: map[string]*app.AudioStats{}, Picks: true}
		var err error
		if p.Items, p.Total, p.Cut, err = o.DB.SearchRecordings(ctx, w.Business.ID, f, shortSearch); err != nil {
			return err
		}
		if last := (p.Total + callsPerPage - 1) / callsPerPage; p.Total > 0 && page > last {
			kept.Del("page")
			return goTo(c, "/calls?"+kept.Encode())
		}
		for _, r := range p.Items {
			if p.Audio[r.ID], err = o.DB.AudioStats(ctx, w.Business.ID, r.ID); err != nil {
				return err
			}
		}
		if err := o.aboutCalls(ctx, w, &p); err != nil {
			return err
		}
		return o.show(c, views.AtCalls, "calls.title", func(f views.Frame) templ.Component { return views.Calls(f, p) })
	}
}

// aboutCalls adds what does not depend on the filters: who takes calls and, where
// nothing is shown, whether there is nothing at all.
func (o Options) aboutCalls(ctx context.Context, w caller, p *views.CallsPage) error {
	agents, err := o.DB.Agents(ctx, app.RecordingFilter{OnlyAgents: w.only()}, w.Business.ID)
	if err != nil {
		return err
	}
	for _, a := range agents {
		p.Agents = append(p.Agents, views.Option{Value: a.Key, Label: views.AgentLabel(a.Number, cmp.Or(a.Display, a.Name))})
	}
	if p.Names, err = o.DB.AgentNames(ctx, w.Business.ID); err != nil {
		return err
	}
	if p.Collections, err = o.DB.CollectionNames(ctx, w.Business.ID, maxCollections); err != nil {
		return err
	}
	if p.Total > 0 {
		return nil
	}
	_, all, err := o.DB.Recordings(ctx, w.Business.ID, app.RecordingFilter{OnlyAgents: w.only(), Limit: 1})
	if err != nil {
		return err
	}
	p.None = all == 0
	_, providers, err := o.DB.Providers(ctx, w.Business.ID, 1, 0)
	p.HasProvider = providers > 0
	return err
}

// exportCalls gives the list with its filters as a file.
func exportCalls(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, _, _ := callFilter(c)
		return o.sendCSV(c, f)
	}
}
