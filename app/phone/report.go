package phone

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// The steps of a probe, in order; the last is [Try]'s.
const (
	StepConnect = "connect" // name, network, encryption
	StepSignIn  = "sign_in"
	StepList    = "list"
	StepAudio   = "audio" // of the sample
)

// heard is how many bytes of a recording [Try] reads.
const heard = 1 << 10

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
	// Sample is the newest of the recordings seen, nil where there are none.
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

// Passed reports whether a step was tried and worked.
func (r *Report) Passed(name string) bool {
	return slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Name == name && s.Err == nil })
}

// Try probes source and, where that works, hears the sample as the step StepAudio:
// its recording is opened and its beginning read. One that is not there yet, or for
// which there is no time any more, shows nothing: the step is left out then, as it is
// where there is no sample.
func Try(ctx context.Context, source Source) (Report, error) {
	r, err := source.Probe(ctx)
	if err != nil || r.Sample == nil {
		return r, err
	}
	if err = hear(ctx, source, r.Sample.ID); KindOf(err) == NotYet || ctx.Err() != nil {
		return r, nil
	}
	err = r.Add(StepAudio, err)
	return r, err
}

// hear reads the beginning of a recording.
func hear(ctx context.Context, source Source, id string) error {
	audio, err := source.Audio(ctx, id)
	if err != nil {
		return err
	}
	defer audio.Body.Close()
	if _, err = io.CopyN(io.Discard, audio.Body, heard); errors.Is(err, io.EOF) {
		return nil // it is shorter
	}
	return err
}
