// Command crk is the appliance: it pulls call recordings from phone systems,
// transcribes and analyses them, makes them searchable and tells people what
// they asked to be told. This file puts the parts together; it is the map.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // Windows and bare containers have no time zones

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/app/automation"
	"crk/app/backup"
	"crk/app/bench"
	"crk/app/certs"
	"crk/app/command"
	"crk/app/config"
	"crk/app/datadir"
	"crk/app/demo"
	"crk/app/disk"
	"crk/app/egress"
	"crk/app/feed"
	"crk/app/jobs"
	"crk/app/measure"
	"crk/app/memory"
	"crk/app/notify"
	"crk/app/simulate"
	"crk/app/syncer"
	"crk/app/upkeep"
	"crk/app/web"
	"crk/app/webhook"
	"crk/store"
)

//go:embed schema.sql
var schema string

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := command.Env{
		Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Schema: schema, Version: version,
	}
	if err := run(ctx, os.Args[1:], env); err != nil {
		fmt.Fprintln(os.Stderr, "crk:", err)
		os.Exit(1)
	}
}

// run runs one command until it is done or ctx ends.
func run(ctx context.Context, args []string, env command.Env) error {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	switch name {
	case "serve", "demo":
		getenv := env.Getenv
		if name == "demo" {
			getenv = demo.Environment(getenv)
		}
		cfg, err := config.Load(args, getenv)
		if errors.Is(err, flag.ErrHelp) {
			return help(env)
		}
		if err != nil {
			return err
		}
		if name == "demo" {
			return demonstrate(ctx, cfg, logger(cfg, env))
		}
		return serve(ctx, cfg, logger(cfg, env), nil)
	case "bench":
		return bench.Run(ctx, bench.Options{Stdout: env.Stdout, Schema: env.Schema}, args)
	case "simulate":
		return simulate.Run(ctx, env.Stdout, args)
	case "help":
		return help(env)
	}
	return command.Run(ctx, env, append([]string{name}, args...))
}

func help(env command.Env) error {
	fmt.Fprint(env.Stdout, "crk pulls in calls, analyses them and tells people.\n\n",
		"  crk [serve]\n        run the appliance\n")
	command.Usage(env.Stdout)
	fmt.Fprint(env.Stdout, bench.Usage, simulate.Usage)
	fmt.Fprint(env.Stdout, "\nsettings of serve, as environment variables or flags:\n")
	return config.Usage(env.Stdout)
}

