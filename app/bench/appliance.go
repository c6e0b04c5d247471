package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/alexedwards/argon2id"

	"crk/app"
	"crk/app/secret"
	"crk/store"
)

const sendPath = "/api/v1/notifications/send"

// An appliance is the program under test, with a key for each of its users.
type appliance struct {
	*child
	keys []string // each of a user of its own, all of one business
}

// startAppliance starts the program as it is shipped, but for the limit of
// requests a minute; more adds settings.
func startAppliance(ctx context.Context, o Options, dir string, more ...string) (*appliance, error) {
	data := filepath.Join(dir, "data")
	keyFile := filepath.Join(dir, "key")
	c, err := startChild(ctx, append([]string{
		"CRK_DATA_DIR=" + data, "CRK_KEY_FILE=" + keyFile, "CRK_LISTEN=127.0.0.1:0", "CRK_RATE_LIMIT=0", "CRK_LOG=info",
		"CRK_ADMIN_EMAIL=owner@example.com", "CRK_ADMIN_PASSWORD=only for the benchmark", "CRK_BUSINESS_NAME=Bench",
		"CRK_TELEGRAM_TOKEN=", "CRK_STT_URL=", "CRK_LLM_URL=", "CRK_BASE_URL=", "CRK_TLS_CERT=", "CRK_TLS_SELF=false",
	}, more...), "serve")
	if err != nil {
		return nil, err
	}
	a := &appliance{child: c}
	if a.keys, err = makeKeys(ctx, o.Schema, filepath.Join(data, "crk.db"), keyFile, fanSockets/perUser+2*stalledAmong/perUser); err != nil {
		a.stop()
		return nil, err
	}
	return a, nil
}

// cheap makes passwords that nobody uses quickly.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// makeKeys makes users with a key each, beside the running appliance, as the
// program's commands do.
func makeKeys(ctx context.Context, schema, database, keyFile string, n int) (keys []string, err error) {
	box, err := secret.Load(keyFile)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	db, err := store.Open(ctx, store.Options{Path: database, Schema: schema, Box: box, Hashing: &cheap})
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	businesses, err := db.Businesses(ctx)
	if err != nil || len(businesses) == 0 {
		return nil, fmt.Errorf("bench: find the business: %w", err)
	}
	for i := range n {
		u, err := db.CreateUser(ctx, app.User{Email: fmt.Sprintf("user%d@example.com", i), Language: "en"}, "only for the benchmark")
		if err != nil {
			return nil, fmt.Errorf("bench: make a user: %w", err)
		}
		if err := db.AddMember(ctx, businesses[0].ID, u.ID, app.RoleAdmin); err != nil {
			return nil, fmt.Errorf("bench: make a member: %w", err)
		}
		_, key, err := db.CreateKey(ctx, app.Key{Name: "bench", OwnerID: u.ID, BusinessID: businesses[0].ID, Scopes: app.Scopes{app.ManageAll}})
		if err != nil {
			return nil, fmt.Errorf("bench: make a key: %w", err)
		}
		keys = append(keys, key.Reveal())
	}
	return keys, nil
}
