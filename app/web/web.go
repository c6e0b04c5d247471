// Package web is how people and programs reach the appliance: the public REST
// API under /api/v1, the dashboard's pages and the live sockets.
//
// It promises that every request is bounded in size and time, that an API route
// is reachable only through the one table of scopes in routes.go, and that no
// answer holds what went wrong inside. Handlers know no SQL: they read a
// request, call a store or a stage, and show the result.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"crk/app"
	"crk/app/ai"
	"crk/app/audio"
	"crk/app/backup"
	"crk/app/disk"
	"crk/app/egress"
	"crk/app/feed"
	"crk/app/measure"
	"crk/app/notify"
	"crk/app/syncer"
	"crk/app/webhook"
	"crk/store"
)

// Options are what the server is made of. DB, Hub and Log are required.
type Options struct {
	DB  *store.Store
	Hub *feed.Hub
	Log *slog.Logger

	Audio   *audio.Store
	Phones  *syncer.Engine   // of the phone integrations
	Gateway *notify.Gateway  // of messages
	Events  *webhook.Courier // of events, to webhooks
	Egress  egress.Policy    // where people may have requests sent
	AI      *ai.Servers      // that work for a business
	Analyst *ai.Analyst      // tries settings on calls

	SetupCode app.Secret // guards the first visit; "": there is a user
	Simulated bool       // a demonstration: pages say that what is outside is simulated
	Messenger string     // of a demonstration: the page of its simulated chats

	BaseURL        string         // where people reach the appliance; "": not known
	TrustedProxies []netip.Prefix // whose X-Forwarded-For and -Proto count
	MetricsToken   app.Secret     // of GET /metrics; "": off
	RateLimit      int            // requests a minute for each key; 0: no limit
	MaxAudio       int64          // bytes of one audio file; 0: 512 MiB

	Disk            *disk.Watch    // of the data; nil: not looked at
	Times           *measure.Times // of stages and outside calls; nil: not in the metrics
	Backups         *backup.Runner // nil: none are made here
	Authority       string         // file of the certificate that visitors install, where the appliance signs its own; "": none
	StrictTransport bool           // HTTPS is here to stay: browsers are told so
	Version         string

	upgrades *upgrades            // these are made by New
	fanOut   prometheus.Histogram // see meter
}

var errDiskFull = errors.New("web: too little space is left on the disk")

const (
	maxBody      = 1 << 20   // of any request but audio
	maxHeader    = 32 << 10  // holds a query of 500 agents
	defaultAudio = 512 << 20 // of an audio file
	readTimeout  = 30 * time.Second
	writeTimeout = 15 * time.Minute // a long call to a slow listener
	idleTimeout  = 90 * time.Second
)

// New returns the whole server, ready to listen.
func New(o Options) *fiber.App {
	if o.MaxAudio == 0 {
		o.MaxAudio = defaultAudio
	}
	f := fiber.New(fiber.Config{
		AppName: "CRK", DisableStartupMessage: true, Immutable: true,
		StreamRequestBody: true, DisablePreParseMultipartForm: true, // see guardBody
		BodyLimit: maxBody, ReadBufferSize: maxHeader,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorHandler: answerError(o.Log),
	})
	o.upgrades = &upgrades{baseURL: o.BaseURL}
	f.Server().KeepHijackedConns, f.Server().ConnState = true, o.upgrades.follow // see upgrade
	m := newMeter(o.DB, o.Hub, o.Gateway)
	if o.Times != nil {
		m.registry.MustRegister(o.Times)
	}
	o.fanOut = m.fanOut
	f.Use(describe(o), logRequests(o.Log), m.count, recoverPanics, guardBody)
	f.Get("/metrics", m.serve(o.MetricsToken))
	routes(f, o)
	return f
}

// Shutdown stops taking requests and waits for those under way, until ctx ends.
func Shutdown(ctx context.Context, f *fiber.App) error { return f.ShutdownWithContext(ctx) }
