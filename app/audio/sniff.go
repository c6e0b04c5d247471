package audio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"crk/app/audio/mp3"
)

// HeadSize is how many bytes of a file's beginning are enough for [Sniff].
const HeadSize = 4096

// A Format is a kind of sound file.
type Format struct {
	Name        string // "wav", "mp3", …
	ContentType string // "audio/wav", …
}

// Sniff tells a sound file by its first bytes, of which it wants HeadSize or the
// whole file. What a file is called or said to be is not asked: phone systems and
// people are often wrong about it.
func Sniff(head []byte) (Format, bool) {
	k, ok := kindOf(head)
	return k.Format, ok
}

// A kind is one row of the table of formats.
type kind struct {
	Format
	match   func(head []byte) bool
	open    func(*bufio.Reader) (Info, source, error) // nil where there is no decoder here
	demuxer string                                    // what ffmpeg calls it; empty where it is not asked
}

// kindOf tells a file by its first bytes.
func kindOf(head []byte) (kind, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.match(head) })
	if i < 0 {
		return kind{}, false
	}
	return all[i], true
}

// kinds is the table: a format that can be told apart is a row, one that can be
// decoded has an open as well.
func kinds() []kind {
	return []kind{
		{Format{"wav", "audio/wav"}, form("RIFF", "WAVE"), openWAV, "wav"},
		{Format{"wav64", "audio/wav"}, form("RF64", "WAVE"), nil, "wav"},
		{Format{"mp3", "audio/mpeg"}, isMP3, openMP3, ""},
		{Format{"ogg", "audio/ogg"}, prefix("OggS\x00"), openOgg, "ogg"},
		{Format{"flac", "audio/flac"}, prefix("fLaC"), nil, "flac"},
		{Format{"mp4", "audio/mp4"}, isMP4, nil, "mov"},
		{Format{"webm", "audio/webm"}, isWebM, nil, "matroska"},
		{Format{"amr", "audio/amr"}, prefix("#!AMR"), nil, "amr"},
		{Format{"aac", "audio/aac"}, isADTS, nil, "aac"},
		{Format{"aiff", "audio/aiff"}, form("FORM", "AIF"), nil, "aiff"},
		{Format{"au", "audio/basic"}, prefix(".snd"), nil, "au"},
		{Format{"wma", "audio/x-ms-wma"}, prefix("\x30\x26\xB2\x75\x8E\x66\xCF\x11"), nil, "asf"},
	}
}

// open finds the decoder of a file.
func open(r io.Reader) (Info, source, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return Info{}, nil, fmt.Errorf("audio: read: %w", err)
	}
	k, ok := kindOf(head)
	if !ok {
		return Info{}, nil, ErrNotAudio
	}
	if k.open == nil {
		return Info{}, nil, fmt.Errorf("%w: %s", ErrUnsupported, k.Name)
	}
	info, src, err := k.open(in)
	info.Format = k.Format
	return info, src, err
}

func prefix(s string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(s)) }
}

// form matches the family of files that begin with an outer id, a length and an
// inner id.
func form(outer, inner string) func([]byte) bool {
	return func(head []byte) bool {
		return len(head) >= 12 && string(head[:4]) == outer && bytes.HasPrefix(head[8:], []byte(inner))
	}
}

// isMP4 accepts the brands that sound files have. Pictures (heic, avif) share the
// container.
func isMP4(head []byte) bool {
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return false
	}
	brands := []string{"M4A ", "M4B ", "mp41", "mp42", "isom", "iso2", "iso4", "iso5", "iso6", "3gp4", "3gp5", "3gp6", "dash"}
	return slices.Contains(brands, string(head[8:12]))
}

func isWebM(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x1A\x45\xDF\xA3")) && bytes.Contains(head[:min(64, len(head))], []byte("webm"))
}

func isADTS(head []byte) bool {
	return len(head) >= 7 && head[0] == 0xFF && head[1]&0xF6 == 0xF0 && head[2]>>2&0xF < 13
}

// isMP3 wants an ID3 tag or two frames, the second where the first one ends: one
// frame header alone is twelve bits that any file may begin with.
func isMP3(head []byte) bool {
	if len(head) >= 10 && string(head[:3]) == "ID3" {
		return head[3] >= 2 && head[3] <= 4 && (head[6]|head[7]|head[8]|head[9])&0x80 == 0
	}
	n := mp3.FrameSize(head)
	if n == 0 {
		return false
	}
	return len(head) <= n || mp3.FrameSize(head[n:]) > 0
}
