package telegram

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// PollWait is how long a long poll waits for an update: the longest that
// Telegram takes.
const PollWait = 50 * time.Second

const pollBatch = 100

// An Update is something that happened to the bot. An update of a sort that CRK
// does not need has only its ID.
type Update struct {
	ID      int64
	Message *Message
	Member  *MemberChange
}

// A Message is what somebody wrote where the bot can read it.
type Message struct {
	ID          int64  `json:"message_id"`
	ThreadID    int64  `json:"message_thread_id"`
	InTopic     bool   `json:"is_topic_message"` // ThreadID is a topic; else it is a thread of replies
	Chat        Chat   `json:"chat"`
	Text        string `json:"text"`
	MigrateTo   int64  `json:"migrate_to_chat_id"`
	MigrateFrom int64  `json:"migrate_from_chat_id"`
	ReplyTo     *struct {
		Topic *struct {
			Name string `json:"name"`
		} `json:"forum_topic_created"`
	} `json:"reply_to_message"`
}

// Topic returns the message's topic and its name, as far as it is known; 0 where
// the message is in none.
func (m Message) Topic() (id int64, name string) {
	if !m.InTopic {
		return 0, ""
	}
	if m.ReplyTo != nil && m.ReplyTo.Topic != nil {
		name = m.ReplyTo.Topic.Name
	}
	return m.ThreadID, name
}

// A Chat is a private chat, group, supergroup or channel.
type Chat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"` // private, group, supergroup, channel
	Title     string `json:"title"`
	Username  string `json:"username"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

// Private reports whether it is a chat with one person.
func (c Chat) Private() bool { return c.Type == "private" }

// Name returns what people call the chat.
func (c Chat) Name() string {
	person := strings.TrimSpace(c.FirstName + " " + c.LastName)
	switch {
	case c.Title != "":
		return c.Title
	case person != "":
		return person
	case c.Username != "":
		return "@" + c.Username
	}
	return strconv.FormatInt(c.ID, 10)
}

// A MemberChange says that the bot's own standing in a chat changed.
type MemberChange struct {
	Chat Chat `json:"chat"`
	New  struct {
		Status   string `json:"status"`
		IsMember bool   `json:"is_member"`
	} `json:"new_chat_member"`
}

// Present reports whether the bot can be written through now: it was let in, or
// unblocked.
func (m MemberChange) Present() bool {
	switch m.New.Status {
	case "creator", "administrator", "member":
		return true
	case "restricted":
		return m.New.IsMember
	}
	return false
}

// Updates returns the updates from offset on, oldest first, and waits for the
// first one up to wait. Asking with an offset confirms everything before it:
// Telegram will never show that again. Errors are *Error.
func (c *Client) Updates(ctx context.Context, offset int64, wait time.Duration) ([]Update, error) {
	params := map[string]any{
		"offset": offset, "limit": pollBatch, "timeout": int(wait / time.Second),
		"allowed_updates": []string{"message", "my_chat_member", "callback_query"},
	}
	var raws []json.RawMessage
	if err := c.call(ctx, "getUpdates", params, &raws, wait+pollSlack); err != nil {
		return nil, err
	}
	updates := make([]Update, 0, len(raws))
	for _, raw := range raws {
		u, ok := decodeUpdate(raw)
		if !ok {
			return nil, &Error{Kind: PeerError, Method: "getUpdates", Err: errNotJSON}
		}
		updates = append(updates, u)
	}
	return updates, nil
}

// decodeUpdate reads one update. Each part is read by itself: a part in a form
// that nobody foresaw must not keep the bot from all updates after it.
func decodeUpdate(raw json.RawMessage) (Update, bool) {
	var parts struct {
		ID      int64           `json:"update_id"`
		Message json.RawMessage `json:"message"`
		Member  json.RawMessage `json:"my_chat_member"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return Update{}, false
	}
	u := Update{ID: parts.ID}
	var m *Message
	if json.Unmarshal(parts.Message, &m) == nil && m != nil && m.Chat.ID != 0 {
		u.Message = m
	}
	var c *MemberChange
	if json.Unmarshal(parts.Member, &c) == nil && c != nil && c.Chat.ID != 0 {
		u.Member = c
	}
	return u, true
}

var commandForm = regexp.MustCompile(`^/([A-Za-z0-9_]{1,32})(?:@(\w{1,64}))?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*$`)

// Command reads a command with at most one word behind it, as "/start CODE" or
// "/start@bot CODE". Commands addressed to another bot, and text that is more
// than a command, are not ok.
func (m Message) Command(bot string) (name, arg string, ok bool) {
	if len(m.Text) > 200 {
		return "", "", false
	}
	parts := commandForm.FindStringSubmatch(m.Text)
	if parts == nil || (parts[2] != "" && !strings.EqualFold(parts[2], bot)) {
		return "", "", false
	}
	return strings.ToLower(parts[1]), parts[3], true
}
