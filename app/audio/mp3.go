package audio

import (
	"bufio"
	"errors"
	"fmt"

	"crk/app/audio/mp3"
)

// An mp3Source decodes MPEG audio layer III.
type mp3Source struct{ d *mp3.Decoder }

// openMP3 reads up to the first frame. What begins with a tag but holds no frame
// is no sound.
func openMP3(in *bufio.Reader) (Info, source, error) {
	d, err := mp3.NewDecoder(in)
	if errors.Is(err, mp3.ErrNoFrame) {
		return Info{}, nil, ErrNotAudio
	}
	if err != nil {
		return Info{}, nil, fmt.Errorf("audio: read: %w", err)
	}
	return Info{Codec: "mp3", Rate: d.Rate(), Channels: d.Channels(), Frames: d.Samples()}, mp3Source{d}, nil
}

func (s mp3Source) read(p []int16) (int, error) { return s.d.Read(p) }
