package store

import (
	"context"
	"time"

	"crk/app"
)

// LineHours returns how many calls each line of an integration had in each hour
// since a moment, oldest first, one hour of one line a row.
func (s *Store) LineHours(ctx context.Context, business app.BusinessID, provider string, since time.Time) ([]app.LineHour, error) {
	const hour = int64(time.Hour / time.Millisecond)
	rows, err := s.reads.QueryContext(ctx, `SELECT agent_number, call_at / ?1 * ?1, count(*), max(call_at) FROM recordings
		WHERE business_id = ?2 AND provider_id = ?3 AND call_at >= ?4 GROUP BY 1, 2 ORDER BY 2, 1`,
		hour, business, provider, stamp(since))
	return collect(rows, err, func(row scanner) (h app.LineHour, err error) {
		return h, row.Scan(&h.Line, instant{&h.Hour}, &h.Calls, instant{&h.Last})
	})
}

// SilentLines returns the lines of an integration that were told to be silent.
func (s *Store) SilentLines(ctx context.Context, business app.BusinessID, provider string) ([]app.SilentLine, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT l.line, l.since, l.told_at FROM silent_lines l JOIN providers p ON p.id = l.provider_id
		WHERE l.provider_id = ? AND p.business_id = ? ORDER BY l.line`, provider, business)
	return collect(rows, err, func(row scanner) (l app.SilentLine, err error) {
		return l, row.Scan(&l.Line, instant{&l.Since}, instant{&l.Told})
	})
}

// SetSilentLines makes lines the silent ones of an integration. What is new is told
// in the feed, once, and what is silent no more is told again.
func (s *Store) SetSilentLines(ctx context.Context, p app.Provider, lines []app.SilentLine) error {
	return s.write(ctx, func(t *tx) error {
		quiet := map[string]bool{}
		for _, l := range lines {
			quiet[l.Line] = true
			if err := t.addSilentLine(p, l); err != nil {
				return err
			}
		}
		rows, err := t.query(`SELECT line FROM silent_lines WHERE provider_id = ?`, p.ID)
		told, err := collect(rows, err, func(row scanner) (line string, err error) { return line, row.Scan(&line) })
		if err != nil {
			return err
		}
		for _, line := range told {
			if quiet[line] {
				continue
			}
			if err := t.exec(`DELETE FROM silent_lines WHERE provider_id = ? AND line = ?`, p.ID, line); err != nil {
				return err
			}
			if err := t.sayOfPhone(p, app.Info, lineIsBack(p, line)); err != nil {
				return err
			}
			t.providerChanged(p)
		}
		return nil
	})
}

func (t *tx) addSilentLine(p app.Provider, l app.SilentLine) error {
	n, err := t.affect(`INSERT INTO silent_lines (provider_id, line, since, told_at) SELECT id, ?, ?, ? FROM providers WHERE id = ?
		ON CONFLICT DO NOTHING`, l.Line, stamp(l.Since), stamp(t.now), p.ID)
	if err != nil || n == 0 {
		return err
	}
	zone, err := t.location(p.BusinessID)
	if err != nil {
		return err
	}
	t.providerChanged(p)
	return t.sayOfPhone(p, app.Warning, lineIsSilent(p, l, zone))
}

// lineName is how people tell a line of an integration.
func lineName(p app.Provider, line string) string {
	if line == "" {
		return p.Name
	}
	return line + " (" + p.Name + ")"
}

func lineIsSilent(p app.Provider, l app.SilentLine, zone *time.Location) map[string]words {
	at := l.Since.In(zone).Format("2006-01-02 15:04")
	return map[string]words{
		"en": {"No calls on a busy line: " + lineName(p, l.Line), "The last call was at " + at + ". At this time of the week there are always some. Look whether the line and its recording work."},
		"th": {"สายที่เคยมีคนโทรเงียบไป: " + lineName(p, l.Line), "สายล่าสุดเมื่อ " + at + " ปกติช่วงเวลานี้มีสายเสมอ ตรวจสอบว่าคู่สายและการบันทึกเสียงยังทำงาน"},
	}
}

func lineIsBack(p app.Provider, line string) map[string]words {
	return map[string]words{
		"en": {"Calls again: " + lineName(p, line), "The line that was silent has calls again."},
		"th": {"มีสายเข้ามาแล้ว: " + lineName(p, line), "คู่สายที่เงียบไปกลับมามีสายตามปกติ"},
	}
}
