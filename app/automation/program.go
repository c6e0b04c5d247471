package automation

import "crk/app"

// A Program is a graph made ready to run. It may be used concurrently.
type Program struct {
	name  string
	steps []step
	start int // the trigger
}

// A step is a node with what follows it.
type step struct {
	node      app.Node
	group     group
	template  app.Template
	next      []int // by the exit "yes", or by the only exit
	otherwise []int // by the exit "no"
}

// A group holds when all, or any, of its parts do.
type group struct {
	any        bool
	conditions []condition
	groups     []group
}

// NewProgram makes a graph ready to run. The error is its validation error.
func NewProgram(g app.Graph) (*Program, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	p := &Program{name: g.Name, steps: make([]step, len(g.Nodes))}
	index := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		index[n.ID] = i
		p.steps[i].node = n
		switch n.Kind {
		case app.NodeTrigger:
			p.start = i
		case app.NodeGroup:
			p.steps[i].group = newGroup(*n.Group)
		case app.NodeMessage:
			t, err := app.ParseTemplate(n.Message.Text)
			if err != nil {
				return nil, err
			}
			p.steps[i].template = t
		}
	}
	for _, e := range g.Edges {
		from := &p.steps[index[e.From]]
		if e.Exit == app.ExitNo {
			from.otherwise = append(from.otherwise, index[e.To])
		} else {
			from.next = append(from.next, index[e.To])
		}
	}
	return p, nil
}

func newGroup(g app.Group) group {
	out := group{any: g.Match == app.MatchAny}
	for _, c := range g.Conditions {
		out.conditions = append(out.conditions, newCondition(c))
	}
	for _, inner := range g.Groups {
		out.groups = append(out.groups, newGroup(inner))
	}
	return out
}

// holds reports whether the call meets the group. It stops at the first part
// that settles it.
func (g group) holds(call *Call) bool {
	for _, c := range g.conditions {
		if c.met(call) == g.any {
			return g.any
		}
	}
	for _, inner := range g.groups {
		if inner.holds(call) == g.any {
			return g.any
		}
	}
	return !g.any || len(g.conditions)+len(g.groups) == 0
}

// A Sending is one message for the destinations of one send node.
type Sending struct {
	NodeID   string
	Channel  string
	To       []string   // ids of chats or webhooks; none for the feed
	Roles    []app.Role // of the feed: for whom; none: for everybody
	Title    string     // the automation's name
	Body     string     // plain text
	Severity app.Severity
}
