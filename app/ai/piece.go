package ai

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"crk/app"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/store"
)

// promptLength is how much of what was said before a model is told, in
// characters: it keeps names spelled alike.
const promptLength = 200

// A cutter has a call transcribed in pieces, each once.
type cutter struct {
	db        *store.Store
	server    Server
	cfg       openai.Config
	recording app.Recording
	file      *audio.File
}

// heard is what was said in a piece.
type heard struct {
	piece  audio.Piece
	answer openai.Transcript
}

// pieces transcribes what is worth it in each channel. Two channels with the same
// sound are one.
func (c *cutter) pieces(ctx context.Context, stats app.AudioStats, length time.Duration) (out []heard, err error) {
	channels := len(stats.Talk)
	if stats.Same {
		channels = min(channels, 1)
	}
	for channel := range channels {
		before := ""
		for _, p := range audio.Plan(stats, channel, length) {
			answer, err := c.piece(ctx, p, before)
			if err != nil {
				return nil, err
			}
			out = append(out, heard{p, answer})
			said := []rune(answer.Text)
			before = string(said[max(0, len(said)-promptLength):])
		}
	}
	return out, nil
}

// piece returns the server's answer for a piece, the stored one where it was
// asked before. An answer is stored before it is used.
func (c *cutter) piece(ctx context.Context, p audio.Piece, before string) (answer openai.Transcript, err error) {
	hash, err := c.hash(p, before)
	if err != nil {
		return answer, err
	}
	stored, err := c.db.Chunk(ctx, c.recording.BusinessID, c.recording.ID, hash)
	if err != nil {
		return answer, err
	}
	if stored != nil && json.Unmarshal(stored, &answer) == nil {
		return answer, nil
	}
	sound, err := c.cut(p)
	if err != nil {
		return answer, err
	}
	answer, err = c.server.client.Transcribe(ctx, c.cfg, openai.Sound{
		Name: "call.wav", ContentType: "audio/wav", Size: sound.Size(), Prompt: before,
		Duration: time.Duration(p.Duration() * float64(time.Second)),
		Open:     func() (io.Reader, error) { return c.cut(p) },
	})
	if err != nil {
		return answer, err
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return answer, err
	}
	return answer, c.db.SaveChunk(ctx, hash, raw, c.use(p, answer.Usage))
}

// use is what a piece is recorded as: the sound that was sent, where the server
// does not measure it.
func (c *cutter) use(p audio.Piece, u openai.Usage) app.AIUse {
	if u.Audio == 0 {
		u.Audio = p.Duration()
	}
	u.Known = true
	return c.server.use(c.recording.BusinessID, c.recording.ID, app.TaskTranscription, app.CauseCall, u)
}

// hash names a request by all that its answer depends on.
func (c *cutter) hash(p audio.Piece, before string) ([]byte, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%q\x00%s\x00", c.cfg.BaseURL, c.cfg.Model, c.cfg.Language, c.cfg.Extra, before)
	sound, err := c.cut(p)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(h, sound); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// cut opens a piece from its beginning.
func (c *cutter) cut(p audio.Piece) (*audio.WAV, error) {
	d, err := audio.NewDecoder(c.file.Reader())
	if err != nil {
		return nil, err
	}
	return audio.Cut(d, p), nil
}
