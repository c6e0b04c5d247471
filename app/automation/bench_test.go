package automation_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"crk/app"
	"crk/app/automation"
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
