package phone_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone"
)

// A line is a source of one recording.
type line struct {
	phone.Source
	sample *phone.Call
	fails  error // to list
	denies error // to open the recording
	breaks error // while it is read
	sound  string

	read   int // bytes
	closed bool
}

func (l *line) Probe(context.Context) (r phone.Report, err error) {
	r.Sample = l.sample
	return r, r.Add(phone.StepList, l.fails)
}

func (l *line) Audio(_ context.Context, id string) (phone.Audio, error) {
	if id != l.sample.ID {
		return phone.Audio{}, errors.New("another recording")
	}
	return phone.Audio{Body: l}, l.denies
}

func (l *line) Read(p []byte) (int, error) {
	if l.breaks != nil {
		return 0, l.breaks
	}
	n, err := strings.NewReader(l.sound[l.read:]).Read(p)
	l.read += n
	return n, err
}

func (l *line) Close() error {
	l.closed = true
	return nil
}

func TestTry(t *testing.T) {
	call := &phone.Call{ID: "7"}
	refused, broken := &phone.Error{Kind: phone.Forbidden}, &phone.Error{Kind: phone.Unreachable}
	for _, tt := range []struct {
		name  string
		line  line
		err   error
		steps string
	}{
		{"heard", line{sample: call, sound: strings.Repeat("x", 1<<20)}, nil, "list audio"},
		{"a short one", line{sample: call, sound: "x"}, nil, "list audio"},
		{"may list but not hear", line{sample: call, denies: refused}, refused, "list audio"},
		{"it breaks off", line{sample: call, breaks: broken}, broken, "list audio"},
		{"not there yet", line{sample: call, denies: &phone.Error{Kind: phone.NotYet}}, nil, "list"},
		{"there is none", line{}, nil, "list"},
		{"the list fails", line{sample: call, fails: refused}, refused, "list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r, err := phone.Try(t.Context(), &tt.line)
			var names []string
			for _, s := range r.Steps {
				names = append(names, s.Name)
			}
			is.Equal(err, tt.err)
			is.Equal(strings.Join(names, " "), tt.steps)
			is.Equal(r.Steps[len(names)-1].Err, tt.err)                         // the step at fault
			is.True(tt.line.read <= 4<<10)                                      // a little of it,
			is.Equal(tt.line.closed, tt.line.read > 0 || tt.line.breaks != nil) // which is let go of
			is.Equal(r.Passed(phone.StepAudio), tt.steps == "list audio" && tt.err == nil)
		})
	}
}
