package command

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"crk/app/doctor"
)

// health asks the server whether it works, for whatever watches over it.
func health(ctx context.Context, env Env, args []string) error {
	f := newServerFlags(env, "health")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	cfg, err := f.finish()
	if err != nil {
		return err
	}
	res, err := doctor.Ask(ctx, cfg, "/readyz", "")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return fmt.Errorf("answers %d: %s", res.StatusCode, b)
	}
	_, err = fmt.Fprintln(env.Stdout, "ok")
	return err
}
