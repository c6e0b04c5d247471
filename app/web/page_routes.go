package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/static"
)

// anybody is what a page asks for instead of a scope: to be signed in.
const anybody app.Scope = "session"

// A pageRoute is one address of the dashboard behind the login. Pages check the
// same scopes as the API.
type pageRoute struct {
	method  string
	path    string
	scope   app.Scope
	handler fiber.Handler
}

// pageRoutes is the whole dashboard behind the login.
func pageRoutes(o Options) []pageRoute {
	calls := []pageRoute{
		{"GET", "/calls", app.ViewRecordingSelf, callsPage(o)},
		{"GET", "/calls/export.csv", app.ViewRecordingSelf, exportCalls(o)},
		{"POST", bulkPath, app.ViewRecordingSelf, doBulk(o)},
		{"GET", bulkPath + "/:id", app.ViewRecordingSelf, bulkPage(o)},
		{"GET", "/calls/upload", app.ManageCallRecording, uploadPage(o)},
		{"POST", "/calls/upload", app.ManageCallRecording, takeUpload(o)},
		{"GET", "/calls/:id", app.ViewRecordingSelf, callPage(o)},
		{"POST", "/calls/:id", app.ManageCallRecording, correctCall(o)},
		{"GET", "/calls/:id/audio", app.ViewRecordingSelf, callAudio(o)},
		{"HEAD", "/calls/:id/audio", app.ViewRecordingSelf, callAudio(o)},
		{"GET", "/calls/:id/transcript", app.ViewRecordingSelf, getTranscript(o)},
		{"POST", "/calls/:id/collections", app.ManageCollection, putIntoCollection(o)},
		{"POST", "/calls/:id/collections/remove", app.ManageCollection, takeOutOfCollection(o)},
		{"POST", "/calls/:id/review", app.ManageRecordingReview, saveReview(o)},
		{"POST", "/calls/:id/review/delete", app.ManageRecordingReview, takeBackReview(o)},
		{"POST", "/calls/:id/reextract", app.ManageCallRecording, processAgain(o)},
		{"POST", "/calls/:id/retry", app.ManageCallRecording, retryCall(o)},
		{"POST", "/calls/:id/delete", app.ManageCallRecording, removeCall(o)},
	}
	notifications := []pageRoute{
		{"GET", "/notifications", app.ViewNotifications, feedPage(o)},
		{"POST", "/notifications/read-all", app.ViewNotifications, markAllRead(o)},
		{"POST", "/notifications/preferences", app.ViewNotifications, savePreferences(o)},
		{"GET", "/notifications/deliveries", app.ViewNotifications, deliveriesPage(o)},
		{"POST", "/notifications/deliveries/:id/retry", app.ManageNotifications, retryDelivery(o)},
		{"GET", "/notifications/check", app.ViewNotifications, checkPage(o)},
		{"POST", "/notifications/:id/read", app.ViewNotifications, markRead(o)},
	}
	return slices.Concat(
		homePages(o),
		calls,
		collectionPages(o),
		agentPages(o),
		privacyPages(o),
		notifications,
		aiServerPages(o), // before the addresses of integrations, which end in any id
		automationPages(o),
		settingsRoutes(o),
		peoplePages(o),
		businessPages(o),
		twoStepPages(o),
		webhookPages(o),
		usagePages(o),
		briefPages(o),
		costPages(o),
		auditPages(o),
		providerPages(o),
		systemPages(o),
		componentPages(o),
	)
}

