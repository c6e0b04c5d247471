// Package phonetest holds a phone system made of memory, to try connectors and the
// whole product on, and the suite that every connector has to pass ([Run]).
//
// [OrkTrack] answers as DTAC OneCall's recorder is known to, its quirks included,
// and misbehaves on demand ([Faults]). It is an [http.Handler]: serve it where it
// is needed. It promises to count everything it is asked, so that a test can claim
// "each recording was downloaded once". It knows nothing of its clients.
package phonetest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Recording is one row of the simulated system with its audio.
type Recording struct {
	ID          int64
	StartedAt   time.Time
	Duration    time.Duration // as listed; zero: not known yet
	LocalParty  string
	RemoteParty string
	Direction   string // "IN", "OUT" or whatever else
	FirstName   string
	LastName    string
	Audio       []byte
	ContentType string // default audio/x-wav

	// VisibleFrom is when the row appears in lists; zero: at once.
	VisibleFrom time.Time
	// Account is the user who may see the row; empty: all.
	Account string
}

// Stats is what an OrkTrack was asked so far.
type Stats struct {
	Logins        int // that were granted
	LoginsRefused int
	Lists         int           // list requests with a good token
	ServerErrors  int           // answers of 500 that it gave
	Downloads     map[int64]int // audio answers begun with status 200 or 206, by id
	BearerRefused int           // tokens that came with "Bearer "
	Unknown       []string      // methods and paths that OrkTrack does not have
	MostAtOnce    int           // requests in flight at the same time
}

// An OrkTrack is a simulated OrkTrack 4.20. Its methods may be called concurrently.
type OrkTrack struct {
	now func() time.Time

	mu         sync.Mutex
	accounts   map[string]string // user name → password
	tokens     map[string]*token
	recordings []Recording
	index      map[int64]int // of recordings, by id
	faults     Faults
	stats      Stats
	asked      int           // requests so far
	misses     map[int64]int // audio requests refused by AudioNotFoundFirst
	inFlight   int
}

type token struct {
	account string
	madeAt  time.Time
	uses    int
}

var _ http.Handler = (*OrkTrack)(nil)

// NewOrkTrack returns a system with one account and no recordings.
func NewOrkTrack(username, password string) *OrkTrack {
	return &OrkTrack{
		now:      time.Now,
		accounts: map[string]string{username: password},
		tokens:   map[string]*token{},
		index:    map[int64]int{},
		stats:    Stats{Downloads: map[int64]int{}},
		misses:   map[int64]int{},
	}
}

// SetClock replaces the clock by which rows appear, tokens end and answers are
// dated.
func (o *OrkTrack) SetClock(now func() time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = now
}

// AddAccount adds a user or changes its password. Tokens already given stay good.
func (o *OrkTrack) AddAccount(username, password string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accounts[username] = password
}

// Add adds recordings; one whose id is there already replaces it.
func (o *OrkTrack) Add(recordings ...Recording) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(recordings)
}

func (o *OrkTrack) add(recordings []Recording) {
	for _, r := range recordings {
		if at, known := o.index[r.ID]; known {
			o.recordings[at] = r
			continue
		}
		o.index[r.ID] = len(o.recordings)
		o.recordings = append(o.recordings, r)
	}
}

// Remove deletes a recording, as retention does.
func (o *OrkTrack) Remove(id int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.recordings = slices.DeleteFunc(o.recordings, func(r Recording) bool { return r.ID == id })
	clear(o.index)
	for i, r := range o.recordings {
		o.index[r.ID] = i
	}
}

// Fail sets how the system misbehaves from now on; Fail(Faults{}) ends it.
func (o *OrkTrack) Fail(f Faults) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = f
}

// EndSessions makes every token given so far invalid.
func (o *OrkTrack) EndSessions() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.tokens)
}

// Stats returns what was asked so far.
func (o *OrkTrack) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.stats
	s.Downloads = maps.Clone(s.Downloads)
	s.Unknown = slices.Clone(s.Unknown)
	return s
}

// newToken returns a GUID.
func newToken() string {
	const digits = "0123456789abcdef"
	b := make([]byte, 36)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = digits[b[i]&15]
	}
	for _, dash := range []int{8, 13, 18, 23} {
		b[dash] = '-'
	}
	return string(b)
}

// live returns the account of a token that is still good.
func (o *OrkTrack) live(value string) (account string, ok bool) {
	t := o.tokens[value]
	if t == nil {
		return "", false
	}
	ttl, uses := o.faults.TokenTTL, o.faults.TokenUses
	if ttl > 0 && o.now().Sub(t.madeAt) >= ttl || uses > 0 && t.uses >= uses {
		delete(o.tokens, value)
		return "", false
	}
	t.uses++
	return t.account, true
}
