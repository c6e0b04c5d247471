package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"crk/app"
	"crk/app/egress"
	"crk/app/syncer"
)

const (
	defaultInterval = 15 * time.Minute
	defaultBackfill = 7 // days
)

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
	var shape, secret app.Problems
	checkKind(&shape, kind)
	checkConfig(&shape, all)
	if err := shape.Err(); err != nil {
		return s, err
	}
	s.Settings, err = o.Phones.Read(kind, all)
	if stored == "" && !givesPassword(all) {
		secret.Add("config.password", "This is required, also where the address is now that of another machine, or another authority is trusted.")
	}
	if err := together(err, secret.Err(), inConfig(checkCA("caCertificate", syncer.Authority(all))), s.readCommon(given, b, o.DB.Now())); err != nil {
		return s, err
	}
	return s, mayReach("config.baseUrl", o.Egress.CheckURL(ctx, egress.Phone, s.BaseURL))
}

// givesPassword reports whether settings hold a password, of whatever type.
func givesPassword(config json.RawMessage) bool {
	var c struct{ Password any }
	_ = json.Unmarshal(config, &c) // what is wrong with the others is said elsewhere
	return c.Password != nil && c.Password != ""
}

// together makes one of several validation errors, so that everything is said at
// once, of each field the first thing. Any other error goes first.
func together(errs ...error) error {
	var problems app.Problems
	for _, err := range errs {
		e, ok := errors.AsType[*app.Error](err)
		switch {
		case err == nil:
		case !ok || e.Kind != app.Invalid:
			return err
		default:
			for _, f := range e.Fields {
				if !slices.ContainsFunc(problems, func(have app.Field) bool { return have.Name == f.Name }) {
					problems = append(problems, f)
				}
			}
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
	wrong := unmarshal(config, &in)
	if wrong != nil && !app.IsKind(wrong, app.Invalid) {
		return wrong
	}
	s.takeBack(config, b, now)
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
	return together(inConfig(wrong), problems.Err())
}

// takeBack gives each of the settings that is null its default.
func (s *settings) takeBack(config json.RawMessage, b app.Business, now time.Time) {
	var given map[string]json.RawMessage
	_ = json.Unmarshal(config, &given) // an object: it was read before
	null := func(name string) bool { return string(given[name]) == "null" }
	if interval := defaultInterval; null("syncIntervalMinutes") {
		s.interval = &interval
	}
	if day := firstDay(b, now); null("backfillFrom") {
		s.backfill = &day
	}
	if side := app.AgentChannel(""); null("agentChannel") {
		s.agent = &side
	}
}

// firstDay is since when calls are read where nobody says.
func firstDay(b app.Business, now time.Time) time.Time {
	now = now.In(b.Location())
	return time.Date(now.Year(), now.Month(), now.Day()-defaultBackfill, 0, 0, 0, 0, now.Location())
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
	var problems app.Problems
	if refused, ok := errors.AsType[*egress.Refused](err); ok {
		problems.Add(field, "%s.", refused.Error()) // it begins with the name of a host
	} else if errors.Is(err, egress.ErrURL) {
		problems.Add(field, "%s", sentence(err))
	} else {
		return err
	}
	return problems.Err()
}
