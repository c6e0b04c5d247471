package telegram

import (
	"context"
	"errors"
	"strings"

	"crk/app/notify/clip"
)

// textLimit is the length of a message in UTF-16 units, markup not counted.
const textLimit = 4096

// A Note is what is to be said, in plain text: escaping is done here.
type Note struct {
	Mark      string // before the title, such as "⚠️"; may be empty
	Title     string // one line, in bold
	Body      string
	Link      string // http or https; may be empty
	LinkLabel string // the words on the link's button
	Silent    bool   // without a sound
}

// Text returns the note as it is sent, in Telegram's HTML.
func (n Note) Text() string { return form{markup: true, button: n.Link != ""}.text(n) }

// An Address is a chat, or one of its topics.
type Address struct {
	Chat   int64
	Thread int64 // 0: no topic
}

// A Receipt says what became of a note. It counts even beside an error: the
// group may have moved although the second sending failed.
type Receipt struct {
	MessageID  int64
	MigratedTo int64 // the group's new id: use it from now on
	ThreadGone bool  // the topic is no more; the note went to the group itself
}

// Post sends a note. A body that is too long is cut with "…". Where Telegram
// refuses the markup, the button's link, the topic or the group's old id, the
// note is sent once more without what was refused. Errors are *Error.
func (c *Client) Post(ctx context.Context, to Address, n Note) (Receipt, error) {
	form := form{markup: true, button: n.Link != ""}
	r, err := c.send(ctx, to, n, form)
	switch KindOf(err) {
	case EntitiesRefused:
		form.markup = false
	case ButtonRefused:
		form.button = false
	case ThreadNotFound:
		r.ThreadGone = true
		to.Thread = 0
	case Migrated:
		var e *Error
		errors.As(err, &e)
		r.MigratedTo = e.MigratedTo
		to.Chat = e.MigratedTo
	default:
		return r, err
	}
	again, err := c.send(ctx, to, n, form)
	r.MessageID = again.MessageID
	return r, err
}

// A form is how a note is put into a message.
type form struct {
	markup bool // HTML, else plain
	button bool // the link as a button, else as text
}

type sendMessage struct {
	ChatID    int64       `json:"chat_id"`
	ThreadID  int64       `json:"message_thread_id,omitempty"`
	Text      string      `json:"text"`
	ParseMode string      `json:"parse_mode,omitempty"`
	Preview   preview     `json:"link_preview_options"`
	Silent    bool        `json:"disable_notification,omitempty"`
	Markup    *replyMarks `json:"reply_markup,omitempty"`
}

type preview struct {
	Disabled bool `json:"is_disabled"`
}

type replyMarks struct {
	Keyboard [][]button `json:"inline_keyboard"`
}

type button struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

func (c *Client) send(ctx context.Context, to Address, n Note, f form) (Receipt, error) {
	m := sendMessage{
		ChatID: to.Chat, ThreadID: to.Thread, Text: f.text(n),
		Preview: preview{Disabled: true}, Silent: n.Silent,
	}
	if f.markup {
		m.ParseMode = "HTML"
	}
	if f.button {
		m.Markup = &replyMarks{Keyboard: [][]button{{{Text: label(n), URL: n.Link}}}}
	}
	var sent struct {
		ID int64 `json:"message_id"`
	}
	err := c.call(ctx, "sendMessage", m, &sent, callTimeout)
	return Receipt{MessageID: sent.ID}, err
}

func label(n Note) string {
	if n.LinkLabel == "" {
		return "Open"
	}
	return n.LinkLabel
}

// text lays a note out. Plain text is cut first and escaped then: the limit is
// of the text as people read it.
func (f form) text(n Note) string {
	mark, title := clip.Line(n.Mark), clip.Line(n.Title)
	if mark != "" {
		mark += " "
	}
	tail := ""
	if n.Link != "" && !f.button {
		tail = "\n\n" + n.Link
	}
	room := textLimit - clip.Len(tail)
	title = clip.To(title, room-clip.Len(mark))
	body := strings.TrimSpace(clip.Clean(n.Body))
	if body != "" {
		const gap = "\n\n"
		body = clip.To(body, room-clip.Len(mark+title+gap))
		if title != "" {
			body = gap + body
		}
	}
	if !f.markup {
		return mark + title + body + tail
	}
	if title != "" {
		title = "<b>" + escape(title) + "</b>"
	}
	return escape(mark) + title + escape(body) + escape(tail)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes plain text safe within Telegram's HTML.
func escape(s string) string { return escaper.Replace(s) }
