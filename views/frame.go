package views

import (
	"net/url"

	"crk/app"
)

// A Place is an entry of the navigation.
type Place string

// The places of the dashboard, in the order of the navigation.
const (
	AtHome          Place = "home"
	AtCalls         Place = "calls"
	AtCollections   Place = "collections"
	AtAgents        Place = "agents"
	AtAutomations   Place = "automations"
	AtNotifications Place = "notifications"
	AtUsage         Place = "usage"
	AtSettings      Place = "settings"
)

// A Frame is what every page of the dashboard shows beside its own matter.
type Frame struct {
	Title      string // of the tab
	Place      Place
	Path       string // of this page with its query, to come back to after a switch of language
	Theme      string // "light", "dark" or empty: the system's
	Business   app.Business
	Businesses []app.Business // the user's others; empty: no switcher
	User       app.User
	Role       app.Role
	Can        app.Scopes
	Unread     int
	LastID     string          // of the newest notification when the page was made: where the stream goes on
	Prefer     app.Preferences // of sound and desktop notifications
	Simulated  bool            // the demo: phone system, AI, Telegram and Discord are not real
	Messenger  string          // of the demo: where its simulated chats can be seen
	DiskLow    bool            // too little space is left: no calls are fetched; said to who can do something about it
	Flash      Flash           // said once, on the page after a form

	OwnAuthority bool // the appliance signs its own certificate, which devices are to trust
}

// A Flash is what came of the form that led to this page.
type Flash struct {
	Text string // empty: nothing to say
	Bad  bool
}

// A navItem is one entry of the navigation.
type navItem struct {
	place Place
	icon  string
	href  string
	desk  bool // only where there is room; else the page before leads there
}

// nav returns the entries that the reader may use.
func (f Frame) nav() []navItem {
	var items []navItem
	if f.Can.Allow(app.ViewRecordingSelf) {
		items = append(items, navItem{AtHome, "house", "/", false}, navItem{AtCalls, "phone", "/calls", false},
			navItem{AtCollections, "library", "/collections", true}, navItem{AtAgents, "users", "/agents", true})
	}
	if f.Can.Allow(app.ViewNotifications) {
		items = append(items, navItem{AtAutomations, "workflow", "/automations", false},
			navItem{AtNotifications, "bell", "/notifications", false})
	}
	if f.Can.Allow(app.ViewUsage) {
		items = append(items, navItem{AtUsage, "chart-column", "/usage", false})
	}
	return append(items, navItem{AtSettings, "settings", "/settings", false})
}

// A Door is what the pages before the dashboard show beside their form.
type Door struct {
	Title     string
	Path      string
	Theme     string
	Simulated bool
	Messenger string
}

// A Form is what a person filled in and what is wrong with it. The zero Form is
// an empty one. Secrets in Values are never drawn.
type Form struct {
	Name    string // tells the forms of one page apart; may be empty
	Values  url.Values
	Errors  map[string]string // by field, in the reader's language
	Problem string            // with the whole, in the reader's language
}

// Value returns the first value of a field.
func (f Form) Value(name string) string { return f.Values.Get(name) }

// Has reports whether a field holds the given value among its values.
func (f Form) Has(name, value string) bool {
	for _, v := range f.Values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// An Option is one choice of a select.
type Option struct {
	Value string
	Label string
}

// An Input says what a text field is like.
type Input struct {
	Type        string // "text" if empty
	Hint        string
	Placeholder string
	Complete    string // autocomplete
	Mode        string // inputmode
	Optional    bool
	Rows        int // more than 0: a textarea
	Focus       bool
	Min, Max    string
}

func (i Input) kind() string {
	if i.Type == "" {
		return "text"
	}
	return i.Type
}

// id is the id of a field's element.
func (f Form) id(field string) string { return "f-" + f.Name + field }

// describedBy names the elements that explain a field.
func describedBy(f Form, name string, in Input) string {
	switch {
	case f.Errors[name] != "":
		return f.id(name) + "-err"
	case in.Hint != "":
		return f.id(name) + "-hint"
	}
	return ""
}
