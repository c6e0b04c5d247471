package openai

import "encoding/json"

// A Usage is what a server says that an answer took. Known is false where it
// does not say.
type Usage struct {
	Known  bool
	Input  int64   // tokens read
	Output int64   // tokens written, thoughts among them
	Audio  float64 // seconds of sound; 0 where it counts tokens instead
}

// Add returns the sum of two uses, which is known where both are.
func (u Usage) Add(other Usage) Usage {
	return Usage{
		Known: u.Known && other.Known, Input: u.Input + other.Input, Output: u.Output + other.Output, Audio: u.Audio + other.Audio,
	}
}

// decodeUsage reads the usage of any answer: tokens under either pair of names,
// or seconds.
func decodeUsage(body []byte) (u Usage) {
	var in struct {
		Usage json.RawMessage
	}
	var says struct {
		Prompt     number `json:"prompt_tokens"`
		Completion number `json:"completion_tokens"`
		Input      number `json:"input_tokens"`
		Output     number `json:"output_tokens"`
		Seconds    number
	}
	if loose(body, &in) != nil || loose(in.Usage, &says) != nil {
		return u
	}
	u.Input, u.Output = count(max(says.Prompt, says.Input)), count(max(says.Completion, says.Output))
	u.Audio = float64(min(max(says.Seconds, 0), 48*3600))
	u.Known = u.Input > 0 || u.Output > 0 || u.Audio > 0
	return u
}

// count is a number of tokens, within what one answer can be about: the sums of
// many stay far inside 64 bits.
func count(n number) int64 {
	const most = 1e9
	return int64(min(max(n, 0), most))
}

// guess is a usage for servers that do not say: tokens are about four bytes of
// text, in Thai as in English.
func guess(read, written int) Usage {
	return Usage{Input: int64(read+3) / 4, Output: int64(written+3) / 4}
}
