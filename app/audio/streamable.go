package audio

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

const (
	maxIndex = 64 << 20 // bytes of a file's index that are held in memory
	maxBoxes = 10_000   // of a file
)

// A box is a part of an MP4 file (ISO 14496-12): its length, four letters, and
// what it holds.
type box struct {
	kind     string
	at, size int64
	head     int64 // bytes of size before what it holds
}

// streamable reads an MP4 file in an order in which it can be decoded without
// going back: telephones write the index, which has to come first, at the end. A
// file that needs no change, or that is not understood, is read as it is.
func streamable(f io.ReaderAt, size int64) io.Reader {
	part := func(from, to int64) io.Reader { return io.NewSectionReader(f, from, to-from) }
	boxes := listBoxes(f, 0, size)
	index := slices.IndexFunc(boxes, func(b box) bool { return b.kind == "moov" })
	data := slices.IndexFunc(boxes, func(b box) bool { return b.kind == "mdat" })
	if index < 0 || data < 0 || index < data || boxes[index].size > maxIndex {
		return part(0, size)
	}
	moov, mdat := boxes[index], boxes[data]
	moved := make([]byte, moov.size)
	if _, err := io.ReadFull(part(moov.at, moov.at+moov.size), moved); err != nil {
		return part(0, size)
	}
	shift(moved, moov.head, func(at int64) int64 {
		if at >= mdat.at && at < moov.at {
			at += moov.size
		}
		return at
	})
	return io.MultiReader(part(0, mdat.at), bytes.NewReader(moved), part(mdat.at, moov.at), part(moov.at+moov.size, size))
}

// listBoxes returns the boxes from one offset to another, as far as they make
// sense.
func listBoxes(f io.ReaderAt, from, to int64) (list []box) {
	for from+8 <= to && len(list) < maxBoxes {
		var head [16]byte
		if n, _ := f.ReadAt(head[:], from); n < 8 {
			break
		}
		b := box{kind: string(head[4:8]), at: from, size: int64(binary.BigEndian.Uint32(head[:])), head: 8}
		switch b.size {
		case 0:
			b.size = to - from
		case 1:
			b.size, b.head = int64(binary.BigEndian.Uint64(head[8:])), 16
		}
		if b.size < b.head || b.size > to-from {
			break
		}
		list = append(list, b)
		from += b.size
	}
	return list
}

// shift corrects the offsets of the samples in an index, of which head bytes come
// before what it holds.
func shift(index []byte, head int64, to func(int64) int64) {
	for _, b := range listBoxes(bytes.NewReader(index), head, int64(len(index))) {
		body := index[b.at+b.head : b.at+b.size]
		switch b.kind {
		case "trak", "mdia", "minf", "stbl":
			shift(index[b.at:b.at+b.size], b.head, to)
		case "stco":
			for i := 8; i+4 <= len(body); i += 4 {
				at := int64(binary.BigEndian.Uint32(body[i:]))
				binary.BigEndian.PutUint32(body[i:], uint32(to(at)))
			}
		case "co64":
			for i := 8; i+8 <= len(body); i += 8 {
				at := int64(binary.BigEndian.Uint64(body[i:]))
				binary.BigEndian.PutUint64(body[i:], uint64(to(at)))
			}
		}
	}
}
