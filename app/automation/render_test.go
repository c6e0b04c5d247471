package automation_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
)

func render(t testing.TB, text string, f automation.Facts) string {
	t.Helper()
	template, err := app.ParseTemplate(text)
	if err != nil {
		t.Fatal(err)
	}
	return automation.Render(template, f, "Angry caller")
}

func TestRender(t *testing.T) {
	want := map[string]string{
		"score": "41.5", "score_reason": "rude", "tag": "normal", "sentiment": "negative", "direction": "in",
		"duration": "7:46", "customer_phone": "081-234-5678", "agent": "ธนกฤต Straße", "agent_number": "1001",
		"summary": "Customer asked for a REFUND", "topics": "Refund, Spare parts", "action_items": "call back; send part",
		"call_at": "2026-11-20 23:30", "source": "dtac", "business": "Siam Cooling", "rule": "Angry caller",
		"link": "https://crk.example/calls/1",
	}
	for _, name := range app.MessageVariables() {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(render(t, "{{"+name+"}}", fullFacts()), want[name]) // its value
			empty := "-"
			if name == app.VarRule {
				empty = want[name] // a rule always has a name
			}
			is.Equal(render(t, "{{"+name+"}}", automation.Facts{}), empty) // nothing prints "-"
		})
	}
}

func TestRenderIsPlainText(t *testing.T) {
	is := is.New(t)
	f := automation.Facts{
		Agent: `<b>&"{{link}}`, Summary: "a\x00\x1b[31mb\nc\td\r", AgentNumber: "\x01", Tag: "\xff",
		CustomerNormalized: "+66812345678", Duration: ptr(3723.9), Score: ptr(60), Link: "https://x.example",
	}
	is.Equal(render(t, "{{agent}}", f), `<b>&"{{link}}`)         // nothing is escaped, nothing filled in twice
	is.Equal(render(t, "{{summary}}", f), "a[31mb\nc\td")        // control characters go, line breaks stay
	is.Equal(render(t, "{{agent_number}}", f), "-")              // what is left of nothing is nothing
	is.Equal(render(t, "{{tag}}", f), "\ufffd")                  // broken text is marked
	is.Equal(render(t, "{{customer_phone}}", f), "+66812345678") // the number that is known
	is.Equal(render(t, "{{duration}}", f), "1:02:03")            // hours where there are some
	is.Equal(render(t, "{{score}}", f), "60")                    // whole numbers without a point

	f.Summary = strings.Repeat("ก", 100_000)
	got := render(t, "{{summary}}{{summary}}", f)
	is.True(len(got) <= automation.MaxBody)   // bounded
	is.True(len(got) > automation.MaxBody-10) // but not shorter than need be
	is.True(strings.HasSuffix(got, "…"))      // and it shows
}
