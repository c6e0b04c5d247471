// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

// bits reads a frame's data bit by bit. Past the end it gives zeros.
type bits struct {
	data []byte
	pos  int // in bits
}

func (b *bits) bit() int {
	at := b.pos >> 3
	if at >= len(b.data) {
		return 0
	}
	v := b.data[at] >> (7 - b.pos&7) & 1
	b.pos++
	return int(v)
}

// take reads n bits, at most 16.
func (b *bits) take(n int) int {
	var window uint32
	at := b.pos >> 3
	for i := range 3 {
		window <<= 8
		if at+i < len(b.data) {
			window |= uint32(b.data[at+i])
		}
	}
	b.pos += n
	return int(window >> (24 - uint(b.pos-n)&7 - uint(n)) & (1<<n - 1))
}
