package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

const (
	historyCalls = 36              // before the first start
	callsADay    = 3               // of them
	recent       = 5 * time.Minute // calls of the history are older

	firstID = 100_700_001 // of the calls: OneCall's are as high

	diaryFile = "simulated-calls.jsonl"
)

// bangkok is the business's time zone.
func bangkok() *time.Location { return time.FixedZone("Asia/Bangkok", 7*60*60) }

// A call is a scene that took place.
type call struct {
	ID    int64     `json:"id"`
	At    time.Time `json:"at"`
	Scene string    `json:"scene"`
	Phone string    `json:"phone"` // the customer's
}

// past are the scenes of the history, in turn.
func past() []string {
	return []string{
		"booking", "price", "error_code", "no_show", "quotation", "ringing", "reschedule", "compliment", "wrong_number",
		"late_part", "contract", "booking", "leak", "silent_line", "price", "loan_robot", "overcharged", "error_code",
		"driving", "booking", "reschedule", "leak", "quotation", "compliment",
	}
}

// live are the scenes of new calls, in turn. A visitor who waits a minute should
// see somebody angry.
func live() []string {
	return []string{
		"no_show", "booking", "price", "ringing", "error_code", "overcharged", "compliment", "loan_robot", "contract",
		"late_part", "no_show", "leak", "silent_line", "reschedule", "quotation", "overcharged", "driving", "wrong_number",
	}
}

// A diary is what the simulated phone system remembers from one start to the
// next: a file with a line for each call. It is for one goroutine.
type diary struct {
	path  string
	calls []call
}

// openDiary reads the diary in a directory, or begins it with the calls of the
// two weeks before now. The last line may be broken, if the plug was pulled.
func openDiary(dir string, now time.Time) (*diary, error) {
	d := &diary{path: filepath.Join(dir, diaryFile)}
	b, err := os.ReadFile(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, d.begin(now)
	}
	if err != nil {
		return nil, fmt.Errorf("demo: read the simulated calls: %w", err)
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	if whole < len(b) {
		if err := os.Truncate(d.path, int64(whole)); err != nil {
			return nil, fmt.Errorf("demo: mend the simulated calls: %w", err)
		}
	}
	for line := range bytes.Lines(b[:whole]) {
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, fmt.Errorf("demo: read %s: %w", d.path, err)
		}
		d.calls = append(d.calls, c)
	}
	return d, nil
}

// begin writes the history, whole or not at all.
func (d *diary) begin(now time.Time) error {
	d.calls = history(now)
	var b []byte
	for _, c := range d.calls {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		b = append(append(b, line...), '\n')
	}
	draft := d.path + ".new"
	if err := os.WriteFile(draft, b, 0o600); err != nil {
		return fmt.Errorf("demo: write the simulated calls: %w", err)
	}
	return os.Rename(draft, d.path)
}

// next is the scene of the next call.
func (d *diary) next() string {
	turn := live()
	return turn[max(0, len(d.calls)-historyCalls)%len(turn)]
}

// add writes down a call that has just taken place, and returns it.
func (d *diary) add(at time.Time) (call, error) {
	n := len(d.calls)
	c := call{firstID + int64(n), at.UTC().Truncate(time.Second), d.next(), customer(n)}
	line, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	f, err := os.OpenFile(d.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return c, fmt.Errorf("demo: open the simulated calls: %w", err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return c, errors.Join(fmt.Errorf("demo: write a simulated call: %w", err), f.Close())
	}
	d.calls = append(d.calls, c)
	return c, f.Close()
}

// history is what happened in the two weeks before a time, in office hours from
// Monday to Saturday: the same scenes in the same order for every visitor.
func history(now time.Time) []call {
	random := rand.New(rand.NewPCG(7, 36))
	var times []time.Time // newest first
	for day := now.In(bangkok()); len(times) < historyCalls; day = day.AddDate(0, 0, -1) {
		if day.Weekday() == time.Sunday {
			continue
		}
		y, m, d := day.Date()
		for part := callsADay - 1; part >= 0; part-- { // afternoon, noon, morning
			minutes := 8*60 + 30 + part*200 + random.IntN(180)
			at := time.Date(y, m, d, 0, minutes, random.IntN(60), 0, bangkok())
			if at.Before(now.Add(-recent)) && len(times) < historyCalls {
				times = append(times, at)
			}
		}
	}
	turn := past()
	calls := make([]call, 0, historyCalls)
	for i := range times {
		at := times[len(times)-1-i].UTC()
		calls = append(calls, call{firstID + int64(i), at, turn[i%len(turn)], customer(i)})
	}
	return calls
}

// customer is the number of whoever is in the n-th call. Some call again. The
// numbers are of a block that looks like what it is, made up.
func customer(n int) string { return fmt.Sprintf("+668000012%02d", n*7%23) }
