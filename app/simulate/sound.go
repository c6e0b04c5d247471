package simulate

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"crk/app/phone/phonetest"
)

// A recording is the sound file of simulated calls.
type recording struct {
	bytes       []byte
	contentType string // empty: the phone system's own for WAV
}

// record makes the file of a call: talk and silence take turns, two seconds each,
// where there are two channels on one and then the other. The error is about what
// was asked for.
func record(s settings, length time.Duration) (recording, error) {
	sound := phonetest.Talk(length)
	switch s.codec {
	case "ulaw":
		sound.Encoding = phonetest.MuLaw
	case "alaw":
		sound.Encoding = phonetest.ALaw
	case "pcm":
		sound.Encoding = phonetest.PCM
	case "gsm", "mp3":
		if s.stereo {
			return recording{}, errors.New("simulate: --stereo: gsm and mp3 have one channel")
		}
		if s.codec == "gsm" {
			return recording{bytes: gsm.file(length)}, nil
		}
		return recording{bytes: mp3.file(length), contentType: "audio/mpeg"}, nil
	default:
		return recording{}, fmt.Errorf("simulate: --codec %s: it is ulaw, alaw, pcm, gsm or mp3", s.codec)
	}
	if s.stereo {
		sound.Channels = 2
		for at := 2 * time.Second; at < length; at += 4 * time.Second {
			sound.Bursts = append(sound.Bursts, phonetest.Burst{Channel: 1, At: at, Until: min(at+2*time.Second, length)})
		}
	}
	return recording{bytes: sound.WAV()}, nil
}

// Talk in pieces that stand alone; see sound/README.md.
var (
	//go:embed sound/talk.gsm
	gsmTalk []byte
	//go:embed sound/silence.gsm
	gsmSilence []byte
	//go:embed sound/talk.mp3
	mp3Talk []byte
)

// A tape is a codec that is not encoded here: pieces of talk and of silence are put
// one after the other.
type tape struct {
	talk    []byte
	silence []byte        // a piece
	piece   time.Duration // how long one is
	wrap    func(pieces []byte) []byte
}

var (
	gsm = tape{gsmTalk, gsmSilence, 40 * time.Millisecond, gsmWAV}
	mp3 = tape{mp3Talk, mp3Silence(), 36 * time.Millisecond, func(frames []byte) []byte { return frames }}
)

// file is a recording of the given length, or up to a piece less.
func (t tape) file(length time.Duration) []byte {
	const turn = 2 * time.Second
	var out []byte
	for i := range length / t.piece {
		at := i * t.piece % (2 * turn)
		if at >= turn {
			out = append(out, t.silence...)
			continue
		}
		from := int(at/t.piece) * len(t.silence) % len(t.talk) // each turn begins anew: MP3 refers to what was before
		out = append(out, t.talk[from:from+len(t.silence)]...)
	}
	return t.wrap(out)
}

// mp3Silence is a frame that holds nothing.
func mp3Silence() []byte { return append(bytes.Clone(mp3Talk[:4]), make([]byte, 140)...) }

// gsmWAV makes a WAV file of blocks of GSM 6.10.
func gsmWAV(blocks []byte) []byte {
	n := len(blocks)
	if n%2 == 1 {
		blocks = append(blocks, 0) // chunks are padded to even lengths
	}
	var out bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&out, binary.LittleEndian, v) // a Buffer takes everything
		}
	}
	put([]byte("RIFF"), uint32(4+28+12+8+len(blocks)), []byte("WAVEfmt "), uint32(20), uint16(0x31), uint16(1),
		uint32(8000), uint32(1625), uint16(65), uint16(0), uint16(2), uint16(320))
	put([]byte("fact"), uint32(4), uint32(n/65*320), []byte("data"), uint32(n), blocks)
	return out.Bytes()
}
