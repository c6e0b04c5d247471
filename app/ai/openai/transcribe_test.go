package openai_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/ai/openai"
)

// serve starts a server of one handler and returns how to reach it.
func serve(t testing.TB, h http.HandlerFunc) (*openai.Client, openai.Config) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return openai.New(srv.Client()), openai.Config{BaseURL: srv.URL + "/v1", Key: "sk-very-secret", Model: "m"}
}

// answers is a server that always says the same.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func sound(data string) openai.Sound {
	return openai.Sound{
		Name: "call.wav", ContentType: "audio/wav", Size: int64(len(data)), Duration: time.Minute,
		Open: func() (io.Reader, error) { return strings.NewReader(data), nil },
	}
}

func TestTranscribeReadsEveryDialect(t *testing.T) {
	type seg = openai.Segment
	const s = time.Second
	for _, tt := range []struct {
		name string
		body string
		want openai.Transcript
	}{
		{"OpenAI's verbose_json", `{"task":"transcribe","language":"english","duration":2.5,"text":" Hello  there. ","words":null,
			"segments":[{"id":0,"seek":0,"start":0.5,"end":2.0,"text":" Hello there.","tokens":[1],"temperature":0,
			"avg_logprob":-0.2,"compression_ratio":1.1,"no_speech_prob":0.01}],"usage":{"type":"duration","seconds":3}}`,
			openai.Transcript{Language: "en", Text: "Hello there.", Duration: 2500 * time.Millisecond, Segments: []seg{
				{Start: s / 2, End: 2 * s, Text: "Hello there.", NoSpeech: 0.01, LogProb: -0.2, Compression: 1.1}}, Usage: openai.Usage{Known: true, Audio: 3}}},
		{"json", `{"text":"สวัสดีครับ"}`, openai.Transcript{Text: "สวัสดีครับ"}},
		{"an empty text is an answer", `{"text":""}`, openai.Transcript{}},
		{"vLLM's durations are strings", `{"text":"a","language":"th","duration":"2.0","segments":[{"start":"0","end":"1.5","text":"a"}]}`,
			openai.Transcript{Language: "th", Text: "a", Duration: 2 * s, Segments: []seg{{End: 1500 * time.Millisecond, Text: "a"}}}},
		{"LocalAI's times are nanoseconds", `{"text":"a b","words":null,"segments":[{"start":0,"end":1500000000,"text":"a"},{"start":1500000000,"end":2000000000,"text":"b"}]}`,
			openai.Transcript{Text: "a b", Segments: []seg{{End: 1500 * time.Millisecond, Text: "a"}, {Start: 1500 * time.Millisecond, End: 2 * s, Text: "b"}}}},
		{"diarized_json", `{"task":"transcribe","duration":4,"text":"a b","segments":[{"type":"transcript.text.segment","id":"seg_1","start":0,"end":1,"text":"a","speaker":"A"},
			{"type":"transcript.text.segment","id":"seg_2","start":1,"end":2,"text":"b","speaker":"B"}]}`,
			openai.Transcript{Text: "a b", Duration: 4 * s, Segments: []seg{{End: s, Text: "a", Speaker: "A"}, {Start: s, End: 2 * s, Text: "b", Speaker: "B"}}}},
		{"segments without a text", `{"segments":[{"start":0,"end":1,"text":"a"},{"start":1,"end":2,"text":"b"}]}`,
			openai.Transcript{Text: "a b", Segments: []seg{{End: s, Text: "a"}, {Start: s, End: 2 * s, Text: "b"}}}},
		{"out of order, reversed, negative and empty segments", `{"text":"x","segments":[{"start":5,"end":4,"text":"c"},{"start":-1,"end":1,"text":"a"},{"start":2,"end":3,"text":" "}]}`,
			openai.Transcript{Text: "x", Segments: []seg{{End: s, Text: "a"}, {Start: 5 * s, End: 5 * s, Text: "c"}}}},
		{"wrong types are left out", `{"text":"x","language":null,"duration":{},"segments":[7,{"start":[],"end":"soon","text":"y","avg_logprob":"NaN"}]}`,
			openai.Transcript{Text: "x", Segments: []seg{{Text: "y"}}}},
		{"segments of another type", `{"segments":"none","text":"x"}`, openai.Transcript{Text: "x"}},
		{"a byte order mark", "\xef\xbb\xbf{\"text\":\"x\"}", openai.Transcript{Text: "x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, answers(200, tt.body))
			got, err := c.Transcribe(t.Context(), cfg, sound("RIFF"))
			is.NoErr(err)          // the answer is read
			is.Equal(got, tt.want) // as it was meant
		})
	}
}

func TestTranscribeKnowsLanguages(t *testing.T) {
	for said, want := range map[string]string{
		"th": "th", "TH": "th", "th-TH": "th", "en_US": "en", "Thai": "th", "english": "en", "haitian creole": "ht",
		"<|th|>": "th", "german": "de", "": "", "gibberish": "", "english:en": "", "th2": "",
	} {
		t.Run(said, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, answers(200, `{"text":"x","language":"`+said+`"}`))
			got, err := c.Transcribe(t.Context(), cfg, sound("RIFF"))
			is.NoErr(err)
			is.Equal(got.Language, want) // the code of what was said
		})
	}
}

