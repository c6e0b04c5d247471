package notifytest

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
)

// A Post is a message that was posted to a webhook.
type Post struct {
	At        time.Time
	WebhookID string
	ThreadID  string
	Content   string
	Embeds    []Embed
	Flags     int
}

// An Embed is a framed part of a post.
type Embed struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Color       int    `json:"color"`
}

// Discord is a simulated Discord with incoming webhooks.
type Discord struct {
	faults faults

	mu      sync.Mutex
	hooks   map[string]*hook
	posts   []Post
	calls   map[string]int // by webhook
	count   int64
	limit   int
	span    time.Duration
	tooMany int
	changed signal
}

type hook struct {
	token   string
	name    string
	kind    int
	removed bool
	threads map[string]bool
	recent  window
}

// NewDiscord returns a Discord without webhooks. Its limit for each is 5 posts
// in 2 seconds, told in the headers of every answer.
func NewDiscord() *Discord {
	return &Discord{hooks: map[string]*hook{}, calls: map[string]int{}, limit: 5, span: 2 * time.Second}
}

// Add makes an incoming webhook.
func (d *Discord) Add(id, token, name string) {
	d.AddKind(id, token, name, 1)
}

// AddKind makes a webhook of another type than 1, incoming.
func (d *Discord) AddKind(id, token, name string, kind int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks[id] = &hook{token: token, name: name, kind: kind, threads: map[string]bool{}}
}

// AddThread makes a thread in the webhook's channel.
func (d *Discord) AddThread(id, thread string) { d.setThread(id, thread, true) }

// RemoveThread deletes it.
func (d *Discord) RemoveThread(id, thread string) { d.setThread(id, thread, false) }

func (d *Discord) setThread(id, thread string, there bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h := d.hooks[id]; h != nil {
		h.threads[thread] = there
	}
}

// Remove deletes a webhook.
func (d *Discord) Remove(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h := d.hooks[id]; h != nil {
		h.removed = true
	}
}

// SetLimit sets how many posts each webhook takes in a span.
func (d *Discord) SetLimit(n int, span time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit, d.span = n, span
}

// Fail lets the next calls of a webhook fail, one for each fault.
func (d *Discord) Fail(id string, faults ...Fault) { d.faults.add(id, faults) }

// Posts returns what was posted, oldest first.
func (d *Discord) Posts() []Post {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Post(nil), d.posts...)
}

// WaitPosts waits until n messages were posted, or ctx ends, and returns them.
func (d *Discord) WaitPosts(ctx context.Context, n int) ([]Post, error) {
	for {
		d.mu.Lock()
		enough, changed := len(d.posts) >= n, d.changed.wait()
		d.mu.Unlock()
		if enough {
			return d.Posts(), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return d.Posts(), ctx.Err()
		}
	}
}

// Calls returns how often a webhook was called, by any method.
func (d *Discord) Calls(id string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[id]
}

// TooManyAnswers returns how often the server answered 429.
func (d *Discord) TooManyAnswers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tooMany
}

var hookPath = regexp.MustCompile(`^/api/v10/webhooks/([0-9]+)/([^/]+)$`)

// ServeHTTP implements http.Handler: GET and POST /api/v10/webhooks/{id}/{token}.
func (d *Discord) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	takeBody(r)
	path := hookPath.FindStringSubmatch(r.URL.Path)
	if path == nil {
		complain(w, http.StatusNotFound, 0, "404: Not Found")
		return
	}
	id := path[1]
	d.mu.Lock()
	d.calls[id]++
	d.mu.Unlock()
	if f := d.faults.next(id); f != 0 {
		d.fail(w, r, f)
		return
	}
	if !strings.HasPrefix(r.UserAgent(), "DiscordBot (https://") {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.hooks[id]
	switch {
	case h == nil || h.removed:
		complain(w, http.StatusNotFound, 10015, "Unknown Webhook")
	case h.token != path[2]:
		complain(w, http.StatusUnauthorized, 50027, "Invalid Webhook Token")
	case r.Method == http.MethodGet:
		writeJSON(w, http.StatusOK, map[string]any{
			"id": id, "type": h.kind, "name": h.name, "channel_id": "199737254929760256", "guild_id": "199737254929760255", "token": h.token,
		})
	case r.Method == http.MethodPost:
		d.post(w, r, id, h)
	default:
		complain(w, http.StatusMethodNotAllowed, 0, "405: Method Not Allowed")
	}
}

