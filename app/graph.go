package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// GraphVersion is the version of the stored form that this program writes and
// reads.
const GraphVersion = 1

// The kinds of nodes.
const (
	NodeTrigger  = "trigger"  // a call's analysis is complete
	NodeGroup    = "group"    // conditions, with an exit for yes and one for no
	NodeWindow   = "window"   // days and hours, with the same two exits
	NodeThrottle = "throttle" // so many in so long, with the same two exits
	NodeMessage  = "message"  // what is said
	NodeSend     = "send"     // to whom
)

// NodeKinds lists every kind, in the order of the flow.
func NodeKinds() []string {
	return []string{NodeTrigger, NodeGroup, NodeWindow, NodeThrottle, NodeMessage, NodeSend}
}

// Branches reports whether nodes of the kind have the exits yes and no.
func Branches(kind string) bool {
	return kind == NodeGroup || kind == NodeWindow || kind == NodeThrottle
}

// The exits of a node that branches. Others have one exit, without a name.
const (
	ExitYes = "yes"
	ExitNo  = "no"
)

// A Graph is the stored form of an automation: what happens after a call's
// analysis, as a flow. It runs from the one trigger through groups of
// conditions, time windows and throttles to messages, and from each message to
// the places it is sent to:
//
//	trigger → group, window, throttle … → message → send
//
// A node that branches goes on at its exit "yes" where the call meets it, else
// at "no". A node that several paths lead to happens once. Order of nodes and
// positions mean nothing.
type Graph struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	Nodes   []Node `json:"nodes"`
	Edges   []Edge `json:"edges"`
}

// A Node is one step of a graph. Of the fields after its position the one that
// its kind names is set; a trigger may have none.
type Node struct {
	ID       string       `json:"id"` // of this graph only, chosen by whoever drew it
	Kind     string       `json:"kind"`
	X        float64      `json:"x"` // where it stands on the canvas
	Y        float64      `json:"y"`
	Trigger  *Trigger     `json:"trigger,omitempty"`
	Group    *Group       `json:"group,omitempty"`
	Window   *Window      `json:"window,omitempty"`
	Throttle *Throttle    `json:"throttle,omitempty"`
	Message  *MessageText `json:"message,omitempty"`
	Send     *Send        `json:"send,omitempty"`
}

// A Trigger says when the flow runs beyond a call's first analysis that matches.
type Trigger struct {
	// OnReanalysis: also where a call that the automation has fired for is
	// analysed again. Without it the automation fires once for each call.
	OnReanalysis bool `json:"onReanalysis"`
}

// A Group holds when all, or any, of its conditions and groups hold. One with
// nothing in it holds, whichever it asks for.
type Group struct {
	Match      string      `json:"match"` // MatchAll or MatchAny
	Conditions []Condition `json:"conditions"`
	Groups     []Group     `json:"groups,omitempty"`
}

// A MessageText is what an automation says. See [ParseTemplate].
type MessageText struct {
	Text     string   `json:"text"`
	Severity Severity `json:"severity"`
}

// A Send says where the message before it goes: to every chat or webhook of its
// channel that it names, or to the feed, which has no names but can be for
// members of certain roles alone.
type Send struct {
	Channel string   `json:"channel"`
	To      []string `json:"to,omitempty"`    // ids of chats or webhooks
	Roles   []Role   `json:"roles,omitempty"` // of the feed: for whom; none: for everybody
}

// An Edge leads from an exit of one node to another node.
type Edge struct {
	From string `json:"from"`
	Exit string `json:"exit,omitempty"`
	To   string `json:"to"`
}

// Targets returns the ids that the graph sends to on the channel, in the order
// of its nodes, each once.
func (g Graph) Targets(channel string) []string {
	var ids []string
	for _, n := range g.Nodes {
		if n.Send != nil && n.Send.Channel == channel {
			ids = append(ids, n.Send.To...)
		}
	}
	return distinct(ids)
}

// Fingerprint tells versions of a graph apart: two graphs have the same one if,
// and only if, they are stored alike.
func (g Graph) Fingerprint() string {
	b, err := json.Marshal(g)
	if err != nil { // of a number that is none, which no valid graph holds
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// ReRuns reports whether the graph also runs for calls that it has fired for.
func (g Graph) ReRuns() bool {
	return slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.Trigger != nil && n.Trigger.OnReanalysis })
}

// Sends reports whether the graph sends anything anywhere.
func (g Graph) Sends() bool {
	return slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.Send != nil })
}

// Without returns the graph with a chat or webhook taken out of it, and whether
// it was there. A send node that is left with nobody goes too.
func (g Graph) Without(channel, id string) (Graph, bool) {
	gone := map[string]bool{}
	found := false
	nodes := make([]Node, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		if n.Send != nil && n.Send.Channel == channel && slices.Contains(n.Send.To, id) {
			found = true
			to := slices.DeleteFunc(slices.Clone(n.Send.To), func(s string) bool { return s == id })
			if len(to) == 0 {
				gone[n.ID] = true
				continue
			}
			n.Send = &Send{Channel: channel, To: to}
		}
		nodes = append(nodes, n)
	}
	if !found {
		return g, false
	}
	g.Nodes = nodes
	g.Edges = slices.DeleteFunc(slices.Clone(g.Edges), func(e Edge) bool { return gone[e.From] || gone[e.To] })
	return g, true
}