func TestTranscribeSendsTheForm(t *testing.T) {
	is := is.New(t)
	const data = "RIFF and a lot of sound"
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		is.Equal(r.URL.Path, "/v1/audio/transcriptions") // below the base
		is.Equal(r.URL.RawQuery, "api-version=1")        // the base's query is kept
		is.True(r.ContentLength > int64(len(data)))      // the length is announced
		is.Equal(r.Header.Get("Authorization"), "Bearer sk-very-secret")
		is.Equal(r.Header.Get("X-Extra"), "1") // the configured headers
		file, header, err := r.FormFile("file")
		is.NoErr(err)
		is.Equal(header.Filename, "call.wav")
		is.Equal(header.Header.Get("Content-Type"), "audio/wav")
		got, _ := io.ReadAll(file)
		is.Equal(string(got), data) // the sound, whole
		is.Equal(r.MultipartForm.Value, map[string][]string{
			"model": {"m"}, "language": {"th"}, "prompt": {"before"},
			"response_format": {"verbose_json"}, "timestamp_granularities[]": {"segment"},
		})
		_, _ = io.WriteString(w, `{"text":""}`)
	})
	cfg.BaseURL += "?api-version=1"
	cfg.Language = "th"
	cfg.Header = http.Header{"x-extra": {"1"}}
	s := sound(data)
	s.Prompt = "before"
	_, err := c.Transcribe(t.Context(), cfg, s)
	is.NoErr(err)
}

func TestTranscribeAsksForSpeakersWhereTheModelTells(t *testing.T) {
	is := is.New(t)
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		is.Equal(r.FormValue("response_format"), "diarized_json")
		is.Equal(r.FormValue("chunking_strategy"), "auto") // or it takes 30 s at most
		is.Equal(r.FormValue("prompt"), "")                // which it would refuse
		_, _ = io.WriteString(w, `{"text":"x"}`)
	})
	cfg.Model = "gpt-4o-transcribe-diarize"
	s := sound("RIFF")
	s.Prompt = "before"
	_, err := c.Transcribe(t.Context(), cfg, s)
	is.NoErr(err)
}

func TestTranscribeFallsBackToTextAndRemembers(t *testing.T) {
	is := is.New(t)
	var formats, sounds []string
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("file")
		is.NoErr(err)
		got, _ := io.ReadAll(file)
		formats, sounds = append(formats, r.FormValue("response_format")), append(sounds, string(got))
		if r.FormValue("response_format") != "json" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"message":"response_format 'verbose_json' is not compatible with model","code":"unsupported_value"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"text":"x"}`)
	})
	for range 2 {
		got, err := c.Transcribe(t.Context(), cfg, sound("RIFF"))
		is.NoErr(err)
		is.Equal(got.Text, "x")
	}
	is.Equal(formats, []string{"verbose_json", "json", "json"}) // the second call starts where the first ended
	is.Equal(sounds, []string{"RIFF", "RIFF", "RIFF"})          // each request had the whole sound
	cfg.Model = "another"
	_, err := c.Transcribe(t.Context(), cfg, sound("RIFF"))
	is.NoErr(err)
	is.Equal(formats[3], "verbose_json") // another model is another matter
}

func TestTranscribeStreams(t *testing.T) {
	is := is.New(t)
	const size = 64 << 20
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		is.NoErr(err)
		is.True(n > size) // the sound arrives
		_, _ = io.WriteString(w, `{"text":"x"}`)
	})
	largest := 0
	s := sound("")
	s.Size = size
	s.Open = func() (io.Reader, error) { return &zeros{left: size, largest: &largest}, nil }
	_, err := c.Transcribe(t.Context(), cfg, s)
	is.NoErr(err)
	is.True(largest <= 1<<20) // it is read piece by piece
}

// zeros is a sound that exists nowhere whole.
type zeros struct {
	left    int
	largest *int
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.left)
	*z.largest = max(*z.largest, n)
	clear(p[:n])
	z.left -= n
	return n, nil
}

func TestTranscribeEndsWithItsContext(t *testing.T) {
	is := is.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	c, cfg := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := c.Transcribe(ctx, cfg, sound("RIFF"))
	is.True(errors.Is(err, context.Canceled)) // the caller's own end
	var e *openai.Error
	is.True(!errors.As(err, &e)) // is no failure of the server
}

func TestTranscribeReportsASoundThatCannotBeOpened(t *testing.T) {
	is := is.New(t)
	c, cfg := serve(t, answers(200, `{"text":"x"}`))
	broken := errors.New("disk is gone")
	s := sound("RIFF")
	s.Open = func() (io.Reader, error) { return nil, broken }
	_, err := c.Transcribe(t.Context(), cfg, s)
	is.True(errors.Is(err, broken)) // the cause is in it
}

func FuzzTranscribe(f *testing.F) {
	f.Add([]byte(`{"text":"x","segments":[{"start":"1e999","end":1e300,"text":"y"}]}`))
	f.Add([]byte(`{"segments":null}`))
	f.Add([]byte(`<html>`))
	f.Add([]byte(`{"error":{"code":429}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := openai.New(&http.Client{Transport: canned(body)})
		got, err := c.Transcribe(t.Context(), openai.Config{BaseURL: "http://x/v1"}, sound("RIFF"))
		if err != nil {
			return
		}
		last := time.Duration(0)
		for _, s := range got.Segments {
			if s.Start < last || s.End < s.Start || s.End > 48*time.Hour || strings.TrimSpace(s.Text) == "" {
				t.Fatalf("segment %+v after %v", s, last)
			}
			last = s.Start
		}
	})
}

// canned answers without a network.
type canned []byte

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(c))}, nil
}
