package aitest

import "crk/app"

// An Ear works out what is said in a sound, a WAV file as the product sends it:
// the lines in the order in which they are spoken, and when, in seconds of the
// sound. ok is false for a sound that it does not know; no lines are silence. It
// may be used concurrently.
type Ear func(sound []byte) (lines []Line, times []app.Span, ok bool)

// HearWith has ear tell what is said in every sound that it knows, and the server
// review calls that are one of the given dialogues.
func (s *Server) HearWith(ear Ear, dialogues ...Dialogue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ear = ear
	for _, d := range dialogues {
		s.known = append(s.known, recognition{match: func([]byte) bool { return false }, dialogue: d})
	}
}

// listen returns what is said in a sound, and when.
func (s *Server) listen(sound []byte) (language string, lines []Line, length float64, times []app.Span) {
	s.mu.Lock()
	ear := s.ear
	s.mu.Unlock()
	if ear != nil {
		if lines, times, ok := ear(sound); ok {
			length, _ = timesOf(sound, nil)
			return "english", lines, length, times
		}
	}
	language, lines = s.recognise(sound)
	length, times = timesOf(sound, lines)
	return language, lines, length, times
}
