package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"time"

	"crk/app"
)

// The audit log says who changed what, from where and when. A line is written in
// the transaction of the change, so neither is ever there without the other.
//
// To write one, call [tx.audit] in the write that makes the change, once for each
// thing that somebody asked to have changed:
//
//	var touched changes
//	touched.set("name", was.Name, p.Name)       // a value that may be read
//	touched.hide("secret", c.Secret != nil)     // one that may not: the field alone
//	return t.audit(p.BusinessID, "provider.update", p.ID, p.Name, touched)
//
// Who and from where comes with the context: the guards of the web server and the
// commands name an [app.Actor] once, and a stage that names none is the appliance
// itself. A new action is a line in [app.Actions] with its words in the catalogues
// (audit.action.…, and audit.thing.… for a new kind of thing); tests fail where
// either is missing, and where a route changes something and leaves no line.
//
// Secrets, and what callers said or were called, never go in: use hide. What
// people only look at, mark as read or prefer for themselves is no change in this
// sense; what is sent is in the log of deliveries.

// auditKeep is how long a line is kept. The triggers in the schema hold the same
// number of days: nothing that this program does can take a younger line away.
const auditKeep = 730 * 24 * time.Hour

// auditBatch bounds a write of the pruning.
const auditBatch = 500

// changes gathers the fields that a change touched.
type changes []app.FieldChange

// set notes a field whose value changed, with both values. Equal values are no
// change.
func (c *changes) set(field string, from, to any) {
	if reflect.DeepEqual(from, to) {
		return
	}
	was, is := auditValue(from), auditValue(to)
	if was != nil || is != nil {
		*c = append(*c, app.FieldChange{Field: field, From: was, To: is})
	}
}

// hide notes a field that was touched, without its values.
func (c *changes) hide(field string, touched bool) {
	if touched {
		*c = append(*c, app.FieldChange{Field: field})
	}
}

// longestAuditValue bounds a value in the log, in bytes of JSON.
const longestAuditValue = 1000

// auditValue is a value as the log keeps it: bounded, a time without a zone of
// its own, nothing for what is empty.
func auditValue(v any) json.RawMessage {
	switch x := v.(type) {
	case nil:
		return nil
	case string:
		if x == "" {
			return nil
		}
		v = clip(x, longestAuditValue/2)
	case time.Time:
		if x.IsZero() {
			return nil
		}
		v = x.UTC().Truncate(time.Second)
	case time.Duration:
		v = int64(x / time.Second)
	}
	text := toJSON(v)
	if text == "null" {
		return nil
	}
	if len(text) > longestAuditValue {
		return json.RawMessage(`"…"`)
	}
	return json.RawMessage(text)
}

