package views

import "crk/app"

// ComponentsPage is what the page of all parts is filled with.
type ComponentsPage struct {
	Calls  CallsPage
	Home   HomePage
	Feed   []app.FeedItem
	Drawer bool // it is open
}
