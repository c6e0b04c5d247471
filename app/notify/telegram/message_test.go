package telegram_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/matryer/is"

	"crk/app/notify/notifytest"
	"crk/app/notify/telegram"
)

var (
	ann   = notifytest.Chat{ID: 77, Type: "private", FirstName: "Ann"}
	group = notifytest.Chat{ID: -500, Type: "group", Title: "Sales"}
	super = notifytest.Chat{ID: -1001234567890, Type: "supergroup", Title: "Sales"}
)

func post(t *testing.T, sim *notifytest.Telegram, c *telegram.Client, to telegram.Address, n telegram.Note) (telegram.Receipt, notifytest.Sent) {
	t.Helper()
	sim.Say(ann, "hello") // makes the chat known
	r, err := c.Post(t.Context(), to, n)
	if err != nil {
		t.Fatal(err)
	}
	all := sim.Messages()
	return r, all[len(all)-1]
}

func TestPost(t *testing.T) {
	for _, tt := range []struct {
		name string
		note telegram.Note
		raw  string
		text string
	}{
		{"title and body", telegram.Note{Title: "T", Body: "B"}, "<b>T</b>\n\nB", "T\n\nB"},
		{"markup of the sender is text", telegram.Note{Title: "<i>a</i> & b", Body: `</b><a href="x">&lt;`},
			"<b>&lt;i&gt;a&lt;/i&gt; &amp; b</b>\n\n&lt;/b&gt;&lt;a href=\"x\"&gt;&amp;lt;", "<i>a</i> & b\n\n</b><a href=\"x\">&lt;"},
		{"mark", telegram.Note{Mark: "⚠️", Title: "T", Body: "B"}, "⚠️ <b>T</b>\n\nB", "⚠️ T\n\nB"},
		{"title only", telegram.Note{Title: "T"}, "<b>T</b>", "T"},
		{"body only", telegram.Note{Body: "B"}, "B", "B"},
		{"title on one line", telegram.Note{Title: " a\n b ", Body: "\r\nc\r\nd\x00\n"}, "<b>a b</b>\n\nc\nd", "a b\n\nc\nd"},
		{"Thai", telegram.Note{Title: "ลูกค้าไม่พอใจ", Body: "คะแนน 41"}, "<b>ลูกค้าไม่พอใจ</b>\n\nคะแนน 41", "ลูกค้าไม่พอใจ\n\nคะแนน 41"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			r, sent := post(t, sim, c, telegram.Address{Chat: ann.ID}, tt.note)
			is.Equal(sent.Raw, tt.raw)     // what is sent
			is.Equal(sent.Text, tt.text)   // what people read
			is.True(sent.HTML)             // as HTML
			is.Equal(sent.ButtonURL, "")   // without a button
			is.Equal(r.MessageID, sent.ID) // the receipt names it
		})
	}
}

func TestPostOptions(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	_, sent := post(t, sim, c, telegram.Address{Chat: ann.ID, Thread: 5},
		telegram.Note{Title: "T", Link: "https://crk.example.com/r/1?a=b&c=d", LinkLabel: "เปิด", Silent: true})
	is.Equal(sent.ThreadID, int64(5))                               // into the topic
	is.True(sent.Silent)                                            // without a sound
	is.Equal(sent.ButtonURL, "https://crk.example.com/r/1?a=b&c=d") // the link is a button
	is.Equal(sent.Button, "เปิด")                                   // with its label
	_, sent = post(t, sim, c, telegram.Address{Chat: ann.ID}, telegram.Note{Title: "T", Link: "https://crk.example.com"})
	is.Equal(sent.Button, "Open") // a button is never without words
	is.True(!sent.Silent)         // loud unless asked
}

