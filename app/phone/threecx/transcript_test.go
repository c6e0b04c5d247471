package threecx_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

// written is the texts of the hour, by id, however they come.
func written(t *testing.T, c *threecx.Client) map[string]phone.Transcript {
	t.Helper()
	all, ask := map[string]phone.Transcript{}, []string(nil)
	for call, err := range c.Transcribed(t.Context(), hour, hour.Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		if call.StartedAt.Before(hour) {
			t.Errorf("call %s is not of the window", call.ID)
		}
		if _, twice := all[call.ID]; twice {
			t.Errorf("call %s came twice", call.ID)
		}
		if call.Text == nil {
			ask = append(ask, call.ID)
			continue
		}
		all[call.ID] = *call.Text
	}
	asked, err := c.Transcripts(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range asked {
		all[id] = text
	}
	return all
}

func TestTranscripts(t *testing.T) {
	for _, tt := range []struct {
		name string
		role phonetest.PBXRole
	}{{"the owner", phonetest.SystemOwner}, {"a role that reads the call log alone", phonetest.GroupManager}} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			whole, late := recording(2, hour), recording(3, hour)
			whole.Transcript, whole.Summary, whole.Sentiment, whole.Segments = "Dina: hello", "A greeting", 4, 1
			late.Transcript, late.TranscribedFrom = "Dina: later", now.Add(time.Hour)
			before := recording(4, hour.Add(-time.Minute))
			before.Transcript = "Dina: before"
			sim.Add(recording(1, hour), whole, late, before)
			sim.Fail(phonetest.PBXFaults{Role: tt.role})
			is.Equal(written(t, c), map[string]phone.Transcript{"2": {Text: "Dina: hello", Summary: "A greeting", Sentiment: 4}})
			is.Equal(sim.Stats().BadRequests, nil)
		})
	}
}

func TestTranscriptsThatAreNotThereYet(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	r := recording(2, hour)
	r.Transcript, r.TextFrom = "Dina: hello", now.Add(time.Minute)
	sim.Add(r)
	is.Equal(written(t, c), map[string]phone.Transcript{"2": {}}) // 3CX says so before
}

func TestManyTranscriptsAreFewRequests(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	var ids []string
	for i := range 90 {
		r := recording(int64(i+1), hour)
		r.Transcript = "Dina: " + strconv.Itoa(i+1)
		sim.Add(r)
		ids = append(ids, strconv.Itoa(i+1))
	}
	texts, err := c.Transcripts(t.Context(), append(ids, "2 or 1 eq 1", "900"))
	is.NoErr(err)
	is.Equal(len(texts), 90) // what is no id is not asked for, and what is gone left out
	is.Equal(texts["7"].Text, "Dina: 7")
	is.Equal(sim.Stats().Lists, 5)
	is.Equal(sim.Stats().BadRequests, nil)
}

func TestTextsThatAreTooLongTogether(t *testing.T) {
	is := is.New(t)
	long := strings.Repeat("a", 2<<20)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var rows []string
		for _, word := range strings.Fields(r.URL.Query().Get("$filter")) {
			if _, err := strconv.Atoi(word); err == nil {
				rows = append(rows, `{"Id":`+word+`,"Transcription":"`+long+`","SentimentScore":9}`)
			}
		}
		_, _ = w.Write([]byte(`{"value":[` + strings.Join(rows, ",") + `]}`))
	})
	ids := strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12")
	texts, err := c.Transcripts(t.Context(), ids)
	is.NoErr(err)
	is.Equal(len(texts), len(ids))
	is.Equal(len(texts["12"].Text), 1<<20) // cut to what is kept
	is.Equal(texts["12"].Sentiment, 0)     // which goes to five
}
