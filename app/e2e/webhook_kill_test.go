package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
)

const (
	crmHooks = 8 // webhooks of the business
	atOnce   = 4 // requests that the server sends to one webhook at a time
)

// A crm is a business's own software that is told of events. It counts how often
// each came to each of its addresses.
type crm struct {
	mu     sync.Mutex
	seen   map[string]int
	came   int
	mark   int // number of requests at which reached is told
	marked chan struct{}
}

// ServeHTTP takes an event.
func (c *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[r.URL.Path+" "+r.Header.Get("webhook-id")]++
	if c.came++; c.came == c.mark {
		close(c.marked)
	}
}

// after returns a channel that is closed at the n-th request from now.
func (c *crm) after(n int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mark, c.marked = c.came+n, make(chan struct{})
	return c.marked
}

// counts returns how many deliveries came, and how many requests were repeats.
func (c *crm) counts() (distinct, repeats int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen), c.came - len(c.seen)
}

// TestKilledWhileDelivering kills the server again and again while a backlog goes
// to webhooks: every event arrives, and again only what was under way at a kill.
// CRK_E2E_DELIVERIES says how many there are (20000 is the figure of the README),
// CRK_E2E_SEED repeats a run.
func TestKilledWhileDelivering(t *testing.T) {
	is := is.New(t)
	const kills = 10
	all, seed := setting("CRK_E2E_DELIVERIES", 1600), setting("CRK_E2E_SEED", int(time.Now().Unix()))
	if testing.Short() {
		all = 400
	}
	t.Logf("%d deliveries, %d kills, CRK_E2E_SEED=%d", all, kills, seed)
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	w := newWorld(t)
	w.env["CRK_LOG"] = "info"
	software := &crm{seen: map[string]int{}}
	url := w.serve(software)
	p := w.start()
	c := p.client(w.key("manage_all"))
	var hooks []string
	for n := range crmHooks { // off: what they are to be told is kept
		hooks = append(hooks, c.call(201, "POST", "/webhooks", map[string]any{
			"url": fmt.Sprintf("%s/%d", url, n), "events": []string{"recording.created"}, "isActive": false,
		}).at("id").(string))
	}
	comeIn(c, all/crmHooks)
	for _, id := range hooks {
		c.call(200, "PATCH", "/webhooks/"+id, map[string]any{"isActive": true})
		c.call(202, "POST", "/webhooks/"+id+"/recover", map[string]any{"since": "2020-01-01T00:00:00Z"})
	}

	for range kills {
		select {
		case <-software.after(1 + rnd.IntN(all/kills)): // somewhere in the next part of them
		case <-time.After(patience):
			got, _ := software.counts()
			t.Fatalf("only %d of %d arrived", got, all)
		}
		p.kill()
		p = w.start()
	}
	c = p.client(c.key)
	for _, id := range hooks {
		c.until("nothing waits any more", "/webhooks/"+id+"/deliveries?status=pending&limit=1", func(a answer) bool { return len(a.items()) == 0 })
		is.Equal(len(c.call(200, "GET", "/webhooks/"+id+"/deliveries?status=failed&limit=1", nil).items()), 0) // nor was anything given up
	}
	got, repeats := software.counts()
	t.Logf("%d arrived, %d of them again", got, repeats)
	is.Equal(got, all)                        // every one
	is.True(repeats <= kills*crmHooks*atOnce) // again only what was under way
	is.True(!strings.Contains(p.log.text(), "panic"))
}

// comeIn has n calls come in through the API, several at a time.
func comeIn(c *client, n int) {
	c.t.Helper()
	next := make(chan int)
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for i := range next {
				a, err := c.do("POST", "/recordings", map[string]any{
					"dataId": fmt.Sprintf("crm-%d", i), "callAt": "2026-11-16T13:00:00+07:00", "direction": "in",
				})
				if err != nil || a.status != 201 {
					c.t.Errorf("POST /recordings: %d %v %s", a.status, err, a.body)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	callers.Wait()
}
