package phonetest

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A PBXRecording is one recording of a simulated 3CX with its audio.
type PBXRecording struct {
	ID          int64
	StartedAt   time.Time
	EndedAt     time.Time // zero: the call goes on
	CallType    string    // "InboundExternal", "OutboundExternal", "Local"
	From, To    Party
	Audio       []byte
	ContentType string // default audio/x-wav
	Archived    bool   // the file was moved away
	Segments    int    // rows of the call log before the one of the talk: a queue, an announcement

	VisibleFrom     time.Time // when the row appears; zero: at once
	ReadyFrom       time.Time // when the file does
	Transcript      string    // of 3CX's own
	TranscribedFrom time.Time
}

// A Party is an end of a call as 3CX writes it.
type Party struct {
	Dn     string // extension or trunk
	Number string // "Ext.116" of an extension
	Name   string
	Trunk  bool
}

// Extension returns the party of somebody of the business.
func Extension(number, name string) Party {
	return Party{Dn: number, Number: "Ext." + number, Name: name}
}

// Outside returns the party of somebody else.
func Outside(number string) Party {
	return Party{Dn: "10003", Number: number, Name: "Sales:" + number, Trunk: true}
}

// A PBXRole is what a simulated 3CX lets its user do.
type PBXRole int

// The roles.
const (
	SystemOwner  PBXRole = iota // everything
	SystemAdmin                 // likewise, but for the call log
	GroupManager                // the call log and the audio
	OrdinaryUser                // nothing
)

// PBXFaults are the ways in which a [ThreeCX] can misbehave or differ. The zero
// value is one of V20.0.10 in good health with an API client of the role System
// Owner.
type PBXFaults struct {
	// Sign-ins.
	Role        PBXRole
	TwoFactor   bool          // users need a second factor
	NoUsers     bool          // there is no sign-in for users
	SingleToken bool          // a new token ends those before
	Opaque      bool          // tokens are no JWTs
	Minutes     bool          // expires_in is in minutes, as it was until 20.0.9
	TokenLife   time.Duration // default an hour
	TokenUses   int           // a token is good for so many requests; zero: any number
	LoginStatus int           // every sign-in is answered so
	LoginHTML   bool          // every sign-in is answered with a page

	// Lists.
	MaxTop       int  // a larger $top is a 400; default 100
	PageLimit    int  // rows a page at most, whatever was asked for
	NextLink     bool // a page that is not the last names the next, at a host of its own
	AnyOrder     bool // $orderby is not heeded
	IgnoreAfter  bool // nor is "Id gt"
	BadRows      int  // so many rows without a readable time lead each page
	FailLists    int  // so many lists from now on are a 500
	ListStatus   int  // every list is answered so
	ListHTML     bool // every list is answered with a page
	BusyEvery    int  // every such request is a 429 that asks for a second
	StuckLog     bool // the call log answers its first page whatever is skipped
	InsertAtList int  // before this list is answered, Insert is added, once
	Insert       []PBXRecording

	// Audio.
	AudioStatus   int    // every recording is answered so
	AudioTruncate int    // the connection ends so many bytes early
	AudioBreak    int    // and after so many bytes of any answer, of a part too; zero: it does not
	AudioNoLength bool   // no Content-Length
	Ranges        bool   // Range is honoured; whether a real one does is not known
	AudioHTML     bool   // a page, with status 200 and audio's content type
	AudioJSON     string // this answer, with status 200
	AudioEmpty    bool   // no byte at all

	// Calls.
	LateBy      time.Duration // a call is listed so long after its end
	OpenFor     time.Duration // and without an end for so long
	ReadyAfter  time.Duration // its file is there so long after its end
	Transcribes time.Duration // 3CX's own text is there so long after its end; zero: as each recording says
	ContentType string        // of every recording

	ClockSkew  time.Duration // the Date header is ahead by so much
	RedirectTo string        // everything is answered with a redirect to this URL
}

