package app

import (
	"regexp"
	"time"
)

// Why an AI server was asked.
const (
	CauseCall  = "call"  // a call's own transcription or analysis
	CauseTrial = "trial" // somebody tried settings on a call
	CauseTest  = "test"  // somebody tested the server
)

// An AIUse is what one piece of work of an AI server used: what is paid for.
type AIUse struct {
	BusinessID  BusinessID
	RecordingID string // empty for a test
	Task        AITask
	Cause       string
	Server      string // host of its address
	Model       string
	AudioMs     int64
	Input       int64 // tokens read, those from the server's cache too
	Output      int64 // tokens written
	Estimated   bool  // the server did not tell the tokens
}

// DefaultCurrency is the label of new prices.
const DefaultCurrency = "THB"

// Micro is how many micro-units make one unit of a currency.
const Micro = 1_000_000

// maxPrice is the highest price, in micro-units: with it a month's sum stays far
// inside 64 bits.
const maxPrice = 1_000_000 * Micro

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// A Price is what the owner pays a server's model for, from a time on. Prices
// are never changed: a new one begins where the old one ends. Amounts are whole
// micro-units of the currency.
type Price struct {
	ID         string
	BusinessID BusinessID
	Task       AITask
	Server     string // host of its address
	Model      string
	Currency   string // three letters; a label, nothing is converted
	Minute     int64  // of audio
	Input      int64  // a million tokens read
	Output     int64  // a million tokens written
	ValidFrom  time.Time
	CreatedBy  UserID
	CreatedAt  time.Time
}

// Validate returns what is wrong with the price.
func (p Price) Validate() error {
	var bad Problems
	if !currencyCode.MatchString(p.Currency) {
		bad.Add("currency", "Give a currency's three letters, such as THB.")
	}
	for name, v := range map[string]int64{"minute": p.Minute, "input": p.Input, "output": p.Output} {
		if v < 0 || v > maxPrice {
			bad.Add(name, "Use an amount from 0 to 1,000,000.")
		}
	}
	return bad.Err()
}

// An AIModel is a model of a server that does a task.
type AIModel struct {
	Task   AITask
	Server string // host of its address
	Model  string
}

// A CostLine is what one model of a server used and cost over a time.
type CostLine struct {
	Task      AITask
	Server    string
	Model     string
	Currency  string // empty: there was no price
	AudioMs   int64
	Input     int64
	Output    int64
	Requests  int64
	Estimated bool  // some of the tokens are an estimate
	Cost      int64 // micro-units
}

// Priced reports whether there was a price.
func (l CostLine) Priced() bool { return l.Currency != "" }

// A MonthCost is what a business's AI cost in a month, in one currency.
type MonthCost struct {
	Month         string // as 2026-11
	Currency      string // empty: there was no price
	Transcription int64  // micro-units
	Analysis      int64  // micro-units
}

// Total is the whole month's cost.
func (m MonthCost) Total() int64 { return m.Transcription + m.Analysis }
