package mp3

import (
	"bufio"
	"errors"
	"io"
)

// maxLead is how far into a file, after its tags, its first frame is looked for.
const maxLead = 1 << 20

// A stream finds the frames of a file.
type stream struct {
	in     *bufio.Reader
	head   header // of the first frame
	inStep bool   // the last frame ended where the next one has to begin
	size   int    // of the frame that was given last: still to be passed over
}

// first goes to the first frame.
func (s *stream) first() (header, error) {
	if err := s.skipTags(); err != nil {
		return 0, err
	}
	for range maxLead {
		b, err := s.in.Peek(headerSize)
		if err != nil {
			return 0, ended(err)
		}
		if h := readHeader(b); h.valid() && s.confirmed(h) {
			s.head = h
			return h, nil
		}
		if _, err := s.in.Discard(1); err != nil {
			return 0, ended(err)
		}
	}
	return 0, ErrNoFrame
}

// ended tells a file that ends from a reader that fails.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrNoFrame
	}
	return err
}

// confirmed reports whether a frame with this header is followed by one alike, or
// by the end of the file: a header alone is a few bits that occur by chance.
func (s *stream) confirmed(h header) bool {
	n := h.size()
	b, err := s.in.Peek(n + headerSize)
	if len(b) == n+headerSize {
		return readHeader(b[n:]).alike(h) || string(b[n:n+3]) == "TAG"
	}
	return errors.Is(err, io.EOF)
}

// next returns the next whole frame, which is good until the next call. What is
// none is passed over. The error is io.EOF after the last one.
func (s *stream) next() ([]byte, error) {
	if _, err := s.in.Discard(s.size); err != nil {
		return nil, err
	}
	s.size = 0
	for {
		b, err := s.in.Peek(headerSize)
		if err != nil {
			return nil, err
		}
		h := readHeader(b)
		if h.alike(s.head) && (s.inStep || s.confirmed(h)) {
			frame, err := s.in.Peek(h.size())
			if err != nil {
				return nil, err
			}
			s.inStep, s.size = true, len(frame)
			return frame, nil
		}
		s.inStep = false
		if _, err := s.in.Discard(1); err != nil {
			return nil, err
		}
	}
}

// skipTags passes over ID3 tags of version 2.
func (s *stream) skipTags() error {
	for {
		b, err := s.in.Peek(10)
		if err != nil && len(b) < headerSize {
			return ended(err)
		}
		if len(b) < 10 || string(b[:3]) != "ID3" {
			return nil
		}
		size := 10 + int(b[6]&127)<<21 + int(b[7]&127)<<14 + int(b[8]&127)<<7 + int(b[9]&127)
		if b[5]&0x10 != 0 { // it has a footer
			size += 10
		}
		if _, err := s.in.Discard(size); err != nil {
			return ended(err)
		}
	}
}
