package threecx

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"

	"crk/app/phone"
)

const (
	opTranscribed = "threecx: list transcribed recordings"
	opTranscript  = "threecx: read a transcript"
	maxTranscript = 1 << 20 // bytes of either text
)

// Transcribed implements [phone.Transcriber]. The texts are not asked for with the
// list: they are long, and most are known already. A build that does not know the
// property answers 400, which is an error of this list alone.
func (c *Client) Transcribed(ctx context.Context, since, until time.Time) iter.Seq2[phone.Call, error] {
	return func(yield func(phone.Call, error) bool) {
		if !since.Before(until) {
			return
		}
		w := &walk{since: since, until: until, yield: yield, seen: map[string]bool{}}
		err := c.keyset(ctx, w, opTranscribed, func(after int64) string {
			return listPath("IsTranscribed eq true and "+during(since, until), after, "Id asc", "Id,StartTime,EndTime")
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(phone.Call{}, err)
		}
	}
}

// Transcript implements [phone.Transcriber].
func (c *Client) Transcript(ctx context.Context, id string) (phone.Transcript, error) {
	if !callID.MatchString(id) {
		return phone.Transcript{}, &phone.Error{Kind: phone.NotYet, Op: opTranscript, Detail: "no recording can have this id"}
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return phone.Transcript{}, &phone.Error{Kind: phone.NotYet, Op: opTranscript, Err: err}
	}
	page, err := c.page(ctx, opTranscript, pathRecordings+"?$filter="+escape("Id eq "+strconv.FormatInt(n, 10))+
		"&$top=1&$select=Id,Transcription,Summary")
	if err != nil {
		return phone.Transcript{}, err
	}
	for _, raw := range page.rows {
		var v struct {
			Text    phone.Text `json:"Transcription"`
			Summary phone.Text `json:"Summary"`
		}
		if json.Unmarshal(raw, &v) == nil {
			return phone.Transcript{Text: clipped(string(v.Text)), Summary: clipped(string(v.Summary))}, nil
		}
	}
	return phone.Transcript{}, &phone.Error{Kind: phone.NotYet, Op: opTranscript}
}

func clipped(s string) string {
	if len(s) > maxTranscript {
		s = s[:maxTranscript]
	}
	return strings.ToValidUTF8(s, "")
}
