package store_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

func TestAIServers(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, b := t.Context(), f.Business.ID
	none, err := f.AIServer(ctx, b, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(none, nil)
	want := app.AIServer{BusinessID: b, Task: app.TaskAnalysis, URL: "https://ai.example/v1", Key: "sk-very-secret", Model: "m", AIOptions: app.AIOptions{
		KeyHeader: "api-key", Language: "th", Timeout: time.Minute, Extra: []app.AIParameter{{Name: "a", Value: "1"}}}}
	is.NoErr(f.SetAIServer(ctx, want))
	got, err := f.AIServer(ctx, b, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(got.UpdatedAt, f.Clock.Now())
	first := got.UpdatedAt
	want.UpdatedAt = first
	is.Equal(*got, want) // all of it comes back
	is.Equal(f.Text(t, `SELECT count(*) FROM ai_servers WHERE instr(key, 'very-secret') > 0`), "0")

	want.Key = ""
	is.NoErr(f.SetAIServer(ctx, want))
	got, err = f.AIServer(ctx, b, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(got.Key, app.Secret(""))
	is.True(got.UpdatedAt.After(first)) // every change is later than the one before, also within one moment
	is.Equal(f.Text(t, `SELECT count(*) FROM audit_log WHERE action = 'aiserver.update' AND instr(changes, 'secret') + instr(changes, 'example') = 0`), "2")

	other, _ := f.OtherBusiness(t)
	none, err = f.AIServer(ctx, other.ID, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(none, nil) // another business has none
	is.NoErr(f.DeleteAIServer(ctx, other.ID, app.TaskAnalysis))
	is.Equal(f.Text(t, `SELECT count(*) FROM ai_servers`), "1") // nor takes it away
	f.Exec(t, `UPDATE ai_servers SET business_id = ?`, other.ID)
	f.Exec(t, `UPDATE ai_servers SET key = x'00'`)
	_, err = f.AIServer(ctx, other.ID, app.TaskAnalysis)
	is.True(err != nil) // a key that was moved or broken does not open
}

// TestJobsOfOneBusinessShareItsLanes: a backlog of one business leaves room for
// the calls of another, and for its own new ones.
func TestJobsOfOneBusinessShareItsLanes(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	other, _ := f.OtherBusiness(t)
	add := func(b app.BusinessID, n, priority int) {
		for i := range n {
			is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobTranscribe, BusinessID: b, Key: string(b) + string(rune('a'+i)) + string(rune('0'+priority)), Priority: priority}))
		}
	}
	add(f.Business.ID, 20, app.PriorityBacklog)
	add(other.ID, 1, app.PriorityBacklog)
	add(f.Business.ID, 1, app.PriorityLive)
	claimed, err := f.ClaimJobs(t.Context(), app.JobTranscribe, 100, time.Minute)
	is.NoErr(err)
	count := map[app.BusinessID]int{}
	fresh := 0
	for _, j := range claimed {
		count[j.BusinessID]++
		if j.Priority == app.PriorityLive {
			fresh++
		}
	}
	is.Equal(fresh, 1)                // the new call is among them
	is.Equal(count[other.ID], 1)      // and the other business's
	is.Equal(count[f.Business.ID], 5) // of the backlog no more than its lanes
}
