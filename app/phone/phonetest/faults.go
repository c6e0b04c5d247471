package phonetest

import "time"

// Faults are the ways in which an [OrkTrack] can misbehave. The zero value is a
// system in good health. What the real one does where nobody looked is among them.
type Faults struct {
	// Sessions.
	TokenTTL     time.Duration // a token is good for so long; zero: for ever
	TokenUses    int           // and for so many requests; zero: any number
	InvalidToken TokenAnswer   // how a bad token is answered
	LoginStatus  int           // every login is answered so
	LoginHTML    bool          // every login is answered with a page

	// Lists.
	EmptyFails    bool          // page 1 of a window without rows is a 500
	BurstFails    bool          // a list is a 500 while another request is in flight
	BurstRate     float64       // so much of them are, from 0 to 1
	FailLists     int           // so many lists from now on are a 500
	ListStatus    int           // every list is answered so
	ListHTML      bool          // every list is answered with a page
	SlowList      time.Duration // a list takes so long
	PageLimit     int           // rows a page at most, whatever was asked for
	LimitRows     int           // more rows in a window than this: cut, limitReached
	RandomOrder   bool          // rows come in an order of their own, the same at each request
	InsertAtPage  int           // before this page is answered, Insert is added, once
	Insert        []Recording   //
	InsertEach    int           // before each page after the first so many copies of the newest call are added
	SecondAccount string        // recordings with odd ids are this user's alone, the others everybody else's
	NextURIHost   string        // nextPageUri and recordingURL name this host
	AlwaysNext    bool          // nextPageUri is set on the last page as well
	NoNext        bool          // nextPageUri is left out: nothing says whether there is more
	BareArray     bool          // rows come without an envelope
	FailFromPage  int           // this page and those after it are a 500; zero: none
	Zone          *time.Location
	BadRows       int           // so many rows without a readable time lead each page
	ClockSkew     time.Duration // the Date header is ahead by so much
	RedirectTo    string        // everything is answered with a redirect to this URL
	LateBy        time.Duration // a call is listed so long after its end
	GrowFor       time.Duration // and with half of its duration for so long
	BusyEvery     int           // every such request is a 429 that asks for a second
	ExclusiveEnds bool          // calls at the very start or end of a window are left out

	// Audio.
	AudioNotFoundFirst int    // the first so many requests for each recording are a 404
	AudioStatus        int    // every recording is answered so
	AudioTruncate      int    // the connection ends so many bytes early
	AudioBreak         int    // and after so many bytes of any answer, of a part too; zero: it does not
	AudioTag           string // the ETag, or empty
	AudioShort         int    // the file ends so many bytes early, and its length says so
	AudioNoLength      bool   // no Content-Length
	AudioHTML          bool   // a login page, with status 200 and audio's content type
	AudioJSON          string // this answer, with status 200
	AudioEmpty         bool   // no byte at all
	AudioStall         bool   // half of the file, then nothing until the client goes
	Range              RangeAnswer
}

// A TokenAnswer is how a token that is not good is answered.
type TokenAnswer int

// The answers seen in the field.
const (
	TokenUnauthorized TokenAnswer = iota // 401
	TokenForbidden                       // 403
	TokenErrorJSON                       // 200 {"error":"Invalid access token"}
)

// A RangeAnswer is what is made of a Range header.
type RangeAnswer int

// The ways to answer one.
const (
	RangeHonoured RangeAnswer = iota // 206
	RangeIgnored                     // 200 with everything
	RangeRefused                     // 416
	RangeShifted                     // 206 with another part
	RangeResized                     // 206 with a part of a file of another size
)
