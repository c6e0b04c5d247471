package config

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A Setting is one thing that can be set, as the documentation tells it.
type Setting struct {
	Name    string // of the environment variable
	Flag    string // without its dashes
	Default string // "" = not set
	Text    string // what it does
	Secret  bool   // read from the environment alone
}

// Settings lists every setting in the order of the documentation.
func Settings() []Setting {
	var list []Setting
	for _, s := range settings(new(Config)) {
		list = append(list, s.Setting)
	}
	return list
}

// Usage writes the settings as a table for a terminal.
func Usage(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range Settings() {
		flag := "--" + s.Flag
		if s.Secret {
			flag = "(environment only)"
		}
		text := s.Text
		if s.Default != "" {
			text += " (default " + s.Default + ")"
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", s.Name, flag, text)
	}
	return tw.Flush()
}

// usage is the text beside the setting's flag.
func (s Setting) usage() string {
	text := s.Text + " (" + s.Name
	if s.Default != "" {
		text += ", default " + s.Default
	}
	return text + ")"
}

// named is how errors name the setting and its value. Whatever may hold a
// password is left out.
func (s Setting) named(value string) string {
	if s.Secret || strings.Contains(value, "@") {
		return s.Name
	}
	return fmt.Sprintf("%s=%q", s.Name, value)
}

// A setting also knows where in a Config its value goes.
type setting struct {
	Setting
	set func(value string) error
}

// settings lists every setting, to be set in c.
func settings(c *Config) []setting {
	return []setting{
		one("CRK_LISTEN", ":8080", "address to listen on, as host:port", hostPort(&c.Listen)),
		one("CRK_DATA_DIR", "./data", "directory of the database and the audio", path(&c.DataDir)),
		one("CRK_KEY_FILE", "", "file of the encryption key; without it crk.key in the data directory", path(&c.KeyFile)),
		one("CRK_BASE_URL", "", "where people reach the appliance, as https://crk.example.com; links need it", baseURL(&c.BaseURL)),

		one("CRK_ADMIN_EMAIL", "", "the first owner, made when the database is empty", text(&c.Admin.Email)),
		one("CRK_ADMIN_PASSWORD", "", "the first owner's password", secret(&c.Admin.Password)),
		one("CRK_BUSINESS_NAME", "My business", "the first owner's business", text(&c.Admin.Business)),

		one("CRK_TELEGRAM_TOKEN", "", "token of the Telegram bot, from @BotFather", secret(&c.Telegram.Token)),
		one("CRK_TELEGRAM_API_URL", "https://api.telegram.org", "base of every call to Telegram", baseURL(&c.Telegram.URL)),
		one("CRK_DISCORD_API_URL", "https://discord.com", "base of every call to Discord", baseURL(&c.DiscordURL)),

		one("CRK_STT_URL", "", "OpenAI-compatible server for transcription, as http://10.0.0.5:8000/v1", baseURL(&c.STT.URL)),
		one("CRK_STT_KEY", "", "its key", secret(&c.STT.Key)),
		one("CRK_STT_MODEL", "", "its model", text(&c.STT.Model)),
		one("CRK_LLM_URL", "", "OpenAI-compatible server for analysis, as http://10.0.0.5:8000/v1", baseURL(&c.LLM.URL)),
		one("CRK_LLM_KEY", "", "its key", secret(&c.LLM.Key)),
		one("CRK_LLM_MODEL", "", "its model", text(&c.LLM.Model)),

		one("CRK_ALLOW_NETWORKS", "", "networks that requests for a business may go to beyond the usual, as 192.168.1.0/24,127.0.0.0/8", networks(&c.AllowNetworks)),
		one("CRK_PROXY", "", "proxy for what leaves for the internet, as http://proxy:3128", proxy(&c.Proxy)),
		one("CRK_TRUSTED_PROXIES", "", "reverse proxies whose X-Forwarded headers count, as 10.0.0.2", networks(&c.TrustedProxies)),

		one("CRK_BACKUP_DIR", "", "folder for a backup every night, on another disk; none without", path(&c.Backup.Dir)),
		one("CRK_BACKUP_AT", "02:30", "when, in the time zone of the first business", clock(&c.Backup.At)),
		one("CRK_BACKUP_KEEP", "7", "how many of them are kept", number(&c.Backup.Keep, 1, 1000)),
		one("CRK_BACKUP_AUDIO", "yes", "whether the audio is in them: yes or no", yesNo(&c.Backup.Audio)),
		one("CRK_BACKUP_RECIPIENT", "", "public key of age that they are encrypted to, as age1…", text(&c.Backup.Recipient)),
		one("CRK_BACKUP_PASSPHRASE_FILE", "", "or a file whose first line is the passphrase", path(&c.Backup.PassphraseFile)),
		one("CRK_BACKUP_PASSPHRASE", "", "or the passphrase itself", secret(&c.Backup.Passphrase)),

		one("CRK_TLS", "", "self: serve HTTPS with a certificate the appliance signs itself", self(&c.TLS.Self)),
		one("CRK_TLS_CERT", "", "certificate to serve HTTPS with, a PEM file", path(&c.TLS.Cert)),
		one("CRK_TLS_KEY", "", "its private key, a PEM file", path(&c.TLS.Key)),

		one("CRK_METRICS_TOKEN", "", "bearer token of GET /metrics, which is off without", secret(&c.MetricsToken)),
		one("CRK_RATE_LIMIT", "600", "requests a minute for each API key; 0 for no limit", number(&c.RateLimit, 0, 1_000_000)),
		one("CRK_MAX_AUDIO_MIB", "512", "largest audio file, in MiB", number(&c.MaxAudioMiB, 1, 4096)),
		one("CRK_DISK_RESERVE_MIB", "0", "space that is kept free: below it no calls are fetched or analysed; 0: 1 GiB or 2 % of the disk", number(&c.DiskReserveMiB, 0, 1<<30)),
		one("CRK_AUDIO_CACHE_MIB", "1024", "decoded audio that is kept for playing and transcribing, in MiB", number(&c.CacheMiB, 0, 1<<20)),
		one("CRK_LOG", "info", "what is logged: debug, info, warn or error; \"info,json\" writes JSON", logging(&c.Log)),
	}
}

func one(name, def, text string, v value) setting {
	flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "CRK_")), "_", "-")
	return setting{Setting{Name: name, Flag: flag, Default: def, Text: text, Secret: v.secret}, v.set}
}
