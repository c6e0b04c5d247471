// Package syncer brings the calls of phone systems in: it lists what is new and
// downloads the audio.
//
// What it promises:
//
//   - Every call that a phone system lists arrives, once, however often it is
//     listed, whatever page, window or run it is in, and whenever the process is
//     stopped. The ledger in the store decides what is new; nothing here remembers.
//   - The cursor of an integration moves over a window only when the window was
//     read to its end. Each run reads the day before the cursor again, because
//     phone systems show calls late.
//   - A run reads seven days at most. What is older is the back-fill's, which goes
//     back a day at a time beside the runs, in turn with those of others, and goes on
//     where it was after a stop. It goes as far as people want; only what the system
//     was seen to list nothing of is left out.
//   - Each night the last days are compared with the phone system's list, and what
//     is missing is fetched.
//   - What fails about one call is kept with its job and holds nothing else up.
//   - A phone system is a host to be treated well: one run of an integration at a
//     time, one list request at a time, two downloads, one sign-in for all of
//     them, and none any more after the credentials were refused three times. One
//     that is away five times in a row, or lets no recording be heard, is left alone
//     but for a look now and then, and one that asks for rest gets it, but from a
//     person who asks for a sync.
//   - An integration that is paused is asked for nothing, unless by a person.
//   - A recording is that of the call that was listed: where a phone system may have
//     given the id to another call since, it is asked first.
//
// It knows no phone system: those are in the table of [Kinds]. It does not know
// what becomes of a call whose audio is here.
package syncer

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"crk/app"
	"crk/app/audio"
	"crk/app/phone"
	"crk/store"
)

const (
	defaultSettle   = 2 * time.Minute
	defaultMaxAudio = 512 << 20
	atOnce          = 4   // runs, of all integrations
	fetchSlots      = 128 // downloads under way, of all integrations: those of a few that hang leave room for others
	besides         = 4   // days of back-fills and comparisons, likewise
	saveTime        = 15 * time.Second
)

// Options say what an Engine works with. DB, Audio, Log and Client are required.
type Options struct {
	DB    *store.Store
	Audio *audio.Store
	Log   *slog.Logger

	// Client returns the client of phone systems whose certificate the given
	// authorities may have signed too, PEM text; it decides where they may be. The
	// same text gives the same client.
	Client func(ca string) (*http.Client, error)

	Kinds    map[string]Kind // nil: Kinds()
	Settle   time.Duration   // a call that ended less than this ago is left for the next run; 0: two minutes
	MaxAudio int64           // bytes of one recording; 0: 512 MiB
}

// An Engine syncs phone integrations and downloads their recordings. Its methods
// may be called concurrently.
type Engine struct {
	db       *store.Store
	audio    *audio.Store
	log      *slog.Logger
	client   func(ca string) (*http.Client, error)
	kinds    map[string]Kind
	settle   time.Duration
	maxAudio int64

	slots       chan struct{} // holds a value for each run under way
	besideSlots chan struct{} // and for each day of a back-fill or comparison that is read
	wake        chan struct{} // holds a value when the schedule may have changed
	guest       *guest

	started chan struct{} // closed once Run has let runs begin
	opening sync.Once     // closes it

	mu      sync.Mutex
	life    context.Context // of Run; nil while it does not run
	running sync.WaitGroup
	sources map[string]opened // by integration
	tasks   map[task]*going
	looked  map[string]time.Time // when something was looked after last, by what and integration

	warnings map[string][]string // what phone systems told of themselves, by integration
}

// opened is a source with what it was made of.
type opened struct {
	kind, config string
	secret       app.Secret
	source       phone.Source
}

// New returns an engine that does nothing yet.
func New(o Options) *Engine {
	if o.Kinds == nil {
		o.Kinds = Kinds()
	}
	if o.Settle == 0 {
		o.Settle = defaultSettle
	}
	if o.MaxAudio == 0 {
		o.MaxAudio = defaultMaxAudio
	}
	return &Engine{
		db: o.DB, audio: o.Audio, log: o.Log, client: o.Client, kinds: o.Kinds, settle: o.Settle, maxAudio: o.MaxAudio,
		slots: make(chan struct{}, atOnce), wake: make(chan struct{}, 1), sources: map[string]opened{},
		besideSlots: make(chan struct{}, besides), started: make(chan struct{}), guest: newGuest(), tasks: map[task]*going{}, looked: map[string]time.Time{},
		warnings: map[string][]string{},
	}
}

