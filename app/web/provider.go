package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"crk/app"
	"crk/app/egress"
	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/syncer"
	"crk/store"
)

const (
	defaultInterval = 15 * time.Minute
	defaultBackfill = 7 // days
)

// A newProvider is a phone integration to be made.
type newProvider struct {
	Kind   string          `json:"kind"`
	Name   string          `json:"name"`
	Config json.RawMessage `json:"config"`
}

// Validate returns what is wrong with it, but for the settings of its kind.
func (p newProvider) Validate() error {
	var problems app.Problems
	checkProviderName(&problems, p.Name)
	checkKind(&problems, p.Kind)
	checkConfig(&problems, p.Config)
	return problems.Err()
}

// A providerPatch changes a phone integration. Settings that are not named stay.
type providerPatch struct {
	Name     *string         `json:"name"`
	Config   json.RawMessage `json:"config"`
	IsActive *bool           `json:"isActive"`
}

// Validate returns what is wrong with it, but for the settings of its kind.
func (p providerPatch) Validate() error {
	var problems app.Problems
	if p.Name != nil {
		checkProviderName(&problems, *p.Name)
	}
	if p.Config != nil {
		checkConfig(&problems, p.Config)
	}
	return problems.Err()
}

func checkProviderName(p *app.Problems, name string) {
	if n := utf8.RuneCountInString(name); n < 2 || n > 60 {
		p.Add("name", "Use 2 to 60 characters.")
	}
}

func checkKind(p *app.Problems, kind string) {
	checkOneOf(p, "kind", kind, []string{app.SourceDTAC, app.SourceThreeCX})
}

func checkConfig(p *app.Problems, config json.RawMessage) {
	if !bytes.HasPrefix(bytes.TrimSpace(config), []byte("{")) {
		p.Add("config", "This must be an object.")
	}
}

// settings are those of a kind with those that all kinds have.
type settings struct {
	syncer.Settings
	interval *time.Duration
	backfill *time.Time
	agent    *app.AgentChannel
}

// readSettings checks settings of a kind together with those of all kinds, which
// given holds. A secret is needed unless one is stored.
func readSettings(ctx context.Context, o Options, b app.Business, kind string, all, given json.RawMessage, stored app.Secret) (s settings, err error) {
	s.Settings, err = o.Phones.Read(kind, all)
	var secret app.Problems
	if err == nil && s.Secret == "" && stored == "" {
		secret.Add("config.password", "This is required, also where the address is now that of another machine, or another authority is trusted.")
	}
	if err := together(err, secret.Err(), inConfig(checkCA("caCertificate", syncer.Authority(all))), s.readCommon(given, b, o.DB.Now())); err != nil {
		return s, err
	}
	return s, mayReach("config.baseUrl", o.Egress.CheckURL(ctx, egress.Phone, s.BaseURL))
}

// together makes one of several validation errors, so that everything is said at
// once. Any other error goes first.
func together(errs ...error) error {
	var problems app.Problems
	for _, err := range errs {
		e, ok := errors.AsType[*app.Error](err)
		switch {
		case err == nil:
		case !ok || e.Kind != app.Invalid:
			return err
		default:
			problems = append(problems, e.Fields...)
		}
	}
	return problems.Err()
}

// common are the settings that all kinds of phone systems have.
type common struct {
	SyncIntervalMinutes *int    `json:"syncIntervalMinutes"`
	BackfillFrom        *string `json:"backfillFrom"`
	AgentChannel        *string `json:"agentChannel"` // empty: as the business says
}

// readCommon adds the settings that all kinds have.
func (s *settings) readCommon(config json.RawMessage, b app.Business, now time.Time) error {
	var in common
	if err := unmarshal(config, &in); err != nil {
		return inConfig(err)
	}
	var problems app.Problems
	if m := in.SyncIntervalMinutes; m != nil {
		interval := time.Duration(*m) * time.Minute
		s.interval = &interval
		if *m < 1 || *m > 1440 {
			problems.Add("config.syncIntervalMinutes", "This must be a whole number from 1 to 1440.")
		}
	}
	if in.BackfillFrom != nil {
		day, err := time.ParseInLocation(time.DateOnly, *in.BackfillFrom, b.Location())
		s.backfill = &day
		if err != nil || day.Year() < 2000 || day.After(now) {
			problems.Add("config.backfillFrom", "Give a date that is not in the future, as 2026-11-30.")
		}
	}
	if in.AgentChannel != nil {
		side := app.AgentChannel(*in.AgentChannel)
		s.agent = &side
		if side != "" && !side.Valid() {
			problems.Add("config.agentChannel", "This must be one of: auto, left, right; empty: as the business says.")
		}
	}
	return problems.Err()
}

// inConfig names the fields of a validation error as parts of the settings.
func inConfig(err error) error {
	e, ok := errors.AsType[*app.Error](err)
	if !ok {
		return err
	}
	var problems app.Problems
	for _, f := range e.Fields {
		problems.Add("config."+f.Name, "%s", f.Message)
	}
	return problems.Err()
}

// mayReach turns a refusal of an address into a validation error of a field, which
// names the setting that would open it.
func mayReach(field string, err error) error {
	if _, refused := errors.AsType[*egress.Refused](err); !refused && !errors.Is(err, egress.ErrURL) {
		return err
	}
	var problems app.Problems
	problems.Add(field, "%s.", err.Error())
	return problems.Err()
}

// addProvider makes a phone integration, inactive at first.
func addProvider(ctx context.Context, o Options, b app.Business, in newProvider) (app.Provider, error) {
	s, err := readSettings(ctx, o, b, in.Kind, in.Config, in.Config, "")
	if err != nil {
		return app.Provider{}, err
	}
	now := o.DB.Now().In(b.Location())
	p := app.Provider{
		BusinessID: b.ID, Kind: in.Kind, Name: in.Name, Host: s.Host, Config: s.Config, Secret: s.Secret,
		Interval: defaultInterval,
		Backfill: time.Date(now.Year(), now.Month(), now.Day()-defaultBackfill, 0, 0, 0, 0, now.Location()),
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
	change := store.ProviderPatch{Name: in.Name, Active: in.IsActive}
	if in.Config != nil {
		merged, err := merge(p.Config, in.Config)
		if err != nil {
			return p, err
		}
		s, err := readSettings(ctx, o, b, p.Kind, merged, in.Config, storedSecret(p, merged))
		if err != nil {
			return p, err
		}
		change.Interval, change.Backfill, change.Agent = s.interval, s.backfill, s.agent
		if s.Secret != "" {
			change.Secret = &s.Secret
		}
		if !bytes.Equal(s.Config, p.Config) {
			change.Config, change.Relist = s.Config, !syncer.SameCalls(p.Config, s.Config)
		}
	}
	p, err = o.DB.PatchProvider(ctx, b.ID, id, change)
	if err == nil && in.IsActive != nil && !*in.IsActive {
		o.Phones.Pause(id)
	}
	o.Phones.Wake()
	return p, err
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
