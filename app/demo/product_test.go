package demo_test

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/app/automation"
	"crk/app/config"
	"crk/app/demo"
	"crk/app/jobs"
	"crk/app/notify"
	"crk/app/phone"
	"crk/app/secret"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

// patience is how long a test waits for what should take seconds.
const patience = 2 * time.Minute

// A product is the appliance without its web server.
type product struct {
	db      *store.Store
	phones  *syncer.Engine
	changed chan struct{} // holds a value when something changed
}

// run runs the product with a configuration on a data directory, as main does,
// until the returned function is called.
func run(t testing.TB, d *demo.Demo, dir string, box *secret.Box) (p *product, stop func()) {
	t.Helper()
	cfg, log := d.Configure(config.Config{}), slog.New(slog.DiscardHandler)
	p = &product{changed: make(chan struct{}, 1)}
	var err error
	p.db, err = store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "crk.db"), Schema: storetest.Schema(t), Box: box})
	must(t, err)
	identity, err := p.db.AudioIdentity(t.Context())
	must(t, err)
	sounds, err := audio.OpenStore(filepath.Join(dir, "audio"), identity)
	must(t, err)
	if has, err := p.db.HasUsers(t.Context()); !has {
		must(t, err)
		_, _, err = p.db.SetUp(t.Context(), app.User{Email: cfg.Admin.Email}, cfg.Admin.Password.Reveal(), app.Business{Name: cfg.Admin.Business})
		must(t, err)
	}

	p.phones = syncer.New(syncer.Options{DB: p.db, Audio: sounds, Log: log, Client: func(string) (*http.Client, error) { return http.DefaultClient, nil }, Settle: demo.Settle})
	gateway := notify.New(notify.Options{
		DB: p.db, Log: log, TelegramToken: app.Secret(cfg.Telegram.Token.Reveal()), TelegramURL: cfg.Telegram.URL, DiscordURL: cfg.DiscordURL,
	})
	models := openai.New(http.DefaultClient)
	servers := ai.NewServers(ai.ServersOptions{
		DB: p.db, Log: log, Operator: models, Business: models,
		STT: ai.Server{URL: cfg.STT.URL, Model: cfg.STT.Model}, LLM: ai.Server{URL: cfg.LLM.URL, Model: cfg.LLM.Model},
	})
	runner := jobs.New(p.db, log, map[app.JobKind]jobs.Handler{
		app.JobFetch:      p.phones.Handler(),
		app.JobTranscribe: ai.NewTranscriber(p.db, sounds, servers).Handler(),
		app.JobAnalyse:    ai.NewAnalyst(p.db, servers).Handler(),
		app.JobAutomate:   automation.New(p.db, log, cfg.BaseURL).Handler(),
		app.JobDeliver:    gateway.Handler(),
	})
	p.db.Notify(p.wake, runner.Wake)
	must(t, d.Prepare(t.Context(), p.db, p.phones))

	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for _, part := range []func(context.Context) error{runner.Run, p.phones.Run, gateway.Run} {
		working.Go(func() {
			if err := part(ctx); err != nil {
				t.Error("run:", err)
			}
		})
	}
	return p, func() {
		cancel()
		working.Wait()
		must(t, p.db.Close())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *product) wake([]app.Change) {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// business is the demo's.
func (p *product) business(t testing.TB) app.BusinessID {
	t.Helper()
	all, err := p.db.Businesses(t.Context())
	must(t, err)
	return all[0].ID
}

// integrations are the business's.
func (p *product) integrations(t testing.TB) []app.Provider {
	t.Helper()
	list, _, err := p.db.Providers(t.Context(), p.business(t), 10, 0)
	must(t, err)
	return list
}

// completed waits until there are n calls and all of them are completed, and
// returns them.
func (p *product) completed(t testing.TB, n int) []app.Recording {
	t.Helper()
	late := time.After(patience)
	for {
		list, total, err := p.db.Recordings(t.Context(), p.business(t), app.RecordingFilter{Limit: 200})
		must(t, err)
		done := 0
		for _, r := range list {
			if r.Status == app.Completed {
				done++
			}
			if r.Status == app.Failed {
				t.Fatalf("%s failed: %s", r.DataID, r.Error)
			}
		}
		if total == n && done == n {
			return list
		}
		select {
		case <-p.changed:
		case <-late:
			t.Fatalf("%d of %d calls are completed, there should be %d", done, total, n)
		}
	}
}

// TestProduct follows the demo's calls through the whole product, twice.
func TestProduct(t *testing.T) {
	is := is.New(t)
	dir, box := t.TempDir(), storetest.Box(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	d := start(t, demo.Options{DataDir: dir})
	p, stop := run(t, d, dir, box)
	is.NoErr(d.Seed(ctx, p.db, p.phones)) // the business is filled
	all := len(d.Calls()) + len(d.OfficeCalls())
	list := p.completed(t, all)
	checkCalls(t, p, list)
	checkSources(t, list, map[string]int{app.SourceDTAC: len(d.Calls()), app.SourceThreeCX: 6}) // of both phone systems

	angry := 0
	for _, r := range list {
		if r.Sentiment == "negative" {
			angry++
		}
	}
	messages, err := d.Telegram().WaitMessages(ctx, angry+1)                   // and the answer to the link
	is.NoErr(err)                                                              // the rule tells of every angry caller
	is.True(strings.Contains(messages[len(messages)-1].Text, "ลูกค้าไม่พอใจ")) // in Telegram
	posts, err := d.Discord().WaitPosts(ctx, 3)
	is.NoErr(err)                                                                                                        // the other rule of every call that nobody answered
	is.True(strings.Contains(posts[0].Content+posts[0].Embeds[0].Title+posts[0].Embeds[0].Description, "ไม่มีคนรับสาย")) // in Discord

	people, err := p.db.Members(ctx, p.business(t))
	is.NoErr(err)                         // there are people:
	is.Equal(len(people), 3)              // the owner and two agents
	is.NoErr(d.Seed(ctx, p.db, p.phones)) // filling it again
	_, rules, err := p.db.Automations(ctx, p.business(t), 10, 0)
	is.NoErr(err)
	is.Equal(rules, 3) // changes nothing
	stop()
	is.NoErr(d.Close()) // and so it ends

	d = start(t, demo.Options{DataDir: dir})
	is.NoErr(d.Arrive()) // a call that ended while the product was away
	p, stop = run(t, d, dir, box)
	defer stop()
	is.NoErr(d.Seed(ctx, p.db, p.phones)) // a second start fills nothing
	list = p.completed(t, all+1)          // arrives, alone
	is.Equal(list[0].Sentiment, "negative")
	messages, err = d.Telegram().WaitMessages(ctx, 1)
	is.NoErr(err)                                                      // the chat is still linked
	is.True(strings.Contains(messages[0].Text, list[0].CustomerPhone)) // and told of it
	for _, i := range p.integrations(t) {
		i, err := p.db.Provider(ctx, i.BusinessID, i.ID)
		is.NoErr(err)
		report, err := p.phones.Probe(ctx, i.Kind, syncer.Settings{Config: i.Config, Secret: i.Secret})
		is.NoErr(err)
		is.True(report.Passed(phone.StepAudio)) // both phone systems are found where they are this time, and heard
	}
}

// TestSeedAfterKill fills a business whose filling was cut off before its last
// step, the phone integration.
func TestSeedAfterKill(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d := start(t, demo.Options{DataDir: dir})
	p, stop := run(t, d, dir, storetest.Box(t))
	defer stop()
	is.NoErr(d.Seed(ctx, p.db, p.phones)) // the first time
	business := p.business(t)
	for _, i := range p.integrations(t) {
		if i.Kind == app.SourceDTAC {
			is.NoErr(p.db.DeleteProvider(ctx, business, i.ID)) // the last step is undone
		}
	}
	is.Equal(len(p.integrations(t)), 1)

	is.NoErr(d.Seed(ctx, p.db, p.phones)) // the second time
	_, chats, err := p.db.Chats(ctx, business, 10, 0)
	is.NoErr(err)
	hooks, err := p.db.DiscordWebhooks(ctx, business)
	is.NoErr(err)
	_, rules, err := p.db.Automations(ctx, business, 10, 0)
	is.NoErr(err)
	people, err := p.db.Members(ctx, business)
	is.NoErr(err)
	is.Equal([]int{chats, len(hooks), rules, len(people)}, []int{1, 1, 3, 3}) // nothing is there twice
	list := p.integrations(t)
	is.Equal(len(list), 2) // both phone systems are connected, once
	for _, p := range list {
		is.True(p.Default && p.Active)
	}
	people, err = p.db.Members(ctx, business)
	is.NoErr(err)
	for _, m := range people {
		is.True(m.Role == app.Owner || m.Role == app.Agent && len(m.Agents) == 2) // agents see their own calls, of both phone systems
	}
}

// checkSources compares how many calls came from where.
func checkSources(t testing.TB, list []app.Recording, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for _, r := range list {
		got[r.Source]++
	}
	is.New(t).Equal(got, want)
}

// checkCalls compares what the product made of the calls with the script.
func checkCalls(t testing.TB, p *product, list []app.Recording) {
	t.Helper()
	is := is.New(t)
	known := map[string]demo.Scene{}
	for _, s := range scenes(t) {
		known[s.Thai.Summary] = s
	}
	for _, r := range list {
		r, err := p.db.Recording(t.Context(), r.BusinessID, nil, r.ID)
		is.NoErr(err) // the call can be read
		s, ok := known[r.Summary]
		is.True(ok)                                         // it was recognised, and summed up in Thai
		is.True(r.AgentName != "" && r.CustomerPhone != "") // people are known
		if s.Ringing {
			is.Equal(r.Tag, "no_answer") // nobody spoke
			continue
		}
		is.Equal(r.Tag, s.Tag) // the analysis is of the scene
		words, err := p.db.Transcript(t.Context(), r.BusinessID, r.ID)
		is.NoErr(err)                               // there is a transcript
		is.Equal(len(words.Segments), len(s.Lines)) // of every line
		for i, segment := range words.Segments {
			is.Equal(segment.Text, s.Lines[i].Text) // word for word
			if s.Name != "silent_line" {            // where one side is silent, nobody can tell which
				is.Equal(segment.Speaker, s.Lines[i].By) // by the right side
			}
		}
	}
}
