package views_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func aiServerSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	here := frame("Providers", views.AtSettings)
	none := views.AIServersPage{Channel: app.AgentAuto, Items: []views.AIServerCard{{Task: app.TaskTranscription}, {Task: app.TaskAnalysis}}}
	some := views.AIServersPage{Channel: app.AgentLeft, Integrations: 2, Items: []views.AIServerCard{
		{
			Task: app.TaskTranscription, Host: "10.0.0.5:8000", Model: "whisper-large-v3", Own: true, Default: true, Waiting: 3,
			Test: &views.AIServerTest{OK: true, Latency: 412 * time.Millisecond, Text: "Good morning.", Times: true},
		},
		{Task: app.TaskAnalysis, Host: "api.openai.com", Model: "gpt-4o-mini", Keyed: true, Paused: true, Test: &views.AIServerTest{Code: "unauthorized"}},
	}}
	form := some
	form.Form = &views.AIServerForm{
		Task: app.TaskTranscription, Stored: true, Keyed: true,
		Form: views.Form{
			Values: url.Values{"url": {"http://10.0.0.5:8000/v1"}, "key": {"hunter2"}, "language": {"thai"}},
			Errors: map[string]string{"language": "ใส่รหัสเช่น th"},
		},
		Test: &views.AIServerTest{Code: "model_not_found", Models: []string{"a", "b"}},
	}
	fresh := some
	fresh.Form = &views.AIServerForm{Task: app.TaskAnalysis, Test: &views.AIServerTest{OK: true, Form: "json_object", Usage: true}}
	return map[string]templ.Component{
		"aiservers-none": views.AIServers(here, none), "aiservers": views.AIServers(here, some),
		"aiserver-form": views.AIServers(here, form), "aiserver-new": views.AIServers(here, fresh),
	}
}