// audit writes a line to the log of a business, or of the appliance where
// business is empty. name is what the thing is called, empty where that is not
// for the log.
func (t *tx) audit(business app.BusinessID, action app.Action, id, name string, touched ...app.FieldChange) error {
	if !action.Known() {
		return fmt.Errorf("store: audit: no such action: %s", action)
	}
	if touched == nil {
		touched = changes{}
	}
	if action.Verb() == "create" { // there was nothing before
		for i := range touched {
			touched[i].From = nil
		}
	}
	a := app.ActorOf(t.ctx)
	return t.exec(`INSERT INTO audit_log (business_id, at, actor, user_id, actor_name, key_id, key_name, via, address,
			action, object_id, object_name, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orNull(business), stamp(t.now), a.Kind, orNull(a.UserID), a.Name, orNull(a.KeyID), a.KeyName, a.Via, a.Address,
		action, id, clip(name, 200), toJSON(touched))
}

// auditUser writes a line about a person to the log of each business that the
// person belongs to, or of the appliance where there is none.
func (t *tx) auditUser(user app.UserID, action app.Action, touched ...app.FieldChange) error {
	var email string
	if err := t.row(`SELECT email FROM users WHERE id = ?`, user).Scan(&email); err != nil {
		return found(err, "user")
	}
	rows, err := t.query(`SELECT business_id FROM members WHERE user_id = ? ORDER BY business_id`, user)
	businesses, err := collect(rows, err, scanString)
	if err != nil {
		return err
	}
	if len(businesses) == 0 {
		businesses = []string{""}
	}
	for _, b := range businesses {
		if err := t.audit(app.BusinessID(b), action, string(user), email, touched...); err != nil {
			return err
		}
	}
	return nil
}

const auditColumns = `seq, business_id, at, actor, user_id, actor_name, key_id, key_name, via, address,
	action, object_id, object_name, changes`

func scanAudit(row scanner) (e app.AuditEntry, err error) {
	var business, user string
	a := &e.Actor
	err = row.Scan(&e.Seq, text{&business}, instant{&e.At}, &a.Kind, text{&user}, &a.Name, text{&a.KeyID}, &a.KeyName, &a.Via, &a.Address,
		&e.Action, &e.ObjectID, &e.ObjectName, asJSON{&e.Changes})
	e.BusinessID, a.UserID = app.BusinessID(business), app.UserID(user)
	return e, err
}

// Audit returns up to limit lines of a business's audit log, newest first: with
// [app.AuditFilter.Appliance] also those of the appliance itself.
func (s *Store) Audit(ctx context.Context, business app.BusinessID, f app.AuditFilter, limit int) ([]app.AuditEntry, error) {
	var w where
	if f.Appliance {
		w.add("(business_id = ? OR business_id IS NULL)", business)
	} else {
		w.add("business_id = ?", business)
	}
	for _, c := range []struct{ cond, value string }{
		{"actor = ?", string(f.Actor)}, {"user_id = ?", string(f.UserID)}, {"key_id = ?", f.KeyID}, {"object_id = ?", f.ObjectID},
	} {
		if c.value != "" {
			w.add(c.cond, c.value)
		}
	}
	if f.Thing != "" {
		w.add("action >= ? AND action < ?", f.Thing+".", f.Thing+"/") // '/' comes right after '.'
	}
	if !f.From.IsZero() {
		w.add("at >= ?", stamp(f.From))
	}
	if !f.To.IsZero() {
		w.add("at < ?", stamp(f.To))
	}
	if f.BeforeSeq > 0 {
		w.add("seq < ?", f.BeforeSeq)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit_log WHERE `+w.sql()+` ORDER BY seq DESC LIMIT ?`,
		append(w.args, limit)...)
	return collect(rows, err, scanAudit)
}

// AuditActors returns who is in a business's audit log: each person and key once,
// as they were called last. appliance is as in [app.AuditFilter].
func (s *Store) AuditActors(ctx context.Context, business app.BusinessID, appliance bool) ([]app.Actor, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT actor, coalesce(user_id, ''), actor_name, coalesce(key_id, ''), key_name, max(seq)
		FROM audit_log WHERE (business_id = ?1 OR ?2 AND business_id IS NULL) AND actor IN ('user', 'key')
		GROUP BY actor, user_id, key_id ORDER BY actor DESC, actor_name, key_name, key_id LIMIT 500`, business, appliance)
	return collect(rows, err, func(row scanner) (a app.Actor, err error) {
		var last int64
		err = row.Scan(&a.Kind, &a.UserID, &a.Name, &a.KeyID, &a.KeyName, &last)
		return a, err
	})
}

// PruneAudit deletes the lines of all businesses that are older than they are
// kept, in small writes. The database itself refuses any other.
func (s *Store) PruneAudit(ctx context.Context) error {
	old := stamp(s.now().Add(-auditKeep))
	var more bool
	err := s.reads.QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM (SELECT at FROM audit_log ORDER BY seq LIMIT 1) WHERE at < ?)`, old).Scan(&more)
	for err == nil && more {
		err = s.write(ctx, func(t *tx) error {
			n, err := t.affect(`DELETE FROM audit_log WHERE seq IN (
				SELECT seq FROM (SELECT seq, at FROM audit_log ORDER BY seq LIMIT ?) WHERE at < ?)`, auditBatch, old)
			more = n == auditBatch
			return err
		})
	}
	return err
}

// exportBatch is how many lines an export reads at a time.
const exportBatch = 500

// ExportAudit yields every line of the log that f chooses, newest first. It
// reads on as it goes, and stops at the first error, which it yields.
func (s *Store) ExportAudit(ctx context.Context, business app.BusinessID, f app.AuditFilter) iter.Seq2[app.AuditEntry, error] {
	return func(yield func(app.AuditEntry, error) bool) {
		for {
			page, err := s.Audit(ctx, business, f, exportBatch)
			if err != nil {
				yield(app.AuditEntry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
				f.BeforeSeq = e.Seq
			}
			if len(page) < exportBatch {
				return
			}
		}
	}
}
