package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"crk/app"
)

// maxRefusals is how often in a row a phone system may refuse the credentials
// before it is left alone: another try might lock the account.
const maxRefusals = 3

// sealedProvider is the purpose that a phone integration's secret is sealed for.
const sealedProvider = "provider"

const providerColumns = `p.id, p.business_id, p.kind, p.name, p.host, p.config, p.interval_ms, p.backfill_from,
	p.agent_channel, p.active, p.is_default, p.state, p.cursor, p.refusals, p.next_sync_at, p.created_at,
	coalesce((SELECT denied_code FROM sync_health WHERE provider_id = p.id AND denied > 0), ''),
	r.id, r.cause, r.status, r.started_at, r.finished_at, r.found, r.imported, r.skipped, r.failed, r.error`

// providerTables joins each integration with its latest run, if there is one.
const providerTables = `providers p LEFT JOIN sync_runs r ON r.id = (
	SELECT id FROM sync_runs WHERE provider_id = p.id ORDER BY started_at DESC, id DESC LIMIT 1)`

func scanProvider(row scanner) (p app.Provider, err error) {
	var interval int64
	var config string
	var r app.SyncRun
	var counts [4]*int
	err = row.Scan(&p.ID, &p.BusinessID, &p.Kind, &p.Name, &p.Host, &config, &interval, instant{&p.Backfill},
		&p.Agent, &p.Active, &p.Default, &p.State, instant{&p.Cursor}, &p.Refusals, instant{&p.NextSyncAt}, instant{&p.CreatedAt}, &p.Denied,
		text{&r.ID}, text{&r.Trigger}, text{&r.Status}, instant{&r.StartedAt}, instant{&r.FinishedAt},
		&counts[0], &counts[1], &counts[2], &counts[3], text{&r.Error})
	p.Config, p.Interval = json.RawMessage(config), time.Duration(interval)*time.Millisecond
	if r.ID != "" {
		r.ProviderID, r.BusinessID = p.ID, p.BusinessID
		r.Found, r.Imported, r.Skipped, r.Failed = *counts[0], *counts[1], *counts[2], *counts[3]
		p.LastSync = &r
	}
	return p, err
}

