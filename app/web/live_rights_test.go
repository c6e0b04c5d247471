package web_test

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestSocketsFollowRights(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*testing.T, *server, app.User, app.Key) error
		ended  bool
	}{
		{"key revoked", func(t *testing.T, s *server, u app.User, k app.Key) error {
			return s.RevokeKey(t.Context(), s.Business.ID, u.ID, k.ID)
		}, true},
		{"key deleted", func(t *testing.T, s *server, _ app.User, k app.Key) error {
			return s.Try(t, `DELETE FROM api_keys WHERE id = ?`, k.ID)
		}, true},
		{"member removed", func(t *testing.T, s *server, u app.User, _ app.Key) error {
			return s.Try(t, `DELETE FROM members WHERE user_id = ?`, u.ID)
		}, true},
		{"user deleted", func(t *testing.T, s *server, u app.User, _ app.Key) error {
			return s.Try(t, `DELETE FROM users WHERE id = ?`, u.ID)
		}, true},
		{"scope taken from the key", func(t *testing.T, s *server, _ app.User, k app.Key) error {
			return s.Try(t, `UPDATE api_keys SET scopes = '["view_usage"]' WHERE id = ?`, k.ID)
		}, true},
		{"role that may still watch", func(t *testing.T, s *server, u app.User, _ app.Key) error {
			return s.AddMember(t.Context(), s.Business.ID, u.ID, app.Viewer)
		}, false},
		{"another name", func(t *testing.T, s *server, u app.User, _ app.Key) error {
			return s.RenameUser(t.Context(), u.ID, "Anne")
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			s := newServer(t)
			addr := s.listen(t)
			u := s.User(t, "ann@example.com", app.Supervisor)
			k, secret, err := s.CreateKey(t.Context(), app.Key{Name: "hers", OwnerID: u.ID, BusinessID: s.Business.ID, Scopes: app.Scopes{app.ManageAll}})
			is.NoErr(err)
			c := dial(t, addr, streamPath, secret.Reveal())
			c.want("unread")
			bystander := dial(t, addr, streamPath, s.Key(t))
			bystander.want("unread")

			is.NoErr(tt.change(t, s, u, k))
			if tt.ended {
				_, code := c.next()
				is.Equal(code, 4401) // at once
			}
			s.say(t, "hello", app.Info)
			bystander.want("notification") // others notice nothing
			if !tt.ended {
				c.want("notification")
			}
		})
	}
}

// A brokenConn fails where fasthttp lets go of it: the client's reset came
// between the handshake and then.
type brokenConn struct {
	net.Conn
	cleared atomic.Int64
}

func (c *brokenConn) SetDeadline(t time.Time) error {
	if c.cleared.Add(1) > 1 { // the first is the handshake's own
		return errors.New("reset by peer")
	}
	return c.Conn.SetDeadline(t)
}

func TestSocketThatIsNeverHandedOverLeavesNothing(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	_ = s.app.Handler() // has the routes ready, as a listener would
	client, end := net.Pipe()
	broken := &brokenConn{Conn: end}
	served := make(chan error, 1)
	go func() { served <- s.app.Server().ServeConn(broken) }()
	_, err := client.Write([]byte("GET " + streamPath + " HTTP/1.1\r\nHost: crk\r\nAuthorization: Bearer " + s.Key(t) +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	is.NoErr(err)
	_, err = io.ReadAll(client)
	is.NoErr(err) // closed without an answer
	is.True(<-served != nil)
	is.True(broken.cleared.Load() > 1) // it came as far as the hand-over
	is.NoErr(s.hub.Shutdown(t.Context()))
}