func (d *Discord) fail(w http.ResponseWriter, r *http.Request, f Fault) {
	switch f {
	case ServerError:
		complain(w, http.StatusInternalServerError, 0, "500: Internal Server Error")
	case TooMany:
		writeJSON(w, http.StatusTooManyRequests, map[string]any{
			"message": "You are being rate limited.", "retry_after": RetryAfter + 0.25, "global": false,
		})
	case Unauthorized:
		complain(w, http.StatusUnauthorized, 50027, "Invalid Webhook Token")
	default:
		perform(w, r, f)
	}
}

func complain(w http.ResponseWriter, status, code int, message string) {
	writeJSON(w, status, map[string]any{"code": code, "message": message})
}

// post takes a message. The caller holds d.mu.
func (d *Discord) post(w http.ResponseWriter, r *http.Request, id string, h *hook) {
	now := time.Now()
	if wait := h.recent.room(now, d.limit, d.span); wait > 0 {
		d.tooMany++
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		writeJSON(w, http.StatusTooManyRequests, map[string]any{
			"message": "You are being rate limited.", "retry_after": wait.Seconds(), "global": false,
		})
		return
	}
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(d.limit))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(d.limit-len(h.recent.at)))
	w.Header().Set("X-RateLimit-Reset-After", strconv.FormatFloat(h.recent.at[0].Add(d.span).Sub(now).Seconds(), 'f', 3, 64))
	w.Header().Set("X-RateLimit-Bucket", id)

	var in struct {
		Content  string  `json:"content"`
		Embeds   []Embed `json:"embeds"`
		Flags    int     `json:"flags"`
		Mentions *struct {
			Parse []string `json:"parse"`
		} `json:"allowed_mentions"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Mentions == nil || len(in.Mentions.Parse) > 0 {
		complain(w, http.StatusBadRequest, 50035, "Invalid Form Body") // stricter than Discord: mentions must be off
		return
	}
	thread := r.URL.Query().Get("thread_id")
	switch problem := checkPost(in.Content, in.Embeds); {
	case problem != "":
		complain(w, http.StatusBadRequest, 50035, "Invalid Form Body: "+problem)
	case thread != "" && !h.threads[thread]:
		complain(w, http.StatusNotFound, 10003, "Unknown Channel")
	default:
		d.note(Post{At: now, WebhookID: id, ThreadID: thread, Content: in.Content, Embeds: in.Embeds, Flags: in.Flags})
		if r.URL.Query().Get("wait") != "true" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"id": strconv.FormatInt(d.count, 10), "type": 0, "channel_id": "199737254929760256"})
	}
}

func (d *Discord) note(p Post) {
	d.count++
	d.posts = append(d.posts, p)
	if len(d.posts) > keep {
		d.posts = d.posts[1:]
	}
	d.changed.wake()
}

// checkPost finds what Discord would refuse in a message.
func checkPost(content string, embeds []Embed) string {
	units := func(s string) int { return len(utf16.Encode([]rune(s))) }
	sum := 0
	for _, e := range embeds {
		sum += units(e.Title) + units(e.Description)
		switch {
		case units(e.Title) > 256:
			return "embeds.0.title: Must be 256 or fewer in length."
		case units(e.Description) > 4096:
			return "embeds.0.description: Must be 4096 or fewer in length."
		case e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://"), strings.Contains(e.URL, "//localhost"):
			return "embeds.0.url: Not a well formed URL."
		}
	}
	switch {
	case sum > 6000:
		return "embeds: Embed size exceeds maximum size of 6000."
	case units(content) > 2000:
		return "content: Must be 2000 or fewer in length."
	case strings.TrimSpace(content) == "" && sum == 0:
		return "Cannot send an empty message."
	}
	return ""
}