// PBXStats is what a ThreeCX was asked so far.
type PBXStats struct {
	ClientSignIns int // that were granted, to an API client
	UserSignIns   int // that were granted, to a user
	ClientRefused int
	UserRefused   int
	Lists         int           // of recordings, with a good token
	Logs          int           // of the call log
	Downloads     map[int64]int // audio answers begun with status 200, by id
	BadRequests   []string      // queries that 3CX would not understand
	Writes        []string      // requests that would change something
	Unknown       []string      // methods and paths that 3CX does not have, and tokens in URLs
	MostAtOnce    int           // requests in flight at the same time
}

// A ThreeCX is a simulated 3CX V20. It answers as the real one is known to, its
// quirks included, and misbehaves on demand. It is an [http.Handler]. Its methods
// may be called concurrently.
type ThreeCX struct {
	now func() time.Time

	mu         sync.Mutex
	clients    map[string]string // id → key
	users      map[string]string // extension → password
	tokens     map[string]*token
	recordings []PBXRecording
	faults     PBXFaults
	stats      PBXStats
	asked      int // requests so far
	inFlight   int
}

var _ http.Handler = (*ThreeCX)(nil)

// NewThreeCX returns a system without recordings that nobody can sign in at yet.
func NewThreeCX() *ThreeCX {
	return &ThreeCX{
		now: time.Now, clients: map[string]string{}, users: map[string]string{}, tokens: map[string]*token{},
		stats: PBXStats{Downloads: map[int64]int{}},
	}
}

// SetClock replaces the clock by which rows appear, tokens end and answers are
// dated.
func (x *ThreeCX) SetClock(now func() time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now = now
}

// AddClient adds an API client or changes its key. Tokens already given stay good.
func (x *ThreeCX) AddClient(id, key string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.clients[id] = key
}

// AddUser adds a user or changes its password. Tokens already given stay good.
func (x *ThreeCX) AddUser(extension, password string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.users[extension] = password
}

// Add adds recordings; one whose id is there already replaces it.
func (x *ThreeCX) Add(recordings ...PBXRecording) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.add(recordings)
}

func (x *ThreeCX) add(recordings []PBXRecording) {
	for _, r := range recordings {
		at := slices.IndexFunc(x.recordings, func(have PBXRecording) bool { return have.ID == r.ID })
		if at >= 0 {
			x.recordings[at] = r
			continue
		}
		x.recordings = append(x.recordings, r)
	}
}

// Remove deletes a recording, as retention does.
func (x *ThreeCX) Remove(id int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.recordings = slices.DeleteFunc(x.recordings, func(r PBXRecording) bool { return r.ID == id })
}

// Fail sets how the system misbehaves from now on; Fail(PBXFaults{}) ends it.
func (x *ThreeCX) Fail(f PBXFaults) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = f
}

// EndSessions makes every token given so far invalid.
func (x *ThreeCX) EndSessions() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.tokens)
}

// Stats returns what was asked so far.
func (x *ThreeCX) Stats() PBXStats {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.stats
	s.Downloads = maps.Clone(s.Downloads)
	s.BadRequests, s.Writes, s.Unknown = slices.Clone(s.BadRequests), slices.Clone(s.Writes), slices.Clone(s.Unknown)
	return s
}

// grant makes a token for an account; the caller holds mu.
func (x *ThreeCX) grant(account string, f PBXFaults) (value string, expiresIn int) {
	if f.SingleToken {
		clear(x.tokens)
	}
	life := f.TokenLife
	if life == 0 {
		life = time.Hour
	}
	if value = newToken(); !f.Opaque {
		claims, _ := json.Marshal(map[string]any{"exp": x.now().Add(f.ClockSkew + life).Unix(), "jti": value}) // plain values
		value = encode([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + encode(claims) + "." + encode([]byte(value))
	}
	x.tokens[value] = &token{account: account, madeAt: x.now()}
	if f.Minutes {
		return value, int(life.Minutes())
	}
	return value, int(life.Seconds())
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// live reports whether a request carries a token that is still good; the caller
// holds mu.
func (x *ThreeCX) live(r *http.Request, f PBXFaults) bool {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t := x.tokens[value]
	if t == nil || !bearer {
		return false
	}
	life := f.TokenLife
	if life == 0 {
		life = time.Hour
	}
	if x.now().Sub(t.madeAt) >= life || f.TokenUses > 0 && t.uses >= f.TokenUses {
		delete(x.tokens, value)
		return false
	}
	t.uses++
	return true
}
