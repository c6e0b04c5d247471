package web

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crk/app"
)

// readBrief reads the form of the analysis settings as it was typed, with rows
// that hold nothing yet. Points that are no number are out of range.
func readBrief(in url.Values) app.Brief {
	at := func(name string, i int) string {
		if list := in[name]; i < len(list) {
			return list[i]
		}
		return ""
	}
	b := app.Brief{Company: in.Get("company"), Extra: in.Get("extra"), Language: in.Get("language"), Topics: splitWords(in.Get("topics"))}
	b.Version, _ = strconv.Atoi(in.Get("version")) // of a form of ours; another is at odds with what is stored
	for i, name := range in["criterion"] {
		if i > app.MaxCriteria { // one too many is enough to be refused
			break
		}
		b.Criteria = append(b.Criteria, app.Criterion{Name: name, Points: readPoints(at("points", i)), Meaning: at("meaning", i)})
	}
	for i, name := range in["list"] {
		if i > app.MaxKeywords {
			break
		}
		b.Keywords = append(b.Keywords, app.KeywordList{
			Name: name, Words: splitWords(at("words", i)), Points: readPoints(at("worth", i)), By: at("by", i), Tag: at("tag", i),
		})
	}
	return b
}

func readPoints(text string) int {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return math.MaxInt32
	}
	return n
}

// splitWords parts words at commas and line ends.
func splitWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == '،' || r == ';' })
}

// editBrief makes the change of a form's button, such as "criterion.up.2", and
// reports whether there is such a button.
func editBrief(b *app.Brief, button string) bool {
	what, rest, _ := strings.Cut(button, ".")
	verb, number, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	if verb != "add" && err != nil {
		return false
	}
	switch what {
	case "criterion":
		return editRows(&b.Criteria, verb, i, app.MaxCriteria)
	case "list":
		return editRows(&b.Keywords, verb, i, app.MaxKeywords)
	}
	return false
}

func editRows[T any](rows *[]T, verb string, i, most int) bool {
	list := *rows
	if verb == "add" {
		if len(list) < most {
			*rows = append(list, *new(T))
		}
		return true
	}
	if i < 0 || i >= len(list) {
		return false
	}
	switch verb {
	case "remove":
		*rows = slices.Delete(list, i, i+1)
	case "up":
		list[max(i-1, 0)], list[i] = list[i], list[max(i-1, 0)]
	case "down":
		next := min(i+1, len(list)-1)
		list[next], list[i] = list[i], list[next]
	default:
		return false
	}
	return true
}
