package automation_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"crk/app"
	"crk/app/automation"
	"crk/store/storetest"
)

// BenchmarkMatch compares one call of about ten minutes with 1,000 rules of
// several conditions; one in four looks through the transcript.
func BenchmarkMatch(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	programs := make([]*automation.Program, 1000)
	for i := range programs {
		rule := randomRule(r)
		if i%4 == 0 {
			rule.Conditions = []app.Condition{{Field: app.FieldTranscript, Op: app.OpContains, Value: app.TextValue("ที่อื่นถูกกว่า")}}
		}
		g, err := automation.Compile(rule)
		if err != nil {
			b.Fatal(err)
		}
		if programs[i], err = automation.NewProgram(g); err != nil {
			b.Fatal(err)
		}
	}
	facts := fullFacts()
	facts.Transcript = strings.Repeat("สวัสดีครับ ต้องการสอบถามเรื่องอะไหล่คอมเพรสเซอร์ ", 80)
	for b.Loop() {
		call := automation.NewCall(facts)
		for _, p := range programs {
			p.Match(call)
		}
	}
}

// BenchmarkFlows compares one call with 1,000 flows that have a node of every
// kind.
func BenchmarkFlows(b *testing.B) {
	programs := make([]*automation.Program, 1000)
	for i := range programs {
		var err error
		if programs[i], err = automation.NewProgram(wideGraph()); err != nil {
			b.Fatal(err)
		}
	}
	facts := fullFacts()
	facts.CallAt = time.Date(2026, 11, 20, 10, 0, 0, 0, facts.Zone)
	for b.Loop() {
		call := automation.NewCall(facts)
		for _, p := range programs {
			p.Run(call, func(string, app.Throttle, string) int { return 0 })
		}
	}
}

// BenchmarkNewProgram makes one stored rule ready to run.
func BenchmarkNewProgram(b *testing.B) {
	g, err := automation.Compile(fullRule())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := automation.NewProgram(g); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun is a whole job for a business with 1,000 rules, of which none
// matches: reading, making ready, comparing, finishing.
func BenchmarkRun(b *testing.B) {
	f := storetest.New(b)
	call := f.Call(b, f.Business.ID)
	calm := fullRule()
	calm.TelegramChatIDs, calm.DiscordWebhookIDs = nil, nil
	calm.Conditions[0].Value = app.NumberValue(1)
	for range 1000 {
		create(b, f, f.Business.ID, calm)
	}
	e := engine(f)
	for b.Loop() {
		if err := f.QueueJob(b.Context(), app.Job{Kind: app.JobAutomate, BusinessID: f.Business.ID, Key: call}); err != nil {
			b.Fatal(err)
		}
		f.Drain(b, e.Run, app.JobAutomate)
	}
}
