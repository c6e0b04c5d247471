package store

import (
	"context"
	"encoding/json"
	"time"

	"crk/app"
)

// MaxAutomations is how many automations a business may have: each call is
// compared with all of them.
const MaxAutomations = 1000

const automationColumns = `a.id, a.business_id, a.enabled, a.graph, a.sent, a.failed, a.last_run_at, a.created_at, a.updated_at`

func scanAutomation(row scanner) (a app.Automation, err error) {
	err = row.Scan(&a.ID, &a.BusinessID, &a.Enabled, asJSON{&a.Graph}, &a.Sent, &a.Failed,
		instant{&a.LastRunAt}, instant{&a.CreatedAt}, instant{&a.UpdatedAt})
	return a, err
}

// Automations returns a page of a business's automations, newest first, and how
// many there are.
func (s *Store) Automations(ctx context.Context, business app.BusinessID, limit, offset int) (list []app.Automation, total int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM automations WHERE business_id = ?`, business).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+automationColumns+` FROM automations a
		WHERE a.business_id = ? ORDER BY a.created_at DESC, a.id DESC LIMIT ? OFFSET ?`, business, limit, offset)
	list, err = collect(rows, err, scanAutomation)
	return list, total, err
}

// EnabledAutomations returns every automation of a business that is switched on,
// oldest first.
func (s *Store) EnabledAutomations(ctx context.Context, business app.BusinessID) ([]app.Automation, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+automationColumns+` FROM automations a
		WHERE a.business_id = ? AND a.enabled = 1 ORDER BY a.created_at, a.id`, business)
	return collect(rows, err, scanAutomation)
}

// Automation returns one automation of a business.
func (s *Store) Automation(ctx context.Context, business app.BusinessID, id string) (app.Automation, error) {
	a, err := scanAutomation(s.reads.QueryRowContext(ctx,
		`SELECT `+automationColumns+` FROM automations a WHERE a.id = ? AND a.business_id = ?`, id, business))
	return a, found(err, "automation")
}

// automation reads an automation inside a write.
func (t *tx) automation(business app.BusinessID, id string) (app.Automation, error) {
	a, err := scanAutomation(t.row(
		`SELECT `+automationColumns+` FROM automations a WHERE a.id = ? AND a.business_id = ?`, id, business))
	return a, found(err, "automation")
}

// CreateAutomation stores a valid graph as a new automation, switched on. It is
// a NotFound error, and nothing is stored, if the graph names a chat or webhook
// that is not the business's, and a Conflict if there are too many automations.
func (s *Store) CreateAutomation(ctx context.Context, business app.BusinessID, g app.Graph) (app.Automation, error) {
	a := app.Automation{BusinessID: business, Enabled: true, Graph: g}
	err := s.write(ctx, func(t *tx) error {
		var n int
		if err := t.row(`SELECT count(*) FROM automations WHERE business_id = ?`, business).Scan(&n); err != nil {
			return err
		}
		if n >= MaxAutomations {
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "The business has as many automations as it may have. Delete one first."}
		}
		if err := t.checkTargets(business, g); err != nil {
			return err
		}
		a.ID, a.CreatedAt, a.UpdatedAt = newID(), t.now, t.now
		t.automationChanged(a, "created")
		err := t.exec(`INSERT INTO automations (id, business_id, name, enabled, graph, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?, ?)`,
			a.ID, business, g.Name, toJSON(g), stamp(t.now), stamp(t.now))
		if err != nil {
			return err
		}
		return t.audit(business, "automation.create", a.ID, g.Name)
	})
	return a, err
}

// ReplaceAutomation puts a valid graph in the place of an automation's. Whether
// it is switched on, and its counts, stay. Errors are those of CreateAutomation.
func (s *Store) ReplaceAutomation(ctx context.Context, business app.BusinessID, id string, g app.Graph) (a app.Automation, err error) {
	return s.ReplaceAutomationVersion(ctx, business, id, "", g)
}

// ReplaceAutomationVersion is ReplaceAutomation for who has seen a version of the
// graph, by its fingerprint: a Conflict, and nothing is stored, where it is
// another one by now.
func (s *Store) ReplaceAutomationVersion(ctx context.Context, business app.BusinessID, id, version string, g app.Graph) (a app.Automation, err error) {
	err = s.write(ctx, func(t *tx) error {
		if a, err = t.automation(business, id); err != nil {
			return err
		}
		if version != "" && version != a.Graph.Fingerprint() {
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "The automation was changed meanwhile. Read it again."}
		}
		if err := t.checkTargets(business, g); err != nil {
			return err
		}
		var touched changes
		touched.set("name", a.Name(), g.Name)
		touched.hide("rule", toJSON(a.Graph) != toJSON(g))
		a.Graph = g
		if err := t.saveAutomation(&a); err != nil {
			return err
		}
		return t.audit(business, "automation.update", a.ID, g.Name, touched...)
	})
	return a, err
}

// EnableAutomation switches an automation on or off. One that sends nowhere,
// because its last destination was deleted, is not switched on: that is a
// Conflict.
func (s *Store) EnableAutomation(ctx context.Context, business app.BusinessID, id string, enabled bool) (a app.Automation, err error) {
	err = s.write(ctx, func(t *tx) error {
		if a, err = t.automation(business, id); err != nil || a.Enabled == enabled {
			return err
		}
		if enabled && !a.Graph.Sends() {
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "The automation has no destination left. Give it one first."}
		}
		a.Enabled = enabled
		if err := t.saveAutomation(&a); err != nil {
			return err
		}
		var touched changes
		touched.set("enabled", !enabled, enabled)
		return t.audit(business, "automation.update", a.ID, a.Name(), touched...)
	})
	return a, err
}

// DeleteAutomation removes an automation. What it has queued is still sent.
func (s *Store) DeleteAutomation(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		a, err := t.automation(business, id)
		if err != nil {
			return err
		}
		t.automationChanged(a, "deleted")
		if err := t.exec(`DELETE FROM automations WHERE id = ?`, id); err != nil {
			return err
		}
		return t.audit(business, "automation.delete", a.ID, a.Name())
	})
}

// saveAutomation writes what people change of an automation. UpdatedAt tells
// versions apart, so no two have the same.
func (t *tx) saveAutomation(a *app.Automation) error {
	last := a.UpdatedAt
	if a.UpdatedAt = t.now; !a.UpdatedAt.After(last) {
		a.UpdatedAt = last.Add(time.Millisecond)
	}
	t.automationChanged(*a, "updated")
	return t.exec(`UPDATE automations SET name = ?, enabled = ?, graph = ?, updated_at = ? WHERE id = ?`,
		a.Name(), a.Enabled, toJSON(a.Graph), stamp(a.UpdatedAt), a.ID)
}

func (t *tx) automationChanged(a app.Automation, what string) {
	t.changed(app.Change{BusinessID: a.BusinessID, Topic: "automation", ID: a.ID, Status: what})
}

// checkTargets makes sure that every chat and webhook of a graph is there and
// the business's. That one is another's is not told apart from its being nobody's.
func (t *tx) checkTargets(business app.BusinessID, g app.Graph) error {
	for _, check := range []struct{ channel, query, noun string }{
		{app.ChannelTelegram, `SELECT EXISTS (SELECT 1 FROM chats WHERE id = ? AND business_id = ?)`, "chat"},
		{app.ChannelDiscord, `SELECT EXISTS (SELECT 1 FROM discord_webhooks WHERE id = ? AND business_id = ?)`, "discord webhook"},
	} {
		for _, id := range g.Targets(check.channel) {
			var there bool
			if err := t.row(check.query, id, business).Scan(&there); err != nil {
				return err
			}
			if !there {
				return app.Missing(check.noun)
			}
		}
	}
	return nil
}

// removeDestination takes a chat or webhook out of every automation of the
// business, in the transaction that deletes it. An automation left with no
// destination is switched off, and the feed says so.
func (t *tx) removeDestination(business app.BusinessID, channel, id string) error {
	rows, err := t.query(`SELECT `+automationColumns+` FROM automations a WHERE a.business_id = ? ORDER BY a.created_at, a.id`, business)
	list, err := collect(rows, err, scanAutomation)
	if err != nil {
		return err
	}
	for _, a := range list {
		g, found := a.Graph.Without(channel, id)
		if !found {
			continue
		}
		a.Graph = g
		silenced := a.Enabled && !g.Sends()
		a.Enabled = a.Enabled && !silenced
		if err := t.saveAutomation(&a); err != nil {
			return err
		}
		var touched changes
		touched.hide("destinations", true)
		touched.set("enabled", a.Enabled || silenced, a.Enabled)
		if err := t.audit(business, "automation.update", a.ID, a.Name(), touched...); err != nil {
			return err
		}
		if silenced {
			if err := t.sayAutomationSilenced(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// sayAutomationSilenced tells the business that an automation was switched off
// because it has nobody left to tell.
func (t *tx) sayAutomationSilenced(a app.Automation) error {
	var language string
	if err := t.row(`SELECT language FROM businesses WHERE id = ?`, a.BusinessID).Scan(&language); err != nil {
		return err
	}
	item := app.FeedItem{
		BusinessID: a.BusinessID, Severity: app.Warning, Data: json.RawMessage(toJSON(map[string]string{"automationId": a.ID})),
		Title: "A rule was switched off: " + a.Name(),
		Body:  "Its last destination was deleted. Give it a new one and switch it on again.",
	}
	if language == "th" {
		item.Title = "ปิดกฎแล้ว: " + a.Name()
		item.Body = "ปลายทางสุดท้ายของกฎนี้ถูกลบ เพิ่มปลายทางใหม่แล้วเปิดใช้อีกครั้ง"
	}
	_, err := t.addFeed(item, "")
	return err
}
