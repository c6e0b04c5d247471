package web

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// providerValues is an integration as the fields of its form, without a secret.
func providerValues(p app.Provider, b app.Business) url.Values {
	var config struct {
		BaseURL, Username, Auth, CACertificate string
		ImportInternal                         bool
		MaxDownloadKiBps                       int
	}
	_ = json.Unmarshal(p.Config, &config) // our own JSON
	limit := ""
	if config.MaxDownloadKiBps > 0 {
		limit = strconv.Itoa(config.MaxDownloadKiBps)
	}
	return url.Values{
		"kind": {p.Kind}, "name": {p.Name}, "baseUrl": {config.BaseURL}, "username": {config.Username},
		"syncIntervalMinutes": {strconv.Itoa(int(p.Interval.Minutes()))},
		"backfillFrom":        {p.Backfill.In(b.Location()).Format(time.DateOnly)},
		"agentChannel":        {string(p.Agent)},
		"caCertificate":       {config.CACertificate},
		"maxDownloadKiBps":    {limit},
		"auth":                {config.Auth}, "importInternal": {strconv.FormatBool(config.ImportInternal)},
	}
}

// providerConfig is the form's settings as JSON. What is empty is not given, so
// that it keeps its default, or what is stored.
func providerConfig(in url.Values) json.RawMessage {
	config := map[string]any{}
	for _, name := range []string{"baseUrl", "username", "backfillFrom"} {
		if v := strings.TrimSpace(in.Get(name)); v != "" {
			config[name] = v
		}
	}
	if in.Get("kind") == app.SourceThreeCX {
		config["importInternal"] = in.Get("importInternal") == "true" // a box that is not ticked is not sent
		if v := in.Get("auth"); v != "" {
			config["auth"] = v
		}
	}
	if in.Has("agentChannel") {
		config["agentChannel"] = in.Get("agentChannel")
	}
	if in.Has("caCertificate") {
		config["caCertificate"] = pemText(in.Get("caCertificate")) // empty: none any more
	}
	if in.Has("maxDownloadKiBps") {
		config["maxDownloadKiBps"] = wholeNumber(cmp.Or(strings.TrimSpace(in.Get("maxDownloadKiBps")), "0")) // empty: no limit any more
	}
	if v := in.Get("password"); v != "" {
		config["password"] = v
	}
	if v := strings.TrimSpace(in.Get("syncIntervalMinutes")); v != "" {
		config["syncIntervalMinutes"] = wholeNumber(v)
	}
	b, err := json.Marshal(config)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// wholeNumber is what was typed as a number; what is none is refused as out of range.
func wholeNumber(v string) int {
	n, err := strconv.Atoi(v)
	if err != nil {
		return -1
	}
	return n
}

// tryProviderForm tests what is in the drawer and shows it again with the
// result. A password that was typed is not sent back: a script puts only the
// result in its place.
func tryProviderForm(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		form := views.ProviderForm{ID: c.Params("id"), Kind: in.Get("kind"), Form: views.Form{Values: in}}
		result, err := o.tryTyped(c, form.ID, in)
		if f, ok := refused(o.reader(c), "invalid.provider", in, err); ok {
			form.Form = f // a script that puts in the result shows no field's error
			form.Test = &views.ProviderTest{Code: "incomplete"}
			return o.showProviders(c, &form, nil)
		}
		if err != nil {
			return err
		}
		form.Test = showTest(result)
		return o.showProviders(c, &form, nil)
	}
}

// tryTyped tests typed settings, laid over the stored ones where there are any.
func (o Options) tryTyped(c *fiber.Ctx, id string, in url.Values) (phoneTest, error) {
	ctx, b, kind, given := c.UserContext(), who(c).Business, in.Get("kind"), providerConfig(in)
	all, stored := given, app.Secret("")
	if id != "" {
		p, err := o.DB.Provider(ctx, b.ID, id)
		if err != nil {
			return phoneTest{}, err
		}
		if all, err = merge(p.Config, given); err != nil {
			return phoneTest{}, err
		}
		kind, stored = p.Kind, storedSecret(p, all)
	}
	if err := (providerTrial{Kind: kind, Config: all}).Validate(); err != nil {
		return phoneTest{}, err
	}
	s, err := readSettings(ctx, o, b, kind, all, given, stored)
	if err != nil {
		return phoneTest{}, err
	}
	if s.Secret == "" {
		s.Secret = stored
	}
	return tryPhone(ctx, o, kind, s.Settings)
}

func showTest(t phoneTest) *views.ProviderTest {
	v := &views.ProviderTest{OK: t.OK, Code: t.Error, Message: t.Message, Seen: t.report.RecordingsSeen, Latency: t.report.Latency, Skew: t.report.ClockSkew, Warnings: t.report.Warnings}
	for _, s := range t.report.Steps {
		v.Steps = append(v.Steps, views.TestStep{Name: s.Name, OK: s.Err == nil})
	}
	if call := t.report.Sample; call != nil {
		v.Sample = &views.TestCall{
			At: call.StartedAt, Direction: app.Direction(call.Direction), Customer: call.CustomerPhone,
			Agent: views.AgentLabel(call.AgentNumber, call.AgentName), Seconds: call.Duration.Seconds(),
		}
	}
	return v
}
