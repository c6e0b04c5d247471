package views

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"crk/app"
)

// AuditPage is Settings → Audit log: who changed what.
type AuditPage struct {
	Items  []app.AuditEntry
	Actors []app.Actor // people and keys to choose from
	Query  url.Values  // the filters as they stand in the address
	Older  bool        // not the newest
	Next   string      // what comes after Items; empty: nothing
}

// AuditSentence says a line of the log in the reader's language, without its
// time: "Owner changed webhook CRM".
func AuditSentence(ctx context.Context, e app.AuditEntry) string {
	return strings.TrimSpace(actorName(ctx, e.Actor) + " " + actionWords(ctx, e.Action) + " " + objectName(ctx, e))
}

// actorName is who did it, as people know them.
func actorName(ctx context.Context, a app.Actor) string {
	switch a.Kind {
	case app.ActorUser:
		return a.Name
	case app.ActorKey:
		return T(ctx, "audit.key", "Name", a.KeyName, "Owner", a.Name)
	case app.ActorCommand:
		return strings.TrimSpace(label(ctx, "audit.actor", a.Kind) + " " + a.Name)
	}
	return label(ctx, "audit.actor", a.Kind)
}

func actionWords(ctx context.Context, a app.Action) string {
	return label(ctx, "audit.action", strings.ReplaceAll(string(a), ".", "_"))
}

// objectName is what the change was made to: its name, of a call the beginning of
// its id. Of what somebody did to their own account nothing is said twice.
func objectName(ctx context.Context, e app.AuditEntry) string {
	switch {
	case e.ObjectName == e.Actor.Name && e.ObjectName != "":
		return ""
	case e.ObjectName != "":
		return e.ObjectName
	case e.Action.Thing() == "recording", e.Action.Thing() == "review":
		return shortID(e.ObjectID)
	}
	return ""
}

// shortID is the part of an id that tells it from others at a glance: its end,
// for ids that begin with their time.
func shortID(id string) string {
	if len(id) <= 8 {
		return id
	}
	return "…" + id[len(id)-8:]
}

// objectPage is where the thing can be seen, empty where it cannot.
func objectPage(e app.AuditEntry) string {
	if e.Action.Verb() == "delete" {
		return ""
	}
	switch e.Action.Thing() {
	case "recording", "review":
		return "/calls/" + e.ObjectID
	case "automation":
		return "/automations/" + e.ObjectID
	case "webhook":
		return "/settings/webhooks/" + e.ObjectID
	case "budget":
		return "/usage"
	}
	return ""
}

// origin is from where a change was made.
func origin(ctx context.Context, a app.Actor) string {
	var parts []string
	if a.Via != "" {
		parts = append(parts, label(ctx, "audit.via", a.Via))
	}
	if a.Address != "" {
		parts = append(parts, a.Address)
	}
	return strings.Join(parts, " · ")
}

// fieldName is what a field is called.
func fieldName(ctx context.Context, name string) string { return label(ctx, "audit.field", name) }

// fieldValue is a value of the log in words; empty where it was not kept.
func fieldValue(ctx context.Context, raw json.RawMessage) string {
	if raw == nil {
		return ""
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return string(raw)
	}
	return valueWords(ctx, v)
}

func valueWords(ctx context.Context, v any) string {
	switch v := v.(type) {
	case bool:
		return label(ctx, "audit.value", boolText(v))
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return When(ctx, at)
		}
		return v
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = valueWords(ctx, item)
		}
		return strings.Join(words, ", ")
	case float64:
		return Figure(v)
	}
	return fmt.Sprint(v)
}

// whoOptions are the choices of whose changes to show.
func (p AuditPage) whoOptions(ctx context.Context) []Option {
	all := []Option{{"", T(ctx, "audit.everybody")}}
	for _, a := range p.Actors {
		id := string(a.UserID)
		if a.Kind == app.ActorKey {
			id = a.KeyID
		}
		all = append(all, Option{string(a.Kind) + ":" + id, actorName(ctx, a)})
	}
	for _, kind := range []app.ActorKind{app.ActorCommand, app.ActorSystem, app.ActorVisitor} {
		all = append(all, Option{string(kind), label(ctx, "audit.actor", kind)})
	}
	return all
}

// filtered reports whether anything narrows the list.
func (p AuditPage) filtered() bool {
	for name := range p.Query {
		if name != "before" {
			return true
		}
	}
	return false
}

// link is an address with the filters of the page.
func (p AuditPage) link(path, before string) string {
	q := url.Values{}
	for name, values := range p.Query {
		q[name] = values
	}
	if q.Del("before"); before != "" {
		q.Set("before", before)
	}
	return address("/settings/audit"+path, q)
}
