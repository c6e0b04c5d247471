package store

import (
	"context"
	"slices"

	"crk/app"
)

// visible limits recordings to the agents that are listed in the JSON of
// argument 1; NULL is no limit. See [app.Sees].
const visible = `(?1 IS NULL OR (r.agent_key <> '' AND r.agent_key IN (SELECT value FROM json_each(?1))))`

const collectionColumns = `c.id, c.business_id, c.name, c.description, c.color, c.created_at, c.updated_at,
	(SELECT count(*) FROM collection_items i JOIN recordings r ON r.id = i.recording_id
		WHERE i.collection_id = c.id AND ` + visible + `)`

func scanCollection(row scanner) (c app.Collection, err error) {
	err = row.Scan(&c.ID, &c.BusinessID, &c.Name, &c.Description, &c.Color, instant{&c.CreatedAt}, instant{&c.UpdatedAt}, &c.Items)
	return c, err
}

// seenBy is the argument 1 of visible: nil is no limit, an empty list allows
// nothing.
func seenBy(only []string) any {
	if only == nil {
		return nil
	}
	return toJSON(only)
}

// Collections returns a page of a business's collections, newest first, and how
// many there are. only limits the recordings that are counted to calls of these
// agents; nil is no limit.
func (s *Store) Collections(ctx context.Context, business app.BusinessID, only []string, limit, offset int) (list []app.Collection, total int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM collections WHERE business_id = ?`, business).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+collectionColumns+` FROM collections c
		WHERE c.business_id = ?2 ORDER BY c.created_at DESC, c.id DESC LIMIT ?3 OFFSET ?4`, seenBy(only), business, limit, offset)
	list, err = collect(rows, err, scanCollection)
	return list, total, err
}

const oneCollection = `SELECT ` + collectionColumns + ` FROM collections c WHERE c.id = ?2 AND c.business_id = ?3`

// Collection returns one collection of a business. only is as in [Store.Collections].
func (s *Store) Collection(ctx context.Context, business app.BusinessID, only []string, id string) (app.Collection, error) {
	c, err := scanCollection(s.reads.QueryRowContext(ctx, oneCollection, seenBy(only), id, business))
	return c, found(err, "collection")
}

// collection reads a collection inside a write.
func (t *tx) collection(business app.BusinessID, only []string, id string) (app.Collection, error) {
	c, err := scanCollection(t.row(oneCollection, seenBy(only), id, business))
	return c, found(err, "collection")
}

// CreateCollection stores a new, empty collection of c's business and returns
// it with its id.
func (s *Store) CreateCollection(ctx context.Context, c app.Collection) (app.Collection, error) {
	err := s.write(ctx, func(t *tx) error {
		c.ID, c.Items, c.CreatedAt, c.UpdatedAt = newID(), 0, t.now, t.now
		t.collectionChanged(c, "created")
		err := t.exec(`INSERT INTO collections (id, business_id, name, description, color, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			c.ID, c.BusinessID, c.Name, c.Description, c.Color, stamp(t.now), stamp(t.now))
		if err != nil {
			return err
		}
		return t.audit(c.BusinessID, "collection.create", c.ID, c.Name)
	})
	return c, err
}

// A CollectionPatch changes a collection. Nil leaves as it is.
type CollectionPatch struct {
	Name, Description, Color *string
}

// PatchCollection changes a collection and returns it. only is as in
// [Store.Collections].
func (s *Store) PatchCollection(ctx context.Context, business app.BusinessID, only []string, id string, p CollectionPatch) (c app.Collection, err error) {
	err = s.write(ctx, func(t *tx) error {
		was, err := t.collection(business, only, id)
		if err != nil {
			return err
		}
		err = t.exec(`UPDATE collections SET name = coalesce(?, name), description = coalesce(?, description),
				color = coalesce(?, color), updated_at = ? WHERE id = ? AND business_id = ?`,
			p.Name, p.Description, p.Color, stamp(t.now), id, business)
		if err != nil {
			return err
		}
		if c, err = t.collection(business, only, id); err != nil {
			return err
		}
		t.collectionChanged(c, "updated")
		var touched changes
		touched.set("name", was.Name, c.Name)
		touched.set("description", was.Description, c.Description)
		touched.set("color", was.Color, c.Color)
		return t.audit(business, "collection.update", c.ID, c.Name, touched...)
	})
	return c, err
}

