package app

import (
	"slices"
	"time"
)

// An EventType names what an outbound webhook tells.
type EventType string

// The events.
const (
	EventRecordingCreated   EventType = "recording.created"
	EventRecordingCompleted EventType = "recording.completed"
	EventRecordingDeleted   EventType = "recording.deleted"
	EventAIFailed           EventType = "ai.failed"
	EventSyncFailed         EventType = "sync.failed"
	EventSyncRecovered      EventType = "sync.recovered"
	EventBillingThreshold   EventType = "billing.threshold"
	EventAutomationFired    EventType = "automation.fired"
	EventWebhookDisabled    EventType = "webhook.disabled"
)

// AllEvents stands for every event, also those that later versions add.
const AllEvents EventType = "*"

// EventTypes lists every event.
func EventTypes() []EventType {
	return []EventType{
		EventRecordingCreated, EventRecordingCompleted, EventRecordingDeleted, EventAIFailed,
		EventSyncFailed, EventSyncRecovered, EventBillingThreshold, EventAutomationFired, EventWebhookDisabled,
	}
}

// Valid reports whether e is a known event.
func (e EventType) Valid() bool { return slices.Contains(EventTypes(), e) }

// An Event is the body of a webhook's request. Data is one of the types below:
// thin, ids and a link, so that who reads an event elsewhere learns nothing of
// what was said in a call. No model, provider of AI or cost is ever part of it.
type Event struct {
	Type      EventType `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened, UTC
	Test      bool      `json:"test,omitempty"`
	Data      any       `json:"data"`
}

// RecordingData is the data of recording.created, .completed and .deleted.
type RecordingData struct {
	BusinessID  BusinessID `json:"businessId"`
	RecordingID string     `json:"recordingId"`
	DataID      string     `json:"dataId"`
	CallAt      time.Time  `json:"callAt"`
	Direction   Direction  `json:"direction"`
	Duration    *int       `json:"duration"` // seconds
	Tag         *string    `json:"tag"`
	Score       *float64   `json:"score"`
	Sentiment   *string    `json:"sentiment"`
	URL         string     `json:"url"` // of the recording in the API
}

// AIFailedData is the data of ai.failed.
type AIFailedData struct {
	BusinessID  BusinessID `json:"businessId"`
	RecordingID string     `json:"recordingId"`
	DataID      string     `json:"dataId"`
	Stage       string     `json:"stage"` // StageTranscription or StageAnalysis
	Error       string     `json:"error"` // a code, as in a recording's processingError
}

// The stages of [AIFailedData].
const (
	StageTranscription = "transcription"
	StageAnalysis      = "analysis"
)

// SyncData is the data of sync.failed and sync.recovered.
type SyncData struct {
	BusinessID BusinessID `json:"businessId"`
	ProviderID string     `json:"providerId"` // of the phone integration
	Kind       string     `json:"kind"`
	Name       string     `json:"name"`
	Error      string     `json:"error,omitempty"` // a code, such as invalid_credentials
}

// BillingData is the data of billing.threshold.
type BillingData struct {
	BusinessID BusinessID `json:"businessId"`
	Month      string     `json:"month"` // as 2026-11
	Metric     string     `json:"metric"`
	Threshold  int        `json:"threshold"` // percent
	Percent    float64    `json:"percent"`
	Used       float64    `json:"used"`
	Limit      int64      `json:"limit"`
}

// AutomationData is the data of automation.fired.
type AutomationData struct {
	BusinessID   BusinessID `json:"businessId"`
	AutomationID string     `json:"automationId"`
	Name         string     `json:"name"`
	RecordingID  string     `json:"recordingId"`
	DataID       string     `json:"dataId"`
	URL          string     `json:"url"` // of the recording in the API
}

// WebhookDisabledData is the data of webhook.disabled.
type WebhookDisabledData struct {
	BusinessID  BusinessID    `json:"businessId"`
	WebhookID   string        `json:"webhookId"`
	Description string        `json:"description"`
	Reason      WebhookReason `json:"reason"`
}

// NewRecordingData returns what a recording's events tell of it.
func NewRecordingData(r Recording, baseURL string) RecordingData {
	return RecordingData{
		BusinessID: r.BusinessID, RecordingID: r.ID, DataID: r.DataID, CallAt: r.CallAt.UTC(), Direction: r.Direction,
		Duration: r.Duration, Tag: nullable(r.Tag), Score: r.Score, Sentiment: nullable(r.Sentiment),
		URL: RecordingURL(baseURL, r.ID),
	}
}

// RecordingURL is where the API shows a recording: with the path alone where it
// is not known how people reach the appliance.
func RecordingURL(baseURL, id string) string { return baseURL + "/api/v1/recordings/" + id }

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// ExampleData is realistic data of an event, with ids of things that do not
// exist, for trying a webhook.
func ExampleData(e EventType, business BusinessID, now time.Time, baseURL string) any {
	const (
		recording  = "0193525e-7a10-7c3e-9d41-5b1f0c2d8e77"
		integrated = "0193525e-7a10-7f02-8b6a-2a9c41d7e013"
		dataID     = "dtac:onecallvoicerecord.dtac.co.th:20261116-140233-0042"
	)
	seconds, tag, score, sentiment := 142, "normal", 82.0, "positive"
	r := Recording{
		ID: recording, BusinessID: business, DataID: dataID, CallAt: now.Add(-10 * time.Minute).Truncate(time.Second),
		Direction: In, Duration: &seconds,
	}
	switch e {
	case EventRecordingCompleted, EventRecordingDeleted:
		r.Tag, r.Score, r.Sentiment = tag, &score, sentiment
	case EventAIFailed:
		return AIFailedData{business, recording, dataID, StageTranscription, TranscriptionFailed}
	case EventSyncFailed:
		return SyncData{business, integrated, SourceDTAC, "DTAC OneCall", "unreachable"}
	case EventSyncRecovered:
		return SyncData{BusinessID: business, ProviderID: integrated, Kind: SourceDTAC, Name: "DTAC OneCall"}
	case EventBillingThreshold:
		return BillingData{business, now.Format("2006-01"), MetricAnalysed, 80, 80.5, 805, 1000}
	case EventAutomationFired:
		return AutomationData{business, "0193525e-7a10-7188-a4d5-90c7fe1b3c29", "Unhappy customer", recording, dataID, RecordingURL(baseURL, recording)}
	case EventWebhookDisabled:
		return WebhookDisabledData{business, "0193525e-7a10-7b95-b1f3-6d2e80a4c951", "CRM", WebhookFailing}
	}
	return NewRecordingData(r, baseURL)
}
