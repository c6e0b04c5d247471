package web

import (
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
		BaseURL, Username, Auth, CACertificate, TimeZone string
		ImportInternal                                   bool
		PageSize, MinDurationSec, MaxDownloadKiBps       int
		LocalPartyAllow, Extensions                      []string
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
		"timeZone": {config.TimeZone}, "pageSize": {unlessZero(config.PageSize)}, "minDurationSec": {unlessZero(config.MinDurationSec)},
		"localPartyAllow": {strings.Join(config.LocalPartyAllow, ", ")}, "extensions": {strings.Join(config.Extensions, ", ")},
	}
}

// unlessZero writes a number whose zero stands for the default.
func unlessZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// providerConfig is the form's settings as JSON. What is empty of the fields that
// always are to say something is not given, so that it keeps its default, or what is
// stored; so is what the form does not show. An empty advanced field goes back to
// its default.
func providerConfig(in url.Values) json.RawMessage {
	config := map[string]any{}
	for _, name := range []string{"baseUrl", "username", "backfillFrom"} {
		if v := strings.TrimSpace(in.Get(name)); v != "" {
			config[name] = v
		}
	}
	if v := in.Get("password"); v != "" {
		config["password"] = v
	}
	if v := in.Get("syncIntervalMinutes"); strings.TrimSpace(v) != "" {
		config["syncIntervalMinutes"] = wholeNumber(v)
	}
	if in.Has("agentChannel") {
		config["agentChannel"] = in.Get("agentChannel")
	}
	if in.Has("caCertificate") {
		config["caCertificate"] = pemText(in.Get("caCertificate")) // empty: none any more
	}
	advanced(config, in, "maxDownloadKiBps", wholeNumber)
	advanced(config, in, "minDurationSec", wholeNumber)
	switch in.Get("kind") {
	case app.SourceThreeCX:
		config["importInternal"] = in.Get("importInternal") == "true" // a box that is not ticked is not sent
		advanced(config, in, "auth", theText)
		advanced(config, in, "extensions", manyTexts)
	case app.SourceDTAC:
		advanced(config, in, "localPartyAllow", manyTexts)
		advanced(config, in, "timeZone", theText)
		advanced(config, in, "pageSize", wholeNumber)
	}
	b, err := json.Marshal(config)
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}

// advanced gives a setting that the form shows; an empty one as null.
func advanced(config map[string]any, in url.Values, name string, read func(string) any) {
	if !in.Has(name) {
		return
	}
	config[name] = nil
	if v := strings.TrimSpace(in.Get(name)); v != "" {
		config[name] = read(v)
	}
}

func theText(v string) any { return v }

// wholeNumber reads a number; what is none is refused as out of every range.
func wholeNumber(v string) any {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil {
		return -1
	}
	return n
}

// manyTexts reads a list that was typed with commas between.
func manyTexts(v string) any {
	out := []string{}
	for item := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// tryProviderForm tests what is in the drawer and shows it again with the
// result. A password that was typed is not sent back: a script puts only the
// result in its place, and keeps it where it puts in the form.
func tryProviderForm(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		form := views.ProviderForm{ID: c.Params("id"), Kind: in.Get("kind"), Form: views.Form{Values: in}}
		result, err := o.tryTyped(c, form.ID, in)
		if f, ok := refused(o.reader(c), "invalid.provider", in, err); ok {
			form.Form = f
			form.Test = &views.ProviderTest{Code: "incomplete"}
			c.Set("HX-Retarget", "#provider-form") // a script puts in the form with its fields' errors
			c.Set("HX-Reselect", "#provider-form")
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
	v := &views.ProviderTest{OK: t.OK, Code: t.code, Seen: t.report.RecordingsSeen, Latency: t.report.Latency, Skew: t.report.ClockSkew, Warnings: t.report.Warnings}
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
