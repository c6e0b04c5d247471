// Package demo shows the whole product with no account anywhere: it simulates two
// phone systems, an AI, Telegram and Discord on this machine, and a small business
// whose calls arrive while one watches.
//
// It promises that nothing leaves the machine and that nothing is left behind but
// the data directory; that the data, keys and accounts of a real appliance are not
// touched; that the simulated phone systems know the same calls again when they are
// started again; and that the simulated AI says of a call which it was not told of
// that it is simulated. That the dashboard says so on every page is for whoever
// starts it to see to.
//
// The voices are real: see audio/README.md. What is said in the calls is written
// down in calls.json, from which the simulated AI knows it; it understands
// nothing. The product does not know that it is being shown: it is reached by
// the doors that everybody uses.
package demo

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"crk/app/ai/aitest"
	"crk/app/config"
	"crk/app/notify/notifytest"
	"crk/app/phone/phonetest"
)

// Who may sign in, and to what. The password is everybody's.
const (
	Business = "Sabai Air"
	Email    = "owner@sabai.example"
	Password = "sabai-demo"
)

// Settle is for the syncer: how long after its end a simulated call is taken for
// finished. Real ones are given longer.
const Settle = 2 * time.Second

// dataDir is where the demo keeps what it has, in the data directory of a real
// appliance if the environment names one.
const dataDir = "demo-data"

const (
	phoneUser     = "+66800000100"
	phonePassword = "simulated"
	botToken      = "7000000001:AAsimulated-bot-of-the-demonstration"
	botName       = "sabai_air_demo_bot"
	hookID        = "1300000000000000001"
	hookToken     = "simulated-webhook-of-the-demonstration-which-nobody-else-has-00000000"
	sttModel      = "simulated-ear"
	llmModel      = "simulated-mind"
	headerTimeout = 10 * time.Second
)

// chat is the owner's own with the bot.
func chat() notifytest.Chat {
	return notifytest.Chat{ID: 700_100_200, Type: "private", FirstName: "Somsri"}
}

// Options say where a Demo lives.
type Options struct {
	DataDir string // is made where it is not there
	Log     *slog.Logger
	Now     func() time.Time // the clock of calls; nil: time.Now
}

// A Demo is everything around the product. Close it.
type Demo struct {
	log      *slog.Logger
	now      func() time.Time
	scenes   map[string]scene
	recorded map[string][]byte // sound files by scene

	mu    sync.Mutex // of diary
	diary *diary

	phone    *phonetest.OrkTrack
	office   *phonetest.ThreeCX
	telegram *notifytest.Telegram
	discord  *notifytest.Discord
	ai       *aitest.Server

	urls    urls
	servers []*http.Server
	serving sync.WaitGroup
}

// urls are where the simulators listen.
type urls struct{ phone, office, telegram, discord, ai, messenger string }

