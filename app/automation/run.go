package automation

import "crk/app"

// Uses says how many calls a throttle node let through, for the subject it
// counts by, in the period that ends now. It is asked once for each throttle that
// the flow comes by.
type Uses func(nodeID string, t app.Throttle, subject string) int

// A Pass is a call that a throttle let through and of which something was sent
// beyond it: what counts.
type Pass struct {
	NodeID  string
	Subject string
}

// An Outcome is what a program makes of one call.
type Outcome struct {
	Sent   []Sending // in the order in which the flow comes by; none: it does not match
	Passed []Pass
	Held   bool // a throttle said no

	program *Program
	call    *Call
	path    path
}

// A path is the way that the flow took. Its sets have a bit for each node: there
// are app.MaxGraphNodes at most.
type path struct {
	seen  uint64 // reached
	yes   uint64 // reached, and left by the exit "yes" if it branches
	sends uint64 // something is sent there or beyond
	used  map[int]int
}

func (p path) saw(i int) bool { return p.seen&(1<<i) != 0 }
func (p path) met(i int) bool { return p.yes&(1<<i) != 0 }

// Run returns what the program makes of the call. It is pure but for uses; nil
// uses are throttles that have let nothing through yet.
func (p *Program) Run(call *Call, uses Uses) Outcome {
	o := Outcome{program: p, call: call}
	var body string
	var severity app.Severity
	p.walk(call, uses, &o.path, func(i int) {
		switch s := p.steps[i]; s.node.Kind {
		case app.NodeMessage:
			body = Render(s.template, call.facts, p.name)
			severity = s.node.Message.Severity
		case app.NodeSend: // follows its message at once: it has no other
			o.Sent = append(o.Sent, Sending{
				NodeID: s.node.ID, Channel: s.node.Send.Channel, To: s.node.Send.To, Roles: s.node.Send.Roles,
				Title: p.name, Body: body, Severity: severity,
			})
		}
	})
	for i, s := range p.steps {
		if s.node.Kind != app.NodeThrottle || !o.path.saw(i) {
			continue
		}
		switch {
		case !o.path.met(i):
			o.Held = true
		case o.path.sends&(1<<i) != 0:
			o.Passed = append(o.Passed, Pass{s.node.ID, call.subject(*s.node.Throttle)})
		}
	}
	return o
}

// Match returns what the program sends about the call where no throttle holds it
// back; nothing if the call does not match.
func (p *Program) Match(call *Call) []Sending { return p.Run(call, nil).Sent }

// walk calls enter for every node that the flow reaches, each once, depth first
// in the order of the edges, and notes the way.
func (p *Program) walk(call *Call, uses Uses, way *path, enter func(i int)) {
	var visit func(i int)
	visit = func(i int) {
		if way.saw(i) {
			return
		}
		way.seen |= 1 << i
		enter(i)
		s := p.steps[i]
		exit := s.otherwise
		if s.holds(i, call, uses, way) {
			way.yes |= 1 << i
			exit = s.next
		}
		if s.node.Kind == app.NodeSend {
			way.sends |= 1 << i
		}
		for _, next := range exit {
			visit(next)
			if way.sends&(1<<next) != 0 {
				way.sends |= 1 << i
			}
		}
	}
	visit(p.start)
}

// holds reports whether the flow leaves a node by its exit "yes", or by its only
// one.
func (s step) holds(i int, call *Call, uses Uses, way *path) bool {
	switch s.node.Kind {
	case app.NodeGroup:
		return s.group.holds(call)
	case app.NodeWindow:
		return s.inWindow(call)
	case app.NodeThrottle:
		if uses == nil {
			return true
		}
		if way.used == nil {
			way.used = map[int]int{}
		}
		way.used[i] = uses(s.node.ID, *s.node.Throttle, call.subject(*s.node.Throttle))
		return way.used[i] < s.node.Throttle.Most
	}
	return true
}

func (s step) inWindow(call *Call) bool {
	return !call.facts.CallAt.IsZero() && s.node.Window.Holds(call.facts.callAt())
}

// Asks reports whether the flow comes by a throttle: then what the program makes
// of the call can only be told where the throttle's uses are known and cannot
// change meanwhile.
func (p *Program) Asks(call *Call) bool {
	var way path
	asked := false
	p.walk(call, nil, &way, func(i int) { asked = asked || p.steps[i].node.Kind == app.NodeThrottle })
	return asked
}
