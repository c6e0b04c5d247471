package e2e_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

// TestOneCall follows one call from the phone system to a Telegram message and
// to a live socket, and looks at what is left of it on the way.
func TestOneCall(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	c := p.client(w.key("manage_all"))
	provider := w.connectPhones(c)
	w.tellOfEveryCall(c, w.linkChat(c, leads))
	greetings := len(w.telegram.Messages())
	live := c.listen("")
	live.next("ready")

	rec := w.recordCall(4711, lateDelivery(), 5*time.Minute)
	began := time.Now()
	c.until("the first sync has ended", "/providers/"+provider, func(a answer) bool { return a.at("lastSync", "status") == "succeeded" })
	c.call(202, "POST", "/providers/"+provider+"/sync", nil)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sent, err := w.telegram.WaitMessages(ctx, greetings+1)
	is.NoErr(err) // the chat is told
	told := sent[greetings].Text
	is.Equal(sent[greetings].ChatID, leads.ID)
	t.Logf("from the phone system's list to the chat: %v", time.Since(began).Round(time.Millisecond))
	for _, part := range []string{"0812345678", "Nok", "56", "พัสดุ"} {
		is.True(strings.Contains(told, part)) // of whom, by whom, how it went and what it was about
	}
	n := live.next("notification")["notification"].(map[string]any)
	is.Equal(n["severity"], "warning")
	is.True(strings.Contains(n["body"].(string), "พัสดุ")) // the socket hears the same

	list := c.call(200, "GET", "/recordings?q=warehouse", nil)
	is.Equal(len(list.items()), 1) // found by a word that was said
	item := list.items()[0]
	is.Equal(item["sourceProvider"], "dtac")
	is.Equal(item["customerPhoneNormalized"], "+66812345678")
	is.Equal(item["processingStatus"], "completed")
	is.True(strings.Contains(item["snippet"].(string), "<mark>warehouse</mark>"))
	w.checkAudio(c, item["audioUrl"].(string), rec.Audio)
	is.Equal(w.phones.Stats().Downloads[4711], 1) // downloaded once
	w.checkSecrets(p, c.key)

	is.NoErr(p.stop()) // it stops when asked
}

// checkAudio plays a call, whole and in part, and looks for it on the disk.
func (w *world) checkAudio(c *client, url string, audio []byte) {
	w.t.Helper()
	is := is.New(w.t)
	path := strings.TrimPrefix(url, "/api/v1")
	a := c.call(200, "GET", path, nil)
	is.True(bytes.Equal(a.body, audio)) // the very bytes of the phone system
	a = c.call(206, "GET", path, nil, "Range", "bytes=1000-1999")
	is.True(bytes.Equal(a.body, audio[1000:2000])) // and any part of them
	is.True(a.header.Get("Content-Range") != "")
	is.Equal(w.onDisk(audio[1000:1064]), "") // but not on the disk
}

// checkSecrets looks for secrets where they must not be.
func (w *world) checkSecrets(p *process, key string) {
	w.t.Helper()
	is := is.New(w.t)
	info, err := os.Stat(filepath.Join(w.dir, "crk.key"))
	is.NoErr(err)
	is.Equal(info.Mode().Perm(), fs.FileMode(0o600)) // the key file is its owner's alone
	for _, secret := range []string{key, password, "s3cret-of-the-pbx", botToken, "stt-key", "llm-key"} {
		is.Equal(w.onDisk([]byte(secret)), "")           // no secret lies on the disk as it is
		is.True(!strings.Contains(p.log.text(), secret)) // nor in the log
	}
}

// onDisk returns the first file of the data directory that holds the bytes, or
// nothing.
func (w *world) onDisk(part []byte) (found string) {
	w.t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, part) {
			found = path
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}
