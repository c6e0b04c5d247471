package simulate

import (
	"io"
	"time"

	"crk/app/phone/phonetest"
)

// A dtac is a simulated OrkTrack.
type dtac struct {
	*phonetest.OrkTrack
	password string
}

func newDTAC(s settings) dtac { return dtac{phonetest.NewOrkTrack(s.user, s.password), s.password} }

func (d dtac) record(c call) {
	a := agents[c.agent]
	direction := "IN"
	if c.out {
		direction = "OUT"
	}
	d.Add(phonetest.Recording{
		ID: c.id, StartedAt: c.at, Duration: c.length, LocalParty: "+6681000" + a.number + "0", RemoteParty: c.customer,
		Direction: direction, FirstName: a.first, LastName: a.last, Audio: c.bytes, ContentType: c.contentType,
	})
}

func (d dtac) fail(faults string) error {
	f, err := turn(dtacKnobs(), faults)
	if err != nil {
		return err
	}
	if f.SecondAccount != "" {
		d.AddAccount(f.SecondAccount, d.password)
	}
	d.Fail(f)
	return nil
}

func (d dtac) knobs(w io.Writer) { list(w, dtacKnobs()) }

func dtacKnobs() []knob[phonetest.Faults] {
	type faults = phonetest.Faults
	return []knob[faults]{
		{"token_ttl", "30s", "a token is good for so long", span(func(f *faults) *time.Duration { return &f.TokenTTL })},
		{"token_uses", "20", "and for so many requests", number(func(f *faults) *int { return &f.TokenUses })},
		{"invalid_token_style", "401|403|200json", "how a bad token is answered", oneOf(func(f *faults) *phonetest.TokenAnswer { return &f.InvalidToken },
			map[string]phonetest.TokenAnswer{"401": phonetest.TokenUnauthorized, "403": phonetest.TokenForbidden, "200json": phonetest.TokenErrorJSON})},
		{"login_status", "500", "every login is answered so", number(func(f *faults) *int { return &f.LoginStatus })},
		{"login_html", "", "every login is answered with a page", flagged(func(f *faults) *bool { return &f.LoginHTML })},
		{"empty_page1_500", "", "a window without calls is a 500", flagged(func(f *faults) *bool { return &f.EmptyFails })},
		{"burst_500", "", "lists asked for at once are a 500", flagged(func(f *faults) *bool { return &f.BurstFails })},
		{"burst_500_rate", "0.5", "so much of them are", fraction(func(f *faults) *float64 { return &f.BurstRate })},
		{"insert_during_paging", "2", "before each further page so many calls are added, and the rows move on", number(func(f *faults) *int { return &f.InsertEach })},
		{"second_account_scope", "other", "every second call is this other user's alone, who has the same password", words(func(f *faults) *string { return &f.SecondAccount })},
		{"fail_lists", "5", "so many lists from now on are a 500", number(func(f *faults) *int { return &f.FailLists })},
		{"list_status", "503", "every list is answered so", number(func(f *faults) *int { return &f.ListStatus })},
		{"list_html", "", "every list is answered with a page", flagged(func(f *faults) *bool { return &f.ListHTML })},
		{"slow_list", "5s", "a list takes so long", span(func(f *faults) *time.Duration { return &f.SlowList })},
		{"page_limit", "100", "rows a page at most, whatever was asked for", number(func(f *faults) *int { return &f.PageLimit })},
		{"limit_rows", "50", "a window that holds more is cut short", number(func(f *faults) *int { return &f.LimitRows })},
		{"random_order", "", "rows come in no order", flagged(func(f *faults) *bool { return &f.RandomOrder })},
		{"always_next", "", "the last page names a next one too", flagged(func(f *faults) *bool { return &f.AlwaysNext })},
		{"no_next_uri", "", "nothing says whether there is another page", flagged(func(f *faults) *bool { return &f.NoNext })},
		{"bare_array", "", "rows come without an envelope", flagged(func(f *faults) *bool { return &f.BareArray })},
		{"next_uri_host", "internal.local", "addresses in answers name this host", words(func(f *faults) *string { return &f.NextURIHost })},
		{"bad_rows", "2", "so many unreadable rows lead each page", number(func(f *faults) *int { return &f.BadRows })},
		{"late_row", "5m", "a call is listed so long after its end", span(func(f *faults) *time.Duration { return &f.LateBy })},
		{"growing_row", "10m", "and with half of its duration for so long", span(func(f *faults) *time.Duration { return &f.GrowFor })},
		{"tz", "Asia/Bangkok", "the zone of all times", func(f *faults, v string) (err error) {
			f.Zone, err = time.LoadLocation(v)
			return err
		}},
		{"clock_skew", "10m", "its clock is ahead by so much", span(func(f *faults) *time.Duration { return &f.ClockSkew })},
		{"busy_every", "10", "every such request is a 429", number(func(f *faults) *int { return &f.BusyEvery })},
		{"audio_404_first", "2", "the first so many requests for a recording are a 404", number(func(f *faults) *int { return &f.AudioNotFoundFirst })},
		{"audio_status", "503", "every recording is answered so", number(func(f *faults) *int { return &f.AudioStatus })},
		{"audio_truncate", "1000", "the connection ends so many bytes early", number(func(f *faults) *int { return &f.AudioTruncate })},
		{"audio_break", "30000", "the connection ends after so many bytes, each time", number(func(f *faults) *int { return &f.AudioBreak })},
		{"audio_short", "1000", "the file ends so many bytes early", number(func(f *faults) *int { return &f.AudioShort })},
		{"audio_no_length", "", "no Content-Length", flagged(func(f *faults) *bool { return &f.AudioNoLength })},
		{"audio_html", "", "a login page in place of audio", flagged(func(f *faults) *bool { return &f.AudioHTML })},
		{"audio_json", `{"error":"x"}`, "this answer in place of audio", words(func(f *faults) *string { return &f.AudioJSON })},
		{"audio_empty", "", "no byte of audio", flagged(func(f *faults) *bool { return &f.AudioEmpty })},
		{"audio_stall", "", "half of the file, then nothing", flagged(func(f *faults) *bool { return &f.AudioStall })},
		{"range", "206|200|416|shifted|resized", "what is made of Range", oneOf(func(f *faults) *phonetest.RangeAnswer { return &f.Range },
			map[string]phonetest.RangeAnswer{"206": phonetest.RangeHonoured, "200": phonetest.RangeIgnored, "416": phonetest.RangeRefused,
				"shifted": phonetest.RangeShifted, "resized": phonetest.RangeResized})},
	}
}
