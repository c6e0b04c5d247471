package phonetest

import (
	"cmp"
	"time"
)

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
	ManyTokens  bool          // a new token leaves those before good; else it ends those of the same sign-in
	Opaque      bool          // tokens are no JWTs
	Minutes     bool          // expires_in is in minutes, as it was until 20.0.9
	TokenLife   time.Duration // default an hour
	TokenUses   int           // a token is good for so many requests; zero: any number
	LoginStatus int           // every sign-in is answered so
	LoginHTML   bool          // every sign-in is answered with a page

	// Lists.
	MaxTop       int // a larger $top is a 400; default 100
	PageLimit    int // rows a page at most, whatever was asked for
	NextLink     NextLinks
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
	ResetAtList  int // before this list is answered, all is lost and ids begin anew: see ThreeCX.Reset

	// The state that it tells of itself.
	Version      string // default 20.0.10.0
	Stopped      bool   // it records no calls any more
	QuotaReached bool   // the space for recordings is full
	NoStatus     bool   // it tells nothing of it: 403

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
	Archived    bool          // the files of all were moved away
	LateBy      time.Duration // a call is listed so long after its end
	OpenFor     time.Duration // and without an end for so long
	ReadyAfter  time.Duration // its file is there so long after its end
	Transcribes time.Duration // 3CX's own text is there so long after its end; zero: as each recording says
	ContentType string        // of every recording

	ClockSkew  time.Duration // the Date header is ahead by so much
	RedirectTo string        // everything is answered with a redirect to this URL
}

// NextLinks says which pages name a next one, at a host of its own.
type NextLinks int

// The pages that do.
const (
	NextNever  NextLinks = iota
	NextMore             // those that are not the last
	NextAlways           // all
)

func (f PBXFaults) version() string { return cmp.Or(f.Version, "20.0.10.0") }
