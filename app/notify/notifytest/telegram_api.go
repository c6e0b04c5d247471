package notifytest

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

func answer(w http.ResponseWriter, result any) {
	writeJSON(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, code int, description string, parameters map[string]any) {
	body := map[string]any{"ok": false, "error_code": code, "description": description}
	if parameters != nil {
		body["parameters"] = parameters
	}
	writeJSON(w, code, body)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}

// fail answers with a fault.
func (t *Telegram) fail(w http.ResponseWriter, r *http.Request, f Fault) {
	switch f {
	case ServerError:
		refuse(w, http.StatusInternalServerError, "Internal Server Error", nil)
	case TooMany:
		t.refuseTooMany(w, RetryAfter)
	case Unauthorized:
		refuse(w, http.StatusUnauthorized, "Unauthorized", nil)
	case NoEntities:
		refuse(w, http.StatusBadRequest, "Bad Request: can't parse entities: Unexpected end tag at byte offset 3", nil)
	case OtherPoller:
		refuse(w, http.StatusConflict, otherPoller, nil)
	default:
		perform(w, r, f)
	}
}

func (t *Telegram) refuseTooMany(w http.ResponseWriter, seconds int) {
	t.mu.Lock()
	t.tooMany++
	t.mu.Unlock()
	refuse(w, http.StatusTooManyRequests, "Too Many Requests: retry after "+strconv.Itoa(seconds),
		map[string]any{"retry_after": seconds})
}

const otherPoller = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"

// getUpdates confirms what is before the offset and waits for what is not.
func (t *Telegram) getUpdates(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Offset  int64    `json:"offset"`
		Limit   int      `json:"limit"`
		Timeout int      `json:"timeout"`
		Allowed []string `json:"allowed_updates"`
	}
	if !read(w, r, &in) {
		return
	}
	t.mu.Lock()
	if t.webhook != "" {
		t.mu.Unlock()
		refuse(w, http.StatusConflict, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", nil)
		return
	}
	if t.poll != nil {
		close(t.poll)
	}
	thrownOut := make(chan struct{})
	t.poll = thrownOut
	t.confirm(in.Offset)
	t.mu.Unlock()
	defer t.endPoll(thrownOut)

	timeout := time.NewTimer(time.Duration(in.Timeout) * time.Second)
	defer timeout.Stop()
	for {
		t.mu.Lock()
		found, changed := t.pending(in.Limit, in.Allowed), t.changed.wait()
		t.mu.Unlock()
		if len(found) > 0 {
			answer(w, found)
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			answer(w, []any{})
			return
		case <-thrownOut:
			refuse(w, http.StatusConflict, otherPoller, nil)
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (t *Telegram) endPoll(poll chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.poll == poll {
		t.poll = nil
	}
}

func (t *Telegram) confirm(offset int64) {
	for len(t.updates) > 0 && t.updates[0].id < offset {
		t.updates = t.updates[1:]
	}
	t.confirmed = max(t.confirmed, offset-1)
	t.changed.wake()
}

func (t *Telegram) pending(limit int, allowed []string) (found []json.RawMessage) {
	found, t.rewound = t.rewound, nil
	for _, u := range t.updates {
		var kinds map[string]json.RawMessage
		_ = json.Unmarshal(u.body, &kinds)
		delete(kinds, "update_id")
		for kind := range kinds {
			if len(allowed) > 0 && !slices.Contains(allowed, kind) {
				kinds = nil
				break
			}
		}
		if kinds != nil && len(found) < max(limit, 1) {
			found = append(found, u.body)
		}
	}
	return found
}

type sendMessageIn struct {
	ChatID    int64  `json:"chat_id"`
	ThreadID  int64  `json:"message_thread_id"`
	Text      string `json:"text"`
	ParseMode string `json:"parse_mode"`
	Silent    bool   `json:"disable_notification"`
	Markup    struct {
		Keyboard [][]struct {
			Text string `json:"text"`
			URL  string `json:"url"`
		} `json:"inline_keyboard"`
	} `json:"reply_markup"`
}

func (t *Telegram) sendMessage(w http.ResponseWriter, r *http.Request) {
	var in sendMessageIn
	if !read(w, r, &in) {
		return
	}
	t.mu.Lock()
	notice := t.onSend
	t.onSend = nil
	t.mu.Unlock()
	if notice != nil {
		notice()
	}
	if f := t.faults.next(strconv.FormatInt(in.ChatID, 10)); f != 0 {
		t.fail(w, r, f)
		return
	}
	plain, problem := check(in)
	if problem != "" {
		refuse(w, http.StatusBadRequest, "Bad Request: "+problem, nil)
		return
	}
	if wait := t.overLimit(in.ChatID); wait > 0 {
		t.refuseTooMany(w, int(wait/time.Second)+1)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chats[in.ChatID]
	switch {
	case c == nil:
		refuse(w, http.StatusBadRequest, NotFound, nil)
	case c.migratedTo != 0:
		refuse(w, http.StatusBadRequest, "Bad Request: group chat was upgraded to a supergroup chat",
			map[string]any{"migrate_to_chat_id": c.migratedTo})
	case strings.HasPrefix(c.shut, "Forbidden"):
		refuse(w, http.StatusForbidden, c.shut, nil)
	case c.shut != "":
		refuse(w, http.StatusBadRequest, c.shut, nil)
	case c.lostTopics[in.ThreadID]:
		refuse(w, http.StatusBadRequest, "Bad Request: message thread not found", nil)
	default:
		answer(w, map[string]any{"message_id": t.note(in, plain), "chat": c.Chat, "date": time.Now().Unix(), "text": plain})
	}
}

// note remembers a message. The caller holds t.mu.
func (t *Telegram) note(in sendMessageIn, plain string) int64 {
	t.count++
	s := Sent{
		At: time.Now(), ID: t.count, ChatID: in.ChatID, ThreadID: in.ThreadID,
		Text: plain, Raw: in.Text, HTML: in.ParseMode == "HTML", Silent: in.Silent,
	}
	if rows := in.Markup.Keyboard; len(rows) > 0 && len(rows[0]) > 0 {
		s.Button, s.ButtonURL = rows[0][0].Text, rows[0][0].URL
	}
	t.sent = append(t.sent, s)
	if len(t.sent) > keep {
		t.sent = t.sent[1:]
	}
	t.changed.wake()
	return s.ID
}

func (t *Telegram) overLimit(chatID int64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chats[chatID]
	if !t.strict || c == nil {
		return 0
	}
	now := time.Now()
	if wait := t.bot.room(now, 30, time.Second); wait > 0 {
		return wait
	}
	if chatID < 0 {
		return c.recent.room(now, 20, time.Minute)
	}
	return c.recent.room(now, 3, 2*time.Second)
}

func read(w http.ResponseWriter, r *http.Request, in any) bool {
	if err := json.NewDecoder(r.Body).Decode(in); err != nil {
		refuse(w, http.StatusBadRequest, "Bad Request: can't parse request JSON object", nil)
		return false
	}
	return true
}

// check finds what Telegram would refuse in a message, and returns its text
// without markup.
func check(in sendMessageIn) (plain, problem string) {
	plain = in.Text
	if in.ParseMode == "HTML" {
		var ok bool
		if plain, ok = parseHTML(in.Text); !ok {
			return "", "can't parse entities: Unsupported start tag at byte offset 0"
		}
	}
	switch {
	case strings.TrimSpace(plain) == "":
		return "", "message text is empty"
	case len(utf16.Encode([]rune(plain))) > 4096:
		return "", "message is too long"
	}
	for _, row := range in.Markup.Keyboard {
		for _, b := range row {
			if u, err := url.Parse(b.URL); err != nil || !strings.Contains(u.Hostname(), ".") || b.Text == "" {
				return "", "BUTTON_URL_INVALID"
			}
		}
	}
	return plain, ""
}

var (
	tagForm    = regexp.MustCompile(`</?(?:b|strong|i|em|u|s|code|pre|a)(?: href="[^"<>]*")?>`)
	entityForm = regexp.MustCompile(`&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);`)
)

// parseHTML takes Telegram's tags away. Any other "<", and tags that do not
// nest, are refused, as Telegram does.
func parseHTML(s string) (string, bool) {
	var open []string
	for _, tag := range tagForm.FindAllString(s, -1) {
		name, _, _ := strings.Cut(strings.Trim(tag, "</>"), " ")
		if !strings.HasPrefix(tag, "</") {
			open = append(open, name)
			continue
		}
		if len(open) == 0 || open[len(open)-1] != name {
			return "", false
		}
		open = open[:len(open)-1]
	}
	rest := tagForm.ReplaceAllString(s, "")
	if len(open) > 0 || strings.ContainsAny(rest, "<>") {
		return "", false
	}
	return entityForm.ReplaceAllStringFunc(rest, html.UnescapeString), true
}
