package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
	"crk/store"
)

// An automationItem is an automation as lists show it.
type automationItem struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Enabled   bool    `json:"enabled"`
	Advanced  bool    `json:"advanced"` // it is more than a simple rule can say
	Sent      int64   `json:"sent"`
	Failed    int64   `json:"failed"`
	LastRunAt *string `json:"lastRunAt"`
	CreatedAt *string `json:"createdAt"`
	UpdatedAt *string `json:"updatedAt"`
}

// An automationView is an automation with its rule, null where it is advanced.
type automationView struct {
	automationItem
	Rule *app.Rule `json:"rule"`
}

func showAutomation(a app.Automation) automationView {
	v := automationView{automationItem: automationItem{
		ID: a.ID, Name: a.Name(), Enabled: a.Enabled, Advanced: true, Sent: a.Sent, Failed: a.Failed,
		LastRunAt: timeText(a.LastRunAt), CreatedAt: timeText(a.CreatedAt), UpdatedAt: timeText(a.UpdatedAt),
	}}
	if rule, simple := automation.Project(a.Graph); simple {
		v.Advanced, v.Rule = false, &rule
	}
	return v
}

func showAutomationItem(a app.Automation) automationItem { return showAutomation(a).automationItem }

// listAutomations shows a page of the business's automations, newest first.
func listAutomations(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		limit, offset := q.page(200)
		if err := q.err(); err != nil {
			return err
		}
		items, total, err := db.Automations(c.UserContext(), who(c).Business.ID, limit, offset)
		if err != nil {
			return err
		}
		return c.JSON(list[automationItem]{mapped(items, showAutomationItem), total, limit, offset})
	}
}

// createAutomation checks a rule by compiling it, so that what is stored is
// known to run.
func createAutomation(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		rule, err := decode[app.Rule](c)
		if err != nil {
			return err
		}
		g, err := automation.Compile(rule)
		if err != nil {
			return err
		}
		a, err := db.CreateAutomation(c.UserContext(), who(c).Business.ID, g)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusCreated).JSON(fiber.Map{"id": a.ID})
	}
}

func getAutomation(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		a, err := db.Automation(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		return c.JSON(showAutomation(a))
	}
}

// replaceAutomation puts a rule in the place of whatever the automation was,
// also of an advanced graph.
func replaceAutomation(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		rule, err := decode[app.Rule](c)
		if err != nil {
			return err
		}
		g, err := automation.Compile(rule)
		if err != nil {
			return err
		}
		a, err := db.ReplaceAutomation(c.UserContext(), who(c).Business.ID, c.Params("id"), g)
		if err != nil {
			return err
		}
		return c.JSON(showAutomation(a))
	}
}

// An automationPatch switches an automation on or off.
type automationPatch struct {
	Enabled *bool `json:"enabled"`
}

// Validate returns what is wrong with the patch.
func (p automationPatch) Validate() error {
	var problems app.Problems
	if p.Enabled == nil {
		problems.Add("enabled", "Say true or false.")
	}
	return problems.Err()
}

func patchAutomation(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[automationPatch](c)
		if err != nil {
			return err
		}
		a, err := db.EnableAutomation(c.UserContext(), who(c).Business.ID, c.Params("id"), *in.Enabled)
		if err != nil {
			return err
		}
		return c.JSON(showAutomation(a))
	}
}

func deleteAutomation(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := db.DeleteAutomation(c.UserContext(), who(c).Business.ID, c.Params("id")); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}

// An automationTest names the call to try an automation on.
type automationTest struct {
	RecordingID string `json:"recordingId"`
}

// Validate returns what is wrong with the request.
func (t automationTest) Validate() error {
	var problems app.Problems
	if t.RecordingID == "" {
		problems.Add("recordingId", "Name the recording to try the automation on.")
	}
	return problems.Err()
}

// testAutomation shows what an automation would make of a call, and sends
// nothing. It asks for no scope to read recordings: who may write rules can have
// the same sent to a chat.
func testAutomation(db *store.Store, engine *automation.Engine) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[automationTest](c)
		if err != nil {
			return err
		}
		a, err := db.Automation(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		trace, err := engine.Try(c.UserContext(), a, in.RecordingID)
		if err != nil {
			return err
		}
		return c.JSON(trace)
	}
}
