package app

import "slices"

// node checks what a node holds against its kind.
func (c graphCheck) node(path string, n Node) {
	holds := []struct {
		kind string
		set  bool
	}{
		{NodeGroup, n.Group != nil}, {NodeWindow, n.Window != nil}, {NodeThrottle, n.Throttle != nil},
		{NodeMessage, n.Message != nil}, {NodeSend, n.Send != nil}, {NodeTrigger, n.Trigger != nil},
	}
	for _, h := range holds {
		switch {
		case h.kind != n.Kind && h.set:
			c.Add(path+"."+h.kind, "Node %s is a %s and cannot hold this.", quoted(n.ID), quoted(n.Kind))
		case h.kind == n.Kind && !h.set && n.Kind != NodeTrigger:
			c.Add(path+"."+h.kind, "Node %s says nothing.", quoted(n.ID))
			return
		}
	}
	switch n.Kind {
	case NodeTrigger:
	case NodeGroup:
		c.group(path+".group", *n.Group, 1)
	case NodeWindow:
		c.window(path+".window", *n.Window)
	case NodeThrottle:
		c.throttle(path+".throttle", *n.Throttle)
	case NodeMessage:
		checkMessage(c.Problems, path+".message.text", n.Message.Text)
		checkSeverity(c.Problems, path+".message.severity", n.Message.Severity)
	case NodeSend:
		c.send(path+".send", *n.Send)
	default:
		c.Add(path+".kind", "%s is no kind of node. The kinds are %s.", quoted(n.Kind), list(NodeKinds()))
	}
}

func (c graphCheck) group(path string, g Group, depth int) {
	checkMatch(c.Problems, path+".match", g.Match)
	for i, condition := range g.Conditions {
		condition.check(c.Problems, at(path+".conditions", i))
	}
	if depth == MaxGroupDepth && len(g.Groups) > 0 {
		c.Add(path+".groups", "Groups stand %d deep at most.", MaxGroupDepth)
		return
	}
	for i, inner := range g.Groups {
		c.group(at(path+".groups", i), inner, depth+1)
	}
}

func (c graphCheck) window(path string, w Window) {
	for i, day := range w.Days {
		if day < 1 || day > 7 || slices.Contains(w.Days[:i], day) {
			c.Add(path+".days", "Days are numbers from 1, Monday, to 7, Sunday, each once.")
			break
		}
	}
	if len(w.Days) == 0 {
		c.Add(path+".days", "Choose at least one day.")
	}
	for _, t := range []struct{ name, value string }{{"from", w.From}, {"until", w.Until}} {
		if _, ok := minuteOfDay(t.value); !ok {
			c.Add(path+"."+t.name, "Give a time of day as 08:00, not %s.", quoted(t.value))
		}
	}
}

func (c graphCheck) throttle(path string, t Throttle) {
	if t.Most < 1 || t.Most > MaxThrottle {
		c.Add(path+".most", "Let 1 to %d calls through.", MaxThrottle)
	}
	if t.Seconds < MinThrottleSeconds || t.Seconds > MaxThrottleSeconds {
		c.Add(path+".seconds", "Count in %d to %d seconds.", MinThrottleSeconds, MaxThrottleSeconds)
	}
	if !slices.Contains(ThrottleSubjects(), t.By) {
		c.Add(path+".by", "This must be one of %s, not %s.", list(ThrottleSubjects()), quoted(t.By))
	}
}

func (c graphCheck) send(path string, s Send) {
	switch s.Channel {
	case ChannelTelegram, ChannelDiscord:
		if len(s.To) == 0 {
			c.Add(path+".to", "Name a destination.")
		}
		if len(s.Roles) != 0 {
			c.Add(path+".roles", "Only what goes to the feed can be for certain roles.")
		}
		checkIDs(c.Problems, path+".to", s.To)
	case ChannelInApp:
		if len(s.To) != 0 {
			c.Add(path+".to", "The feed has no names.")
		}
		for i, r := range s.Roles {
			if !r.Valid() || slices.Contains(s.Roles[:i], r) {
				c.Add(path+".roles", "These must be roles, %s, each once.", list(Roles()))
				break
			}
		}
	default:
		c.Add(path+".channel", "This must be one of %s, not %s.", list(Channels()), quoted(s.Channel))
	}
}
