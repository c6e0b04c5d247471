package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const (
	bulkPath       = "/calls/bulk"
	bulkAtOnce     = 200 // calls to which something is done while somebody waits
	maxCollections = 200 // offered to choose from
)

// A bulkForm is what somebody wants done to many calls: those that are named, or
// all that a filter finds.
type bulkForm struct {
	action  string
	ids     []string
	all     bool
	query   url.Values // of the list that it was sent from
	filter  app.RecordingFilter
	sure    bool
	target  string // a collection's id
	newName string // of a collection to be made
}

func readBulk(c *fiber.Ctx) (b bulkForm, err error) {
	in, err := formOf(c)
	if err != nil {
		return b, err
	}
	b = bulkForm{
		action: in.Get("action"), ids: in["id"], all: in.Get("all") != "", sure: in.Get("sure") != "",
		target: in.Get("collection"), newName: strings.TrimSpace(in.Get("newCollection")),
	}
	values, err := url.ParseQuery(in.Get("filter"))
	if err != nil {
		return b, &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "The filter cannot be read.", Err: err}
	}
	b.filter, b.query, _ = readCallFilter(&query{values: values}, who(c))
	if !b.all {
		b.filter.IDs = append([]string{}, b.ids[:min(len(b.ids), app.MaxBulk)]...)
	}
	return b, nil
}

// back is the list that the form was sent from.
func (b bulkForm) back() string {
	if q := b.query.Encode(); q != "" {
		return "/calls?" + q
	}
	return "/calls"
}

// doBulk does something to many calls: to a few at once, to more by a job whose
// progress it shows.
func doBulk(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b, err := readBulk(c)
		if err != nil {
			return err
		}
		w := who(c)
		if b.action == "export" {
			return o.sendCSV(c, b.chosen())
		}
		if err := w.needs(bulkScope(b.action)); err != nil {
			return err
		}
		ids, total, err := o.DB.MatchingIDs(c.UserContext(), w.Business.ID, b.chosen(), app.MaxBulk)
		if err != nil {
			return err
		}
		switch {
		case total == 0:
			flash(c, "noneselected", true)
			return goTo(c, b.back())
		case b.action == string(app.BulkDelete) && !b.sure:
			return o.confirmBulk(c, b, total)
		case b.action == string(app.BulkCollect):
			if b.target, err = o.bulkTarget(c.UserContext(), w, b); err != nil {
				return err
			}
			if b.target == "" {
				flash(c, "nocollection", true)
				return goTo(c, b.back())
			}
		}
		return o.runBulk(c, b, ids)
	}
}

// chosen is the filter of the calls that are meant.
func (b bulkForm) chosen() app.RecordingFilter {
	if b.all {
		return b.filter
	}
	return app.RecordingFilter{IDs: b.filter.IDs, OnlyAgents: b.filter.OnlyAgents}
}

func bulkScope(action string) app.Scope {
	if action == string(app.BulkCollect) {
		return app.ManageCollection
	}
	return app.ManageCallRecording
}

// bulkTarget is the collection that is chosen, or made by the name that was
// typed; empty where neither was.
func (o Options) bulkTarget(ctx context.Context, w caller, b bulkForm) (string, error) {
	if b.newName == "" {
		return b.target, nil
	}
	if err := (newCollection{Name: &b.newName}).Validate(); err != nil {
		return "", nil
	}
	made, err := o.DB.CreateCollection(ctx, app.Collection{BusinessID: w.Business.ID, Name: b.newName, Color: app.DefaultColor})
	return made.ID, err
}

func (o Options) runBulk(c *fiber.Ctx, b bulkForm, ids []string) error {
	w := who(c)
	run := app.BulkRun{BusinessID: w.Business.ID, UserID: w.User.ID, Action: app.BulkAction(b.action), Target: b.target}
	switch run.Action {
	case app.BulkCollect, app.BulkTranscribe, app.BulkAnalyse, app.BulkDelete:
	default:
		return &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "There is no such action."}
	}
	if len(ids) > bulkAtOnce || run.Action == app.BulkCollect && len(ids) > maxItems {
		run, err := o.DB.BeginBulk(c.UserContext(), run, w.only(), ids)
		if err != nil {
			return err
		}
		return goTo(c, bulkPath+"/"+run.ID+"?back="+url.QueryEscape(b.back()))
	}
	run, deleted, err := o.DB.DoBulk(c.UserContext(), run, w.only(), ids)
	if err != nil {
		return err
	}
	for _, id := range deleted {
		if err := o.Audio.Delete(id); err != nil { // swept at the next start
			o.Log.Error("delete audio", "recording", id, "err", err)
		}
	}
	switch {
	case run.Done == 0:
		flash(c, "conflict", true)
	case run.Skipped > 0:
		flash(c, "bulkpart", false)
	default:
		flash(c, bulkWord(run.Action), false)
	}
	return goTo(c, b.back())
}

// bulkWord is what is said after an action.
func bulkWord(a app.BulkAction) string {
	switch a {
	case app.BulkCollect:
		return "collected"
	case app.BulkDelete:
		return "deleted"
	}
	return "again"
}

// confirmBulk asks once more before calls are deleted, with their number.
func (o Options) confirmBulk(c *fiber.Ctx, b bulkForm, total int) error {
	p := views.BulkConfirm{Total: total, Most: app.MaxBulk, IDs: b.ids, All: b.all, Filter: b.query.Encode(), Back: b.back()}
	if b.all {
		p.IDs = nil
	}
	return o.show(c, views.AtCalls, "bulk.delete.title", func(f views.Frame) templ.Component { return views.ConfirmBulk(f, p) })
}

// bulkPage shows how far a bulk run is.
func bulkPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		run, err := o.DB.BulkRun(c.UserContext(), w.Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		if run.UserID != w.User.ID && !w.Scopes.Allow(app.ManageAll) {
			return app.Missing("bulk run")
		}
		p := views.BulkPage{Run: run, Back: nextPage(c.Query("back"))}
		if p.Back == "/" {
			p.Back = "/calls"
		}
		return o.show(c, views.AtCalls, "bulk.title", func(f views.Frame) templ.Component { return views.Bulk(f, p) })
	}
}
