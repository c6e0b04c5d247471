package views_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/matryer/is"
	"golang.org/x/net/html"

	"crk/app"
	"crk/views"
)

// draw renders a component in English and takes it apart.
func draw(t *testing.T, c templ.Component) page {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(reader(t, views.English), &b); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return page{"", views.English, b.String(), root}
}

// byClass returns the elements of a class.
func (p page) byClass(class string) []*html.Node {
	return elements(p, func(n *html.Node) bool {
		have, _ := attr(n, "class")
		return strings.Contains(" "+have+" ", " "+class+" ")
	})
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func drawCall(t *testing.T, p views.CallPage) page {
	t.Helper()
	return draw(t, views.Call(frame("", views.AtCalls), p))
}

func TestTranscriptLanes(t *testing.T) {
	is := is.New(t)
	p := drawCall(t, callPage(t))
	turns := p.byClass("turn")
	is.Equal(len(turns), 10)
	is.Equal(len(p.byClass("cust")), 4)                                                                  // the customer's lane
	is.Equal(len(p.byClass("unk")), 1)                                                                   // nobody knows who says the last
	is.Equal(text(turns[0]), "0:02 ธนกฤต สวัสดีครับ สยามเครื่องเย็น ธนกฤตรับสายครับ ยินดีให้บริการครับ") // time, name, words
	at, _ := attr(turns[3], "data-at")
	is.Equal(at, "22") // the script finds the moment
	gaps := p.byClass("gapline")
	is.Equal(len(gaps), 2) // only pauses that are worth a line
	is.Equal(text(gaps[0]), "Silence, 23 seconds")
}

func TestPinsStandAtTheirTurns(t *testing.T) {
	is := is.New(t)
	page := callPage(t)
	page.Analysis.Highlights = append(page.Analysis.Highlights, app.Highlight{At: 85.6, Text: "just before a turn"})
	p := drawCall(t, page)
	turns := p.byClass("turn")
	pinned := map[int]string{}
	for i, turn := range turns {
		for d := range turn.Descendants() {
			if class, _ := attr(d, "class"); class == "pin u" {
				pinned[i] = text(d)
			}
		}
	}
	// In the order of the call; what is placed just before a turn belongs to it, what comes after the last one to that.
	is.Equal(pinned, map[int]string{3: "1", 6: "2", 7: "3", 9: "4"})
	flags := p.byClass("fl")
	is.Equal(len(flags), 4) // the same numbers on the waveform
}

func TestWordsAreMarked(t *testing.T) {
	for _, tt := range []struct {
		name, text, words string
		want              []string
	}{
		{"Thai inside a word", "ที่รออะไหล่อยู่", "อะไหล่", []string{"อะไหล่"}},
		{"no matter the case", "Part, PART and part", "pArt", []string{"Part", "PART", "part"}},
		{"letters that change length", "İstanbul istanbul", "istanbul", []string{"istanbul"}},
		{"markup is text", "a <b> c", "<b>", []string{"<b>"}},
		{"not there", "nothing", "x", nil},
		{"blanks are no words", "a b", "  ", nil},
		{"longer than the text", "ab", "abc", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			page := callPage(t)
			page.Transcript.Segments = []app.Segment{{Start: 1, End: 2, Speaker: app.SpeakerAgent, Text: tt.text}}
			page.Query = tt.words
			p := drawCall(t, page)
			var found []string
			for _, n := range elements(p, func(n *html.Node) bool { return n.Data == "mark" }) {
				found = append(found, text(n))
			}
			is.Equal(found, tt.want)                                                         // each place, as it was said
			is.Equal(text(p.byClass("text")[0]), strings.Join(strings.Fields(tt.text), " ")) // and nothing is lost
		})
	}
}

func TestWaveform(t *testing.T) {
	is := is.New(t)
	page := callPage(t)
	page.Audio = &app.AudioStats{
		Duration: 100, Peaks: [][]float32{{0, 0.5, 0, 0}, {0, 0, 0, 1}}, TalkRatio: []float64{0.25, 0.25},
		Talk: [][]app.Span{{{Start: 25, End: 50}}, {{Start: 75, End: 100}}}, SilenceRatio: 0.5,
	}
	p := drawCall(t, page)
	var bars []string
	for _, n := range elements(p, func(n *html.Node) bool { id, _ := attr(n, "id"); return strings.HasPrefix(id, "bars") }) {
		d, _ := attr(n, "d")
		bars = append(bars, d)
	}
	is.Equal(bars, []string{"M1.5 24V48", "M3.5 52V100"}) // the agent above the line, the customer below, the loudest in full, silence white
	var quiet []string
	for _, n := range p.byClass("quiet") {
		if n.Data == "rect" {
			x, _ := attr(n, "x")
			width, _ := attr(n, "width")
			quiet = append(quiet, x+" "+width)
		}
	}
	is.Equal(quiet, []string{"0.00% 25.00%", "50.00% 25.00%"}) // where nobody speaks
	is.True(strings.Contains(p.text, "Agent talks 25%"))

	page.Audio.Peaks, page.Audio.TalkRatio = page.Audio.Peaks[:1], page.Audio.TalkRatio[:1]
	mono := drawCall(t, page)
	is.True(strings.Contains(mono.text, `d="M1.5 0V100"`)) // one channel stands on both sides, the loudest in full
	is.True(strings.Contains(mono.text, "Both voices are in one channel"))
}

