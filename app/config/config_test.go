package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/config"
)

func TestDefaults(t *testing.T) {
	is := is.New(t)
	c, err := config.Load(nil, env(nil))
	is.NoErr(err) // nothing has to be set
	is.Equal(c, config.Config{
		Listen:      ":8080",
		DataDir:     "data",
		KeyFile:     "data/crk.key",
		Admin:       config.Admin{Business: "My business"},
		Telegram:    config.Telegram{URL: "https://api.telegram.org"},
		DiscordURL:  "https://discord.com",
		Backup:      config.Backup{Keep: 7, At: 150 * time.Minute, Audio: true},
		RateLimit:   600,
		MaxAudioMiB: 512,
		CacheMiB:    1024,
	})
}

func TestEverySettingIsRead(t *testing.T) {
	is := is.New(t)
	c, err := config.Load(nil, env(map[string]string{
		"CRK_LISTEN":           "127.0.0.1:9000",
		"CRK_DATA_DIR":         "/var/lib/crk/",
		"CRK_KEY_FILE":         "/etc/crk/key",
		"CRK_BASE_URL":         "https://crk.example.com/",
		"CRK_ADMIN_EMAIL":      " ann@example.com ",
		"CRK_ADMIN_PASSWORD":   "correct horse",
		"CRK_BUSINESS_NAME":    "Acme Co",
		"CRK_TELEGRAM_TOKEN":   "1:abc",
		"CRK_TELEGRAM_API_URL": "http://127.0.0.1:81/",
		"CRK_DISCORD_API_URL":  "http://127.0.0.1:82",
		"CRK_STT_URL":          "http://127.0.0.1:83/v1/",
		"CRK_STT_KEY":          "stt",
		"CRK_STT_MODEL":        "whisper-1",
		"CRK_LLM_URL":          "http://127.0.0.1:84/v1",
		"CRK_LLM_KEY":          "llm",
		"CRK_LLM_MODEL":        "big",
		"CRK_ALLOW_NETWORKS":   "192.168.1.77/24, ::ffff:10.0.0.0/104 fd00::1",
		"CRK_PROXY":            "http://u:p@proxy:3128",
		"CRK_TRUSTED_PROXIES":  "10.0.0.2",
		"CRK_TLS_CERT":         "cert.pem",
		"CRK_TLS_KEY":          "key.pem",
		"CRK_METRICS_TOKEN":    "m",
		"CRK_RATE_LIMIT":       "0",
		"CRK_MAX_AUDIO_MIB":    "64",
		"CRK_BACKUP_DIR":       "/mnt/backup/",
		"CRK_BACKUP_AT":        "23:05",
		"CRK_BACKUP_KEEP":      "14",
		"CRK_BACKUP_AUDIO":     "no",
		"CRK_BACKUP_RECIPIENT": "age1abc",
		"CRK_DISK_RESERVE_MIB": "2048",
		"CRK_AUDIO_CACHE_MIB":  "100",
		"CRK_LOG":              "warn,json",
	}))
	is.NoErr(err)
	is.Equal(c.Proxy.String(), "http://u:p@proxy:3128")
	c.Proxy = nil
	is.Equal(c, config.Config{
		Listen:         "127.0.0.1:9000",
		DataDir:        "/var/lib/crk",
		KeyFile:        "/etc/crk/key",
		BaseURL:        "https://crk.example.com",
		Admin:          config.Admin{Email: "ann@example.com", Password: "correct horse", Business: "Acme Co"},
		Telegram:       config.Telegram{Token: "1:abc", URL: "http://127.0.0.1:81"},
		DiscordURL:     "http://127.0.0.1:82",
		STT:            config.AI{URL: "http://127.0.0.1:83/v1", Key: "stt", Model: "whisper-1"},
		LLM:            config.AI{URL: "http://127.0.0.1:84/v1", Key: "llm", Model: "big"},
		AllowNetworks:  prefixes("192.168.1.0/24", "10.0.0.0/8", "fd00::1/128"),
		TrustedProxies: prefixes("10.0.0.2/32"),
		Backup:         config.Backup{Dir: "/mnt/backup", Keep: 14, At: 23*time.Hour + 5*time.Minute, Recipient: "age1abc"},
		DiskReserveMiB: 2048,
		TLS:            config.TLS{Cert: "cert.pem", Key: "key.pem"},
		MetricsToken:   "m",
		MaxAudioMiB:    64,
		CacheMiB:       100,
		Log:            config.Log{Level: slog.LevelWarn, JSON: true},
	})
	c, err = config.Load(nil, env(map[string]string{"CRK_TLS": "self"}))
	is.NoErr(err)
	is.True(c.TLS.Self) // the one that excludes the certificate
}

