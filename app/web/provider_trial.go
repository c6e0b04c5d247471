package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"crk/app"
	"crk/app/egress"
	"crk/app/phone"
	"crk/app/syncer"
)

// testTimeout is how long a person waits for a connection test.
const testTimeout = 9 * time.Second

// A providerTrial is settings to be tried.
type providerTrial struct {
	Kind   string          `json:"kind"`
	Config json.RawMessage `json:"config"`
}

// Validate returns what is wrong with it, but for the settings of its kind.
func (p providerTrial) Validate() error {
	var problems app.Problems
	checkKind(&problems, p.Kind)
	checkConfig(&problems, p.Config)
	return problems.Err()
}

// A phoneTest is the result of a connection test.
type phoneTest struct {
	OK             bool   `json:"ok"`
	LatencyMs      *int64 `json:"latencyMs,omitempty"`
	RecordingsSeen *int   `json:"recordingsSeen,omitempty"`
	Error          string `json:"error,omitempty"`
	Message        string `json:"message,omitempty"`

	report phone.Report // what the dashboard shows beside
	code   string       // of the error, for the dashboard, which tells more of them apart
}

// tryPhone tries settings, for as long as a person waits.
func tryPhone(ctx context.Context, o Options, kind string, s syncer.Settings) (phoneTest, error) {
	return judgeTest(ctx, o, kind, func(ctx context.Context) (phone.Report, error) { return o.Phones.Probe(ctx, kind, s) })
}

// judgeTest makes a result of a probe, for which there is as much time as a person
// waits.
func judgeTest(ctx context.Context, o Options, kind string, probe func(context.Context) (phone.Report, error)) (phoneTest, error) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	report, err := probe(ctx)
	if refused, ok := errors.AsType[*egress.Refused](err); ok { // its name has another address now
		return phoneTest{}, mayReach("config.baseUrl", refused)
	}
	failed, ok := errors.AsType[*phone.Error](err)
	switch {
	case err == nil:
		ms := max(1, report.Latency.Milliseconds())
		return phoneTest{OK: true, LatencyMs: &ms, RecordingsSeen: &report.RecordingsSeen, report: report}, nil
	case ok:
		o.Log.Info("connection test failed", "kind", kind, "err", err)
		return phoneTest{Error: syncer.Code(err), Message: phoneMessage(failed), report: report, code: testCode(kind, failed, report)}, nil
	}
	return phoneTest{}, err
}

// testCode is the dashboard's word for a failure, as exact as [phoneMessage].
func testCode(kind string, e *phone.Error, r phone.Report) string {
	switch {
	case e.Kind == phone.Transient && e.Status == http.StatusTooManyRequests:
		return "rate_limited"
	case e.Kind == phone.Transient, e.Kind == phone.TooMany:
		return string(e.Kind)
	case e.Kind == phone.Forbidden && kind == app.SourceThreeCX && len(r.Steps) > 0 && r.Steps[len(r.Steps)-1].Name == phone.StepSignIn:
		return "blocked"
	}
	return syncer.Code(e)
}

// tryStored tries a stored integration. One that was stopped because its
// credentials were refused goes on when they serve again.
func tryStored(ctx context.Context, o Options, p app.Provider) (phoneTest, error) {
	result, err := judgeTest(ctx, o, p.Kind, func(ctx context.Context) (phone.Report, error) { return o.Phones.ProbeStored(ctx, p) })
	if err != nil || !result.report.Passed(phone.StepList) || p.State != app.ProviderStopped {
		return result, err
	}
	err = o.DB.PardonProvider(ctx, p.BusinessID, p.ID)
	o.Phones.Wake()
	return result, err
}

// phoneMessage says what to do about a failure of a phone system.
func phoneMessage(e *phone.Error) string {
	if e.Fix != "" {
		return e.Fix
	}
	switch e.Kind {
	case phone.Credentials:
		return "The phone system refused the user name or the password."
	case phone.Forbidden:
		return "The sign-in works, but this user may not list or hear recordings. Ask the phone system's administrator for that right."
	case phone.Unreachable:
		return "Nothing answers at this address in time. Check the address, and that the appliance can reach it."
	case phone.TLS:
		return "No trusted encrypted connection can be made. Check that the address is right and its certificate valid; " +
			"the authority of one that the business issued itself belongs in config.caCertificate."
	case phone.BadContent:
		return "The calls are listed, but what comes for a recording is no sound. Look at one in the phone system itself."
	case phone.Transient:
		return "The phone system answers with an error of its own. Try again later."
	}
	return "Something answers at this address, but not as this kind of phone system does. Check the address."
}
