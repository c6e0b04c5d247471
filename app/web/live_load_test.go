package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

// A follower comes and goes, each time with the last id that it had.
type follower struct {
	addr, key, since string
	got              int // the number of the latest message
}

// follow connects and reads n messages, of which each must be the next one.
func (f *follower) follow(n int) error {
	c, res, err := websocket.DefaultDialer.Dial("ws://"+f.addr+streamPath+"?since="+f.since, http.Header{"Authorization": {"Bearer " + f.key}})
	if err != nil {
		return fmt.Errorf("dial: %w (%v)", err, res)
	}
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	for n > 0 {
		var m struct {
			Type         string
			Notification struct{ ID, Title string }
		}
		if err := c.ReadJSON(&m); err != nil {
			return fmt.Errorf("after %d: %w", f.got, err)
		}
		switch m.Type {
		case "resync":
			return fmt.Errorf("after %d: asked to read again", f.got)
		case "notification":
			if m.Notification.Title != strconv.Itoa(f.got+1) {
				return fmt.Errorf("after %d came %s", f.got, m.Notification.Title)
			}
			f.got, f.since = f.got+1, m.Notification.ID
			n--
		}
	}
	return nil
}

// keyOf makes a user with a key: each may hold so many sockets, and one that was
// left counts until the server finds out.
func (s *server) keyOf(t *testing.T, email string) string {
	t.Helper()
	u := s.User(t, email, app.Viewer)
	_, key, err := s.CreateKey(t.Context(), app.Key{Name: "x", OwnerID: u.ID, BusinessID: s.Business.ID, Scopes: app.Scopes{app.ViewNotifications}})
	if err != nil {
		t.Fatal(err)
	}
	return key.Reveal()
}

// TestStreamReplaysExactlyUnderLoad: two hundred messages a second, and clients
// that come back again and again.
func TestStreamReplaysExactlyUnderLoad(t *testing.T) {
	is := is.New(t)
	reconnects := 1000
	if testing.Short() {
		reconnects = 80
	}
	s := newServer(t, func(o *web.Options) { o.RateLimit = 0 })
	addr, key := s.listen(t), s.Key(t)
	s.say(t, "0", app.Info)
	since := dial(t, addr, streamPath, key).want("ready")["lastId"].(string)

	enough, said := make(chan struct{}), 0
	var saying, following sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(time.Second / 200)
		defer tick.Stop()
		for {
			select {
			case <-enough:
				return
			case <-tick.C:
				said++
				if err := s.AddFeedOnce(t.Context(), app.FeedItem{BusinessID: s.Business.ID, Title: strconv.Itoa(said), Severity: app.Info}, ""); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	followers := make([]*follower, 8)
	for i := range followers {
		f := &follower{addr: addr, key: s.keyOf(t, fmt.Sprintf("follower%d@example.com", i)), since: since}
		followers[i] = f
		following.Go(func() {
			for range reconnects / len(followers) {
				if err := f.follow(1 + rand.IntN(5)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	following.Wait()
	close(enough)
	saying.Wait()
	for _, f := range followers {
		is.NoErr(f.follow(said - f.got)) // everybody catches up with what they missed
		is.Equal(f.got, said)
	}
	t.Logf("%d messages, %d reconnects", said, reconnects)
}