func TestPrecedence(t *testing.T) {
	is := is.New(t)
	environment := env(map[string]string{"CRK_LISTEN": ":1", "CRK_DATA_DIR": "from-env"})
	c, err := config.Load([]string{"--listen", ":2", "-rate-limit=7"}, environment)
	is.NoErr(err)
	is.Equal(c.Listen, ":2")                  // a flag wins over the environment
	is.Equal(c.DataDir, "from-env")           // the environment wins over the default
	is.Equal(c.KeyFile, "from-env/crk.key")   // the key file is beside the data
	is.Equal(c.Database(), "from-env/crk.db") // as is the database
	is.Equal(c.RateLimit, 7)                  // a flag wins over the default
	c, err = config.Load([]string{"--listen="}, environment)
	is.NoErr(err)
	is.Equal(c.Listen, ":8080") // an empty flag asks for the default
}

func TestBadValues(t *testing.T) {
	for _, tt := range []struct{ name, variable, value string }{
		{"no port", "CRK_LISTEN", "localhost"},
		{"port too large", "CRK_LISTEN", ":70000"},
		{"port by name", "CRK_LISTEN", ":http"},
		{"URL without scheme", "CRK_BASE_URL", "crk.example.com"},
		{"URL of another scheme", "CRK_STT_URL", "ftp://ai.example/v1"},
		{"URL with a password", "CRK_LLM_URL", "https://u:hunter2@ai.example/v1"},
		{"URL with a query", "CRK_TELEGRAM_API_URL", "https://tg.example/?a=1"},
		{"URL with a fragment", "CRK_DISCORD_API_URL", "https://d.example/#a"},
		{"not a network", "CRK_ALLOW_NETWORKS", "192.168.1.0/24,lan"},
		{"network too wide", "CRK_TRUSTED_PROXIES", "10.0.0.0/33"},
		{"proxy without host", "CRK_PROXY", "http://"},
		{"proxy of another scheme", "CRK_PROXY", "ftp://u:hunter2@proxy:21"},
		{"TLS", "CRK_TLS", "on"},
		{"rate limit", "CRK_RATE_LIMIT", "-1"},
		{"audio", "CRK_MAX_AUDIO_MIB", "0"},
		{"log", "CRK_LOG", "loud"},
		{"time of day", "CRK_BACKUP_AT", "25:00"},
		{"yes or no", "CRK_BACKUP_AUDIO", "maybe"},
		{"backups", "CRK_BACKUP_KEEP", "0"},
		{"secret with a line end", "CRK_METRICS_TOKEN", "hunter2\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := config.Load(nil, env(map[string]string{tt.variable: tt.value}))
			is.True(err != nil)                                  // refused
			is.True(strings.HasPrefix(err.Error(), tt.variable)) // by name
			is.True(!strings.Contains(err.Error(), "hunter2"))   // without a secret
			is.Equal(strings.Count(err.Error(), "CRK_"), 1)      // once
		})
	}
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	is := is.New(t)
	_, err := config.Load([]string{"--log", "loud"}, env(map[string]string{
		"CRK_LISTEN": "x", "CRK_RATE_LIMIT": "many", "CRK_ALLOW_NETWORKS": "a,b", "CRK_STT_KEY": "k",
	}))
	is.True(err != nil)
	for _, want := range []string{"CRK_LISTEN", "CRK_RATE_LIMIT", `"a"`, `"b"`, "CRK_LOG", "CRK_STT_KEY: needs CRK_STT_URL"} {
		is.True(strings.Contains(err.Error(), want)) // each problem is in the one error
	}
}

