package aitest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/ai/aitest"
)

var talk = aitest.Dialogue{Language: "english", Lines: []aitest.Line{{Speaker: "agent", Text: "Hello."}, {Speaker: "customer", Text: "Goodbye."}}}

// upload sends a sound and returns the status and the body of the answer.
func upload(t *testing.T, h http.Handler, name, sound string, fields ...string) (int, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1])
	}
	part, _ := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", name)}, "Content-Type": {"audio/wav"}})
	_, _ = io.WriteString(part, sound)
	_ = form.Close()
	req := httptest.NewRequest("POST", "/v1/audio/transcriptions", &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

func TestTranscriptionsAreStrict(t *testing.T) {
	for _, tt := range []struct {
		name   string
		file   string
		fields []string
		status int
		want   string
	}{
		{"json", "a.wav", []string{"model", "whisper-1"}, 200, `{"text":"Hello. Goodbye."`},
		{"times", "a.wav", []string{"model", "whisper-1", "response_format", "verbose_json"}, 200, `"segments":[{`},
		{"no times of a model that has none", "a.wav", []string{"model", "gpt-4o-transcribe", "response_format", "verbose_json"}, 400, "not compatible"},
		{"voices", "a.wav", []string{"model", "gpt-4o-transcribe-diarize", "response_format", "diarized_json"}, 200, `"speaker":"B"`},
		{"no voices of a model that tells none apart", "a.wav", []string{"model", "whisper-1", "response_format", "diarized_json"}, 400, "not compatible"},
		{"no model", "a.wav", nil, 400, "model"},
		{"a name without an ending", "call", []string{"model", "whisper-1"}, 400, "file format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			status, body := upload(t, aitest.New(talk), tt.file, "no sound at all", tt.fields...)
			is.Equal(status, tt.status)
			is.True(strings.Contains(body, tt.want))
		})
	}
	t.Run("too large", func(t *testing.T) {
		is := is.New(t)
		status, _ := upload(t, aitest.New(talk), "a.wav", strings.Repeat("x", 26_214_401), "model", "whisper-1")
		is.Equal(status, 413)
	})
}

func TestSoundsAreRecognised(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(talk)
	srv.HearContaining([]byte("pizza"), aitest.Dialogue{Lines: []aitest.Line{{Text: "One pizza, please."}}})
	_, body := upload(t, srv, "a.wav", "with pizza in it", "model", "whisper-1")
	is.True(strings.Contains(body, "One pizza, please."))
	_, body = upload(t, srv, "a.wav", "with something else", "model", "whisper-1")
	is.True(strings.Contains(body, "Hello."))
	is.True(srv.HearFile([]byte("no sound"), talk) != nil) // a file that cannot be read is told
}

// chat asks a question with a schema and returns the status and the message.
func chat(t *testing.T, h http.Handler, schema string) (int, string) {
	t.Helper()
	body := `{"model":"m","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":` + schema + `}}}`
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/v1/chat/completions", strings.NewReader(body)))
	var out struct {
		Choices []struct{ Message struct{ Content string } }
	}
	_ = json.Unmarshal(w.Body.Bytes(), &out)
	if len(out.Choices) == 0 {
		return w.Code, w.Body.String()
	}
	return w.Code, out.Choices[0].Message.Content
}

func TestChatFillsAnySchema(t *testing.T) {
	is := is.New(t)
	schema := `{"type":"object","additionalProperties":false,"required":["a","b","c","d","e","f"],"properties":{
		"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"boolean"},"d":{"type":["string","null"]},
		"e":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["x"],"properties":{"x":{"type":"number"}}}},
		"f":{"type":"string","enum":["red"]}}}`
	status, content := chat(t, aitest.New(talk), schema)
	is.Equal(status, 200)
	var got struct {
		A *string
		B *int
		C *bool
		D *string
		E []struct{ X *float64 }
		F string
	}
	is.NoErr(json.Unmarshal([]byte(content), &got))
	is.True(got.A != nil && got.B != nil && got.C != nil && got.D == nil && got.E[0].X != nil)
	is.Equal(got.F, "red")
	_, again := chat(t, aitest.New(talk), schema)
	is.Equal(again, content) // the same to the same
}

func TestChatIsStrictAboutSchemas(t *testing.T) {
	for name, schema := range map[string]string{
		"a key that is not required": `{"type":"object","additionalProperties":false,"required":[],"properties":{"a":{"type":"string"}}}`,
		"other keys are allowed":     `{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}`,
		"deep inside": `{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"array","items":
			{"type":"object","additionalProperties":false,"required":[],"properties":{"b":{"type":"string"}}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			status, body := chat(t, aitest.New(talk), schema)
			is.Equal(status, 400)
			is.True(strings.Contains(body, "invalid_json_schema"))
		})
	}
}

func TestOtherPaths(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(talk)
	for path, status := range map[string]int{"/v1/models": 200, "/v1/embeddings": 404} {
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		is.Equal(w.Code, status)
	}
	is.Equal(len(srv.Requests(aitest.Models)), 1)
}
