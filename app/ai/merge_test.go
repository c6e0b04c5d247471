package ai_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// scripted is a server that gives these answers to transcriptions in turn, and
// then the last one again.
func scripted(answers ...any) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseMultipartForm(1 << 20)
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(w).Encode(answers[0])
		answers = answers[min(1, len(answers)-1):]
	})
}

type object = map[string]any

// segments is a verbose_json answer.
func segments(language string, list ...object) object {
	return object{"language": language, "text": "x", "segments": list}
}

// listen transcribes one call with a scripted server.
func listen(t *testing.T, direction app.Direction, sound []byte, answers ...any) app.Transcript {
	t.Helper()
	l := newLab(t, scripted(answers...), nil)
	id := l.bring(t, direction, sound)
	if err := l.run(t, app.JobTranscribe); err != nil {
		t.Fatal(err)
	}
	return l.transcript(t, id)
}

func texts(heard app.Transcript) (out []string) {
	for _, s := range heard.Segments {
		out = append(out, s.Speaker+": "+s.Text)
	}
	return out
}

var mono = wav(20, []talk{{1, 18}})

func TestWhatModelsMakeUpIsLeftOut(t *testing.T) {
	for _, tt := range []struct {
		name    string
		segment object
		kept    bool
	}{
		{"speech", object{"text": "Hello.", "no_speech_prob": 0.1, "avg_logprob": -0.3, "compression_ratio": 1.2}, true},
		{"noise", object{"text": "Thanks for watching!", "no_speech_prob": 0.8, "avg_logprob": -1.3}, false},
		{"unlikely, but clear", object{"text": "Hello.", "no_speech_prob": 0.8, "avg_logprob": -0.4}, true},
		{"muttered", object{"text": "Hello.", "no_speech_prob": 0.2, "avg_logprob": -1.6}, true},
		{"repetition, by its ratio", object{"text": "and so on and so on", "compression_ratio": 3.1}, false},
		{"repetition, by its text", object{"text": "thank you. thank you. Thank you! thank you"}, false},
		{"repetition in Thai", object{"text": "ครับครับครับครับครับ"}, false},
		{"hello, hello, hello", object{"text": "Hello? Hello? Hello?"}, true},
		{"a number", object{"text": "0000 1111 1111"}, true},
		{"the same digit", object{"text": "5555"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			tt.segment["start"], tt.segment["end"] = 1, 3
			heard := listen(t, app.In, mono, segments("en", tt.segment))
			is.Equal(len(heard.Segments) == 1, tt.kept)
			is.Equal(strings.Contains(heard.Text, tt.segment["text"].(string)), tt.kept)
		})
	}
}

func TestPiecesThatOverlapAreJoined(t *testing.T) {
	endless := wav(700, []talk{{0, 700}}) // no pause to cut at: the second piece repeats 2 s
	for _, tt := range []struct {
		name          string
		before, after string
		starts, ends  float64 // of the first segment of the second piece
		want          string
	}{
		{"words said twice", "We will call you back tomorrow.", "call you back tomorrow at nine.", 0.5, 4, "at nine."},
		{"in Thai", "เราจะโทรกลับพรุ่งนี้", "โทรกลับพรุ่งนี้ตอนเก้าโมง", 0.5, 4, "ตอนเก้าโมง"},
		{"nothing new", "We will call you back tomorrow.", "call you back tomorrow", 0.5, 4, ""},
		{"all of it within the overlap", "We will call you back.", "tomorrow", 0.5, 1.5, ""},
		{"nothing in common", "We will call you back tomorrow.", "Thank you.", 0.5, 4, "Thank you."},
		{"three letters by chance", "Take the bus", "us too", 0.5, 4, "us too"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			heard := listen(t, app.In, endless,
				segments("en", object{"start": 470, "end": 480, "text": tt.before}),
				segments("en", object{"start": tt.starts, "end": tt.ends, "text": tt.after}, object{"start": 10, "end": 12, "text": "Goodbye."}))
			want := []string{"unknown: " + tt.before}
			if tt.want != "" {
				want = append(want, "unknown: "+tt.want)
			}
			is.Equal(texts(heard), append(want, "unknown: Goodbye."))
			last := heard.Segments[len(heard.Segments)-1]
			is.Equal(last.Start, 488.0) // in the call's time
		})
	}
}

