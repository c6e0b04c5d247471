package demo

import (
	"time"

	"crk/app"
	"crk/app/ai/aitest"
	"crk/app/notify/notifytest"
)

// What tests see of the script and the diary.
type (
	Scene = scene
	Call  = call
	Diary = diary
)

// Scenes returns the scenes of the script.
func Scenes() ([]Scene, error) { return readScenes() }

// Record returns the sound file of a scene.
func (s scene) Record() ([]byte, error) { return s.record() }

// Dialogue returns the scene as the simulated AI knows it.
func (s scene) Dialogue() aitest.Dialogue { return s.dialogue() }

// NewEar returns what the simulated recognition hears the scenes with.
func NewEar(scenes []Scene) (func(sound []byte) ([]aitest.Line, []app.Span, bool), error) {
	recorded := map[string][]byte{}
	for _, s := range scenes {
		b, err := s.record()
		if err != nil {
			return nil, err
		}
		recorded[s.Name] = b
	}
	e, err := newEar(scenes, recorded)
	return e.hear, err
}

// OpenDiary opens the diary in a directory.
func OpenDiary(dir string, now time.Time) (*Diary, error) { return openDiary(dir, now) }

// Calls returns what is in the diary.
func (d *diary) Calls() []Call { return d.calls }

// Add writes a call down.
func (d *diary) Add(at time.Time) (Call, error) { return d.add(at) }

// Turns are the scenes that take place, in turn, in the history and live.
func Turns() (before, after []string) { return past(), live() }

// Calls returns the simulated calls so far.
func (d *Demo) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.diary.calls
}

// OfficeCalls returns the calls of the simulated 3CX.
func (d *Demo) OfficeCalls() []Call { return d.officeCalls() }

// Telegram returns the simulator.
func (d *Demo) Telegram() *notifytest.Telegram { return d.telegram }

// Discord returns the simulator.
func (d *Demo) Discord() *notifytest.Discord { return d.discord }

// DiaryFile is the name of the diary's file.
const DiaryFile = diaryFile
