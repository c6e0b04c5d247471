package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A summaryView is an analysis as the API shows it: what was found, and not by
// whom.
type summaryView struct {
	Summary     string          `json:"summary"`
	Score       *float64        `json:"score"`
	ScoreReason string          `json:"scoreReason"`
	Sentiment   *string         `json:"sentiment"`
	Tag         *string         `json:"tag"`
	Topics      []string        `json:"topics"`
	ActionItems []string        `json:"actionItems"`
	Highlights  []app.Highlight `json:"highlights"`
	Scorecard   []criterionView `json:"scorecard"`
}

// A criterionView is a line of the scorecard as the API shows it.
type criterionView struct {
	Criterion string  `json:"criterion"`
	Points    float64 `json:"points"`
	Max       float64 `json:"max"`
	Reason    string  `json:"reason"`
}

func showSummary(a app.Analysis) summaryView {
	return summaryView{
		Summary: a.Summary, Score: a.Score, ScoreReason: a.ScoreReason, Sentiment: orNil(a.Sentiment), Tag: orNil(a.Tag),
		Topics: append([]string{}, a.Topics...), ActionItems: append([]string{}, a.ActionItems...),
		Highlights: append([]app.Highlight{}, a.Highlights...),
		Scorecard: mapped(a.Scorecard, func(s app.ScorecardItem) criterionView {
			return criterionView{s.Criterion, s.Points, s.Max, s.Reason}
		}),
	}
}

// getSummary answers with the analysis as it was made; a review does not change it.
func getSummary(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		r, err := db.Recording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		a, err := db.Analysis(c.UserContext(), w.Business.ID, r.ID)
		if err != nil {
			return err
		}
		if a == nil {
			return &app.Error{Kind: app.NotFound, Code: "not_found", Message: "This recording has not been analysed yet."}
		}
		return c.JSON(showSummary(*a))
	}
}

// A reextractRequest says which stage to start again.
type reextractRequest struct {
	Stage *string `json:"stage"`
}

// Validate checks the stage.
func (r reextractRequest) Validate() error {
	var bad app.Problems
	if r.Stage != nil {
		checkOneOf(&bad, "stage", *r.Stage, []string{"transcription", "analysis"})
	}
	return bad.Err()
}

// job is the stage's; without one named it is the first.
func (r reextractRequest) job() app.JobKind {
	if r.Stage != nil && *r.Stage == "analysis" {
		return app.JobAnalyse
	}
	return app.JobTranscribe
}

func reextract(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decodeOptional[reextractRequest](c)
		if err != nil {
			return err
		}
		w := who(c)
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		r, err := db.Reextract(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), in.job())
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusAccepted).JSON(fiber.Map{"id": r.ID, "processingStatus": r.Status})
	}
}
