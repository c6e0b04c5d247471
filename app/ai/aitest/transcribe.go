package aitest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"crk/app"
)

// memoryOfForms is how much of an upload is held in memory while it is read.
const memoryOfForms = 32 << 20

func (s *Server) transcribe(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+1<<20)
	sound, err := upload(r)
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	fault := s.begin(Request{
		Op: Transcriptions, Key: bearer(r), Model: r.FormValue("model"), Format: r.FormValue("response_format"),
		Language: r.FormValue("language"), Prompt: r.FormValue("prompt"), Size: len(sound),
	})
	switch {
	case fault.respond(w, r):
	case err != nil:
		refuse(w, http.StatusBadRequest, "invalid_request_error", "invalid_file", err.Error())
	case len(sound) > maxUpload:
		refuse(w, http.StatusRequestEntityTooLarge, "server_error", "",
			fmt.Sprintf("Maximum content size limit (%d) exceeded (%d bytes read)", maxUpload, len(sound)))
	default:
		s.answerTranscript(w, r, sound)
	}
}

// upload reads the sound of a form, as particular about its name as servers are.
func upload(r *http.Request) ([]byte, error) {
	if err := r.ParseMultipartForm(memoryOfForms); err != nil {
		return nil, errors.New("the request is no form: " + err.Error())
	}
	file, header, err := r.FormFile("file")
	if err != nil {
		return nil, errors.New("the form has no file")
	}
	defer file.Close()
	if err := nameOf(header); err != nil {
		return nil, err
	}
	if r.FormValue("model") == "" {
		return nil, errors.New("you must provide a model parameter")
	}
	return io.ReadAll(file)
}

func nameOf(header *multipart.FileHeader) error {
	for _, kind := range []string{".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm"} {
		if strings.HasSuffix(header.Filename, kind) && header.Header.Get("Content-Type") != "" {
			return nil
		}
	}
	return fmt.Errorf("unrecognized file format: %q", header.Filename)
}

func (s *Server) answerTranscript(w http.ResponseWriter, r *http.Request, sound []byte) {
	language, lines, length, times := s.listen(sound)
	segments := make([]map[string]any, len(lines))
	var text []string
	for i, l := range lines {
		segments[i] = map[string]any{
			"id": i, "seek": 0, "start": times[i].Start, "end": times[i].End, "text": " " + l.Text, "tokens": []int{},
			"temperature": 0, "avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01,
		}
		text = append(text, l.Text)
	}
	said := strings.Join(text, " ")
	diarize := strings.Contains(r.FormValue("model"), "diarize")
	textOnly := strings.HasPrefix(r.FormValue("model"), "gpt-")
	switch format := cmp.Or(r.FormValue("response_format"), "json"); {
	case format == "json":
		answer(w, map[string]any{"text": said, "usage": map[string]any{"type": "duration", "seconds": length}})
	case format == "verbose_json" && !textOnly:
		answer(w, map[string]any{"task": "transcribe", "language": language, "duration": length, "text": said, "words": nil,
			"segments": segments, "usage": map[string]any{"type": "duration", "seconds": length}})
	case format == "diarized_json" && diarize:
		for i, l := range lines {
			segments[i] = map[string]any{"type": "transcript.text.segment", "id": fmt.Sprintf("seg_%d", i),
				"start": times[i].Start, "end": times[i].End, "text": l.Text, "speaker": voice(l.Speaker)}
		}
		answer(w, map[string]any{"task": "transcribe", "duration": length, "text": said, "segments": segments})
	default:
		refuse(w, http.StatusBadRequest, "invalid_request_error", "unsupported_value",
			fmt.Sprintf("response_format '%s' is not compatible with model '%s'", format, r.FormValue("model")))
	}
}

func voice(speaker string) string {
	if speaker == app.SpeakerCustomer {
		return "B"
	}
	return "A"
}

// recognise returns what is said in a sound.
func (s *Server) recognise(sound []byte) (language string, lines []Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := recognition{dialogue: s.fallback}
	for _, k := range s.known {
		if k.match(sound) {
			r = k
			break
		}
	}
	lines = slices.DeleteFunc(slices.Clone(r.dialogue.Lines), func(l Line) bool {
		return r.speaker != "" && l.Speaker != r.speaker
	})
	return r.dialogue.Language, lines
}

// timesOf says when the lines are spoken: in the stretches of speech that the
// sound has, parted at its longest pauses, or, where there are too few of them,
// evenly.
func timesOf(sound []byte, lines []Line) (length float64, times []app.Span) {
	stats, err := measure(sound)
	if err != nil {
		stats.Duration = float64(len(lines))
	}
	if len(stats.Talk) > 0 && len(stats.Talk[0]) >= len(lines) && len(lines) > 0 {
		return stats.Duration, parted(stats.Talk[0], len(lines))
	}
	for i := range lines {
		n := stats.Duration / float64(len(lines))
		times = append(times, app.Span{Start: float64(i) * n, End: float64(i+1) * n})
	}
	return stats.Duration, times
}

// parted joins stretches of speech until there are n, the longest pauses between
// them.
func parted(talk []app.Span, n int) []app.Span {
	pauses := make([]int, len(talk)-1) // after which stretch
	for i := range pauses {
		pauses[i] = i
	}
	pause := func(i int) float64 { return talk[i+1].Start - talk[i].End }
	slices.SortStableFunc(pauses, func(a, b int) int { return cmp.Compare(pause(b), pause(a)) })
	pauses = pauses[:n-1]
	slices.Sort(pauses)
	var out []app.Span
	from := 0
	for _, last := range append(pauses, len(talk)-1) {
		out = append(out, app.Span{Start: talk[from].Start, End: talk[last].End})
		from = last + 1
	}
	return out
}
