package views_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/net/html"

	"crk/app"
	"crk/views"
)

// TestTheBackfillSaysWhatIsSo: what stands still promises nothing.
func TestTheBackfillSaysWhatIsSo(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*views.ProviderPage)
		says, not []string
	}{
		{"goes on", func(p *views.ProviderPage) {},
			[]string{"Going back", "28% · about", "Read back to 20 Oct 2026, on the way to 20 Aug 2026"}, []string{"It goes on"}},
		{"failed", func(p *views.ProviderPage) {
			p.Backfill.Error, p.Backfill.NextAt = "unreachable", noon(t).Add(time.Minute)
		},
			[]string{"Waits", "It goes on at 14:33", "28% · about"}, []string{"Going back"}},
		{"failed, and its time has come", func(p *views.ProviderPage) {
			p.Backfill.Error, p.Backfill.NextAt = "unreachable", noon(t).Add(-time.Minute)
		},
			[]string{"It goes on in a moment"}, []string{"It goes on at"}},
		{"the system is away for longer", func(p *views.ProviderPage) {
			p.Backfill.Error, p.Backfill.NextAt, p.Health.OpenUntil = "unreachable", noon(t).Add(time.Minute), noon(t).Add(time.Hour)
		}, []string{"Waits", "It goes on at 15:32"}, []string{"14:33", "about 5 minutes left", "Going back"}},
		{"the integration is paused", func(p *views.ProviderPage) { p.Active, p.Backfill.Error = false, "unreachable" },
			[]string{"Waits for the integration"}, []string{"Going back", "It goes on", "% · about"}},
		{"the integration is stopped", func(p *views.ProviderPage) { p.State, p.Backfill.Error = app.ProviderStopped, "unreachable" },
			[]string{"Waits for the integration"}, []string{"Going back", "It goes on", "% · about"}},
		{"done", func(p *views.ProviderPage) { p.Backfill.State = app.BackfillDone },
			[]string{"Done", "Read back to 20 Aug 2026"}, []string{"on the way", "% · about"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p := providerPage(t)
			p.Active, p.State, p.Health, p.Test, p.Silent, p.Rate = true, app.ProviderOK, app.SyncHealth{}, nil, nil, 0
			p.Backfill.Error, p.Runs = "", nil
			tt.change(&p)
			var b strings.Builder
			is.NoErr(views.Provider(frame("Providers", views.AtSettings), p).Render(reader(t, views.English), &b))
			root, err := html.Parse(strings.NewReader(b.String()))
			is.NoErr(err)
			shown := strings.Join(strings.Fields(text(root)), " ")
			_, shown, _ = strings.Cut(shown, "Older calls")
			shown, _, _ = strings.Cut(shown, "Compared with the phone system")
			for _, words := range tt.says {
				if !strings.Contains(shown, words) {
					t.Errorf("it does not say %q: %s", words, shown)
				}
			}
			for _, words := range tt.not {
				if strings.Contains(shown, words) {
					t.Errorf("it says %q: %s", words, shown)
				}
			}
		})
	}
}
