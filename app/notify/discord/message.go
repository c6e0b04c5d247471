package discord

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"crk/app/notify/clip"
)

// Discord's limits of an embed.
const (
	titleLimit = 256
	bodyLimit  = 4096
)

// A Note is what is to be said, in plain text: escaping is done here.
type Note struct {
	Title  string // one line
	Body   string
	Link   string // http or https, behind the title; may be empty
	Color  int    // of the embed's edge, 0xRRGGBB
	Silent bool   // without a push to phones
}

// A Receipt says what became of a note. It counts even beside an error.
type Receipt struct {
	MessageID  string
	ThreadGone bool // the thread is no more; the note went to the channel itself
	Quota      Quota
}

// Post sends a note. Text that is too long is cut with "…". Where Discord
// refuses the link's form or the thread is gone, the note is sent once more,
// with the link as text or without the thread. Errors are *Error.
func (c *Client) Post(ctx context.Context, h Hook, n Note) (Receipt, error) {
	r, err := c.post(ctx, h, n)
	var e *Error
	if !errors.As(err, &e) {
		return r, err
	}
	switch {
	case e.Kind == ThreadNotFound && h.Thread != "":
		h.Thread, r.ThreadGone = "", true
	case e.Code == invalidForm && n.Link != "":
		n.Body, n.Link = strings.TrimSpace(n.Body+"\n\n"+n.Link), ""
	default:
		return r, err
	}
	again, err := c.post(ctx, h, n)
	again.ThreadGone = r.ThreadGone
	return again, err
}

type message struct {
	Embeds   []embed         `json:"embeds"`
	Mentions allowedMentions `json:"allowed_mentions"`
	Flags    int             `json:"flags,omitempty"`
}

type embed struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	Color       int    `json:"color"`
}

// allowedMentions with an empty list keeps "@everyone" in a text from calling
// everyone; left out, webhooks may mention whom they like.
type allowedMentions struct {
	Parse []string `json:"parse"`
}

const suppressNotifications = 1 << 12

// Text returns title and body as they are sent, in Discord's markup.
func (n Note) Text() (title, body string) {
	return fit(clip.Line(n.Title), titleLimit), fit(strings.TrimSpace(clip.Clean(n.Body)), bodyLimit)
}

func (c *Client) post(ctx context.Context, h Hook, n Note) (Receipt, error) {
	title, text := n.Text()
	m := message{
		Embeds:   []embed{{Title: title, Description: text, URL: n.Link, Color: n.Color}},
		Mentions: allowedMentions{Parse: []string{}},
	}
	if n.Silent {
		m.Flags = suppressNotifications
	}
	body, err := json.Marshal(m)
	if err != nil {
		return Receipt{}, &Error{Kind: Rejected, Op: "post", Err: err}
	}
	// Without wait Discord answers before it has looked at the message, and
	// refuses it in silence.
	query := "?wait=true"
	if h.Thread != "" {
		query += "&thread_id=" + h.Thread
	}
	var sent struct {
		ID string `json:"id"`
	}
	quota, err := c.call(ctx, http.MethodPost, "post", h, query, body, &sent)
	return Receipt{MessageID: sent.ID, Quota: quota}, err
}

// fit escapes plain text and cuts it so that the escaped form, which is what
// Discord counts, keeps to the limit.
func fit(plain string, limit int) string {
	for room := limit; ; {
		out := escape(clip.To(plain, room))
		over := clip.Len(out) - limit
		if over <= 0 {
			return out
		}
		room -= max(over/2, 1) // at most every character was doubled
	}
}

var (
	linkForm = regexp.MustCompile(`https?://[A-Za-z0-9._~:/?#@!$&'+,;=%-]+`)
	special  = regexp.MustCompile("[\\\\*_~`|\\[\\]]|<(?:[@#:/]|a:|t:|id:)|(?m:^\\s*(?:>|#|-#))")
)

// escape keeps plain text from being read as Discord's markup: emphasis, masked
// links, mentions, headings and quotes. Links stay as they are; a backslash
// within would break them.
func escape(s string) string {
	var b strings.Builder
	last := 0
	for _, at := range linkForm.FindAllStringIndex(s, -1) {
		b.WriteString(escapeText(s[last:at[0]]))
		b.WriteString(s[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(escapeText(s[last:]))
	return b.String()
}

func escapeText(s string) string {
	return special.ReplaceAllStringFunc(s, func(m string) string {
		i := strings.IndexFunc(m, func(r rune) bool { return !strings.ContainsRune(" \t\n", r) })
		return m[:i] + `\` + m[i:]
	})
}
