package doctor_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/certs"
	"crk/app/config"
	"crk/app/datadir"
	"crk/app/doctor"
	"crk/store"
	"crk/store/storetest"
)

// A patient is an appliance with its settings.
type patient struct {
	t   *testing.T
	env map[string]string
	dir string

	business app.Business
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{t: t, dir: filepath.Join(t.TempDir(), "data")}
	p.env = map[string]string{"CRK_DATA_DIR": p.dir, "CRK_LISTEN": "127.0.0.1:0", "CRK_DISK_RESERVE_MIB": "1", "CRK_ALLOW_NETWORKS": "127.0.0.0/8"}
	d := p.open()
	var err error
	if _, p.business, err = d.DB.SetUp(t.Context(), app.User{Email: "owner@example.com"}, storetest.Password, app.Business{Name: "Acme Co"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *patient) getenv(name string) string { return p.env[name] }

func (p *patient) config() config.Config {
	p.t.Helper()
	c, err := config.Load(nil, p.getenv)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *patient) open() *datadir.Dir {
	p.t.Helper()
	d, err := datadir.Open(context.WithoutCancel(p.t.Context()), p.config(), storetest.Schema(p.t), slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *patient) options() doctor.Options {
	return doctor.Options{Config: p.config(), Schema: storetest.Schema(p.t), Now: time.Now}
}

// of returns what was found of one thing.
func of(findings []doctor.Finding, what string) doctor.Finding {
	for _, f := range findings {
		if f.What == what && f.State != doctor.Good {
			return f
		}
	}
	for _, f := range findings {
		if f.What == what {
			return f
		}
	}
	return doctor.Finding{}
}

func TestAHealthyAppliance(t *testing.T) {
	is := is.New(t)
	p := newPatient(t)
	found := doctor.Examine(t.Context(), p.options())
	for _, what := range []string{"data directory", "disk", "key file", "server", "database", "secrets", "audio"} {
		if of(found, what).State != doctor.Good {
			t.Errorf("%s: %+v", what, of(found, what))
		}
	}
	is.Equal(doctor.Worst(found), doctor.Warn) // nothing but that no backups are made
	is.True(strings.Contains(of(found, "backups").Fix, "CRK_BACKUP_DIR"))
	is.True(strings.Contains(of(found, "server").Detail, "stopped"))

	d := p.open()
	defer d.Close()
	found = doctor.Examine(t.Context(), p.options())
	is.True(strings.Contains(of(found, "server").Detail, "runs")) // also beside one that runs
	is.Equal(of(found, "database").State, doctor.Good)
}

func TestWhatAilsAnAppliance(t *testing.T) {
	for _, tt := range []struct {
		name  string
		what  string
		state string
		fix   string
		harm  func(t *testing.T, p *patient)
	}{
		{"no directory", "data directory", doctor.Bad, "CRK_DATA_DIR", func(_ *testing.T, p *patient) { p.env["CRK_DATA_DIR"] = p.dir + "/none" }},
		{"open to others", "data directory", doctor.Warn, "chmod 700", func(t *testing.T, p *patient) { is.New(t).NoErr(os.Chmod(p.dir, 0o755)) }},
		{"key lost", "key file", doctor.Bad, "CRK_KEY_FILE", func(t *testing.T, p *patient) { is.New(t).NoErr(os.Remove(p.dir + "/crk.key")) }},
		{"key open to others", "key file", doctor.Bad, "owner alone", func(t *testing.T, p *patient) { is.New(t).NoErr(os.Chmod(p.dir+"/crk.key", 0o644)) }},
		{"key of another", "secrets", doctor.Bad, "belongs to this database", func(t *testing.T, p *patient) {
			is.New(t).NoErr(os.Rename(newPatient(t).dir+"/crk.key", p.dir+"/crk.key"))
		}},
		{"newer database", "database", doctor.Bad, "newer CRK", func(t *testing.T, p *patient) {
			storetest.Exec(t, p.dir+"/crk.db", "PRAGMA user_version = 9999")
		}},
		{"no database", "database", doctor.Bad, "crk restore", func(t *testing.T, p *patient) {
			is.New(t).NoErr(os.WriteFile(p.dir+"/crk.db", []byte(strings.Repeat("not a database. ", 300)), 0o600))
		}},
		{"lost sounds", "audio", doctor.Bad, "backup", func(t *testing.T, p *patient) {
			d := p.open()
			defer d.Close()
			r, _, _, err := d.DB.SaveRecording(t.Context(), p.business.ID, nil, store.GivenRecording{DataID: "d", CallAt: time.Now(), Direction: "in"}, true)
			is.New(t).NoErr(err)
			_, err = d.DB.SetAudio(t.Context(), p.business.ID, r.ID, store.AudioFile{Size: 5, SHA256: "x", ContentType: "audio/wav"})
			is.New(t).NoErr(err)
		}},
		{"sounds of nothing", "audio", doctor.Warn, "start crk", func(t *testing.T, p *patient) {
			is.New(t).NoErr(os.MkdirAll(p.dir+"/audio/ab", 0o700))
			is.New(t).NoErr(os.WriteFile(p.dir+"/audio/ab/01936b2e-0000-7000-8000-0000000000ab.age", nil, 0o600))
		}},
		{"disk", "disk", doctor.Bad, "MiB", func(_ *testing.T, p *patient) { p.env["CRK_DISK_RESERVE_MIB"] = "1000000000" }},
		{"port taken", "server", doctor.Bad, "CRK_LISTEN", func(t *testing.T, p *patient) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			is.New(t).NoErr(err)
			t.Cleanup(func() { l.Close() })
			p.env["CRK_LISTEN"] = l.Addr().String()
		}},
		{"backups gone", "backups", doctor.Bad, "mount", func(_ *testing.T, p *patient) {
			p.env["CRK_BACKUP_DIR"], p.env["CRK_BACKUP_PASSPHRASE"] = p.dir+"/none", "a long passphrase"
		}},
		{"backups old", "backups", doctor.Bad, "at night", func(t *testing.T, p *patient) {
			dir := t.TempDir()
			p.env["CRK_BACKUP_DIR"], p.env["CRK_BACKUP_PASSPHRASE"] = dir, "a long passphrase"
			name := dir + "/crk-backup-20260101T000000Z.age"
			is.New(t).NoErr(os.WriteFile(name, nil, 0o600))
			is.New(t).NoErr(os.Chtimes(name, time.Now().Add(-72*time.Hour), time.Now().Add(-72*time.Hour)))
		}},
		{"dead AI server", "analysis", doctor.Bad, "CRK_LLM_URL", func(_ *testing.T, p *patient) { p.env["CRK_LLM_URL"] = "http://127.0.0.1:1/v1" }},
		{"clock", "clock", doctor.Bad, "clock", func(t *testing.T, p *patient) {
			p.env["CRK_LLM_URL"] = answering(t, time.Now().Add(-time.Hour))
		}},
		{"clock a little", "clock", doctor.Warn, "clock", func(t *testing.T, p *patient) {
			p.env["CRK_STT_URL"] = answering(t, time.Now().Add(3*time.Minute))
		}},
		{"dead phone system", "phone system P", doctor.Bad, "address right", func(t *testing.T, p *patient) { p.phone(t, "http://127.0.0.1:1") }},
		{"forbidden phone system", "phone system P", doctor.Bad, "CRK_ALLOW_NETWORKS", func(t *testing.T, p *patient) {
			p.env["CRK_ALLOW_NETWORKS"] = ""
			p.phone(t, "http://127.0.0.1:1")
		}},
		{"phone system of an unknown authority", "phone system P", doctor.Warn, "trust its authority", func(t *testing.T, p *patient) {
			srv, _ := secured(t)
			p.phone(t, srv)
		}},
		{"phone system of a trusted authority", "phone system P", doctor.Good, "", func(t *testing.T, p *patient) {
			srv, ca := secured(t)
			p.phone(t, srv, "caCertificate", ca)
		}},
		{"no certificate", "certificate", doctor.Bad, "PEM file", func(_ *testing.T, p *patient) {
			p.env["CRK_TLS_CERT"], p.env["CRK_TLS_KEY"] = p.dir+"/none.pem", p.dir+"/none.key"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPatient(t)
			p.t = t
			tt.harm(t, p)
			f := of(doctor.Examine(t.Context(), p.options()), tt.what)
			if f.State != tt.state || !strings.Contains(f.Fix, tt.fix) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// secured is a server whose certificate the machine does not trust, and that
// certificate as PEM.
func secured(t *testing.T) (url, ca string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is meant
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// phone adds a phone system; more are further settings and values by turns.
func (p *patient) phone(t *testing.T, url string, more ...string) {
	t.Helper()
	d := p.open()
	defer d.Close()
	config := map[string]string{"baseUrl": url}
	for i := 0; i+1 < len(more); i += 2 {
		config[more[i]] = more[i+1]
	}
	c, _ := json.Marshal(config)
	_, err := d.DB.AddProvider(t.Context(), app.Provider{BusinessID: p.business.ID, Kind: app.SourceDTAC, Name: "P", Host: "h", Config: c, Secret: "hunter2-of-the-pbx", Backfill: storetest.Start})
	if err != nil {
		t.Fatal(err)
	}
}

// answering is a server whose clock shows a time.
func answering(t *testing.T, at time.Time) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func owner(t *testing.T, db *store.Store) app.UserID {
	t.Helper()
	u, err := db.UserByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}

func TestCertificateThatEnds(t *testing.T) {
	is := is.New(t)
	p := newPatient(t)
	p.env["CRK_TLS"] = "self"
	_, err := certs.Self(filepath.Join(p.dir, "tls"))
	is.NoErr(err)
	at := func(later time.Duration) string {
		o := p.options()
		o.Now = func() time.Time { return time.Now().Add(later) }
		return of(doctor.Examine(t.Context(), o), "certificate").State
	}
	const year = 365 * 24 * time.Hour
	is.Equal(at(0), doctor.Good)
	is.Equal(at(10*year-7*24*time.Hour), doctor.Warn)
	is.Equal(at(11*year), doctor.Bad)
}
