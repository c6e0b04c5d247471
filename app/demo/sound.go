package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"crk/app/audio"
	"crk/app/phone/phonetest"
)

// What tracks and calls are like.
const (
	rate     = 8000 // samples a second
	channels = 2    // of a call: see sides
)

// samples is how many samples a time in seconds is.
func samples(seconds float64) int { return int(math.Round(seconds * rate)) }

// record puts a scene together as a phone system would have recorded it: µ-law,
// the agent on the left channel and the customer on the right.
func (s scene) record() ([]byte, error) {
	mix := make([]int16, channels*samples(s.Seconds))
	for channel, side := range sides() {
		if err := s.speak(mix, channel, side); err != nil {
			return nil, fmt.Errorf("demo: record %s: %w", s.Name, err)
		}
	}
	if s.Ringing {
		ring(mix)
	}
	return phonetest.Encode(phonetest.MuLaw, channels, mix), nil
}

// speak puts the lines of one side where they belong.
func (s scene) speak(mix []int16, channel int, side string) error {
	var track []int16
	for _, l := range s.Lines {
		if l.By != side {
			continue
		}
		if track == nil {
			file, err := tracks.ReadFile("audio/" + s.Name + "-" + side + ".wav")
			if err != nil {
				return err
			}
			if track, err = decode(file); err != nil {
				return err
			}
		}
		n, at := samples(l.Length), samples(l.At)*channels+channel
		if n > len(track) || at+(n-1)*channels >= len(mix) {
			return errors.New("the script and the track do not fit together")
		}
		for i, v := range track[:n] {
			mix[at+i*channels] = v
		}
		track = track[n:]
	}
	return nil
}

// ring puts the tone on the line that is heard in Thailand until somebody
// answers: 400 Hz, one second in five.
func ring(mix []int16) {
	const loud, pitch = 3000, 400.0
	for i := range len(mix) / channels {
		if i%(5*rate) < rate {
			mix[channels*i+1] = int16(loud * math.Sin(2*math.Pi*pitch*float64(i)/rate))
		}
	}
}

// decode reads a sound file as the product does, its channels interleaved.
func decode(file []byte) ([]int16, error) {
	d, err := audio.NewDecoder(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	var out []int16
	buf := make([]int16, 8192)
	for {
		n, err := d.Read(buf)
		out = append(out, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
