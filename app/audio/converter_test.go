package audio_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/audio"
	"crk/app/secret"
)

// fakeFFmpeg puts a shell script in ffmpeg's place. $OUT is a folder of the test's.
func fakeFFmpeg(t testing.TB, script string) (out string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for ffmpeg is a shell script")
	}
	dir, out := t.TempDir(), t.TempDir()
	body := "#!/bin/sh\nOUT=" + out + "\nPATH=/usr/bin:/bin\n" + script
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(body), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "sound.wav"), pcm16(8000, 1, repeat(7, 4000)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return out
}

// written is a file that was written to a store and has no name yet.
func written(t testing.TB, s *audio.Store, file []byte) *audio.Pending {
	t.Helper()
	p, err := s.Write(t.Context(), bytes.NewReader(file), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Discard() })
	return p
}

// TestOtherKinds encodes to what has no decoder here and has ffmpeg decode it.
func TestOtherKinds(t *testing.T) {
	speech := fixture(t, "16000-mono-bare.pcm")
	seconds := float64(len(speech)) / 32000
	for _, tt := range []struct {
		name  string
		codec string
		args  []string
	}{
		{"FLAC", "flac", []string{"-f", "flac"}},
		{"Vorbis", "ogg", []string{"-c:a", "libvorbis", "-f", "ogg"}},
		{"WebM", "webm", []string{"-c:a", "libopus", "-f", "webm"}},
		{"AAC", "aac", []string{"-c:a", "aac", "-f", "adts"}},
		{"AU", "au", []string{"-f", "au"}},
		{"WMA", "wma", []string{"-c:a", "wmav2", "-f", "asf"}},
		{"ADPCM", "wav", []string{"-c:a", "adpcm_ms", "-f", "wav"}},
		{"streamed MP4", "mp4", []string{"-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			file := ffmpeg(t, speech, append(append([]string{"-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0"}, tt.args...), "pipe:1")...)
			s := openStore(t, t.TempDir())
			p := written(t, s, file)
			stats, err := p.Measure(t.Context())
			is.NoErr(err)
			is.Equal(stats.Codec, tt.codec)
			is.True(stats.Duration > seconds-0.2 && stats.Duration < seconds+0.2) // encoders fill up their last block
			is.True(stats.Sound > 0.4)                                            // it is speech
		})
	}
	t.Run("MP4 with its index at the end", func(t *testing.T) {
		is := is.New(t)
		ffmpeg(t, nil, "-version")
		p := written(t, openStore(t, t.TempDir()), fixture(t, "index-last.m4a"))
		stats, err := p.Measure(t.Context())
		is.NoErr(err)
		is.True(stats.Duration > 0.74 && stats.Duration < 0.9)
	})
	t.Run("nothing that can be heard", func(t *testing.T) {
		is := is.New(t)
		ffmpeg(t, nil, "-version")
		_, err := written(t, openStore(t, t.TempDir()), []byte("fLaC and then nothing of the kind")).Measure(t.Context())
		is.True(errors.Is(err, audio.ErrUnreadable)) // it is the file's fault
	})
}

func TestWithoutFFmpeg(t *testing.T) {
	is := is.New(t)
	t.Setenv("PATH", "")
	dir := t.TempDir()
	id, err := secret.Generate()
	is.NoErr(err)
	s, err := audio.OpenStore(dir, id)
	is.NoErr(err)
	p := written(t, s, fixture(t, "16000-mono.flac"))
	_, err = p.Measure(t.Context())
	is.True(errors.Is(err, audio.ErrUnsupported)) // told from a broken file
	is.NoErr(p.Commit(someName))
	is.Equal(contents(t, s, someName), fixture(t, "16000-mono.flac")) // and kept as it came
	_, err = s.Measure(t.Context(), someName)
	is.True(errors.Is(err, audio.ErrUnsupported))
	_, err = s.OpenPlayable(t.Context(), someName, 100)
	is.True(errors.Is(err, audio.ErrUnsupported))

	fakeFFmpeg(t, `cat >/dev/null; cat "$OUT/sound.wav"`)
	later, err := audio.OpenStore(dir, id)
	is.NoErr(err)
	stats, err := later.Measure(t.Context(), someName)
	is.NoErr(err) // once it is installed the same file is heard
	is.Equal(stats.Frames, int64(4000))
}