func settingsRoutes(o Options) []pageRoute {
	return []pageRoute{
		{"GET", "/settings", anybody, firstSettings},
		{"GET", providersPath, app.ManageProviderConfig, providersPage(o)},
		{"POST", providersPath, app.ManageProviderConfig, saveProvider(o)},
		{"GET", providersPath + "/new", app.ManageProviderConfig, newProviderPage(o)},
		{"POST", providersPath + "/try", app.ManageProviderConfig, tryProviderForm(o)},
		{"GET", providersPath + "/:id", app.ManageProviderConfig, editProviderPage(o)},
		{"POST", providersPath + "/:id", app.ManageProviderConfig, saveProvider(o)},
		{"POST", providersPath + "/:id/try", app.ManageProviderConfig, tryProviderForm(o)},
		{"POST", providersPath + "/:id/test", app.ManageProviderConfig, tryProvider(o)},
		{"POST", providersPath + "/:id/default", app.ManageProviderConfig, makeDefault(o)},
		{"POST", providersPath + "/:id/sync", app.ManageProviderConfig, syncNow(o)},
		{"POST", providersPath + "/:id/active", app.ManageProviderConfig, switchProvider(o)},
		{"POST", providersPath + "/:id/delete", app.ManageProviderConfig, removeProvider(o)},

		{"GET", tokensPath, anybody, tokensPage(o)},
		{"POST", tokensPath, anybody, makeToken(o)},
		{"GET", tokensPath + "/new", anybody, newTokenPage(o)},
		{"POST", tokensPath + "/:id/revoke", anybody, revokeToken(o)},

		{"GET", destinationsPath, app.ViewNotifications, destinationsPage(o)},
		{"POST", destinationsPath + "/telegram", app.ManageNotifications, linkTelegram(o)},
		{"POST", destinationsPath + "/telegram/:id/test", app.ManageNotifications, testChat(o)},
		{"POST", destinationsPath + "/telegram/:id/active", app.ManageNotifications, switchChat(o)},
		{"POST", destinationsPath + "/telegram/:id/delete", app.ManageNotifications, unlinkChat(o)},
		{"GET", destinationsPath + "/discord/new", app.ManageNotifications, newDiscordPage(o)},
		{"POST", destinationsPath + "/discord", app.ManageNotifications, addDiscord(o)},
		{"POST", destinationsPath + "/discord/:id/delete", app.ManageNotifications, removeDiscord(o)},

		{"GET", "/settings/profile", anybody, profilePage(o)},
		{"POST", "/settings/profile", anybody, saveProfile(o)},
		{"POST", "/settings/password", anybody, changePassword(o)},
		{"POST", "/settings/sessions/revoke-others", anybody, revokeOtherSessions(o)},
		{"POST", "/settings/sessions/:id/revoke", anybody, revokeSession(o)},
		{"POST", "/business", anybody, chooseBusiness(o)},
	}
}

// pages are the dashboard. Whoever is not signed in finds the way in, and the
// documents; the rest is behind the login.
func pages(f *fiber.App, o Options) {
	f.Get(static.Prefix+"*", serveStatic)
	f.Get("/ca.crt", authority(o))
	f.Get("/docs", protectPages, docsPage(o))
	f.Get("/docs/:name", protectPages, guidePage(o))
	out := func(method, path string, handlers ...fiber.Handler) {
		f.Add(method, path, append([]fiber.Handler{protectPages, refuseCrossOrigin(), actAsVisitor(app.ViaDashboard)}, handlers...)...)
	}
	out("GET", "/login", loginPage(o))
	out("POST", "/login", login(o))
	out("POST", "/logout", logout(o))
	out("GET", "/login/code", codePage(o))
	out("POST", "/login/code", loginCode(o))
	out("GET", "/invite/:token", invitePage(o))
	out("POST", "/invite/:token", joinByInvite(o))
	out("POST", "/invite/:token/accept", acceptInvite(o))
	out("GET", "/setup", untilSetUp(o), setupPage(o))
	out("POST", "/setup", untilSetUp(o), setUp(o))
	out("POST", "/language", chooseLanguage(o))
	out("POST", "/theme", chooseTheme)

	signedIn := requireSession(o)
	for _, r := range pageRoutes(o) {
		chain := []fiber.Handler{signedIn}
		if r.scope != anybody {
			chain = append(chain, requireScope(r.scope))
		}
		out(r.method, r.path, append(chain, r.handler)...)
	}
}
