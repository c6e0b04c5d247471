package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestKilledWhileSending kills the server again and again while many send: what
// was acknowledged is in the feed, once. CRK_E2E_SEND_KILLS says how often;
// CRK_E2E_SEED repeats a run.
func TestKilledWhileSending(t *testing.T) {
	is := is.New(t)
	kills, seed := setting("CRK_E2E_SEND_KILLS", 20), setting("CRK_E2E_SEED", int(time.Now().Unix()))
	if testing.Short() {
		kills = 5
	}
	t.Logf("%d kills, CRK_E2E_SEED=%d", kills, seed)
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	w := newWorld(t)
	p := w.start()
	key := w.key("manage_all")
	acknowledged := map[string]string{} // titles, by id
	var mu sync.Mutex
	for round := range kills {
		c := p.client(key)
		var senders sync.WaitGroup
		first := make(chan struct{})
		var once sync.Once
		for n := range 16 {
			senders.Go(func() {
				for i := 0; ; i++ {
					title := fmt.Sprintf("%d/%d/%d", round, n, i)
					a, err := c.do("POST", "/notifications/send", map[string]any{"channel": "in_app", "title": title, "body": ""})
					if err != nil {
						return // killed
					}
					if a.status != 200 {
						t.Errorf("send: %d %s", a.status, a.body)
						return
					}
					mu.Lock()
					acknowledged[a.at("id").(string)] = title
					mu.Unlock()
					once.Do(func() { close(first) })
				}
			})
		}
		<-first
		// The moment is what is tried; nothing waits for it.
		time.Sleep(time.Duration(rnd.Int64N(int64(200 * time.Millisecond))))
		p.kill()
		senders.Wait()
		p = w.start()
	}
	c := p.client(key)
	found, cursor := map[string]string{}, ""
	for {
		page := c.call(200, "GET", "/notifications/feed?limit=200"+cursor, nil)
		for _, n := range page.items() {
			id := n["id"].(string)
			is.Equal(found[id], "") // nothing is there twice
			found[id] = n["title"].(string)
		}
		next, _ := page.at("nextCursor").(string)
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
	}
	for id, title := range acknowledged {
		is.Equal(found[id], title) // what was acknowledged is there
	}
	t.Logf("%d acknowledged, %d kept", len(acknowledged), len(found))
	is.True(len(acknowledged) >= kills)
}