// Read checks the settings of a phone integration of the given kind. The error is
// an Invalid [app.Error] that names each field at fault.
func (e *Engine) Read(kind string, config json.RawMessage) (Settings, error) {
	k, err := e.kind(kind)
	if err != nil {
		return Settings{}, err
	}
	return k.Read(config)
}

func (e *Engine) kind(name string) (Kind, error) {
	k, ok := e.kinds[name]
	if ok {
		return k, nil
	}
	var problems app.Problems
	problems.Add("kind", "This must be one of: %s.", strings.Join(slices.Sorted(maps.Keys(e.kinds)), ", "))
	return k, problems.Err()
}

// source returns the one source of an integration, which keeps its sign-in for as
// long as the settings stay the same. That it is one for the run, the back-fill and
// the comparison, which may go on together, is what keeps to one list request at a
// time: the connector's [phone.Pace] has them wait for each other. Two may meet only
// where the settings changed while one was asked.
func (e *Engine) source(p app.Provider) (phone.Source, error) {
	k, err := e.kind(p.Kind)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	have, ok := e.sources[p.ID]
	if ok && have.kind == p.Kind && have.config == string(p.Config) && have.secret == p.Secret {
		return have.source, nil
	}
	source, err := e.connect(k, p.Config, p.Secret)
	if err != nil {
		return nil, fmt.Errorf("syncer: open phone system: %w", err)
	}
	if r, ok := source.(phone.Rememberer); ok {
		r.Remember(signInMemory{e, p.BusinessID, p.ID})
	}
	e.sources[p.ID] = opened{p.Kind, string(p.Config), p.Secret, source}
	return source, nil
}

// connect makes a source, which trusts the authority that its settings name.
func (e *Engine) connect(k Kind, config json.RawMessage, secret app.Secret) (phone.Source, error) {
	client, err := e.client(Authority(config))
	if err != nil {
		return nil, err
	}
	return k.Open(config, secret, client)
}

// Forget ends what goes on for an integration that was deleted, and lets go of what
// is kept of it.
func (e *Engine) Forget(provider string) {
	e.cut(provider)
	e.guest.forget(provider)
	e.mu.Lock()
	delete(e.sources, provider)
	delete(e.warnings, provider)
	maps.DeleteFunc(e.looked, func(what string, _ time.Time) bool { return strings.HasSuffix(what, ":"+provider) })
	e.mu.Unlock()
	e.Wake()
}

// startPatience is how long a sync that is asked for waits for the engine: the
// server of the appliance answers as soon as the engine.
const startPatience = 3 * time.Second

// SyncNow begins a run of an integration and returns its id; the run goes on by
// itself. cause is one of the store's. It is a Conflict while another runs, and
// Unavailable while the engine does not; one that is about to start is waited for.
func (e *Engine) SyncNow(ctx context.Context, business app.BusinessID, provider, cause string) (runID string, err error) {
	select {
	case <-e.started:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(startPatience):
	}
	life, end, err := e.begin()
	if err != nil {
		return "", err
	}
	run, err := e.db.BeginRun(ctx, business, provider, cause)
	if err != nil {
		end()
		return "", err
	}
	go func() {
		defer end()
		e.carry(life, run)
		e.Wake()
	}()
	return run.ID, nil
}

// begin lets something run that Run waits for. end must be called after it.
func (e *Engine) begin() (life context.Context, end func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.life == nil {
		return nil, nil, &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "Phone systems are not synced while the appliance stops or starts."}
	}
	e.running.Add(1)
	return e.life, e.running.Done, nil
}

// lookAgain reports whether something was last looked after at least a while ago,
// and notes that it is now.
func (e *Engine) lookAgain(what string, after time.Duration) bool {
	now := e.db.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if last, ok := e.looked[what]; ok && !last.After(now) && now.Sub(last) < after { // else the clock was set back
		return false
	}
	e.looked[what] = now
	return true
}

// Wake has the schedule read again after integrations were changed. It never
// blocks.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
