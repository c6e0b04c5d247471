package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"
	"golang.org/x/term"

	"crk/app/backup"
	"crk/app/config"
)

// makeBackup copies the appliance into one file, beside a running server too.
func makeBackup(ctx context.Context, env Env, args []string) (err error) {
	f := newFlags(env, "backup")
	bare := f.Bool("no-audio", false, "leave the audio out")
	recipient := f.String("recipient", "", "encrypt to a public key of age, `age1…`, instead of a passphrase")
	from := addPassphraseFlag(f)
	positional, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(positional) == 0 {
		return errors.New("name the file to write, as crk backup /mnt/usb/crk.age")
	}
	path := positional[0]
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s is there already: name another file", path)
	}
	var to []age.Recipient
	if *recipient != "" {
		if to, err = backup.Recipients(*recipient); err != nil {
			return fmt.Errorf("--recipient: %w", err)
		}
	} else if to, err = from.recipients(env); err != nil {
		return err
	}
	cfg, err := f.finish()
	if err != nil {
		return err
	}
	db, err := f.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	s := backup.Source{DB: db, DataDir: cfg.DataDir, KeyFile: cfg.KeyFile, Audio: !*bare, Version: env.Version}
	sum, err := backup.Create(ctx, path, to, s, meter(env))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "\rbacked up %d recordings and the database, %s, into %s\n", sum.Recordings, mebibytes(sum.Bytes), path)
	return nil
}

// restoreBackup brings a backup back.
func restoreBackup(ctx context.Context, env Env, args []string) error {
	f := newFlags(env, "restore")
	force := f.Bool("force", false, "move what is in the data directory aside, into a folder there, and restore")
	identity := f.String("identity", "", "`FILE` of the age identity that opens the backup, instead of a passphrase")
	from := addPassphraseFlag(f)
	positional, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(positional) == 0 {
		return errors.New("name the backup to restore")
	}
	cfg, err := f.finish()
	if err != nil {
		return err
	}
	r, err := os.Open(positional[0])
	if err != nil {
		return err
	}
	defer r.Close()
	var with []age.Identity
	if *identity != "" {
		with, err = backup.OpenIdentities(*identity)
	} else {
		with, err = from.identities(env)
	}
	if err != nil {
		return err
	}
	aside := "before-restore-" + time.Now().UTC().Format("20060102T150405Z")
	sum, err := backup.Restore(ctx, r, with, cfg, *force, aside)
	if err != nil {
		return explainRestore(err)
	}
	return tellRestore(env.Stderr, cfg, sum, aside)
}

// explainRestore says what to do about an error of a restore.
func explainRestore(err error) error {
	var wrong *age.NoIdentityMatchError
	switch {
	case errors.As(err, &wrong):
		return errors.New("the passphrase or identity does not open this backup")
	case errors.Is(err, backup.ErrOccupied):
		return fmt.Errorf("%w: name an empty directory with --data-dir, or add --force to move what is there aside", err)
	}
	return err
}

func tellRestore(w io.Writer, cfg config.Config, sum backup.Summary, aside string) error {
	fmt.Fprintf(w, "restored the backup of %s, made by %s: %d recordings with audio. Start crk.\n",
		sum.CreatedAt.Format("2 January 2006 15:04 MST"), sum.Version, sum.Recordings)
	if sum.Missing > 0 {
		fmt.Fprintf(w, "the audio of %d recordings is not in it: they were deleted while it was made, or were lost before\n", sum.Missing)
	}
	if _, err := os.Stat(cfg.DataDir + string(os.PathSeparator) + aside); err == nil {
		fmt.Fprintf(w, "what was there is in %s: remove it once all is well\n", aside)
	}
	return nil
}

// A passphraseSource is where the passphrase of a backup comes from: a file,
// the environment, or the person at the terminal.
type passphraseSource struct{ file *string }

func addPassphraseFlag(f flags) passphraseSource {
	return passphraseSource{f.String("passphrase-file", "", "`FILE` whose first line is the passphrase; else CRK_BACKUP_PASSPHRASE, else it is asked for")}
}

func (p passphraseSource) recipients(env Env) ([]age.Recipient, error) {
	phrase, err := p.read(env, true)
	if err != nil {
		return nil, err
	}
	return backup.Passphrase(phrase)
}

func (p passphraseSource) identities(env Env) ([]age.Identity, error) {
	phrase, err := p.read(env, false)
	if err != nil {
		return nil, err
	}
	return backup.OpenPassphrase(phrase)
}

// read returns the passphrase. One that is new is asked for twice.
func (p passphraseSource) read(env Env, fresh bool) (string, error) {
	if *p.file != "" {
		phrase, err := backup.ReadPassphrase(*p.file)
		if err != nil {
			return "", fmt.Errorf("--passphrase-file: %w", err)
		}
		return phrase, nil
	}
	if phrase := env.Getenv("CRK_BACKUP_PASSPHRASE"); phrase != "" {
		return phrase, nil
	}
	stdin, ok := env.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(stdin.Fd())) {
		return "", errors.New("no passphrase: set CRK_BACKUP_PASSPHRASE, or give --passphrase-file")
	}
	phrase, err := ask(env, stdin, "Passphrase of the backup: ")
	if err != nil || !fresh {
		return phrase, err
	}
	again, err := ask(env, stdin, "The same again: ")
	if err == nil && again != phrase {
		err = errors.New("the two are not the same")
	}
	return phrase, err
}

func ask(env Env, terminal *os.File, question string) (string, error) {
	fmt.Fprint(env.Stderr, question)
	b, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(env.Stderr)
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	return string(b), nil
}

// meter reports progress where a person watches.
func meter(env Env) func(backup.Progress) {
	stderr, ok := env.Stderr.(*os.File)
	if !ok || !term.IsTerminal(int(stderr.Fd())) {
		return nil
	}
	return func(p backup.Progress) {
		fmt.Fprintf(stderr, "\r%s of %s ", mebibytes(p.Bytes), mebibytes(p.Total))
	}
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
