package web

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/syncer"
	"crk/store"
)

// A providerItem is a phone integration as lists show it.
type providerItem struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Name       string   `json:"name"`
	IsActive   bool     `json:"isActive"`
	IsDefault  bool     `json:"isDefault"`
	Preview    string   `json:"preview"` // "apiuser @ pbx.example.com"
	Error      *string  `json:"error"`   // what is wrong now
	LastSync   *runView `json:"lastSync"`
	NextSyncAt *string  `json:"nextSyncAt"`
	CreatedAt  *string  `json:"createdAt"`
}

// A providerView is a phone integration with its settings but for the secret.
type providerView struct {
	providerItem
	Config map[string]any `json:"config"`
}

// A runView is a sync as the API shows it.
type runView struct {
	ID         string  `json:"id"`
	StartedAt  *string `json:"startedAt"`
	FinishedAt *string `json:"finishedAt"`
	Status     string  `json:"status"`
	Found      int     `json:"found"`
	Imported   int     `json:"imported"`
	Skipped    int     `json:"skipped"`
	Failed     int     `json:"failed"`
	Error      *string `json:"error"`
}

func showProviderItem(p app.Provider) providerItem {
	v := providerItem{
		ID: p.ID, Kind: p.Kind, Name: p.Name, IsActive: p.Active, IsDefault: p.Default, Preview: syncer.Preview(p),
		Error:      orNil(p.Trouble()),
		NextSyncAt: timeText(p.NextSyncAt), CreatedAt: timeText(p.CreatedAt),
	}
	if p.LastSync != nil {
		run := showRun(*p.LastSync)
		v.LastSync = &run
	}
	return v
}

func showProvider(p app.Provider, b app.Business) providerView {
	config := map[string]any{}
	_ = json.Unmarshal(p.Config, &config) // our own JSON
	config["syncIntervalMinutes"] = int(p.Interval.Minutes())
	if p.Agent != "" {
		config["agentChannel"] = p.Agent
	}
	config["backfillFrom"] = p.Backfill.In(b.Location()).Format("2006-01-02")
	return providerView{showProviderItem(p), config}
}

func showRun(r app.SyncRun) runView {
	return runView{
		ID: r.ID, StartedAt: timeText(r.StartedAt), FinishedAt: timeText(r.FinishedAt), Status: r.Status,
		Found: r.Found, Imported: r.Imported, Skipped: r.Skipped, Failed: r.Failed, Error: orNil(r.Error),
	}
}

func listProviders(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		limit, offset := q.page(200)
		if err := q.err(); err != nil {
			return err
		}
		items, total, err := db.Providers(c.UserContext(), who(c).Business.ID, limit, offset)
		if err != nil {
			return err
		}
		return c.JSON(list[providerItem]{mapped(items, showProviderItem), total, limit, offset})
	}
}

func createProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		var in newProvider
		if err := unmarshal(c.Body(), &in); err != nil {
			return err
		}
		b := who(c).Business
		p, err := addProvider(c.UserContext(), o, b, in)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusCreated).JSON(showProvider(p, b))
	}
}

func getProvider(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b := who(c).Business
		p, err := db.Provider(c.UserContext(), b.ID, c.Params("id"))
		if err != nil {
			return err
		}
		return c.JSON(showProvider(p, b))
	}
}

func patchProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		var in providerPatch
		if err := unmarshal(c.Body(), &in); err != nil {
			return err
		}
		b := who(c).Business
		p, err := changeProvider(c.UserContext(), o, b, c.Params("id"), in)
		if err != nil {
			return err
		}
		return c.JSON(showProvider(p, b))
	}
}

func deleteProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id := c.Params("id")
		if err := o.DB.DeleteProvider(c.UserContext(), who(c).Business.ID, id); err != nil {
			return err
		}
		o.Phones.Forget(id)
		return c.SendStatus(fiber.StatusNoContent)
	}
}

func setDefaultProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b, id := who(c).Business, c.Params("id")
		p, err := chooseProvider(c.UserContext(), o, b, id)
		if err != nil {
			return err
		}
		return c.JSON(showProvider(p, b))
	}
}

func syncProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		run, err := o.Phones.SyncNow(c.UserContext(), who(c).Business.ID, c.Params("id"), store.CauseManual)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusAccepted).JSON(fiber.Map{"runId": run})
	}
}

func listRuns(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		limit, cursor := q.whole("limit", 1, 200, 20), q.text("cursor")
		if err := q.err(); err != nil {
			return err
		}
		runs, next, err := db.SyncRuns(c.UserContext(), who(c).Business.ID, c.Params("id"), cursor, limit)
		if err != nil {
			return err
		}
		return c.JSON(cursorList[runView]{mapped(runs, showRun), orNil(next)})
	}
}

// testConfig tries settings that are not stored.
func testConfig(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[providerTrial](c)
		if err != nil {
			return err
		}
		s, err := readSettings(c.UserContext(), o, who(c).Business, in.Kind, in.Config, in.Config, "")
		if err != nil {
			return err
		}
		result, err := tryPhone(c.UserContext(), o, in.Kind, s.Settings)
		if err != nil {
			return err
		}
		return c.JSON(result)
	}
}

// testProvider tries what is stored.
func testProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := o.DB.Provider(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		result, err := tryStored(c.UserContext(), o, p)
		if err != nil {
			return err
		}
		return c.JSON(result)
	}
}
