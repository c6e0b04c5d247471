// Package config reads how one appliance is set up: command-line flags win over
// the environment (CRK_…), which wins over the defaults. Nothing has to be set.
//
// It promises that every bad value is reported at once, by the name of its
// setting and with what to write instead; that a secret is never part of an
// error and prints as "••••"; and that secrets come from the environment alone,
// because every process on a machine can read another's command line.
//
// It reads no file and asks no network: that a directory can be written or a
// server answers is found out by whoever uses it.
package config

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"time"
)

// A Config is a whole, checked configuration.
type Config struct {
	Listen  string // host:port; the host may be empty
	DataDir string
	KeyFile string // of the age identities; by default in DataDir
	BaseURL string // where people reach the appliance, without a slash at the end; "" = not known

	Admin Admin

	Telegram   Telegram
	DiscordURL string // base of every Discord call

	STT AI // server-wide default for transcription
	LLM AI // server-wide default for analysis

	AllowNetworks  []netip.Prefix // opened for phone systems, AI servers and webhooks
	Proxy          *url.URL       // of everything that leaves for the internet; nil = none
	TrustedProxies []netip.Prefix // reverse proxies whose X-Forwarded-… count

	Backup Backup

	TLS          TLS
	MetricsToken Secret // of GET /metrics; "" = off
	RateLimit    int    // requests a minute for each key; 0 = no limit
	MaxAudioMiB  int    // of one audio file
	CacheMiB     int    // of audio decoded for browsers and transcription
	Log          Log

	DiskReserveMiB int // kept free; 0: chosen by the disk's size
}

// Database is the path of the database file.
func (c Config) Database() string { return filepath.Join(c.DataDir, "crk.db") }

// Admin is the first owner and business, made when the database is empty.
// Without an Email there is none, and Business means nothing.
type Admin struct {
	Email    string
	Password Secret
	Business string
}

// Telegram is the bot's access. Without a token the product does without.
type Telegram struct {
	Token Secret
	URL   string // base of every call
}

// AI is an OpenAI-compatible server. Without a URL there is none.
type AI struct {
	URL   string // ends in /v1 as a rule; without a slash at the end
	Key   Secret
	Model string
}

// Backup is what the server backs up by itself: nothing without a Dir.
type Backup struct {
	Dir            string
	Keep           int           // how many are kept
	At             time.Duration // after midnight, in the time zone of the first business
	Audio          bool
	Recipient      string // public keys of age; or else
	Passphrase     Secret // this; or else
	PassphraseFile string // the first line of this
}

// TLS says how connections are secured: by a certificate, by one the appliance
// signs itself, or, when all is empty, not here.
type TLS struct {
	Cert, Key string // PEM files; both or none
	Self      bool
}

// Log says what is logged and how.
type Log struct {
	Level slog.Level
	JSON  bool
}

// Load reads the configuration from the flags in args and from the environment.
// Its error names every bad value; it wraps [flag.ErrHelp] where help was asked
// for.
func Load(args []string, getenv func(string) string) (Config, error) {
	fs := flag.NewFlagSet("crk", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	finish := Register(fs, getenv)
	if err := fs.Parse(args); err != nil {
		return Config{}, err
	}
	if fs.NArg() > 0 {
		return Config{}, fmt.Errorf("unknown argument %q", fs.Arg(0))
	}
	return finish()
}

// Register adds the named settings' flags to fs, or those of all settings when
// none is named, for commands that have flags of their own. The function it
// returns gives the configuration once fs has been parsed; what is not named
// has its default.
func Register(fs *flag.FlagSet, getenv func(string) string, names ...string) (finish func() (Config, error)) {
	values := map[string]string{}
	var misplaced []error
	for _, s := range Settings() {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		values[s.Name] = getenv(s.Name)
		fs.Func(s.Flag, s.usage(), func(v string) error {
			if s.Secret {
				// Not returned: package flag would quote the value beside it.
				misplaced = append(misplaced, fmt.Errorf("--%s: a command line is no place for a secret: set %s in the environment", s.Flag, s.Name))
				return nil
			}
			values[s.Name] = v
			return nil
		})
	}
	return func() (Config, error) {
		c, err := build(values)
		if err := errors.Join(append(misplaced, err)...); err != nil {
			return Config{}, err
		}
		return c, nil
	}
}

// build makes the configuration from the values that were given.
func build(values map[string]string) (Config, error) {
	var c Config
	var errs []error
	for _, s := range settings(&c) {
		v := cmp.Or(values[s.Name], s.Default)
		if v == "" {
			continue
		}
		if err := s.set(v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.named(v), err))
		}
	}
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.DataDir, "crk.key")
	}
	errs = append(errs, check(c, values)...)
	if err := errors.Join(errs...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// check reports the settings that do not fit together.
func check(c Config, values map[string]string) (errs []error) {
	for _, pair := range []struct{ given, needs string }{
		{"CRK_ADMIN_EMAIL", "CRK_ADMIN_PASSWORD"},
		{"CRK_ADMIN_PASSWORD", "CRK_ADMIN_EMAIL"},
		{"CRK_BUSINESS_NAME", "CRK_ADMIN_EMAIL"},
		{"CRK_TLS_CERT", "CRK_TLS_KEY"},
		{"CRK_TLS_KEY", "CRK_TLS_CERT"},
		{"CRK_STT_KEY", "CRK_STT_URL"},
		{"CRK_STT_MODEL", "CRK_STT_URL"},
		{"CRK_LLM_KEY", "CRK_LLM_URL"},
		{"CRK_LLM_MODEL", "CRK_LLM_URL"},
	} {
		if values[pair.given] != "" && values[pair.needs] == "" {
			errs = append(errs, fmt.Errorf("%s: needs %s too", pair.given, pair.needs))
		}
	}
	if c.TLS.Self && values["CRK_TLS_CERT"] != "" {
		errs = append(errs, errors.New("CRK_TLS: use either self or a certificate (CRK_TLS_CERT), not both"))
	}
	if locks := given(values, "CRK_BACKUP_RECIPIENT", "CRK_BACKUP_PASSPHRASE", "CRK_BACKUP_PASSPHRASE_FILE"); c.Backup.Dir != "" && locks != 1 {
		errs = append(errs, errors.New("CRK_BACKUP_DIR: needs one of CRK_BACKUP_RECIPIENT, CRK_BACKUP_PASSPHRASE_FILE and CRK_BACKUP_PASSPHRASE"))
	}
	return errs
}

// given counts the named settings that were given.
func given(values map[string]string, names ...string) (n int) {
	for _, name := range names {
		if values[name] != "" {
			n++
		}
	}
	return n
}

// A Secret is a value that is worth stealing: however it is printed or logged
// it reads "••••". Only Reveal gives it away.
type Secret string

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// String implements [fmt.Stringer] without showing the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "••••"
}

// GoString implements [fmt.GoStringer] without showing the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue implements [slog.LogValuer] without showing the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler] without showing the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
