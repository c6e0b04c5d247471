package automation_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
)

// randomRule returns a valid rule, as various as rules can be.
func randomRule(r *rand.Rand) app.Rule {
	rule := app.Rule{
		Name:     "rule " + randomText(r),
		Match:    []string{"", app.MatchAll, app.MatchAny}[r.IntN(3)],
		Message:  "x" + randomText(r),
		Severity: append(app.Severities(), "")[r.IntN(5)],
		InApp:    r.IntN(2) == 0,

		OnReanalysis: r.IntN(2) == 0,
	}
	for range r.IntN(6) {
		rule.Conditions = append(rule.Conditions, randomCondition(r))
	}
	for _, name := range app.MessageVariables() {
		if r.IntN(5) == 0 {
			rule.Message += " {{" + name + "}}"
		}
	}
	for i := range r.IntN(4) {
		rule.TelegramChatIDs = append(rule.TelegramChatIDs, "chat-"+strconv.Itoa(i/2))
		rule.DiscordWebhookIDs = append(rule.DiscordWebhookIDs, "hook-"+strconv.Itoa(r.IntN(9)))
	}
	rule.InApp = rule.InApp || rule.Destinations() == 0
	return rule
}

func randomCondition(r *rand.Rand) app.Condition {
	fields := app.ConditionFields()
	f := fields[r.IntN(len(fields))]
	c := app.Condition{Field: f.Name, Op: f.Ops[r.IntN(len(f.Ops))]}
	number := func() float64 {
		n := f.Min + r.Float64()*(min(f.Max, 3600)-f.Min)
		if f.Kind == app.ClockField {
			return float64(int(n))
		}
		return n
	}
	text := func() string {
		if f.Choices != nil {
			return f.Choices[r.IntN(len(f.Choices))]
		}
		return "v" + randomText(r)
	}
	single, several := app.NumberValue(number()), app.NumberValues(number(), number())
	if f.Kind == app.ChoiceField || f.Kind == app.TextField {
		single, several = app.TextValue(text()), app.TextValues(text(), text())
	}
	switch c.Op {
	case app.OpIsEmpty, app.OpIsNotEmpty:
	case app.OpBetween:
		low := number()
		c.Value = app.NumberValues(low, max(low, number()))
	case app.OpIn, app.OpNotIn:
		c.Value = several
	default:
		c.Value = single
	}
	return c
}

func randomText(r *rand.Rand) string {
	const letters = `aZ9 -<&"\ßΣkกำ้日🙂`
	all := []rune(letters)
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteRune(all[r.IntN(len(all))])
	}
	return b.String()
}

// TestProjectOfCompile is the promise on which the two faces of an automation
// stand: through the stored form and back, a rule is the same rule.
func TestProjectOfCompile(t *testing.T) {
	is := is.New(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		rule := randomRule(r)
		g, err := automation.Compile(rule)
		is.NoErr(err)          // a valid rule compiles
		is.NoErr(g.Validate()) // to a valid graph

		stored, err := json.Marshal(g)
		is.NoErr(err) // which can be stored
		var loaded app.Graph
		is.NoErr(json.Unmarshal(stored, &loaded)) // and read again

		shuffle(r, &loaded)
		back, simple := automation.Project(loaded)
		is.True(simple)                   // the graph of a rule is a rule
		is.Equal(back, rule.Normalized()) // the same
		is.NoErr(back.Validate())         // and valid
	}
}

// shuffle changes all of a graph that means nothing.
func shuffle(r *rand.Rand, g *app.Graph) {
	names := map[string]string{}
	for i := range g.Nodes {
		names[g.Nodes[i].ID] = "n" + strconv.Itoa(i)
		g.Nodes[i].ID = names[g.Nodes[i].ID]
		g.Nodes[i].X, g.Nodes[i].Y = r.Float64()*1000, r.Float64()*1000
	}
	for i, e := range g.Edges {
		g.Edges[i].From, g.Edges[i].To = names[e.From], names[e.To]
	}
	r.Shuffle(len(g.Nodes), func(i, j int) { g.Nodes[i], g.Nodes[j] = g.Nodes[j], g.Nodes[i] })
	r.Shuffle(len(g.Edges), func(i, j int) { g.Edges[i], g.Edges[j] = g.Edges[j], g.Edges[i] })
}

func TestCompileRefuses(t *testing.T) {
	is := is.New(t)
	_, err := automation.Compile(app.Rule{})
	is.True(app.IsKind(err, app.Invalid)) // what is no rule has no graph
}

// fullRule has every part a rule can have.
func fullRule() app.Rule {
	return app.Rule{
		Name:              "Full",
		Conditions:        []app.Condition{{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)}},
		Message:           "{{score}}",
		TelegramChatIDs:   []string{"c1", "c2"},
		DiscordWebhookIDs: []string{"w1"},
		InApp:             true,
	}
}

