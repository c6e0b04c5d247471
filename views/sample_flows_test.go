package views_test

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func flowSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	here := frame("ผัง", views.AtAutomations)
	reads := here
	reads.Can = app.Scopes{app.ViewNotifications}
	calls := callsPage(t).Items[:3]
	starter, _ := views.StarterOf(reader(t, views.Thai), "angry")
	places := destinationsPage(t)
	flow := views.FlowPage{ID: "a1", Graph: *starter.Graph, Version: "v", Enabled: false, Chats: places.Chats, Webhooks: places.Discord, Calls: calls}
	flow.Graph.Edges = append(flow.Graph.Edges, app.Edge{From: "limit", Exit: app.ExitNo, To: "message"})
	steps := []views.TraceStep{
		{Kind: app.NodeTrigger, Fired: true},
		{Kind: app.NodeGroup, Fired: true, Exit: app.ExitYes, Match: app.MatchAny, Checks: []views.ConditionCheck{
			{Condition: app.Condition{Field: app.FieldSentiment, Op: app.OpEq, Value: app.TextValue("negative")}, Actual: []string{"negative"}, Met: true},
			{Condition: app.Condition{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)}},
		}},
		{Kind: app.NodeThrottle, Exit: app.ExitNo, Used: 1, Most: 1},
		{Kind: app.NodeMessage, Message: "x"}, {Kind: app.NodeSend, Channel: app.ChannelInApp},
	}
	runs := views.RunsPage{
		Rules: map[string]string{"a1": "ลูกค้าไม่พอใจ"}, Places: map[string]string{places.Chats[0].ID: places.Chats[0].Title},
		Rule: "a1", Call: "c1", State: "sent", Before: "r0", Next: "r9",
		Items: []views.RunRow{
			{ID: "r1", RuleID: "a1", At: noon(t), Call: &calls[0], Steps: steps, Deliveries: []app.Delivery{
				{Channel: app.ChannelTelegram, ChatID: places.Chats[0].ID, Status: app.DeliverySent},
				{Channel: app.ChannelDiscord, WebhookID: "gone", Status: app.DeliveryFailed},
				{Channel: app.ChannelInApp, Audience: app.AudienceOf([]app.Role{app.Owner, app.Agent}), Status: app.DeliveryQueued},
			}},
			{ID: "r2", RuleID: "a1", At: noon(t).Add(-26 * time.Hour), Held: true, Call: &calls[1], Steps: steps},
			{ID: "r3", RuleID: "a1", At: noon(t).Add(-50 * time.Hour), Gone: true},
			{ID: "r4", RuleID: "a1", At: noon(t).Add(-51 * time.Hour)},
		},
	}
	preview := views.RulePreview{
		Asked: true, Matched: true, Steps: steps, Title: "ลูกค้าไม่พอใจ", Body: "คะแนน 41", Link: "https://crk.example/calls/1", Severity: app.Critical,
		Notes: []views.PreviewNote{{Channel: app.ChannelTelegram, Text: "🔴 <b>ลูกค้าไม่พอใจ</b>"}, {Channel: app.ChannelDiscord, Title: "ลูกค้าไม่พอใจ"},
			{Channel: app.ChannelInApp, Title: "ลูกค้าไม่พอใจ", Text: "คะแนน 41"}},
	}
	page := func(c templ.Component) templ.Component { // a fragment on a page of its own
		return templ.Join(views.Runs(here, views.RunsPage{}), c)
	}
	return map[string]templ.Component{
		"flow": views.Flow(here, flow), "flow-new": views.Flow(here, views.FlowPage{Graph: flow.Graph, Enabled: true}), "flow-read": views.Flow(reads, flow),
		"rules-nofind": views.Automations(here, views.AutomationsPage{Query: "x"}),
		"runs":         views.Runs(here, runs), "runs-none": views.Runs(here, views.RunsPage{}),
		"preview": page(views.Preview(preview)), "preview-unfinished": page(views.Preview(views.RulePreview{Unfinished: true})),
	}
}
