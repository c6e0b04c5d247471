package threecx_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

// atPBX returns a client of a simulated 3CX, signed in as its API client.
func atPBX(t *testing.T, sim *phonetest.ThreeCX) *threecx.Client {
	t.Helper()
	sim.AddClient(client, password)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	c, err := threecx.New(threecx.Config{BaseURL: srv.URL, Username: client, Password: password}, srv.Client(),
		threecx.WithSleep(func(ctx context.Context, _ time.Duration) error { return ctx.Err() }))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func recordedAt(id int64, at time.Time) phonetest.PBXRecording {
	return phonetest.PBXRecording{
		ID: id, StartedAt: at, EndedAt: at.Add(time.Minute), CallType: "InboundExternal",
		From: phonetest.Outside("0899998888"), To: phonetest.Extension("116", "Dina R."),
	}
}

func TestHistory(t *testing.T) {
	is := is.New(t)
	sim := phonetest.NewThreeCX()
	c := atPBX(t, sim)
	h, err := c.History(t.Context())
	is.NoErr(err)
	is.True(h.Oldest.IsZero()) // there is no call
	is.Equal(h.Keeps, 30*24*time.Hour)

	first := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	sim.Add(recordedAt(20, first.AddDate(0, 2, 0)), recordedAt(7, first))
	h, err = c.History(t.Context())
	is.NoErr(err)
	is.Equal(h.Oldest, first)

	sim.Add(recordedAt(1, first.AddDate(0, 3, 0))) // set up anew, with what was before brought back
	h, err = c.History(t.Context())
	is.NoErr(err)
	is.Equal(h.Oldest, first) // the lowest id is not the oldest call's
	is.Equal(sim.Stats().BadRequests, nil)

	sim.Fail(phonetest.PBXFaults{Role: phonetest.GroupManager})
	_, err = c.History(t.Context())
	is.Equal(phone.KindOf(err), phone.Forbidden) // a lesser role may not ask
}
