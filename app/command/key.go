package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"crk/app/datadir"
)

// rotateKey replaces the key of an appliance that is stopped.
func rotateKey(ctx context.Context, env Env, args []string) error {
	f := newFlags(env, "key rotate")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	cfg, err := f.finish()
	if err != nil {
		return err
	}
	if _, err := os.Stat(cfg.Database()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s: name its directory with --data-dir (CRK_DATA_DIR)", cfg.DataDir)
	}
	values, err := datadir.Rotate(ctx, cfg, env.Schema, func(step string) error {
		_, err := fmt.Fprintln(env.Stderr, step)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w (nothing is lost: the key file opens everything; run it again)", err)
	}
	fmt.Fprintf(env.Stderr, "%d secrets are sealed with the new key. Keep a copy of %s elsewhere, and make a backup:\n"+
		"older backups hold the old key, and copies from before upgrades (crk-before-*.db) open with it alone.\n", values, cfg.KeyFile)
	return nil
}
