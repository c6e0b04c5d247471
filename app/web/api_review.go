package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A reviewRequest is what a person says of a call. Saying nothing is to agree.
type reviewRequest struct {
	Score *float64 `json:"score"`
	Note  *string  `json:"note"`
	Tag   *string  `json:"tag"`
}

// Validate checks the fields that are given.
func (r reviewRequest) Validate() error {
	var bad app.Problems
	if r.Score != nil && (*r.Score < 0 || *r.Score > 100) {
		bad.Add("score", "This must be from 0 to 100.")
	}
	if r.Tag != nil {
		checkOneOf(&bad, "tag", *r.Tag, app.Tags())
	}
	checkLength(&bad, "note", r.Note, 10_000)
	return bad.Err()
}

func (r reviewRequest) review(by app.UserID) app.Review {
	review := app.Review{Score: r.Score, By: by}
	if r.Note != nil {
		review.Note = *r.Note
	}
	if r.Tag != nil {
		review.Tag = *r.Tag
	}
	return review
}

// putReview puts a review in place of the one before.
func putReview(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[reviewRequest](c)
		if err != nil {
			return err
		}
		w := who(c)
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		r, err := db.SetReview(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), in.review(w.User.ID))
		if err != nil {
			return err
		}
		return c.JSON(showReview(r.Review))
	}
}

func deleteReview(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		if err := db.DeleteReview(c.UserContext(), w.Business.ID, w.only(), c.Params("id")); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}
