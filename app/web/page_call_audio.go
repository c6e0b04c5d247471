package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/audio"
)

// callAudio gives the audio of a call to the player, in a form that browsers play,
// or with ?download=1 as it came, to be saved.
func callAudio(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		r, err := o.DB.Recording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		what := app.AccessListen
		if c.Query("download") != "" {
			what = app.AccessDownload
		}
		if err := o.noteAccess(c, what, r.ID, 0); err != nil {
			return err
		}
		if what == app.AccessDownload {
			return sendSound(c, o, w.Business, r)
		}
		return sendPlayable(c, o, w.Business, r)
	}
}

// sendPlayable answers with the audio of a recording as it came where browsers
// play that, else decoded to PCM.
func sendPlayable(c *fiber.Ctx, o Options, b app.Business, r app.Recording) error {
	stats, err := o.DB.AudioStats(c.UserContext(), r.BusinessID, r.ID)
	if err != nil {
		return err
	}
	if stats == nil || audio.Playable(stats.Codec) {
		return sendSound(c, o, b, r)
	}
	f, err := o.Audio.OpenPlayable(c.UserContext(), r.ID, stats.Frames)
	if err != nil {
		return err
	}
	return serveContent(c, content{
		Type: "audio/wav", ETag: `"` + r.SHA256 + `-pcm"`, Name: soundName(b, r, "audio/wav"),
		ReaderAt: f, Size: f.Size(), Closer: f,
	})
}
