package audio_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/matryer/is"
)

// gsm is a WAV file of GSM blocks with the given fact chunk, or none if negative.
func gsm(blocks []byte, fact int) []byte {
	le := binary.LittleEndian
	format := le.AppendUint16(nil, 0x31)
	format = le.AppendUint16(format, 1)
	format = le.AppendUint32(format, 8000)
	format = le.AppendUint32(format, 1625)
	format = le.AppendUint16(format, 65)
	format = append(format, 0, 0, 2, 0, 0x40, 0x01)
	w := wav{data: blocks}
	if fact >= 0 {
		w.before = chunk("fact", le.AppendUint32(nil, uint32(fact)))
	}
	return w.with(format)
}

// live gives a file the size that programs write which cannot correct it later.
func live(file []byte) []byte {
	binary.LittleEndian.PutUint32(file[bytes.Index(file, []byte("data"))+4:], 0xFFFFFFFF)
	return file
}

func randomBlocks(n int) []byte {
	blocks := make([]byte, 65*n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(blocks)
	return blocks
}

// Random bits reach every table, saturation and lag of the decoder; the reference
// is what sox (libgsm) makes of the same file.
func TestGSMIsBitExact(t *testing.T) {
	is := is.New(t)
	info, samples, err := decode(t, gsm(randomBlocks(400), -1))
	is.NoErr(err)
	is.Equal(info.Codec, "gsm")
	is.Equal(info.Frames, int64(400*320))
	is.Equal(hash(samples), "6447322391a24741121a00229c2fc0593dbbae7be88c81976d6895956d4d71c0") // as the reference decodes it
}

func TestGSMSpeech(t *testing.T) {
	is := is.New(t)
	file, err := os.ReadFile("testdata/speech-gsm.wav")
	is.NoErr(err)
	info, samples, err := decode(t, file)
	is.NoErr(err)
	is.Equal(info.Frames, int64(16240))
	is.Equal(hash(samples), "bfba6991e3e96c4aa1dc87888ba978617b113c1e72a29fd5bb1d83f513b79bff") // as the reference decodes it
}

func TestGSMLength(t *testing.T) {
	for _, tt := range []struct {
		name   string
		file   []byte
		header int64
		frames int
	}{
		{"no fact chunk", gsm(randomBlocks(3), -1), 960, 960},
		{"fact within the last block", gsm(randomBlocks(3), 641), 641, 641},
		{"fact of whole blocks", gsm(randomBlocks(3), 960), 960, 960},
		{"fact too small to be true", gsm(randomBlocks(3), 640), 960, 960},
		{"fact too large to be true", gsm(randomBlocks(3), 5000), 960, 960},
		{"part of a block", gsm(randomBlocks(3)[:64+65], -1), 320, 320},
		{"live file", live(gsm(randomBlocks(3), 0)), -1, 960},
		{"live file with part of a block", live(gsm(randomBlocks(3)[:64+65], 0)), -1, 320},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			info, samples, err := decode(t, tt.file)
			is.NoErr(err)
			is.Equal(info.Frames, tt.header)  // frames by the header
			is.Equal(len(samples), tt.frames) // frames decoded
		})
	}
}
