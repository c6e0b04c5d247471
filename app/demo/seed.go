package demo

import (
	"context"
	"fmt"
	"time"

	"crk/app"
	"crk/app/automation"
	"crk/app/syncer"
	"crk/store"
)

const linkTime = 30 * time.Second // for the bot to answer

// An agent answers calls, and may look at them.
type agent struct{ key, first, last, number, extension, email string }

func agents() []agent {
	return []agent{
		{"nok", "Nok", "Srisuk", "+66800000101", "101", "nok@sabai.example"},
		{"ton", "Ton", "Boonmee", "+66800000102", "102", "ton@sabai.example"},
	}
}

// agentOf returns an agent by the key of the script.
func agentOf(key string) agent {
	for _, a := range agents() {
		if a.key == key {
			return a
		}
	}
	return agent{}
}

// Seed fills the business that Configure named: people, a linked chat, a Discord
// channel, rules, the phone integration of the office and at last OneCall's, whose
// first syncs bring the calls. Once that is there Seed does nothing any more: what a
// visitor deletes stays deleted. The product must be running: the bot answers when the chat links
// itself.
func (d *Demo) Seed(ctx context.Context, db *store.Store, phones *syncer.Engine) error {
	owner, err := db.UserByEmail(ctx, Email)
	if err != nil {
		return fmt.Errorf("demo: find the owner: %w", err)
	}
	member, err := db.FirstMember(ctx, owner.ID)
	if err != nil {
		return fmt.Errorf("demo: find the business: %w", err)
	}
	business := member.Business.ID
	if last, err := integrationOf(ctx, db, business, app.SourceDTAC); err != nil || last.Default {
		return err
	}
	if err := d.seedPeople(ctx, db, business); err != nil {
		return fmt.Errorf("demo: make the agents: %w", err)
	}
	if err := d.describe(ctx, db, business, owner.ID); err != nil {
		return fmt.Errorf("demo: describe the business to the AI: %w", err)
	}
	chatID, err := d.link(ctx, db, business, owner.ID)
	if err != nil {
		return fmt.Errorf("demo: link the Telegram chat: %w", err)
	}
	if err := d.seedRules(ctx, db, business, chatID); err != nil {
		return fmt.Errorf("demo: make the rules: %w", err)
	}
	if err := d.connect(ctx, db, phones, business); err != nil {
		return fmt.Errorf("demo: make the phone integrations: %w", err)
	}
	return nil
}

// seedPeople makes the agents, who may see their own calls.
func (d *Demo) seedPeople(ctx context.Context, db *store.Store, business app.BusinessID) error {
	for _, a := range agents() {
		u, err := db.UserByEmail(ctx, a.email)
		if app.IsKind(err, app.NotFound) {
			u, err = db.CreateUser(ctx, app.User{Email: a.email, Name: a.first + " " + a.last}, Password)
		}
		if err != nil {
			return err
		}
		if err := db.AddMember(ctx, business, u.ID, app.Agent); err != nil {
			return err
		}
		if err := db.SetMemberAgents(ctx, business, u.ID, []string{a.number, a.extension}); err != nil {
			return err
		}
	}
	return nil
}

// link has the owner send the bot a code, and returns the chat that is linked
// then.
func (d *Demo) link(ctx context.Context, db *store.Store, business app.BusinessID, owner app.UserID) (chatID string, err error) {
	code, err := db.CreateLinkCode(ctx, business, owner)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, linkTime)
	defer cancel()
	update := d.telegram.Say(chat(), "/start "+code.Reveal())
	if err := d.telegram.WaitConfirmed(ctx, update); err != nil {
		return "", err
	}
	linked, err := db.FindChat(ctx, business, fmt.Sprint(chat().ID))
	return linked.ID, err
}

// seedRules makes a rule for angry customers, who are told of by Telegram and in
// the dashboard, one for calls that nobody answered, which go to Discord, and a
// flow.
func (d *Demo) seedRules(ctx context.Context, db *store.Store, business app.BusinessID, chatID string) error {
	hook, err := d.hook(ctx, db, business)
	if err != nil {
		return err
	}
	have, _, err := db.Automations(ctx, business, 200, 0)
	if err != nil {
		return err
	}
	for _, rule := range []app.Rule{
		{
			Name:       "ลูกค้าไม่พอใจ (angry caller)",
			Conditions: []app.Condition{{Field: "sentiment", Op: app.OpEq, Value: app.TextValue("negative")}},
			Message:    "{{customer_phone}} · คะแนน {{score}}\n{{summary}}\nสิ่งที่ต้องทำ: {{action_items}}\nพนักงาน {{agent}} · {{call_at}}",
			Severity:   app.Critical, TelegramChatIDs: []string{chatID}, InApp: true,
		},
		{
			Name:              "ไม่มีคนรับสาย (no answer)",
			Conditions:        []app.Condition{{Field: "tag", Op: app.OpEq, Value: app.TextValue("no_answer")}},
			Message:           "{{customer_phone}} · {{direction}} · {{call_at}}\nพนักงาน {{agent}}",
			DiscordWebhookIDs: []string{hook},
		},
	} {
		if hasRule(have, rule.Name) {
			continue
		}
		g, err := automation.Compile(rule)
		if err != nil {
			return err
		}
		if _, err := db.CreateAutomation(ctx, business, g); err != nil {
			return err
		}
	}
	return d.seedFlow(ctx, db, business, have)
}

