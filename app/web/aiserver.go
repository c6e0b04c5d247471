package web

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crk/app"
	"crk/app/egress"
)

// hasAI reports which tasks a server does for a business.
func (o Options) hasAI(ctx context.Context, business app.BusinessID) (stt, llm bool, err error) {
	heard, err := o.AI.Of(ctx, business, app.TaskTranscription)
	if err != nil {
		return false, false, err
	}
	judged, err := o.AI.Of(ctx, business, app.TaskAnalysis)
	return heard.URL != "", judged.URL != "", err
}

// readAIServer reads the form of a server, and checks that its requests may go
// where it is. A key that is not typed again stays, but for a server elsewhere or
// one that another authority vouches for: whoever changes these is not to be given
// the key.
func (o Options) readAIServer(ctx context.Context, business app.BusinessID, task app.AITask, in url.Values) (app.AIServer, error) {
	stored, err := o.DB.AIServer(ctx, business, task)
	if err != nil {
		return app.AIServer{}, err
	}
	a := app.AIServer{BusinessID: business, Task: task, Key: app.Secret(strings.TrimSpace(in.Get("key"))), Model: strings.TrimSpace(in.Get("model"))}
	a.KeyHeader, a.Language = strings.TrimSpace(in.Get("keyHeader")), strings.ToLower(strings.TrimSpace(in.Get("language")))
	a.Extra = readParameters(in.Get("extra"))
	a.Timeout, a.CA = readSeconds(in.Get("timeout")), pemText(in.Get("ca"))
	var urlErr error
	a.URL, urlErr = app.NormalizeAIURL(in.Get("url"))
	var bad app.Problems
	if stored != nil && stored.Key != "" && a.Key == "" && in.Get("noKey") != "true" {
		if a.Key = stored.Key; urlErr == nil && (app.AIOrigin(a.URL) != app.AIOrigin(stored.URL) || a.CA != "" && a.CA != stored.CA) {
			bad.Add("keyAgain", "This is another server, or another authority vouches for it: give its key.")
		}
	}
	if err := together(urlErr, bad.Err(), a.Validate(), checkCA("ca", a.CA)); err != nil {
		return a, err
	}
	return a, o.mayAsk(ctx, a)
}

// mayAsk refuses a server that requests may not go to, and one to which they
// would go through the internet in the clear.
func (o Options) mayAsk(ctx context.Context, a app.AIServer) error {
	if err := o.Egress.CheckURL(ctx, egress.AI, a.URL); err != nil {
		if refused, ok := errors.AsType[*egress.Refused](err); ok && refused.Setting != "" {
			return err
		}
		return mayReach("url", err)
	}
	u, err := url.Parse(a.URL)
	if err == nil && u.Scheme == "http" && !o.Egress.IsNear(ctx, u.Hostname()) {
		var bad app.Problems
		bad.Add("plain", "Use https for a server that is not in your own network.")
		err = bad.Err()
	}
	return err
}

// readParameters reads lines of name=value.
func readParameters(text string) (out []app.AIParameter) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			name, value, _ := strings.Cut(l, "=")
			out = append(out, app.AIParameter{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	return out
}

// readSeconds reads a time; what is no number is out of range.
func readSeconds(text string) time.Duration {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > 1e6 {
		return -1
	}
	return time.Duration(n) * time.Second
}

// aiServerValues is a server as the fields of its form, without its key.
func aiServerValues(a app.AIServer) url.Values {
	var extra []string
	for _, e := range a.Extra {
		extra = append(extra, e.Name+"="+e.Value)
	}
	seconds := ""
	if a.Timeout > 0 {
		seconds = strconv.Itoa(int(a.Timeout.Seconds()))
	}
	return url.Values{
		"url": {a.URL}, "model": {a.Model}, "keyHeader": {a.KeyHeader}, "language": {a.Language}, "timeout": {seconds},
		"extra": {strings.Join(extra, "\n")}, "ca": {a.CA},
	}
}
