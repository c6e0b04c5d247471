package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"

	"crk/app"
	"crk/app/feed"
)

// errSocket says that the client is gone: there is nobody to tell.
var errSocket = errors.New("web: the socket is closed")

// handshake is what of a request says that it wants a socket.
func handshake(c *fiber.Ctx) *http.Request {
	return &http.Request{Header: http.Header{"Connection": {c.Get("Connection")}, "Upgrade": {c.Get("Upgrade")}}}
}

// begin brings the client up to date: what it missed, that it is ready, and how
// much it has not read.
func (s *streamer) begin() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.recheck(ctx); err != nil { // what changed since the handshake was told to nobody
		return err
	}
	var err error
	if s.prefs, err = s.db.Preferences(ctx, s.who.Business.ID, s.who.User.ID); err != nil {
		return err
	}
	last, err := s.db.LastFeed(ctx, s.who.Business.ID)
	if err != nil {
		return err
	}
	if s.since != "" {
		seq, known, err := s.db.FeedSeq(ctx, s.who.Business.ID, s.since)
		switch {
		case err != nil:
			return err
		case !known: // of another business, or deleted since
			err = s.send(frame{Type: "resync"}.encode())
		default:
			last, err = s.replay(ctx, seq, last)
		}
		if err != nil {
			return err
		}
	}
	s.seq = last.Seq
	ready := frame{Type: "ready", LastID: orNil(last.ID)}
	if ready.LastID == nil {
		ready.LastID = new(string) // nothing was ever said
	}
	if err := s.send(ready.encode()); err != nil {
		return err
	}
	return s.sendUnread(ctx)
}

// replay sends the rows after seq, in commit order, up to the newest there is
// when it comes to the end, and returns that one.
func (s *streamer) replay(ctx context.Context, seq int64, last app.FeedItem) (app.FeedItem, error) {
	for {
		rows, err := s.db.FeedAfter(ctx, s.who.Business.ID, seq, replayPage)
		if err != nil {
			return last, err
		}
		for _, f := range rows {
			seq, last = f.Seq, f
			if !s.wants(f) {
				continue
			}
			if err := s.send(notificationFrame(f)); err != nil {
				return last, err
			}
		}
		if len(rows) < replayPage {
			return last, nil
		}
	}
}

// wants reports whether a row is for the reader, and one that the reader wants.
func (s *streamer) wants(f app.FeedItem) bool {
	return f.Audience.Includes(s.who.Role) && s.prefs.Pass(f)
}

func notificationFrame(f app.FeedItem) []byte {
	v := showFeed(f)
	return frame{Type: "notification", Notification: &v}.encode()
}

// event sends what one event means to this client, if anything.
func (s *streamer) event(e *feed.Event) error {
	c, ok := e.Value.(app.Change)
	if !ok {
		return nil
	}
	switch c.Topic {
	case "feed":
		if c.Feed.Seq <= s.seq { // sent by the replay
			return nil
		}
		s.seq = c.Feed.Seq
		if !s.wants(*c.Feed) {
			return nil
		}
		err := s.send(e.Frame(func() []byte { return notificationFrame(*c.Feed) }))
		s.fanOut.Observe(e.Age().Seconds())
		return err
	case app.TopicRights, "read", "preferences":
		return aside(func() error { return s.ownChange(c.Topic) })
	}
	return s.pageEvent(e, c)
}

// ownChange reads anew what is different for this client alone.
func (s *streamer) ownChange(topic string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), writeWait)
	defer cancel()
	switch topic {
	case app.TopicRights:
		return s.recheck(ctx)
	case "preferences":
		if s.prefs, err = s.db.Preferences(ctx, s.who.Business.ID, s.who.User.ID); err != nil {
			return fmt.Errorf("web: read preferences: %w", err)
		}
	}
	return s.sendUnread(ctx)
}

// pageEvent tells the dashboard's pages what they show differently now.
func (s *streamer) pageEvent(e *feed.Event, c app.Change) error {
	if !s.pages {
		return nil
	}
	if c.Topic == "recording" {
		if !app.Sees(s.who.only(), app.Recording{AgentNumber: c.AgentKey}) {
			return nil
		}
	}
	return s.send(e.Frame(func() []byte { return frame{Type: c.Topic, ID: c.ID, Status: c.Status}.encode() }))
}

func (s *streamer) sendUnread(ctx context.Context) error {
	n, err := s.db.UnreadCount(ctx, s.who.Business.ID, s.who.User.ID)
	if err != nil {
		return err
	}
	return s.send(frame{Type: "unread", UnreadCount: &n}.encode())
}

// send writes one frame, or gives the client up.
func (s *streamer) send(b []byte) error {
	if err := s.ws.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return errSocket
	}
	if err := s.ws.WriteMessage(websocket.TextMessage, b); err != nil {
		return errSocket
	}
	return nil
}
