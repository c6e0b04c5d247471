package views_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/views"
)

// TestUsageSaysHowTheBudgetStands: what is left, what is over, and what a month
// like this one leads to.
func TestUsageSaysHowTheBudgetStands(t *testing.T) {
	for name, want := range map[string][]string{
		"usage":         {"4,812", "of 6,000 minutes", "Used up around 25 Nov", "80.2 %", `width="80.20%"`, "Nov 2026 until 20 Nov", "month=2026-10"},
		"usage-paused":  {"Analysis waits", `width="80.20%"`, ">150%<", "Change the budget"},
		"usage-past":    {"Oct 2026", "month=2026-11", "80% of it is used"},
		"usage-at-once": {"minutes analysed; there is no limit", "71.4 GB", "1,204"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			var b bytes.Buffer
			is.NoErr(usageSamples(t)[name].Render(reader(t, views.English), &b))
			for _, w := range want {
				if !strings.Contains(b.String(), w) {
					t.Errorf("the page does not say %q", w)
				}
			}
		})
	}
}

// TestUsageChartsSayWhatTheyShow: who does not see the drawing hears it, and finds
// every figure.
func TestUsageChartsSayWhatTheyShow(t *testing.T) {
	is := is.New(t)
	var b strings.Builder
	is.NoErr(usageSamples(t)["usage"].Render(reader(t, views.English), &b))
	page := b.String()
	is.True(strings.Contains(page, `aria-label="Calls a day: 2,337 calls in all, most on 7 Nov with 246 calls."`))
	is.True(strings.Contains(page, "<title>7 Nov: 246 calls</title>")) // and each bar by itself
	is.True(strings.Contains(page, "12 Nov"))                          // when a threshold was reached
	is.True(!strings.Contains(page, "<title>21 Nov"))                  // days to come have none
	is.Equal(strings.Count(page, `class="f-a"`), 5)                    // the budget's bar, and today in each chart
}