func TestPostCutsToTheLimit(t *testing.T) {
	for _, tt := range []struct{ name, unit string }{
		{"ascii", "a"}, {"markup that grows when escaped", "<&>"}, {"Thai", "น้ำ"}, {"emoji", "😀"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			n := telegram.Note{Mark: "🔴", Title: strings.Repeat("T", 200), Body: strings.Repeat(tt.unit, 4000), Link: "http://localhost/x"}
			_, sent := post(t, sim, c, telegram.Address{Chat: ann.ID}, n)
			units := len(utf16.Encode([]rune(sent.Text)))
			is.True(units <= 4096 && units > 4080)                          // as much as fits
			is.True(strings.Contains(sent.Text, "…"))                       // cut with a sign
			is.True(strings.HasSuffix(sent.Text, "\n\nhttp://localhost/x")) // the link that could be no button stays whole
			is.True(strings.HasPrefix(sent.Text, "🔴 T"))                    // and so does the beginning
		})
	}
}

func TestPostMends(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(sim *notifytest.Telegram)
		to      telegram.Address
		link    string
		check   func(is *is.I, r telegram.Receipt, s notifytest.Sent)
	}{
		{"button refused", func(*notifytest.Telegram) {}, telegram.Address{Chat: ann.ID}, "http://localhost:8080/r/1",
			func(is *is.I, _ telegram.Receipt, s notifytest.Sent) {
				is.Equal(s.ButtonURL, "")                                   // the button is gone
				is.Equal(s.Text, "T <1>\n\nB\n\nhttp://localhost:8080/r/1") // the link is text
			}},
		{"entities refused", func(sim *notifytest.Telegram) { sim.FailChat(ann.ID, notifytest.NoEntities) },
			telegram.Address{Chat: ann.ID}, "",
			func(is *is.I, _ telegram.Receipt, s notifytest.Sent) {
				is.True(!s.HTML)              // plain text
				is.Equal(s.Raw, "T <1>\n\nB") // with nothing escaped
			}},
		{"topic gone", func(sim *notifytest.Telegram) { sim.Say(super, "x"); sim.DropTopic(super, 9) },
			telegram.Address{Chat: super.ID, Thread: 9}, "",
			func(is *is.I, r telegram.Receipt, s notifytest.Sent) {
				is.True(r.ThreadGone)          // which is told
				is.Equal(s.ThreadID, int64(0)) // and the group itself gets it
			}},
		{"migrated", func(sim *notifytest.Telegram) { sim.Migrate(group, super) }, telegram.Address{Chat: group.ID}, "",
			func(is *is.I, r telegram.Receipt, s notifytest.Sent) {
				is.Equal(r.MigratedTo, super.ID) // which is told
				is.Equal(s.ChatID, super.ID)     // and the new id gets it
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			tt.prepare(sim)
			r, sent := post(t, sim, c, tt.to, telegram.Note{Title: "T <1>", Body: "B", Link: tt.link})
			is.Equal(len(sim.Messages()), 1)      // one message arrives
			is.Equal(sim.Calls("sendMessage"), 2) // at the second sending
			is.Equal(r.MessageID, sent.ID)        // which the receipt names
			tt.check(is, r, sent)
		})
	}
}

func TestPostMendsOnce(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	sim.Migrate(group, super)
	sim.FailChat(super.ID, notifytest.NoEntities, notifytest.NoEntities)
	r, err := c.Post(t.Context(), telegram.Address{Chat: group.ID}, telegram.Note{Title: "T"})
	is.Equal(telegram.KindOf(err), telegram.EntitiesRefused) // the second refusal is final
	is.Equal(r.MigratedTo, super.ID)                         // what was learnt is told all the same
	is.Equal(sim.Calls("sendMessage"), 2)                    // there is no third sending
}

func TestPostDoesNotRepeatOtherFailures(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	sim.Shut(ann, notifytest.BlockedByUser)
	_, err := c.Post(t.Context(), telegram.Address{Chat: ann.ID}, telegram.Note{Title: "T"})
	is.Equal(telegram.KindOf(err), telegram.Blocked)
	sim.Reopen(ann)
	sim.FailChat(ann.ID, notifytest.ServerError)
	_, err = c.Post(t.Context(), telegram.Address{Chat: ann.ID}, telegram.Note{Title: "T"})
	is.Equal(telegram.KindOf(err), telegram.PeerError)
	is.Equal(sim.Calls("sendMessage"), 2) // one call each
}
