package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"crk/app"
)

// A Download is what fetching the audio of a recording needs to know, all of one
// moment.
type Download struct {
	Remote   json.RawMessage // how the phone system names the audio, as FoundCall.Remote gave it
	Status   app.Status
	CallAt   time.Time // when it began, by the phone system
	Since    time.Time // when it was taken in
	Duration int       // seconds as the phone system lists it; 0: not said

	Provider app.Provider // what is needed to ask it: with the secret, without name, schedule and runs; its ID is empty where it was deleted
	Health   app.SyncHealth
	Nights   bool // old calls of the integration are fetched at night only
}

const downloadQuery = `SELECT coalesce(r.remote, '{}'), r.status, r.call_at, r.created_at, coalesce(r.given_duration, 0),
		coalesce(p.id, ''), r.business_id, p.kind, p.host, coalesce(p.config, '{}'), p.secret, p.state, coalesce(p.active, 0),
		coalesce(h.strikes, 0), h.open_until, coalesce(h.denied, 0), h.denied_until, coalesce(b.nights, 0)
	FROM recordings r
		LEFT JOIN providers p ON p.id = r.provider_id AND p.business_id = r.business_id
		LEFT JOIN sync_health h ON h.provider_id = p.id
		LEFT JOIN backfills b ON b.provider_id = p.id
	WHERE r.id = ? AND r.business_id = ?`

// Download returns how a recording's audio is to be had.
func (s *Store) Download(ctx context.Context, business app.BusinessID, recording string) (d Download, err error) {
	var remote, config, state string
	var sealed []byte
	p := &d.Provider
	err = s.readHot(ctx, downloadQuery, recording, business).Scan(&remote, &d.Status, instant{&d.CallAt}, instant{&d.Since}, &d.Duration,
		&p.ID, &p.BusinessID, text{&p.Kind}, text{&p.Host}, &config, &sealed, text{&state}, &p.Active,
		&d.Health.Strikes, instant{&d.Health.OpenUntil}, &d.Health.Denied, instant{&d.Health.DeniedUntil}, &d.Nights)
	if err != nil {
		return d, found(err, "recording")
	}
	d.Remote, p.Config, p.State = json.RawMessage(remote), json.RawMessage(config), app.ProviderState(state)
	if p.ID != "" {
		p.Secret, err = s.openProviderSecret(p.ID, sealed)
	}
	return d, err
}

// AwaitsAudio reports whether a recording still waits for its audio.
func (s *Store) AwaitsAudio(ctx context.Context, business app.BusinessID, recording string) (bool, error) {
	var status app.Status
	err := s.readHot(ctx, `SELECT status FROM recordings WHERE id = ? AND business_id = ?`, recording, business).Scan(&status)
	return status == app.AwaitingAudio, found(err, "recording")
}

// An openedSecret is a secret with what it was opened from.
type openedSecret struct {
	sealed []byte
	plain  app.Secret
}

// openProviderSecret opens the secret of a phone integration, and once only for as
// long as it stays the same: each download needs it, and to open it takes longer
// than to read the row.
func (s *Store) openProviderSecret(id string, sealed []byte) (app.Secret, error) {
	if known, ok := s.providerKeys.Load(id); ok && bytes.Equal(known.(openedSecret).sealed, sealed) {
		return known.(openedSecret).plain, nil
	}
	plain, err := s.box.Open(sealedProvider, id, sealed)
	if err != nil {
		return "", fmt.Errorf("store: open the secret of a phone integration with the key file: %w", err)
	}
	s.providerKeys.Store(id, openedSecret{bytes.Clone(sealed), app.Secret(plain)})
	return app.Secret(plain), nil
}