func TestScoreIsDrawn(t *testing.T) {
	for _, tt := range []struct {
		score  float64
		class  string
		dashes string
	}{
		{41, "low", "3.4 1.6 3.4 1.6 3.4 1.6 3.4 1.6 3.4 1.6 3.4 1.6 3.4 1.6 3.4 1.6 0.68 200"},
		{100, "hi", strings.Repeat("3.4 1.6 ", 20) + "0 200"},
		{0, "low", "0 200"},
		{75, "", strings.Repeat("3.4 1.6 ", 15) + "0 200"},
	} {
		t.Run(fmt.Sprint(tt.score), func(t *testing.T) {
			is := is.New(t)
			page := callPage(t)
			page.Recording.Score = &tt.score
			p := drawCall(t, page)
			dial := p.byClass("dial")[0]
			class, _ := attr(dial, "class")
			is.Equal(strings.TrimSpace(strings.TrimPrefix(class, "dial")), tt.class) // low below 60, high from 90
			is.True(strings.Contains(p.text, `stroke-dasharray="`+tt.dashes+`"`))    // a tick for each five points
		})
	}
}

func TestReasonExplainsOnlyItsOwnScore(t *testing.T) {
	is := is.New(t)
	page := callPage(t)
	is.True(strings.Contains(drawCall(t, page).text, page.Analysis.ScoreReason))
	page.Recording.Score = ptr(90.0) // a person's
	page.Recording.Review = &app.Review{Score: ptr(90.0), Name: "Ann"}
	p := drawCall(t, page)
	is.True(!strings.Contains(p.text, page.Analysis.ScoreReason)) // the AI's reason says nothing of it
	is.True(strings.Contains(p.text, "Scored by Ann"))
}

func TestPager(t *testing.T) {
	for _, tt := range []struct {
		page, total int
		want        string
	}{
		{1, 20, ""},
		{1, 45, "1 2 3"},
		{1, 184, "1 2 … 10"},
		{5, 184, "1 … 4 5 6 … 10"},
		{10, 184, "1 … 9 10"},
	} {
		t.Run(fmt.Sprint(tt.page, " of ", tt.total), func(t *testing.T) {
			is := is.New(t)
			list := callsPage(t)
			list.Page, list.Total, list.Query = tt.page, tt.total, url.Values{"tag": {"normal"}}
			p := draw(t, views.Calls(frame("", views.AtCalls), list))
			var links []string
			for d := range p.byClass("pager")[0].Descendants() {
				if d.Type == html.ElementNode && (d.Data == "a" || d.Data == "span" && d.Parent.Data == "li") && text(d) != "" {
					links = append(links, text(d))
				}
			}
			is.Equal(strings.Join(links, " "), tt.want) // the ends, the neighbours, and gaps
			if tt.page < 10 && tt.total > 20 {
				is.True(strings.Contains(p.text, fmt.Sprintf(`href="/calls?page=%d&amp;tag=normal"`, tt.page+1))) // the filters go along
			}
		})
	}
}

func TestSortLinks(t *testing.T) {
	is := is.New(t)
	list := callsPage(t)
	list.Query = url.Values{"q": {"x"}, "page": {"2"}}
	p := draw(t, views.Calls(frame("", views.AtCalls), list))
	is.True(strings.Contains(p.text, `href="/calls?q=x&amp;sort=score"`)) // by another column, from the first page
	is.True(strings.Contains(p.text, `href="/calls?dir=asc&amp;q=x"`))    // the same one turns about
	list.Query = url.Values{"sort": {"score"}}
	p = draw(t, views.Calls(frame("", views.AtCalls), list))
	is.True(strings.Contains(p.text, `href="/calls?dir=asc&amp;sort=score"`))
	is.Equal(len(p.byClass("day")), 0) // days head the list only where it is in their order
}

func TestDateRange(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"", "", "Any day"},
		{"2026-11-20", "2026-11-20", "Today"},
		{"2026-11-19", "2026-11-19", "Yesterday"},
		{"2026-11-14", "2026-11-20", "Last 7 days"},
		{"2026-11-01", "2026-11-03", "1 Nov 2026 – 3 Nov 2026"},
		{"2026-11-01", "2026-11-01", "1 Nov 2026"},
		{"2026-11-01", "", "Since 1 Nov 2026"},
		{"", "2026-11-01", "Until 1 Nov 2026"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			is := is.New(t)
			list := callsPage(t)
			list.Query = url.Values{"from": {tt.from}, "to": {tt.to}}
			p := draw(t, views.Calls(frame("", views.AtCalls), list))
			summary := elements(p, func(n *html.Node) bool { return n.Data == "summary" })
			is.Equal(text(summary[0]), tt.want) // the button says which days are shown
		})
	}
}

func TestFeedLinks(t *testing.T) {
	is := is.New(t)
	p := draw(t, views.Notifications(frame("", views.AtNotifications), views.NotificationsPage{Items: feedItems(t)}))
	is.True(strings.Contains(p.text, `href="/calls/r1"`))             // to the call
	is.True(strings.Contains(p.text, `href="https://crm.example/x"`)) // to a web page
	is.True(!strings.Contains(p.text, `javascript:`))                 // to nothing else
}

func TestWhatARuleSays(t *testing.T) {
	is := is.New(t)
	p := draw(t, ruleSamples(t)["automations"])
	is.True(strings.Contains(p.text, "Score is below 60 and Sentiment is Negative and Hour of the call (0–23) is between 8 – 18"))
	is.True(strings.Contains(p.text, "Score is below 60 or Sentiment is Negative or")) // any of them
	is.True(strings.Contains(p.text, "every call"))                                    // no condition
}

func TestDevices(t *testing.T) {
	is := is.New(t)
	p := draw(t, profileSamples(t)["profile"])
	is.True(strings.Contains(p.text, "Chrome Windows"))
	is.True(strings.Contains(p.text, "Safari iPhone"))
}
