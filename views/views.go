// Package views draws the dashboard: one templ function a page, given plain
// values of the domain, and the words of both languages.
//
// A page is Thai or English as a whole: every sentence comes from the
// catalogues in locale/, every date, number and duration from this package,
// in the language and time zone that the context carries ([WithLanguage],
// [WithZone]). Pages hold no script and no style of their own, so the strictest
// content security policy serves; reading and every form work without a script.
//
// Views know neither requests nor the database: what a page shows, it is given.
package views

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // bare machines have no zones of their own

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// A Language is one that the dashboard speaks.
type Language string

// The languages, Thai first.
const (
	Thai    Language = "th"
	English Language = "en"
)

// Languages lists the languages in the order in which they are offered.
func Languages() []Language { return []Language{Thai, English} }

// Valid reports whether there is a catalogue for l.
func (l Language) Valid() bool { return l == Thai || l == English }

// Name returns what the language calls itself.
func (l Language) Name() string {
	if l == English {
		return "English"
	}
	return "ไทย"
}

// ChooseLanguage returns the first of the wishes that can be met, Thai if none
// can. A wish is a language code or a whole Accept-Language header; an empty
// one is passed over.
func ChooseLanguage(wishes ...string) Language {
	for _, w := range wishes {
		tags, _, err := language.ParseAcceptLanguage(w)
		if err != nil {
			continue
		}
		for _, tag := range tags {
			base, _ := tag.Base()
			if l := Language(base.String()); l.Valid() {
				return l
			}
		}
	}
	return Thai
}

type contextKey struct{}

// A setting is how the reader of a page reads.
type setting struct {
	lang Language
	zone *time.Location
	now  time.Time // zero: the clock's

	calendar string // of years: one of app.Calendars; empty: the language's
}

func settingOf(ctx context.Context) setting {
	s, _ := ctx.Value(contextKey{}).(setting)
	if s.lang == "" {
		s.lang = Thai
	}
	if s.zone == nil {
		s.zone = time.UTC
	}
	return s
}

// WithLanguage returns a context whose pages are in l.
func WithLanguage(ctx context.Context, l Language) context.Context {
	s := settingOf(ctx)
	s.lang = l
	return context.WithValue(ctx, contextKey{}, s)
}

// WithCalendar returns a context in which years are those of a calendar, one of
// app.Calendars; empty is the language's own.
func WithCalendar(ctx context.Context, calendar string) context.Context {
	s := settingOf(ctx)
	s.calendar = calendar
	return context.WithValue(ctx, contextKey{}, s)
}

// WithZone returns a context whose times are in the business's time zone.
func WithZone(ctx context.Context, zone *time.Location) context.Context {
	s := settingOf(ctx)
	s.zone = zone
	return context.WithValue(ctx, contextKey{}, s)
}

// WithNow returns a context in which "today" is the day of t.
func WithNow(ctx context.Context, t time.Time) context.Context {
	s := settingOf(ctx)
	s.now = t
	return context.WithValue(ctx, contextKey{}, s)
}

// LanguageOf returns the context's language, Thai if none was set.
func LanguageOf(ctx context.Context) Language { return settingOf(ctx).lang }

//go:embed locale/*.json
var locales embed.FS

// words returns the speaker of each language.
var words = sync.OnceValue(func() map[Language]*i18n.Localizer {
	b := i18n.NewBundle(language.Thai)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	speakers := map[Language]*i18n.Localizer{}
	for _, l := range Languages() {
		if _, err := b.LoadMessageFileFS(locales, "locale/"+string(l)+".json"); err != nil {
			panic(err) // the catalogues are in the binary and tested
		}
		speakers[l] = i18n.NewLocalizer(b, string(l))
	}
	return speakers
})

// T returns the sentence of the given key in the context's language. Arguments
// are pairs of a name and a value, such as "Count", 3; Count also chooses
// between singular and plural. A key that does not exist returns itself: a test
// sees to it that none is asked for.
func T(ctx context.Context, key string, args ...any) string {
	cfg := i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name, value := fmt.Sprint(args[i]), args[i+1]
			if n, ok := value.(int); ok {
				if name == "Count" {
					cfg.PluralCount = n
				}
				value = Number(ctx, n)
			}
			data[name] = value
		}
		cfg.TemplateData = data
	}
	s, err := words()[LanguageOf(ctx)].Localize(&cfg)
	if err != nil {
		return key
	}
	return s
}

// label returns the word for one value of a closed list, such as
// label(ctx, "tag", "normal"). A value without a word returns itself, so that
// something new is shown rather than nothing.
func label[V ~string](ctx context.Context, list string, value V) string {
	key := list + "." + strings.ReplaceAll(string(value), " ", "_")
	if s := T(ctx, key); s != key {
		return s
	}
	return string(value)
}

// Label is [label] for the handlers: the word for one value of a closed list.
func Label(ctx context.Context, list, value string) string { return label(ctx, list, value) }
