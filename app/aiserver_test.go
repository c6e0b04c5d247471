package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestNormalizeAIURL(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"as it should be", "https://api.openai.com/v1", "https://api.openai.com/v1"},
		{"a slash at the end", " https://api.openai.com/v1/ ", "https://api.openai.com/v1"},
		{"no path", "https://API.openai.com", "https://api.openai.com/v1"},
		{"no scheme", "api.openai.com/v1", "https://api.openai.com/v1"},
		{"no scheme, this network", "192.168.1.20:8000", "http://192.168.1.20:8000/v1"},
		{"no scheme, this machine", "localhost:11434", "http://localhost:11434/v1"},
		{"no scheme, a name in this network", "gpu.lan/v1", "http://gpu.lan/v1"},
		{"the address of chats", "https://api.groq.com/openai/v1/chat/completions", "https://api.groq.com/openai/v1"},
		{"the address of transcriptions", "http://10.0.0.5:8000/v1/audio/transcriptions", "http://10.0.0.5:8000/v1"},
		{"the address of models", "https://x.example/v1/models/", "https://x.example/v1"},
		{"another version", "https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai"},
		{"Azure's query", "https://a.openai.azure.com/openai/deployments/d?api-version=2024-10-21", "https://a.openai.azure.com/openai/deployments/d?api-version=2024-10-21"},
		{"IPv6", "http://[fd00::1]:8000/v1", "http://[fd00::1]:8000/v1"},
		{"nothing", " ", ""},
		{"a password", "https://me:secret@x.example/v1", ""},
		{"another scheme", "ftp://x.example/v1", ""},
		{"no host", "https:///v1", ""},
		{"a fragment", "https://x.example/v1#top", ""},
		{"far too long", "https://x.example/" + strings.Repeat("v", 600), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			got, err := app.NormalizeAIURL(tt.in)
			is.Equal(got, tt.want)
			is.Equal(err == nil, tt.want != "") // what cannot be used is said to be
			is.True(err == nil || app.IsKind(err, app.Invalid) && !strings.Contains(err.Error(), "secret"))
		})
	}
}

func TestAIServerValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*app.AIServer)
		bad    string
	}{
		{"all is well", func(*app.AIServer) {}, ""},
		{"a key with a line end", func(s *app.AIServer) { s.Key = "sk-1\n" }, "key"},
		{"a key in Thai", func(s *app.AIServer) { s.Key = "คีย์" }, "key"},
		{"a model on two lines", func(s *app.AIServer) { s.Model = "a\nb" }, "model"},
		{"a header with a blank", func(s *app.AIServer) { s.KeyHeader = "api key" }, "keyHeader"},
		{"a language by its name", func(s *app.AIServer) { s.Language = "thai" }, "language"},
		{"too short a wait", func(s *app.AIServer) { s.Timeout = time.Second }, "timeout"},
		{"too long a wait", func(s *app.AIServer) { s.Timeout = 2 * time.Hour }, "timeout"},
		{"a parameter of ours", func(s *app.AIServer) { s.Extra = []app.AIParameter{{Name: "model", Value: "x"}} }, "extra"},
		{"a parameter without a name", func(s *app.AIServer) { s.Extra = []app.AIParameter{{Value: "x"}} }, "extra"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			s := app.AIServer{Key: "sk-1", Model: "m", AIOptions: app.AIOptions{
				KeyHeader: "api-key", Language: "th", Timeout: time.Minute, Extra: []app.AIParameter{{Name: "temperature", Value: "0"}}}}
			tt.change(&s)
			err := s.Validate()
			is.Equal(err == nil, tt.bad == "")
			is.True(err == nil || strings.HasPrefix(err.Error(), "validation_failed: "+tt.bad+":")) // the field is named
		})
	}
}
