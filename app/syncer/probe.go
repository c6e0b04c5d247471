package syncer

import (
	"context"

	"crk/app"
	"crk/app/phone"
)

// Probe tries settings that need not be saved, down to the sound of a call. Settings of an integration that is
// in use are tried by its own sign-in: a second one may end the first. The error is
// a [*phone.Error], or an Invalid [app.Error] where the settings themselves are
// wrong.
func (e *Engine) Probe(ctx context.Context, kind string, s Settings) (phone.Report, error) {
	k, err := e.kind(kind)
	if err != nil {
		return phone.Report{}, err
	}
	source := e.inUse(opened{kind: kind, config: string(s.Config), secret: s.Secret})
	if source == nil {
		if source, err = e.connect(k, s.Config, s.Secret); err != nil {
			return phone.Report{}, err
		}
	}
	return phone.Try(ctx, source)
}

// ProbeStored tries an integration as it is stored, by its own sign-in. For the
// error see Probe.
func (e *Engine) ProbeStored(ctx context.Context, p app.Provider) (phone.Report, error) {
	source, err := e.source(p)
	if err != nil {
		return phone.Report{}, err
	}
	report, err := phone.Try(ctx, source)
	if report.Warnings != nil {
		e.warn(p.ID, report.Warnings)
	}
	return report, err
}

// inUse is the source that was made of just these settings, or nil.
func (e *Engine) inUse(same opened) phone.Source {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, have := range e.sources {
		if have.kind == same.kind && have.config == same.config && have.secret == same.secret {
			return have.source
		}
	}
	return nil
}
