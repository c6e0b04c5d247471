package syncer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"

	"crk/app"
	"crk/store"
)

const (
	healing  = time.Minute // the schedule is read again this often, whatever was missed
	stopTime = 20 * time.Second
)

// Run syncs integrations when they are due, until ctx ends, and then waits for the
// runs under way, which are cut off. Call it once. Runs that an earlier process
// did not end are interrupted, and due.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.db.InterruptRuns(ctx); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return fmt.Errorf("syncer: start: %w", err)
	}
	cron, err := gocron.NewScheduler(gocron.WithStopTimeout(stopTime))
	if err != nil {
		return fmt.Errorf("syncer: start: %w", err)
	}
	e.open(ctx)
	cron.Start()
	s := &schedule{engine: e, cron: cron, planned: map[string]planned{}}
	for ctx.Err() == nil {
		if err := s.read(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("read the schedule of phone systems", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-time.After(healing): // not of the wall clock, which may be set back
		}
	}
	e.shut()
	e.running.Wait()
	if err := cron.Shutdown(); err != nil {
		return fmt.Errorf("syncer: stop: %w", err)
	}
	return nil
}

// open lets runs begin, on ctx.
func (e *Engine) open(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.life = ctx
	e.opening.Do(func() { close(e.started) })
}

// shut lets no more runs begin.
func (e *Engine) shut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.life = nil
}

// A schedule keeps the scheduler in step with the database, which alone knows when
// each integration is due: that survives a restart, and holds after failures and
// changes of the interval too. Each next run is a one-time job. The job runs on
// the engine's context and not on the scheduler's own, which ends a run when its
// job is replaced.
type schedule struct {
	engine *Engine
	cron   gocron.Scheduler

	mu      sync.Mutex
	planned map[string]planned // by integration
}

// A planned run is one that the scheduler has a timer for.
type planned struct {
	due  time.Time // by the database's clock
	runs time.Time // by the timer, which no setting of the clock moves
}

// stands reports whether the plan is still right: the timer must not run on for
// what the clock, set forward or gone on while the machine slept, has made due.
func (p planned) stands(due, now time.Time, spread time.Duration) bool {
	return p.due.Equal(due) && (due.After(now) || time.Until(p.runs) <= spread)
}

// read begins what is due beside the runs, and plans the next run of each
// integration: what is wrong with one of these keeps nothing from the other.
func (s *schedule) read(ctx context.Context) error {
	lost := s.engine.db.EndLostRuns(ctx) // else their integrations would count as running for ever
	all, err := s.engine.db.ScheduledProviders(ctx)
	if err != nil {
		return errors.Join(lost, err)
	}
	return errors.Join(lost, s.engine.tend(ctx, all), s.planAll(all))
}

// planAll plans the next run of each of the integrations, and of no other.
func (s *schedule) planAll(all []app.Provider) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.engine.db.Now()
	late := 0
	for _, p := range all {
		if !p.NextSyncAt.After(now) {
			late++
		}
	}
	scheduled := map[string]bool{}
	for _, p := range all {
		scheduled[p.ID] = true
		runs := p.LastSync != nil && p.LastSync.Status == store.RunRunning
		if at, ok := s.planned[p.ID]; runs || ok && at.stands(p.NextSyncAt, now, spread(late)) {
			continue
		}
		if err := s.plan(p, p.NextSyncAt.Sub(now), late); err != nil {
			return err
		}
	}
	for id := range s.planned {
		if !scheduled[id] {
			s.drop(id)
		}
	}
	return nil
}

// plan replaces the next run of an integration. Those that are late are spread
// over as many seconds as they are, so that a start is no stampede.
func (s *schedule) plan(p app.Provider, in time.Duration, late int) error {
	s.drop(p.ID)
	if in <= 0 {
		in = rand.N(spread(late))
	}
	at := time.Now().Add(max(in, 10*time.Millisecond))
	_, err := s.cron.NewJob(gocron.OneTimeJob(gocron.OneTimeJobStartDateTime(at)), gocron.NewTask(s.due, p.BusinessID, p.ID),
		gocron.WithName("sync: "+p.ID), gocron.WithTags(p.ID))
	if err != nil {
		return fmt.Errorf("plan the next sync: %w", err)
	}
	s.planned[p.ID] = planned{p.NextSyncAt, at}
	return nil
}

func spread(late int) time.Duration { return time.Duration(max(1, late)) * time.Second }

func (s *schedule) drop(id string) {
	if _, ok := s.planned[id]; ok {
		s.cron.RemoveByTags(id)
		delete(s.planned, id)
	}
}

// due runs a sync that is due. The next one is planned from what the run leaves in
// the database.
func (s *schedule) due(business app.BusinessID, provider string) {
	s.mu.Lock()
	delete(s.planned, provider)
	s.mu.Unlock()
	life, end, err := s.engine.begin()
	if err != nil {
		return // the appliance stops
	}
	defer end()
	_, err = s.engine.Sync(life, business, provider, store.CauseSchedule)
	if err != nil && !app.IsKind(err, app.Conflict) && !app.IsKind(err, app.NotFound) && life.Err() == nil {
		s.engine.log.Error("begin sync", "provider", provider, "err", err)
		return // the healing look tries again
	}
	s.engine.Wake()
}
