package web

import (
	"os"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const (
	systemPath      = "/settings/system"
	certificatePath = "/settings/certificate"
	backupsShown    = 20
)

func systemPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", systemPath, anybody, forAdministrator(systemPage(o))},
		{"POST", systemPath + "/backup", anybody, forAdministrator(backUpNow(o))},
		{"GET", certificatePath, anybody, certificatePage(o)},
	}
}

// forAdministrator lets the administrator of the appliance through. To others
// there is nothing at the address.
func forAdministrator(next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if !who(c).User.Admin {
			return fiber.ErrNotFound
		}
		return next(c)
	}
}

func systemPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p := views.SystemPage{Version: o.Version, HTTPS: o.https()}
		if o.Disk != nil {
			room := o.Disk.Room()
			p.Disk = views.Disk{Free: room.Free, Size: room.Size, Reserve: room.Reserve, Low: room.Low}
		}
		if o.Backups != nil {
			s := o.Backups.Status()
			p.Backup = views.BackupState{
				Configured: s.Configured, Dir: s.Dir, Keep: s.Keep, At: s.At, Audio: s.Audio,
				Running: s.Running, Done: s.Progress.Bytes, Total: s.Progress.Total,
			}
		}
		var err error
		if p.Backups, err = o.DB.Backups(c.UserContext(), backupsShown); err != nil {
			return err
		}
		return o.show(c, views.AtSettings, "system.title", func(f views.Frame) templ.Component { return views.System(f, p) })
	}
}

// https says how connections are secured here.
func (o Options) https() string {
	switch {
	case o.Authority != "":
		return "self"
	case o.StrictTransport:
		return "own"
	}
	return "none"
}

func backUpNow(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if o.Backups == nil {
			return fiber.ErrNotFound
		}
		err := o.Backups.Begin()
		if err == nil {
			err = o.DB.NoteBackup(c.UserContext())
		}
		return done(c, systemPath, "backup", err)
	}
}

func certificatePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if o.Authority == "" {
			return fiber.ErrNotFound
		}
		return o.show(c, views.AtSettings, "certificate.title", views.Certificate)
	}
}

// authority gives out the certificate of the appliance's own authority. It is no
// secret, and who needs it cannot sign in without a warning yet.
func authority(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if o.Authority == "" {
			return fiber.ErrNotFound
		}
		b, err := os.ReadFile(o.Authority)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "application/x-x509-ca-cert")
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="crk-ca.crt"`)
		return c.Send(b)
	}
}

// lowDisk reports whether a reader is to be told that no more calls are fetched.
func (o Options) lowDisk(w app.Scopes) bool {
	return o.Disk != nil && o.Disk.Low() && w.Allow(app.ManageProviderConfig)
}
