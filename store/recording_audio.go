package store

import (
	"context"
	"math"
	"time"

	"crk/app"
)

// An AudioFile is what is known of a sound file that the audio store keeps.
type AudioFile struct {
	Size        int64
	SHA256      string // hex
	ContentType string
	Stats       app.AudioStats // zero where the file could not be decoded
}

// SetAudio notes that the audio of a recording was uploaded and queues its
// transcription; a download that was queued is no longer needed. The file itself
// is durable before. It is a Conflict unless the recording awaits its audio.
func (s *Store) SetAudio(ctx context.Context, business app.BusinessID, id string, a AudioFile) (r app.Recording, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		if r.Status != app.AwaitingAudio {
			return HasAudioError()
		}
		if err := t.cancelJobs(id, app.JobFetch); err != nil {
			return err
		}
		if err := t.setAudio(r, a); err != nil {
			return err
		}
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		var touched changes
		touched.set("size", nil, a.Size)
		return t.audit(business, "recording.upload", id, "", touched...)
	})
	return r, err
}

// SetFetchedAudio is SetAudio for a file that a fetch job downloaded, and ends the
// job. Where a person uploaded the audio meanwhile nothing is changed.
func (s *Store) SetFetchedAudio(ctx context.Context, j app.Job, a AudioFile) error {
	return s.writeSoon(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		r, err := t.recording(j.BusinessID, j.Key)
		if app.IsKind(err, app.NotFound) {
			return ErrLease
		}
		if err != nil || r.Status != app.AwaitingAudio {
			return err
		}
		return t.setAudio(r, a)
	})
}

// HasAudioError is the answer to audio for a recording that does not wait for it.
func HasAudioError() *app.Error {
	return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "This recording has its audio already."}
}

// WantsAudio reports whether any business of the appliance has a recording with
// this id and with audio: whether the audio store is to keep its file.
func (s *Store) WantsAudio(ctx context.Context, id string) (wanted bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM recordings WHERE id = ? AND size > 0)`, id).Scan(&wanted)
	return wanted, err
}

// setAudio writes what SetAudio promises, in one change of the row: each has its
// indexes, and the cards of the lists, written anew.
func (t *tx) setAudio(r app.Recording, a AudioFile) error {
	seconds, talk, known := audioSeconds(a.Stats), agentTalk(a.Stats), a.Stats.SampleRate > 0
	before, err := t.secondsBefore(r)
	if err != nil {
		return err
	}
	err = t.exec(`UPDATE recordings SET size = ?1, sha256 = ?2, content_type = ?3, audio_removed_at = NULL,
			audio_duration = iif(?4, ?5, audio_duration), agent_talk = iif(?4, ?6, agent_talk), status = ?7, error = '', updated_at = ?8
		WHERE id = ?9`, a.Size, a.SHA256, a.ContentType, known, seconds, talk, app.Queued, stamp(t.now), r.ID)
	if err != nil {
		return err
	}
	if known {
		if err := t.keepStats(r, a.Stats, seconds-before); err != nil {
			return err
		}
	}
	if err := t.note(r.ID, "audio", ""); err != nil {
		return err
	}
	t.recordingChanged(r, app.Queued)
	return t.queue(app.Job{Kind: app.JobTranscribe, BusinessID: r.BusinessID, Key: r.ID, Priority: t.priority(r.CallAt)})
}

// SaveAudioStats notes what is in the audio of the recording that a job works on,
// where that could not be found out when it came. It returns ErrLease where the job
// or the recording is gone.
func (s *Store) SaveAudioStats(ctx context.Context, j app.Job, stats app.AudioStats) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(j); err != nil {
			return err
		}
		r, err := t.recording(j.BusinessID, j.Key)
		if err != nil {
			return err
		}
		return t.setStats(r, stats)
	})
}

// setStats writes what is in a recording's audio, and counts its seconds; where
// some were counted before, what there is more or less of now.
func (t *tx) setStats(r app.Recording, stats app.AudioStats) error {
	before, err := t.secondsBefore(r)
	if err != nil {
		return err
	}
	seconds := audioSeconds(stats)
	err = t.exec(`UPDATE recordings SET audio_duration = ?, agent_talk = ? WHERE id = ?`, seconds, agentTalk(stats), r.ID)
	if err != nil {
		return err
	}
	return t.keepStats(r, stats, seconds-before)
}

// keepStats keeps the statistics themselves, and counts so many seconds more.
func (t *tx) keepStats(r app.Recording, stats app.AudioStats, more int64) error {
	err := t.exec(`INSERT INTO call_audio (recording_id, stats) VALUES (?, ?)
		ON CONFLICT (recording_id) DO UPDATE SET stats = excluded.stats`, r.ID, toJSON(stats))
	if err != nil {
		return err
	}
	return t.use(r.BusinessID, app.MeterAudio, more, r.ID)
}

// secondsBefore is how many seconds of a recording's audio were counted.
func (t *tx) secondsBefore(r app.Recording) (seconds int64, err error) {
	if r.HasAudio() {
		err = t.row(`SELECT coalesce(audio_duration, 0) FROM recordings WHERE id = ?`, r.ID).Scan(&seconds)
	}
	return seconds, err
}

func audioSeconds(stats app.AudioStats) int64 { return int64(math.Round(stats.Duration)) }

// agentTalk is the agent's share of the time, nil where two voices cannot be told
// apart. The first channel is the agent's.
func agentTalk(a app.AudioStats) any {
	if len(a.TalkRatio) < 2 || a.Same {
		return nil
	}
	return a.TalkRatio[0]
}

// priority lets today's calls go before a backlog.
func (t *tx) priority(callAt time.Time) int {
	if t.now.Sub(callAt) > 24*time.Hour {
		return app.PriorityBacklog
	}
	return app.PriorityLive
}
