package clip_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/matryer/is"

	"crk/app/notify/clip"
)

func TestTo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		in    string
		limit int
		want  string
	}{
		{"fits", "hello", 5, "hello"},
		{"one too long", "hello!", 5, "hell…"},
		{"Thai fits though its bytes do not", "สวัสดี", 6, "สวัสดี"},
		{"a tone mark stays with its consonant", "น้ำใจ", 3, "น้…"},
		{"or goes with it", "น้ำใจ", 2, "…"},
		{"vowel and tone on one consonant", "กกี่ปี่", 4, "ก…"},
		{"emoji count twice", "😀😀", 4, "😀😀"},
		{"no half emoji", "😀😀😀", 4, "😀…"},
		{"joined emoji stay whole", "a👩\u200d👧b", 5, "a…"},
		{"blank before the cut goes", "hello world", 7, "hello…"},
		{"only the sign fits", "hello", 1, "…"},
		{"nothing fits", "hello", 0, ""},
		{"empty", "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(clip.To(tt.in, tt.limit), tt.want) // cut as the case says
		})
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"line ends", "a\r\nb\rc\nd", "a\nb\nc\nd"},
		{"tabs stay", "a\tb", "a\tb"},
		{"controls go", "a\x00b\x1bc\u0085d", "abcd"},
		{"broken UTF-8", "a\xff\xfeb", "a\ufffdb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(clip.Clean(tt.in), tt.want) // cleaned as the case says
		})
	}
	is := is.New(t)
	is.Equal(clip.Line("  one\n\ttwo\u00a0 three "), "one two three") // a line has single blanks
}

func FuzzTo(f *testing.F) {
	f.Add("น้ำใจ 😀 hello", 7)
	f.Add("\xff\xfe", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		s = clip.Clean(s)
		limit = min(max(limit, 0), 5000)
		got := clip.To(s, limit)
		if n := len(utf16.Encode([]rune(got))); n > limit || n != clip.Len(got) {
			t.Fatalf("%d units (Len says %d) of %d", n, clip.Len(got), limit)
		}
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		if rest, cut := strings.CutSuffix(got, "…"); got != s && limit > 0 && (!cut || !strings.HasPrefix(s, rest)) {
			t.Fatalf("%q is no beginning of %q", got, s)
		}
	})
}
