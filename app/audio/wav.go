package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Codecs of a WAV file: the format tags of its fmt chunk.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagALaw       = 6
	tagULaw       = 7
	tagGSM        = 0x31
	tagExtensible = 0xFFFE
)

const (
	maxChunks   = 1000    // before the sound; a handful is usual
	maxChannels = 64      // a file may have
	minRate     = 1000    // Hz
	maxRate     = 384_000 // Hz
	slack       = 64      // bytes a file may lack: writers that count their header in
	unknownSize = 0x7FFF_F000
)

// A wavFormat is the fmt chunk.
type wavFormat struct {
	tag      int
	channels int
	rate     int
	block    int // bytes of a frame; of GSM, of two packed frames
	bits     int
	fact     int64 // frames by the fact chunk; 0 where there is none
}

// openWAV reads up to the samples. Sizes of 0 and of about 2 or 4 GiB are what
// programs write that cannot seek back to correct them: such a file ends where it
// ends.
func openWAV(in *bufio.Reader) (Info, source, error) {
	if _, err := in.Discard(12); err != nil {
		return Info{}, nil, unreadable(err, "header")
	}
	f, size, err := readChunks(in)
	if err != nil {
		return Info{}, nil, err
	}
	if size == 0 || size >= unknownSize {
		size = -1
	}
	return f.source(&dataChunk{in: in, left: size}, size)
}

// readChunks reads the chunks before the samples and returns the size of the
// chunk that holds these.
func readChunks(in *bufio.Reader) (f wavFormat, size int64, err error) {
	for range maxChunks {
		var head [8]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return f, 0, unreadable(err, "chunks")
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		body := &io.LimitedReader{R: in, N: size}
		var err error
		switch string(head[:4]) {
		case "fmt ":
			err = f.read(body)
		case "fact":
			f.fact, err = readFact(body)
		case "data":
			if f.tag == 0 {
				return f, 0, fmt.Errorf("%w: no fmt chunk before the samples", ErrUnreadable)
			}
			return f, size, nil
		}
		if err == nil {
			err = skipChunk(in, body.N, size%2 == 1)
		}
		if err != nil {
			return f, 0, err
		}
	}
	return f, 0, fmt.Errorf("%w: more than %d chunks", ErrUnreadable, maxChunks)
}

// skipChunk passes over what is left of a chunk. A chunk of odd length is padded
// with a zero, which some writers forget; a chunk's name never begins with one.
func skipChunk(in *bufio.Reader, left int64, odd bool) error {
	if _, err := io.CopyN(io.Discard, in, left); err != nil {
		return unreadable(err, "chunks")
	}
	if next, err := in.Peek(1); odd && err == nil && next[0] == 0 {
		_, err := in.Discard(1)
		return err
	}
	return nil
}

// read reads a fmt chunk. Of the extensible kind the real tag is the beginning of
// a GUID, whose rest says that it is one.
func (f *wavFormat) read(chunk *io.LimitedReader) error {
	var b [40]byte
	if chunk.N < 16 {
		return fmt.Errorf("%w: fmt chunk of %d bytes", ErrUnreadable, chunk.N)
	}
	n := min(chunk.N, int64(len(b)))
	if _, err := io.ReadFull(chunk, b[:n]); err != nil {
		return unreadable(err, "fmt chunk")
	}
	f.tag = int(binary.LittleEndian.Uint16(b[0:]))
	f.channels = int(binary.LittleEndian.Uint16(b[2:]))
	f.rate = int(min(binary.LittleEndian.Uint32(b[4:]), maxRate+1))
	f.block = int(binary.LittleEndian.Uint16(b[12:]))
	f.bits = int(binary.LittleEndian.Uint16(b[14:]))
	if f.tag == tagExtensible && string(b[26:]) == "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71" {
		f.tag = int(binary.LittleEndian.Uint16(b[24:]))
	}
	if f.tag == 0 || f.channels < 1 || f.channels > maxChannels || f.rate < minRate || f.rate > maxRate {
		return fmt.Errorf("%w: format 0x%x, %d channels, %d Hz", ErrUnreadable, f.tag, f.channels, f.rate)
	}
	return nil
}

func readFact(chunk *io.LimitedReader) (frames int64, err error) {
	var b [4]byte
	if chunk.N < 4 {
		return 0, nil
	}
	if _, err := io.ReadFull(chunk, b[:]); err != nil {
		return 0, unreadable(err, "fact chunk")
	}
	return int64(binary.LittleEndian.Uint32(b[:])), nil
}

// source returns the decoder of the samples, of which there are size bytes, or an
// unknown number if size is negative.
func (f wavFormat) source(data io.Reader, size int64) (Info, source, error) {
	info := Info{Rate: f.rate, Channels: min(f.channels, 2), Frames: -1}
	if f.tag == tagGSM {
		return f.gsm(info, data, size)
	}
	var convert func(dst []int16, src []byte)
	var width int
	info.Codec, width, convert = f.codec()
	if convert == nil {
		return Info{}, nil, fmt.Errorf("%w: WAV codec 0x%x with %d bits", ErrUnsupported, f.tag, f.bits)
	}
	block := width * f.channels
	if size >= 0 {
		info.Frames = size / int64(block)
	}
	return info, &linear{
		in: data, block: block, width: width, channels: info.Channels, convert: convert,
		raw: make([]byte, max(1, 32<<10/block)*block),
	}, nil
}

func (f wavFormat) gsm(info Info, data io.Reader, size int64) (Info, source, error) {
	if f.channels != 1 || f.block != gsmBlock {
		return Info{}, nil, fmt.Errorf("%w: GSM with %d channels in blocks of %d bytes", ErrUnsupported, f.channels, f.block)
	}
	info.Codec = "gsm"
	src := &gsmSource{in: data, left: -1}
	if size >= 0 {
		info.Frames = size / gsmBlock * gsmFrames
		// The last block is filled up with silence; the fact chunk says how much is sound.
		if f.fact > info.Frames-gsmFrames && f.fact < info.Frames {
			info.Frames = f.fact
		}
		src.left = info.Frames
	}
	return info, src, nil
}

// A dataChunk reads the samples' bytes and nothing after them.
type dataChunk struct {
	in   io.Reader
	left int64 // negative: until the end of the file
}

func (d *dataChunk) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	if d.left > 0 && int64(len(p)) > d.left {
		p = p[:d.left]
	}
	n, err := d.in.Read(p)
	if d.left > 0 {
		d.left -= int64(n)
	}
	if errors.Is(err, io.EOF) && d.left > slack {
		return n, fmt.Errorf("%w: %d bytes are missing", ErrTruncated, d.left)
	}
	return n, err
}

// unreadable tells a file that ends too early from a reader that fails.
func unreadable(err error, where string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: ends within its %s", ErrUnreadable, where)
	}
	return fmt.Errorf("audio: read: %w", err)
}
