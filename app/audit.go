package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// An ActorKind says what kind of somebody made a change.
type ActorKind string

// The kinds of actors.
const (
	ActorSystem  ActorKind = "system"  // the appliance itself: nobody asked
	ActorUser    ActorKind = "user"    // a person who is signed in
	ActorKey     ActorKind = "key"     // an API key, for its owner
	ActorCommand ActorKind = "command" // somebody at the machine's command line
	ActorVisitor ActorKind = "visitor" // somebody not signed in: at the login, or with an upload link
)

// ActorKinds lists every kind, in the order in which they are shown.
func ActorKinds() []ActorKind {
	return []ActorKind{ActorUser, ActorKey, ActorCommand, ActorSystem, ActorVisitor}
}

// Where a change came in.
const (
	ViaDashboard = "dashboard"
	ViaAPI       = "api"
	ViaCommand   = "cli"
	ViaTelegram  = "telegram"
)

// An Actor is who makes a change, and from where. The zero Actor is the
// appliance itself.
type Actor struct {
	Kind    ActorKind // "" is ActorSystem
	UserID  UserID    // of a user; of a key its owner; else empty
	Name    string    // what the person was called then; of a command the machine's user
	KeyID   string    // of a key
	KeyName string
	Via     string // one of the Via constants; empty for the appliance itself
	Address string // of the client, through trusted proxies; empty where there is none
}

type actorKey struct{}

// WithActor returns a context whose changes are those of a.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns who makes the changes of a context: the appliance itself where
// nobody is named.
func ActorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	if a.Kind == "" {
		a.Kind = ActorSystem
	}
	return a
}

// An Action is what was done: the kind of thing, a dot, and the verb.
type Action string

// Thing is the kind of thing that an action is done to.
func (a Action) Thing() string {
	thing, _, _ := strings.Cut(string(a), ".")
	return thing
}

// Verb is what an action does.
func (a Action) Verb() string {
	_, verb, _ := strings.Cut(string(a), ".")
	return verb
}

// Actions lists every action there is, by the thing it is done to. The store
// refuses to write another one.
func Actions() []Action {
	return []Action{
		"session.create", "session.end", "session.refuse",
		"user.create", "user.update", "user.password",
		"business.create", "business.update",
		"member.create", "member.update", "member.delete",
		"invitation.create", "invitation.accept", "invitation.delete",
		"key.create", "key.revoke",
		"provider.create", "provider.update", "provider.default", "provider.delete", "provider.stop", "provider.sync",
		"recording.create", "recording.update", "recording.upload", "recording.reextract", "recording.delete",
		"review.update", "review.delete",
		"bulk.create", "agent.update", "privacy.update", "person.erase",
		"collection.create", "collection.update", "collection.add", "collection.remove", "collection.delete",
		"chat.link", "chat.update", "chat.delete", "linkcode.create",
		"discord.create", "discord.delete",
		"automation.create", "automation.update", "automation.delete",
		"webhook.create", "webhook.update", "webhook.rotate", "webhook.recover", "webhook.retry", "webhook.disable", "webhook.delete",
		"budget.update", "backup.create", "bot.update", "bot.delete",
		"aiserver.update", "aiserver.delete", "brief.update", "price.create", "channel.update",
	}
}

// Known reports whether there is such an action.
func (a Action) Known() bool { return slices.Contains(Actions(), a) }

// AuditThings lists the kinds of things that actions are done to.
func AuditThings() (things []string) {
	for _, a := range Actions() {
		if !slices.Contains(things, a.Thing()) {
			things = append(things, a.Thing())
		}
	}
	return things
}

// A FieldChange is one field that a change touched. From and To are JSON; both
// are nil where the value is not for the log: a secret, or what people said in a
// call or of it.
type FieldChange struct {
	Field string          `json:"field"`
	From  json.RawMessage `json:"from,omitempty"`
	To    json.RawMessage `json:"to,omitempty"`
}

// An AuditEntry is one line of the audit log.
type AuditEntry struct {
	Seq        int64
	BusinessID BusinessID // empty: of the appliance itself
	At         time.Time
	Actor      Actor
	Action     Action
	ObjectID   string
	ObjectName string // what it was called then; empty where its name is not for the log
	Changes    []FieldChange
}

// An AuditFilter chooses lines of the audit log. Zero fields choose all.
type AuditFilter struct {
	Actor     ActorKind
	UserID    UserID // the person, or the owner of the key
	KeyID     string
	Thing     string
	ObjectID  string
	From, To  time.Time // from included, to not
	Appliance bool      // also lines of the appliance itself: for its administrator
	BeforeSeq int64     // for the page after the one that ended there
}
