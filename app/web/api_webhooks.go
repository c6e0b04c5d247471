package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A webhookView is a webhook as the API shows it.
type webhookView struct {
	ID             string          `json:"id"`
	URL            string          `json:"url"`
	Description    string          `json:"description"`
	Events         []app.EventType `json:"events"`
	IsActive       bool            `json:"isActive"`
	DisabledReason *string         `json:"disabledReason"` // why the appliance switched it off
	FailingSince   *string         `json:"failingSince"`
	LastSuccessAt  *string         `json:"lastSuccessAt"`
	LastFailureAt  *string         `json:"lastFailureAt"`
	CreatedAt      *string         `json:"createdAt"`
	UpdatedAt      *string         `json:"updatedAt"`
}

func showWebhook(w app.Webhook) webhookView {
	return webhookView{
		ID: w.ID, URL: w.URL, Description: w.Description, Events: w.Events, IsActive: w.Active, DisabledReason: orNil(w.Disabled),
		FailingSince: timeText(w.FailingSince), LastSuccessAt: timeText(w.LastSuccessAt), LastFailureAt: timeText(w.LastFailureAt),
		CreatedAt: timeText(w.CreatedAt), UpdatedAt: timeText(w.UpdatedAt),
	}
}

func listWebhooks(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		limit, offset := q.page(200)
		if err := q.err(); err != nil {
			return err
		}
		items, total, err := db.Webhooks(c.UserContext(), who(c).Business.ID, limit, offset)
		if err != nil {
			return err
		}
		return c.JSON(list[webhookView]{mapped(items, showWebhook), total, limit, offset})
	}
}

// A newWebhook is a webhook to be made.
type newWebhook struct {
	URL         string          `json:"url"`
	Description string          `json:"description"`
	Events      []app.EventType `json:"events"`
	IsActive    *bool           `json:"isActive"`
	ca          string          // of the dashboard alone
}

// Validate returns what is wrong with it.
func (w newWebhook) Validate() error {
	var problems app.Problems
	app.CheckWebhookURL(&problems, "url", w.URL)
	app.CheckWebhookDescription(&problems, "description", w.Description)
	app.CheckEvents(&problems, "events", w.Events)
	return problems.Err()
}

// createWebhook answers with the secret, which is shown this once.
func createWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[newWebhook](c)
		if err != nil {
			return err
		}
		w, secret, err := addWebhook(c.UserContext(), o, who(c).Business.ID, in)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusCreated).JSON(fiber.Map{"id": w.ID, "secret": secret.Reveal()})
	}
}

// distinct returns each event once, in the order of the list.
func distinct(events []app.EventType) []app.EventType {
	var out []app.EventType
	for _, e := range events {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func getWebhook(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := db.Webhook(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		return c.JSON(showWebhook(w))
	}
}

// A webhookPatch changes what it names.
type webhookPatch struct {
	URL         *string         `json:"url"`
	Description *string         `json:"description"`
	Events      []app.EventType `json:"events"`
	IsActive    *bool           `json:"isActive"`
	ca          *string         // of the dashboard alone
}

// Validate checks the fields that are given.
func (p webhookPatch) Validate() error {
	var problems app.Problems
	if p.URL != nil {
		app.CheckWebhookURL(&problems, "url", *p.URL)
	}
	if p.Description != nil {
		app.CheckWebhookDescription(&problems, "description", *p.Description)
	}
	if p.Events != nil {
		app.CheckEvents(&problems, "events", p.Events)
	}
	return problems.Err()
}

func patchWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[webhookPatch](c)
		if err != nil {
			return err
		}
		w, err := changeWebhook(c.UserContext(), o, who(c).Business.ID, c.Params("id"), in)
		if err != nil {
			return err
		}
		return c.JSON(showWebhook(w))
	}
}

func deleteWebhook(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := db.DeleteWebhook(c.UserContext(), who(c).Business.ID, c.Params("id")); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}

func rotateWebhookSecret(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		secret, err := renewWebhookSecret(c.UserContext(), db, who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{"secret": secret.Reveal()})
	}
}
