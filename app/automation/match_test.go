package automation_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
)

func ptr(f float64) *float64 { return &f }

// fullFacts has a value for everything. In Bangkok the call was on Friday, 20
// November 2026, at 23:30; in UTC still at 16:30.
func fullFacts() automation.Facts {
	return automation.Facts{
		Score: ptr(41.5), Duration: ptr(466), TalkRatio: ptr(0.8), SilenceRatio: ptr(0.2),
		Tag: "normal", Sentiment: "negative", Direction: "in", Source: "dtac", Language: "th",
		CustomerPhone: "081-234-5678", CustomerNormalized: "+66812345678",
		Agent: "ธนกฤต Straße", AgentNumber: "1001",
		Summary: "Customer asked for a REFUND", Transcript: "สวัสดีครับ อีกเจ้า ถูกกว่า",
		Topics: []string{"Refund", "Spare parts"}, ActionItems: []string{"call back", "send part"},
		CallAt: time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC), Zone: time.FixedZone("Asia/Bangkok", 7*3600),
		ScoreReason: "rude", Business: "Siam Cooling", Link: "https://crk.example/calls/1",
	}
}

// program compiles a rule of the given conditions.
func program(t testing.TB, match, conditions string) *automation.Program {
	t.Helper()
	r := app.Rule{Name: "Rule", Match: match, Message: "{{tag}}", InApp: true}
	if err := json.Unmarshal([]byte("["+conditions+"]"), &r.Conditions); err != nil {
		t.Fatal(err)
	}
	g, err := automation.Compile(r)
	if err != nil {
		t.Fatalf("%s: %v", conditions, err)
	}
	p, err := automation.NewProgram(g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMatchOperators(t *testing.T) {
	for _, tt := range []struct {
		field, op, value string
		full, none       bool // met by a call with everything, by one with nothing
	}{
		{"score", "eq", `41.5`, true, false},
		{"score", "eq", `"41.50"`, true, false},
		{"score", "eq", `41`, false, false},
		{"score", "ne", `41`, true, true},
		{"score", "ne", `41.5`, false, true},
		{"score", "gt", `41.4`, true, false},
		{"score", "gt", `41.5`, false, false},
		{"score", "gte", `41.5`, true, false},
		{"score", "gte", `42`, false, false},
		{"score", "lt", `42`, true, false},
		{"score", "lt", `41.5`, false, false},
		{"score", "lte", `41.5`, true, false},
		{"score", "lte", `41`, false, false},
		{"score", "between", `[41.5,50]`, true, false},
		{"score", "between", `[30,41.5]`, true, false},
		{"score", "between", `[42,50]`, false, false},
		{"score", "between", `[30,41]`, false, false},
		{"score", "is_empty", `null`, false, true},
		{"score", "is_not_empty", `null`, true, false},
		{"duration", "gte", `466`, true, false},
		{"talk_ratio", "gt", `0.5`, true, false},
		{"silence_ratio", "lt", `0.5`, true, false},
		{"tag", "eq", `"normal"`, true, false},
		{"tag", "ne", `"normal"`, false, true},
		{"tag", "ne", `"short"`, true, true},
		{"tag", "in", `["short","normal"]`, true, false},
		{"tag", "in", `["short","other"]`, false, false},
		{"tag", "in", `"normal"`, true, false},
		{"tag", "not_in", `["short","other"]`, true, true},
		{"tag", "not_in", `["short","normal"]`, false, true},
		{"tag", "is_empty", `null`, false, true},
		{"tag", "is_not_empty", `null`, true, false},
		{"sentiment", "eq", `"negative"`, true, false},
		{"direction", "in", `["in","out"]`, true, false},
		{"source", "eq", `"dtac"`, true, false},
		{"language", "eq", `"TH"`, true, false},
		{"customer_phone", "eq", `"0812345678"`, true, false},
		{"customer_phone", "eq", `"081-234-5678"`, true, false},
		{"customer_phone", "eq", `"+66 81 234 5678"`, true, false},
		{"customer_phone", "eq", `812345678`, false, false},
		{"customer_phone", "starts_with", `"+66"`, true, false},
		{"customer_phone", "starts_with", `"081"`, true, false},
		{"customer_phone", "starts_with", `"02"`, false, false},
		{"customer_phone", "not_contains", `"999"`, true, true},
		{"customer_phone", "not_contains", `"+66"`, false, true},
		{"customer_phone", "in", `["1","0812345678"]`, true, false},
		{"agent", "contains", `"STRA"`, true, false},
		{"agent", "starts_with", `"ธนกฤต"`, true, false},
		{"agent", "starts_with", `"กฤต"`, false, false},
		{"agent", "is_empty", `null`, false, true},
		{"agent_number", "eq", `1001`, true, false},
		{"agent_number", "ne", `"1001"`, false, true},
		{"summary", "contains", `"refund"`, true, false},
		{"summary", "contains", `"return"`, false, false},
		{"summary", "not_contains", `"return"`, true, true},
		{"summary", "not_contains", `"refund"`, false, true},
		{"summary", "eq", `"  customer asked for a refund "`, true, false},
		{"summary", "is_not_empty", `null`, true, false},
		{"transcript", "contains", `"อีกเจ้า"`, true, false},
		{"transcript", "contains", `"อีกเจา"`, false, false},
		{"topic", "eq", `"refund"`, true, false},
		{"topic", "eq", `"parts"`, false, false},
		{"topic", "ne", `"refund"`, false, true},
		{"topic", "ne", `"delivery"`, true, true},
		{"topic", "contains", `"PARTS"`, true, false},
		{"topic", "not_contains", `"parts"`, false, true},
		{"topic", "starts_with", `"spare"`, true, false},
		{"topic", "in", `["delivery","spare parts"]`, true, false},
		{"topic", "is_empty", `null`, false, true},
		{"topic", "is_not_empty", `null`, true, false},
		{"call_hour", "eq", `23`, true, false},
		{"call_hour", "ne", `16`, true, true},
		{"call_hour", "between", `[22,5]`, true, false},
		{"call_hour", "between", `[23,5]`, true, false},
		{"call_hour", "between", `[18,23]`, true, false},
		{"call_hour", "between", `[8,17]`, false, false},
		{"call_hour", "not_in", `[22,23]`, false, true},
		{"call_weekday", "eq", `5`, true, false},
		{"call_weekday", "in", `[6,7]`, false, false},
		{"call_weekday", "between", `[6,4]`, false, false},
		{"call_weekday", "between", `[5,1]`, true, false},
		{"call_weekday", "is_empty", `null`, false, true},
	} {
		t.Run(tt.field+" "+tt.op+" "+tt.value, func(t *testing.T) {
			is := is.New(t)
			p := program(t, "", `{"field":"`+tt.field+`","op":"`+tt.op+`","value":`+tt.value+`}`)
			is.Equal(len(p.Match(automation.NewCall(fullFacts()))) > 0, tt.full)        // a call with everything
			is.Equal(len(p.Match(automation.NewCall(automation.Facts{}))) > 0, tt.none) // a call with nothing
		})
	}
}

func TestBlankIsMissing(t *testing.T) {
	is := is.New(t)
	p := program(t, "", `{"field":"agent","op":"is_empty"},{"field":"topic","op":"is_empty"},{"field":"customer_phone","op":"is_empty"}`)
	call := automation.NewCall(automation.Facts{Agent: " \n", Topics: []string{"", " "}, CustomerPhone: "-"})
	is.Equal(len(p.Match(call)), 1) // blank texts are missing
}

func TestZeroIsNotMissing(t *testing.T) {
	is := is.New(t)
	p := program(t, "", `{"field":"score","op":"is_not_empty"},{"field":"score","op":"lt","value":1}`)
	is.Equal(len(p.Match(automation.NewCall(automation.Facts{Score: ptr(0)}))), 1) // a score of 0 is a score
}

func TestCase(t *testing.T) {
	for _, tt := range []struct {
		name, given, asked string
		want               bool
	}{
		{"ASCII", "REFUND", "refund", true},
		{"Greek final sigma", "ΟΔΟΣ", "οδος", true},
		{"Cyrillic", "ПРИВЕТ", "привет", true},
		{"the Kelvin sign", "5 K", "5 k", true},
		{"the long s", "ſunny", "Sunny", true},
		{"accents count", "résumé", "RESUME", false},
		{"Thai", "โทรกลับ", "โทรกลับ", true},
		{"a Thai tone mark counts", "ใกล้", "ใกล", true}, // contained in it
		{"another Thai vowel", "ใกล้", "ไกล้", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			value, err := json.Marshal(tt.asked)
			is.NoErr(err) // text is JSON
			p := program(t, "", `{"field":"summary","op":"contains","value":`+string(value)+`}`)
			call := automation.NewCall(automation.Facts{Summary: tt.given})
			is.Equal(len(p.Match(call)) > 0, tt.want) // found without case
		})
	}
}

func TestMatchAllAny(t *testing.T) {
	const yes, no = `{"field":"tag","op":"eq","value":"normal"}`, `{"field":"tag","op":"eq","value":"short"}`
	for _, tt := range []struct {
		name, match, conditions string
		want                    bool
	}{
		{"all of none", "all", "", true},
		{"any of none", "any", "", true},
		{"all of two", "all", yes + "," + yes, true},
		{"all but one", "all", yes + "," + no, false},
		{"any of two", "any", no + "," + yes, true},
		{"none of two", "any", no + "," + no, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			got := program(t, tt.match, tt.conditions).Match(automation.NewCall(fullFacts()))
			is.Equal(len(got) > 0, tt.want) // conditions taken together
		})
	}
}

