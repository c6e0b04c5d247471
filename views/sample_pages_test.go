package views_test

import (
	"maps"
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

// samples returns every page by name.
func samples(t testing.TB) map[string]templ.Component {
	t.Helper()
	out := map[string]templ.Component{}
	for _, some := range []func(testing.TB) map[string]templ.Component{
		doorSamples, callListSamples, officeSamples, callSamples, notificationSamples, ruleSamples, providerSamples, tokenSamples, destinationSamples, profileSamples,
		webhookSamples, usageSamples, auditSamples, homeSamples, flowSamples, systemSamples,
		aiServerSamples, briefSamples,
		doorSamples,
		callListSamples,
		callSamples,
		notificationSamples,
		ruleSamples,
		providerSamples,
		tokenSamples,
		destinationSamples,
		profileSamples,
		webhookSamples,
		usageSamples,
		aiServerSamples,
		auditSamples,
		homeSamples,
		peopleSamples,
		flowSamples,
		systemSamples,
		componentSamples,
	} {
		maps.Copy(out, some(t))
	}
	return out
}

func doorSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	door := views.Door{Title: "CRK", Path: "/login"}
	wrong := views.Form{Values: url.Values{"email": {"waraporn@siamcooling.example"}}, Problem: "อีเมลหรือรหัสผ่านไม่ถูกต้อง"}
	setup := views.Form{
		Values: url.Values{"code": {"4F7K-Q2MX"}, "timeZone": {"Asia/Bangkok"}, "password": {"hunter2-secret"}},
		Errors: map[string]string{"password": "อย่างน้อย 10 ตัวอักษร"},
	}
	return map[string]templ.Component{
		"login":       views.LoginPage(views.Login{Door: door, Next: "/calls"}),
		"login-wrong": views.LoginPage(views.Login{Door: door, Form: wrong}),
		"setup":       views.SetupPage(views.Setup{Door: door, Form: setup}),
		"error": views.ErrorPage(views.Problem{
			Door: door, Status: 404, Title: "ไม่พบหน้านี้", Text: "อาจถูกลบไปแล้ว", RequestID: "018f", Back: "/calls",
		}),
		"docs": views.Docs(docsPage()),
	}
}

func callListSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	found := callsPage(t)
	found.Query, found.Page, found.Total = url.Values{"q": {"อะไหล่"}, "sort": {"score"}, "from": {"2026-11-01"}}, 1, 3
	found.Items = found.Items[10:13]
	found.Items[0].Snippet = "ที่รอ<mark>อะไหล่</mark>อยู่ &amp; &lt;b&gt;"
	nothing := views.CallsPage{Page: 1, PageSize: 20, Query: url.Values{"q": {"คอมเพรสเซอร์ไหม้"}}}
	simulated := frame("สาย", views.AtCalls)
	simulated.Simulated, simulated.Messenger = true, "http://127.0.0.1:9/"
	simulated.Flash, simulated.Businesses = views.Flash{Text: "บันทึกแล้ว"}, []app.Business{{ID: "b2", Name: "บางนา"}}
	here := frame("สาย", views.AtCalls)
	return map[string]templ.Component{
		"calls":         views.Calls(simulated, callsPage(t)),
		"calls-found":   views.Calls(here, found),
		"calls-nothing": views.Calls(here, nothing),
		"calls-none":    views.Calls(here, views.CallsPage{None: true, Page: 1, PageSize: 20}),
		"calls-waiting": views.Calls(here, views.CallsPage{None: true, HasProvider: true, Page: 1, PageSize: 20}),
		"calls-viewer":  views.Calls(viewer(), callsPage(t)),
		"upload":        views.Upload(here, views.UploadPage{MaxBytes: 512 << 20}),
	}
}

// viewer is the frame of somebody who may only look.
func viewer() views.Frame {
	f := frame("สาย", views.AtCalls)
	f.Role, f.Can, f.User.Name, f.Flash = app.Viewer, app.Viewer.Scopes(), "", views.Flash{Text: "ไม่สำเร็จ", Bad: true}
	return f
}

func callSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	reviewed := callPage(t)
	reviewed.Recording.Review = &app.Review{Score: ptr(45.0), Tag: "other", Note: "เปิดประวัติก่อนทักครับ", Name: "วราภรณ์", At: noon(t)}
	reviewed.Recording.Score, reviewed.Recording.Note = ptr(45.0), "ลูกค้า VIP"
	here := frame("สาย", views.AtCalls)
	return map[string]templ.Component{
		"call":          views.Call(here, callPage(t)),
		"call-reviewed": views.Call(here, reviewed),
		"call-bare":     views.Call(here, bareCall(t)),
		"call-underway": views.Call(here, callInState(t, app.Transcribing, "")),
		"call-failed":   views.Call(here, callInState(t, app.Failed, app.AudioUnreadable)),
		"call-viewer":   views.Call(viewer(), callPage(t)),
	}
}

func notificationSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	feed := views.NotificationsPage{
		Items: feedItems(t), Unread: 3, Next: "n5", Prefer: app.DefaultPreferences(),
		Channels: []views.ChannelCount{
			{Channel: app.ChannelTelegram, Sent: 86, Failed: 6}, {Channel: app.ChannelDiscord, Sent: 1041}, {Channel: app.ChannelInApp, Sent: 118},
		},
	}
	unread := feed
	unread.Only, unread.Older = "unread", true
	here := frame("แจ้งเตือน", views.AtNotifications)
	return map[string]templ.Component{
		"notifications":   views.Notifications(here, feed),
		"feed-unread":     views.Notifications(here, unread),
		"feed-none":       views.Notifications(here, views.NotificationsPage{}),
		"deliveries":      views.Deliveries(here, deliveriesPage(t)),
		"deliveries-none": views.Deliveries(here, views.DeliveriesPage{Failed: true}),
		"check":           views.Check(here, checkPage(t)),
		"check-none":      views.Check(here, views.CheckPage{}),
	}
}

func ruleSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	rule := app.Rule{Name: "ลูกค้าไม่พอใจ แจ้งหัวหน้าทันที", Match: app.MatchAll, Conditions: []app.Condition{
		{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)},
		{Field: app.FieldSentiment, Op: app.OpEq, Value: app.TextValue("negative")},
		{Field: app.FieldCallHour, Op: app.OpBetween, Value: app.NumberValues(8, 18)},
	}}
	anyRule := rule
	anyRule.Match = app.MatchAny
	named := func(id, name string, on bool) app.Automation {
		return app.Automation{ID: id, Enabled: on, Graph: app.Graph{Name: name}, Sent: 128, Failed: 2, LastRunAt: noon(t)}
	}
	here := frame("กฎ", views.AtAutomations)
	return map[string]templ.Component{
		"automations": views.Automations(here, views.AutomationsPage{Items: []views.AutomationRow{
			{Automation: named("a1", rule.Name, true), Rule: &rule, Places: []string{"ทีมหัวหน้างาน (Telegram)", "ในแอป"}},
			{Automation: named("a2", "มีคนพูดถึงคู่แข่ง", false), Rule: &anyRule},
			{Automation: named("a3", "ทุกสาย", true), Rule: &app.Rule{}},
			{Automation: named("a4", "ผัง", true)},
		}}),
		"rules-none": views.Automations(here, views.AutomationsPage{}),
		"rule": views.Automation(here, views.AutomationPage{
			ID: "a1", Conflict: true, Chats: destinationsPage(t).Chats, Webhooks: destinationsPage(t).Discord,
			Form: views.Form{Values: url.Values{"name": {rule.Name}, "message": {"คะแนน {{score}}"}, "inApp": {"true"}}, Problem: "แก้สองช่องด้านล่าง"},
			Rows: []views.ConditionRow{{Field: "score", Op: "lt", Value: "60"}, {Field: "call_hour", Op: "between", Value: "8", Problem: "ต้องมีสองค่า"}, {}},
		}),
		"rule-new": views.Automation(here, views.AutomationPage{Rows: make([]views.ConditionRow, 2)}),
		"starters": views.StartersPage(here),
	}
}

func providerSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	drawer, edit := providersPage(t), providersPage(t)
	drawer.Form = &views.ProviderForm{
		Form: views.Form{
			Values: url.Values{"name": {"x"}, "username": {"crk-sync"}, "password": {"hunter2-secret"}, "syncIntervalMinutes": {"15"}},
			Errors: map[string]string{"name": "ชื่อต้องมี 2 ถึง 60 ตัวอักษร"},
		},
		Test: &views.ProviderTest{Code: "unreachable"},
	}
	edit.Form = &views.ProviderForm{
		ID: "p1", Kind: app.SourceDTAC, Form: views.Form{Values: url.Values{"name": {"DTAC main"}}}, Test: &views.ProviderTest{OK: true, Seen: 1},
	}
	here := frame("Providers", views.AtSettings)
	return map[string]templ.Component{
		"providers":      views.Providers(here, providersPage(t)),
		"providers-none": views.Providers(here, views.ProvidersPage{}),
		"providers-new":  views.Providers(here, drawer),
		"providers-edit": views.Providers(here, edit),
		"providers-3cx":  views.Providers(here, threeCXPage(t)),
		"provider":       views.Provider(here, providerPage(t)),
		"provider-new":   views.Provider(here, views.ProviderPage{ProviderCard: providersPage(t).Items[2]}),
	}
}

func tokenSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	fresh, drawer := tokensPage(t), tokensPage(t)
	fresh.Fresh = "crk_5Hq3xV9rT0kLmN2pQ8sWbYdFgJzAaEeCcUuIiOoPpXx1234567890"
	drawer.Form = &views.TokenForm{Grant: app.Scopes{app.ViewRecordingAll}, Form: views.Form{
		Values: url.Values{"scopes": {"view_recording_all"}}, Errors: map[string]string{"scopes": "เลือกอย่างน้อยหนึ่งสิทธิ์"},
	}}
	here := frame("API Tokens", views.AtSettings)
	return map[string]templ.Component{
		"tokens":      views.Tokens(here, fresh),
		"tokens-none": views.Tokens(here, views.TokensPage{}),
		"tokens-new":  views.Tokens(here, drawer),
	}
}

func destinationSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	link := destinationsPage(t)
	link.Link = &views.TelegramLink{
		Code: "Zk3v9x2QWm1aPq7LtY0bCd", DeepLink: "https://t.me/siam_bot?start=Zk3v", GroupLink: "https://t.me/siam_bot?startgroup=Zk3v",
		ExpiresAt: noon(t).Add(15 * time.Minute), QR: qr(33),
	}
	discord := destinationsPage(t)
	discord.Webhook = &views.Form{Values: url.Values{"name": {"#ขาย"}}, Errors: map[string]string{"webhookUrl": "ไม่ใช่ URL ของ Discord"}}
	ill := views.TelegramStatus{Configured: true, Bot: "b", Problem: "conflict"}
	here := frame("ปลายทาง", views.AtSettings)
	return map[string]templ.Component{
		"destinations":         views.Destinations(here, destinationsPage(t)),
		"destinations-none":    views.Destinations(here, views.DestinationsPage{}),
		"destinations-ill":     views.Destinations(here, views.DestinationsPage{Telegram: ill}),
		"destinations-discord": views.Destinations(here, discord),
		"destinations-linking": views.Destinations(here, link),
	}
}

func profileSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	return map[string]templ.Component{
		"profile": views.Profile(frame("บัญชี", views.AtSettings), views.ProfilePage{
			Current: "s1", Name: views.Form{Values: url.Values{"name": {"วราภรณ์ จิตรดี"}, "language": {"th"}}},
			Sessions: []app.Session{
				{ID: "s1", IP: "192.0.2.7", SeenAt: noon(t), CreatedAt: noon(t).Add(-72 * time.Hour), Agent: "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"},
				{ID: "s2", IP: "2001:db8::1", SeenAt: noon(t).Add(-30 * time.Hour), Agent: "Mozilla/5.0 (iPhone; CPU) Version/18.0 Mobile/15E148 Safari/604.1"},
				{ID: "s3", Agent: "?"},
			},
		}),
	}
}
