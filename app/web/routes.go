package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
)

const (
	apiPath    = "/api/v1"
	uploadPath = apiPath + "/uploads/"
)

// A route is one call of the public API. A route whose scope is not said is not
// served: see anyKey and noKey.
type route struct {
	method  string
	path    string // below apiPath
	scope   app.Scope
	handler fiber.Handler
	once    bool // honours Idempotency-Key: it makes or sends something
}

// What a route asks for instead of a scope.
const (
	noKey  app.Scope = "-"      // nothing: a document, or a path that is itself a secret
	anyKey app.Scope = "key"    // a live key, no business
	stream app.Scope = "stream" // a key or a session; the handler looks itself
)

// apiRoutes is the whole public API with the scope that each call needs.
func apiRoutes(o Options) []route {
	all := []route{
		{method: "GET", path: "/meta/whoami", scope: anyKey, handler: whoami(o.DB)},
		{method: "GET", path: "/openapi.json", scope: noKey, handler: getOpenAPI},
	}
	return slices.Concat(all, callRoutes(o), notificationRoutes(o), eventRoutes(o))
}

// callRoutes are about calls and where they come from.
func callRoutes(o Options) []route {
	db := o.DB
	return []route{
		{method: "GET", path: "/recordings", scope: app.ViewRecordingSelf, handler: listRecordings(db)},
		{method: "POST", path: "/recordings", scope: app.ManageCallRecording, handler: ingestRecording(o), once: true},
		{method: "GET", path: "/recordings/agents", scope: app.ViewRecordingSelf, handler: listAgents(db)},
		{method: "GET", path: "/recordings/export.csv", scope: app.ViewRecordingSelf, handler: exportRecordings(o)},
		{method: "GET", path: "/recordings/:id", scope: app.ViewRecordingSelf, handler: getRecording(db)},
		{method: "PATCH", path: "/recordings/:id", scope: app.ManageCallRecording, handler: patchRecording(db)},
		{method: "DELETE", path: "/recordings/:id", scope: app.ManageCallRecording, handler: deleteRecording(o)},
		{method: "PUT", path: "/recordings/:id/audio", scope: app.ManageCallRecording, handler: putAudio(o)},
		{method: "GET", path: "/recordings/:id/audio", scope: app.ViewRecordingSelf, handler: getAudio(o)},
		{method: "HEAD", path: "/recordings/:id/audio", scope: app.ViewRecordingSelf, handler: getAudio(o)},
		{method: "GET", path: "/recordings/:id/waveform", scope: app.ViewRecordingSelf, handler: getWaveform(db)},
		{method: "GET", path: "/recordings/:id/transcript", scope: app.ViewRecordingSelf, handler: getTranscript(o)},
		{method: "GET", path: "/recordings/:id/summary", scope: app.ViewRecordingSelf, handler: getSummary(db)},
		{method: "POST", path: "/recordings/:id/reextract", scope: app.ManageCallRecording, handler: reextract(db), once: true},
		{method: "PUT", path: "/recordings/:id/review", scope: app.ManageRecordingReview, handler: putReview(db)},
		{method: "DELETE", path: "/recordings/:id/review", scope: app.ManageRecordingReview, handler: deleteReview(db)},
		{method: "PUT", path: "/uploads/:token", scope: noKey, handler: putUpload(o)},

		{method: "GET", path: "/collections", scope: app.ViewRecordingSelf, handler: listCollections(db)},
		{method: "POST", path: "/collections", scope: app.ManageCollection, handler: createCollection(db), once: true},
		{method: "GET", path: "/collections/:id", scope: app.ViewRecordingSelf, handler: getCollection(db)},
		{method: "PATCH", path: "/collections/:id", scope: app.ManageCollection, handler: patchCollection(db)},
		{method: "DELETE", path: "/collections/:id", scope: app.ManageCollection, handler: deleteCollection(db)},
		{method: "POST", path: "/collections/:id/items", scope: app.ManageCollection, handler: addToCollection(db), once: true},
		{method: "DELETE", path: "/collections/:id/items", scope: app.ManageCollection, handler: removeFromCollection(db)},

		{method: "GET", path: "/providers", scope: app.ManageProviderConfig, handler: listProviders(db)},
		{method: "POST", path: "/providers", scope: app.ManageProviderConfig, handler: createProvider(o), once: true},
		{method: "POST", path: "/providers/test", scope: app.ManageProviderConfig, handler: testConfig(o)},
		{method: "GET", path: "/providers/:id", scope: app.ManageProviderConfig, handler: getProvider(db)},
		{method: "PATCH", path: "/providers/:id", scope: app.ManageProviderConfig, handler: patchProvider(o)},
		{method: "DELETE", path: "/providers/:id", scope: app.ManageProviderConfig, handler: deleteProvider(o)},
		{method: "POST", path: "/providers/:id/test", scope: app.ManageProviderConfig, handler: testProvider(o)},
		{method: "POST", path: "/providers/:id/default", scope: app.ManageProviderConfig, handler: setDefaultProvider(o)},
		{method: "POST", path: "/providers/:id/sync", scope: app.ManageProviderConfig, handler: syncProvider(o), once: true},
		{method: "GET", path: "/providers/:id/runs", scope: app.ManageProviderConfig, handler: listRuns(db)},
	}
}

