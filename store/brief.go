package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"crk/app"
)

const briefColumns = `version, value, created_by, created_at`

func scanBrief(row scanner) (b app.Brief, err error) {
	err = row.Scan(&b.Version, asJSON{&b}, &b.CreatedBy, instant{&b.CreatedAt})
	return b, err
}

// Brief returns what analyses are told of a business now: the newest version, or
// the default of its language where it has written none.
func (s *Store) Brief(ctx context.Context, business app.BusinessID) (app.Brief, error) {
	b, err := scanBrief(s.reads.QueryRowContext(ctx, `SELECT `+briefColumns+` FROM briefs
		WHERE business_id = ? ORDER BY version DESC LIMIT 1`, business))
	if errors.Is(err, sql.ErrNoRows) {
		return s.defaultBrief(ctx, business)
	}
	return b, err
}

func (s *Store) defaultBrief(ctx context.Context, business app.BusinessID) (app.Brief, error) {
	b, err := s.Business(ctx, business)
	return app.DefaultBrief(b.Language), err
}

// BriefVersion returns a version of what analyses are told; version 0 is the
// default.
func (s *Store) BriefVersion(ctx context.Context, business app.BusinessID, version int) (app.Brief, error) {
	if version == 0 {
		return s.defaultBrief(ctx, business)
	}
	b, err := scanBrief(s.reads.QueryRowContext(ctx, `SELECT `+briefColumns+` FROM briefs
		WHERE business_id = ? AND version = ?`, business, version))
	return b, found(err, "version")
}

// Briefs returns versions of what analyses were told, newest first.
func (s *Store) Briefs(ctx context.Context, business app.BusinessID, limit int) ([]app.Brief, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+briefColumns+` FROM briefs
		WHERE business_id = ? ORDER BY version DESC LIMIT ?`, business, limit)
	return collect(rows, err, scanBrief)
}

// AddBrief makes a brief, which must be valid, the newest version and returns
// it. b.Version is the one that it was written from: it is a conflict where
// somebody else has saved another since. One that changes nothing is not saved
// again.
func (s *Store) AddBrief(ctx context.Context, business app.BusinessID, b app.Brief, by app.UserID) (app.Brief, error) {
	err := s.write(ctx, func(t *tx) error {
		last, err := scanBrief(t.row(`SELECT `+briefColumns+` FROM briefs WHERE business_id = ? ORDER BY version DESC LIMIT 1`, business))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if last.Version != b.Version {
			return conflict("Somebody else has changed these settings meanwhile.")
		}
		if last.Version > 0 && toJSON(last) == toJSON(b) {
			b = last
			return nil
		}
		b.Version, b.CreatedBy, b.CreatedAt = last.Version+1, by, t.now
		err = t.exec(`INSERT INTO briefs (business_id, version, value, created_by, created_at) VALUES (?, ?, ?, ?, ?)`,
			business, b.Version, toJSON(b), by, stamp(t.now))
		if err != nil {
			return err
		}
		var touched changes
		touched.set("version", last.Version, b.Version)
		return t.audit(business, "brief.update", strconv.Itoa(b.Version), "", touched...)
	})
	return b, err
}
