package views

import (
	"context"
	"strings"

	"crk/app"
)

// CollectionsPage is the list of collections.
type CollectionsPage struct {
	Items          []app.Collection
	Total          int
	Page, PageSize int
	Form           *Form // of a new one; nil: no drawer
}

// CollectionPage is one collection with its calls.
type CollectionPage struct {
	Collection app.Collection
	Calls      CallsPage
	Form       *Form // to change it; nil: no drawer
}

// collectionOptions lists collections to choose from.
func collectionOptions(ctx context.Context, all []app.Collection) []Option {
	out := []Option{{"", T(ctx, "collection.choose")}}
	for _, c := range all {
		out = append(out, Option{c.ID, c.Name})
	}
	return out
}

// colors are those that are offered for a collection: they differ in light and
// dark, and for most people who do not see all colours.
func colors() []string {
	return []string{app.DefaultColor, "#2563EB", "#0891B2", "#059669", "#CA8A04", "#EA580C", "#DC2626", "#C026D3", "#7C3AED"}
}

// chosenColor is the offered colour that a form holds, or the colour itself.
func chosenColor(f Form) string {
	for _, c := range colors() {
		if strings.EqualFold(c, f.Value("color")) {
			return c
		}
	}
	return f.Value("color")
}

// offered are the colours to choose from, with one of the collection's own.
func offered(f Form) []string {
	all := colors()
	for _, c := range all {
		if c == chosenColor(f) {
			return all
		}
	}
	if app.IsColor(f.Value("color")) {
		all = append(all, f.Value("color"))
	}
	return all
}
