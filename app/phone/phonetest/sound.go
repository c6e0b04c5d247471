package phonetest

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"
)

// An Encoding is how a WAV file holds its samples; the value is the format tag.
type Encoding uint16

// The encodings that telephone systems write.
const (
	PCM   Encoding = 1 // 16 bit
	ALaw  Encoding = 6
	MuLaw Encoding = 7
)

// A Burst is a stretch of sound on one channel. What no burst covers is silence.
type Burst struct {
	Channel   int // 0 is the first
	At, Until time.Duration
	Hz        float64 // zero: noise, which is nearer to speech than a tone
}

// A Sound describes a recording to be made.
type Sound struct {
	Encoding Encoding // default MuLaw
	Channels int      // default 1
	Length   time.Duration
	Bursts   []Burst
}

const sampleRate = 8000

// Talk is a sound of the given length on one channel in which noise and silence
// take turns: half of it is talk.
func Talk(length time.Duration) Sound {
	s := Sound{Length: length}
	for at := time.Duration(0); at < length; at += 4 * time.Second {
		s.Bursts = append(s.Bursts, Burst{At: at, Until: min(at+2*time.Second, length)})
	}
	return s
}

// WAV makes the file: 8 kHz, the same bytes for the same Sound.
func (s Sound) WAV() []byte {
	if s.Encoding == 0 {
		s.Encoding = MuLaw
	}
	s.Channels = max(1, s.Channels)
	frames := int(s.Length.Seconds() * sampleRate)
	samples := make([]int16, frames*s.Channels)
	for i, b := range s.Bursts {
		s.draw(samples, b, rand.New(rand.NewPCG(uint64(i), uint64(b.At))))
	}
	return Encode(s.Encoding, s.Channels, samples)
}

func (s Sound) draw(samples []int16, b Burst, random *rand.Rand) {
	const loud = 8000
	from, to := int(b.At.Seconds()*sampleRate), int(b.Until.Seconds()*sampleRate)
	for i := from; i < min(to, len(samples)/s.Channels); i++ {
		v := random.Float64()*2 - 1
		if b.Hz > 0 {
			v = math.Sin(2 * math.Pi * b.Hz * float64(i) / sampleRate)
		}
		samples[i*s.Channels+b.Channel] = int16(loud * v)
	}
}

// Encode makes a WAV file of interleaved samples at 8 kHz.
func Encode(e Encoding, channels int, samples []int16) []byte {
	var data bytes.Buffer
	width := 1
	switch e {
	case PCM:
		width = 2
		_ = binary.Write(&data, binary.LittleEndian, samples) // a Buffer takes everything
	case ALaw:
		for _, s := range samples {
			data.WriteByte(aLaw(s))
		}
	default:
		for _, s := range samples {
			data.WriteByte(muLaw(s))
		}
	}
	n := data.Len()
	if n%2 == 1 {
		data.WriteByte(0) // chunks are padded to even lengths
	}
	var out bytes.Buffer
	out.WriteString("RIFF")
	put(&out, uint32(4+8+18+8+data.Len()))
	out.WriteString("WAVEfmt ")
	put(&out, uint32(18), uint16(e), uint16(channels), uint32(sampleRate),
		uint32(sampleRate*channels*width), uint16(channels*width), uint16(8*width), uint16(0))
	out.WriteString("data")
	put(&out, uint32(n))
	out.Write(data.Bytes())
	return out.Bytes()
}

func put(out *bytes.Buffer, values ...any) {
	for _, v := range values {
		_ = binary.Write(out, binary.LittleEndian, v)
	}
}

// muLaw encodes a sample as ITU-T G.711 says.
func muLaw(sample int16) byte {
	const bias, clip = 0x84, 32635
	v, sign := int(sample), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, clip) + bias
	exponent := 7
	for mask := 0x4000; v&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | byte(exponent)<<4 | byte(v>>(exponent+3))&0x0F)
}

// aLaw encodes a sample as ITU-T G.711 says.
func aLaw(sample int16) byte {
	v, sign := int(sample)>>3, byte(0xD5)
	if v < 0 {
		v, sign = -v-1, 0x55
	}
	if v < 32 {
		return sign ^ byte(v>>1)
	}
	exponent := 1
	for v>>exponent >= 32 {
		exponent++
	}
	return sign ^ byte(min(exponent, 7)<<4|v>>exponent&0x0F)
}
