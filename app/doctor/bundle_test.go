package doctor_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/doctor"
)

func TestBundleTellsNothingOfPeople(t *testing.T) {
	is := is.New(t)
	p := newPatient(t)
	p.phone(t, "http://127.0.0.1:1/secret-path")
	d := p.open()
	_, key, err := d.DB.CreateKey(t.Context(), app.Key{Name: "crm", OwnerID: owner(t, d.DB), BusinessID: p.business.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	is.NoErr(d.Close())
	for name, value := range map[string]string{
		"CRK_TELEGRAM_TOKEN": "7000000001:AAplanted-token-of-the-bot_000000000", "CRK_METRICS_TOKEN": "planted-metrics-token",
		"CRK_ADMIN_EMAIL": "planted@example.com", "CRK_ADMIN_PASSWORD": "planted password", "CRK_LLM_URL": "http://127.0.0.1:1/planted", "CRK_LLM_KEY": "planted-llm-key",
		"CRK_BASE_URL": "https://planted.example.com", "CRK_TELEGRAM_API_URL": "http://127.0.0.1:1",
	} {
		p.env[name] = value
	}
	logFile := filepath.Join(t.TempDir(), "crk.log")
	is.NoErr(os.WriteFile(logFile, []byte(strings.Join([]string{
		`time=2026-11-22T21:00:00.123+07:00 level=INFO msg="made the first owner" email=planted@example.com business="Acme Planted"`,
		`time=2026-11-22T21:00:01Z level=WARN msg=refused key=` + key.Reveal() + ` id=01936b2e-0000-7000-8000-000000000001 took=1.25s`,
		`{"time":"2026-11-22T21:00:02Z","msg":"call","phone":"+66812345678","name":"สมชาย ใจดี","other":"081-234 5678"}`,
		`msg="planted-llm-key was refused" url=https://planted.example.com/a?b=c from=192.168.7.9 auth="Bearer abcdefghijklmn"`,
	}, "\n")), 0o600))

	var out bytes.Buffer
	is.NoErr(doctor.Bundle{Options: p.options(), Version: "v1.2.3", Getenv: p.getenv, Log: logFile}.Write(t.Context(), &out))
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	is.NoErr(err)
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		is.NoErr(err)
		b, err := io.ReadAll(r)
		is.NoErr(err)
		parts[f.Name] = string(b)
		for _, planted := range []string{
			"planted", "hunter2", "7000000001", key.Reveal(), "0812345678", "66812345678", "234 5678", "สมชาย", "192.168.7.9", "owner@example.com", "AGE-SECRET", "abcdefghijklmn", "Acme",
		} {
			if strings.Contains(string(b), planted) {
				t.Errorf("%s tells %q:\n%s", f.Name, planted, b)
			}
		}
	}
	is.True(strings.Contains(parts["about.json"], "v1.2.3"))
	is.True(strings.Contains(parts["settings.json"], `"CRK_TELEGRAM_TOKEN": "set"`)) // that it is set is told
	is.True(strings.Contains(parts["settings.json"], `"CRK_LISTEN": "127.0.0.1:0"`))
	is.True(strings.Contains(parts["doctor.json"], `"phone system"`))
	is.True(strings.Contains(parts["counts.json"], `"providers": 1`))
	is.True(strings.Contains(parts["log.txt"], "2026-11-22T21:00:00.123+07:00")) // when it was stays
	is.True(strings.Contains(parts["log.txt"], "01936b2e-0000-7000-8000-000000000001"))
	is.True(strings.Contains(parts["log.txt"], "took=1.25s"))
	is.True(strings.Contains(parts["metrics.txt.missing.txt"], "refused")) // no server: said, not left out
}

func FuzzClean(f *testing.F) {
	f.Add("a log line ", " that ends")
	f.Fuzz(func(t *testing.T, before, after string) {
		const number = "+66812345678"
		if got := doctor.Clean(before + " " + number + " " + after); strings.Contains(got, number) {
			t.Errorf("%q", got)
		}
	})
}
