package app

import (
	"slices"
	"time"
)

// A Status is how far a call has come.
type Status string

// The stages of a call, in order; failed is an end that a person may undo.
const (
	AwaitingAudio Status = "awaiting_audio"
	Queued        Status = "queued"
	Transcribing  Status = "transcribing"
	Analyzing     Status = "analyzing"
	Completed     Status = "completed"
	Failed        Status = "failed"
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{AwaitingAudio, Queued, Transcribing, Analyzing, Completed, Failed}
}

// Codes of why a call failed (Recording.Error).
const (
	AudioUnreadable     = "audio_unreadable"     // the file is broken or of a kind that cannot be read
	AudioTooLong        = "audio_too_long"       // over the limit of six hours
	AudioForbidden      = "audio_forbidden"      // the sign-in may not hear it
	AudioGone           = "audio_gone"           // the phone system has it no more
	AudioArchived       = "audio_archived"       // the phone system moved it to an archive, and does not give it from there
	AudioFetchFailed    = "audio_fetch_failed"   // the phone system did not hand it out
	TranscriptionFailed = "transcription_failed" // tried for a day
	AnalysisFailed      = "analysis_failed"      // tried for a day, or the answer stayed invalid
)

// A Direction is which way a call went, seen from the business.
type Direction string

// The directions of a call.
const (
	In               Direction = "in"
	Out              Direction = "out"
	InternalCall     Direction = "internal"
	UnknownDirection Direction = "unknown"
)

// Directions lists every direction.
func Directions() []Direction { return []Direction{In, Out, InternalCall, UnknownDirection} }

// Where recordings come from (Recording.Source); the phone systems' kinds are
// sources too.
const (
	SourceDTAC    = "dtac"
	SourceThreeCX = "threecx"
	SourceUpload  = "upload"
)

// Sources lists every source.
func Sources() []string { return []string{SourceThreeCX, SourceDTAC, SourceUpload} }

// Tags is the closed list of what a call was.
func Tags() []string { return []string{"normal", "short", "wrong_or_spam", "no_answer", "other"} }

// Sentiments is the closed list of the customer's mood.
func Sentiments() []string { return []string{"positive", "neutral", "negative"} }

// A Recording is one recorded call.
type Recording struct {
	ID                 string
	BusinessID         BusinessID
	DataID             string // the caller's own id, unique in the business
	Source             string // see Sources
	ProviderID         string // the phone integration it came by, or empty
	CallAt             time.Time
	Duration           *int // whole seconds; the decoded audio's once there is audio
	Direction          Direction
	CustomerPhone      string // as it was given
	CustomerNormalized string // E.164 where it can be told, else what digits there are
	AgentNumber        string // callcenterNumber
	AgentName          string // callcenterName
	Tag                string // the review's, else the given, else the analysis's
	Score              *float64
	Sentiment          string
	Language           string
	Summary            string
	Topics             []string
	ActionItems        []string
	Note               string
	Review             *Review
	Status             Status
	Error              string // a code, never a provider's text
	ContentType        string
	Size               int64  // bytes of the original audio; 0 while there is none
	SHA256             string // of the original audio, hex
	HasTranscript      bool
	AnalysisID         string // of the analysis that Summary and the like are from
	CreatedAt          time.Time
	UpdatedAt          time.Time
	Snippet            string // of a full-text hit: HTML-escaped but for its <mark>
}

// HasAudio reports whether the audio is here.
func (r Recording) HasAudio() bool { return r.Size > 0 }

// AgentKey is what tells agents apart: the number, else the name.
func (r Recording) AgentKey() string {
	if r.AgentNumber != "" {
		return r.AgentNumber
	}
	return r.AgentName
}

// A Review is what a person found. It wins over the analysis wherever a score
// or a tag is read, filtered or sorted.
type Review struct {
	Score *float64  `json:"score"`
	Tag   string    `json:"tag"`
	Note  string    `json:"note"`
	By    UserID    `json:"-"`
	Name  string    `json:"reviewedBy"`
	At    time.Time `json:"reviewedAt"`
}

