package threecx

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"crk/app/phone"
)

const (
	opTranscribed = "threecx: list transcribed recordings"
	opTranscript  = "threecx: read transcripts"
	maxTranscript = 1 << 20 // bytes of either text
	textsAtOnce   = 20      // that are asked for
)

// Transcribed implements [phone.Transcriber]. The texts are not asked for with the
// list: they are long, and most are known already. A build that does not know the
// property answers 400, which is an error of this list alone. A role that may not
// list recordings is answered from the call log, which has the texts in it.
func (c *Client) Transcribed(ctx context.Context, since, until time.Time) iter.Seq2[phone.Transcribed, error] {
	return func(yield func(phone.Transcribed, error) bool) {
		if !since.Before(until) {
			return
		}
		var text *phone.Transcript
		w := &walk{since: since, until: until, seen: map[string]bool{}, yield: func(call phone.Call, err error) bool {
			return yield(phone.Transcribed{Call: call, Text: text}, err)
		}}
		err := c.keyset(ctx, w, opTranscribed, func(after int64) string {
			return listPath("IsTranscribed eq true and "+during(since, until), after, "Id asc", "Id,StartTime,EndTime")
		})
		if isForbidden(err) {
			err = c.readLog(ctx, opTranscribed, since, until, func(raw json.RawMessage) error {
				_, call, err := readSegment(raw)
				if err != nil {
					return nil // Calls tells of it
				}
				for id, said := range readTexts(raw) {
					call.ID, text = id, &said
					if err := w.take(call); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(phone.Transcribed{}, err)
		}
	}
}

// Transcripts implements [phone.Transcriber].
func (c *Client) Transcripts(ctx context.Context, ids []string) (map[string]phone.Transcript, error) {
	all := make(map[string]phone.Transcript, len(ids))
	wanted := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !callID.MatchString(id) })
	for some := range slices.Chunk(wanted, textsAtOnce) {
		if err := c.transcripts(ctx, some, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// transcripts asks for some texts at once, and for fewer where they are too long.
func (c *Client) transcripts(ctx context.Context, ids []string, all map[string]phone.Transcript) error {
	filter := "Id eq " + strings.Join(ids, " or Id eq ")
	page, err := c.page(ctx, opTranscript, listPath(filter, 0, "Id asc", "Id,Transcription,Summary,SentimentScore"))
	if half := len(ids) / 2; phone.KindOf(err) == phone.TooMany && half > 0 {
		return errors.Join(c.transcripts(ctx, ids[:half], all), c.transcripts(ctx, ids[half:], all))
	}
	for _, raw := range page.rows {
		var t text
		if json.Unmarshal(raw, &t) == nil {
			all[string(t.ID)] = t.transcript()
		}
	}
	return err
}

// A text is what 3CX wrote down of a recording.
type text struct {
	ID        phone.Text `json:"Id"`
	Words     phone.Text `json:"Transcription"`
	Summary   phone.Text `json:"Summary"`
	Sentiment phone.Text `json:"SentimentScore"` // 1 to 5
}

func (t text) transcript() phone.Transcript {
	score, err := strconv.Atoi(string(t.Sentiment))
	if err != nil || score < 1 || score > 5 {
		score = 0
	}
	return phone.Transcript{Text: clipped(string(t.Words)), Summary: clipped(string(t.Summary)), Sentiment: score}
}

// readTexts reads what a row of the call log has of its recordings, by id; those
// of which nothing is written down are left out.
func readTexts(raw json.RawMessage) map[string]phone.Transcript {
	var v struct {
		Recordings []text `json:"Recordings"`
	}
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	said := map[string]phone.Transcript{}
	for _, t := range v.Recordings {
		if _, ok := readID(t.ID); ok {
			said[string(t.ID)] = t.transcript()
		}
	}
	maps.DeleteFunc(said, func(_ string, t phone.Transcript) bool { return t == phone.Transcript{} })
	return said
}

func clipped(s string) string {
	if len(s) > maxTranscript {
		s = s[:maxTranscript]
	}
	return strings.ToValidUTF8(s, "")
}
