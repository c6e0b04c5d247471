// Package aitest simulates an OpenAI-compatible server: it "hears" and "reviews"
// calls from a script. It serves tests, and the demonstration, which says that its
// AI is simulated.
//
// It promises to answer the same to the same, to be as strict as real servers
// are, and to misbehave, on request, in every way that real servers do. It hears
// only what it was told that a sound says, and it thinks nothing.
package aitest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"crk/app"
	"crk/app/audio"
)

// An Op is one of the server's endpoints.
type Op string

// The endpoints.
const (
	Transcriptions Op = "transcriptions"
	Chat           Op = "chat"
	Models         Op = "models"
)

const (
	maxUpload   = 26_214_400 // bytes; OpenAI's
	maxChat     = 4 << 20    // bytes
	maxRequests = 1000       // that are remembered
)

// A Dialogue is a call: what is said in it, and what is to be thought of it.
type Dialogue struct {
	Name     string
	Language string // of what is said, as Whisper names it: "english"
	Lines    []Line
	Reviews  map[string]map[string]any // by "th" and "en": values for keys of the analysis
}

// A Line is what one side says at a time.
type Line struct {
	Speaker string // app.SpeakerAgent or app.SpeakerCustomer
	Text    string
}

// A Request is what the server was asked.
type Request struct {
	Op       Op
	Model    string
	Key      string    // the bearer token
	Format   string    // response_format, or its type
	Language string    // of a transcription
	Prompt   string    // of a transcription
	Size     int       // of the sound, in bytes
	Messages []Message // of a chat
}

// Text is all that a chat's request says, message by message.
func (r Request) Text() string {
	var b strings.Builder
	for _, m := range r.Messages {
		b.WriteString(m.Content + "\n")
	}
	return b.String()
}

// A Message is one turn of a chat.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// A Server is the simulated server, an http.Handler for everything below /v1. It
// may be used concurrently.
type Server struct {
	fallback Dialogue

	mu       sync.Mutex
	ear      Ear // nil: none
	known    []recognition
	faults   map[Op][]Fault
	always   map[Op]Fault
	requests []Request
}

// A recognition tells what is said in a sound that matches.
type recognition struct {
	match    func(sound []byte) bool
	speaker  string // whose lines; empty: everybody's
	dialogue Dialogue
}

// New returns a server that hears the given dialogue in every sound that it was
// told nothing of.
func New(fallback Dialogue) *Server {
	return &Server{fallback: fallback, faults: map[Op][]Fault{}, always: map[Op]Fault{}}
}

// HearFile tells the server what is said in a recorded call. It works out what
// the product will send of it; of two channels the first is the agent's and the
// second the customer's.
func (s *Server) HearFile(file []byte, d Dialogue) error {
	stats, err := measure(file)
	if err != nil {
		return fmt.Errorf("aitest: %s: %w", d.Name, err)
	}
	sides := []string{app.SpeakerAgent, app.SpeakerCustomer}
	if len(stats.Talk) == 1 || stats.Same {
		sides = []string{""}
	}
	for channel, side := range sides {
		for _, piece := range audio.Plan(stats, channel, time.Hour) {
			decoder, err := audio.NewDecoder(bytes.NewReader(file))
			if err != nil {
				return fmt.Errorf("aitest: %s: %w", d.Name, err)
			}
			sound, err := io.ReadAll(audio.Cut(decoder, piece))
			if err != nil {
				return fmt.Errorf("aitest: %s: %w", d.Name, err)
			}
			sum := sha256.Sum256(sound)
			s.hear(recognition{func(b []byte) bool { return sha256.Sum256(b) == sum }, side, d})
		}
	}
	return nil
}

func measure(file []byte) (app.AudioStats, error) {
	decoder, err := audio.NewDecoder(bytes.NewReader(file))
	if err != nil {
		return app.AudioStats{}, err
	}
	return audio.Measure(context.Background(), decoder)
}

// HearContaining tells the server what is said in every sound that has the given
// bytes in it.
func (s *Server) HearContaining(part []byte, d Dialogue) {
	s.hear(recognition{func(b []byte) bool { return bytes.Contains(b, part) }, "", d})
}

func (s *Server) hear(r recognition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(s.known, r)
}

// Requests returns what an endpoint was asked so far, oldest first, the newest
// thousand of all endpoints.
func (s *Server) Requests(op Op) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.requests), func(r Request) bool { return r.Op != op })
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/audio/transcriptions":
		s.transcribe(w, r)
	case "POST /v1/chat/completions":
		s.chat(w, r)
	case "GET /v1/models":
		fault := s.begin(Request{Op: Models, Key: bearer(r)})
		if !fault.respond(w, r) {
			answer(w, map[string]any{"object": "list", "data": []map[string]any{
				{"id": "simulated-ear", "object": "model"}, {"id": "simulated-mind", "object": "model"}}})
		}
	default:
		refuse(w, http.StatusNotFound, "invalid_request_error", "unknown_url", "Unknown request URL: "+r.Method+" "+r.URL.Path)
	}
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// begin remembers a request and returns how to misbehave in its answer.
func (s *Server) begin(r Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	s.requests = s.requests[max(0, len(s.requests)-maxRequests):]
	if next := s.faults[r.Op]; len(next) > 0 {
		s.faults[r.Op] = next[1:]
		return next[0]
	}
	return s.always[r.Op]
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // an error is the client's that has gone
}

func refuse(w http.ResponseWriter, status int, kind, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": code}})
}
