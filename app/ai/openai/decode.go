package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// loose decodes a JSON object as far as its types allow: what has another type
// than expected is left at its zero value. It fails for what is no object.
func loose(data []byte, object any) error {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(data, []byte("{")) {
		return errors.New("no JSON object")
	}
	err := json.Unmarshal(data, object)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return nil
	}
	return err
}

// A text is a string that may be written as a number. Anything else is empty.
type text string

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	var n json.Number
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
	} else if json.Unmarshal(data, &n) == nil {
		*t = text(n)
	}
	return nil
}

// tidy returns the text with single spaces.
func (t text) tidy() string { return strings.Join(strings.Fields(string(t)), " ") }

// A number may be written as a string. Anything else is 0.
type number float64

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (n *number) UnmarshalJSON(data []byte) error {
	f, err := strconv.ParseFloat(strings.TrimSpace(strings.Trim(string(data), `"`)), 64)
	if err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		*n = number(f)
	}
	return nil
}

// inNanoseconds is the least value that cannot be meant in seconds: 11 days.
const inNanoseconds = 1e6

// span reads the times of a stretch, which some servers write in nanoseconds.
func span(start, end number) (time.Duration, time.Duration) {
	unit := number(time.Second)
	if end > inNanoseconds {
		unit = 1
	}
	const most = number(48 * time.Hour)
	from := time.Duration(min(max(start*unit, 0), most))
	return from, max(from, time.Duration(min(end*unit, most)))
}

// decodeTranscript reads json, verbose_json and diarized_json of any dialect.
func decodeTranscript(body []byte) (Transcript, error) {
	var in struct {
		Text     *text
		Language text
		Duration number
		Segments []struct {
			Start, End    number
			Text, Speaker text
			NoSpeech      number `json:"no_speech_prob"`
			LogProb       number `json:"avg_logprob"`
			Compression   number `json:"compression_ratio"`
		}
	}
	if err := loose(body, &in); err != nil || in.Text == nil && in.Segments == nil {
		return Transcript{}, badAnswer("transcribe", body)
	}
	out := Transcript{Language: languageCode(string(in.Language))}
	_, out.Duration = span(0, in.Duration)
	var heard []string
	for _, s := range in.Segments {
		start, end := span(s.Start, s.End)
		if said := s.Text.tidy(); said != "" {
			heard = append(heard, said)
			out.Segments = append(out.Segments, Segment{
				Start: start, End: end, Text: said, Speaker: string(s.Speaker),
				NoSpeech: float64(s.NoSpeech), LogProb: float64(s.LogProb), Compression: float64(s.Compression),
			})
		}
	}
	slices.SortStableFunc(out.Segments, func(a, b Segment) int { return int(a.Start - b.Start) })
	if in.Text != nil {
		out.Text = in.Text.tidy()
	} else {
		out.Text = strings.Join(heard, " ")
	}
	return out, nil
}

// decodeReply reads the answer of a chat.
func decodeReply(body []byte) (Reply, error) {
	var in struct {
		Choices []struct {
			Message struct {
				Content json.RawMessage
				Refusal text
			}
			Finish text `json:"finish_reason"`
		}
	}
	if loose(body, &in) != nil || len(in.Choices) == 0 {
		return Reply{}, badAnswer("chat", body)
	}
	choice := in.Choices[0]
	content := withoutThoughts(contentText(choice.Message.Content))
	switch {
	case choice.Message.Refusal != "":
		return Reply{}, &Error{Op: "chat", Status: 200, Code: CodeRefused, Snippet: snippet(string(choice.Message.Refusal), "")}
	case choice.Finish == "content_filter":
		return Reply{}, &Error{Op: "chat", Status: 200, Code: CodeRefused}
	case choice.Finish == "length":
		return Reply{}, &Error{Op: "chat", Status: 200, Code: CodeCutOff, Snippet: snippet(content, "")}
	case content == "":
		return Reply{}, badAnswer("chat", body)
	}
	return Reply{JSON: firstObject(content), Text: content}, nil
}

// contentText reads a message's content: a string, null, or a list of parts.
func contentText(raw json.RawMessage) string {
	var s text
	if json.Unmarshal(raw, &s) == nil && s != "" {
		return string(s)
	}
	var parts []struct{ Text text }
	_ = json.Unmarshal(raw, &parts) // what cannot be read has no text
	for _, p := range parts {
		s += p.Text
	}
	return string(s)
}

// withoutThoughts cuts off what a model thinks aloud before it answers. Some
// servers give only the end of the thought.
func withoutThoughts(s string) string {
	const end = "</think>"
	if i := strings.LastIndex(s, end); i >= 0 {
		s = s[i+len(end):]
	}
	return strings.TrimSpace(s)
}

// maxObjects bounds how many opening braces are looked at: a broken answer full
// of them must not cost the square of its length.
const maxObjects = 64

// firstObject returns the first {…} that is JSON, or nil. Fences and prose
// around it do not matter.
func firstObject(s string) json.RawMessage {
	for range maxObjects {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			return nil
		}
		var object json.RawMessage
		if json.NewDecoder(strings.NewReader(s[i:])).Decode(&object) == nil {
			return object
		}
		s = s[i+1:]
	}
	return nil
}
