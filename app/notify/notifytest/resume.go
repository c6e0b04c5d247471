package notifytest

// Resume makes the server one that has been running before: updates are numbered
// after the given one, and the chats know the bot. A bot that remembers which
// update it saw last needs that of a server that is started again.
func (t *Telegram) Resume(lastUpdate int64, chats ...Chat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastID = lastUpdate
	for _, c := range chats {
		t.open(c)
	}
}
