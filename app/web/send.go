package web

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"crk/app"
)

// Bounds of a message.
const (
	maxTitle = 200  // characters
	maxText  = 4000 // characters
	maxLink  = 2048 // bytes
	maxData  = 8 << 10
)

// A sendRequest is a message to be sent now.
type sendRequest struct {
	Channel   string          `json:"channel"`
	ChatID    reference       `json:"chatId"`
	WebhookID string          `json:"webhookId"`
	Title     string          `json:"title"`
	Body      *string         `json:"body"`
	Link      string          `json:"link"`
	Severity  *app.Severity   `json:"severity"`
	Data      json.RawMessage `json:"data"`
}

// A reference is an id that may be written as a number.
type reference string

var numberForm = regexp.MustCompile(`^-?[0-9]{1,19}$`)

// UnmarshalJSON reads a string or a whole number; null is nothing.
func (r *reference) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "null":
		return nil
	case numberForm.Match(b):
		*r = reference(b)
		return nil
	case json.Unmarshal(b, &s) == nil:
		*r = reference(strings.TrimSpace(s))
		return nil
	}
	return &json.UnmarshalTypeError{Value: "this", Type: reflect.TypeFor[string]()}
}

// Validate returns everything that is wrong with the request.
func (r sendRequest) Validate() error {
	var p app.Problems
	checkOneOf(&p, "channel", r.Channel, app.Channels())
	if r.Channel == app.ChannelTelegram && r.ChatID == "" {
		p.Add("chatId", "Name the chat: its id or chatId of GET /telegram/chats.")
	}
	if r.Channel == app.ChannelDiscord && r.WebhookID == "" {
		p.Add("webhookId", "Name the webhook: its id of GET /notifications/destinations.")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Title)); n < 1 || n > maxTitle {
		p.Add("title", "Give a title of 1 to %d characters.", maxTitle)
	}
	if r.Body == nil {
		p.Add("body", "Give a body, if only an empty one.")
	}
	checkLength(&p, "body", r.Body, maxText)
	checkLink(&p, "link", r.Link)
	if r.Severity != nil && !r.Severity.Valid() {
		p.Add("severity", "This must be one of: info, success, warning, critical.")
	}
	r.checkData(&p)
	return p.Err()
}

func checkLink(p *app.Problems, field, link string) {
	if link == "" {
		return
	}
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(link) > maxLink {
		p.Add(field, "Give an http or https URL of at most %d characters.", maxLink)
	}
}

// hasData reports whether data was given; null is nothing.
func (r sendRequest) hasData() bool {
	return len(r.Data) > 0 && string(r.Data) != "null"
}

func (r sendRequest) checkData(p *app.Problems) {
	if !r.hasData() {
		return
	}
	var data map[string]json.RawMessage
	if json.Unmarshal(r.Data, &data) != nil {
		p.Add("data", "This must be an object.")
		return
	}
	if len(r.Data) > maxData {
		p.Add("data", "This may have %d bytes at most.", maxData)
	}
	if raw, ok := data["link"]; ok && string(raw) != "null" {
		var link string
		if json.Unmarshal(raw, &link) != nil || link == "" {
			p.Add("data.link", "Give an http or https URL of at most %d characters.", maxLink)
			return
		}
		checkLink(p, "data.link", link)
	}
}

// delivery is the request as a message of a business; its destination is still
// to be looked up. Only the feed takes data.
func (r sendRequest) delivery(business app.BusinessID) app.Delivery {
	d := app.Delivery{
		BusinessID: business, Channel: r.Channel, Title: strings.TrimSpace(r.Title), Body: *r.Body, Link: r.Link, Severity: app.Info,
	}
	if r.Severity != nil {
		d.Severity = *r.Severity
	}
	if r.Channel == app.ChannelInApp && r.hasData() {
		var b bytes.Buffer
		if json.Compact(&b, r.Data) == nil {
			d.Data = b.Bytes()
		}
	}
	return d
}
