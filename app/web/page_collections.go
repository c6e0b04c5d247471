package web

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
	"crk/views"
)

const collectionsPath = "/collections"

func collectionPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", collectionsPath, app.ViewRecordingSelf, collectionsPage(o)},
		{"POST", collectionsPath, app.ManageCollection, saveCollection(o)},
		{"GET", collectionsPath + "/new", app.ManageCollection, newCollectionPage(o)},
		{"GET", collectionsPath + "/:id", app.ViewRecordingSelf, collectionPage(o)},
		{"POST", collectionsPath + "/:id", app.ManageCollection, saveCollection(o)},
		{"GET", collectionsPath + "/:id/edit", app.ManageCollection, editCollectionPage(o)},
		{"GET", collectionsPath + "/:id/export.csv", app.ViewRecordingSelf, exportCollection(o)},
		{"POST", collectionsPath + "/:id/delete", app.ManageCollection, dropCollection(o)},
		{"POST", collectionsPath + "/:id/remove", app.ManageCollection, takeItemsOut(o)},
	}
}

func collectionsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showCollections(c, nil) }
}

// showCollections shows the list, with a drawer where form is given.
func (o Options) showCollections(c *fiber.Ctx, form *views.Form) error {
	w := who(c)
	page := max(1, readQuery(c).whole("page", 1, 1_000_000, 1))
	p := views.CollectionsPage{Page: page, PageSize: maxCollections, Form: form}
	var err error
	p.Items, p.Total, err = o.DB.Collections(c.UserContext(), w.Business.ID, w.only(), maxCollections, (page-1)*maxCollections)
	if err != nil {
		return err
	}
	return o.show(c, views.AtCollections, "place.collections", func(f views.Frame) templ.Component { return views.Collections(f, p) })
}

func newCollectionPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return o.showCollections(c, &views.Form{Values: url.Values{"color": {app.DefaultColor}}})
	}
}

func editCollectionPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		k, err := o.DB.Collection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		return o.showCollection(c, &views.Form{Values: url.Values{"name": {k.Name}, "description": {k.Description}, "color": {k.Color}}})
	}
}

// saveCollection makes a collection, or changes the one that the address names.
func saveCollection(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		id, b := c.Params("id"), who(c).Business.ID
		name, description, color := strings.TrimSpace(in.Get("name")), strings.TrimSpace(in.Get("description")), in.Get("color")
		made := app.Collection{ID: id, BusinessID: b, Name: name, Description: description, Color: color}
		if err = (newCollection{&name, &description, &color}).Validate(); err == nil {
			if id == "" {
				made, err = o.DB.CreateCollection(c.UserContext(), made)
			} else {
				_, err = o.DB.PatchCollection(c.UserContext(), b, who(c).only(), id, store.CollectionPatch{Name: &name, Description: &description, Color: &color})
			}
		}
		if f, ok := refused(o.reader(c), "invalid.collection", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			if id == "" {
				return o.showCollections(c, &f)
			}
			return o.showCollection(c, &f)
		}
		return done(c, collectionsPath+"/"+made.ID, "saved", err)
	}
}

func collectionPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showCollection(c, nil) }
}

// showCollection shows what is in a collection, with a drawer where form is given.
func (o Options) showCollection(c *fiber.Ctx, form *views.Form) error {
	ctx, w := c.UserContext(), who(c)
	k, err := o.DB.Collection(ctx, w.Business.ID, w.only(), c.Params("id"))
	if err != nil {
		return err
	}
	f, kept, page := callFilter(c)
	f.CollectionID = k.ID
	list := views.CallsPage{
		Base: collectionsPath + "/" + k.ID, Query: kept, Words: f.Anywhere, Page: page, PageSize: callsPerPage, Audio: map[string]*app.AudioStats{}, Picks: true,
	}
	if list.Items, list.Total, err = o.DB.Recordings(ctx, w.Business.ID, f); err != nil {
		return err
	}
	if last := (list.Total + callsPerPage - 1) / callsPerPage; list.Total > 0 && page > last {
		return goTo(c, list.Base)
	}
	for _, r := range list.Items {
		if list.Audio[r.ID], err = o.DB.AudioStats(ctx, w.Business.ID, r.ID); err != nil {
			return err
		}
	}
	if list.Names, err = o.DB.AgentNames(ctx, w.Business.ID); err != nil {
		return err
	}
	p := views.CollectionPage{Collection: k, Calls: list, Form: form}
	return o.show(c, views.AtCollections, k.Name, func(f views.Frame) templ.Component { return views.Collection(f, p) })
}

func exportCollection(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		k, err := o.DB.Collection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		return o.sendCSV(c, app.RecordingFilter{CollectionID: k.ID, OnlyAgents: w.only()})
	}
}

func dropCollection(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return done(c, collectionsPath, "deleted", o.DB.DeleteCollection(c.UserContext(), who(c).Business.ID, c.Params("id")))
	}
}

// takeItemsOut takes the chosen calls out of a collection; the calls stay.
func takeItemsOut(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w, ids := who(c), in["id"]
		err = o.DB.RemoveFromCollection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), ids[:min(len(ids), maxItems)])
		return done(c, collectionsPath+"/"+url.PathEscape(c.Params("id")), "takenout", err)
	}
}

// putIntoCollection puts the call of the page into a collection, or into a new
// one.
func putIntoCollection(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		target, err := o.bulkTarget(c.UserContext(), w, bulkForm{target: in.Get("collection"), newName: strings.TrimSpace(in.Get("newCollection"))})
		if err != nil {
			return err
		}
		if target == "" {
			flash(c, "nocollection", true)
			return goTo(c, callPath(c))
		}
		_, _, err = o.DB.AddToCollection(c.UserContext(), w.Business.ID, w.only(), target, []string{c.Params("id")})
		return done(c, callPath(c), "collected", err)
	}
}

func takeOutOfCollection(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		err = o.DB.RemoveFromCollection(c.UserContext(), w.Business.ID, w.only(), in.Get("collection"), []string{c.Params("id")})
		return done(c, callPath(c), "takenout", err)
	}
}
