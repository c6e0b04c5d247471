package e2e_test

import (
	"time"

	"crk/app/ai/aitest"
	"crk/app/notify/notifytest"
	"crk/app/phone/phonetest"
)

// leads is where the team is told of its calls.
var leads = notifytest.Chat{ID: -100200300400, Type: "supergroup", Title: "Team leads"}

// lateDelivery is the call of an unhappy customer, as the AI is told to hear it.
func lateDelivery() aitest.Dialogue {
	for _, d := range aitest.Dialogues() {
		if d.Name == "late delivery" {
			return d
		}
	}
	panic("there is no such dialogue")
}

// sound is a stereo call in which the sides of a dialogue take turns. seed makes
// it another sound with the same course.
func sound(d aitest.Dialogue, seed int) []byte {
	s := phonetest.Sound{Channels: 2, Length: time.Duration(2*len(d.Lines)+1) * time.Second}
	for i, line := range d.Lines {
		b := phonetest.Burst{At: time.Duration(2*i) * time.Second, Hz: float64(300 + seed%500)}
		b.Until = b.At + 1500*time.Millisecond
		if line.Speaker == "customer" {
			b.Channel = 1
		}
		s.Bursts = append(s.Bursts, b)
	}
	return s.WAV()
}

// recordCall has the phone system record a call that ended a while ago, and the
// AI know what is said in it.
func (w *world) recordCall(id int64, d aitest.Dialogue, ago time.Duration) phonetest.Recording {
	w.t.Helper()
	file := sound(d, int(id))
	if err := w.ai.HearFile(file, d); err != nil {
		w.t.Fatal(err)
	}
	r := phonetest.Recording{
		ID: id, StartedAt: time.Now().Add(-ago).Truncate(time.Second), Duration: time.Duration(2*len(d.Lines)+1) * time.Second,
		LocalParty: "101", RemoteParty: "0812345678", Direction: "IN", FirstName: "Nok", LastName: "Jaidee", Audio: file,
	}
	w.phones.Add(r)
	return r
}

// connectPhones makes the phone integration and returns its id.
func (w *world) connectPhones(c *client) string {
	w.t.Helper()
	config := map[string]any{"baseUrl": w.phonesURL, "username": "apiuser", "password": "s3cret-of-the-pbx", "syncIntervalMinutes": 1}
	id := c.call(201, "POST", "/providers", map[string]any{"kind": "dtac", "name": "Head office", "config": config}).at("id").(string)
	if a := c.call(200, "POST", "/providers/"+id+"/test", nil); a.at("ok") != true {
		w.t.Fatalf("the phone system cannot be reached: %s", a.body)
	}
	c.call(200, "POST", "/providers/"+id+"/default", nil)
	return id
}

// linkChat links a chat and returns the id of its row.
func (w *world) linkChat(c *client, chat notifytest.Chat) string {
	w.t.Helper()
	code := c.call(200, "POST", "/telegram/link-code", nil).at("code").(string)
	w.telegram.Say(chat, "/start "+code)
	chats := c.until("the chat is linked", "/telegram/chats", func(a answer) bool { return len(a.items()) == 1 })
	return chats.items()[0]["id"].(string)
}

// tellOfEveryCall makes a rule that sends something of every call to a chat and
// to the feed.
func (w *world) tellOfEveryCall(c *client, chatRow string) {
	w.t.Helper()
	c.call(201, "POST", "/notifications/automations", map[string]any{
		"name": "Every call", "conditions": []any{}, "message": "{{customer_phone}} {{agent}} {{score}} {{sentiment}}: {{summary}}",
		"severity": "warning", "telegramChatIds": []string{chatRow}, "inApp": true,
	})
}
