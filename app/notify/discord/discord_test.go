package discord_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/matryer/is"

	"crk/app/notify/discord"
	"crk/app/notify/notifytest"
)

var hook = discord.Hook{ID: hookID, Token: hookToken}

// start returns a client of a simulated Discord that has the webhook.
func start(t *testing.T) (*notifytest.Discord, *discord.Client) {
	t.Helper()
	sim := notifytest.NewDiscord()
	sim.Add(hookID, hookToken, "Sales")
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return sim, discord.New(srv.URL+"/", nil)
}

func answering(t *testing.T, status int, header map[string]string, body string) *discord.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return discord.New(srv.URL, nil)
}

func TestCheck(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	info, err := c.Check(t.Context(), hook)
	is.NoErr(err)
	is.Equal(info.Name, "Sales") // the webhook's own name
	is.Equal(info.ID, hookID)

	sim.AddKind("7", "t", "News", 2)
	_, err = c.Check(t.Context(), discord.Hook{ID: "7", Token: "t"})
	is.Equal(discord.KindOf(err), discord.NotIncoming) // one that follows another channel cannot be posted to
	_, err = c.Check(t.Context(), discord.Hook{ID: hookID, Token: "other"})
	is.Equal(discord.KindOf(err), discord.Gone) // a token that is not the webhook's
	sim.Remove(hookID)
	_, err = c.Check(t.Context(), hook)
	is.Equal(discord.KindOf(err), discord.Gone) // a deleted one
}

func TestPost(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	r, err := c.Post(t.Context(), hook, discord.Note{
		Title: " Angry\ncustomer ", Body: "Score 41\r\n@everyone ", Link: "https://crk.example.com/r/1", Color: 0xd33, Silent: true,
	})
	is.NoErr(err)
	is.Equal(r.MessageID, "1")     // wait=true brought the id
	is.Equal(r.Quota.Limit, 5)     // and the limit
	is.Equal(r.Quota.Remaining, 4) // with what is left of it
	is.True(r.Quota.ResetAfter > time.Second && r.Quota.ResetAfter <= 2*time.Second)
	p := sim.Posts()[0]
	is.Equal(p.Embeds, []notifytest.Embed{{
		Title: "Angry customer", Description: "Score 41\n@everyone", URL: "https://crk.example.com/r/1", Color: 0xd33,
	}}) // one embed holds it all
	is.Equal(p.Flags, 4096) // silent

	_, err = c.Post(t.Context(), hook, discord.Note{Title: "T"})
	is.NoErr(err)
	is.Equal(sim.Posts()[1].Flags, 0) // loud unless asked
}

func TestPostEscapes(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Score 41 < 50 & <b>", "Score 41 < 50 & <b>"},
		{"emphasis", "2*3*4 _x_ ~~y~~ `z` ||s||", "2\\*3\\*4 \\_x\\_ \\~\\~y\\~\\~ \\`z\\` \\|\\|s\\|\\|"},
		{"backslash", `C:\x`, `C:\\x`},
		{"masked link", "[bank](https://evil.example)", `\[bank\](https://evil.example)`},
		{"mentions", "<@1> <#2> <:e:3> <a:e:4> <t:5>", `\<@1> \<#2> \<:e:3> \<a:e:4> \<t:5>`},
		{"headings and quotes", "# a\n > b\n-# c\nd # e > f", "\\# a\n \\> b\n\\-# c\nd # e > f"},
		{"links stay whole", "see https://x.example/a_b_c?d=e~", "see https://x.example/a_b_c?d=e~"},
		{"Thai", "ลูกค้า", "ลูกค้า"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			_, err := c.Post(t.Context(), hook, discord.Note{Title: "T", Body: tt.in})
			is.NoErr(err)
			is.Equal(sim.Posts()[0].Embeds[0].Description, tt.want) // read as it was written
		})
	}
}

func TestPostCutsToTheLimit(t *testing.T) {
	for _, tt := range []struct{ name, unit string }{{"ascii", "a"}, {"escaped", "*"}, {"mixed", "a*b"}, {"emoji", "😀"}, {"Thai", "น้ำ"}} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			_, err := c.Post(t.Context(), hook, discord.Note{Title: strings.Repeat(tt.unit, 300), Body: strings.Repeat(tt.unit, 5000)})
			is.NoErr(err) // too long is cut, not refused
			e := sim.Posts()[0].Embeds[0]
			for got, limit := range map[string]int{e.Title: 256, e.Description: 4096} {
				n := len(utf16.Encode([]rune(got)))
				is.True(n <= limit && n > limit-8)     // nearly all the room is used
				is.True(strings.HasSuffix(got, "…"))   // with a sign
				is.True(!strings.HasSuffix(got, `\…`)) // and no escape torn off
			}
		})
	}
}

