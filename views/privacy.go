package views

import (
	"context"
	"net/url"

	"crk/app"
)

// PrivacyPage is Settings → Privacy.
type PrivacyPage struct {
	Form     Form          // how long what is kept
	Due      *app.Due      // what that would remove: to be confirmed; nil: nothing is asked
	Sure     string        // what confirms exactly that
	Find     Form          // of a telephone number
	Receipts []app.Erasure // newest first
}

// PersonPage is what is kept about a telephone number.
type PersonPage struct {
	Typed        string
	Phone        string // in normal form
	Calls        []app.Recording
	Total        int
	Mentions     []app.Recording // others, in whose words the number stands
	MentionTotal int
	Receipts     []app.Erasure // of earlier erasures of the same number
}

// AccessPage is the access log.
type AccessPage struct {
	Items  []app.Access
	Query  url.Values
	People []Option
	Older  bool
	Next   string // of the next page, or empty
}

// link is the address of the log, or of a file of it, with the filters as they
// are.
func (p AccessPage) link(file, before string) string {
	q := url.Values{}
	for name, values := range p.Query {
		if name != "before" {
			q[name] = values
		}
	}
	if before != "" {
		q.Set("before", before)
	}
	return address("/settings/privacy/access"+file, q)
}

// who is what somebody in the access log is called.
func accessWho(ctx context.Context, a app.Access) string {
	name := a.UserName
	if name == "" {
		name = T(ctx, "access.gone")
	}
	if a.KeyID != "" {
		return T(ctx, "audit.key", "Name", a.KeyName, "Owner", name)
	}
	return name
}

// erasedLines are what a receipt counts, in its order.
func erasedLines(c app.ErasedCounts) []struct {
	Key string
	N   int
} {
	return []struct {
		Key string
		N   int
	}{
		{"calls", c.Calls}, {"audio", c.Audio}, {"transcripts", c.Transcripts}, {"analyses", c.Analyses}, {"notes", c.Notes},
		{"notifications", c.Notifications}, {"events", c.Events}, {"answers", c.Answers},
	}
}
