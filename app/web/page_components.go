package web

import (
	"net/url"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// fewRows is how many rows the page of components shows of a list.
const fewRows = 4

// componentPages show the parts that pages are made of. They are in the
// demonstration alone: a real appliance has no such address.
func componentPages(o Options) []pageRoute {
	if !o.Simulated {
		return nil
	}
	return []pageRoute{{"GET", "/components", app.ManageAll, componentsPage(o)}}
}

func componentsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w := c.UserContext(), who(c)
		p := views.ComponentsPage{Drawer: readQuery(c).one("drawer", "1") != ""}
		p.Calls = views.CallsPage{Query: url.Values{"sentiment": {"positive"}}, Page: 1, PageSize: fewRows, Audio: map[string]*app.AudioStats{}}
		var err error
		if p.Calls.Items, p.Calls.Total, err = o.DB.Recordings(ctx, w.Business.ID, app.RecordingFilter{Sentiment: "positive", Limit: fewRows}); err != nil {
			return err
		}
		for _, r := range p.Calls.Items {
			if p.Calls.Audio[r.ID], err = o.DB.AudioStats(ctx, w.Business.ID, r.ID); err != nil {
				return err
			}
		}
		if err := o.aboutCalls(ctx, w, &p.Calls); err != nil {
			return err
		}
		if p.Home.Overview, err = o.DB.Overview(ctx, w.Business, nil, app.PeriodMonth); err != nil {
			return err
		}
		p.Home.Now = o.DB.Now().In(w.Business.Location())
		if p.Feed, err = o.DB.Feed(ctx, w.Business.ID, w.User.ID, 0, false, fewRows); err != nil {
			return err
		}
		return o.show(c, "", "components.title", func(f views.Frame) templ.Component { return views.Components(f, p) })
	}
}
