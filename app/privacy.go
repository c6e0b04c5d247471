package app

import (
	"strings"
	"time"
)

// Privacy says how long a business keeps what, in days; 0 is for ever.
type Privacy struct {
	AudioDays int // sound files
	TextDays  int // transcripts, analyses, notes and what is found by them
	LogDays   int // the access log
}

// DefaultPrivacy keeps everything, and the access log for two years.
func DefaultPrivacy() Privacy { return Privacy{LogDays: 730} }

// maxDays is a hundred years.
const maxDays = 36_500

// Validate checks that the days can be meant.
func (p Privacy) Validate() error {
	var bad Problems
	for _, d := range []struct {
		field string
		days  int
	}{{"audioDays", p.AudioDays}, {"textDays", p.TextDays}, {"logDays", p.LogDays}} {
		if d.days < 0 || d.days > maxDays {
			bad.Add(d.field, "Give a number of days from 0 to %d.", maxDays)
		}
	}
	return bad.Err()
}

// A Due is how much a retention would remove.
type Due struct {
	Audio      int   // calls whose sound is older
	AudioBytes int64 // of it
	Texts      int   // calls whose words are older
	Accesses   int   // lines of the access log
}

// Any reports whether anything would be removed.
func (d Due) Any() bool { return d.Audio+d.Texts+d.Accesses > 0 }

// ErasedCounts is what an erasure removed.
type ErasedCounts struct {
	Calls         int `json:"calls"`
	Audio         int `json:"audio"`
	Transcripts   int `json:"transcripts"`
	Analyses      int `json:"analyses"`
	Notes         int `json:"notes"`
	Notifications int `json:"notifications"` // of the feed, and messages in the log of deliveries
	Events        int `json:"events"`        // kept for webhooks
	Answers       int `json:"answers"`       // kept for repeated requests of the API
}

// An Erasure is the receipt for the removal of everything about a telephone
// number. It does not hold the number.
type Erasure struct {
	ID         string
	BusinessID BusinessID
	Masked     string // "••••5678"
	UserID     UserID
	UserName   string
	Counts     ErasedCounts
	CreatedAt  time.Time
	FinishedAt time.Time // zero: under way
}

// MaskPhone shows no more of a number than tells a few apart.
func MaskPhone(number string) string {
	digits := strings.TrimLeft(number, "+")
	shown := min(4, len(digits)/2)
	return "••••" + digits[len(digits)-shown:]
}

// What somebody did that the access log tells of.
const (
	AccessListen     = "listen"     // heard a call
	AccessDownload   = "download"   // took its sound away
	AccessTranscript = "transcript" // took what was said away
	AccessExport     = "export"     // took a list of calls away
	AccessPerson     = "person"     // took everything about a telephone number away
)

// Accesses lists what the access log tells of.
func Accesses() []string {
	return []string{AccessListen, AccessDownload, AccessTranscript, AccessExport, AccessPerson}
}

// An Access is a line of the access log.
type Access struct {
	Seq         int64
	BusinessID  BusinessID
	At          time.Time
	LastAt      time.Time // of listening: the end of the sitting, as far as is known
	UserID      UserID
	UserName    string
	KeyID       string // by which API key, or empty
	KeyName     string
	Action      string
	RecordingID string
	CallAt      time.Time // of the recording, zero where it is gone
	Rows        int       // of an export
	IP          string
}

// An AccessFilter chooses lines of the access log. Zero fields choose all.
type AccessFilter struct {
	UserID      UserID
	Action      string
	RecordingID string
	From, To    time.Time // from included, to not
	BeforeSeq   int64     // the page after the one that ended there
}
