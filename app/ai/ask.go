package ai

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"crk/app"
	"crk/app/ai/openai"
)

// ErrInvalidAnswer is returned by [Ask] where the model's answers stayed useless
// after it was told, twice, what was wrong with them.
var ErrInvalidAnswer = errors.New("ai: the model's answers stayed invalid")

const (
	maxRepairs = 2
	maxShrinks = 3    // times that the transcript is halved
	maxQuoted  = 4000 // bytes of an answer that it is shown again
)

// Ask has a model analyse a call whose transcript has words in it. The result
// keeps this package's promises: what the model says is within the closed lists
// and bounds, and every quote occurs in the transcript.
//
// The error wraps [ErrInvalidAnswer], is an [*openai.Error], or is ctx's. What the
// answers took is told in any case.
func Ask(ctx context.Context, client *openai.Client, cfg openai.Config, c Call) (app.Analysis, openai.Usage, error) {
	limit := maxTranscript
	used := openai.Usage{Known: true}
	for shrinks := 0; ; shrinks++ {
		analysis, err := converse(ctx, client, cfg, c, limit, &used)
		var e *openai.Error
		if shrinks < maxShrinks && errors.As(err, &e) && e.Code == openai.CodeContextLength {
			limit = min(limit, len([]rune(transcriptLines(c.Transcript, limit)))) / 2
			continue
		}
		return analysis, used, err
	}
}

// converse asks once and, where the answer is not valid, has it repaired. What
// that takes is added to used.
func converse(ctx context.Context, client *openai.Client, cfg openai.Config, c Call, limit int, used *openai.Usage) (app.Analysis, error) {
	messages := prompt(c, limit)
	for repairs := 0; ; repairs++ {
		var a app.Analysis
		reply, err := client.Chat(ctx, cfg, messages, schema(c.Brief.Criteria))
		if reply.Usage != (openai.Usage{}) {
			*used = used.Add(reply.Usage)
		}
		if err == nil {
			if a, err = check(reply.JSON, c); err == nil {
				return a, nil
			}
		} else if cut := (*openai.Error)(nil); errors.As(err, &cut) && cut.Code == openai.CodeCutOff {
			err = invalid{"the answer was cut off because it was too long: be much briefer"}
		}
		var wrong invalid
		if !errors.As(err, &wrong) {
			return app.Analysis{}, err
		}
		if repairs == maxRepairs {
			return app.Analysis{}, fmt.Errorf("%w: %w", ErrInvalidAnswer, wrong)
		}
		if reply.Text != "" {
			said := strings.ToValidUTF8(reply.Text[:min(len(reply.Text), maxQuoted)], "")
			messages = append(messages, openai.Message{Role: "assistant", Content: said})
		}
		messages = append(messages, openai.Message{Role: "user",
			Content: "That answer cannot be used: " + wrong.Error() + ". Answer again with the whole JSON object and nothing else."})
	}
}

// invalid is what is wrong with an answer, told so that a model can mend it.
type invalid []string

// Error implements error.
func (i invalid) Error() string { return strings.Join(i, "; ") }
