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
		{"POST", systemPath + "/telegram", anybody, forAdministrator(setBot(o))},
		{"POST", systemPath + "/telegram/remove", anybody, forAdministrator(removeBot(o))},
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
	return func(c *fiber.Ctx) error { return o.showSystem(c, views.Form{}) }
}

// showSystem shows the page, with the form for the bot as it was refused.
func (o Options) showSystem(c *fiber.Ctx, bot views.Form) error {
	p := views.SystemPage{Version: o.Version, HTTPS: o.https(), Bot: views.SystemBot{Fixed: o.Gateway.TokenFixed(), Form: bot}}
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
	if p.Bot.Status, err = o.telegramStatus(c.UserContext()); err != nil {
		return err
	}
	if p.Backups, err = o.DB.Backups(c.UserContext(), backupsShown); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "system.title", func(f views.Frame) templ.Component { return views.System(f, p) })
}

// setBot makes the bot of a token the appliance's. The token is a secret: where
// it is refused, it is not sent back.
func setBot(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		token := app.Secret(in.Get("token"))
		in.Del("token")
		err = o.Gateway.SetToken(c.UserContext(), token)
		if f, ok := refused(o.reader(c), "invalid.bot", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showSystem(c, f)
		}
		return done(c, systemPath, "bot", err)
	}
}

func removeBot(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return done(c, systemPath, "botgone", o.Gateway.RemoveToken(c.UserContext()))
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
