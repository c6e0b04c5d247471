package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"crk/app"
	"crk/app/phone/dtac"
	"crk/app/phone/threecx"
	"crk/app/syncer"
	"crk/store"
)

const (
	integration       = "OneCall"
	officeIntegration = "3CX Office"
	syncInterval      = time.Minute
	backfill          = 15 * 24 * time.Hour // the history and a day
)

// Prepare tells the product where the simulators are this time. Call it before
// anything of the product runs; on a first start it does nothing.
func (d *Demo) Prepare(ctx context.Context, db *store.Store, phones *syncer.Engine) error {
	all, err := db.Businesses(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		integrations, _, err := db.Providers(ctx, b.ID, 200, 0)
		if err != nil {
			return err
		}
		for _, p := range integrations {
			if err := d.move(ctx, db, phones, p); err != nil {
				return fmt.Errorf("demo: move the phone integration: %w", err)
			}
		}
	}
	return nil
}

// move changes the address of an integration with a simulated phone system.
func (d *Demo) move(ctx context.Context, db *store.Store, phones *syncer.Engine, p app.Provider) error {
	var c map[string]any
	if err := json.Unmarshal(p.Config, &c); err != nil {
		return err
	}
	now := map[string]string{app.SourceDTAC: d.urls.phone, app.SourceThreeCX: d.urls.office}[p.Kind]
	before, _ := c["baseUrl"].(string)
	u, err := url.Parse(before)
	if err != nil || u.Hostname() != "127.0.0.1" || before == now || now == "" {
		return err
	}
	c["baseUrl"] = now
	settings, err := d.settings(phones, p.Kind, c)
	if err != nil {
		return err
	}
	_, err = db.PatchProvider(ctx, p.BusinessID, p.ID, store.ProviderPatch{Config: settings.Config})
	return err
}

// settings checks a configuration as the API does.
func (d *Demo) settings(phones *syncer.Engine, kind string, config any) (syncer.Settings, error) {
	raw, err := json.Marshal(config)
	if err != nil {
		return syncer.Settings{}, err
	}
	return phones.Read(kind, raw)
}

// connect makes the phone integrations, OneCall's last.
func (d *Demo) connect(ctx context.Context, db *store.Store, phones *syncer.Engine, business app.BusinessID) error {
	err := d.integrate(ctx, db, phones, app.Provider{BusinessID: business, Kind: app.SourceThreeCX, Name: officeIntegration},
		threecx.Config{BaseURL: d.urls.office, Username: officeClient, Password: officeKey})
	if err != nil {
		return err
	}
	return d.integrate(ctx, db, phones, app.Provider{BusinessID: business, Kind: app.SourceDTAC, Name: integration},
		dtac.Config{BaseURL: d.urls.phone, Username: phoneUser, Password: phonePassword})
}

// integrate makes a phone integration, as the API does, unless there is one of its
// kind, and sets it default: that starts its first sync.
func (d *Demo) integrate(ctx context.Context, db *store.Store, phones *syncer.Engine, p app.Provider, config any) error {
	have, err := integrationOf(ctx, db, p.BusinessID, p.Kind)
	if err != nil {
		return err
	}
	if have.ID == "" {
		s, err := d.settings(phones, p.Kind, config)
		if err != nil {
			return err
		}
		p.Host, p.Config, p.Secret = s.Host, s.Config, s.Secret
		p.Interval, p.Backfill = syncInterval, d.now().Add(-backfill)
		if have, err = db.AddProvider(ctx, p); err != nil {
			return err
		}
	}
	if err := db.SetDefaultProvider(ctx, p.BusinessID, have.ID); err != nil {
		return err
	}
	_, err = phones.SyncNow(ctx, p.BusinessID, have.ID, store.CauseDefault)
	if err != nil && !app.IsKind(err, app.Conflict) && !app.IsKind(err, app.Unavailable) {
		return err
	}
	phones.Wake() // where it could not be started now, the schedule has it
	return nil
}

// integrationOf returns a business's integration of a kind, its default one if there
// is one, or the zero value where there is none.
func integrationOf(ctx context.Context, db *store.Store, business app.BusinessID, kind string) (found app.Provider, err error) {
	all, _, err := db.Providers(ctx, business, 200, 0)
	for _, p := range all {
		if p.Kind == kind && (found.ID == "" || p.Default) {
			found = p
		}
	}
	return found, err
}
