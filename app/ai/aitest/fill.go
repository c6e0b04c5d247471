package aitest

import (
	"hash/fnv"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// spoken is a line of a transcript as the product's prompt writes it.
	spoken = regexp.MustCompile(`(?m)^\[(\d+)\] (\w+): (.+)$`)

	// limit is a criterion's maximum as the product's prompt names it.
	limit = regexp.MustCompile(`"([^"]+)", at most (\d+) points`)
)

// A filler makes up an object of any schema that could be an answer to what was
// asked: from a dialogue's script where the call is one of those, else from the
// words of the call.
type filler struct {
	thai   bool
	seed   uint32            // of choices: the same call is always judged alike
	script map[string]any    // by key
	lines  []utterance       // of the call
	limits map[string]string // by criterion
}

// An utterance is a line of the transcript in a prompt.
type utterance struct {
	at   float64
	text string
}

func newFiller(s *Server, messages []Message) *filler {
	f := &filler{limits: map[string]string{}}
	h := fnv.New32a()
	for _, m := range messages[:min(2, len(messages))] { // what comes later is about the answer
		h.Write([]byte(m.Content))
		f.thai = f.thai || strings.Contains(m.Content, "in Thai")
		for _, l := range spoken.FindAllStringSubmatch(m.Content, -1) {
			at, _ := strconv.ParseFloat(l[1], 64)
			f.lines = append(f.lines, utterance{at, l[3]})
		}
		for _, l := range limit.FindAllStringSubmatch(m.Content, -1) {
			f.limits[l[1]] = l[2]
		}
	}
	f.seed = h.Sum32()
	f.script = s.review(f.lines, f.thai)
	return f
}

// review is what is to be thought of a call, by the script of the dialogue of
// which it has most; nil where it has less than half of any.
func (s *Server) review(lines []utterance, thai bool) map[string]any {
	var words strings.Builder
	for _, l := range lines {
		words.WriteString(l.text + "\n")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var best Dialogue
	most := 0.5
	for _, k := range append(slices.Clone(s.known), recognition{dialogue: s.fallback}) {
		n := 0.0
		for _, l := range k.dialogue.Lines {
			if strings.Contains(words.String(), l.Text) {
				n += 1 / float64(len(k.dialogue.Lines))
			}
		}
		if n > most {
			best, most = k.dialogue, n
		}
	}
	if thai {
		return best.Reviews["th"]
	}
	return best.Reviews["en"]
}

// fill makes up a value of a schema for a key.
func (f *filler) fill(n node, key string) any {
	if v, ok := f.script[key]; ok {
		if v, fits := named(v, n); fits {
			return v
		}
	}
	kind, nullable := n.kind()
	switch {
	case len(n.Enum) > 0:
		return f.choose(n.Enum)
	case nullable:
		return nil
	case kind == "object":
		return f.object(n)
	case kind == "array" && n.Items != nil:
		return f.array(*n.Items, key)
	case kind == "integer", kind == "number":
		return f.number(key)
	case kind == "boolean":
		return f.seed%2 == 0
	}
	return f.sentence(key)
}

// named gives the entries of a script's scorecard, in their order, the names of
// the criteria that are asked for. It does not fit where those are more or fewer.
func named(v any, n node) (_ any, fits bool) {
	card, ok := v.([]map[string]any)
	if !ok || n.Items == nil || len(n.Items.Properties["criterion"].Enum) == 0 {
		return v, true
	}
	if len(n.Items.Properties["criterion"].Enum) != len(card) {
		return nil, false
	}
	out := make([]map[string]any, len(card))
	for i, entry := range card {
		out[i] = maps.Clone(entry)
		out[i]["criterion"] = n.Items.Properties["criterion"].Enum[i]
	}
	return out, true
}

// choose prefers what most calls are.
func (f *filler) choose(list []any) any {
	for _, usual := range []string{"neutral", "normal", "unknown"} {
		if slices.Contains(list, any(usual)) {
			return usual
		}
	}
	return list[f.seed%uint32(len(list))]
}

func (f *filler) object(n node) map[string]any {
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(n.Properties)) {
		out[key] = f.fill(n.Properties[key], key)
	}
	return out
}

// array has one entry for each criterion where entries are criteria, a passage of
// the call where they have a time, and else one.
func (f *filler) array(item node, key string) []any {
	out := []any{}
	if criteria := item.Properties["criterion"].Enum; len(criteria) > 0 {
		for _, c := range criteria {
			name, _ := c.(string)
			entry := f.object(item)
			most, _ := strconv.ParseFloat(f.limits[name], 64)
			entry["criterion"], entry["max"], entry["points"] = name, most, math.Floor(most*0.8)
			out = append(out, entry)
		}
		return out
	}
	if _, timed := item.Properties["at"]; timed {
		for i, l := range f.lines {
			if i%3 == 1 {
				out = append(out, map[string]any{"at": l.at, "text": l.text})
			}
		}
		return out
	}
	if key == "actionItems" {
		return out
	}
	return append(out, f.fill(item, key))
}

func (f *filler) number(key string) float64 {
	if key != "score" {
		return float64(f.seed % 10)
	}
	total := 0.0
	for _, most := range f.limits {
		v, _ := strconv.ParseFloat(most, 64)
		total += math.Floor(v * 0.8)
	}
	if total == 0 {
		return 80
	}
	return total
}

func (f *filler) sentence(key string) string {
	said := ""
	if len(f.lines) > 0 {
		said = f.lines[f.seed%uint32(len(f.lines))].text
	}
	thai, english := "ลูกค้าโทรมาสอบถาม และเจ้าหน้าที่ให้ข้อมูล", "The customer called with a question and the agent answered it."
	switch key {
	case "quote", "text":
		return said
	case "language":
		if strings.ContainsFunc(said, func(r rune) bool { return r >= 0x0e00 && r <= 0x0e7f }) {
			return "th"
		}
		return "en"
	case "topics":
		thai, english = "สอบถามข้อมูล", "Enquiry"
	case "reason", "scoreReason":
		thai, english = "เจ้าหน้าที่สุภาพและตอบตรงประเด็น แต่สรุปท้ายสายสั้นไป", "Polite and to the point, with little of a summary at the end."
	}
	if f.thai {
		return thai
	}
	return english
}
