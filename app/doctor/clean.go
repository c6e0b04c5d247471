package doctor

import "regexp"

const hidden = "‹…›"

// what finds, in this order, network addresses and numbers with dots; what is
// kept although it looks like a number (times, ids, measures), which is its one
// group; and what else is hidden: keys and tokens, addresses of people and
// machines, what things are called, and telephone numbers.
var what = regexp.MustCompile(`(?i)\b\d+(?:\.\d+){2,}` +
	`|(\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b\d+\.\d+(?:e[+-]\d+)?\b)` +
	`|AGE-SECRET-KEY-[0-9A-Z-]+` +
	`|\bcrk_\w{10,}` +
	`|\b\d{6,}:[\w-]{20,}` +
	`|(?:bearer|basic)\s+[\w.~+/=-]+` +
	`|(?:https?|wss?)://[^\s"'\\]+` +
	`|[\p{L}\d._%+-]+@[\p{L}\d.-]+` +
	`|(?:name|title|email|business|agent|chat|user|summary|text)=(?:"(?:[^"\\]|\\.)*"|\S+)` +
	`|"(?:name|title|email|business|agent|chat|user|summary|text)":"(?:[^"\\]|\\.)*"` +
	`|\+?\d[\d ()./-]{5,}\d`)

// Clean hides from a text of the log what is nobody's business: secrets, e-mail
// and network addresses, telephone numbers, and the fields that hold what people
// or things are called. Times, ids and measures stay.
func Clean(text string) string {
	return what.ReplaceAllStringFunc(text, func(found string) string {
		if m := what.FindStringSubmatchIndex(found); m != nil && m[2] == 0 && m[3] == len(found) {
			return found
		}
		return hidden
	})
}
