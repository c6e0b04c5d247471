package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"crk/app"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/app/phone"
	"crk/store"
)

var (
	errNoProvider = errors.New("syncer: the phone integration was deleted")
	errUploading  = errors.New("syncer: somebody uploads the audio")
	errStopped    = errors.New("syncer: the phone integration waits for its credentials to be mended")
	errAnother    = errors.New("syncer: the phone system has given this id to another call")
)

const (
	lookPause = time.Minute      // before it is looked again whether another download was let through
	sureFor   = 10 * time.Minute // after it was listed an id means the call that it meant
)

// Handler downloads recordings as jobs of kind app.JobFetch.
func (e *Engine) Handler() jobs.Handler {
	return jobs.Handler{Run: e.Fetch, GiveUp: e.giveUp, Slots: fetchSlots, Backoff: jobs.Exponential(30*time.Second, time.Hour)}
}

// Fetch downloads the audio of the recording that the job names, checks it, keeps
// it and queues its transcription. It may be run twice: a file is replaced whole,
// or not at all.
func (e *Engine) Fetch(ctx context.Context, j app.Job) error {
	d, err := e.db.Download(ctx, j.BusinessID, j.Key)
	if err != nil || d.Status != app.AwaitingAudio {
		return ignoreMissing(err) // deleted, or somebody uploaded it
	}
	if err := e.mayFetch(ctx, j, d); err != nil {
		return err
	}
	source, err := e.source(d.Provider)
	if err != nil {
		return err
	}
	if d.Health.Denied > 0 {
		end, ok := e.guest.look(d.Provider.ID)
		if !ok {
			return jobs.Wait(errDeaf, lookPause)
		}
		defer end()
	}
	leave, err := e.turn(ctx, j, d.Provider.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	defer leave() // after a failure was noted, so that the next one heeds it
	past := remembered(j)
	if err := e.download(ctx, j, d, source, past, leave); err != nil {
		return e.judge(ctx, j, d, past, err)
	}
	e.guest.came(d.Provider.ID, e.db.Now())
	return ignoreMissing(e.answered(ctx, d))
}

// answered ends what was noted against a phone system of which a recording came.
func (e *Engine) answered(ctx context.Context, d store.Download) error {
	p := d.Provider
	if d.Health.Denied > 0 {
		if err := e.db.HearAudio(ctx, p.BusinessID, p.ID); err != nil {
			return err
		}
	}
	if d.Health.Strikes > 0 {
		return e.db.Heal(ctx, p.BusinessID, p.ID)
	}
	return nil
}

// turn waits until the phone system may be asked: two downloads at a time do, new
// calls first. leave, which may be called twice, lets the next one.
func (e *Engine) turn(ctx context.Context, j app.Job, provider string) (leave func(), err error) {
	gate, pain := e.guest.gate(provider), e.guest.pain(provider)
	if err := gate.enter(ctx, j.Priority < app.PriorityBacklog); err != nil {
		return nil, err
	}
	if e.guest.pain(provider) != pain { // another failed meanwhile
		d, err := e.db.Download(ctx, j.BusinessID, j.Key)
		if err == nil {
			err = e.mayFetch(ctx, j, d)
		}
		if err != nil {
			gate.leave()
			return nil, err
		}
	}
	return sync.OnceFunc(gate.leave), nil
}

// download gets the audio into the audio store and then into the database. It calls
// received when the phone system has given it: the checks and the commits go on
// beside the next download.
func (e *Engine) download(ctx context.Context, j app.Job, d store.Download, source phone.Source, past memory, received func()) error {
	var name remote
	if err := json.Unmarshal(d.Remote, &name); err != nil {
		return fmt.Errorf("syncer: fetch: %w", err)
	}
	reuses, sure := e.kinds[d.Provider.Kind].Reuses, false
	if reuses && (j.Attempts > 0 || e.db.Now().Sub(j.CreatedAt) > sureFor) {
		var err error
		if sure, err = sameCall(ctx, source, name.ID, d); err != nil {
			return err
		}
	}
	pending, err := e.receive(ctx, source, name.ID, past.lastTry())
	if err != nil {
		return err
	}
	defer pending.Discard()
	received()
	file, err := e.inspect(ctx, pending, d.Duration, past.lastTry())
	if err != nil {
		return err
	}
	if reuses && !sure && long(d.Duration, file.Stats.Duration) {
		if err := e.suspect(ctx, source, name.ID, d, file); err != nil {
			return err
		}
	}
	return e.keep(ctx, j, pending, file)
}

// sameCall asks whether an id still means the call that it meant when it was listed;
// sure is false where the phone system cannot tell.
func sameCall(ctx context.Context, source phone.Source, id string, d store.Download) (sure bool, err error) {
	asks, ok := source.(phone.Identifier)
	if !ok {
		return false, nil
	}
	same, err := asks.Same(ctx, id, d.CallAt)
	if err == nil && !same {
		err = errAnother
	}
	return err == nil, err
}

// suspect looks into audio that is much longer than its call was listed. Either the
// call went on, or the audio is another one's: where nobody can say that it is not,
// it is never kept, for people who must not hear it may see this call.
func (e *Engine) suspect(ctx context.Context, source phone.Source, id string, d store.Download, file store.AudioFile) error {
	sure, err := sameCall(ctx, source, id, d)
	if err == nil && !sure {
		return badContent(fmt.Errorf("it has %.0f seconds where %d are listed: it may be another call's", file.Stats.Duration, d.Duration))
	}
	return err
}

// receive gets the audio into a file without a name yet. With partly one that breaks
// off is taken as far as it came.
func (e *Engine) receive(ctx context.Context, source phone.Source, id string, partly bool) (*audio.Pending, error) {
	remote, err := source.Audio(ctx, id)
	if err != nil {
		return nil, err
	}
	defer remote.Body.Close()
	body := io.Reader(remote.Body)
	if partly {
		body = untilBroken{body}
	}
	pending, err := e.audio.Write(ctx, body, e.maxAudio)
	if err != nil {
		return nil, fmt.Errorf("syncer: fetch: %w", err)
	}
	return pending, nil
}

// untilBroken reads a recording that breaks off as if it ended there.
type untilBroken struct{ io.Reader }

// Read implements [io.Reader].
func (r untilBroken) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if phone.KindOf(err) == phone.BadContent {
		err = io.EOF
	}
	return n, err
}