// AudioStats is what the audio itself says, with no AI at all.
type AudioStats struct {
	Codec          string      `json:"codec"` // "pcm", "alaw", "ulaw", "gsm", …
	SampleRate     int         `json:"sampleRate"`
	Frames         int64       `json:"frames"`         // decoded, of each channel
	Duration       float64     `json:"duration"`       // seconds
	Peaks          [][]float32 `json:"peaks"`          // by channel, 800 values of 0..1
	Same           bool        `json:"same,omitempty"` // two channels hold the same sound: nobody can be told apart by them
	Talk           [][]Span    `json:"talk"`           // by channel, in order
	TalkRatio      []float64   `json:"talkRatio"`      // by channel: share of the time in which it speaks
	SilenceRatio   float64     `json:"silenceRatio"`   // share of the time in which nobody speaks
	LongestSilence float64     `json:"longestSilence"` // seconds
	Sound          float64     `json:"sound"`          // seconds in which anybody speaks
	Overlap        float64     `json:"overlap"`        // seconds in which both speak, each time for more than 0.2 s
}

// A Span is a stretch of a call, in seconds from its start.
type Span struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// Who speaks in a segment of a transcript.
const (
	SpeakerAgent    = "agent"
	SpeakerCustomer = "customer"
	SpeakerUnknown  = "unknown"
)

// A Transcript is what was said.
type Transcript struct {
	Language string    `json:"language"` // ISO 639-1, or empty
	Text     string    `json:"text"`
	Segments []Segment `json:"segments"`
}

// A Segment is one utterance. Times are seconds from the call's start.
type Segment struct {
	Start   float64 `json:"start"`
	End     float64 `json:"end"`
	Speaker string  `json:"speaker"`
	Text    string  `json:"text"`
}

// An Analysis is what was made of a call by AI, or by the built-in rules where
// no AI is set. An absent value is empty or nil: nothing is made up.
type Analysis struct {
	ID          string          `json:"-"`
	Summary     string          `json:"summary"`
	Score       *float64        `json:"score"`
	ScoreReason string          `json:"scoreReason"`
	Sentiment   string          `json:"sentiment"`
	Tag         string          `json:"tag"`
	Language    string          `json:"language"`
	Topics      []string        `json:"topics"`
	ActionItems []string        `json:"actionItems"`
	Highlights  []Highlight     `json:"highlights"`
	Scorecard   []ScorecardItem `json:"scorecard"`
	Direction   Direction       `json:"direction,omitempty"` // what the words say; the call record wins
	Phone       string          `json:"phone,omitempty"`     // likewise
}

// A Highlight is a passage worth hearing. Its text occurs in the transcript.
type Highlight struct {
	At   float64 `json:"at"` // seconds from the call's start
	Text string  `json:"text"`
}

// A ScorecardItem is one criterion of the score.
type ScorecardItem struct {
	Criterion string   `json:"criterion"`
	Points    float64  `json:"points"`
	Max       float64  `json:"max"`
	Reason    string   `json:"reason"`
	Quote     string   `json:"quote,omitempty"` // verified to occur in the transcript, or empty
	At        *float64 `json:"at,omitempty"`    // of the quote, seconds
}

// A RecordingFilter selects recordings. Zero fields select everything.
type RecordingFilter struct {
	Direction    Direction
	Source       string
	ProviderID   string    // the phone integration they came by
	From, To     time.Time // CallAt in [From, To)
	Phone        string    // exact
	Normalized   string    // exact
	Tag          string    // of Tags, or "none"
	Sentiment    string
	ScoreMin     *float64
	ScoreMax     *float64
	Status       Status
	CollectionID string
	IDs          []string // these alone; nil: any
	AgentKeys    []string
	OnlyAgents   []string // what the asker may see, where that is limited; nil: everything
	Search       string   // substring of ids, numbers and names
	Text         string   // full text
	Anywhere     string   // Search or Text: what a person types who does not know where it stands
	SortBy       string   // callAt (default), duration, score
	Ascending    bool
	Limit        int // 1–200
	Offset       int
}

// Sees reports whether somebody limited to the given agents may see r. A nil
// list is no limit.
func Sees(only []string, r Recording) bool {
	return only == nil || (r.AgentKey() != "" && slices.Contains(only, r.AgentKey()))
}
