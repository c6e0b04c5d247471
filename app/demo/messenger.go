package demo

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"crk/app/notify/notifytest"
)

const (
	maxWords = 4 << 10 // bytes of a form
	maxShown = 100     // messages of each kind
)

//go:embed messenger.html
var messengerPage string

// words are what the page says itself.
type words struct{ Title, Simulated, Write, Send, Nothing string }

func wordsIn(language string) words {
	if language == "th" {
		return words{
			Title: "Telegram และ Discord จำลอง", Write: "ข้อความถึงบอต", Send: "ส่ง", Nothing: "ยังไม่มีข้อความ",
			Simulated: "ระบบสาธิต: นี่คือ Telegram และ Discord จำลองในเครื่องนี้ ไม่มีข้อความใดถูกส่งออกไปจริง",
		}
	}
	return words{
		Title: "Simulated Telegram and Discord", Write: "Message to the bot", Send: "Send", Nothing: "No message yet",
		Simulated: "Demo: this is a simulated Telegram and Discord on this machine; nothing is really sent",
	}
}

// A bubble is a message as the page shows it.
type bubble struct {
	at   time.Time
	Own  bool // written here, not by the bot
	Text string
	Link string
}

// Time is when the message came, in the business's time zone.
func (b bubble) Time() string { return b.at.In(bangkok()).Format("15:04:05") }

// A messenger is a page that shows the owner's Telegram and a Discord channel,
// and where one writes to the bot.
type messenger struct {
	telegram *notifytest.Telegram
	discord  *notifytest.Discord
	page     *template.Template

	mu  sync.Mutex
	own []bubble
}

// messenger returns the page. Other sites cannot write through it.
func (d *Demo) messenger() http.Handler {
	m := &messenger{telegram: d.telegram, discord: d.discord, page: template.Must(template.New("").Parse(messengerPage))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.show)
	mux.HandleFunc("POST /say", m.say)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (m *messenger) show(w http.ResponseWriter, r *http.Request) {
	language := "en"
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "th") {
		language = "th"
	}
	data := struct {
		Language, Bot     string
		Words             words
		Telegram, Discord []bubble
	}{language, botName, wordsIn(language), m.chatted(), m.posted()}
	var page bytes.Buffer
	if err := m.page.Execute(&page, data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Frame-Options", "DENY")
	_, _ = w.Write(page.Bytes()) // the browser may be gone
}

// say sends the bot what a visitor wrote, in the owner's chat.
func (m *messenger) say(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxWords)
	if text := strings.TrimSpace(r.PostFormValue("text")); text != "" {
		m.mu.Lock()
		m.own = append(m.own, bubble{at: time.Now(), Own: true, Text: text})
		m.own = m.own[max(0, len(m.own)-maxShown):]
		m.mu.Unlock()
		m.telegram.Say(chat(), text)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// chatted is what was said in the owner's chat.
func (m *messenger) chatted() []bubble {
	m.mu.Lock()
	all := slices.Clone(m.own)
	m.mu.Unlock()
	for _, s := range m.telegram.Messages() {
		if s.ChatID == chat().ID {
			all = append(all, bubble{at: s.At, Text: s.Text, Link: s.ButtonURL})
		}
	}
	return newest(all)
}

// posted is what was posted to the channel.
func (m *messenger) posted() []bubble {
	var all []bubble
	for _, p := range m.discord.Posts() {
		b := bubble{at: p.At, Text: p.Content}
		for _, e := range p.Embeds {
			b.Text, b.Link = strings.TrimSpace(b.Text+"\n"+e.Title+"\n"+e.Description), e.URL
		}
		all = append(all, b)
	}
	return newest(all)
}

// newest are the last messages in the order of their times.
func newest(all []bubble) []bubble {
	slices.SortStableFunc(all, func(a, b bubble) int { return a.at.Compare(b.at) })
	return all[max(0, len(all)-maxShown):]
}
