package simulate

import (
	"io"
	"time"

	"crk/app/phone/phonetest"
)

// A threeCX is a simulated 3CX.
type threeCX struct{ *phonetest.ThreeCX }

// newThreeCX returns one at which the user signs in as an API client, or as a
// person.
func newThreeCX(s settings) threeCX {
	x := threeCX{phonetest.NewThreeCX()}
	x.AddClient(s.user, s.password)
	x.AddUser("1000", s.password)
	return x
}

func (x threeCX) record(c call) {
	a := agents[c.agent]
	kind, from, to := "InboundExternal", phonetest.Outside(c.customer), phonetest.Extension(a.number, a.first+" "+a.last)
	if c.out {
		kind, from, to = "OutboundExternal", to, from
	}
	x.Add(phonetest.PBXRecording{
		ID: c.id, StartedAt: c.at, EndedAt: c.at.Add(c.length), CallType: kind, From: from, To: to, Audio: c.bytes, ContentType: c.contentType,
	})
}

func (x threeCX) fail(faults string) error {
	f, err := turn(threeCXKnobs(), faults)
	if err == nil {
		x.Fail(f)
	}
	return err
}

func (x threeCX) knobs(w io.Writer) { list(w, threeCXKnobs()) }

func threeCXKnobs() []knob[phonetest.PBXFaults] {
	type faults = phonetest.PBXFaults
	return []knob[faults]{
		{"role", "owner|admin|group_manager|user", "what the sign-in may do", oneOf(func(f *faults) *phonetest.PBXRole { return &f.Role },
			map[string]phonetest.PBXRole{"owner": phonetest.SystemOwner, "admin": phonetest.SystemAdmin,
				"group_manager": phonetest.GroupManager, "user": phonetest.OrdinaryUser})},
		{"2fa", "", "users, as 1000 with the same password, need a second factor", flagged(func(f *faults) *bool { return &f.TwoFactor })},
		{"no_users", "", "there is no sign-in for users", flagged(func(f *faults) *bool { return &f.NoUsers })},
		{"single_token", "true|false", "a new token ends those before, as it does unless this is false", oneOf(func(f *faults) *bool { return &f.ManyTokens },
			map[string]bool{"true": false, "false": true})},
		{"opaque_token", "", "tokens are no JWTs", flagged(func(f *faults) *bool { return &f.Opaque })},
		{"expires_minutes", "", "expires_in is in minutes, as until 20.0.9", flagged(func(f *faults) *bool { return &f.Minutes })},
		{"token_life", "1m", "a token is good for so long", span(func(f *faults) *time.Duration { return &f.TokenLife })},
		{"token_uses", "20", "and for so many requests", number(func(f *faults) *int { return &f.TokenUses })},
		{"login_status", "500", "every sign-in is answered so", number(func(f *faults) *int { return &f.LoginStatus })},
		{"login_html", "", "every sign-in is answered with a page", flagged(func(f *faults) *bool { return &f.LoginHTML })},
		{"max_top", "50", "a larger $top is a 400", number(func(f *faults) *int { return &f.MaxTop })},
		{"page_limit", "30", "rows a page at most", number(func(f *faults) *int { return &f.PageLimit })},
		{"nextlink", "never|more|always", "pages name a next one: none, all but the last, all", oneOf(func(f *faults) *phonetest.NextLinks { return &f.NextLink },
			map[string]phonetest.NextLinks{"never": phonetest.NextNever, "more": phonetest.NextMore, "always": phonetest.NextAlways})},
		{"any_order", "", "$orderby is not heeded", flagged(func(f *faults) *bool { return &f.AnyOrder })},
		{"bad_rows", "2", "so many unreadable rows lead each page", number(func(f *faults) *int { return &f.BadRows })},
		{"fail_lists", "5", "so many lists from now on are a 500", number(func(f *faults) *int { return &f.FailLists })},
		{"list_status", "503", "every list is answered so", number(func(f *faults) *int { return &f.ListStatus })},
		{"list_html", "", "every list is answered with a page", flagged(func(f *faults) *bool { return &f.ListHTML })},
		{"429_every", "10", "every such request is a 429", number(func(f *faults) *int { return &f.BusyEvery })},
		{"stuck_log", "", "the call log answers its first page again", flagged(func(f *faults) *bool { return &f.StuckLog })},
		{"id_reset", "20", "before the list of this number all calls are lost, and ids begin anew", number(func(f *faults) *int { return &f.ResetAtList })},
		{"archived", "", "the files of all calls were moved to an archive", flagged(func(f *faults) *bool { return &f.Archived })},
		{"version", "20.0.8.1109", "the version that it says it is", words(func(f *faults) *string { return &f.Version })},
		{"recording_stopped", "", "it says that it records no calls any more", flagged(func(f *faults) *bool { return &f.Stopped })},
		{"quota_reached", "", "it says that the space for recordings is full", flagged(func(f *faults) *bool { return &f.QuotaReached })},
		{"late_row", "5m", "a call is listed so long after its end", span(func(f *faults) *time.Duration { return &f.LateBy })},
		{"endtime_null", "10m", "and without an end for so long", span(func(f *faults) *time.Duration { return &f.OpenFor })},
		{"file_not_found_until", "3m", "its file is there so long after its end", span(func(f *faults) *time.Duration { return &f.ReadyAfter })},
		{"transcript_after", "2m", "3CX's own text comes so long after its end", span(func(f *faults) *time.Duration { return &f.Transcribes })},
		{"content_type", "audio/mpeg", "of every recording", words(func(f *faults) *string { return &f.ContentType })},
		{"audio_status", "503", "every recording is answered so", number(func(f *faults) *int { return &f.AudioStatus })},
		{"truncate", "1000", "the connection ends so many bytes early", number(func(f *faults) *int { return &f.AudioTruncate })},
		{"audio_break", "30000", "the connection ends after so many bytes, each time", number(func(f *faults) *int { return &f.AudioBreak })},
		{"audio_no_length", "", "no Content-Length", flagged(func(f *faults) *bool { return &f.AudioNoLength })},
		{"ranges", "", "Range is honoured", flagged(func(f *faults) *bool { return &f.Ranges })},
		{"audio_html", "", "a page in place of audio", flagged(func(f *faults) *bool { return &f.AudioHTML })},
		{"download_json_error_200", `{"error":"x"}`, "this answer in place of audio", words(func(f *faults) *string { return &f.AudioJSON })},
		{"audio_empty", "", "no byte of audio", flagged(func(f *faults) *bool { return &f.AudioEmpty })},
		{"clock_skew", "10m", "its clock is ahead by so much", span(func(f *faults) *time.Duration { return &f.ClockSkew })},
	}
}
