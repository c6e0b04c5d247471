package web

import (
	"context"
	"time"

	"github.com/gorilla/websocket"

	"crk/app"
)

// recheck looks whether the client may still watch, and what it may see now. One
// that may not any more is told so, and errSocket returned.
func (s *streamer) recheck(ctx context.Context) error {
	w, may, err := s.entitled(ctx)
	switch {
	case err != nil:
		s.log.Error("check who watches a live stream", "err", err) // a database in trouble ends nobody's session
		return nil
	case !may:
		s.close(closeEnded)
		return errSocket
	}
	s.who = w
	return nil
}

// entitled returns the caller as he is now, and whether his key or session
// serves, he belongs to the business and may see its notifications.
func (s *streamer) entitled(ctx context.Context) (w caller, may bool, err error) {
	w = s.who
	if w.Key != nil {
		var k app.Key
		k, err = s.db.Key(ctx, w.Key.ID)
		w.Key, may = &k, k.Alive(s.db.Now())
	} else {
		may, err = s.db.SessionAlive(ctx, w.Session.ID)
	}
	if err == nil && may {
		err = s.member(ctx, &w)
	}
	if app.IsKind(err, app.NotFound) {
		return w, false, nil
	}
	return w, may && w.Scopes.Allow(app.ViewNotifications), err
}

// member sets what the store says of a caller in his business now.
func (s *streamer) member(ctx context.Context, w *caller) error {
	m, err := s.db.Member(ctx, w.Business.ID, w.User.ID)
	if err != nil {
		return err
	}
	w.User, w.Business, w.Role, w.assigned, w.Scopes = m.User, m.Business, m.Role, m.Agents, m.Role.Scopes()
	if w.Key != nil {
		w.Scopes = w.Key.Scopes.Within(w.Scopes)
	}
	return nil
}

// aside runs what asks the database on a goroutine of its own: SQLite needs a
// deep stack, which that of a socket would keep for as long as it lives.
func aside(ask func() error) error {
	done := make(chan error, 1)
	go func() { done <- ask() }()
	return <-done
}

// ping keeps the connection open and sees that it should be: a key that expired
// is told to nobody.
func (s *streamer) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), writeWait)
	defer cancel()
	if err := aside(func() error { return s.recheck(ctx) }); err != nil {
		return err
	}
	return s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
}
