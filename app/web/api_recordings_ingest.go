package web

import (
	"math"
	"mime"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// An ingestRequest is what a caller says of a call that it brings.
type ingestRequest struct {
	DataID           string   `json:"dataId"`
	CallAt           string   `json:"callAt"`
	Direction        string   `json:"direction"`
	Duration         *float64 `json:"duration"`
	CustomerPhone    *string  `json:"customerPhone"`
	CallcenterNumber *string  `json:"callcenterNumber"`
	CallcenterName   *string  `json:"callcenterName"`
	Tag              *string  `json:"tag"`
	Score            *float64 `json:"score"`
	Note             *string  `json:"note"`
	ContentType      *string  `json:"contentType"`
	WantsUploadURL   bool     `json:"audioPresignedUploadUrl"`
}

const maxCallSeconds = 7 * 24 * 3600 // more is milliseconds by mistake

// Validate checks every field.
func (r ingestRequest) Validate() error {
	var bad app.Problems
	if strings.TrimSpace(r.DataID) == "" {
		bad.Add("dataId", "Give the call an id of your own, 1 to 200 characters.")
	}
	checkLength(&bad, "dataId", &r.DataID, 200)
	if at, err := time.Parse(time.RFC3339, r.CallAt); err != nil || at.Year() < 1970 {
		bad.Add("callAt", "Give a time with its offset, as 2026-11-30T09:00:00+07:00.")
	}
	checkOneOf(&bad, "direction", r.Direction, []string{"in", "out", "internal", "unknown"})
	if r.Duration != nil && (*r.Duration < 0 || *r.Duration > maxCallSeconds) {
		bad.Add("duration", "This must be a number of seconds from 0 to %d.", maxCallSeconds)
	}
	if r.Score != nil && (*r.Score < 0 || *r.Score > 100) {
		bad.Add("score", "This must be a number from 0 to 100.")
	}
	if r.Tag != nil && *r.Tag != "" {
		checkOneOf(&bad, "tag", *r.Tag, app.Tags())
	}
	checkLength(&bad, "note", r.Note, 10_000)
	checkLength(&bad, "customerPhone", r.CustomerPhone, 64)
	checkLength(&bad, "callcenterNumber", r.CallcenterNumber, 64)
	checkLength(&bad, "callcenterName", r.CallcenterName, 200)
	if r.ContentType != nil && !soundType(*r.ContentType) {
		bad.Add("contentType", "This must be a content type of sound, as audio/wav.")
	}
	return bad.Err()
}

// soundType reports whether a content type may be of sound. What a file is, its
// bytes say later.
func soundType(s string) bool {
	t, _, err := mime.ParseMediaType(s)
	return err == nil && len(s) <= 100 &&
		(strings.HasPrefix(t, "audio/") || t == "application/ogg" || t == "application/octet-stream")
}

// given is what the store keeps of the request.
func (r ingestRequest) given() store.GivenRecording {
	at, _ := time.Parse(time.RFC3339, r.CallAt) // Validate has seen it
	g := store.GivenRecording{
		DataID: r.DataID, CallAt: at, Direction: app.Direction(r.Direction), CustomerPhone: r.CustomerPhone,
		AgentNumber: r.CallcenterNumber, AgentName: r.CallcenterName, Tag: r.Tag, Score: r.Score, Note: r.Note,
		ContentType: r.ContentType,
	}
	if r.Duration != nil {
		seconds := int(math.Round(*r.Duration))
		g.Duration = &seconds
	}
	return g
}

// An ingestView is the answer to a recording that was brought.
type ingestView struct {
	ID               string  `json:"id"`
	DataID           string  `json:"dataId"`
	ProcessingStatus string  `json:"processingStatus"`
	UploadURL        *string `json:"audioUploadUrl,omitempty"`
	UploadExpiresIn  *int    `json:"audioUploadExpiresInSec,omitempty"`
}

func showIngested(r app.Recording) ingestView {
	return ingestView{ID: r.ID, DataID: r.DataID, ProcessingStatus: string(r.Status)}
}

// ingestRecording makes a recording, or gives an existing one its metadata anew.
func ingestRecording(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[ingestRequest](c)
		if err != nil {
			return err
		}
		w := who(c)
		r, isNew, token, err := o.DB.SaveRecording(c.UserContext(), w.Business.ID, w.brings(), in.given(), in.WantsUploadURL)
		if err != nil {
			return err
		}
		v := showIngested(r)
		if token != "" {
			seconds := int(store.UploadLife.Seconds())
			v.UploadURL, v.UploadExpiresIn = orNil(baseURL(c, o.BaseURL)+uploadPath+token.Reveal()), &seconds
		}
		if isNew {
			c.Status(fiber.StatusCreated)
		}
		return c.JSON(v)
	}
}

// brings is whose calls the caller may bring: those it sees, or all where it is
// only there to bring calls and sees none.
func (c caller) brings() []string {
	if !c.Scopes.Allow(app.ViewRecordingSelf) {
		return nil
	}
	return c.only()
}
