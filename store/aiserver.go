package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"crk/app"
)

// sealedAIServer is the purpose that an AI server's key is sealed for.
const sealedAIServer = "ai_server"

const aiServerColumns = `business_id, task, url, key, model, options, updated_at`

// aiServerRow is the name of an AI server's row in what is sealed.
func aiServerRow(business app.BusinessID, task app.AITask) string {
	return string(business) + "/" + string(task)
}

// scanAIServer reads a server whose key is still sealed.
func scanAIServer(row scanner) (a app.AIServer, sealed []byte, err error) {
	err = row.Scan(&a.BusinessID, &a.Task, &a.URL, &sealed, &a.Model, asJSON{&a.AIOptions}, instant{&a.UpdatedAt})
	return a, sealed, err
}

// AIServer returns the server that a business has set for a task, with its key;
// nil where it has set none.
func (s *Store) AIServer(ctx context.Context, business app.BusinessID, task app.AITask) (*app.AIServer, error) {
	a, sealed, err := scanAIServer(s.reads.QueryRowContext(ctx, `SELECT `+aiServerColumns+` FROM ai_servers
		WHERE business_id = ? AND task = ?`, business, task))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: read AI server: %w", err)
	}
	if sealed != nil {
		plain, err := s.box.Open(sealedAIServer, aiServerRow(business, task), sealed)
		if err != nil {
			return nil, fmt.Errorf("store: open the key of an AI server with the key file: %w", err)
		}
		a.Key = app.Secret(plain)
	}
	return &a, nil
}

// SetAIServer sets the server of a business for a task; its settings must be
// valid. Calls that waited for the one before go on at once.
func (s *Store) SetAIServer(ctx context.Context, a app.AIServer) error {
	var sealed any // NULL: no key
	if a.Key != "" {
		b, err := s.box.Seal(sealedAIServer, aiServerRow(a.BusinessID, a.Task), []byte(a.Key.Reveal()))
		if err != nil {
			return fmt.Errorf("store: seal the key of an AI server: %w", err)
		}
		sealed = b
	}
	was, err := s.AIServer(ctx, a.BusinessID, a.Task)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO ai_servers (business_id, task, url, key, model, options, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (business_id, task) DO UPDATE SET url = excluded.url, key = excluded.key, model = excluded.model,
				options = excluded.options, updated_at = max(excluded.updated_at, updated_at + 1)`,
			a.BusinessID, a.Task, a.URL, sealed, a.Model, toJSON(a.AIOptions), stamp(t.now))
		if err != nil {
			return err
		}
		if err := t.wakeAI(a.BusinessID, a.Task); err != nil {
			return err
		}
		return t.audit(a.BusinessID, "aiserver.update", string(a.Task), string(a.Task), aiServerChanges(was, a)...)
	})
}

// aiServerChanges are the fields of a server that are different now, without their
// values where those would name it: the log is exported.
func aiServerChanges(was *app.AIServer, is app.AIServer) []app.FieldChange {
	var touched changes
	if was == nil {
		was = &app.AIServer{}
	}
	touched.hide("url", was.URL != is.URL)
	touched.hide("key", was.Key != is.Key)
	touched.hide("model", was.Model != is.Model)
	touched.set("language", was.Language, is.Language)
	touched.set("timeout", was.Timeout.String(), is.Timeout.String())
	touched.set("keyHeader", was.KeyHeader, is.KeyHeader)
	touched.hide("extra", !slices.Equal(was.Extra, is.Extra))
	touched.hide("ca", was.CA != is.CA)
	return touched
}

// DeleteAIServer takes a business back to the appliance's own server for a task.
// Calls that waited go on at once. It does nothing where none was set.
func (s *Store) DeleteAIServer(ctx context.Context, business app.BusinessID, task app.AITask) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`DELETE FROM ai_servers WHERE business_id = ? AND task = ?`, business, task)
		if err != nil || n == 0 {
			return err
		}
		if err := t.wakeAI(business, task); err != nil {
			return err
		}
		return t.audit(business, "aiserver.delete", string(task), string(task))
	})
}

// WakeAI has the calls of a business that wait for a server tried at once.
func (s *Store) WakeAI(ctx context.Context, business app.BusinessID, task app.AITask) error {
	return s.write(ctx, func(t *tx) error { return t.wakeAI(business, task) })
}

func (t *tx) wakeAI(business app.BusinessID, task app.AITask) error {
	t.queued = append(t.queued, task.Job())
	return t.exec(`UPDATE jobs SET run_at = ?1 WHERE business_id = ?2 AND kind = ?3 AND lease_until IS NULL AND run_at > ?1`,
		stamp(t.now), business, task.Job())
}

// WaitingAI counts the calls of a business that wait for a task or are worked on.
func (s *Store) WaitingAI(ctx context.Context, business app.BusinessID, task app.AITask) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM jobs WHERE business_id = ? AND kind = ?`, business, task.Job()).Scan(&n)
	return n, err
}