func logger(cfg config.Config, env command.Env) *slog.Logger {
	o := &slog.HandlerOptions{Level: cfg.Log.Level}
	if cfg.Log.JSON {
		return slog.New(slog.NewJSONHandler(env.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(env.Stderr, o))
}

// demonstrate runs the appliance with everything around it simulated.
func demonstrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	d, err := demo.Start(demo.Options{DataDir: cfg.DataDir, Log: log})
	if err != nil {
		return err
	}
	err = serve(ctx, d.Configure(cfg), log, d)
	return errors.Join(err, d.Close())
}

// serve runs the appliance until ctx ends; d is nil but in a demonstration.
func serve(ctx context.Context, cfg config.Config, log *slog.Logger, d *demo.Demo) error {
	memory.Limit(log)
	a, err := open(ctx, cfg, log, d)
	if err != nil {
		return err
	}
	defer a.close()
	if d != nil {
		if err := d.Prepare(ctx, a.db, a.phones); err != nil {
			return err
		}
	}
	l, err := a.listen()
	if err != nil {
		return err
	}
	return a.run(ctx, l)
}

// An appliance is all the parts of a running CRK.
type appliance struct {
	cfg    config.Config
	log    *slog.Logger
	data   *datadir.Dir
	db     *store.Store
	sounds *audio.Store
	hub    *feed.Hub

	phones  *syncer.Engine   // 1, 2: lists calls and downloads their audio
	servers *ai.Servers      // 3, 4: whom to ask
	analyst *ai.Analyst      // 4: makes sense of words
	gateway *notify.Gateway  // 6: sends messages, and runs the Telegram bot
	runner  *jobs.Runner     // 2 to 6: the stages, each a job
	keeper  *upkeep.Keeper   // does what people order for many calls, and removes what is not kept
	courier *webhook.Courier // brings the events of all stages to webhooks
	server  *fiber.App       // the API and the dashboard
	backups *backup.Runner   // copies everything, at night and when asked
	times   *measure.Times   // of stages and outside calls, for the metrics
	room    *disk.Watch      // holds calls back where the disk is nearly full

	demo      *demo.Demo // nil but in a demonstration
	setupCode app.Secret // for the first visit; empty once there is a user
}

// open takes the data directory and puts the parts together. Nothing runs yet.
func open(ctx context.Context, cfg config.Config, log *slog.Logger, d *demo.Demo) (_ *appliance, err error) {
	a := &appliance{cfg: cfg, log: log, hub: &feed.Hub{}, times: measure.New(), demo: d}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if a.data, err = datadir.Open(ctx, cfg, schema, log); err != nil {
		return nil, err
	}
	a.db, a.sounds = a.data.DB, a.data.Sounds
	if a.backups, err = backup.Setup(cfg, a.db, version, log); err != nil {
		return nil, err
	}
	a.room = disk.NewWatch(cfg.DataDir, int64(cfg.DiskReserveMiB)<<20)
	if err := a.firstUser(ctx); err != nil {
		return nil, err
	}
	policy := egress.Policy{Allow: cfg.AllowNetworks, Proxy: cfg.Proxy, Observe: a.times.Outside}
	a.stages(policy)
	a.db.Notify(web.Publisher(a.hub), func(kinds []app.JobKind) {
		a.runner.Wake(kinds)
		a.courier.Wake(kinds)
	})
	a.server = web.New(a.webOptions(policy))
	return a, nil
}

// stages makes what works on calls, in the order in which they go through it.
func (a *appliance) stages(policy egress.Policy) {
	operator := policy.Client(egress.Operator, 0)
	phones := syncer.Options{
		DB: a.db, Audio: a.sounds, Log: a.log, Client: policy.Clients(egress.Phone, 0).Trusting, MaxAudio: a.maxAudio(),
	}
	if a.demo != nil {
		phones.Settle = demo.Settle
	}
	a.phones = syncer.New(phones)
	a.servers = ai.NewServers(ai.ServersOptions{
		DB: a.db, Log: a.log, Operator: openai.New(operator), Business: openai.NewTrusting(policy.Clients(egress.AI, 0).Trusting),
		STT: server(a.cfg.STT), LLM: server(a.cfg.LLM),
	})
	transcriber := ai.NewTranscriber(a.db, a.sounds, a.servers)
	a.analyst = ai.NewAnalyst(a.db, a.servers)
	rules := automation.New(a.db, a.log, a.cfg.BaseURL)
	a.gateway = notify.New(notify.Options{
		DB: a.db, Log: a.log, TelegramToken: app.Secret(a.cfg.Telegram.Token.Reveal()), TelegramURL: a.cfg.Telegram.URL,
		DiscordURL: a.cfg.DiscordURL, Client: operator,
	})
	a.courier = webhook.New(webhook.Options{
		DB: a.db, Log: a.log, Client: policy.Clients(egress.Webhook, 0).Trusting, Version: version,
	})
	a.keeper = upkeep.New(a.db, a.sounds, a.log)
	handlers := map[app.JobKind]jobs.Handler{
		app.JobFetch:      a.phones.Handler(),
		app.JobTranscribe: transcriber.Handler(),
		app.JobAnalyse:    a.analyst.Handler(),
		app.JobAutomate:   rules.Handler(),
		app.JobDeliver:    a.gateway.Handler(),
	}
	maps.Copy(handlers, a.keeper.Handlers())
	a.runner = jobs.New(a.db, a.log, handlers)
	a.runner.Measure(a.times.Stage)
	a.runner.Hold(func(k app.JobKind) bool { return a.room.Low() && k.TakesRoom() })
}

func (a *appliance) webOptions(policy egress.Policy) web.Options {
	o := web.Options{
		DB: a.db, Hub: a.hub, Log: a.log, Audio: a.sounds, Phones: a.phones, Gateway: a.gateway, Events: a.courier, Egress: policy,
		SetupCode: a.setupCode, AI: a.servers, Analyst: a.analyst,
		BaseURL: a.cfg.BaseURL, TrustedProxies: a.cfg.TrustedProxies, RateLimit: a.cfg.RateLimit, MaxAudio: a.maxAudio(),
		MetricsToken: app.Secret(a.cfg.MetricsToken.Reveal()), Version: version,
		Disk: a.room, Times: a.times, Backups: a.backups, StrictTransport: a.cfg.TLS.Cert != "",
	}
	if a.cfg.TLS.Self {
		o.Authority = a.authority()
	}
	if a.demo != nil {
		o.Simulated, o.Messenger = true, a.demo.MessengerURL()
	}
	return o
}

func server(c config.AI) ai.Server {
	return ai.Server{URL: c.URL, Key: app.Secret(c.Key.Reveal()), Model: c.Model}
}

func (a *appliance) maxAudio() int64 { return int64(a.cfg.MaxAudioMiB) << 20 }

// firstUser makes the owner and the business that the configuration names, or
// the code with which a browser may do so, while there is no user.
func (a *appliance) firstUser(ctx context.Context) error {
	has, err := a.db.HasUsers(ctx)
	if err != nil || has {
		return err
	}
	admin := a.cfg.Admin
	if admin.Email == "" {
		a.setupCode = app.Secret(rand.Text()[:12])
		return nil
	}
	_, b, err := a.db.SetUp(ctx, app.User{Email: admin.Email}, admin.Password.Reveal(), app.Business{Name: admin.Business})
	if err != nil {
		return fmt.Errorf("make the first owner (CRK_ADMIN_EMAIL, CRK_ADMIN_PASSWORD): %w", err)
	}
	a.log.Info("made the first owner and business", "email", admin.Email, "business", b.Slug)
	return nil
}

// listen takes the address before anything runs, so that one which is taken is
// said at once.
func (a *appliance) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", a.cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen (CRK_LISTEN): %w", err)
	}
	var c *tls.Config
	switch t := a.cfg.TLS; {
	case t.Cert != "":
		c, err = certs.Files(t.Cert, t.Key, a.log)
	case t.Self:
		var host string
		if u, err := url.Parse(a.cfg.BaseURL); err == nil {
			host = u.Hostname()
		}
		c, err = certs.Self(filepath.Dir(a.authority()), host)
	default:
		return l, nil
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return certs.Listen(l, c), nil
}

