package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"crk/views"
)

// guidePage shows a page of the product's own documentation. It needs no
// session: who sets the appliance up has none yet.
func guidePage(o Options) fiber.Handler {
	guides, err := views.Guides()
	return func(c *fiber.Ctx) error {
		if err != nil {
			return err
		}
		ctx := o.reader(c)
		all := guides[views.LanguageOf(ctx)]
		i := slices.IndexFunc(all, func(g views.Guide) bool { return g.Name == c.Params("name") })
		if i < 0 {
			return fiber.ErrNotFound
		}
		p := views.GuidePage{Door: o.door(c, ctx, all[i].Title), Guide: all[i], Guides: all}
		return render(c, ctx, views.GuideText(p))
	}
}