func TestSettingsThatNeedOthers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given map[string]string
		want  string
	}{
		{"e-mail alone", map[string]string{"CRK_ADMIN_EMAIL": "a@b.c"}, "CRK_ADMIN_EMAIL: needs CRK_ADMIN_PASSWORD too"},
		{"password alone", map[string]string{"CRK_ADMIN_PASSWORD": "correct horse"}, "CRK_ADMIN_PASSWORD: needs CRK_ADMIN_EMAIL too"},
		{"business alone", map[string]string{"CRK_BUSINESS_NAME": "Acme"}, "CRK_BUSINESS_NAME: needs CRK_ADMIN_EMAIL too"},
		{"certificate alone", map[string]string{"CRK_TLS_CERT": "c.pem"}, "CRK_TLS_CERT: needs CRK_TLS_KEY too"},
		{"private key alone", map[string]string{"CRK_TLS_KEY": "k.pem"}, "CRK_TLS_KEY: needs CRK_TLS_CERT too"},
		{"model alone", map[string]string{"CRK_LLM_MODEL": "m"}, "CRK_LLM_MODEL: needs CRK_LLM_URL too"},
		{"backups in the clear", map[string]string{"CRK_BACKUP_DIR": "/mnt"},
			"CRK_BACKUP_DIR: needs one of CRK_BACKUP_RECIPIENT, CRK_BACKUP_PASSPHRASE_FILE and CRK_BACKUP_PASSPHRASE"},
		{"backups with two locks", map[string]string{"CRK_BACKUP_DIR": "/mnt", "CRK_BACKUP_RECIPIENT": "age1x", "CRK_BACKUP_PASSPHRASE": "p"},
			"CRK_BACKUP_DIR: needs one of CRK_BACKUP_RECIPIENT, CRK_BACKUP_PASSPHRASE_FILE and CRK_BACKUP_PASSPHRASE"},
		{"two certificates", map[string]string{"CRK_TLS": "self", "CRK_TLS_CERT": "c.pem", "CRK_TLS_KEY": "k.pem"},
			"CRK_TLS: use either self or a certificate (CRK_TLS_CERT), not both"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := config.Load(nil, env(tt.given))
			is.True(err != nil)
			is.Equal(err.Error(), tt.want) // says what is missing
		})
	}
}

func TestArguments(t *testing.T) {
	is := is.New(t)
	_, err := config.Load([]string{"--admin-password", "hunter2"}, env(nil))
	is.True(err != nil)                                          // a secret is no flag
	is.True(strings.Contains(err.Error(), "CRK_ADMIN_PASSWORD")) // the error says where it goes
	is.True(!strings.Contains(err.Error(), "hunter2"))           // and does not repeat it
	_, err = config.Load([]string{"--colour", "red"}, env(nil))
	is.True(err != nil) // an unknown flag
	_, err = config.Load([]string{"--listen", ":1", "now"}, env(nil))
	is.True(err != nil) // an argument too many
	_, err = config.Load([]string{"-h"}, env(nil))
	is.True(errors.Is(err, flag.ErrHelp)) // help is told apart
}

func TestRegisterSome(t *testing.T) {
	is := is.New(t)
	fs := flag.NewFlagSet("token", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	owner := fs.String("owner", "", "")
	finish := config.Register(fs, env(map[string]string{"CRK_LISTEN": "bad", "CRK_KEY_FILE": "k"}), "CRK_DATA_DIR", "CRK_KEY_FILE")
	is.NoErr(fs.Parse([]string{"--owner", "ann", "--data-dir", "d"}))
	c, err := finish()
	is.NoErr(err)               // settings that are not named are not read
	is.Equal(*owner, "ann")     // the command's own flag
	is.Equal(c.DataDir, "d")    // a named setting, by flag
	is.Equal(c.KeyFile, "k")    // and by the environment
	is.Equal(c.Listen, ":8080") // the others have their defaults
	is.True(fs.Lookup("listen") == nil)
}

func TestSecretsPrintMasked(t *testing.T) {
	is := is.New(t)
	c, err := config.Load(nil, env(map[string]string{
		"CRK_ADMIN_EMAIL": "a@b.c", "CRK_ADMIN_PASSWORD": "hunter2", "CRK_TELEGRAM_TOKEN": "hunter2",
		"CRK_STT_URL": "http://a/v1", "CRK_STT_KEY": "hunter2", "CRK_METRICS_TOKEN": "hunter2",
	}))
	is.NoErr(err)
	asJSON, err := json.Marshal(c)
	is.NoErr(err)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("start", "password", c.Admin.Password, "config", c)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(asJSON), logged.String()} {
		is.True(!strings.Contains(text, "hunter2")) // no printing shows a secret
		is.True(strings.Contains(text, "••••"))     // but that there is one
	}
	is.Equal(c.Admin.Password.Reveal(), "hunter2") // asked for, it is the secret
	is.Equal(config.Secret("").String(), "")       // an empty one hides nothing
}

func TestUsageListsEverySetting(t *testing.T) {
	is := is.New(t)
	var out strings.Builder
	is.NoErr(config.Usage(&out))
	for _, s := range config.Settings() {
		is.True(strings.Contains(out.String(), s.Name+" ")) // has its line
		is.True(s.Secret || strings.Contains(out.String(), "--"+s.Flag))
		is.True(s.Text != "") // says what it does
	}
	is.True(!strings.Contains(out.String(), "--admin-password")) // secrets have no flag
}

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}
