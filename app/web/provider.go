package web

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"crk/app"
	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/syncer"
	"crk/store"
)

// A newProvider is a phone integration to be made.
type newProvider struct {
	Kind   string          `json:"kind"`
	Name   string          `json:"name"`
	Config json.RawMessage `json:"config"`
}

// A providerPatch changes a phone integration. Settings that are not named stay.
type providerPatch struct {
	Name     *string         `json:"name"`
	Config   json.RawMessage `json:"config"`
	IsActive *bool           `json:"isActive"`
}

// readName reads the name of a phone integration as people type it.
func readName(typed string) (name string, err error) {
	var problems app.Problems
	name = strings.TrimSpace(typed)
	if n := utf8.RuneCountInString(name); n < 2 || n > 60 {
		problems.Add("name", "Use 2 to 60 characters.")
	} else if strings.ContainsFunc(name, unicode.IsControl) {
		problems.Add("name", "Use one line, without control characters.")
	}
	return name, problems.Err()
}

func checkKind(p *app.Problems, kind string) {
	checkOneOf(p, "kind", kind, []string{app.SourceDTAC, app.SourceThreeCX})
}

func checkConfig(p *app.Problems, config json.RawMessage) {
	if !bytes.HasPrefix(bytes.TrimSpace(config), []byte("{")) {
		p.Add("config", "This must be an object.")
	}
}

// addProvider makes a phone integration, inactive at first.
func addProvider(ctx context.Context, o Options, b app.Business, in newProvider) (app.Provider, error) {
	name, wrong := readName(in.Name)
	s, err := readSettings(ctx, o, b, in.Kind, in.Config, in.Config, "")
	if err := together(wrong, err); err != nil {
		return app.Provider{}, err
	}
	p := app.Provider{
		BusinessID: b.ID, Kind: in.Kind, Name: name, Host: s.Host, Config: s.Config, Secret: s.Secret,
		Interval: defaultInterval, Backfill: firstDay(b, o.DB.Now()),
	}
	if s.interval != nil {
		p.Interval = *s.interval
	}
	if s.backfill != nil {
		p.Backfill = *s.backfill
	}
	if s.agent != nil {
		p.Agent = *s.agent
	}
	return o.DB.AddProvider(ctx, p)
}

// changeProvider changes a phone integration. Settings that are given replace
// those that are stored one by one; null takes one back to its default. Where they may
// list other calls than before, or let others in, everything is listed again. One that
// is switched off is left alone at once.
func changeProvider(ctx context.Context, o Options, b app.Business, id string, in providerPatch) (app.Provider, error) {
	p, err := o.DB.Provider(ctx, b.ID, id)
	if err != nil {
		return p, err
	}
	change := store.ProviderPatch{Active: in.IsActive}
	var wrongName, wrongConfig error
	if in.Name != nil {
		var name string
		name, wrongName = readName(*in.Name)
		change.Name = &name
	}
	if in.Config != nil {
		wrongConfig = readChange(ctx, o, b, p, in.Config, &change)
	}
	if err := together(wrongName, wrongConfig); err != nil {
		return p, err
	}
	p, err = o.DB.PatchProvider(ctx, b.ID, id, change)
	if err == nil && in.IsActive != nil && !*in.IsActive {
		o.Phones.Pause(id)
	}
	o.Phones.Wake()
	return p, err
}

// readChange reads settings to be laid over those that an integration has.
func readChange(ctx context.Context, o Options, b app.Business, p app.Provider, given json.RawMessage, change *store.ProviderPatch) error {
	merged, err := merge(p.Config, given)
	if err != nil {
		return err
	}
	s, err := readSettings(ctx, o, b, p.Kind, merged, given, storedSecret(p, merged))
	if err != nil {
		return err
	}
	change.Interval, change.Backfill, change.Agent = s.interval, s.backfill, s.agent
	if s.Secret != "" {
		change.Secret = &s.Secret
	}
	if !bytes.Equal(s.Config, p.Config) {
		change.Config, change.Relist = s.Config, !syncer.SameCalls(p.Config, s.Config)
	}
	return nil
}

// storedSecret is the secret of an integration that may serve with changed settings:
// none where they would take it to another machine, or over a line that anybody
// can read. A secret is write-only, and whoever may point an integration somewhere
// else must not learn it that way, nor who has it trust an authority that vouches
// for whom they like. Another port of the same host is the same
// machine, and so is loopback by whatever name.
func storedSecret(p app.Provider, config json.RawMessage) app.Secret {
	was, errWas := configuredURL(p.Config)
	is, errIs := configuredURL(config)
	switch {
	case errWas != nil || errIs != nil:
		return p.Secret // it is refused for its address
	case was.Scheme == "https" && is.Scheme != "https", machine(was) != machine(is), vouches(config, p.Config):
		return ""
	}
	return p.Secret
}

// vouches reports whether settings trust an authority that those stored do not.
func vouches(config, stored json.RawMessage) bool {
	ca := pemText(syncer.Authority(config))
	return ca != "" && ca != pemText(syncer.Authority(stored))
}

func configuredURL(config json.RawMessage) (*url.URL, error) {
	var c struct {
		BaseURL string `json:"baseUrl"`
	}
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.BaseURL) == "" {
		c.BaseURL = dtac.DefaultBaseURL
	}
	return phone.BaseURL(c.BaseURL)
}

// machine is the host of an address, all of loopback being one.
func machine(u *url.URL) string {
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.IsLoopback() {
		return "localhost"
	}
	return host
}

// merge lays the settings that are given over those that are stored.
func merge(stored, given json.RawMessage) (json.RawMessage, error) {
	var shape app.Problems
	if checkConfig(&shape, given); len(shape) > 0 {
		return nil, shape.Err()
	}
	all, some := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := json.Unmarshal(stored, &all); err != nil {
		return nil, err
	}
	if err := unmarshal(given, &some); err != nil {
		return nil, inConfig(err)
	}
	maps.Copy(all, some)
	return json.Marshal(all)
}

// chooseProvider makes an integration the default and starts its sync. One that
// runs already serves as well, and if none can be started now, the schedule has it.
func chooseProvider(ctx context.Context, o Options, b app.Business, id string) (app.Provider, error) {
	if err := o.DB.SetDefaultProvider(ctx, b.ID, id); err != nil {
		return app.Provider{}, err
	}
	_, err := o.Phones.SyncNow(ctx, b.ID, id, store.CauseDefault)
	if err != nil && !app.IsKind(err, app.Conflict) && !app.IsKind(err, app.Unavailable) {
		return app.Provider{}, err
	}
	o.Phones.Wake()
	return o.DB.Provider(ctx, b.ID, id)
}