func TestPostMends(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	sim.AddThread(hookID, "9")
	in := hook
	in.Thread = "9"
	r, err := c.Post(t.Context(), in, discord.Note{Title: "T"})
	is.NoErr(err)
	is.True(!r.ThreadGone)
	is.Equal(sim.Posts()[0].ThreadID, "9") // into the thread

	sim.RemoveThread(hookID, "9")
	r, err = c.Post(t.Context(), in, discord.Note{Title: "T"})
	is.NoErr(err)
	is.True(r.ThreadGone)                 // the lost thread is told
	is.Equal(sim.Posts()[1].ThreadID, "") // and the channel gets it

	_, err = c.Post(t.Context(), hook, discord.Note{Title: "T", Body: "B", Link: "http://localhost:8080/r/1"})
	is.NoErr(err)
	is.Equal(sim.Posts()[2].Embeds[0].URL, "")                                       // a link that Discord refuses
	is.Equal(sim.Posts()[2].Embeds[0].Description, "B\n\nhttp://localhost:8080/r/1") // goes as text
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   discord.Kind
		after  time.Duration
	}{
		{"retry after a fraction", 429, nil, `{"retry_after":0.75,"global":false}`, discord.RateLimited, 750 * time.Millisecond},
		{"page of the shield", 429, map[string]string{"Content-Type": "text/html", "Retry-After": "12"}, "<html>1015", discord.RateLimited, 12 * time.Second},
		{"page of the shield without a time", 429, map[string]string{"Content-Type": "text/html"}, "<html>1015", discord.RateLimited, 5 * time.Second},
		{"beyond reason", 429, nil, `{"retry_after":1e300}`, discord.RateLimited, 24 * time.Hour},
		{"unknown webhook", 404, nil, `{"code":10015,"message":"Unknown Webhook"}`, discord.Gone, 0},
		{"404 without a body", 404, nil, ``, discord.Gone, 0},
		{"404 of a proxy", 404, map[string]string{"Content-Type": "text/html; charset=utf-8"}, `<html>`, discord.PeerError, 0},
		{"invalid token", 401, nil, `{"code":50027,"message":"Invalid Webhook Token"}`, discord.Gone, 0},
		{"unknown channel", 404, nil, `{"code":10003,"message":"Unknown Channel"}`, discord.ThreadNotFound, 0},
		{"form", 400, nil, `{"code":50035,"message":"Invalid Form Body"}`, discord.Rejected, 0},
		{"forum", 400, nil, `{"code":220001,"message":"Webhooks posted to forum channels must have a thread_name or thread_id"}`, discord.Rejected, 0},
		{"forbidden", 403, nil, `{"code":50013,"message":"Missing Permissions"}`, discord.Rejected, 0},
		{"shield", 403, map[string]string{"Content-Type": "text/html"}, `<html>`, discord.PeerError, 0},
		{"server error", 500, nil, `{}`, discord.PeerError, 0},
		{"page of a proxy", 502, nil, `<html>`, discord.PeerError, 0},
		{"page with 200", 200, nil, `<html>`, discord.PeerError, 0},
		{"redirect", 302, map[string]string{"Location": "https://example.com"}, ``, discord.PeerError, 0},
		{"unreadable refusal", 400, nil, `?`, discord.PeerError, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c := answering(t, tt.status, tt.header, tt.body)
			_, err := c.Post(t.Context(), hook, discord.Note{Title: "T"})
			var e *discord.Error
			is.True(errors.As(err, &e))      // the error is typed
			is.Equal(e.Kind, tt.want)        // with the kind the case wants
			is.Equal(e.RetryAfter, tt.after) // and the time to wait
		})
	}
}

func TestGlobalLimit(t *testing.T) {
	for name, c := range map[string]*discord.Client{
		"in the body":   answering(t, 429, nil, `{"retry_after":1,"global":true}`),
		"in the header": answering(t, 429, map[string]string{"X-RateLimit-Global": "true"}, `{"retry_after":1}`),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			_, err := c.Post(t.Context(), hook, discord.Note{Title: "T"})
			var e *discord.Error
			is.True(errors.As(err, &e))
			is.True(e.Global) // every webhook must wait
		})
	}
}

func TestQuotaOfStrangeHeaders(t *testing.T) {
	for _, reset := range []string{"", "soon", "NaN", "-1"} {
		t.Run(reset, func(t *testing.T) {
			is := is.New(t)
			c := answering(t, 200, map[string]string{
				"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": reset,
			}, `{"id":"1"}`)
			r, err := c.Post(t.Context(), hook, discord.Note{Title: "T"})
			is.NoErr(err)
			is.Equal(r.Quota, discord.Quota{}) // nothing is believed of half a story
		})
	}
}

func TestNetworkFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault notifytest.Fault
		want  discord.Kind
	}{
		{"reset", notifytest.Reset, discord.Unreachable},
		{"cut JSON", notifytest.CutJSON, discord.Unreachable},
		{"HTML 502", notifytest.BadGateway, discord.PeerError},
		{"hang", notifytest.Hang, discord.Timeout},
		{"500", notifytest.ServerError, discord.PeerError},
		{"429", notifytest.TooMany, discord.RateLimited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			sim.Fail(hookID, tt.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := c.Post(ctx, hook, discord.Note{Title: "T"})
			is.Equal(discord.KindOf(err), tt.want)   // the kind the case wants
			is.True(discord.KindOf(err).Retryable()) // and worth another try
			is.Equal(sim.Calls(hookID), 1)           // which is not for the client to make
		})
	}
}

func TestStopIsKnownAsSuch(t *testing.T) {
	is := is.New(t)
	_, c := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Post(ctx, hook, discord.Note{Title: "T"})
	is.True(errors.Is(err, context.Canceled)) // a stop is no failure of the peer
}

func TestTokenNeverShows(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	for _, tt := range []struct {
		name   string
		client *discord.Client
	}{
		{"nobody listens", discord.New(srv.URL, nil)},
		{"unknown scheme", discord.New("gopher://example.com", nil)},
		{"no URL", discord.New("http://[::1", nil)},
		{"the peer echoes it", answering(t, 400, nil, `{"code":1,"message":"bad /api/v10/webhooks/`+hookID+`/`+hookToken+`"}`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := tt.client.Post(t.Context(), hook, discord.Note{Title: "T"})
			is.True(err != nil)
			for e := err; e != nil; e = errors.Unwrap(e) {
				is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), "secret")) // not in the error nor in what it wraps
			}
			is.True(strings.HasPrefix(err.Error(), "discord: post")) // which says what was tried
		})
	}
}