// DeleteCollection removes a collection. Its recordings stay.
func (s *Store) DeleteCollection(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		c, err := t.collection(business, nil, id)
		if err != nil {
			return err
		}
		t.collectionChanged(c, "deleted")
		if err := t.exec(`DELETE FROM collections WHERE id = ?`, id); err != nil {
			return err
		}
		return t.audit(business, "collection.delete", c.ID, c.Name)
	})
}

// AddToCollection puts recordings into a collection, all or none, and returns
// how many were new to it and how many were in it before; an id that is given
// twice counts once. It is a NotFound error if the collection, or any of the
// recordings, is not there, is another business's or is not one of only's
// agents' calls.
func (s *Store) AddToCollection(ctx context.Context, business app.BusinessID, only []string, id string, recordings []string) (added, there int, err error) {
	recordings = slices.Compact(slices.Sorted(slices.Values(recordings)))
	list := toJSON(recordings)
	err = s.write(ctx, func(t *tx) error {
		c, err := t.collection(business, only, id)
		if err != nil {
			return err
		}
		var seen int
		err = t.row(`SELECT count(*) FROM recordings r WHERE r.id IN (SELECT value FROM json_each(?2)) AND r.business_id = ?3 AND `+visible,
			seenBy(only), list, business).Scan(&seen)
		if err != nil {
			return err
		}
		if seen < len(recordings) {
			return app.Missing("recording")
		}
		n, err := t.affect(`INSERT INTO collection_items (collection_id, recording_id, added_at)
			SELECT ?, value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`, id, stamp(t.now), list)
		if err != nil {
			return err
		}
		added, there = int(n), len(recordings)-int(n)
		return t.itemsChanged(c, "collection.add", n)
	})
	return added, there, err
}

// RemoveFromCollection takes recordings out of a collection. Those that are not
// in it, and those that are not calls of only's agents, are passed over.
func (s *Store) RemoveFromCollection(ctx context.Context, business app.BusinessID, only []string, id string, recordings []string) error {
	return s.write(ctx, func(t *tx) error {
		c, err := t.collection(business, only, id)
		if err != nil {
			return err
		}
		n, err := t.affect(`DELETE FROM collection_items WHERE collection_id = ?2 AND recording_id IN (
				SELECT r.id FROM recordings r WHERE r.id IN (SELECT value FROM json_each(?3)) AND `+visible+`)`,
			seenBy(only), id, toJSON(recordings))
		if err != nil {
			return err
		}
		return t.itemsChanged(c, "collection.remove", n)
	})
}

// itemsChanged notes that n recordings came into a collection or left it.
func (t *tx) itemsChanged(c app.Collection, what app.Action, n int64) error {
	if n == 0 {
		return nil
	}
	t.collectionChanged(c, "updated")
	if err := t.exec(`UPDATE collections SET updated_at = ? WHERE id = ?`, stamp(t.now), c.ID); err != nil {
		return err
	}
	var touched changes
	touched.set("calls", nil, n)
	return t.audit(c.BusinessID, what, c.ID, c.Name, touched...)
}

func (t *tx) collectionChanged(c app.Collection, what string) {
	t.changed(app.Change{BusinessID: c.BusinessID, Topic: "collection", ID: c.ID, Status: what})
}

// CollectionsOf returns the collections that a recording is in, by name.
func (s *Store) CollectionsOf(ctx context.Context, business app.BusinessID, only []string, recording string) ([]app.Collection, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+collectionColumns+` FROM collections c JOIN collection_items x ON x.collection_id = c.id
		WHERE x.recording_id = ?2 AND c.business_id = ?3 ORDER BY c.name, c.id`, seenBy(only), recording, business)
	return collect(rows, err, scanCollection)
}

// CollectionNames returns a business's collections to choose from, by name, at
// most the given number: what they are called and their colours, uncounted.
func (s *Store) CollectionNames(ctx context.Context, business app.BusinessID, most int) ([]app.Collection, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT id, name, color FROM collections WHERE business_id = ? ORDER BY name, id LIMIT ?`, business, most)
	return collect(rows, err, func(row scanner) (c app.Collection, err error) {
		c.BusinessID = business
		return c, row.Scan(&c.ID, &c.Name, &c.Color)
	})
}
