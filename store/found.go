package store

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"time"

	"crk/app"
)

// maxFound bounds one commit of found calls, so that other writers never wait
// for long.
const maxFound = 250

// reuseGap is how far apart two calls of one id begin at least. What one call's
// start is may differ by the queue that it waited in.
const reuseGap = 30 * time.Minute

// Reasons for a ledger row without a recording that comes back no more.
const reasonDeleted = "deleted" // a person deleted the call

// A FoundCall is a call that a phone system reports.
type FoundCall struct {
	DataID        string
	Reused        string          // its DataID where an earlier call has that one; empty: ids serve once
	Remote        json.RawMessage // how the phone system names the audio; see Download
	CallAt        time.Time
	Duration      int // seconds; 0: not said
	Direction     app.Direction
	CustomerPhone string
	AgentNumber   string
	AgentName     string
	Skip          string // why the integration's filters leave it out, or empty

	mark []byte // by which an erased call is known
}

// A knownCall is what the ledger and the recording say of a found call.
type knownCall struct {
	began     time.Time
	recording string // "" where it was skipped
	reason    string
	status    app.Status // "" where the recording is gone
	hasAudio  bool
	given     int  // seconds as listed before
	heard     int  // seconds of the audio
	orphan    bool // its integration was deleted
	removed   bool // its audio was here, and was not to be kept
}

// AddFound takes in calls that a run of p found: each that is new gets its
// ledger row and, unless it is skipped, a recording that awaits its audio and the
// job that fetches it, in one transaction for every few hundred. A call that is
// known already is left alone but for these: one that the filters let in now is
// imported, one that has grown is fetched again, one without audio whose
// integration was deleted becomes p's, and with again one whose download was
// given up is tried anew. It returns how many were imported.
func (s *Store) AddFound(ctx context.Context, p app.Provider, calls []FoundCall, again bool) (imported int, err error) {
	for len(calls) > 0 {
		n := min(maxFound, len(calls))
		fresh, err := s.unsettled(ctx, p, calls[:n], again)
		if err != nil {
			return imported, err
		}
		calls = calls[n:]
		if len(fresh) == 0 {
			continue // the usual case of a look back costs no write
		}
		added := 0
		err = s.write(ctx, func(t *tx) error {
			added = 0
			if _, err := t.provider(p.BusinessID, p.ID); err != nil {
				return err // deleted while it was read
			}
			for _, f := range fresh {
				isNew, err := t.addFound(p, f, again)
				if err != nil {
					return err
				}
				if isNew {
					added++
				}
			}
			return nil
		})
		if err != nil {
			return imported, err
		}
		imported += added
	}
	return imported, nil
}

// knownCallQuery tells of calls, given as a JSON array of data ids, what is known.
const knownCallQuery = `SELECT c.data_id, c.call_at, coalesce(c.recording_id, ''), c.reason, coalesce(r.status, ''), coalesce(r.size > 0, 0),
		coalesce(c.duration, 0), coalesce(r.audio_duration, 0),
		r.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM providers p WHERE p.id = r.provider_id), r.audio_removed_at IS NOT NULL
	FROM seen_calls c LEFT JOIN recordings r ON r.id = c.recording_id
	WHERE c.business_id = ? AND c.data_id IN (SELECT value FROM json_each(?))`

func scanKnown(row scanner) (id string, k knownCall, err error) {
	err = row.Scan(&id, instant{&k.began}, &k.recording, &k.reason, &k.status, &k.hasAudio, &k.given, &k.heard, &k.orphan, &k.removed)
	return id, k, err
}

