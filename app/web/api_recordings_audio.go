package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// putAudio takes the audio of a recording from who has a key.
func putAudio(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		r, err := o.DB.Recording(c.UserContext(), w.Business.ID, w.brings(), c.Params("id"))
		if err != nil {
			return err
		}
		r, err = takeSound(c.UserContext(), o, r, wholeBody(c))
		if err != nil {
			return err
		}
		if !w.Scopes.Allow(app.ViewRecordingSelf) {
			return c.JSON(showIngested(r))
		}
		return c.JSON(showWhole(r))
	}
}

// putUpload takes the audio of a recording from who has its upload URL, and tells
// them nothing of the call.
func putUpload(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		r, err := o.DB.UploadTarget(c.UserContext(), c.Params("token"))
		if err != nil {
			return err
		}
		r, err = takeSound(c.UserContext(), o, r, wholeBody(c))
		if err != nil {
			return err
		}
		return c.JSON(showIngested(r))
	}
}

// getAudio gives the audio as it came.
func getAudio(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		r, err := o.DB.Recording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		if r.HasAudio() {
			if err := o.noteAccess(c, app.AccessDownload, r.ID, 0); err != nil {
				return err
			}
		}
		return sendSound(c, o, w.Business, r)
	}
}

// sendSound answers with the audio of a recording as it came.
func sendSound(c *fiber.Ctx, o Options, b app.Business, r app.Recording) error {
	if !r.HasAudio() {
		return errNoAudio()
	}
	f, err := o.Audio.Open(r.ID)
	if err != nil {
		return err
	}
	return serveContent(c, content{
		Type: r.ContentType, ETag: `"` + r.SHA256 + `"`, Name: soundName(b, r, r.ContentType),
		ReaderAt: f, Size: f.Size(), Closer: f,
	})
}

func errNoAudio() error {
	return &app.Error{Kind: app.NotFound, Code: "not_found", Message: "This recording has no audio yet."}
}

// soundName is what the file is called where people save it: when the call was,
// and with whom.
func soundName(b app.Business, r app.Recording, contentType string) string {
	name := r.CallAt.In(b.Location()).Format("20060102-150405")
	digits := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '+' {
			return c
		}
		return -1
	}, r.CustomerNormalized)
	if digits != "" {
		name += "-" + digits
	}
	return name + extension(contentType)
}

// extension is the ending of a sound file's name. The system's own table is not
// asked: it differs from machine to machine.
func extension(contentType string) string {
	switch contentType {
	case "audio/wav":
		return ".wav"
	case "audio/mpeg":
		return ".mp3"
	case "audio/ogg":
		return ".ogg"
	case "audio/flac":
		return ".flac"
	case "audio/mp4":
		return ".m4a"
	case "audio/webm":
		return ".webm"
	case "audio/amr":
		return ".amr"
	case "audio/aac":
		return ".aac"
	case "audio/aiff":
		return ".aiff"
	case "audio/basic":
		return ".au"
	case "audio/x-ms-wma":
		return ".wma"
	}
	return ".audio"
}

// A waveformView is the waveform of a call as the API shows it.
type waveformView struct {
	Duration     float64       `json:"duration"`
	Channels     []channelView `json:"channels"`
	Talk         []talkView    `json:"talk"`
	SilenceRatio float64       `json:"silenceRatio"`
}

type channelView struct {
	Peaks []float32 `json:"peaks"`
}

type talkView struct {
	Channel int     `json:"channel"`
	Ratio   float64 `json:"ratio"`
}

func getWaveform(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		r, err := db.Recording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		stats, err := db.AudioStats(c.UserContext(), w.Business.ID, r.ID)
		if err != nil {
			return err
		}
		if stats == nil {
			return errNoAudio()
		}
		return c.JSON(showWaveform(*stats))
	}
}

func showWaveform(s app.AudioStats) waveformView {
	v := waveformView{Duration: s.Duration, Channels: []channelView{}, Talk: []talkView{}, SilenceRatio: s.SilenceRatio}
	for _, peaks := range s.Peaks {
		v.Channels = append(v.Channels, channelView{peaks})
	}
	for channel, ratio := range s.TalkRatio {
		v.Talk = append(v.Talk, talkView{channel, ratio})
	}
	return v
}
