package doctor

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"crk/app/config"
	"crk/store"
)

const (
	logTail     = 512 << 10 // of the log, from its end
	metricsSize = 4 << 20
)

// A Bundle is what somebody who helps needs to know. It holds no secret and
// nothing of people or of what they said: settings are named, not quoted, tables
// are counted, and the log's end is cleaned by [Clean].
type Bundle struct {
	Options
	Version string
	Getenv  func(string) string // the settings
	Log     string              // file of the log; empty: none
}

// Write writes the bundle as a ZIP file.
func (b Bundle) Write(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	findings := Examine(ctx, b.Options)
	for i := range findings {
		findings[i].Detail, findings[i].What = b.clean(findings[i].Detail), b.clean(nameless(findings[i].What))
	}
	for _, part := range []struct {
		name string
		of   func() (any, error)
	}{
		{"about.json", func() (any, error) { return b.about(), nil }},
		{"settings.json", func() (any, error) { return b.settings(), nil }},
		{"doctor.json", func() (any, error) { return findings, nil }},
		{"counts.json", func() (any, error) { return store.CountAll(ctx, b.Config.Database(), b.Now()) }},
		{"metrics.txt", func() (any, error) { return b.metrics(ctx) }},
		{"log.txt", b.log},
	} {
		if err := b.part(z, part.name, part.of); err != nil {
			return fmt.Errorf("support: %w", err)
		}
	}
	return z.Close()
}

// part adds one file. What cannot be had is said in its place.
func (b Bundle) part(z *zip.Writer, name string, of func() (any, error)) error {
	v, err := of()
	if err != nil {
		name, v = name+".missing.txt", b.clean(err.Error())
	}
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.Now()})
	if err != nil {
		return err
	}
	if text, ok := v.(string); ok {
		_, err = io.WriteString(w, text)
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (b Bundle) about() map[string]any {
	about := map[string]any{
		"version": b.Version, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH, "processors": runtime.NumCPU(),
		"at": b.Now().UTC().Format(time.RFC3339), "schema": store.Version(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		modules := map[string]string{}
		for _, m := range info.Deps {
			modules[m.Path] = m.Version
		}
		about["modules"] = modules
	}
	return about
}

// settings tells which settings are given, and of those that are a number, a
// word of ours or a time also what. Addresses, names and secrets are not told.
func (b Bundle) settings() map[string]string {
	told := map[string]bool{
		"CRK_LISTEN": true, "CRK_RATE_LIMIT": true, "CRK_MAX_AUDIO_MIB": true, "CRK_LOG": true, "CRK_TLS": true, "CRK_DISK_RESERVE_MIB": true,
		"CRK_BACKUP_AT": true, "CRK_BACKUP_KEEP": true, "CRK_BACKUP_AUDIO": true,
	}
	out := map[string]string{}
	for _, s := range config.Settings() {
		switch v := b.Getenv(s.Name); {
		case v == "":
			out[s.Name] = "not set"
		case told[s.Name] && !s.Secret:
			out[s.Name] = v
		default:
			out[s.Name] = "set"
		}
	}
	return out
}

// metrics asks a running server for its metrics, where there is a token.
func (b Bundle) metrics(ctx context.Context) (string, error) {
	token := b.Config.MetricsToken.Reveal()
	if token == "" {
		return "", errors.New("CRK_METRICS_TOKEN is not set")
	}
	res, err := Ask(ctx, b.Config, "/metrics", token)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, metricsSize))
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answers %d", res.StatusCode)
	}
	return b.clean(string(text)), err
}

// log is the end of the log, cleaned.
func (b Bundle) log() (any, error) {
	if b.Log == "" {
		return nil, errors.New("no log was named: --log-file FILE adds its end")
	}
	f, err := os.Open(b.Log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > logTail {
		if _, err := f.Seek(-logTail, io.SeekEnd); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, logTail))
	if len(text) == logTail {
		_, text, _ = bytes.Cut(text, []byte("\n")) // the first line is not whole, and could hide from Clean
	}
	return b.clean(string(text)), err
}

// clean is Clean, with the secrets of the settings taken out first.
func (b Bundle) clean(text string) string {
	for _, s := range config.Settings() {
		if v := b.Getenv(s.Name); s.Secret && len(v) >= 4 {
			text = strings.ReplaceAll(text, v, hidden)
		}
	}
	return Clean(text)
}

// nameless takes the name that people gave off what a finding is about.
func nameless(what string) string {
	for _, kind := range []string{"phone system", "transcription", "analysis"} {
		if strings.HasPrefix(what, kind) {
			return kind
		}
	}
	return what
}
