package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"crk/app/doctor"
)

// errUnwell makes the command end with a status that scripts see.
var errUnwell = errors.New("something is wrong: see above")

// examine looks the appliance over.
func examine(ctx context.Context, env Env, args []string) error {
	f := newServerFlags(env, "doctor")
	asJSON := f.Bool("json", false, "print the findings as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	cfg, err := f.finish()
	if err != nil {
		return err
	}
	findings := doctor.Examine(ctx, doctor.Options{Config: cfg, Schema: env.Schema, Now: time.Now})
	if *asJSON {
		err = json.NewEncoder(env.Stdout).Encode(findings)
	} else {
		err = printFindings(env.Stdout, findings)
	}
	if err == nil && doctor.Worst(findings) == doctor.Bad {
		err = errUnwell
	}
	return err
}

func printFindings(w io.Writer, findings []doctor.Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%-5s %-16s %s\n", f.State, f.What, f.Detail); err != nil {
			return err
		}
		if f.Fix != "" {
			if _, err := fmt.Fprintf(w, "%23s→ %s\n", "", f.Fix); err != nil {
				return err
			}
		}
	}
	return nil
}

// support writes what somebody who helps needs to know into one file.
func support(ctx context.Context, env Env, args []string) error {
	f := newServerFlags(env, "support")
	logFile := f.String("log-file", "", "`FILE` of the log, whose end is added without names, numbers and secrets")
	positional, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(positional) == 0 {
		return errors.New("name the file to write, as crk support crk-support.zip")
	}
	cfg, err := f.finish()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(positional[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	b := doctor.Bundle{
		Options: doctor.Options{Config: cfg, Schema: env.Schema, Now: time.Now}, Version: env.Version, Getenv: env.Getenv, Log: *logFile,
	}
	if err := errors.Join(b.Write(ctx, out), out.Sync(), out.Close()); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "wrote %s: look into it before you send it\n", positional[0])
	return nil
}
