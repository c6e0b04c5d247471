package store

import (
	"context"
	"encoding/json"
	"strconv"

	"crk/app"
)

const businessColumns = `b.id, b.name, b.slug, b.time_zone, b.language, b.hours, b.created_at`

func businessDest(b *app.Business) []any {
	return []any{&b.ID, &b.Name, &b.Slug, &b.TimeZone, &b.Language, hours{&b.Hours}, instant{&b.CreatedAt}}
}

func scanBusiness(row scanner) (b app.Business, err error) {
	err = row.Scan(businessDest(&b)...)
	return b, err
}

// hours scans a business's hours: the usual ones where it said none.
type hours struct{ w *app.Window }

func (h hours) Scan(v any) error {
	text, _ := v.(string)
	if text == "" {
		*h.w = app.UsualHours()
		return nil
	}
	return json.Unmarshal([]byte(text), h.w)
}

// Business returns a business by its id.
func (s *Store) Business(ctx context.Context, id app.BusinessID) (app.Business, error) {
	b, err := scanBusiness(s.reads.QueryRowContext(ctx,
		`SELECT `+businessColumns+` FROM businesses b WHERE b.id = ?`, id))
	return b, found(err, "business")
}

// BusinessBySlug returns a business by its slug.
func (s *Store) BusinessBySlug(ctx context.Context, slug string) (app.Business, error) {
	b, err := scanBusiness(s.reads.QueryRowContext(ctx,
		`SELECT `+businessColumns+` FROM businesses b WHERE b.slug = ?`, slug))
	return b, found(err, "business")
}

// Businesses returns every business of the appliance, by name. It is for the
// appliance's own work and for commands, never for an answer to a user.
func (s *Store) Businesses(ctx context.Context) ([]app.Business, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+businessColumns+` FROM businesses b ORDER BY b.name, b.id`)
	return collect(rows, err, scanBusiness)
}

// UserBusinesses returns the businesses that a user belongs to, by name.
func (s *Store) UserBusinesses(ctx context.Context, user app.UserID) ([]app.Business, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+businessColumns+`
		FROM businesses b JOIN members m ON m.business_id = b.id
		WHERE m.user_id = ? AND m.suspended_at IS NULL ORDER BY b.name, b.id`, user)
	return collect(rows, err, scanBusiness)
}

// UpdateBusiness changes a business's name, time zone, language and hours, and
// returns it. Its slug stays.
func (s *Store) UpdateBusiness(ctx context.Context, b app.Business) (app.Business, error) {
	err := s.write(ctx, func(t *tx) error {
		was, err := scanBusiness(t.row(`SELECT `+businessColumns+` FROM businesses b WHERE b.id = ?`, b.ID))
		if err != nil {
			return found(err, "business")
		}
		err = t.exec(`UPDATE businesses SET name = ?, time_zone = ?, language = ?, hours = ? WHERE id = ?`,
			b.Name, b.TimeZone, b.Language, toJSON(b.Hours), b.ID)
		if err != nil {
			return err
		}
		var touched changes
		touched.set("name", was.Name, b.Name)
		touched.set("timeZone", was.TimeZone, b.TimeZone)
		touched.set("language", was.Language, b.Language)
		touched.set("hours", was.Hours, b.Hours)
		b.Slug, b.CreatedAt = was.Slug, was.CreatedAt
		return t.audit(b.ID, "business.update", string(b.ID), b.Name, touched...)
	})
	return b, err
}

// CreateBusiness makes a business with its owner, who must exist. Its slug
// comes from its name, with a number added where another has it already.
func (s *Store) CreateBusiness(ctx context.Context, b app.Business, owner app.UserID) (app.Business, error) {
	err := s.write(ctx, func(t *tx) (err error) {
		b, err = t.createBusiness(b, owner)
		return err
	})
	return b, err
}

func (t *tx) createBusiness(b app.Business, owner app.UserID) (app.Business, error) {
	b.ID, b.CreatedAt = app.BusinessID(newID()), t.now
	if b.TimeZone == "" {
		b.TimeZone = app.DefaultTimeZone
	}
	if b.Language == "" {
		b.Language = "th"
	}
	b.Hours = app.UsualHours()
	slug := app.Slug(b.Name)
	for n := 1; ; n++ {
		b.Slug = slug
		if n > 1 {
			b.Slug += "-" + strconv.Itoa(n)
		}
		err := t.exec(`INSERT INTO businesses (id, name, slug, time_zone, language, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			b.ID, b.Name, b.Slug, b.TimeZone, b.Language, stamp(t.now))
		if err == nil {
			break
		}
		if !taken(err) || n > 1000 {
			return b, err
		}
	}
	var touched changes
	touched.set("timeZone", "", b.TimeZone)
	touched.set("language", "", b.Language)
	if err := t.audit(b.ID, "business.create", string(b.ID), b.Name, touched...); err != nil {
		return b, err
	}
	return b, t.addMember(b.ID, owner, app.Owner)
}
