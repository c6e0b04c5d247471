package phone

import "time"

// The steps of a probe, in order.
const (
	StepConnect = "connect" // name, network, encryption
	StepSignIn  = "sign_in"
	StepList    = "list"
)

// A Report is what a probe found out.
type Report struct {
	Steps []Step // those that were tried, in order

	// Latency is how long the sign-in took to be answered, or the list where there
	// was a sign-in already.
	Latency time.Duration
	// RecordingsSeen is the number of recordings of the last seven days, as far
	// as a probe counts.
	RecordingsSeen int
	// ClockSkew is the system's clock minus ours, to the second; zero where the
	// system sends no date.
	ClockSkew time.Duration
	// Warnings are those of [Warnings] that hold; nil where the system does not tell.
	Warnings []string
	// Sample is one of the recordings seen, nil where there are none.
	Sample *Call
}

// A Step is the result of one step of a probe.
type Step struct {
	Name string
	Err  error // nil: it worked
}

// Add notes the result of a step and returns err.
func (r *Report) Add(name string, err error) error {
	r.Steps = append(r.Steps, Step{Name: name, Err: err})
	return err
}