func TestProjectOfMore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*app.Graph)
	}{
		{"a group in the group", func(g *app.Graph) {
			g.Nodes[1].Group.Groups = []app.Group{{Match: app.MatchAny}}
		}},
		{"a second group", func(g *app.Graph) {
			g.Nodes = append(g.Nodes, app.Node{ID: "x", Kind: app.NodeGroup, Group: &app.Group{Match: app.MatchAll}})
			g.Edges = append(g.Edges, app.Edge{From: "when", Exit: app.ExitNo, To: "x"})
		}},
		{"no group", func(g *app.Graph) {
			g.Nodes = slices.Delete(g.Nodes, 1, 2)
			g.Edges = append(g.Edges[2:], app.Edge{From: "start", To: "message"})
		}},
		{"the exit no", func(g *app.Graph) { g.Edges[1].Exit = app.ExitNo }},
		{"both exits", func(g *app.Graph) {
			g.Edges = append(g.Edges, app.Edge{From: "when", Exit: app.ExitNo, To: "message"})
		}},
		{"a second message", func(g *app.Graph) {
			g.Nodes = append(g.Nodes, app.Node{ID: "x", Kind: app.NodeMessage, Message: g.Nodes[2].Message})
			g.Edges = append(g.Edges, app.Edge{From: "when", Exit: app.ExitYes, To: "x"})
		}},
		{"a window", func(g *app.Graph) {
			g.Nodes = append(g.Nodes, app.Node{ID: "x", Kind: app.NodeWindow, Window: office()})
			g.Edges[0].To = "x"
			g.Edges = append(g.Edges, app.Edge{From: "x", Exit: app.ExitYes, To: "when"})
		}},
		{"a throttle", func(g *app.Graph) {
			g.Nodes = append(g.Nodes, app.Node{ID: "x", Kind: app.NodeThrottle, Throttle: &app.Throttle{Most: 1, Seconds: 60, By: app.ByRule}})
			g.Edges[0].To = "x"
			g.Edges = append(g.Edges, app.Edge{From: "x", Exit: app.ExitYes, To: "when"})
		}},
		{"a feed for some", func(g *app.Graph) { g.Nodes[5].Send.Roles = []app.Role{app.Owner} }},
		{"a second send of a channel", func(g *app.Graph) {
			g.Nodes = append(g.Nodes, app.Node{ID: "x", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelInApp}})
			g.Edges = append(g.Edges, app.Edge{From: "message", To: "x"})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			g, err := automation.Compile(fullRule())
			is.NoErr(err) // the rule compiles
			tt.change(&g)
			is.NoErr(g.Validate()) // the change leaves a valid graph
			rule, simple := automation.Project(g)
			is.True(!simple)           // which is more than a rule
			is.Equal(rule, app.Rule{}) // and is not shown as one
		})
	}
}

func TestProjectAfterTheLastDestinationWent(t *testing.T) {
	is := is.New(t)
	want := fullRule()
	want.InApp = false
	g, err := automation.Compile(want)
	is.NoErr(err) // the rule compiles
	for _, id := range []string{"c1", "c2"} {
		g, _ = g.Without(app.ChannelTelegram, id)
	}
	g, _ = g.Without(app.ChannelDiscord, "w1")
	rule, simple := automation.Project(g)
	is.True(simple) // it is a rule still
	want.TelegramChatIDs, want.DiscordWebhookIDs = nil, nil
	is.Equal(rule, want.Normalized()) // without destinations
	_, err = automation.NewProgram(g)
	is.NoErr(err) // and can be run
}

func FuzzGraph(f *testing.F) {
	g, err := automation.Compile(fullRule())
	if err != nil {
		f.Fatal(err)
	}
	seed, err := json.Marshal(g)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	if seed, err = json.Marshal(wideGraph()); err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"version":1,"name":"n","nodes":[{"id":"t","kind":"trigger"}]}`))
	f.Add([]byte(`{"version":1,"nodes":[{"kind":"group"},{"kind":"send","send":{"channel":"in_app"}}],"edges":[{}]}`))
	call := automation.NewCall(fullFacts())
	f.Fuzz(func(t *testing.T, data []byte) {
		var g app.Graph
		if json.Unmarshal(data, &g) != nil {
			return
		}
		rule, simple := automation.Project(g) // must not panic on any graph
		p, err := automation.NewProgram(g)
		if err != nil {
			return
		}
		if sent := p.Match(call); len(sent) > 0 != p.Trace(call).Matched {
			t.Fatalf("match and trace differ: %v", sent)
		}
		if !p.Asks(call) && p.Run(call, full).Held {
			t.Fatal("a throttle that nobody came by holds something back")
		}
		if !simple || rule.Destinations() == 0 {
			return
		}
		again, err := automation.Compile(rule)
		if err != nil {
			t.Fatalf("the rule of a valid graph does not compile: %v", err)
		}
		if back, _ := automation.Project(again); !reflect.DeepEqual(back, rule) {
			t.Fatalf("%+v became %+v", rule, back)
		}
	})
}