// authority is the file of the appliance's own certificate authority.
func (a *appliance) authority() string {
	return filepath.Join(a.cfg.DataDir, "tls", certs.AuthorityFile)
}

// run starts every part and stops them in reverse once ctx ends or one fails.
func (a *appliance) run(ctx context.Context, l net.Listener) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var work, serving sync.WaitGroup
	start := func(wg *sync.WaitGroup, ctx context.Context, f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	start(&work, working, a.runner.Run)
	start(&work, ctx, a.phones.Run)
	start(&work, ctx, a.gateway.Run)
	start(&work, ctx, a.db.WatchRights)
	start(&work, ctx, a.courier.Run)
	start(&work, ctx, a.keeper.Run)
	start(&work, ctx, a.data.RemoveOrphans)
	start(&work, ctx, a.backups.Run)
	start(&work, ctx, func(ctx context.Context) error { return a.room.Run(ctx, a.data.TellOfRoom) })
	if a.demo != nil {
		start(&work, ctx, func(ctx context.Context) error { return a.demo.Run(ctx, a.db, a.phones) })
	}
	start(&serving, ctx, func(context.Context) error { return a.server.Listener(l) })
	a.greet(l)

	<-ctx.Done()
	a.log.Info("stopping")
	end, done := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer done()
	err := errors.Join(a.hub.Shutdown(end), web.Shutdown(end, a.server))
	_ = l.Close() // a server that had not begun to serve knows of no listener to close
	serving.Wait()
	stopWork()
	work.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// greet says where to go.
func (a *appliance) greet(l net.Listener) {
	scheme, host := "http", l.Addr().String()
	if a.cfg.TLS.Cert != "" || a.cfg.TLS.Self {
		scheme = "https"
	}
	if _, port, err := net.SplitHostPort(host); err == nil && strings.HasPrefix(host, "[::]") {
		host = net.JoinHostPort("localhost", port)
	}
	where := a.cfg.BaseURL
	if where == "" {
		where = scheme + "://" + host
	}
	a.log.Info("ready", "open", where, "version", version)
	if a.setupCode != "" {
		a.log.Info("set it up in a browser, with this one-time code", "open", where+"/setup", "code", a.setupCode.Reveal())
	}
}

// close gives everything back. It is for every end, also that of a failed open.
func (a *appliance) close() {
	if a.data == nil {
		return
	}
	if err := a.data.Close(); err != nil {
		a.log.Error("close", "err", err)
	}
}