// seedFlow makes a rule that is more than a form can show: in office hours those in
// charge are told of calls to coach by, twice an hour for each agent at most, and
// everybody of calls that come in when nobody is there.
func (d *Demo) seedFlow(ctx context.Context, db *store.Store, business app.BusinessID, have []app.Automation) error {
	const name = "โค้ชทีมในเวลา เฝ้าสายนอกเวลา (flow)"
	if hasRule(have, name) {
		return nil
	}
	message := func(id, text string, severity app.Severity, x float64) app.Node {
		return app.Node{ID: id, Kind: app.NodeMessage, X: x, Y: 660, Message: &app.MessageText{Text: text, Severity: severity}}
	}
	feed := func(id string, x float64, roles ...app.Role) app.Node {
		return app.Node{ID: id, Kind: app.NodeSend, X: x, Y: 820, Send: &app.Send{Channel: app.ChannelInApp, Roles: roles}}
	}
	_, err := db.CreateAutomation(ctx, business, app.Graph{
		Version: app.GraphVersion, Name: name,
		Nodes: []app.Node{
			{ID: "start", Kind: app.NodeTrigger},
			{ID: "hours", Kind: app.NodeWindow, Y: 150, Window: &app.Window{Days: []int{1, 2, 3, 4, 5, 6}, From: "08:00", Until: "18:00"}},
			{ID: "bad", Kind: app.NodeGroup, X: -160, Y: 320, Group: &app.Group{Match: app.MatchAny, Conditions: []app.Condition{
				{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)},
				{Field: app.FieldSentiment, Op: app.OpEq, Value: app.TextValue("negative")},
			}}},
			{ID: "limit", Kind: app.NodeThrottle, X: -160, Y: 510, Throttle: &app.Throttle{Most: 2, Seconds: 3600, By: app.ByAgent}},
			message("coach", "ชวน {{agent}} ฟังสายนี้ด้วยกัน คะแนน {{score}}: {{score_reason}}", app.Warning, -160),
			message("late", "สายนอกเวลาจาก {{customer_phone}} เมื่อ {{call_at}}\n{{summary}}", app.Info, 160),
			feed("chiefs", -160, app.Owner, app.RoleAdmin, app.Supervisor), feed("all", 160),
		},
		Edges: []app.Edge{
			{From: "start", To: "hours"}, {From: "hours", Exit: app.ExitYes, To: "bad"}, {From: "hours", Exit: app.ExitNo, To: "late"},
			{From: "bad", Exit: app.ExitYes, To: "limit"}, {From: "limit", Exit: app.ExitYes, To: "coach"},
			{From: "coach", To: "chiefs"}, {From: "late", To: "all"},
		},
	})
	return err
}

func hasRule(list []app.Automation, name string) bool {
	for _, a := range list {
		if a.Name() == name {
			return true
		}
	}
	return false
}

// hook returns the webhook of the simulated Discord channel.
func (d *Demo) hook(ctx context.Context, db *store.Store, business app.BusinessID) (id string, err error) {
	have, err := db.DiscordWebhooks(ctx, business)
	if err != nil {
		return "", err
	}
	for _, h := range have {
		if h.WebhookID == hookID {
			return h.ID, nil
		}
	}
	h, err := db.AddDiscordWebhook(ctx, app.DiscordWebhook{BusinessID: business, Name: "#sabai-air", WebhookID: hookID, Token: hookToken})
	return h.ID, err
}

// Run seeds the business and then has new calls arrive until ctx ends. It is for
// a goroutine beside those of the product.
func (d *Demo) Run(ctx context.Context, db *store.Store, phones *syncer.Engine) error {
	d.log.Info("this is a demonstration: everything outside is simulated", "email", Email, "password", Password, "messages", d.MessengerURL())
	if err := d.Seed(ctx, db, phones); err != nil {
		return err
	}
	return d.Live(ctx)
}
