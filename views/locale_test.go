package views_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone"
	"crk/views"
)

// catalogue reads a language's sentences; a plural counts as its general form.
func catalogue(t *testing.T, l views.Language) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("locale/" + string(l) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]any
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for key, v := range words {
		switch v := v.(type) {
		case string:
			out[key] = v
		case map[string]any:
			out[key], _ = v["other"].(string)
		}
	}
	return out
}

// sources is the text of everything that asks for sentences.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"*.templ", "*.go", "../app/web/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_templ.go") || strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	return b.String()
}

// closedLists are the lists whose values have words, with every value there is.
func closedLists() map[string][]string {
	text := func(list any) (out []string) {
		b, err := json.Marshal(list)
		if err != nil || json.Unmarshal(b, &out) != nil {
			panic("a list of strings")
		}
		return out
	}
	aiCodes := []string{"unauthorized", "quota", "model_not_found", "rate_limited", "unavailable", "unreachable", "timeout", "unexpected_answer", "too_large",
		"context_length", "rejected", "cut_off", "refused", "no_json", "no_path", "not_allowed", "incomplete", "over_budget", "nothing_to_try"}
	var fields, ops []string
	for _, f := range app.ConditionFields() {
		fields = append(fields, f.Name)
		ops = append(ops, f.Ops...)
	}
	events := []string{"all"}
	for _, e := range app.EventTypes() {
		events = append(events, strings.ReplaceAll(string(e), ".", "_"))
	}
	var actions []string
	for _, a := range app.Actions() {
		actions = append(actions, strings.ReplaceAll(string(a), ".", "_"))
	}
	return map[string][]string{
		"tag": app.Tags(), "sentiment": app.Sentiments(), "source": app.Sources(), "channel": app.Channels(),
		"direction": text(app.Directions()), "status": text(app.Statuses()), "role": text(app.Roles()),
		"role.may": text(app.Roles()), "calendar": app.Calendars(),
		"severity": text(app.Severities()), "severity.from": text(app.Severities()), "scope": text(app.AllScopes()),
		"failure":       {app.AudioUnreadable, app.AudioTooLong, app.AudioGone, app.AudioForbidden, app.AudioArchived, app.AudioFetchFailed, app.TranscriptionFailed, app.AnalysisFailed},
		"failure.fix":   {app.AudioUnreadable, app.AudioTooLong, app.AudioGone, app.AudioForbidden, app.AudioArchived, app.AudioFetchFailed, app.TranscriptionFailed, app.AnalysisFailed},
		"provider.warn": phone.Warnings(), "provider.warn.fix": phone.Warnings(),
		"test.step": {"connect", "sign_in", "audio"}, "test.fail": {"connect", "sign_in", "list", "audio"},
		"home.period": app.Periods(), "steps": {"phone", "ai", "chat", "rule", "colleague"}, "steps.why": {"phone", "ai", "chat", "rule", "colleague"},
		"place": {"home", "calls", "collections", "agents", "automations", "notifications", "usage", "settings"}, "usage.onlimit": {app.OnLimitNotify, app.OnLimitPause},
		"rule.field": fields, "rule.op": ops, "rule.match": {app.MatchAll, app.MatchAny}, "rule.join": {app.MatchAll, app.MatchAny},
		"chat.state": {string(app.ChatBlocked), string(app.ChatGone)}, "chat.fix": {string(app.ChatBlocked), string(app.ChatGone)},
		"check.name":  {"token", "reach", "poller", "webhook", "update", "clock", "chats", "discord"},
		"check.state": {"ok", "warn", "bad", "off"}, "telegram.problem": {"token", "unreachable", "conflict", "webhook"},
		"webhook.status": app.WebhookStatuses(), "webhook.disabled": {string(app.WebhookGone), string(app.WebhookFailing)},
		"webhook.disabled.fix": {string(app.WebhookGone), string(app.WebhookFailing)}, "webhook.event": events,
		"webhook.error": {app.WebhookErrTimeout, app.WebhookErrUnreachable, app.WebhookErrTLS, app.WebhookErrNotAllowed, app.WebhookErrRedirect,
			app.WebhookErrGone, app.WebhookErrRateLimited, app.WebhookErrRejected, app.WebhookErrPeer},
		"aiserver.task": text(app.AITasks()), "aiserver.drawer": text(app.AITasks()), "aiserver.none": text(app.AITasks()), "aiserver.without": text(app.AITasks()),
		"aitest.error": aiCodes, "aitest.fix": aiCodes, "aitest.form": {"json_schema_strict", "json_schema", "json_object", "prompt"},
		"channel.agent": text(app.AgentChannels()), "brief.language": {"th", "en"}, "brief.by": {app.SpeakerCustomer, app.SpeakerAgent},
		"brief.rule":    {"audio", "words", "topic", "score", "sentiment", "tag", "nothing"},
		"chat":          {"private", "group", "supergroup", "channel"},
		"access.action": app.Accesses(), "agent.days": {"30", "90", "365", "all"},
		"bulk.action":  text([]app.BulkAction{app.BulkCollect, app.BulkTranscribe, app.BulkAnalyse, app.BulkDelete}),
		"erased":       {"calls", "audio", "transcripts", "analyses", "notes", "notifications", "events", "answers"},
		"history":      {"found", "audio", "bad_audio", "transcribed", "analysed", "audio_removed", "text_removed"},
		"audit.action": actions, "audit.thing": app.AuditThings(), "audit.actor": text(app.ActorKinds()),
		"audit.via": {app.ViaDashboard, app.ViaAPI, app.ViaCommand, app.ViaTelegram}, "audit.value": {"true", "false"},
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	is := is.New(t)
	th, en := catalogue(t, views.Thai), catalogue(t, views.English)
	is.Equal(slices.Sorted(maps.Keys(th)), slices.Sorted(maps.Keys(en))) // each key is in both
	blank := regexp.MustCompile(`{{\.\w+}}`)
	for key := range th {
		a, b := blank.FindAllString(th[key], -1), blank.FindAllString(en[key], -1)
		slices.Sort(a)
		slices.Sort(b)
		is.Equal(slices.Compact(a), slices.Compact(b))             // with the same blanks to fill: key
		is.True(strings.TrimSpace(th[key]) != "" && en[key] != "") // and says something
		is.True(!regexp.MustCompile(`[ก-๛]`).MatchString(en[key])) // no Thai in English
	}
}

// TestCountsHaveBothForms: a sentence with a count that lacks the form for one
// is not found when there is one.
func TestCountsHaveBothForms(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("locale", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]any
	if err := json.Unmarshal(b, &words); err != nil {
		t.Fatal(err)
	}
	for key, v := range words {
		if text, plain := v.(string); plain && strings.Contains(text, "{{.Count}}") {
			t.Errorf("%s has no forms for one and for others", key)
		}
	}
}

func TestEveryKeyIsThereAndUsed(t *testing.T) {
	is := is.New(t)
	words, text := catalogue(t, views.English), sources(t)
	for _, m := range regexp.MustCompile(`\bT\(ctx, "([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if words[m[1]] == "" {
			t.Errorf("%s is asked for and not in the catalogues", m[1])
		}
	}
	lists := map[string]bool{}
	for _, m := range regexp.MustCompile(`\b(?:[lL]abel\(ctx|optionsOf\(ctx|refused\([\w.()]+), "([^"]+)"`).FindAllStringSubmatch(text, -1) {
		lists[m[1]] = true
	}
	is.True(len(lists) > 10) // the pattern still finds the lists
	for key := range words {
		list := key[:max(strings.LastIndex(key, "."), 0)]
		if !strings.Contains(text, `"`+key+`"`) && !lists[list] {
			t.Errorf("%s is in the catalogues and not used", key)
		}
	}
}

func TestEveryValueHasAWord(t *testing.T) {
	words := catalogue(t, views.Thai)
	for list, values := range closedLists() {
		for _, v := range values {
			if words[list+"."+v] == "" {
				t.Errorf("%s.%s has no word", list, v)
			}
		}
	}
}
