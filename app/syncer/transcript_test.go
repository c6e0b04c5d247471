package syncer_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/store"
	"crk/store/storetest"
)

func TestAPhoneSystemsOwnTextIsKept(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(7, storetest.Start.Add(-time.Hour))
	call.Transcript, call.TranscribedFrom = "Dina: hello", storetest.Start.Add(5*time.Minute)
	sim.Add(call, pbxCall(8, storetest.Start.Add(-2*time.Hour)))
	r.sync(store.CauseDefault)
	_, ok, err := r.SourceText(t.Context(), r.Business.ID, r.recordings()[7].ID)
	is.NoErr(err)
	is.True(!ok) // it is not written down yet
	r.Clock.Advance(time.Hour)
	r.sync(store.CauseSchedule)
	text, ok, err := r.SourceText(t.Context(), r.Business.ID, r.recordings()[7].ID)
	is.NoErr(err)
	is.True(ok)
	is.Equal(text.Transcript, "Dina: hello") // and comes when it is
	is.Equal(sim.Stats().BadRequests, nil)
}

// ownText is what the phone system wrote down of a call.
func (r *rig) ownText(id int64) store.SourceText {
	r.t.Helper()
	text, _, err := r.SourceText(r.t.Context(), r.Business.ID, r.recordings()[id].ID)
	if err != nil {
		r.t.Fatal("own text:", err)
	}
	return text
}

func TestAnEmptyTextOfAPhoneSystemIsLookedAtAgain(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(7, storetest.Start.Add(-23*time.Hour))
	call.Transcript, call.Sentiment, call.TextFrom = "Dina: hello", 4, storetest.Start.Add(10*time.Minute)
	sim.Add(call)
	r.sync(store.CauseDefault)
	is.Equal(r.ownText(7).Transcript, "")
	r.Clock.Advance(2 * time.Hour)
	r.sync(store.CauseSchedule)
	is.Equal(r.ownText(7).Transcript, "Dina: hello")
	is.Equal(r.ownText(7).Sentiment, 4)
}

func TestALesserRoleGetsAPhoneSystemsOwnTexts(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(7, storetest.Start.Add(-time.Hour))
	call.Transcript, call.Sentiment = "Dina: hello", 2
	sim.Add(call)
	sim.Fail(phonetest.PBXFaults{Role: phonetest.GroupManager})
	is.Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	is.Equal(r.ownText(7).Transcript, "Dina: hello")
	is.Equal(r.ownText(7).Sentiment, 2)
}

// TestOldCallsGetAPhoneSystemsOwnTexts: those of the first week, and those of a
// back-fill.
func TestOldCallsGetAPhoneSystemsOwnTexts(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	week, month := pbxCall(7, storetest.Start.AddDate(0, 0, -5)), pbxCall(3, storetest.Start.AddDate(0, 0, -20))
	week.Transcript, month.Transcript = "Dina: last week", "Dina: last month"
	sim.Add(week, month)
	var asked atomic.Int64
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.RawQuery, "Transcription") {
			asked.Add(1)
		}
	})
	r.since(storetest.Start.AddDate(0, 0, -30))
	r.sync(store.CauseDefault)
	is.Equal(r.ownText(7).Transcript, "Dina: last week")
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(r.ownText(3).Transcript, "Dina: last month")
	is.Equal(asked.Load(), int64(2)) // each once
}

func TestABackfillDoesNotFailForTexts(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	old := pbxCall(3, storetest.Start.AddDate(0, 0, -20))
	old.Transcript = "Dina: last month"
	sim.Add(old)
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.RawQuery, "IsTranscribed") {
			sim.Fail(phonetest.PBXFaults{ListStatus: 400}) // a build that has none
			return
		}
		sim.Fail(phonetest.PBXFaults{})
	})
	r.since(storetest.Start.AddDate(0, 0, -30))
	r.sync(store.CauseDefault)
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 1)
}