// Start makes the simulators and has them listen on this machine alone. The phone
// systems know the calls of the last two weeks and those of earlier runs.
func Start(o Options) (*Demo, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Demo{log: o.Log, now: o.Now, scenes: map[string]scene{}, recorded: map[string][]byte{}}
	err := claim(o.DataDir)
	if err != nil {
		return nil, err
	}
	if d.diary, err = openDiary(o.DataDir, o.Now()); err != nil {
		return nil, err
	}
	if err := d.simulateAI(); err != nil {
		return nil, err
	}
	d.simulatePhone()
	d.simulateOffice()
	d.simulateMessengers()
	if err := d.listen(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// claim makes a data directory where there is none, and refuses one that is a real
// appliance's.
func claim(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("demo: make the data directory: %w", err)
	}
	c := config.Config{DataDir: dir}
	if exists(c.Database()) && !exists(filepath.Join(dir, diaryFile)) {
		return fmt.Errorf("demo: %s holds a real appliance's data: name another directory", dir)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// simulateAI records the scenes and tells the AI about them.
func (d *Demo) simulateAI() error {
	scenes, err := readScenes()
	if err != nil {
		return err
	}
	var dialogues []aitest.Dialogue
	for _, s := range scenes {
		d.scenes[s.Name] = s
		if d.recorded[s.Name], err = s.record(); err != nil {
			return err
		}
		dialogues = append(dialogues, s.dialogue())
	}
	e, err := newEar(scenes, d.recorded)
	if err != nil {
		return err
	}
	d.ai = aitest.New(unknown())
	d.ai.HearWith(e.hear, dialogues...)
	return nil
}

func (d *Demo) simulatePhone() {
	d.phone = phonetest.NewOrkTrack(phoneUser, phonePassword)
	for _, c := range d.diary.calls {
		d.phone.Add(d.recording(c))
	}
}

// recording is a call as the phone system has it.
func (d *Demo) recording(c call) phonetest.Recording {
	s := d.scenes[c.Scene]
	who := agentOf(s.Agent)
	return phonetest.Recording{
		ID: c.ID, StartedAt: c.At, Duration: s.length().Round(time.Second),
		LocalParty: who.number, RemoteParty: c.Phone, Direction: s.Direction,
		FirstName: who.first, LastName: who.last, Audio: d.recorded[c.Scene],
	}
}

// simulateMessengers makes a Telegram that remembers the chat, with updates
// numbered after those of any earlier start, and a Discord.
func (d *Demo) simulateMessengers() {
	d.telegram = notifytest.NewTelegram(botToken, botName)
	d.telegram.Resume(d.now().Unix(), chat())
	d.discord = notifytest.NewDiscord()
	d.discord.Add(hookID, hookToken, "sabai-air")
}

// listen serves the simulators.
func (d *Demo) listen() error {
	for _, s := range []struct {
		url     *string
		handler http.Handler
	}{
		{&d.urls.phone, d.phone},
		{&d.urls.office, d.office},
		{&d.urls.telegram, d.telegram},
		{&d.urls.discord, d.discord},
		{&d.urls.ai, d.ai},
		{&d.urls.messenger, d.messenger()},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("demo: listen: %w", err)
		}
		*s.url = "http://" + l.Addr().String()
		server := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTimeout}
		d.servers = append(d.servers, server)
		d.serving.Go(func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				d.log.Error("a simulator ended", "err", err)
			}
		})
	}
	return nil
}

// Close ends the simulators and the requests that they answer.
func (d *Demo) Close() error {
	var errs []error
	for _, s := range d.servers {
		errs = append(errs, s.Close())
	}
	d.serving.Wait()
	return errors.Join(errs...)
}

// MessengerURL is the page that shows what arrives in the simulated chat and
// channel, and where one writes to the bot.
func (d *Demo) MessengerURL() string { return d.urls.messenger }

// Environment is the environment that a demo's configuration is read from:
// getenv's, but for what belongs to a real appliance (its data, its keys, its
// accounts, its AI). The demo listens on this machine alone unless told otherwise.
func Environment(getenv func(string) string) func(string) string {
	return func(name string) string {
		switch name {
		case "CRK_BASE_URL", "CRK_TLS", "CRK_TLS_CERT", "CRK_TLS_KEY", "CRK_TRUSTED_PROXIES", "CRK_LOG":
			return getenv(name)
		case "CRK_LISTEN":
			if address := getenv(name); address != "" {
				return address
			}
			return "127.0.0.1:8080"
		case "CRK_DATA_DIR":
			return filepath.Join(getenv(name), dataDir)
		}
		return ""
	}
}

// Configure returns c with everything that the demo simulates in it, and links
// that work on this machine where c does not say where the appliance is reached.
func (d *Demo) Configure(c config.Config) config.Config {
	c.Admin = config.Admin{Email: Email, Password: Password, Business: Business}
	c.Telegram = config.Telegram{Token: botToken, URL: d.urls.telegram}
	c.DiscordURL = d.urls.discord
	c.STT = config.AI{URL: d.urls.ai + "/v1", Model: sttModel}
	c.LLM = config.AI{URL: d.urls.ai + "/v1", Model: llmModel}
	c.AllowNetworks = append(c.AllowNetworks, netip.MustParsePrefix("127.0.0.0/8"))
	c.Proxy = nil
	if _, port, err := net.SplitHostPort(c.Listen); err == nil && c.BaseURL == "" {
		c.BaseURL = "http://" + net.JoinHostPort("127.0.0.1", port)
		if c.TLS.Self || c.TLS.Cert != "" {
			c.BaseURL = "https" + c.BaseURL[len("http"):]
		}
	}
	return c
}