// AddProvider saves a new phone integration, inactive, and returns it. Its
// secret is sealed; Host stays as it is now for good.
func (s *Store) AddProvider(ctx context.Context, p app.Provider) (app.Provider, error) {
	p.ID, p.State = newID(), app.ProviderOK
	sealed, err := s.box.Seal(sealedProvider, p.ID, []byte(p.Secret.Reveal()))
	if err != nil {
		return p, fmt.Errorf("store: seal the secret of a phone integration: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		p.CreatedAt = t.now
		t.providerChanged(p)
		err := t.exec(`INSERT INTO providers (id, business_id, kind, name, host, config, secret, interval_ms, backfill_from, agent_channel, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, p.BusinessID, p.Kind, p.Name, p.Host, string(p.Config), sealed,
			p.Interval.Milliseconds(), stamp(p.Backfill), p.Agent, stamp(t.now), stamp(t.now))
		if err != nil {
			return err
		}
		return t.auditProvider(app.Provider{}, p, "provider.create", true)
	})
	return p, err
}

// Providers returns phone integrations of a business without their secrets,
// newest first, and how many there are.
func (s *Store) Providers(ctx context.Context, business app.BusinessID, limit, offset int) ([]app.Provider, int, error) {
	var total int
	err := s.reads.QueryRowContext(ctx, `SELECT count(*) FROM providers WHERE business_id = ?`, business).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+providerColumns+` FROM `+providerTables+`
		WHERE p.business_id = ? ORDER BY p.created_at DESC, p.id DESC LIMIT ? OFFSET ?`, business, limit, offset)
	all, err := collect(rows, err, scanProvider)
	return all, total, err
}

// Provider returns a phone integration with its secret.
func (s *Store) Provider(ctx context.Context, business app.BusinessID, id string) (app.Provider, error) {
	var sealed []byte
	p, err := scanProvider(withMore{s.readHot(ctx, `SELECT `+providerColumns+`, p.secret FROM `+providerTables+`
		WHERE p.id = ? AND p.business_id = ?`, id, business), []any{&sealed}})
	if err != nil {
		return p, found(err, "provider")
	}
	p.Secret, err = s.openProviderSecret(id, sealed)
	return p, err
}

// ScheduledProviders returns the integrations of all businesses that have a
// next sync, without their secrets: what the scheduler plans.
func (s *Store) ScheduledProviders(ctx context.Context) ([]app.Provider, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+providerColumns+` FROM `+providerTables+`
		WHERE p.active = 1 AND p.next_sync_at IS NOT NULL ORDER BY p.next_sync_at, p.id`)
	return collect(rows, err, scanProvider)
}

// A ProviderPatch changes a phone integration. Nil leaves as it is.
type ProviderPatch struct {
	Name     *string
	Config   json.RawMessage
	Secret   *app.Secret
	Interval *time.Duration
	Backfill *time.Time
	Active   *bool
	Agent    *app.AgentChannel // empty: as the business says
	Relist   bool              // by Config other calls are listed or let in than before
}

// PatchProvider changes a phone integration and returns it. What may mend a
// refused sign-in makes the next sync due at once, and so does becoming active.
// An earlier Backfill, and Relist, have everything since then listed again; what is
// here already is not imported twice. What makes the sync due makes downloads that
// wait due as well.
func (s *Store) PatchProvider(ctx context.Context, business app.BusinessID, id string, c ProviderPatch) (app.Provider, error) {
	var sealed any // NULL keeps the secret
	if c.Secret != nil {
		b, err := s.box.Seal(sealedProvider, id, []byte(c.Secret.Reveal()))
		if err != nil {
			return app.Provider{}, fmt.Errorf("store: seal the secret of a phone integration: %w", err)
		}
		sealed = b
	}
	err := s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, id)
		if err != nil {
			return err
		}
		was := p
		again := c.apply(&p, t.now)
		t.providerChanged(p)
		err = t.exec(`UPDATE providers SET name = ?, config = ?, secret = coalesce(?, secret), interval_ms = ?, backfill_from = ?,
				agent_channel = ?, active = ?, state = ?, cursor = ?, refusals = ?, next_sync_at = ?, updated_at = ? WHERE id = ?`,
			p.Name, string(p.Config), sealed, p.Interval.Milliseconds(), stamp(p.Backfill),
			p.Agent, p.Active, p.State, stamp(p.Cursor), p.Refusals, stamp(p.NextSyncAt), stamp(t.now), id)
		if err == nil && c.Relist {
			err = t.relist(id)
		}
		if err == nil && again {
			err = t.letHear(p)
		}
		if err != nil {
			return err
		}
		return t.auditProvider(was, p, "provider.update", c.Secret != nil)
	})
	if err != nil {
		return app.Provider{}, err
	}
	return s.Provider(ctx, business, id)
}

// apply makes the change to p, and reports whether p is to be asked again now.
func (c ProviderPatch) apply(p *app.Provider, now time.Time) (again bool) {
	if c.Name != nil {
		p.Name = *c.Name
	}
	if c.Agent != nil {
		p.Agent = *c.Agent
	}
	if c.Interval != nil && *c.Interval != p.Interval {
		p.Interval = *c.Interval
		if later := now.Add(p.Interval); p.NextSyncAt.After(later) {
			p.NextSyncAt = later
		}
	}
	if c.Backfill != nil {
		if c.Backfill.Before(p.Backfill) {
			p.Cursor, again = time.Time{}, true
		}
		p.Backfill = *c.Backfill
	}
	if c.Config != nil || c.Secret != nil {
		again = true
	}
	if c.Config != nil {
		p.Config = c.Config
	}
	if c.Active != nil {
		again = again || *c.Active && !p.Active
		p.Active = *c.Active
	}
	if again {
		pardon(p, now)
	}
	if !p.Active {
		p.NextSyncAt = time.Time{}
	}
	return again
}

// pardon gives an integration that a person has seen to another chance.
func pardon(p *app.Provider, now time.Time) {
	p.Refusals, p.NextSyncAt = 0, now
	if p.State == app.ProviderStopped {
		p.State = well(*p)
	}
}

// well is the state of an integration whose lists can be read.
func well(p app.Provider) app.ProviderState {
	if p.Denied != "" {
		return app.ProviderFailing
	}
	return app.ProviderOK
}

// SetDefaultProvider makes an integration the default of its kind and active,
// with its next sync and the downloads that wait due at once.
func (s *Store) SetDefaultProvider(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, id)
		if err != nil {
			return err
		}
		err = t.exec(`UPDATE providers SET is_default = 0, updated_at = ? WHERE business_id = ? AND kind = ? AND is_default = 1 AND id <> ?`,
			stamp(t.now), business, p.Kind, id)
		if err != nil {
			return err
		}
		pardon(&p, t.now)
		t.providerChanged(p)
		err = t.exec(`UPDATE providers SET is_default = 1, active = 1, state = ?, refusals = 0, next_sync_at = ?, updated_at = ? WHERE id = ?`,
			p.State, stamp(p.NextSyncAt), stamp(t.now), id)
		if err != nil {
			return err
		}
		if err := t.letHear(p); err != nil {
			return err
		}
		return t.audit(business, "provider.default", id, p.Name)
	})
}

// DeleteProvider removes an integration and its runs. The calls it brought stay,
// and so does the ledger: the same system, added again, brings none twice.
func (s *Store) DeleteProvider(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, id)
		if err != nil {
			return err
		}
		t.providerChanged(p)
		if err := t.exec(`DELETE FROM providers WHERE id = ?`, id); err != nil {
			return err
		}
		s.providerKeys.Delete(id)
		return t.audit(business, "provider.delete", id, p.Name)
	})
}

// RefuseProvider notes that a phone system refused the credentials outside a
// sync, and reports whether the integration is stopped now.
func (s *Store) RefuseProvider(ctx context.Context, business app.BusinessID, id string) (stopped bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, id)
		if err != nil {
			return err
		}
		was := p.State
		refuse(&p)
		stopped = p.State == app.ProviderStopped
		t.providerChanged(p)
		if err := t.auditStop(was, p); err != nil {
			return err
		}
		if err := t.emitSync(p, "invalid_credentials"); err != nil {
			return err
		}
		if stopped && p.Refusals == maxRefusals {
			if err := t.sayOfPhone(p, app.Critical, stoppedPhone(p)); err != nil {
				return err
			}
		}
		return t.exec(`UPDATE providers SET state = ?, refusals = ?, next_sync_at = ?, updated_at = ? WHERE id = ?`,
			p.State, p.Refusals, stamp(p.NextSyncAt), stamp(t.now), id)
	})
	return stopped, err
}

// PardonProvider forgets the refusals of an integration whose credentials were seen
// to serve again. An active one is due at once, and so are downloads that wait.
func (s *Store) PardonProvider(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, id)
		if err != nil {
			return err
		}
		if pardon(&p, t.now); !p.Active {
			p.NextSyncAt = time.Time{}
		}
		t.providerChanged(p)
		err = t.exec(`UPDATE providers SET state = ?, refusals = 0, next_sync_at = ?, updated_at = ? WHERE id = ?`,
			p.State, stamp(p.NextSyncAt), stamp(t.now), id)
		if err != nil {
			return err
		}
		return t.letHear(p)
	})
}

// refuse counts a refusal.
func refuse(p *app.Provider) {
	p.Refusals++
	p.State = app.ProviderFailing
	if p.Refusals >= maxRefusals {
		p.State, p.NextSyncAt = app.ProviderStopped, time.Time{}
	}
}

// provider reads an integration, without its secret, inside a write.
func (t *tx) provider(business app.BusinessID, id string) (app.Provider, error) {
	p, err := scanProvider(t.row(`SELECT `+providerColumns+` FROM `+providerTables+` WHERE p.id = ? AND p.business_id = ?`, id, business))
	return p, found(err, "provider")
}

// auditProvider writes what is different of an integration.
func (t *tx) auditProvider(was, is app.Provider, action app.Action, secret bool) error {
	var touched changes
	touched.set("name", was.Name, is.Name)
	touched.set("kind", was.Kind, is.Kind)
	touched.set("host", was.Host, is.Host)
	touched.hide("config", string(was.Config) != string(is.Config))
	touched.hide("secret", secret)
	touched.set("interval", was.Interval, is.Interval)
	touched.set("backfill", was.Backfill, is.Backfill)
	touched.set("isActive", was.Active, is.Active)
	touched.set("agentChannel", was.Agent, is.Agent)
	return t.audit(is.BusinessID, action, is.ID, is.Name, touched...)
}

// auditStop writes that the appliance gave up on an integration's credentials.
func (t *tx) auditStop(was app.ProviderState, p app.Provider) error {
	if p.State != app.ProviderStopped || was == app.ProviderStopped {
		return nil
	}
	var touched changes
	touched.set("state", string(was), string(p.State))
	return t.audit(p.BusinessID, "provider.stop", p.ID, p.Name, touched...)
}

// providerChanged publishes that an integration is different now.
func (t *tx) providerChanged(p app.Provider) {
	t.changed(app.Change{BusinessID: p.BusinessID, Topic: "provider", ID: p.ID})
}

// errRunning is the answer where one sync of an integration runs already.
var errRunning = &app.Error{Kind: app.Conflict, Code: "conflict", Message: "A sync of this phone integration is running already."}