// keep gives a checked file its name and says in the database that it is there,
// with nobody else writing that recording's audio meanwhile. Where somebody
// uploaded the audio while it was downloaded, theirs stays.
func (e *Engine) keep(ctx context.Context, j app.Job, pending *audio.Pending, file store.AudioFile) error {
	release, ok := e.audio.Claim(j.Key)
	if !ok {
		return jobs.Wait(errUploading, time.Minute)
	}
	defer release()
	if wanted, err := e.db.AwaitsAudio(ctx, j.BusinessID, j.Key); err != nil || !wanted {
		return ignoreMissing(err)
	}
	if err := pending.Commit(j.Key); err != nil {
		return fmt.Errorf("syncer: fetch: %w", err)
	}
	err := e.db.SetFetchedAudio(ctx, j, file)
	if errors.Is(err, store.ErrLease) {
		return errors.Join(err, e.dropOrphan(ctx, j))
	}
	return err
}

// dropOrphan removes the file of a recording that was deleted while its audio was
// downloaded.
func (e *Engine) dropOrphan(ctx context.Context, j app.Job) error {
	_, err := e.db.AwaitsAudio(ctx, j.BusinessID, j.Key)
	if app.IsKind(err, app.NotFound) {
		return e.audio.Delete(j.Key)
	}
	return err
}

func ignoreMissing(err error) error {
	if app.IsKind(err, app.NotFound) {
		return nil
	}
	return err
}

// giveUp ends the story of a download that nothing more is tried for.
func (e *Engine) giveUp(ctx context.Context, j app.Job, err error) error {
	code := app.AudioFetchFailed
	switch {
	case phone.KindOf(err) == phone.NotYet, errors.Is(err, errAnother):
		code = app.AudioGone
	case phone.KindOf(err) == phone.Forbidden:
		code = app.AudioForbidden
	case errors.Is(err, audio.ErrTooLarge), errors.Is(err, audio.ErrTooLong):
		code = app.AudioTooLong
	case errors.Is(err, errContent):
		code = app.AudioUnreadable
	}
	return e.db.FailRecording(ctx, j, code)
}
