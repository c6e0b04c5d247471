package web_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/matryer/is"

	"crk/app"
	"crk/app/backup"
	"crk/app/disk"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/app/web"
)

func TestSystemIsForTheAdministrator(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.User(t, "boss@example.com", app.Owner)
	admin, boss := s.enter(t, "owner@example.com"), s.enter(t, "boss@example.com")
	page := admin.get(t, "/settings/system")
	is.Equal(page.status, 200)
	is.True(strings.Contains(words(page.body), "CRK_BACKUP_DIR"))                        // how backups are switched on
	is.True(strings.Contains(admin.get(t, "/settings/tokens").body, "/settings/system")) // it is in the navigation
	is.Equal(boss.get(t, "/settings/system").status, 404)                                // an owner of a business is not enough
	is.Equal(boss.post(t, "/settings/system/backup").status, 404)
	is.True(!strings.Contains(boss.get(t, "/settings/tokens").body, "/settings/system"))
	is.Equal(admin.get(t, "/settings/certificate").status, 404) // there is none to install
	is.Equal(s.browser().get(t, "/ca.crt").status, 404)
}

func TestBackUpNow(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	id, err := age.GenerateX25519Identity()
	is.NoErr(err)
	var runner *backup.Runner
	s := newPages(t, func(o *web.Options) {
		key := filepath.Join(t.TempDir(), "crk.key")
		is.NoErr(os.WriteFile(key, []byte(id.String()), 0o600))
		runner = backup.NewRunner(backup.Options{
			Source: backup.Source{DB: o.DB, DataDir: t.TempDir(), KeyFile: key}, Dir: dir,
			To: []age.Recipient{id.Recipient()}, Keep: 1, At: 0, Log: slog.New(slog.DiscardHandler),
		})
		o.Backups = runner
	})
	admin := s.enter(t, "owner@example.com")
	is.Equal(admin.post(t, "/settings/system/backup").status, 303)
	lines, err := s.Audit(t.Context(), s.Business.ID, app.AuditFilter{Thing: "backup", Appliance: true}, 1)
	is.NoErr(err)
	is.Equal(len(lines), 1) // the audit log says who asked for it
	is.Equal(lines[0].Actor.UserID, s.Owner.ID)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- runner.Run(ctx) }()
	for done := false; !done; {
		list, err := s.Backups(t.Context(), 1)
		is.NoErr(err)
		done = len(list) == 1 && list[0].Status == app.BackupSucceeded
	}
	stop()
	is.NoErr(<-ended)
	files, err := os.ReadDir(dir)
	is.NoErr(err)
	is.Equal(len(files), 1)                                                           // there it is
	is.True(strings.Contains(admin.get(t, "/settings/system").body, files[0].Name())) // and the page says so
}

func TestLowDiskIsABanner(t *testing.T) {
	is := is.New(t)
	s := newPages(t, func(o *web.Options) {
		o.Disk = disk.NewWatchOf(func() (int64, int64, error) { return 1 << 20, 1 << 40, nil }, 0)
	})
	s.User(t, "agent@example.com", app.Agent)
	low := func(who string) bool {
		return strings.Contains(words(s.enter(t, who).get(t, "/notifications").body), "Disk space is low")
	}
	is.True(low("owner@example.com"))  // who can do something about it is told on every page
	is.True(!low("agent@example.com")) // others are not
}

func TestCertificateOfTheOwnAuthority(t *testing.T) {
	is := is.New(t)
	file := filepath.Join(t.TempDir(), "ca.crt")
	is.NoErr(os.WriteFile(file, []byte("-----BEGIN CERTIFICATE-----\n"), 0o600))
	s := newPages(t, func(o *web.Options) { o.Authority = file })
	a := s.browser().get(t, "/ca.crt") // before the login: the warning comes there
	is.Equal(a.status, 200)
	is.Equal(a.header.Get("Content-Type"), "application/x-x509-ca-cert")
	is.True(strings.HasPrefix(a.body, "-----BEGIN"))
	page := words(s.enter(t, "owner@example.com").get(t, "/settings/certificate").body)
	is.True(strings.Contains(page, "Trusted Root Certification Authorities")) // and how to install it
	is.Equal(a.header.Get("Strict-Transport-Security"), "")                   // a certificate that some do not trust yet binds nobody
}

func TestStrictTransport(t *testing.T) {
	is := is.New(t)
	s := newPages(t, func(o *web.Options) { o.StrictTransport = true })
	is.True(strings.HasPrefix(s.browser().get(t, "/login").header.Get("Strict-Transport-Security"), "max-age="))
}

func TestBotIsSetOnThePage(t *testing.T) {
	is := is.New(t)
	const token = "4242:AAE-secret_part"
	tg := httptest.NewServer(notifytest.NewTelegram(token, "crk_bot"))
	defer tg.Close()
	s := newPages(t, func(o *web.Options) {
		o.Gateway = notify.New(notify.Options{DB: o.DB, Log: o.Log, TelegramURL: tg.URL})
	})
	s.User(t, "boss@example.com", app.Owner)
	admin, boss := s.enter(t, "owner@example.com"), s.enter(t, "boss@example.com")
	is.Equal(boss.post(t, "/settings/system/telegram", "token", token).status, 404) // for the administrator alone
	is.Equal(boss.post(t, "/settings/system/telegram/remove").status, 404)

	a := admin.post(t, "/settings/system/telegram", "token", "4242:wrong_one")
	is.Equal(a.status, 422)
	is.True(!strings.Contains(a.body, "wrong_one")) // what was typed is not sent back
	is.Equal(admin.post(t, "/settings/system/telegram", "token", token).status, 303)
	page := admin.get(t, "/settings/system").body
	is.True(strings.Contains(page, "@crk_bot"))
	is.True(!strings.Contains(page, "secret_part")) // nor shown ever again
	is.Equal(admin.post(t, "/settings/system/telegram/remove").status, 303)
	is.True(!strings.Contains(admin.get(t, "/settings/system").body, "@crk_bot"))
	lines, err := s.Audit(t.Context(), s.Business.ID, app.AuditFilter{Thing: "bot", Appliance: true}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 2) // set, and removed
	is.Equal(lines[0].Actor.UserID, s.Owner.ID)
}
