package notify

import "crk/app"

// A Rendering is a message as one channel gets it.
type Rendering struct {
	Channel string
	Title   string // apart only where the channel has titles
	Text    string // with the channel's own escaping and within its limits
}

// Preview returns a message as each channel would get it, in the language that
// the business's messages are in. Nothing is sent.
func Preview(d app.Delivery, language string) []Rendering {
	title, body := discordNote(d).Text()
	return []Rendering{
		{Channel: app.ChannelTelegram, Text: telegramNote(d, language).Text()},
		{Channel: app.ChannelDiscord, Title: title, Text: body},
		{Channel: app.ChannelInApp, Title: d.Title, Text: d.Body},
	}
}