// known returns what is known of found calls, by data id.
func (s *Store) known(ctx context.Context, business app.BusinessID, calls []FoundCall) (map[string]knownCall, error) {
	ids := make([]string, 0, 2*len(calls))
	for _, f := range calls {
		ids = append(ids, f.DataID, f.Reused)
	}
	rows, err := s.reads.QueryContext(ctx, knownCallQuery, business, toJSON(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]knownCall{}
	for rows.Next() {
		id, k, err := scanKnown(rows)
		if err != nil {
			return nil, err
		}
		known[id] = k
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	erased, err := s.erased(ctx, business, ids)
	maps.Copy(known, erased) // the ledger itself knows them no more
	return known, err
}

// unsettled returns those of calls that something is to be done about.
func (s *Store) unsettled(ctx context.Context, p app.Provider, calls []FoundCall, again bool) ([]FoundCall, error) {
	known, err := s.known(ctx, p.BusinessID, calls)
	if err != nil {
		return nil, err
	}
	var out []FoundCall
	for _, f := range calls {
		if k, ok := known[f.DataID]; ok && k.isAnother(f) {
			f.DataID = f.Reused
		}
		if k, ok := known[f.DataID]; !ok || k.verdict(f, again) != leave {
			if f.mark, err = s.fingerprint(ctx, "call", p.BusinessID, f.DataID); err != nil {
				return nil, err
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// isAnother reports whether a call only has the id of the one that is known, because
// the phone system began to count anew.
func (k knownCall) isAnother(f FoundCall) bool {
	return f.Reused != "" && k.began.Sub(f.CallAt).Abs() >= reuseGap
}

// What is to be done about a call that is known.
const (
	leave  = iota
	admit  // make a recording of it
	update // its listed duration changed
	fetch  // get its audio (again)
)

// verdict decides about a known call that was found again.
func (k knownCall) verdict(f FoundCall, again bool) int {
	switch {
	case k.reason == reasonDeleted, k.removed:
		return leave
	case k.recording == "":
		if f.Skip == "" {
			return admit
		}
		return leave
	case k.status == "":
		return leave
	case !k.hasAudio && (k.orphan || again && k.status == app.Failed):
		return fetch
	case k.hasAudio && f.Duration > k.given && grown(k.heard, f.Duration):
		return fetch
	case f.Duration != k.given:
		return update
	}
	return leave
}

// grown reports whether a call is listed as so much longer than the audio that is
// here that some of it must be missing.
func grown(heard, listed int) bool { return listed-heard > max(5, listed/10) }

// addFound takes in one call and reports whether it was imported.
func (t *tx) addFound(p app.Provider, f FoundCall, again bool) (imported bool, err error) {
	var erased bool // since the look without the writer
	err = t.row(`SELECT EXISTS (SELECT 1 FROM erased_calls WHERE business_id = ? AND fingerprint = ?)`, p.BusinessID, f.mark).Scan(&erased)
	if err != nil || erased {
		return false, err
	}
	id := newID()
	recording := any(id)
	if f.Skip != "" {
		recording = nil
	}
	n, err := t.affect(`INSERT INTO seen_calls (business_id, data_id, recording_id, reason, call_at, duration, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, p.BusinessID, f.DataID, recording, f.Skip, stamp(f.CallAt), f.Duration, stamp(t.now))
	if err != nil {
		return false, err
	}
	if n == 1 {
		if f.Skip != "" {
			return false, nil
		}
		return t.importCall(p, f, id)
	}
	_, k, err := scanKnown(t.row(knownCallQuery, p.BusinessID, toJSON([]string{f.DataID})))
	if err != nil {
		return false, err
	}
	return t.settleKnown(p, f, k, again)
}

// settleKnown does what is to be done about a call that is known.
func (t *tx) settleKnown(p app.Provider, f FoundCall, k knownCall, again bool) (imported bool, err error) {
	verdict := k.verdict(f, again)
	if verdict == leave {
		return false, nil
	}
	id := k.recording
	if verdict == admit {
		id = newID()
	}
	err = t.exec(`UPDATE seen_calls SET recording_id = ?, reason = '', duration = ? WHERE business_id = ? AND data_id = ?`,
		id, f.Duration, p.BusinessID, f.DataID)
	if err != nil {
		return false, err
	}
	if verdict == admit {
		return t.importCall(p, f, id)
	}
	err = t.exec(`UPDATE recordings SET given_duration = nullif(?, 0), updated_at = ? WHERE id = ?`, f.Duration, stamp(t.now), id)
	if err != nil {
		return false, err
	}
	r, err := t.recording(p.BusinessID, id)
	if err != nil {
		return false, err
	}
	if verdict == update {
		t.recordingChanged(r, r.Status)
		return false, nil
	}
	return false, t.fetchAgain(p, f, r)
}

// fetchAgain sends a recording back to its first stage.
func (t *tx) fetchAgain(p app.Provider, f FoundCall, r app.Recording) error {
	err := t.exec(`UPDATE recordings SET provider_id = ?, remote = ? WHERE id = ?`, p.ID, string(f.Remote), r.ID)
	if err != nil {
		return err
	}
	if err := t.cancelJobs(r.ID, app.JobTranscribe, app.JobAnalyse, app.JobAutomate); err != nil {
		return err
	}
	if err := t.setStatus(r, app.AwaitingAudio, ""); err != nil {
		return err
	}
	return t.queueFetch(p, f.CallAt, r.ID)
}

// importCall makes a recording of a found call.
func (t *tx) importCall(p app.Provider, f FoundCall, id string) (imported bool, err error) {
	n, err := t.affect(`INSERT INTO recordings (id, business_id, data_id, source, provider_id, remote, call_at, given_duration, direction,
			customer_phone, customer_normalized, agent_number, agent_name, status, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (business_id, data_id) DO NOTHING`,
		id, p.BusinessID, f.DataID, p.Kind, p.ID, string(f.Remote), stamp(f.CallAt), f.Duration, f.Direction,
		f.CustomerPhone, NormalizePhone(f.CustomerPhone), f.AgentNumber, f.AgentName, app.AwaitingAudio, stamp(t.now), stamp(t.now))
	if err != nil || n == 0 { // somebody posted it under this very id before
		return false, err
	}
	r, err := t.recording(p.BusinessID, id)
	if err != nil {
		return false, err
	}
	t.recordingChanged(r, app.AwaitingAudio)
	if err := t.note(id, "found", p.Name); err != nil {
		return false, err
	}
	if err := t.recordingCreated(r); err != nil {
		return false, err
	}
	return true, t.queueFetch(p, f.CallAt, id)
}

// How many downloads of one integration are under way at most, from the claim to the
// commit: of new calls, and besides of a backlog, which so holds up no new call. Most
// of them wait for the disk; how many may ask the phone system at the same time is
// the stage's to say.
const (
	freshLanes   = 4
	backlogLanes = 32
)

// queueFetch queues the download of a call.
func (t *tx) queueFetch(p app.Provider, callAt time.Time, id string) error {
	priority, lanes := t.priority(callAt), uint32(freshLanes)
	if priority >= app.PriorityBacklog {
		lanes = backlogLanes
	}
	lane := fmt.Sprintf("%s/%d/%d", p.ID, priority, crc32.ChecksumIEEE([]byte(id))%lanes)
	return t.queue(app.Job{Kind: app.JobFetch, BusinessID: p.BusinessID, Key: id, Lane: lane, Priority: priority})
}
