package ai_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai/aitest"
)

// testSound is a sound file as it comes from a phone system.
func testSound(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../audio/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryKindOfSoundIsSentAsWAV(t *testing.T) {
	for _, name := range []string{"8000-mono.mp3", "mono-silk.opus", "stereo-celt.opus", "speech-gsm.wav"} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			srv := aitest.New(dialogue(t, "price"))
			l := newLab(t, srv, nil)
			id := l.bring(t, app.In, bytes.Repeat(testSound(t, name), 3))
			r := l.process(t, id)
			is.Equal(r.Status, app.Completed)
			sent := srv.Requests(aitest.Transcriptions)
			is.True(len(sent) > 0)
			for _, req := range sent {
				is.True(req.Size < 44+3*32_000) // three seconds of one channel, at a rate that is worth sending
			}
		})
	}
}

// TestSoundThatCannotBeDecoded is kept, and heard once ffmpeg can decode it.
func TestSoundThatCannotBeDecoded(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	script := "#!/bin/sh\n/bin/cat >/dev/null; exec /bin/cat " + dir + "/sound.wav\n"
	is.NoErr(os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(script), 0o700))
	t.Setenv("PATH", dir)
	l := newLab(t, nil, nil)
	id := l.bring(t, app.In, testSound(t, "16000-mono.flac"))
	j := l.claim(t, app.JobTranscribe)[0]
	stage := l.stages[app.JobTranscribe]
	err := stage.Run(t.Context(), j)
	is.True(fate(err).Permanent) // trying again does not help
	is.NoErr(stage.GiveUp(t.Context(), j, err))
	r := l.recording(t, id)
	is.Equal(r.Status, app.Failed)
	is.Equal(r.Error, app.AudioUnreadable) // the call says what is wrong
	is.True(r.HasAudio())                  // and keeps its file

	is.NoErr(os.WriteFile(filepath.Join(dir, "sound.wav"), wav(9, []talk{{1, 8}}), 0o600))
	_, err = l.Reextract(t.Context(), l.Business.ID, nil, id, app.JobTranscribe)
	is.NoErr(err)
	r = l.process(t, id)
	is.Equal(r.Status, app.Completed)
	is.Equal(*r.Duration, 9) // what was decoded
	stats, err := l.AudioStats(t.Context(), l.Business.ID, id)
	is.NoErr(err)
	is.Equal(stats.Codec, "flac")
}
