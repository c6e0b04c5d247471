package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"crk/app"
	"crk/app/feed"
	"crk/store"
)

// Publisher returns what tells the hub of committed changes. It never blocks.
func Publisher(hub *feed.Hub) func([]app.Change) {
	return func(changes []app.Change) {
		for _, c := range changes {
			switch {
			case c.Topic == app.TopicRights && c.ID != "":
				hub.Drop(c.ID)
			default:
				hub.Publish(&feed.Event{Business: string(c.BusinessID), User: string(c.UserID), Value: c})
			}
		}
	}
}

// streamNotifications serves the API's socket: by key or by session.
func streamNotifications(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := streamCaller(c, o.DB)
		if err != nil {
			return err
		}
		return serveStream(c, o, w, false)
	}
}

// streamPages serves the dashboard's socket, which is also told what else
// changed. A browser cannot read why a handshake was refused, so one without a
// session gets its socket and, on it, the code that sends it to the login page.
func streamPages(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := sessionCaller(c, o.DB)
		if app.IsKind(err, app.Unauthorized) && websocket.IsWebSocketUpgrade(handshake(c)) {
			return o.upgrades.upgrade(c, func(ws *websocket.Conn) { (&streamer{ws: ws}).close(closeEnded) })
		}
		if err != nil {
			return err
		}
		return serveStream(c, o, w, true)
	}
}

// streamCaller finds the caller by key, or by the dashboard's session where the
// request carries no key.
func streamCaller(c *fiber.Ctx, db *store.Store) (caller, error) {
	if c.Get(fiber.HeaderAuthorization) == "" {
		return sessionCaller(c, db)
	}
	w := who(c)
	if w.Key == nil {
		return w, errUnauthorized
	}
	return keyMember(c, db, w)
}

func serveStream(c *fiber.Ctx, o Options, w caller, pages bool) error {
	if err := w.needs(app.ViewNotifications); err != nil {
		return err
	}
	if !websocket.IsWebSocketUpgrade(handshake(c)) {
		return &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "This address takes WebSocket connections only."}
	}
	sub, err := o.Hub.Subscribe(feed.Subscriber{Business: string(w.Business.ID), User: string(w.User.ID), Credential: w.credential()})
	switch {
	case errors.Is(err, feed.ErrTooMany):
		return &app.Error{Kind: app.RateLimited, Code: "rate_limited", RetryAfter: time.Minute, Message: "Too many live connections are open."}
	case err != nil:
		return &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "The appliance is about to stop.", Err: err}
	}
	s := &streamer{db: o.DB, log: o.Log, who: w, pages: pages, since: strings.Clone(c.Query("since")), sub: sub, fanOut: o.fanOut}
	err = o.upgrades.upgrade(c, s.serve)
	if err != nil {
		sub.Close()
	}
	return err
}

// credential is what the hub drops the subscription by.
func (c caller) credential() string {
	if c.Key != nil {
		return c.Key.ID
	}
	return c.Session.ID
}

// A frame is a message of the server.
type frame struct {
	Type         string    `json:"type"`
	Notification *feedView `json:"notification,omitempty"`
	UnreadCount  *int      `json:"unreadCount,omitempty"`
	LastID       *string   `json:"lastId,omitempty"`
	ID           string    `json:"id,omitempty"`
	Status       string    `json:"status,omitempty"`
}

func (f frame) encode() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings and numbers of our own
	}
	return b
}

// A streamer is the server's end of one socket. One goroutine reads, one
// writes.
type streamer struct {
	db     *store.Store
	log    *slog.Logger
	who    caller
	pages  bool   // the dashboard's: it is told of more than the feed
	since  string // the last id that the client has; empty: it has none
	sub    *feed.Subscription
	ws     *websocket.Conn
	prefs  app.Preferences
	fanOut prometheus.Histogram // of how long a notification took
	seq    int64                // of the newest row that was sent or passed over
}

const (
	pingEvery  = 25 * time.Second
	pongWait   = 60 * time.Second
	writeWait  = 5 * time.Second
	readLimit  = 4 << 10
	replayPage = 500
)

// The codes with which a socket is closed, beside RFC 6455's own.
const (
	closeTooSlow = 4008 // the client did not keep up; it may come back with its last id
	closeEnded   = 4401 // its key or session serves no more
)

// serve owns the socket until it is closed.
func (s *streamer) serve(ws *websocket.Conn) {
	defer s.sub.Close()
	s.ws = ws
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
		ws.Close() // ends the reading below
	}()
	s.read()
	s.sub.Close() // ends the writing
	<-written
}

// read takes what the client says, which is nothing but pongs and its goodbye.
func (s *streamer) read() {
	s.ws.SetReadLimit(readLimit)
	alive := func(string) error { return s.ws.SetReadDeadline(time.Now().Add(pongWait)) }
	s.ws.SetPongHandler(alive)
	if alive("") != nil {
		return
	}
	for {
		if _, _, err := s.ws.NextReader(); err != nil {
			return
		}
	}
}

// write replays what the client missed, and then sends what happens.
func (s *streamer) write() {
	s.sub.Open() // first, so that nothing falls between replay and live
	if err := aside(s.begin); err != nil {
		if !errors.Is(err, errSocket) {
			s.log.Error("begin a live stream", "err", err)
			s.close(websocket.CloseInternalServerErr)
		}
		return
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-s.sub.Done():
			s.closeFor(s.sub.Reason())
			return
		case e := <-s.sub.Events():
			if s.event(e) != nil {
				return
			}
		case <-ping.C:
			if s.ping() != nil {
				return
			}
		}
	}
}

func (s *streamer) closeFor(r feed.Reason) {
	switch r {
	case feed.GoingAway:
		s.close(websocket.CloseGoingAway)
	case feed.TooSlow:
		s.close(closeTooSlow)
	case feed.Ended:
		s.close(closeEnded)
	case feed.Closed: // by our own end, which is gone
	}
}

func (s *streamer) close(code int) {
	_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
}
