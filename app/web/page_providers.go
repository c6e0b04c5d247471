package web

import (
	"net/url"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/syncer"
	"crk/store"
	"crk/views"
)

const providersPath = "/settings/providers"

func providersPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showProviders(c, nil, nil) }
}

// showProviders shows the phone integrations, with a drawer where form is given
// and the results of tests by id.
func (o Options) showProviders(c *fiber.Ctx, form *views.ProviderForm, tests map[string]*views.ProviderTest) error {
	items, _, err := o.DB.Providers(c.UserContext(), who(c).Business.ID, everything, 0)
	if err != nil {
		return err
	}
	p := views.ProvidersPage{Form: form}
	for _, item := range items {
		card := views.ProviderCard{Provider: item, Preview: syncer.Preview(item), Test: tests[item.ID], Warnings: o.Phones.Warnings(item.ID)}
		if card.Waiting, card.Total, err = o.callsOf(c, item.ID); err != nil {
			return err
		}
		p.Items = append(p.Items, card)
	}
	return o.show(c, views.AtSettings, "Providers", func(f views.Frame) templ.Component { return views.Providers(f, p) })
}

// callsOf counts the calls of an integration: those whose audio is still to
// come, and all.
func (o Options) callsOf(c *fiber.Ctx, provider string) (waiting, all int, err error) {
	f := app.RecordingFilter{ProviderID: provider, Limit: 1}
	if _, all, err = o.DB.Recordings(c.UserContext(), who(c).Business.ID, f); err != nil {
		return 0, 0, err
	}
	f.Status = app.AwaitingAudio
	_, waiting, err = o.DB.Recordings(c.UserContext(), who(c).Business.ID, f)
	return waiting, all, err
}

func newProviderPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f := views.Form{Values: url.Values{"syncIntervalMinutes": {strconv.Itoa(int(defaultInterval.Minutes()))}}}
		return o.showProviders(c, &views.ProviderForm{Form: f}, nil)
	}
}

func editProviderPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := o.DB.Provider(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		return o.showProviders(c, &views.ProviderForm{ID: p.ID, Kind: p.Kind, Form: views.Form{Values: providerValues(p, who(c).Business)}}, nil)
	}
}

// saveProvider makes an integration, or changes one.
func saveProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		id, word := c.Params("id"), "saved"
		if id == "" {
			err, word = o.makeProvider(c, in), "connected"
		} else {
			err = o.alterProvider(c, id, in)
		}
		if f, ok := refused(o.reader(c), "invalid.provider", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showProviders(c, &views.ProviderForm{ID: id, Kind: in.Get("kind"), Form: f}, nil)
		}
		return done(c, providersPath, word, err)
	}
}

func (o Options) makeProvider(c *fiber.Ctx, in url.Values) error {
	p := newProvider{Kind: in.Get("kind"), Name: in.Get("name"), Config: providerConfig(in)}
	_, err := addProvider(c.UserContext(), o, who(c).Business, p)
	return err
}

func (o Options) alterProvider(c *fiber.Ctx, id string, in url.Values) error {
	name := in.Get("name")
	p := providerPatch{Name: &name, Config: providerConfig(in)}
	_, err := changeProvider(c.UserContext(), o, who(c).Business, id, p)
	return err
}

// tryProvider tests an integration as it is stored.
func tryProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := o.DB.Provider(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		result, err := tryStored(c.UserContext(), o, p)
		if app.IsKind(err, app.Invalid) { // what was saved serves no more, as where a network was closed off
			result, err = phoneTest{code: "refused"}, nil
		}
		if err != nil {
			return err
		}
		if c.Query("here") != "" {
			return o.showProvider(c, showTest(result))
		}
		return o.showProviders(c, nil, map[string]*views.ProviderTest{p.ID: showTest(result)})
	}
}

// providerBack is where a button leads back to: the page of the integration where it
// was pressed there, else the list of all.
func providerBack(c *fiber.Ctx) string {
	if c.Query("here") != "" {
		return providerPath(c)
	}
	return providersPath
}

func makeDefault(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		_, err := chooseProvider(c.UserContext(), o, who(c).Business, c.Params("id"))
		return done(c, providerBack(c), "default", err)
	}
}

func syncNow(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		_, err := o.Phones.SyncNow(c.UserContext(), who(c).Business.ID, c.Params("id"), store.CauseManual)
		return done(c, providerBack(c), "syncing", err)
	}
}

func switchProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		on := c.FormValue("active") == "true"
		_, err := changeProvider(c.UserContext(), o, who(c).Business, c.Params("id"), providerPatch{IsActive: &on})
		return done(c, providerBack(c), switched(on), err)
	}
}

func removeProvider(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id := c.Params("id")
		err := o.DB.DeleteProvider(c.UserContext(), who(c).Business.ID, id)
		if err == nil {
			o.Phones.Forget(id)
		}
		return done(c, providersPath, "deleted", err)
	}
}
