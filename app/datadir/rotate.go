package datadir

import (
	"context"
	"errors"
	"fmt"

	"crk/app/config"
	"crk/app/secret"
	"crk/store"
)

// The steps of a rotation, in order.
const (
	KeyAdded       = "added a new key beside the old one"
	SecretsSealed  = "sealed every secret with the new key"
	TracesRemoved  = "removed what the old key had sealed from the database"
	OldKeysDropped = "dropped the old key"
)

// Rotate replaces the key that opens the appliance's secrets. Credentials and the
// identity of the audio are sealed anew, so the audio stays as it is. Each step
// leaves a key file that opens everything, so a rotation that is cut off has done
// no harm and may be begun again. reached is told of each step that is done; its
// error ends the rotation there. The error wraps [ErrHeld] while a server runs.
func Rotate(ctx context.Context, cfg config.Config, schema string, reached func(step string) error) (values int, err error) {
	unlock, err := Lock(cfg.DataDir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := Settle(cfg); err != nil {
		return 0, err
	}
	box, err := secret.Renew(cfg.KeyFile)
	if err == nil {
		err = reached(KeyAdded)
	}
	if err != nil {
		return 0, err
	}
	if values, err = reseal(ctx, cfg, schema, box); err == nil {
		err = reached(SecretsSealed)
	}
	if err != nil {
		return values, err
	}
	if err := store.Compact(ctx, cfg.Database()); err != nil {
		return values, err
	}
	if err := reached(TracesRemoved); err != nil {
		return values, err
	}
	if _, err := secret.Retire(cfg.KeyFile); err != nil {
		return values, err
	}
	return values, reached(OldKeysDropped)
}

// reseal seals everything with the newest identity of the box, and makes sure
// that it alone opens it, before the others are dropped.
func reseal(ctx context.Context, cfg config.Config, schema string, box *secret.Box) (values int, err error) {
	db, err := store.Open(ctx, store.Options{Path: cfg.Database(), Schema: schema, Box: box})
	if err != nil {
		return 0, err
	}
	values, err = db.Reseal(ctx, box)
	if err := errors.Join(err, db.Close()); err != nil {
		return values, err
	}
	c, err := store.Check(ctx, cfg.Database(), box.Newest())
	if err != nil {
		return values, err
	}
	if c.Shut > 0 {
		return values, fmt.Errorf("the new key does not open %d secrets: the old one is kept", c.Shut)
	}
	return values, nil
}
