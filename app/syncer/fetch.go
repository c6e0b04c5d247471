package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
)

// lookPause is how long others wait for the one download that is tried.
const lookPause = time.Minute

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
	return ignoreMissing(e.answered(ctx, d))
}

// answered ends what was noted against a phone system of which a recording came, also
// where that was noted while it was under way.
func (e *Engine) answered(ctx context.Context, d store.Download) error {
	p := d.Provider
	if ended := e.guest.came(p.ID, e.db.Now()); ended || d.Health.Denied > 0 {
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
	if reuses && (j.Attempts > 0 || e.db.Now().Sub(d.Since) > sureFor) {
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
		if err := suspect(ctx, source, name.ID, d, file); err != nil {
			return err
		}
	}
	return e.keep(ctx, j, pending, file)
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
