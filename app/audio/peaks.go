package audio

import "math"

const (
	buckets   = 800  // of a waveform
	tapeCells = 8192 // so that a bucket is at least five cells of a long call
)

// A tape keeps the peaks of a sound of unknown length in a bounded number of
// cells. When the cells are full, pairs are folded into one and every cell stands
// for twice as many samples.
type tape struct {
	width int      // samples of a cell
	cells []uint16 // peak of each, 0..32768
	at    int      // samples in the last cell; width when it is full
}

// room is how many samples the cell under way still takes.
func (t *tape) room() int {
	if len(t.cells) == 0 || t.at == t.width {
		if len(t.cells) == tapeCells {
			t.fold()
		}
		t.cells = append(t.cells, 0)
		t.at = 0
	}
	return t.width - t.at
}

// add notes the peak of n samples, for which there must be room.
func (t *tape) add(peak int32, n int) {
	last := len(t.cells) - 1
	t.cells[last] = max(t.cells[last], uint16(peak))
	t.at += n
}

func (t *tape) fold() {
	for i := range tapeCells / 2 {
		t.cells[i] = max(t.cells[2*i], t.cells[2*i+1])
	}
	t.cells = t.cells[:tapeCells/2]
	t.width *= 2
}

// buckets returns the waveform of a sound of so many samples: for each of 800
// equal parts its peak, 0..1.
func (t *tape) buckets(samples int64) []float32 {
	out := make([]float32, buckets)
	width := int64(t.width)
	for i := range out {
		from := int64(i) * samples / buckets / width
		to := (int64(i+1)*samples/buckets + width - 1) / width
		var peak uint16
		for _, cell := range t.cells[from:min(int64(len(t.cells)), max(to, from+1))] {
			peak = max(peak, cell)
		}
		out[i] = float32(math.Round(float64(peak)/32768*1000) / 1000)
	}
	return out
}