func TestUtterancesArePartedWhereSilenceWasLeftOut(t *testing.T) {
	// The first side speaks, is silent for 16 s and speaks again; the second
	// answers between. What is sent of the first is 1.3 to 1.6 s of each.
	sound := wav(30, []talk{{1, 4}, {20, 23}}, []talk{{8, 12}})
	for _, tt := range []struct {
		name string
		text string
		want []string
	}{
		{"at the end of a sentence", "Where is my parcel? Oh. This morning, I see.", []string{
			"agent: Where is my parcel? Oh.", "customer: It was sent.", "agent: This morning, I see."}},
		{"between words", "where is my parcel oh this morning", []string{
			"agent: where is my parcel", "customer: It was sent.", "agent: oh this morning"}},
		{"not within a word", "พัสดุอยู่ที่ไหนอ๋อเมื่อเช้านี้เอง", []string{
			"agent: พัสดุอยู่ที่ไหนอ๋อเมื่อเช้านี้เอง", "customer: It was sent."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			heard := listen(t, app.In, sound,
				segments("en", object{"start": 0.3, "end": 6.9, "text": tt.text}),
				segments("en", object{"start": 0.3, "end": 4, "text": "It was sent."}))
			is.Equal(texts(heard), tt.want)
			if len(tt.want) == 3 {
				is.True(heard.Segments[0].End < 5 && heard.Segments[2].Start > 19) // each with its own times
			}
		})
	}
}

func TestTextWithoutTimesIsSpread(t *testing.T) {
	is := is.New(t)
	heard := listen(t, app.In, mono, object{"text": "Good morning. How may I help you? I would like to order a pizza."})
	is.Equal(texts(heard), []string{"unknown: Good morning.", "unknown: How may I help you?", "unknown: I would like to order a pizza."})
	s := heard.Segments
	is.True(s[0].Start < 1.1 && s[2].End > 17.9) // over the time in which somebody speaks
	is.True(slices.IsSortedFunc(s, func(a, b app.Segment) int { return int(a.End - b.Start) }))
	is.True(s[0].End-s[0].Start < s[2].End-s[2].Start) // by how much is said

	heard = listen(t, app.In, mono, object{"text": "สวัสดีค่ะ คลินิกเลเซอร์ยินดีให้บริการค่ะ ต้องการสอบถามเรื่องอะไรคะ อยากทราบราคาเลเซอร์ทั้งหน้าค่ะ ครั้งละสองพันห้าร้อยบาทค่ะ"})
	is.True(len(heard.Segments) >= 2) // Thai is parted too
	is.Equal(heard.Language, "th")    // and known by its letters

	heard = listen(t, app.In, mono, segments("en", object{"start": 0, "end": 0, "text": "Hello there."}, object{"start": 0, "end": 0, "text": "Bye."}))
	is.True(heard.Segments[len(heard.Segments)-1].End > 17) // times that are none do not count

	heard = listen(t, app.In, mono, object{"text": ""})
	is.Equal(heard, app.Transcript{Segments: []app.Segment{}})
}

func TestVoicesThatTheServerTellsApart(t *testing.T) {
	is := is.New(t)
	answer := object{"text": "x", "segments": []object{
		{"start": 1, "end": 3, "text": "Hello, Siam Dental.", "speaker": "A"},
		{"start": 3, "end": 5, "text": "Hi, I need help.", "speaker": "B"},
		{"start": 5, "end": 7, "text": "Sure.", "speaker": "A"},
	}}
	is.Equal(texts(listen(t, app.In, mono, answer)), []string{"agent: Hello, Siam Dental.", "customer: Hi, I need help.", "agent: Sure."})
	is.Equal(texts(listen(t, app.Out, mono, answer)), []string{"customer: Hello, Siam Dental.", "agent: Hi, I need help.", "customer: Sure."})
	one := segments("en", object{"start": 1, "end": 3, "text": "Hello.", "speaker": "A"})
	is.Equal(texts(listen(t, app.In, mono, one)), []string{"unknown: Hello."}) // one voice is nobody's

	long := wav(700, []talk{{0, 470}, {475, 700}})
	heard := listen(t, app.In, long, answer, answer)
	is.Equal(heard.Segments[0].Speaker, "unknown") // in another piece the same name may be another voice
}

func TestTheSameSoundTwiceIsSentOnce(t *testing.T) {
	is := is.New(t)
	twice := wav(20, []talk{{1, 18}}, []talk{{1, 18}})
	heard := listen(t, app.In, twice, segments("en", object{"start": 0, "end": 3, "text": "Hello."}))
	is.Equal(texts(heard), []string{"unknown: Hello."})
}

func TestTheLanguageIsWhatMostWasSaidIn(t *testing.T) {
	is := is.New(t)
	sound := wav(20, []talk{{1, 8}}, []talk{{9, 18}})
	heard := listen(t, app.In, sound,
		segments("english", object{"start": 0, "end": 3, "text": "Okay."}),
		segments("thai", object{"start": 0, "end": 3, "text": "อยากขอคืนเงินค่ะ"}))
	is.Equal(heard.Language, "th")
}

func TestTheServersModelAndLanguageAreAsked(t *testing.T) {
	is := is.New(t)
	var model, language string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		model, language = r.FormValue("model"), r.FormValue("language")
		_ = json.NewEncoder(w).Encode(object{"text": "x"})
	})
	l := newLab(t, h, nil)
	l.bring(t, app.In, mono)
	is.NoErr(l.run(t, app.JobTranscribe))
	is.Equal(model+language, "whisper-1") // the language is the server's to find out
}
