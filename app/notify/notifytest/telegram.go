package notifytest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Chat is a chat of the simulated Telegram.
type Chat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"` // private, group, supergroup, channel
	Title     string `json:"title,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	Username  string `json:"username,omitempty"`
}

// The ways in which a chat can be shut to the bot, in Telegram's words.
const (
	BlockedByUser   = "Forbidden: bot was blocked by the user"
	KickedFromGroup = "Forbidden: bot was kicked from the supergroup chat"
	NotAMember      = "Forbidden: bot is not a member of the supergroup chat"
	Deactivated     = "Forbidden: user is deactivated"
	GroupDeleted    = "Forbidden: the group chat was deleted"
	NotFound        = "Bad Request: chat not found"
)

// A Sent is a message that the bot sent.
type Sent struct {
	At        time.Time
	ID        int64
	ChatID    int64
	ThreadID  int64
	Text      string // as people read it: markup taken away
	Raw       string // as it was sent
	HTML      bool
	Silent    bool
	ButtonURL string
	Button    string
}

// Telegram is a simulated Bot API server with one bot.
type Telegram struct {
	token, username string
	faults          faults

	mu        sync.Mutex
	chats     map[int64]*chat
	updates   []update          // not yet confirmed
	rewound   []json.RawMessage // given to the next poll whatever its offset
	lastID    int64
	confirmed int64
	poll      chan struct{} // closed to throw out the poll under way; nil: none
	webhook   string
	sent      []Sent
	count     int64 // of all messages
	calls     map[string]int
	strict    bool
	onSend    func()
	bot       window
	tooMany   int
	changed   signal
}

type update struct {
	id   int64
	body json.RawMessage
}

type chat struct {
	Chat
	shut       string // an error's description; empty: open
	migratedTo int64
	lostTopics map[int64]bool
	recent     window
}

// NewTelegram returns a server that knows one bot.
func NewTelegram(token, username string) *Telegram {
	return &Telegram{
		token: token, username: username,
		chats: map[int64]*chat{}, calls: map[string]int{}, lastID: 1000,
	}
}

// BotID returns the bot's id, which is the first part of its token.
func (t *Telegram) BotID() int64 {
	id, _, _ := strings.Cut(t.token, ":")
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// Say lets somebody write a message where the bot sees it, and returns the
// update's id.
func (t *Telegram) Say(c Chat, text string) int64 {
	return t.message(c, map[string]any{"text": text})
}

// SayInTopic lets somebody write a message in a topic of a group.
func (t *Telegram) SayInTopic(c Chat, thread int64, topic, text string) int64 {
	return t.message(c, map[string]any{
		"text": text, "message_thread_id": thread, "is_topic_message": true,
		"reply_to_message": map[string]any{"message_id": thread, "forum_topic_created": map[string]any{"name": topic}},
	})
}

func (t *Telegram) message(c Chat, fields map[string]any) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open(c)
	t.count++
	fields["message_id"] = t.count
	fields["date"] = time.Now().Unix()
	fields["chat"] = c
	fields["from"] = map[string]any{"id": max(c.ID, -c.ID), "is_bot": false, "first_name": "Somebody"}
	return t.push(map[string]any{"message": fields})
}

// Rewind puts a message back under an update's old number, as after trouble at
// Telegram's.
func (t *Telegram) Rewind(c Chat, id int64, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	body, err := json.Marshal(map[string]any{"update_id": id, "message": map[string]any{"message_id": 1, "chat": c, "text": text}})
	if err != nil {
		panic(fmt.Sprintf("notifytest: update: %v", err))
	}
	t.rewound = append(t.rewound, body)
	t.changed.wake()
}

// Push adds an update in any form; the update_id is put in.
func (t *Telegram) Push(fields map[string]any) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.push(fields)
}

func (t *Telegram) push(fields map[string]any) int64 {
	t.lastID++
	fields["update_id"] = t.lastID
	body, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("notifytest: update: %v", err))
	}
	t.updates = append(t.updates, update{t.lastID, body})
	t.changed.wake()
	return t.lastID
}

// open makes the chat known and returns it. The caller holds t.mu.
func (t *Telegram) open(c Chat) *chat {
	known := t.chats[c.ID]
	if known == nil {
		known = &chat{lostTopics: map[int64]bool{}}
		t.chats[c.ID] = known
	}
	if c.Type != "" {
		known.Chat = c
	}
	return known
}

// Shut makes a chat refuse the bot with one of the descriptions above, and tells
// the bot where Telegram would.
func (t *Telegram) Shut(c Chat, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open(c).shut = why
	if why == BlockedByUser || why == KickedFromGroup {
		t.standing(c, "kicked")
	}
}

// Reopen lets the bot in again, and tells it.
func (t *Telegram) Reopen(c Chat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open(c).shut = ""
	t.standing(c, "member")
}

func (t *Telegram) standing(c Chat, status string) {
	t.push(map[string]any{"my_chat_member": map[string]any{
		"chat": c, "date": time.Now().Unix(),
		"new_chat_member": map[string]any{"status": status, "user": map[string]any{"id": t.BotID(), "is_bot": true}},
	}})
}

// Migrate turns a group into a supergroup with a new id.
func (t *Telegram) Migrate(from, to Chat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open(from).migratedTo = to.ID
	t.open(to)
}

// DropTopic deletes a topic of a group.
func (t *Telegram) DropTopic(c Chat, thread int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open(c).lostTopics[thread] = true
}

// SetWebhook makes updates go to a webhook of somebody else; empty: to polls.
func (t *Telegram) SetWebhook(url string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.webhook = url
}

// Fail lets the next calls of a method, such as "sendMessage", fail, one for
// each fault.
func (t *Telegram) Fail(method string, faults ...Fault) { t.faults.add(method, faults) }

// FailChat lets the next messages to a chat fail, one for each fault.
func (t *Telegram) FailChat(chatID int64, faults ...Fault) {
	t.faults.add(strconv.FormatInt(chatID, 10), faults)
}

// EnforceLimits makes the server answer 429 over Telegram's limits: 30 messages
// a second of a bot, 20 a minute in a group, and a burst of 3 in a chat.
func (t *Telegram) EnforceLimits() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.strict = true
}

// OnSend has f called at the next message, before it is looked at.
func (t *Telegram) OnSend(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onSend = f
}

// Messages returns what the bot has sent, oldest first.
func (t *Telegram) Messages() []Sent {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Sent(nil), t.sent...)
}

// WaitMessages waits until the bot has sent n messages, or ctx ends, and returns
// them.
func (t *Telegram) WaitMessages(ctx context.Context, n int) ([]Sent, error) {
	err := t.until(ctx, func() bool { return len(t.sent) >= n })
	return t.Messages(), err
}

// WaitConfirmed waits until the bot has confirmed the update with the given id.
func (t *Telegram) WaitConfirmed(ctx context.Context, id int64) error {
	return t.until(ctx, func() bool { return t.confirmed >= id })
}

// WaitCalls waits until a method was called n times.
func (t *Telegram) WaitCalls(ctx context.Context, method string, n int) error {
	return t.until(ctx, func() bool { return t.calls[method] >= n })
}

// WaitPoll waits until somebody waits for updates. A call of getUpdates that was
// only counted may still be overtaken by the next.
func (t *Telegram) WaitPoll(ctx context.Context) error {
	return t.until(ctx, func() bool { return t.poll != nil })
}

// Calls returns how often a method was called.
func (t *Telegram) Calls(method string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls[method]
}

// TooManyAnswers returns how often the server answered 429.
func (t *Telegram) TooManyAnswers() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tooMany
}

// until waits until done, which is called with t.mu held.
func (t *Telegram) until(ctx context.Context, done func() bool) error {
	for {
		t.mu.Lock()
		ok, changed := done(), t.changed.wait()
		t.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ServeHTTP implements http.Handler: POST /bot<token>/<method>.
func (t *Telegram) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	takeBody(r)
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot"+t.token+"/")
	if !ok {
		refuse(w, http.StatusUnauthorized, "Unauthorized", nil)
		return
	}
	t.mu.Lock()
	t.calls[rest]++
	t.changed.wake()
	t.mu.Unlock()
	if f := t.faults.next(rest); f != 0 {
		t.fail(w, r, f)
		return
	}
	switch rest {
	case "getMe":
		answer(w, map[string]any{"id": t.BotID(), "is_bot": true, "first_name": "CRK", "username": t.username})
	case "getWebhookInfo":
		t.mu.Lock()
		info := map[string]any{"url": t.webhook, "pending_update_count": len(t.updates)}
		t.mu.Unlock()
		answer(w, info)
	case "getUpdates":
		t.getUpdates(w, r)
	case "sendMessage":
		t.sendMessage(w, r)
	case "leaveChat", "setMyCommands", "deleteWebhook":
		answer(w, true)
	default:
		refuse(w, http.StatusNotFound, "Not Found", nil)
	}
}
