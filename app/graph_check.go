package app

import (
	"fmt"
	"math"
)

// Bounds of a graph.
const (
	MaxGraphNodes = 50
	MaxGraphEdges = 200
	MaxGroupDepth = 5
)

// Validate returns a validation error that names every problem of the graph, or
// nil. The message of each names the node, its path the place in the JSON. A
// graph that sends nowhere is valid: its last destination may have been deleted.
// The last word of a path says what is wrong, so that it can be said in another
// language.
// Whether destinations exist is for the store to say.
func (g Graph) Validate() error {
	var p Problems
	if g.Version != GraphVersion {
		p.Add("version", "This program reads version %d, not %d.", GraphVersion, g.Version)
		return p.Err()
	}
	c := graphCheck{Graph: g, Problems: &p, index: map[string]int{}}
	if c.bounds(); len(p) > 0 {
		return p.Err()
	}
	checkName(&p, "name", g.Name)
	c.nodes()
	if c.edges(); len(p) == 0 {
		c.shape()
	}
	return p.Err()
}

// A graphCheck is one validation under way.
type graphCheck struct {
	Graph
	*Problems
	index map[string]int // of nodes by id
}

// bounds checks how much there is, before anything is looked at.
func (c graphCheck) bounds() {
	conditions, groups, to := 0, 0, 0
	var count func(g Group)
	count = func(g Group) {
		groups++
		conditions += len(g.Conditions)
		for _, inner := range g.Groups {
			count(inner)
		}
	}
	for _, n := range c.Nodes {
		if n.Group != nil {
			count(*n.Group)
		}
		if n.Send != nil {
			to += max(len(n.Send.To), 1)
		}
	}
	for _, b := range []struct {
		field, what string
		n, most     int
	}{
		{"many.nodes", "nodes", len(c.Nodes), MaxGraphNodes},
		{"many.edges", "edges", len(c.Edges), MaxGraphEdges},
		{"many.conditions", "conditions", conditions, MaxConditions},
		{"many.groups", "groups", groups, MaxGraphNodes},
		{"many.destinations", "destinations", to, MaxDestinations},
	} {
		if b.n > b.most {
			c.Add(b.field, "A graph takes %d %s at most, not %d.", b.most, b.what, b.n)
		}
	}
}

func (c graphCheck) nodes() {
	triggers := 0
	for i, n := range c.Nodes {
		path := at("nodes", i)
		if n.ID == "" || len(n.ID) > 64 {
			c.Add(path+".id", "Give the node an id of 1 to 64 bytes.")
		} else if _, twice := c.index[n.ID]; twice {
			c.Add(path+".id", "%s is the id of two nodes.", quoted(n.ID))
		}
		c.index[n.ID] = i
		if math.Abs(n.X) > 1e6 || math.Abs(n.Y) > 1e6 || math.IsNaN(n.X+n.Y) {
			c.Add(path+".x", "Node %s stands off the canvas.", quoted(n.ID))
		}
		if n.Kind == NodeTrigger {
			triggers++
		}
		c.node(path, n)
	}
	if triggers != 1 {
		c.Add("triggers", "A graph has exactly one trigger, not %d.", triggers)
	}
}

// edges checks that each edge leads from an exit that is there to a node that
// may follow.
func (c graphCheck) edges() {
	seen := map[Edge]bool{}
	for i, e := range c.Edges {
		path := at("edges", i)
		from, fromOK := c.index[e.From]
		to, toOK := c.index[e.To]
		if !fromOK || !toOK {
			c.Add(path+".loose", "This leads from %s to %s, and one of them is not there.", quoted(e.From), quoted(e.To))
			continue
		}
		if problem := c.edge(e, c.Nodes[from].Kind, c.Nodes[to].Kind); problem != "" {
			c.Add(path+".follows", "%s", problem)
		}
		if seen[e] {
			c.Add(path+".twice", "This leads a second time from %s to %s.", quoted(e.From), quoted(e.To))
		}
		seen[e] = true
	}
}

func (c graphCheck) edge(e Edge, from, to string) string {
	if isExit := e.Exit == ExitYes || e.Exit == ExitNo; isExit != Branches(from) || !isExit && e.Exit != "" {
		return fmt.Sprintf("%s is no exit of the %s %s.", quoted(e.Exit), from, quoted(e.From))
	}
	follows := to == NodeSend
	if from != NodeMessage {
		follows = (from == NodeTrigger || Branches(from)) && (Branches(to) || to == NodeMessage)
	}
	if !follows {
		return fmt.Sprintf("A %s (%s) cannot follow a %s (%s).", to, quoted(e.To), from, quoted(e.From))
	}
	return ""
}

// shape checks that every node can be reached, none from itself, and that each
// send node has one message.
func (c graphCheck) shape() {
	next, messages := map[string][]string{}, map[string]int{}
	for _, e := range c.Edges {
		next[e.From] = append(next[e.From], e.To)
		if c.Nodes[c.index[e.To]].Kind == NodeSend {
			messages[e.To]++
		}
	}
	const underWay, done = 1, 2
	state := map[string]int{}
	var visit func(id string)
	visit = func(id string) {
		state[id] = underWay
		for _, to := range next[id] {
			switch state[to] {
			case underWay:
				c.Add(at("nodes", c.index[to])+".circle", "The flow comes back to node %s.", quoted(to))
			case 0:
				visit(to)
			}
		}
		state[id] = done
	}
	for _, n := range c.Nodes {
		if n.Kind == NodeTrigger {
			visit(n.ID)
		}
	}
	for i, n := range c.Nodes {
		switch {
		case state[n.ID] == 0:
			c.Add(at("nodes", i)+".apart", "Node %s cannot be reached from the trigger.", quoted(n.ID))
		case messages[n.ID] > 1:
			c.Add(at("nodes", i)+".messages", "Node %s sends %d messages, and it takes one.", quoted(n.ID), messages[n.ID])
		}
	}
}
