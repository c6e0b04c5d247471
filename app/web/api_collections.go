package web

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A collectionView is a collection as the API shows it. itemCount is of the
// recordings that the asker sees.
type collectionView struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Color       string  `json:"color"`
	ItemCount   int     `json:"itemCount"`
	CreatedAt   *string `json:"createdAt"`
	UpdatedAt   *string `json:"updatedAt"`
}

func showCollection(c app.Collection) collectionView {
	return collectionView{c.ID, c.Name, c.Description, c.Color, c.Items, timeText(c.CreatedAt), timeText(c.UpdatedAt)}
}

// listCollections shows a page of the business's collections, newest first.
func listCollections(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		limit, offset := q.page(200)
		if err := q.err(); err != nil {
			return err
		}
		items, total, err := db.Collections(c.UserContext(), w.Business.ID, w.only(), limit, offset)
		if err != nil {
			return err
		}
		return c.JSON(list[collectionView]{mapped(items, showCollection), total, limit, offset})
	}
}

// getCollection shows a collection with a page of its recordings, newest call
// first.
func getCollection(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		limit, offset := q.page(20)
		if err := q.err(); err != nil {
			return err
		}
		found, err := db.Collection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		items, total, err := db.Recordings(c.UserContext(), w.Business.ID, app.RecordingFilter{
			CollectionID: found.ID, OnlyAgents: w.only(), Limit: limit, Offset: offset,
		})
		if err != nil {
			return err
		}
		return c.JSON(struct {
			collectionView
			Recordings list[recordingView] `json:"recordings"`
		}{showCollection(found), list[recordingView]{mapped(items, showRecording), total, limit, offset}})
	}
}

// A collectionRequest is what people say of a collection.
type collectionRequest struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Color       *string `json:"color"`
}

// Validate checks the fields that are given.
func (r collectionRequest) Validate() error {
	var bad app.Problems
	if r.Name != nil && strings.TrimSpace(*r.Name) == "" {
		bad.Add("name", "Give a name of 1 to 80 characters.")
	}
	if r.Color != nil && !app.IsColor(*r.Color) {
		bad.Add("color", "Write the color as #RRGGBB.")
	}
	checkLength(&bad, "name", r.trimmedName(), 80)
	checkLength(&bad, "description", r.Description, 2000)
	return bad.Err()
}

func (r collectionRequest) trimmedName() *string {
	if r.Name == nil {
		return nil
	}
	name := strings.TrimSpace(*r.Name)
	return &name
}

// A newCollection is a collectionRequest that must name the collection.
type newCollection collectionRequest

// Validate checks that there is a name, and the fields.
func (r newCollection) Validate() error {
	if r.Name == nil {
		r.Name = new(string)
	}
	return collectionRequest(r).Validate()
}

func createCollection(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[newCollection](c)
		if err != nil {
			return err
		}
		made := app.Collection{BusinessID: who(c).Business.ID, Name: strings.TrimSpace(*in.Name), Color: app.DefaultColor}
		if in.Description != nil {
			made.Description = *in.Description
		}
		if in.Color != nil {
			made.Color = *in.Color
		}
		if made, err = db.CreateCollection(c.UserContext(), made); err != nil {
			return err
		}
		return c.Status(fiber.StatusCreated).JSON(showCollection(made))
	}
}

func patchCollection(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[collectionRequest](c)
		if err != nil {
			return err
		}
		w := who(c)
		changed, err := db.PatchCollection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), store.CollectionPatch{
			Name: in.trimmedName(), Description: in.Description, Color: in.Color,
		})
		if err != nil {
			return err
		}
		return c.JSON(showCollection(changed))
	}
}

func deleteCollection(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := db.DeleteCollection(c.UserContext(), who(c).Business.ID, c.Params("id")); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}

// maxItems is how many recordings one call puts into a collection.
const maxItems = 1000

// A collectionItems names recordings to put into a collection.
type collectionItems struct {
	CallRecordingIDs []string `json:"callRecordingIds"`
}

// Validate checks their number and that none is empty.
func (r collectionItems) Validate() error {
	var bad app.Problems
	if n := len(r.CallRecordingIDs); n < 1 || n > maxItems {
		bad.Add("callRecordingIds", "Give 1 to %d ids of recordings.", maxItems)
		return bad.Err()
	}
	for i, id := range r.CallRecordingIDs {
		if id == "" {
			bad.Add(fmt.Sprintf("callRecordingIds[%d]", i), "This is empty.")
		}
	}
	return bad.Err()
}

func addToCollection(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[collectionItems](c)
		if err != nil {
			return err
		}
		w := who(c)
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		added, there, err := db.AddToCollection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), in.CallRecordingIDs)
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{"added": added, "alreadyThere": there})
	}
}

func removeFromCollection(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		ids := q.all("callRecordingId", maxItems)
		if len(ids) == 0 {
			q.problems.Add("callRecordingId", "Name the recordings to take out, as callRecordingId=A&callRecordingId=B.")
		}
		if err := q.err(); err != nil {
			return err
		}
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		if err := db.RemoveFromCollection(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), ids); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}