func TestFFmpegGetsNothingButTheFile(t *testing.T) {
	is := is.New(t)
	t.Setenv("CRK_STT_KEY", "sk-secret")
	out := fakeFFmpeg(t, `env >"$OUT/env"; echo "$@" >"$OUT/args"; cat >"$OUT/stdin"; cat "$OUT/sound.wav"`)
	file := fixture(t, "16000-mono.flac")
	_, err := written(t, openStore(t, t.TempDir()), file).Measure(t.Context())
	is.NoErr(err)
	got := func(name string) string {
		b, err := os.ReadFile(filepath.Join(out, name))
		is.NoErr(err)
		return string(b)
	}
	is.True(!strings.Contains(got("env"), "secret"))                           // no secret of ours
	is.True(strings.Contains(got("args"), "-protocol_whitelist pipe -f flac")) // no network, no file, no guessing
	is.True(got("stdin") == string(file))
}

func TestFFmpegFails(t *testing.T) {
	is := is.New(t)
	fakeFFmpeg(t, `cat >/dev/null; head -c 6000 "$OUT/sound.wav"; echo "Invalid data found" >&2; exit 1`)
	_, err := written(t, openStore(t, t.TempDir()), []byte("fLaC")).Measure(t.Context())
	is.True(errors.Is(err, audio.ErrTruncated)) // it gave up within the file
	is.True(strings.Contains(err.Error(), "Invalid data") || strings.Contains(err.Error(), "missing"))

	fakeFFmpeg(t, `exit 127`)
	_, err = written(t, openStore(t, t.TempDir()), bytes.Repeat([]byte("fLaC"), 1<<20)).Measure(t.Context())
	is.True(errors.Is(err, audio.ErrUnreadable)) // it read nothing at all
}

func TestFFmpegIsKilled(t *testing.T) {
	is := is.New(t)
	out := fakeFFmpeg(t, `sleep 600 & echo $! >"$OUT/child"; mkfifo "$OUT/never"; : >"$OUT/ready"; cat "$OUT/never"`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(out, "ready")); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	s := openStore(t, t.TempDir())
	_, err := written(t, s, []byte("fLaC")).Measure(ctx)
	is.True(errors.Is(err, context.Canceled)) // who does not wait any more is told so
	b, err := os.ReadFile(filepath.Join(out, "child"))
	is.NoErr(err)
	child, err := strconv.Atoi(strings.TrimSpace(string(b)))
	is.NoErr(err)
	is.True(gone(child)) // what it had started has ended with it

	fakeFFmpeg(t, `cat >/dev/null; cat "$OUT/sound.wav"`)
	for range 5 { // no slot was lost
		_, err = written(t, openStore(t, t.TempDir()), []byte("fLaC")).Measure(t.Context())
		is.NoErr(err)
	}
}

// gone reports whether a process has ended, or will as soon as its parent looks.
func gone(pid int) bool {
	for range 1000 {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		p, gone := os.FindProcess(pid)
		if gone == nil && err != nil {
			gone = p.Signal(syscall.Signal(0))
		}
		if gone != nil || strings.Contains(string(stat), ") Z ") {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// TestStreamable moves the index of an MP4 file and looks where it points to.
func TestStreamable(t *testing.T) {
	is := is.New(t)
	out := fakeFFmpeg(t, `cat >"$OUT/stdin"; cat "$OUT/sound.wav"`)
	file := fixture(t, "index-last.m4a")
	is.True(bytes.Index(file, []byte("mdat")) < bytes.Index(file, []byte("moov"))) // the fixture is what it should be
	_, err := written(t, openStore(t, t.TempDir()), file).Measure(t.Context())
	is.NoErr(err)
	got, err := os.ReadFile(filepath.Join(out, "stdin"))
	is.NoErr(err)
	is.Equal(len(got), len(file))
	is.True(bytes.Index(got, []byte("moov")) < bytes.Index(got, []byte("mdat"))) // the index comes first
	before, after := chunkOffsets(file), chunkOffsets(got)
	is.True(len(before) > 0)
	is.Equal(len(after), len(before))
	for i := range before {
		is.Equal(got[after[i]:][:16], file[before[i]:][:16]) // and points to the same sound
	}
}

// chunkOffsets reads the first table of offsets.
func chunkOffsets(file []byte) (at []uint32) {
	i := bytes.Index(file, []byte("stco")) + 8
	for n := range binary.BigEndian.Uint32(file[i:]) {
		at = append(at, binary.BigEndian.Uint32(file[i+4+4*int(n):]))
	}
	return at
}

// FuzzOtherKinds has broken files reordered for ffmpeg, which stands still here.
func FuzzOtherKinds(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00\x00\x00\x00\x10mdatsomething\x00\x00\x00\x20moov\x00\x00\x00\x18stco\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x14zz"))
	if file, err := os.ReadFile("testdata/index-last.m4a"); err == nil {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		out, err := io.ReadAll(audio.Streamable(bytes.NewReader(file), int64(len(file))))
		if err != nil || len(out) != len(file) {
			t.Fatalf("%d bytes became %d: %v", len(file), len(out), err)
		}
	})
}
