// Package contract holds a connector to what phone.Source promises. It is for the
// tests of connectors; each passes the same suite.
package contract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"crk/app/phone"
	"crk/app/phone/phonetest"
)

// A Fixture is a call that the simulated system of a connector has to hold.
type Fixture struct {
	Call  phone.Call
	Audio []byte
}

// A System is a connector and the simulated system that it speaks to.
type System struct {
	Source phone.Source
	// Refuse makes the system refuse the connector's credentials and every token
	// it has given, from now on.
	Refuse func()
	// Odd returns the requests so far that were no sign-in and read nothing that
	// the system has: writes of any kind, and unknown paths.
	Odd func() []string
	// Secrets are what no error may say: the user name and the password at least.
	Secrets []string
}

// Run holds a connector to what [phone.Source] promises. open returns a new system
// that holds exactly the given calls; it is called for each claim.
func Run(t *testing.T, open func(t *testing.T, calls []Fixture) System) {
	for _, claim := range []struct {
		name string
		test func(*testing.T, func(*testing.T, []Fixture) System)
	}{
		{"a window has its start and not its end", windowEnds},
		{"every call comes once, however many pages", manyPages},
		{"a call keeps what was said of it", fields},
		{"a window without calls is empty and no error", emptyWindow},
		{"the consumer may stop", stopEarly},
		{"audio comes as it is", audioBytes},
		{"a recording that is not there is not there yet", audioMissing},
		{"a stop is nobody's failure", cancelled},
		{"refused credentials are told", refused},
		{"a source serves several at once", concurrent},
		{"a probe tells what is there", probe},
		{"a trial hears a recording too", try},
		{"nothing is changed", onlyReads},
		{"no error holds a secret", secrets},
	} {
		t.Run(claim.name, func(t *testing.T) { claim.test(t, open) })
	}
}

// noon is an hour at which all fixtures are: yesterday, so that it is past for a
// system with a clock of its own.
func noon() time.Time { return time.Now().UTC().Truncate(24 * time.Hour).Add(-12 * time.Hour) }

func fixture(id int, at time.Time) Fixture {
	return Fixture{
		Call: phone.Call{
			ID: strconv.Itoa(id), StartedAt: at, Duration: 2 * time.Second, Direction: phone.In,
			CustomerPhone: "+66899998888", AgentNumber: "+66812345678",
		},
		Audio: phonetest.Talk(2 * time.Second).WAV(),
	}
}

// collect walks a window and fails the test on any error.
func collect(t *testing.T, s phone.Source, since, until time.Time) []phone.Call {
	t.Helper()
	var calls []phone.Call
	for call, err := range s.Calls(t.Context(), since, until) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		calls = append(calls, call)
	}
	return calls
}

func ids(calls []phone.Call) []string {
	out := make([]string, 0, len(calls))
	for _, c := range calls {
		out = append(out, c.ID)
	}
	slices.Sort(out)
	return out
}

func windowEnds(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{
		fixture(1001, at.Add(-time.Second)), fixture(1002, at), fixture(1003, at.Add(59*time.Minute+59*time.Second)),
		fixture(1004, at.Add(time.Hour)), fixture(1005, at.Add(time.Hour+time.Second)),
	})
	if got := ids(collect(t, s.Source, at, at.Add(time.Hour))); !slices.Equal(got, []string{"1002", "1003"}) {
		t.Errorf("an hour's window has %v, want 1002 and 1003", got)
	}
}

func manyPages(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	var all []Fixture
	for i := range 1203 {
		f := fixture(2000+i, at.Add(time.Duration(i/2)*time.Second)) // two in each second
		f.Audio = nil
		all = append(all, f)
	}
	s := open(t, all)
	got := ids(collect(t, s.Source, at, at.Add(time.Hour)))
	if len(got) != len(all) || len(slices.Compact(got)) != len(all) {
		t.Errorf("%d calls came, %d of them different; want %d", len(got), len(slices.Compact(got)), len(all))
	}
}

func fields(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	want := fixture(1001, at)
	want.Call.Direction, want.Call.AgentName = phone.Out, "Nok S."
	s := open(t, []Fixture{want})
	calls := collect(t, s.Source, at, at.Add(time.Hour))
	if len(calls) != 1 {
		t.Fatalf("%d calls, want 1", len(calls))
	}
	got := calls[0]
	if !got.StartedAt.Equal(at) || got.StartedAt.Location() != time.UTC {
		t.Errorf("started at %v, want %v in UTC", got.StartedAt, at)
	}
	if len(got.Raw) == 0 {
		t.Error("the row as it was sent is missing")
	}
	got.Raw, got.StartedAt = nil, want.Call.StartedAt
	if got.ID != want.Call.ID || got.Duration != want.Call.Duration || got.Direction != want.Call.Direction ||
		got.CustomerPhone != want.Call.CustomerPhone || got.AgentNumber != want.Call.AgentNumber ||
		got.AgentName != want.Call.AgentName || got.Skip != "" {
		t.Errorf("call is %+v, want %+v", got, want.Call)
	}
}

