// Package ai makes words of calls, and sense of words: the stages Transcribe and
// Analyse.
//
// It promises:
//
//   - A call is never lost. What a server cannot do now is tried for a day; what
//     it answered is stored at once, so that a crash repeats one request at most.
//   - Silence is not sent anywhere, and so costs nothing.
//   - A server that refuses the key, the model or the bill is left alone for an
//     hour while its calls wait.
//   - With no server at all every call still completes, by what its audio says.
//   - What a model says about a call is held to closed lists and bounds, every
//     quote occurs in the transcript, and the call's own record wins over it.
//
// It knows OpenAI-compatible servers only (package openai) and neither rules nor
// notifications.
package ai

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"crk/app"
	"crk/app/ai/openai"
)

const (
	farRequests  = 4 // at once, to a server elsewhere
	nearRequests = 1 // at once, to one that is ours to overload
)

// A Server is an OpenAI-compatible server; without a URL there is none.
type Server struct {
	URL      string // ends in /v1 as a rule
	Key      app.Secret
	Model    string // empty: a name that many servers know
	Language string // of the speech, ISO 639-1; empty: the server finds out
}

func (s Server) config(model string) openai.Config {
	return openai.Config{BaseURL: s.URL, Key: openai.Key(s.Key.Reveal()), Model: cmp.Or(s.Model, model), Language: s.Language}
}

// slots is how many requests the server gets at once.
func (s Server) slots() int {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nearRequests
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	near := !strings.Contains(host, ".") || slices.ContainsFunc([]string{".local", ".lan", ".internal"},
		func(domain string) bool { return strings.HasSuffix(host, domain) })
	if err == nil {
		near = addr.IsLoopback() || addr.IsPrivate()
	}
	if near {
		return nearRequests
	}
	return farRequests
}
