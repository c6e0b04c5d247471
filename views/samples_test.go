package views_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"testing"
	"time"

	"crk/app"
	"crk/views"
)

// The samples are every page in every state that looks different, filled with
// one made-up company's calls. Tests render them all.

func bangkok(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Bangkok")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// noon is "now" of the samples: Friday 20 November 2026, 14:32 in Bangkok.
func noon(t testing.TB) time.Time {
	t.Helper()
	return time.Date(2026, 11, 20, 14, 32, 0, 0, bangkok(t))
}

// reader is a context as the web gives it.
func reader(t testing.TB, l views.Language) context.Context {
	t.Helper()
	ctx := views.WithLanguage(context.Background(), l)
	return views.WithNow(views.WithZone(ctx, bangkok(t)), noon(t))
}

func ptr[T any](v T) *T { return &v }

func frame(title string, place views.Place) views.Frame {
	return views.Frame{
		Title: title, Place: place, Path: "/calls?tag=short", LastID: "018f0000-0000-7000-8000-000000000009", Unread: 5,
		Business: app.Business{ID: "b1", Name: "สยามเครื่องเย็น จำกัด"},
		User:     app.User{ID: "u1", Email: "waraporn@siamcooling.example", Name: "วราภรณ์ จิตรดี"},
		Role:     app.Owner, Can: app.Scopes{app.ManageAll}, Prefer: app.DefaultPreferences(),
	}
}

// speech is audio in which two people take turns.
func speech(seed, seconds int) *app.AudioStats {
	peaks := [][]float32{make([]float32, 800), make([]float32, 800)}
	talk := [][]app.Span{nil, nil}
	per := float64(seconds) / 800
	for i := range 800 {
		turn := int(math.Abs(math.Sin(float64(i/37+seed))*7)) % 3
		v := float32(0.15 + 0.75*math.Abs(math.Sin(float64(i*i+seed))*math.Cos(float64(i)/9)))
		if turn < 2 && (i < 300 || i > 345) {
			peaks[turn][i] = v
			talk[turn] = append(talk[turn], app.Span{Start: float64(i) * per, End: float64(i+1) * per})
		}
	}
	return &app.AudioStats{
		Codec: "pcm", SampleRate: 8000, Duration: float64(seconds), Peaks: peaks, Talk: talk,
		TalkRatio: []float64{0.58, 0.31}, SilenceRatio: 0.11,
	}
}

func recording(t testing.TB, n int) app.Recording {
	t.Helper()
	score := []float64{41, 94, 88, 83, 52, 76}[n%6]
	summaries := []string{
		"ลูกค้าโทรตามอะไหล่คอมเพรสเซอร์ครั้งที่สี่ ไม่พอใจที่ไม่มีใครโทรกลับตามนัด ขอคุยกับหัวหน้า",
		"นัดล้างแอร์ 4 เครื่อง วันอังคาร 24 พ.ย. ช่วงเช้า ลูกค้าขอบคุณที่เลื่อนคิวให้",
		"โทรยืนยันเวลาช่างเข้าติดตั้งพรุ่งนี้ 10:00 น. ลูกค้าสะดวก",
		"สอบถามสัญญาบำรุงรักษารายปี 22 เครื่อง ขอใบเสนอราคาภายในวันจันทร์",
		"ลูกค้าถามเรื่องประกันแผงวงจร พนักงานพูดแทรกหลายครั้งและยังตอบไม่ชัดเจน",
		"Caller asks whether <b>spare parts</b> are in stock & wants a quote",
	}
	r := app.Recording{
		ID: fmt.Sprintf("018f0000-0000-7000-8000-%012d", n), DataID: fmt.Sprint("d", n), Source: app.SourceDTAC,
		CallAt: noon(t).Add(-time.Duration(n*n*17+1) * time.Minute), Duration: ptr(466 - n*23),
		Direction: []app.Direction{app.In, app.Out, app.In, app.InternalCall}[n%4], CustomerNormalized: fmt.Sprintf("+668944%05d", 44170+n),
		AgentNumber: fmt.Sprint(201 + n%6), AgentName: []string{"ณัฐธิดา", "สุภาวดี", "กมลชนก", "ปิยะพงษ์", "ธนกฤต", "อรรถพล"}[n%6],
		Tag: []string{"normal", "normal", "normal", "short", "wrong_or_spam", "no_answer"}[n%6], Score: &score,
		Sentiment: []string{"negative", "positive", "positive", "neutral", "negative", ""}[n%6], Summary: summaries[n%6],
		Status: app.Completed, Size: 7_200_000, HasTranscript: true,
	}
	switch n {
	case 0:
		r.Status, r.Size, r.Duration = app.AwaitingAudio, 0, nil
	case 2:
		r.Status = app.Analyzing
	case 3:
		r.Status = app.Transcribing
	case 7:
		r.Status, r.Error = app.Failed, app.AudioUnreadable
	}
	return r
}

func callsPage(t testing.TB) views.CallsPage {
	t.Helper()
	p := views.CallsPage{Total: 184, Page: 3, PageSize: 20, Query: url.Values{"tag": {"normal"}}, HasProvider: true,
		Agents: []views.Option{{Value: "201", Label: "201 ณัฐธิดา"}, {Value: "202", Label: "202 สุภาวดี"}},
		Audio:  map[string]*app.AudioStats{}}
	for n := range 16 {
		r := recording(t, n)
		p.Items = append(p.Items, r)
		if r.HasAudio() {
			p.Audio[r.ID] = speech(n, 300)
		}
	}
	return p
}

func callPage(t testing.TB) views.CallPage {
	t.Helper()
	r := recording(t, 4)
	r.Score, r.Sentiment, r.Tag = ptr(41.0), "negative", "normal"
	r.ActionItems = []string{"หัวหน้าโทรกลับคุณมานพ วันนี้ก่อน 17:00 น.", "ยืนยันวันที่คอมเพรสเซอร์เข้าคลัง"}
	r.Topics = []string{"อะไหล่ล่าช้า", "ไม่โทรกลับตามนัด", "คอมเพรสเซอร์"}
	said := []struct {
		at   float64
		who  string
		text string
	}{
		{2, "agent", "สวัสดีครับ สยามเครื่องเย็น ธนกฤตรับสายครับ ยินดีให้บริการครับ"},
		{8, "customer", "สวัสดีครับ ผมมานพนะครับ โทรมาเรื่องแอร์ที่บ้านบางนา ที่รออะไหล่อยู่"},
		{17, "agent", "ครับคุณมานพ ขอเบอร์ที่แจ้งซ่อมไว้หน่อยได้ไหมครับ"},
		{22, "customer", "ก็เบอร์นี้แหละครับ นี่ผมโทรมาครั้งที่สี่แล้วนะ ทุกครั้งต้องเล่าใหม่หมดเลย"},
		{34, "agent", "ต้องขออภัยด้วยครับ เดี๋ยวผมเช็กในระบบให้นะครับ รอสักครู่ครับ"},
		{63, "agent", "ของคุณมานพเป็นคอมเพรสเซอร์ 24,000 BTU ตอนนี้ยังรอของจากคลังอยู่ครับ"},
		{72, "customer", "แล้วเมื่อวันอังคารที่บอกว่าจะโทรกลับภายในวันนั้น ทำไมไม่มีใครโทรมาเลยครับ บ้านผมมีคนแก่นะ ร้อนมาหกวันแล้ว"},
		{86, "agent", "อันนี้ผมไม่แน่ใจเหมือนกันครับ อาจจะเป็นอีกคนที่รับเรื่องไว้"},
		{93, "customer", "ผมไม่ได้สนว่าใครรับครับ ผมอยากรู้ว่าอะไหล่จะมาวันไหน ขอคุยกับหัวหน้าได้ไหม"},
		{104, "unknown", "ได้ครับ ผมขอตรวจสอบกับฝ่ายอะไหล่ก่อน"},
	}
	tr := &app.Transcript{Language: "th"}
	for _, s := range said {
		tr.Segments = append(tr.Segments, app.Segment{Start: s.at, End: s.at + 6, Speaker: s.who, Text: s.text})
	}
	return views.CallPage{
		Recording: r, Audio: speech(3, 466), Transcript: tr, Source: "DTAC main", Query: "อะไหล่", HasSTT: true, HasLLM: true,
		Analysis: &app.Analysis{
			Summary: "คุณมานพโทรตามอะไหล่คอมเพรสเซอร์เครื่องที่บ้านบางนาเป็นครั้งที่สี่ในเจ็ดวัน ไม่พอใจที่ไม่มีใครโทรกลับตามนัด พนักงานขอโทษและรับว่าจะให้หัวหน้าโทรกลับก่อน 17:00 น.",
			Score:   ptr(41.0), ScoreReason: "รับสายสุภาพ แต่ไม่รู้ประวัติเดิม และแก้ปัญหาไม่ได้ในสายนี้", Sentiment: "negative", Tag: "normal",
			Highlights: []app.Highlight{{At: 72, Text: "ทำไมไม่มีใครโทรมาเลย"}, {At: 22, Text: "โทรมาครั้งที่สี่"}, {At: 300, Text: "ขอบคุณที่แจ้ง"}},
			Scorecard: []app.ScorecardItem{
				{Criterion: "ทักทายและแนะนำตัว", Points: 9, Max: 10, Reason: "บอกชื่อร้านและชื่อตัวเองครบ", Quote: "สยามเครื่องเย็น ธนกฤตรับสายครับ", At: ptr(2.0)},
				{Criterion: "เข้าใจปัญหาของลูกค้า", Points: 7, Max: 20, Reason: "ไม่ได้เปิดประวัติก่อนถาม", Quote: "ขอเบอร์ที่แจ้งซ่อมไว้หน่อย", At: ptr(17.0)},
				{Criterion: "น้ำเสียงและมารยาท", Points: 60, Max: 100, Reason: "สุภาพ ไม่พูดแทรก"},
			},
		},
		History: []views.HistoryStep{
			{Text: "พบสายใน DTAC main", At: r.CallAt.Add(8 * time.Minute)},
			{Text: "ถอดเสียง 52 วินาที", At: r.CallAt.Add(9 * time.Minute)},
			{Text: "วิเคราะห์ไม่สำเร็จ จะลองใหม่", At: r.CallAt.Add(10 * time.Minute), Bad: true},
		},
	}
}

// bareCall is a call as it is without any AI.
func bareCall(t testing.TB) views.CallPage {
	t.Helper()
	p := callPage(t)
	p.Transcript, p.HasSTT, p.HasLLM, p.Query = nil, false, false, ""
	p.Analysis = &app.Analysis{Tag: "short"}
	p.Audio.Peaks, p.Audio.TalkRatio = p.Audio.Peaks[:1], p.Audio.TalkRatio[:1]
	r := &p.Recording
	r.Score, r.Sentiment, r.Summary, r.Topics, r.ActionItems, r.Tag, r.HasTranscript = nil, "", "", nil, nil, "short", false
	return p
}

func callInState(t testing.TB, s app.Status, code string) views.CallPage {
	t.Helper()
	p := bareCall(t)
	p.Recording.Status, p.Recording.Error, p.Analysis = s, code, nil
	return p
}

func feedItems(t testing.TB) []app.FeedItem {
	t.Helper()
	item := func(n int, s app.Severity, title, body string, ago time.Duration, read bool, data string) app.FeedItem {
		f := app.FeedItem{ID: fmt.Sprint("n", n), Title: title, Body: body, Severity: s, CreatedAt: noon(t).Add(-ago), Data: json.RawMessage(data)}
		if read {
			f.ReadAt = noon(t)
		}
		return f
	}
	return []app.FeedItem{
		item(1, app.Critical, "ลูกค้าไม่พอใจ คะแนน 41", "คุณมานพ 089-xxx-4417 คุยกับธนกฤต โทรมาครั้งที่สี่ ขอให้หัวหน้าโทรกลับก่อน 17:00 น.", 5*time.Minute, false, `{"recordingId":"r1"}`),
		item(2, app.Warning, "DTAC main เข้าสู่ระบบไม่ได้", "รหัสผ่านถูกเปลี่ยน สายใหม่รออยู่ในระบบโทรศัพท์ ไม่หาย", 80*time.Minute, false, `{"link":"https://crm.example/x"}`),
		item(3, app.Success, "ลูกค้าชม คะแนน 96", "คุณนิภาชมช่างที่มาซ่อมเมื่อวาน", 2*time.Hour, false, `{"link":"javascript:alert(1)"}`),
		item(4, app.Info, "สายยาวเกิน 10 นาที", "บมจ. เอเชียคลังสินค้า คุยกับปิยะพงษ์ 12:08 นาที", 22*time.Hour, true, ``),
		item(5, app.Info, "<script>alert(1)</script>", "", 26*time.Hour, true, `null`),
	}
}

func providersPage(t testing.TB) views.ProvidersPage {
	t.Helper()
	return views.ProvidersPage{Items: []views.ProviderCard{
		{Provider: app.Provider{ID: "p1", Kind: app.SourceDTAC, Name: "DTAC main", Active: true, Default: true, State: app.ProviderOK, Interval: 15 * time.Minute,
			NextSyncAt: noon(t).Add(13 * time.Minute), LastSync: &app.SyncRun{Status: "running", Found: 143, Imported: 131}},
			Preview: "crk-sync @ onecallvoicerecord.dtac.co.th", Waiting: 9, Total: 8214},
		{Provider: app.Provider{ID: "p2", Kind: app.SourceDTAC, Name: "DTAC สาขาเชียงใหม่", State: app.ProviderStopped, Interval: time.Hour,
			LastSync: &app.SyncRun{Status: "failed", Error: "invalid_credentials", FinishedAt: noon(t).Add(-time.Hour), Failed: 3}},
			Preview: "api-crk @ rec.example", Test: &views.ProviderTest{Code: "tls"}},
		{Provider: app.Provider{ID: "p3", Kind: app.SourceThreeCX, Name: "ใหม่", State: app.ProviderOK}, Preview: "901 @ pbx.example",
			Test: &views.ProviderTest{OK: true, Seen: 1043, Latency: 380 * time.Millisecond}},
	}}
}

func tokensPage(t testing.TB) views.TokensPage {
	t.Helper()
	return views.TokensPage{BaseURL: "https://crk.example", Items: []views.TokenRow{
		{Key: app.Key{ID: "k1", Name: "CRM ฝ่ายขาย", BusinessID: "b1", Scopes: app.Scopes{app.ViewRecordingAll, app.ManageNotifications}, Hint: "x9Zq",
			CreatedAt: noon(t).Add(-50 * 24 * time.Hour), LastUsedAt: noon(t).Add(-3 * time.Minute), ExpiresAt: noon(t).Add(40 * 24 * time.Hour)},
			Owner: "วราภรณ์ จิตรดี", Mine: true, Business: "สยามเครื่องเย็น จำกัด"},
		{Key: app.Key{ID: "k2", Name: "Nightly export", Scopes: app.Scopes{app.ManageAll}, Hint: "aaaa", CreatedAt: noon(t).Add(-400 * 24 * time.Hour)}, Owner: "ann@example.com"},
		{Key: app.Key{ID: "k3", Name: "เก่า", BusinessID: "b1", Hint: "bbbb", CreatedAt: noon(t), RevokedAt: noon(t)}, Owner: "ann@example.com", Mine: true},
		{Key: app.Key{ID: "k4", Name: "หมดอายุ", BusinessID: "b1", Hint: "cccc", CreatedAt: noon(t), ExpiresAt: noon(t).Add(-time.Hour)}, Owner: "ann@example.com", Mine: true},
	}}
}

func destinationsPage(t testing.TB) views.DestinationsPage {
	t.Helper()
	return views.DestinationsPage{
		Telegram: views.TelegramStatus{Configured: true, Bot: "siamcooling_crk_bot", Healthy: true, LastUpdateAt: noon(t)},
		Chats: []app.Chat{
			{ID: "c1", Title: "ทีมหัวหน้างาน", Type: "supergroup", Active: true, State: app.ChatOK, LastDeliveryAt: noon(t).Add(-5 * time.Minute)},
			{ID: "c2", Title: "วราภรณ์ จิตรดี", Type: "private", State: app.ChatOK, LinkedAt: noon(t)},
			{ID: "c3", Title: "ทีมช่างบางนา", Type: "group", State: app.ChatBlocked},
			{ID: "c4", Title: "หัวข้อ", Type: "supergroup", ThreadID: 7, Active: true, State: app.ChatGone},
		},
		Discord: []app.DiscordWebhook{{ID: "w1", Name: "#service-alert", Active: true, State: app.ChatOK, CreatedAt: noon(t)}, {ID: "w2", Name: "#old", State: app.ChatGone}},
	}
}

func checkPage(t testing.TB) views.CheckPage {
	t.Helper()
	p := destinationsPage(t)
	return views.CheckPage{Telegram: views.TelegramStatus{
		Configured: true, Bot: p.Telegram.Bot, Problem: "conflict", LastUpdateAt: noon(t), Skew: -95 * time.Second,
	}, Chats: p.Chats, Discord: p.Discord[:1]}
}

func qr(n int) [][]bool {
	rows := make([][]bool, n)
	for y := range rows {
		rows[y] = make([]bool, n)
		for x := range rows[y] {
			rows[y][x] = (x*7+y*13+x*y)%3 == 0
		}
	}
	return rows
}

func deliveriesPage(t testing.TB) views.DeliveriesPage {
	t.Helper()
	return views.DeliveriesPage{Next: "d9", Places: map[string]string{"c1": "ทีมหัวหน้างาน"}, Rules: map[string]string{"a1": "ลูกค้าไม่พอใจ"}, Items: []app.Delivery{
		{Channel: app.ChannelTelegram, ChatID: "c1", AutomationID: "a1", Status: app.DeliverySent, Attempts: 1, Title: "ลูกค้าไม่พอใจ คะแนน 41", CreatedAt: noon(t)},
		{Channel: app.ChannelDiscord, WebhookID: "gone", AutomationID: "a1", Status: app.DeliveryFailed, Error: "webhook_gone", Attempts: 5, Title: "สายยาว", CreatedAt: noon(t).Add(-26 * time.Hour)},
		{Channel: app.ChannelTelegram, ChatID: "c1", Status: app.DeliveryQueued, Error: "timeout", Attempts: 2, NextAttemptAt: noon(t).Add(4 * time.Minute), Title: "อีกครั้ง", CreatedAt: noon(t)},
		{Channel: app.ChannelInApp, Status: app.DeliveryQueued, Title: "รอ", CreatedAt: noon(t).Add(-400 * 24 * time.Hour)},
	}}
}

func docsPage() views.DocsPage {
	return views.DocsPage{Version: "1.0.0", BaseURL: "https://crk.example/api/v1", Intro: []string{"What a CRM may rely on.", "Scopes:", "- view_usage: minutes and calls", "- manage_all: everything"}, Groups: []views.DocsGroup{
		{Name: "Recordings", Anchor: "recordings", Text: "Calls.", Operations: []views.Operation{
			{ID: "listRecordings", Method: "GET", Path: "/recordings", Summary: "List recordings", Text: "Newest first.", Scope: "view_recording_all",
				Params:  []views.DocsParam{{Name: "limit", In: "query", Type: "integer", Text: "1 to 200"}, {Name: "id", In: "path", Type: "string", Required: true}},
				Answers: []views.DocsAnswer{{Status: "200", Text: "The list"}}, Response: `{"items":[]}`},
			{ID: "createRecording", Method: "POST", Path: "/recordings", Summary: "Ingest", Body: `{"dataId":"x"}`, Answers: []views.DocsAnswer{{Status: "201", Text: "Made"}}},
		}},
		{Name: "Collections", Anchor: "collections"},
	}}
}
