package web

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// shortestCue is for how long a subtitle is shown at least: players pass over
// one that ends when it begins.
const shortestCue = 0.5 // seconds

// getTranscript answers with what was said, as JSON or as a file.
func getTranscript(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		format := q.one("format", "json", "txt", "srt", "vtt")
		if err := q.err(); err != nil {
			return err
		}
		r, err := o.DB.Recording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		heard, err := o.DB.Transcript(c.UserContext(), w.Business.ID, r.ID)
		if err != nil {
			return err
		}
		if heard == nil {
			return &app.Error{Kind: app.NotFound, Code: "not_found", Message: "This recording has no transcript yet."}
		}
		if err := o.noteAccess(c, app.AccessTranscript, r.ID, 0); err != nil {
			return err
		}
		if format == "" || format == "json" {
			return c.JSON(heard)
		}
		write, kind := transcriptFile(format)
		c.Set(fiber.HeaderContentType, kind+"; charset=utf-8")
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="call-`+r.CallAt.In(w.Business.Location()).Format("20060102-150405")+"."+format+`"`)
		return c.SendString(write(heard.Segments))
	}
}

// transcriptFile returns how a kind of file is written, and its media type.
func transcriptFile(format string) (write func([]app.Segment) string, mediaType string) {
	switch format {
	case "srt":
		return writeSRT, "application/x-subrip"
	case "vtt":
		return writeVTT, "text/vtt"
	}
	return writeText, "text/plain"
}

func writeText(segments []app.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		fmt.Fprintf(&b, "[%s] %s%s\n", cueTime(s.Start, "")[:8], said(s.Speaker, "%s: "), oneLine(s.Text))
	}
	return b.String()
}

func writeSRT(segments []app.Segment) string {
	var b strings.Builder
	for i, s := range segments {
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s%s\n\n", i+1, cueTime(s.Start, ","), cueTime(max(s.End, s.Start+shortestCue), ","),
			said(s.Speaker, "%s: "), oneLine(s.Text))
	}
	return b.String()
}

func writeVTT(segments []app.Segment) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n\n")
	for _, s := range segments {
		fmt.Fprintf(&b, "%s --> %s\n%s%s\n\n", cueTime(s.Start, "."), cueTime(max(s.End, s.Start+shortestCue), "."),
			said(s.Speaker, "<v %s>"), html.EscapeString(oneLine(s.Text)))
	}
	return b.String()
}

// said names the speaker of a line, where one is known.
func said(speaker, format string) string {
	switch speaker {
	case app.SpeakerAgent:
		return fmt.Sprintf(format, "Agent")
	case app.SpeakerCustomer:
		return fmt.Sprintf(format, "Customer")
	}
	return ""
}

// oneLine keeps a text from ending its cue, as an empty line would.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cueTime is a time in a file of subtitles: 00:00:00, a mark and milliseconds.
func cueTime(seconds float64, mark string) string {
	d := time.Duration(seconds*1000+0.5) * time.Millisecond
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60, mark, d.Milliseconds()%1000)
}
