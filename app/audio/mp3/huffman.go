// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

// A huffmanTable is a tree and the bits that follow a value of 15.
type huffmanTable struct {
	tree  []uint16
	extra int
}

// huffmanTables returns the tables by their numbers. Those of 4 and 14 do not
// exist; 32 and 33 are of the small values, four at a time.
func huffmanTables() (t [34]huffmanTable) {
	starts := map[int]int{1: 0, 2: 7, 3: 24, 5: 41, 6: 72, 7: 103, 8: 174, 9: 245, 10: 316, 11: 443, 12: 570, 13: 697, 15: 1208, 16: 1719, 24: 2230, 32: 2742, 33: 2773}
	for n, at := range starts {
		t[n].tree = huffmanCodes[at:]
	}
	for i, extra := range []int{1, 2, 3, 4, 6, 8, 10, 13} {
		t[16+i] = huffmanTable{t[16].tree, extra}
	}
	for i, extra := range []int{4, 5, 6, 7, 8, 9, 11, 13} {
		t[24+i] = huffmanTable{t[24].tree, extra}
	}
	return t
}

// code reads one code.
func (t *huffmanTable) code(b *bits) int {
	at := 0
	for at < len(t.tree) && t.tree[at] > 0xFF {
		shift := 8 * (1 - b.bit())
		for at < len(t.tree) && t.tree[at]>>shift&0xFF >= 250 {
			at += int(t.tree[at] >> shift & 0xFF)
		}
		if at < len(t.tree) {
			at += int(t.tree[at] >> shift & 0xFF)
		}
	}
	if at >= len(t.tree) {
		return 0
	}
	return int(t.tree[at])
}

// value finishes one of the two values of a code.
func (t *huffmanTable) value(b *bits, v int) int {
	if v == 15 && t.extra > 0 {
		v += b.take(t.extra)
	}
	return signed(b, v)
}

// signed reads the sign of a value that has one.
func signed(b *bits, v int) int {
	if v != 0 && b.bit() == 1 {
		return -v
	}
	return v
}

// readValues reads the 576 values of a granule, whose data ends at the bit end,
// and returns how many of them may be other than 0. Values that a damaged file has
// beyond end are 0.
func (d *Decoder) readValues(b *bits, g *granule, end int, values *[granuleSize]int32) (count int) {
	second, third := d.layouts.regions(g)
	at := 0
	for ; at < 2*g.bigValues && b.pos < end; at += 2 {
		number := g.tables[2]
		if at < second {
			number = g.tables[0]
		} else if at < third {
			number = g.tables[1]
		}
		t := &d.huffman[number]
		v := t.code(b)
		values[at] = int32(t.value(b, v>>4))
		values[at+1] = int32(t.value(b, v&15))
	}
	t := &d.huffman[32+g.smallTable]
	for at+4 <= granuleSize && b.pos < end {
		v := t.code(b)
		for i := range 4 {
			values[at+i] = int32(signed(b, v>>(3-i)&1))
		}
		if b.pos > end {
			break
		}
		at += 4
	}
	clear(values[at:])
	return at
}