// notificationRoutes are about what people are told, and by which rules.
func notificationRoutes(o Options) []route {
	db, engine := o.DB, automation.New(o.DB, o.Log, o.BaseURL)
	return []route{
		{method: "POST", path: "/telegram/link-code", scope: app.ManageNotifications, handler: createLinkCode(o), once: true},
		{method: "GET", path: "/telegram/status", scope: app.ViewNotifications, handler: getTelegramStatus(o)},
		{method: "GET", path: "/telegram/chats", scope: app.ViewNotifications, handler: listChats(db)},
		{method: "PATCH", path: "/telegram/chats/:id", scope: app.ManageNotifications, handler: patchChat(db)},
		{method: "DELETE", path: "/telegram/chats/:id", scope: app.ManageNotifications, handler: deleteChat(o)},
		{method: "POST", path: "/telegram/chats/:id/test", scope: app.ManageNotifications, handler: sendTest(o), once: true},

		{method: "POST", path: "/notifications/send", scope: app.ManageNotifications, handler: sendNow(o), once: true},
		{method: "GET", path: "/notifications/status", scope: app.ViewNotifications, handler: getNotificationStatus(o)},
		{method: "GET", path: "/notifications/destinations", scope: app.ViewNotifications, handler: listDestinations(db)},
		{method: "GET", path: "/notifications/deliveries", scope: app.ViewNotifications, handler: listDeliveries(db)},
		{method: "POST", path: "/notifications/discord", scope: app.ManageNotifications, handler: createDiscordWebhook(o), once: true},
		{method: "DELETE", path: "/notifications/discord/:id", scope: app.ManageNotifications, handler: deleteDiscordWebhook(db)},
		{method: "GET", path: "/notifications/feed", scope: app.ViewNotifications, handler: listFeed(db)},
		{method: "POST", path: "/notifications/feed/read-all", scope: app.ViewNotifications, handler: readWholeFeed(db)},
		{method: "POST", path: "/notifications/feed/:id/read", scope: app.ViewNotifications, handler: readFeedItem(db)},
		{method: "GET", path: "/notifications/preferences", scope: app.ViewNotifications, handler: getPreferences(db)},
		{method: "PATCH", path: "/notifications/preferences", scope: app.ManageNotifications, handler: patchPreferences(db)},
		{method: "GET", path: "/notifications/stream", scope: stream, handler: streamNotifications(o)},

		{method: "GET", path: "/notifications/automations", scope: app.ViewNotifications, handler: listAutomations(db)},
		{method: "POST", path: "/notifications/automations", scope: app.ManageNotifications, handler: createAutomation(db), once: true},
		{method: "GET", path: "/notifications/automations/:id", scope: app.ViewNotifications, handler: getAutomation(db)},
		{method: "PUT", path: "/notifications/automations/:id", scope: app.ManageNotifications, handler: replaceAutomation(db)},
		{method: "PATCH", path: "/notifications/automations/:id", scope: app.ManageNotifications, handler: patchAutomation(db)},
		{method: "DELETE", path: "/notifications/automations/:id", scope: app.ManageNotifications, handler: deleteAutomation(db)},
		{method: "POST", path: "/notifications/automations/:id/test", scope: app.ManageNotifications, handler: testAutomation(db, engine)},
	}
}

// eventRoutes are about what other programs are told, and about usage.
func eventRoutes(o Options) []route {
	db := o.DB
	return []route{
		{method: "GET", path: "/webhooks", scope: app.ManageWebhooks, handler: listWebhooks(db)},
		{method: "POST", path: "/webhooks", scope: app.ManageWebhooks, handler: createWebhook(o), once: true},
		{method: "GET", path: "/webhooks/:id", scope: app.ManageWebhooks, handler: getWebhook(db)},
		{method: "PATCH", path: "/webhooks/:id", scope: app.ManageWebhooks, handler: patchWebhook(o)},
		{method: "DELETE", path: "/webhooks/:id", scope: app.ManageWebhooks, handler: deleteWebhook(db)},
		{method: "POST", path: "/webhooks/:id/rotate-secret", scope: app.ManageWebhooks, handler: rotateWebhookSecret(db), once: true},
		{method: "POST", path: "/webhooks/:id/test", scope: app.ManageWebhooks, handler: testWebhook(o.Events), once: true},
		{method: "POST", path: "/webhooks/:id/recover", scope: app.ManageWebhooks, handler: recoverWebhook(db), once: true},
		{method: "GET", path: "/webhooks/:id/deliveries", scope: app.ManageWebhooks, handler: listWebhookDeliveries(db)},
		{method: "POST", path: "/webhooks/:id/deliveries/:deliveryId/retry", scope: app.ManageWebhooks, handler: retryWebhookDelivery(db), once: true},

		{method: "GET", path: "/usage", scope: app.ViewUsage, handler: getUsage(db)},
	}
}

// routes is the whole surface of the server.
func routes(f *fiber.App, o Options) {
	f.Get("/healthz", healthz)
	f.Get("/readyz", readyz(o))

	read := readBody(o.MaxAudio)
	api := f.Group(apiPath, identify(o.DB, o.Log), limitRate(newLimiter(o.RateLimit, o.DB.Now)), read)
	business, done := requireBusiness(o.DB), once(o.DB, o.Log)
	for _, r := range apiRoutes(o) {
		var chain []fiber.Handler
		switch r.scope {
		case "":
			panic("web: no scope for " + r.method + " " + r.path)
		case noKey:
			chain = []fiber.Handler{actAsVisitor(app.ViaAPI)}
		case stream:
		case anyKey:
			chain = []fiber.Handler{requireKey}
		default:
			chain = []fiber.Handler{requireKey, business, requireScope(r.scope)}
		}
		if r.once {
			chain = append(chain, done)
		}
		api.Add(r.method, r.path, append(chain, r.handler)...)
	}
	f.Get("/live", streamPages(o))
	f.Use(read)
	pages(f, o)
}
