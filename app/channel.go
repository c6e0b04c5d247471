package app

import "slices"

// An AgentChannel says which side of a stereo recording is the agent's.
type AgentChannel string

// Which side the agent is on.
const (
	AgentAuto  AgentChannel = "auto" // whoever picks up speaks first
	AgentLeft  AgentChannel = "left" // the first channel
	AgentRight AgentChannel = "right"
)

// AgentChannels lists every choice.
func AgentChannels() []AgentChannel { return []AgentChannel{AgentAuto, AgentLeft, AgentRight} }

// Valid reports whether c is a known choice.
func (c AgentChannel) Valid() bool { return slices.Contains(AgentChannels(), c) }
