// Package ogg takes the packets of one stream out of an Ogg file (RFC 3533).
//
// A [Reader] follows the first stream of the file, and where that has ended and
// another one begins (a chained file), that one. Pages of other streams, pages
// whose checksum is wrong and garbage are passed over. It promises constant memory,
// and to end after a bounded number of bad pages, whatever the file holds.
//
// It does not know what the packets mean.
package ogg

import (
	"bufio"
	"encoding/binary"
	"errors"
)

const (
	// MaxPage is the size of the largest page, in bytes: the buffer that a Reader
	// needs.
	MaxPage = headSize + 255 + 255*255

	// MaxPacket is how much of a packet is given; what is beyond it is dropped.
	// Sound has no packets of this size, but comments hold pictures.
	MaxPacket = 64 << 10

	headSize = 27
	maxBad   = 1000 // pages whose checksum is wrong
)

// ErrBroken is returned for a file with more bad pages than an accident explains.
var ErrBroken = errors.New("ogg: too many damaged pages")

// Unknown is the position of a packet whose page does not say it.
const Unknown = -1

// A Packet is one packet of a stream.
type Packet struct {
	Data     []byte // good until the next call
	First    bool   // of its stream
	PageEnd  bool   // no other packet ends on the page on which it does
	LastPage bool   // that page is the last one of its stream
	Position int64  // of the stream at the end of that page, or Unknown
}

// A Reader reads packets. It is for one goroutine.
type Reader struct {
	in     *bufio.Reader
	page   page
	table  [256]uint32
	serial uint32
	state  state
	data   []byte // of the packet that is being put together
	open   bool   // its beginning was seen
	bad    int
}

type state int

const (
	outside   state = iota // before the first stream, or between two
	inside                 // of a stream
	beginning              // the next packet is the stream's first
)

// A page is what is left of the page under way.
type page struct {
	size     int // in the buffer, to be passed over
	segments []byte
	body     []byte
	position int64
	last     bool
}

// NewReader returns a Reader of r, which must have a buffer of [MaxPage] or more.
func NewReader(r *bufio.Reader) *Reader {
	x := &Reader{in: r}
	for i := range x.table {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04C11DB7
			} else {
				c <<= 1
			}
		}
		x.table[i] = c
	}
	return x
}

// Next returns the next packet. The error is io.EOF after the last one, [ErrBroken]
// or what the reader returned. A packet that the file does not hold the end of is
// not given.
func (r *Reader) Next() (Packet, error) {
	for {
		if len(r.page.segments) == 0 {
			if err := r.turn(); err != nil {
				return Packet{}, err
			}
			continue
		}
		if p, ok := r.packet(); ok {
			return p, nil
		}
	}
}

// packet takes segments of the page up to the end of a packet; ok is false where
// the page ends first.
func (r *Reader) packet() (p Packet, ok bool) {
	for len(r.page.segments) > 0 {
		n := int(r.page.segments[0])
		r.page.segments = r.page.segments[1:]
		if room := MaxPacket - len(r.data); r.open {
			r.data = append(r.data, r.page.body[:min(n, room)]...)
		}
		r.page.body = r.page.body[n:]
		if n == 255 {
			continue
		}
		if !r.open { // the rest of a packet that began on a lost page
			r.open, r.data = true, r.data[:0]
			continue
		}
		p = Packet{
			Data: r.data, First: r.state == beginning,
			PageEnd: !endsPacket(r.page.segments), LastPage: r.page.last, Position: r.page.position,
		}
		r.state, r.data = inside, r.data[:0]
		return p, true
	}
	return p, false
}

func endsPacket(segments []byte) bool {
	for _, n := range segments {
		if n < 255 {
			return true
		}
	}
	return false
}

// turn goes to the next page of the stream.
func (r *Reader) turn() error {
	if _, err := r.in.Discard(r.page.size); err != nil {
		return err
	}
	if r.page.last {
		r.state = outside
	}
	r.page = page{}
	for {
		b, err := r.find()
		if err != nil {
			return err
		}
		flags, serial := b[5], binary.LittleEndian.Uint32(b[14:])
		if r.state == outside && flags&2 != 0 {
			r.state, r.serial = beginning, serial
			r.open, r.data = false, r.data[:0]
		}
		if r.state == outside || serial != r.serial {
			if _, err := r.in.Discard(len(b)); err != nil {
				return err
			}
			continue
		}
		r.begin(b, flags)
		return nil
	}
}

// begin takes a page of the stream.
func (r *Reader) begin(b []byte, flags byte) {
	body := headSize + int(b[26])
	r.page = page{
		size: len(b), segments: b[headSize:body], body: b[body:], last: flags&4 != 0,
		position: int64(binary.LittleEndian.Uint64(b[6:])),
	}
	if continued := flags&1 != 0; !continued { // what was begun is not continued: it is lost
		r.open, r.data = true, r.data[:0]
	}
}

// find goes to the next whole page, of any stream, and returns it; it stays in the
// buffer.
func (r *Reader) find() ([]byte, error) {
	for {
		b, err := r.in.Peek(headSize)
		if err != nil {
			return nil, err
		}
		if string(b[:5]) == "OggS\x00" {
			b, err = r.whole(b)
			if b != nil || err != nil {
				return b, err
			}
			if r.bad++; r.bad > maxBad {
				return nil, ErrBroken
			}
		}
		if _, err := r.in.Discard(1); err != nil {
			return nil, err
		}
	}
}

// whole returns the page that begins with head, or nil if its checksum is wrong.
func (r *Reader) whole(head []byte) ([]byte, error) {
	size := headSize + int(head[26])
	b, err := r.in.Peek(size)
	if err != nil {
		return nil, err
	}
	for _, n := range b[headSize:] {
		size += int(n)
	}
	b, err = r.in.Peek(size)
	if err != nil {
		return nil, err
	}
	if r.checksum(b) != binary.LittleEndian.Uint32(b[22:]) {
		return nil, nil
	}
	return b, nil
}

// checksum is calculated with the field that holds it as zero.
func (r *Reader) checksum(b []byte) (c uint32) {
	for i, v := range b {
		if i >= 22 && i < 26 {
			v = 0
		}
		c = c<<8 ^ r.table[byte(c>>24)^v]
	}
	return c
}
