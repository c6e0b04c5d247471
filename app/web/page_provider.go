package web

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/syncer"
	"crk/store"
	"crk/views"
)

const (
	shownDays = 30
	shownRuns = 8
	savedDays = 400 // in the file
)

// providerPages are the page of one phone integration and its buttons.
func providerPages(o Options) []pageRoute {
	at := providersPath + "/:id"
	return []pageRoute{
		{"GET", at + "/sync", app.ManageProviderConfig, providerPage(o)},
		{"GET", at + "/days.csv", app.ManageProviderConfig, exportDays(o)},
		{"POST", at + "/compare", app.ManageProviderConfig, compareDays(o)},
		{"POST", at + "/retry", app.ManageProviderConfig, retryAudio(o)},
		{"POST", at + "/backfill", app.ManageProviderConfig, goFurtherBack(o)},
		{"POST", at + "/backfill/pause", app.ManageProviderConfig, pauseBackfill(o, true)},
		{"POST", at + "/backfill/resume", app.ManageProviderConfig, pauseBackfill(o, false)},
		{"POST", at + "/backfill/nights", app.ManageProviderConfig, backfillByNight(o)},
	}
}

func providerPath(c *fiber.Ctx) string { return providersPath + "/" + c.Params("id") + "/sync" }

func providerPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showProvider(c, nil) }
}

// showProvider shows one phone integration, with the result of a test where one
// was made.
func (o Options) showProvider(c *fiber.Ctx, test *views.ProviderTest) error {
	b := who(c).Business
	p, err := o.DB.Provider(c.UserContext(), b.ID, c.Params("id"))
	if err != nil {
		return err
	}
	page := views.ProviderPage{
		ProviderCard: views.ProviderCard{Provider: p, Preview: syncer.Preview(p), Test: test, Warnings: o.Phones.Warnings(p.ID)},
		Rate:         o.Phones.Rate(p.ID), Comparing: o.Phones.Reconciling(p.ID),
	}
	if err := o.fillProvider(c, &page); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "Providers", func(f views.Frame) templ.Component { return views.Provider(f, page) })
}

// fillProvider reads what the page shows of an integration.
func (o Options) fillProvider(c *fiber.Ctx, p *views.ProviderPage) (err error) {
	ctx, b := c.UserContext(), who(c).Business
	if p.Health, err = o.DB.SyncHealth(ctx, b.ID, p.ID); err != nil {
		return err
	}
	fill, ok, err := o.DB.Backfill(ctx, b.ID, p.ID)
	if err != nil {
		return err
	}
	if ok {
		p.Backfill = &fill
	}
	now := o.DB.Now().In(b.Location())
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	if p.Today, err = o.DB.SyncToday(ctx, b.ID, p.ID, midnight); err != nil {
		return err
	}
	if p.Days, err = o.DB.SyncDays(ctx, b.ID, p.ID, shownDays); err != nil {
		return err
	}
	if p.Silent, err = o.DB.SilentLines(ctx, b.ID, p.ID); err != nil {
		return err
	}
	if p.Runs, _, err = o.DB.SyncRuns(ctx, b.ID, p.ID, "", shownRuns); err != nil {
		return err
	}
	if p.Failed, err = o.DB.WithoutAudio(ctx, b.ID, p.ID); err != nil {
		return err
	}
	p.Waiting, p.Total, err = o.callsOf(c, p.ID)
	return err
}

func compareDays(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.Phones.Reconcile(c.UserContext(), who(c).Business.ID, c.Params("id"))
		return done(c, providerPath(c), "comparing", err)
	}
}

// retryAudio has given up downloads tried anew.
func retryAudio(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		_, err := o.DB.RetryFailed(c.UserContext(), who(c).Business.ID, c.Params("id"))
		return done(c, providerPath(c), "requeued_audio", err)
	}
}

// goFurtherBack asks for calls of longer ago.
func goFurtherBack(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		day := c.FormValue("preset")
		if day == "" {
			day = c.FormValue("backfillFrom")
		}
		config, err := json.Marshal(map[string]string{"backfillFrom": day})
		if err != nil {
			return err
		}
		b, id := who(c).Business, c.Params("id")
		_, err = changeProvider(c.UserContext(), o, b, id, providerPatch{Config: config})
		if app.IsKind(err, app.Invalid) {
			flash(c, "baddate", true)
			return goTo(c, providerPath(c))
		}
		if err == nil {
			_, err = o.Phones.SyncNow(c.UserContext(), b.ID, id, store.CauseManual)
			if app.IsKind(err, app.Conflict) {
				err = nil // the run after it has it
			}
		}
		return done(c, providerPath(c), "goingback", err)
	}
}

func pauseBackfill(o Options, paused bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.Phones.PauseBackfill(c.UserContext(), who(c).Business.ID, c.Params("id"), store.BackfillPatch{Paused: &paused})
		word := "resumed"
		if paused {
			word = "paused"
		}
		return done(c, providerPath(c), word, err)
	}
}

// backfillByNight has old calls read and fetched out of business hours only.
func backfillByNight(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		nights := c.FormValue("nights") == "true"
		err := o.Phones.PauseBackfill(c.UserContext(), who(c).Business.ID, c.Params("id"), store.BackfillPatch{Nights: &nights})
		return done(c, providerPath(c), "saved", err)
	}
}

// exportDays sends the compared days of an integration as a file.
func exportDays(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b := who(c).Business
		p, err := o.DB.Provider(c.UserContext(), b.ID, c.Params("id"))
		if err != nil {
			return err
		}
		days, err := o.DB.SyncDays(c.UserContext(), b.ID, p.ID, savedDays)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="days.csv"`)
		c.Context().SetBodyStreamWriter(func(out *bufio.Writer) { writeDays(out, days, b) })
		return nil
	}
}

func writeDays(out io.Writer, days []app.SyncDay, b app.Business) {
	_, _ = io.WriteString(out, "\ufeff") // Excel reads UTF-8 only with it
	rows := csv.NewWriter(out)
	_ = rows.Write([]string{"day", "listed", "imported", "waiting", "skipped", "failed", "missing", "checkedAt"})
	for _, d := range days {
		row := []string{d.Day}
		for _, n := range []int{d.Listed, d.Imported, d.Waiting, d.Skipped, d.Failed, d.Missing} {
			row = append(row, strconv.Itoa(n))
		}
		if rows.Write(append(row, d.Checked.In(b.Location()).Format(time.RFC3339))) != nil {
			return // the reader has gone
		}
	}
	rows.Flush()
}
