package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A call is one that a simulator is to have.
type call struct {
	id       int64
	at       time.Time
	length   time.Duration
	agent    int // of the agents
	customer string
	out      bool
	recording
}

// agents are those whose calls are simulated.
var agents = [...]struct{ number, first, last string }{
	{"101", "Nok", "Srisuk"}, {"102", "Dao", "Chaiyo"}, {"103", "Ploy", "Wong"}, {"104", "Ton", "Meesuk"},
}

// A diary makes calls up: the same for the same settings, but for the time.
type diary struct {
	settings
	sound  recording
	length time.Duration // of each call
	rnd    *rand.Rand
	ids    int64
}

// newDiary begins one. The error is about the sound.
func newDiary(s settings) (d *diary, err error) {
	d = &diary{settings: s, rnd: rand.New(rand.NewPCG(1, 2)), ids: 1000, length: time.Duration(max(1, s.seconds)) * time.Second}
	if d.sound, err = record(s, d.length); err != nil {
		return nil, err
	}
	return d, nil
}

// past returns the calls that there are at first, oldest first, all ended.
func (d *diary) past(now time.Time) []call {
	out := make([]call, 0, d.calls)
	gap := time.Duration(max(1, d.days)) * 24 * time.Hour / time.Duration(max(1, d.calls))
	for i := range d.calls {
		end := now.Add(-gap*time.Duration(d.calls-i) + time.Duration(d.rnd.Int64N(int64(gap))))
		out = append(out, d.next(end))
	}
	return out
}

// next returns a call that ends at a moment.
func (d *diary) next(end time.Time) call {
	d.ids++
	return call{
		id: d.ids, at: end.Add(-d.length).UTC(), length: d.length, agent: d.rnd.IntN(len(agents)),
		customer: fmt.Sprintf("08%08d", d.rnd.IntN(100_000_000)), out: d.rnd.IntN(3) == 0, recording: d.sound,
	}
}