func TestMatchSends(t *testing.T) {
	is := is.New(t)
	r := fullRule()
	r.Severity = app.Critical
	g, err := automation.Compile(r)
	is.NoErr(err) // the rule compiles
	p, err := automation.NewProgram(g)
	is.NoErr(err) // the graph can be run

	send := automation.Sending{NodeID: "telegram", Channel: app.ChannelTelegram, To: []string{"c1", "c2"},
		Title: "Full", Body: "41.5", Severity: app.Critical}
	discord, feed := send, send
	discord.NodeID, discord.Channel, discord.To = "discord", app.ChannelDiscord, []string{"w1"}
	feed.NodeID, feed.Channel, feed.To = "in_app", app.ChannelInApp, nil
	is.Equal(p.Match(automation.NewCall(fullFacts())), []automation.Sending{send, discord, feed}) // what is sent, and where

	facts := fullFacts()
	facts.Score = ptr(60)
	is.Equal(p.Match(automation.NewCall(facts)), nil) // nothing for a call of another kind
}

// branching goes to one message or the other by the tag, and to the second by two ways.
func branching(t testing.TB) *automation.Program {
	t.Helper()
	group := func(id, tag string) app.Node {
		return app.Node{ID: id, Kind: app.NodeGroup, Group: &app.Group{Match: app.MatchAll, Groups: []app.Group{
			{Match: app.MatchAny, Conditions: []app.Condition{{Field: app.FieldTag, Op: app.OpEq, Value: app.TextValue(tag)}}},
		}}}
	}
	message := func(id string) app.Node {
		return app.Node{ID: id, Kind: app.NodeMessage, Message: &app.MessageText{Text: id + " {{score}}", Severity: app.Info}}
	}
	send := func(id, channel string, to ...string) app.Node {
		return app.Node{ID: id, Kind: app.NodeSend, Send: &app.Send{Channel: channel, To: to}}
	}
	p, err := automation.NewProgram(app.Graph{
		Version: app.GraphVersion,
		Name:    "Branching",
		Nodes: []app.Node{
			send("s1", app.ChannelTelegram, "c"), message("m1"), message("m2"), group("g1", "normal"), group("g2", "short"),
			{ID: "t", Kind: app.NodeTrigger}, send("s2", app.ChannelInApp),
		},
		Edges: []app.Edge{
			{From: "t", To: "g1"}, {From: "g1", Exit: app.ExitYes, To: "m1"}, {From: "m1", To: "s1"},
			{From: "g1", Exit: app.ExitNo, To: "g2"}, {From: "g1", Exit: app.ExitNo, To: "m2"},
			{From: "g2", Exit: app.ExitYes, To: "m2"}, {From: "m2", To: "s2"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMatchBranches(t *testing.T) {
	for _, tt := range []struct {
		name, tag, body string
		fired           string
	}{
		{"the first group's yes", "normal", "m1 -", "s1 m1 g1 t"},
		{"its no, by two ways", "short", "m2 -", "m2 g1 g2 t s2"},
		{"its no, by one", "other", "m2 -", "m2 g1 t s2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p, call := branching(t), automation.NewCall(automation.Facts{Tag: tt.tag})
			sent := p.Match(call)
			is.Equal(len(sent), 1)          // a node happens once
			is.Equal(sent[0].Body, tt.body) // with the message of its branch
			trace := p.Trace(call)
			var fired []string
			for _, n := range trace.Nodes {
				if n.Fired {
					fired = append(fired, n.ID)
				}
			}
			is.Equal(strings.Join(fired, " "), tt.fired) // the trace names the nodes on the way
			is.True(trace.Matched)                       // and that something is sent
			is.Equal(trace.Message, tt.body)             // and what is said
		})
	}
}

// TestTraceAgrees holds the dry run to what would really happen.
func TestTraceAgrees(t *testing.T) {
	is := is.New(t)
	r := rand.New(rand.NewPCG(3, 4))
	matched := 0
	for range 2000 {
		g, err := automation.Compile(randomRule(r))
		is.NoErr(err) // a valid rule compiles
		p, err := automation.NewProgram(g)
		is.NoErr(err) // and runs
		call := automation.NewCall(fullFacts())
		sent := p.Match(call)
		is.Equal(p.Match(call), sent) // the same answer every time
		trace := p.Trace(call)
		is.Equal(trace.Matched, len(sent) > 0) // the trace agrees
		if len(sent) > 0 {
			matched++
			is.Equal(trace.Message, sent[0].Body) // in what is said too
		}
	}
	is.True(matched > 100 && matched < 1900) // both kinds were seen
}

func TestTrace(t *testing.T) {
	is := is.New(t)
	p := program(t, "any", `{"field":"score","op":"gt","value":"50"},{"field":"topic","op":"eq","value":"x"},`+
		`{"field":"customer_phone","op":"eq","value":"02"},{"field":"language","op":"is_empty"},{"field":"transcript","op":"eq","value":"y"}`)
	facts := fullFacts()
	facts.Language = ""
	facts.Transcript = strings.Repeat("ก", 500)
	trace := p.Trace(automation.NewCall(facts))
	is.True(trace.Matched) // one of the conditions is met
	got, err := json.Marshal(trace.Nodes[1])
	is.NoErr(err) // a trace is JSON
	is.Equal(string(got), `{"id":"when","kind":"group","fired":true,"exit":"yes","group":{"match":"any","met":true,"conditions":[`+
		`{"field":"score","op":"gt","value":"50","actual":41.5,"met":false},`+
		`{"field":"topic","op":"eq","value":"x","actual":["Refund","Spare parts"],"met":false},`+
		`{"field":"customer_phone","op":"eq","value":"02","actual":"081-234-5678","met":false},`+
		`{"field":"language","op":"is_empty","actual":null,"met":true},`+
		`{"field":"transcript","op":"eq","value":"y","actual":"`+strings.Repeat("ก", 200)+`…","met":false}]}}`) // every condition, with what was found

	facts.Language = "th"
	trace = p.Trace(automation.NewCall(facts))
	is.True(!trace.Matched)             // nothing would be sent
	is.Equal(trace.Message, "normal")   // what it would say is still shown
	is.Equal(trace.Nodes[1].Exit, "no") // the flow took the other exit
	for i, fired := range []bool{true, false, false, false} {
		is.Equal(trace.Nodes[i].Fired, fired) // only the trigger fired
	}
	is.Equal(trace.Nodes[3].Channel, app.ChannelInApp) // where it would have gone
}
