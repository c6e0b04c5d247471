package notify

import (
	"crk/app"
	"crk/app/notify/discord"
	"crk/app/notify/telegram"
)

// telegramNote is a delivery as Telegram shows it. Information makes no sound.
func telegramNote(d app.Delivery, language string) telegram.Note {
	marks := map[app.Severity]string{app.Success: "✅", app.Warning: "⚠️", app.Critical: "🔴"}
	n := telegram.Note{
		Mark: marks[d.Severity], Title: d.Title, Body: d.Body, Link: d.Link, LinkLabel: "Open", Silent: d.Severity == app.Info,
	}
	if language == "th" {
		n.LinkLabel = "เปิดดู"
	}
	return n
}

// discordNote is a delivery as Discord shows it: the edge has the severity's
// color.
func discordNote(d app.Delivery) discord.Note {
	colors := map[app.Severity]int{
		app.Info: 0x3B82F6, app.Success: 0x16A34A, app.Warning: 0xF59E0B, app.Critical: 0xDC2626,
	}
	return discord.Note{Title: d.Title, Body: d.Body, Link: d.Link, Color: colors[d.Severity], Silent: d.Severity == app.Info}
}
