package e2e_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/notify/notifytest"
)

// owner is the chat of one person: those take more messages a minute than groups.
var owner = notifytest.Chat{ID: 99001122, Type: "private", FirstName: "Ann"}

// TestKilledAtEveryBoundary kills the server where a stage hands over to the
// next: as it is about to be answered, or when the other side has done its part
// and the answer is on its way. Every call still arrives, once.
func TestKilledAtEveryBoundary(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		answered   bool // the other side has done its part
		messages   int  // that may arrive for the one call
		downloads  int  // likewise
	}{
		{"listing", "/orktrack/rest/recordings", false, 1, 1},
		{"listed", "/orktrack/rest/recordings", true, 1, 1},
		{"downloading", "/orktrack/rest/mediastream/", false, 1, 1},
		{"downloaded", "/orktrack/rest/mediastream/", true, 1, 2},
		{"transcribing", "/v1/audio/transcriptions", false, 1, 1},
		{"transcribed", "/v1/audio/transcriptions", true, 1, 1},
		{"analysing", "/v1/chat/completions", false, 1, 1},
		{"analysed", "/v1/chat/completions", true, 1, 1},
		{"telling", "/sendMessage", false, 1, 1},
		{"told", "/sendMessage", true, 2, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			w := newWorld(t)
			p := w.start()
			c := p.client(w.key("manage_all"))
			w.tellOfEveryCall(c, w.linkChat(c, owner))
			greetings := len(w.telegram.Messages())
			w.recordCall(1, lateDelivery(), 5*time.Minute)

			killed := make(chan struct{})
			var once sync.Once
			w.wall.watch(func(r *http.Request, serve func()) {
				first := false
				if strings.Contains(r.URL.Path, tt.path) {
					once.Do(func() { first = true })
				}
				if !first || tt.answered {
					serve()
				}
				if first {
					p.kill()
					close(killed)
				}
			})
			w.startSync(c)
			select {
			case <-killed:
			case <-time.After(patience):
				t.Fatalf("nobody asked for %s", tt.path)
			}
			w.wall.watch(nil)

			c = w.start().client(c.key)
			c.until("the call is told of in the feed", "/notifications/feed", func(a answer) bool { return len(a.items()) == 1 })
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := w.telegram.WaitMessages(ctx, greetings+1)
			is.NoErr(err) // the call is told of in the chat
			c.until("nothing waits any more", "/notifications/deliveries", func(a answer) bool {
				sent := 0
				for _, d := range a.items() {
					if d["status"] == "sent" {
						sent++
					}
				}
				return sent == 2
			})
			list := c.call(200, "GET", "/recordings", nil)
			is.Equal(list.at("total"), 1.0) // there is one call
			is.Equal(list.items()[0]["processingStatus"], "completed")
			is.True(len(w.telegram.Messages())-greetings <= tt.messages)             // told once, or twice where Telegram had it already
			is.True(w.phones.Stats().Downloads[1] <= tt.downloads)                   // and downloaded once, or twice where it was not kept yet
			is.Equal(len(c.call(200, "GET", "/notifications/feed", nil).items()), 1) // and shown once
		})
	}
}

// startSync makes the phone integration; its first sync starts at once. The
// server may be killed during it, so nothing but the making is waited for.
func (w *world) startSync(c *client) {
	w.t.Helper()
	config := map[string]any{"baseUrl": w.phonesURL, "username": "apiuser", "password": "s3cret-of-the-pbx", "syncIntervalMinutes": 1}
	id := c.call(201, "POST", "/providers", map[string]any{"kind": "dtac", "name": "Head office", "config": config}).at("id").(string)
	_, _ = c.do("POST", "/providers/"+id+"/default", nil) // the answer may be lost with the server
}

// TestKilledAtRandom kills the server again and again while calls come in.
// CRK_E2E_KILLS says how often; CRK_E2E_SEED repeats a run.
func TestKilledAtRandom(t *testing.T) {
	is := is.New(t)
	kills, seed := setting("CRK_E2E_KILLS", 20), setting("CRK_E2E_SEED", int(time.Now().Unix()))
	if testing.Short() {
		kills = 5
	}
	t.Logf("%d kills, CRK_E2E_SEED=%d", kills, seed)
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	w := newWorld(t)
	p := w.start()
	c := p.client(w.key("manage_all"))
	w.tellOfEveryCall(c, w.linkChat(c, owner))
	greetings := len(w.telegram.Messages())
	w.startSync(c)
	for n := range kills {
		r := w.recordCall(int64(n+1), lateDelivery(), 5*time.Minute)
		r.RemoteParty = fmt.Sprintf("08%08d", n)
		w.phones.Add(r)
		// The moment is what is tried; nothing waits for it. A call takes some tens of milliseconds from list to chat.
		time.Sleep(time.Duration(rnd.ExpFloat64() * float64(60*time.Millisecond)))
		p.kill()
		p = w.launch()
		if rnd.IntN(4) > 0 { // else it is killed before it is ready
			p.await()
			c = p.client(c.key)
			w.syncAgain(c)
		}
	}
	p.kill()
	p = w.start()
	c = p.client(c.key)
	w.syncAgain(c)
	c.until("every call is complete", "/recordings?processingStatus=completed", func(a answer) bool { return a.at("total") == float64(kills) })
	c.until("every call is told of", "/notifications/deliveries?channel=telegram&status=sent&limit=200", func(a answer) bool { return len(a.items()) == kills })
	is.Equal(c.call(200, "GET", "/recordings", nil).at("total"), float64(kills)) // no call is there twice
	is.Equal(len(c.call(200, "GET", "/notifications/feed?limit=200", nil).items()), kills)

	told := map[string]int{}
	for _, m := range w.telegram.Messages()[greetings:] {
		phone := m.Text[strings.Index(m.Text, "08"):][:10]
		told[phone]++
	}
	is.Equal(len(told), kills) // every call was told of
	twice := len(w.telegram.Messages()) - greetings - kills
	t.Logf("%d messages came twice", twice)
	is.True(twice <= kills) // at most what was in flight

	is.NoErr(p.stop())
	files := 0
	err := filepath.WalkDir(filepath.Join(w.dir, "audio"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	})
	is.NoErr(err)
	is.Equal(files, kills) // and no half or doubled download is left on the disk
}

// syncAgain asks for another look at the phone system, if there is one set up.
func (w *world) syncAgain(c *client) {
	w.t.Helper()
	a, err := c.do("GET", "/providers", nil)
	if err != nil {
		return
	}
	for _, p := range a.items() {
		_, _ = c.do("POST", "/providers/"+p["id"].(string)+"/sync", nil) // 409 while one runs
	}
}

// setting reads a number from the environment of the tests.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
