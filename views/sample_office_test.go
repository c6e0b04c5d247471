package views_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

// officeSamples are the pages on many calls: collections, agents, privacy.
func officeSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	at := noon(t)
	here, settings := frame("คอลเลกชัน", views.AtCollections), frame("ความเป็นส่วนตัว", views.AtSettings)
	collections := []app.Collection{
		{ID: "c1", Name: "สอนงาน <b>spare parts</b>", Color: "#2563EB", Description: "สายตัวอย่าง", Items: 12, UpdatedAt: at},
		{ID: "c2", Name: "เคสเคลม", Color: app.DefaultColor, UpdatedAt: at},
	}
	list := callsPage(t)
	list.Picks, list.Collections, list.Cut = true, collections, true
	list.Query = url.Values{"collection": {"c1"}, "q": {"ดี"}}
	inside := callsPage(t)
	inside.Picks, inside.Base, inside.Query = true, "/collections/c1", nil
	wrong := views.Form{Values: url.Values{"color": {"#123456"}}, Errors: map[string]string{"name": "ตั้งชื่อ"}}
	in := callPage(t)
	in.In, in.Others = collections[:1], collections[1:]
	run := app.BulkRun{ID: "r", Action: app.BulkDelete, Total: 900, Done: 300, Skipped: 2}
	ended := run
	ended.FinishedAt = at
	out := map[string]templ.Component{
		"calls-picks":      views.Calls(frame("สาย", views.AtCalls), list),
		"call-collections": views.Call(frame("สาย", views.AtCalls), in),
		"bulk-confirm":     views.ConfirmBulk(here, views.BulkConfirm{Total: 30_000, Most: 20_000, All: true, Filter: "tag=short", Back: "/calls?tag=short"}),
		"bulk-chosen":      views.ConfirmBulk(here, views.BulkConfirm{Total: 2, Most: 20_000, IDs: []string{"a", "b"}, Back: "/calls"}),
		"bulk":             views.Bulk(here, views.BulkPage{Run: run, Back: "/calls"}),
		"bulk-ended":       views.Bulk(here, views.BulkPage{Run: ended, Back: "/calls"}),
		"collections":      views.Collections(here, views.CollectionsPage{Items: collections, Total: 2, Page: 1, PageSize: 200}),
		"collections-none": views.Collections(here, views.CollectionsPage{Page: 1, PageSize: 200, Form: &wrong}),
		"collection":       views.Collection(here, views.CollectionPage{Collection: collections[0], Calls: inside, Form: &wrong}),
		"collection-empty": views.Collection(here, views.CollectionPage{Collection: collections[1]}),
		"privacy": views.Privacy(settings, views.PrivacyPage{
			Due: &app.Due{Audio: 3, AudioBytes: 9 << 20, Texts: 4, Accesses: 1}, Receipts: receipts(at),
		}),
		"privacy-none":  views.Privacy(settings, views.PrivacyPage{}),
		"person":        views.Person(settings, views.PersonPage{Phone: "+66812345678", Calls: list.Items[:2], Total: 3, Mentions: list.Items[:1], MentionTotal: 1, Receipts: receipts(at)}),
		"person-none":   views.Person(settings, views.PersonPage{Phone: "1175"}),
		"receipt":       views.Receipt(settings, receipts(at)[0]),
		"receipt-under": views.Receipt(settings, receipts(at)[1]),
		"access-none":   views.Access(settings, views.AccessPage{}),
		"access": views.Access(settings, views.AccessPage{Next: "4", Older: true, Query: url.Values{"what": {"listen"}}, Items: []app.Access{
			{At: at, UserName: "วราภรณ์", Action: app.AccessListen, RecordingID: "x", CallAt: at, IP: "10.0.0.1"},
			{At: at, Action: app.AccessExport, Rows: 812, KeyID: "k", KeyName: "CRM", IP: "10.0.0.2"},
			{At: at, UserName: "สมชาย", Action: app.AccessDownload, RecordingID: "y", IP: "10.0.0.3"},
		}}),
	}
	for name, page := range agentSamples(t, at) {
		out[name] = page
	}
	return out
}

func receipts(at time.Time) []app.Erasure {
	return []app.Erasure{
		{ID: "e1", Masked: "••••5678", UserName: "วราภรณ์", CreatedAt: at, FinishedAt: at, Counts: app.ErasedCounts{Calls: 12, Audio: 11, Notes: 2}},
		{ID: "e2", Masked: "••••4321", UserName: "<script>alert(1)</script>", CreatedAt: at},
	}
}

func agentSamples(t testing.TB, at time.Time) map[string]templ.Component {
	t.Helper()
	here := frame("พนักงาน", views.AtAgents)
	row := views.AgentRow{
		Key: "1001", Number: "1001", Name: "สมชาย", Given: "Somchai", Display: "สมชาย", Calls: 1204, AvgScore: ptr(71.25), AvgDuration: ptr(190.0),
		AvgTalk: ptr(0.43), LastCallAt: at,
	}
	for i := range views.TrendSteps {
		row.Trend = append(row.Trend, views.TrendPoint{From: at.AddDate(0, 0, 7*i-80), Calls: i % 4, Score: 60 + float64(i)})
	}
	members := []app.Member{
		{User: app.User{ID: "u1", Name: "สมชาย"}, Role: app.Agent, Agents: []string{"1001"}}, {User: app.User{ID: "u2", Name: "วราภรณ์"}, Role: app.Owner},
	}
	list := callsPage(t)
	reviewed := list.Items[0]
	reviewed.Review = &app.Review{Score: ptr(80.0), Note: "ดีมาก", Name: "วราภรณ์", At: at}
	return map[string]templ.Component{
		"agents":      views.Agents(here, views.AgentsPage{Items: []views.AgentRow{row, {Key: "x", Name: "x", LastCallAt: at}}, Days: 90, Members: members}),
		"agents-none": views.Agents(here, views.AgentsPage{Days: 30}),
		"agents-own":  views.Agents(viewerAgent(), views.AgentsPage{}),
		"agent": views.Agent(here, views.AgentPage{
			Agent: row, Days: 90, Calls: list.Items[:3], Reviews: []app.Recording{reviewed}, Tags: map[string]int{"normal": 9, "none": 1}, Members: members,
		}),
		"agent-bare": views.Agent(viewerAgent(), views.AgentPage{Agent: views.AgentRow{Key: "0812345678", Number: "0812345678"}}),
	}
}

// viewerAgent is the frame of somebody who sees only calls of their own.
func viewerAgent() views.Frame {
	f := viewer()
	f.Role, f.Can = app.Agent, app.Agent.Scopes()
	return f
}
