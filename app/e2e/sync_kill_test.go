package e2e_test

import (
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone/phonetest"
)

// TestKilledDuringSync kills the server at random moments of syncs, back-fills and
// downloads, and in between adds calls of today and of weeks ago. Every call arrives
// once, with its audio to the byte, and no run stays behind. CRK_E2E_SYNC_KILLS says
// how often (50 for all), CRK_E2E_SEED repeats a run.
func TestKilledDuringSync(t *testing.T) {
	is := is.New(t)
	kills, seed := setting("CRK_E2E_SYNC_KILLS", 6), setting("CRK_E2E_SEED", int(time.Now().Unix()))
	t.Logf("%d kills, CRK_E2E_SEED=%d", kills, seed)
	rnd := rand.New(rand.NewPCG(uint64(seed), 1))
	w := newWorld(t)
	for _, name := range []string{"CRK_STT_URL", "CRK_STT_KEY", "CRK_STT_MODEL", "CRK_LLM_URL", "CRK_LLM_KEY", "CRK_LLM_MODEL"} {
		delete(w.env, name) // what comes after the audio is tried elsewhere
	}
	audio := map[int64][]byte{}
	add := func(at time.Time) {
		id := int64(len(audio) + 1)
		length := time.Duration(1+id%3) * time.Second
		audio[id] = phonetest.Talk(length).WAV()
		w.phones.Add(phonetest.Recording{
			ID: id, StartedAt: at, Duration: length, LocalParty: "+66812345678", RemoteParty: "0899998888", Direction: "IN", Audio: audio[id],
		})
	}
	p := w.start()
	c := p.client(w.key("manage_all"))
	now := time.Now()
	config := map[string]any{"baseUrl": w.phonesURL, "username": "apiuser", "password": "s3cret-of-the-pbx", "pageSize": 3,
		"backfillFrom": now.AddDate(0, 0, -30).Format(time.DateOnly)}
	id := c.call(201, "POST", "/providers", map[string]any{"kind": "dtac", "name": "Head office", "config": config}).at("id").(string)
	for i := range 20 {
		add(now.AddDate(0, 0, -8-i))
	}
	_, _ = c.do("POST", "/providers/"+id+"/default", nil)
	for range kills {
		for range 3 {
			add(now.Add(-5*time.Minute - time.Duration(rnd.Int64N(int64(6*24*time.Hour)))))
		}
		// The moment is what is tried; nothing waits for it.
		time.Sleep(time.Duration(rnd.ExpFloat64() * float64(80*time.Millisecond)))
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
	ended := func(a answer) bool { return a.at("lastSync", "status") == "succeeded" }
	c.until("the sync that a start makes", "/providers/"+id, ended)
	c.call(202, "POST", "/providers/"+id+"/sync", nil) // looks a week back: rows were listed days late
	c.until("every call is here", "/recordings?limit=1", func(a answer) bool { return a.at("total") == float64(len(audio)) })
	c.until("and every recording", "/recordings?limit=1&processingStatus=awaiting_audio", func(a answer) bool { return a.at("total") == 0.0 })
	c.until("no run stays behind", "/providers/"+id, ended)
	c.call(202, "POST", "/providers/"+id+"/sync", nil) // and another can be made
	c.until("the last one", "/providers/"+id, ended)

	seen := map[string]bool{}
	for offset := 0; offset < len(audio); offset += 100 {
		for _, r := range c.call(200, "GET", "/recordings?limit=100&offset="+strconv.Itoa(offset), nil).items() {
			dataID := r["dataId"].(string)
			is.True(!seen[dataID]) // once
			seen[dataID] = true
			is.Equal(r["size"], float64(len(audio[callOf(dataID)]))) // whole
			is.Equal(r["processingError"], nil)
			is.Equal(string(c.call(200, "GET", "/recordings/"+r["id"].(string)+"/audio", nil).body), string(audio[callOf(dataID)])) // and to the byte
		}
	}
	is.Equal(len(seen), len(audio))
	is.NoErr(p.stop())
	files := 0
	is.NoErr(filepath.WalkDir(filepath.Join(w.dir, "audio"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	}))
	is.Equal(files, len(audio)) // no broken file, and no second one
}

// callOf is the phone system's id in a data id.
func callOf(dataID string) int64 {
	id, err := strconv.ParseInt(dataID[strings.LastIndex(dataID, ":")+1:], 10, 64)
	if err != nil {
		return 0
	}
	return id
}