func emptyWindow(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{fixture(1001, at)})
	if got := collect(t, s.Source, at.Add(time.Hour), at.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("%d calls, want none", len(got))
	}
	if got := collect(t, s.Source, at.Add(time.Hour), at); len(got) != 0 {
		t.Errorf("%d calls in a window that ends before it begins, want none", len(got))
	}
}

func stopEarly(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{fixture(1001, at), fixture(1002, at.Add(time.Second))})
	n := 0
	for range s.Source.Calls(t.Context(), at, at.Add(time.Hour)) {
		n++
		break // a source that goes on yielding panics here
	}
	if n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func audioBytes(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	want := fixture(1001, at)
	s := open(t, []Fixture{want, fixture(1002, at)})
	got, kind := download(t, s.Source, "1001")
	if !bytes.Equal(got, want.Audio) {
		t.Errorf("%d bytes that differ from the %d recorded", len(got), len(want.Audio))
	}
	if kind != "audio/wav" {
		t.Errorf("content type %q, want audio/wav", kind)
	}
}

func download(t *testing.T, s phone.Source, id string) (body []byte, contentType string) {
	t.Helper()
	audio, err := s.Audio(t.Context(), id)
	if err != nil {
		t.Errorf("open: %v", err)
		return nil, ""
	}
	defer audio.Body.Close()
	body, err = io.ReadAll(audio.Body)
	if err != nil {
		t.Errorf("read: %v", err)
	}
	return body, audio.ContentType
}

func audioMissing(t *testing.T, open func(*testing.T, []Fixture) System) {
	s := open(t, []Fixture{fixture(1001, noon())})
	if _, err := s.Source.Audio(t.Context(), "999999"); phone.KindOf(err) != phone.NotYet {
		t.Errorf("error %v, want one of kind %s", err, phone.NotYet)
	}
}

func cancelled(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{fixture(1001, at)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.Source.Calls(ctx, at, at.Add(time.Hour)) {
		last = err
	}
	if !errors.Is(last, context.Canceled) || phone.KindOf(last) != "" {
		t.Errorf("list: error %v, want context.Canceled alone", last)
	}
	if _, err := s.Source.Audio(ctx, "1001"); !errors.Is(err, context.Canceled) || phone.KindOf(err) != "" {
		t.Errorf("open: error %v, want context.Canceled alone", err)
	}
}

func refused(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{fixture(1001, at)})
	collect(t, s.Source, at, at.Add(time.Hour)) // signed in by now
	s.Refuse()
	var last error
	for _, err := range s.Source.Calls(t.Context(), at, at.Add(time.Hour)) {
		last = err
	}
	if phone.KindOf(last) != phone.Credentials {
		t.Errorf("list: error %v, want one of kind %s", last, phone.Credentials)
	}
	if _, err := s.Source.Probe(t.Context()); phone.KindOf(err) != phone.Credentials {
		t.Errorf("probe: error %v, want one of kind %s", err, phone.Credentials)
	}
}

func concurrent(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	want := fixture(1001, at)
	s := open(t, []Fixture{want, fixture(1002, at)})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got, _ := download(t, s.Source, "1001"); !bytes.Equal(got, want.Audio) {
				t.Errorf("%d bytes that differ from the %d recorded", len(got), len(want.Audio))
			}
		})
	}
	wg.Wait()
}

func probe(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{fixture(1001, at), fixture(1002, at.Add(time.Minute))})
	r, err := s.Source.Probe(t.Context())
	if err != nil {
		t.Fatalf("probe: %v", err)
	}
	if r.RecordingsSeen != 2 || r.Sample == nil {
		t.Errorf("%d recordings seen, sample %v; want 2 and one of them", r.RecordingsSeen, r.Sample)
	}
	var steps []string
	for _, step := range r.Steps {
		steps = append(steps, step.Name)
		if step.Err != nil {
			t.Errorf("step %s: %v", step.Name, step.Err)
		}
	}
	if want := []string{phone.StepConnect, phone.StepSignIn, phone.StepList}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
}

func try(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	long := fixture(1002, at.Add(time.Minute))
	long.Audio = phonetest.Talk(time.Minute).WAV()
	s := open(t, []Fixture{fixture(1001, at), long})
	r, err := phone.Try(t.Context(), s.Source)
	if err != nil {
		t.Fatalf("try: %v", err)
	}
	if last := r.Steps[len(r.Steps)-1]; last.Name != phone.StepAudio || last.Err != nil {
		t.Errorf("last step %s: %v, want %s", last.Name, last.Err, phone.StepAudio)
	}
	if r.Sample == nil || r.Sample.ID != "1002" {
		t.Errorf("sample %v, want the newest, 1002", r.Sample)
	}
	s = open(t, nil)
	if r, err = phone.Try(t.Context(), s.Source); err != nil || len(r.Steps) != 3 {
		t.Errorf("steps %v: %v, want those that need no recording", r.Steps, err)
	}
}
