package web

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// exportPerson gives everything that is kept about a telephone number as one
// archive: what is known of each call as JSON, and its sound as it came.
func exportPerson(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		ctx, b, phone := c.UserContext(), who(c).Business, store.NormalizePhone(in.Get("phone"))
		if !strings.ContainsAny(phone, "0123456789") {
			return o.noNumber(c, in.Get("phone"))
		}
		f := app.RecordingFilter{Normalized: phone}
		_, total, err := o.DB.MatchingIDs(ctx, b.ID, f, 0)
		if err != nil {
			return err
		}
		if err := o.noteAccess(c, app.AccessPerson, "", total); err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "application/zip")
		c.Attachment("person.zip")
		return streamed(c, func(out io.Writer) error { return o.writePerson(ctx, out, b, f) })
	}
}

// writePerson writes one file of JSON and, where there is sound, one of that, for
// each call.
func (o Options) writePerson(ctx context.Context, out io.Writer, b app.Business, f app.RecordingFilter) error {
	archive := zip.NewWriter(out)
	for r, err := range o.DB.ExportRecordings(ctx, b.ID, f) {
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(soundName(b, r, ""), extension("")) + "-" + r.ID[:min(8, len(r.ID))]
		if err := o.writeCall(ctx, archive, name, b, r); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (o Options) writeCall(ctx context.Context, archive *zip.Writer, name string, b app.Business, r app.Recording) error {
	heard, err := o.DB.Transcript(ctx, b.ID, r.ID)
	if err != nil {
		return err
	}
	analysis, err := o.DB.Analysis(ctx, b.ID, r.ID)
	if err != nil {
		return err
	}
	w, err := archive.Create(name + ".json")
	if err != nil {
		return err
	}
	lines := json.NewEncoder(w)
	lines.SetIndent("", "  ")
	lines.SetEscapeHTML(false) // people read it
	err = lines.Encode(struct {
		Recording  recordingView   `json:"recording"`
		Transcript *app.Transcript `json:"transcript"`
		Analysis   *app.Analysis   `json:"analysis"`
	}{showWhole(r), heard, analysis})
	if err != nil || !r.HasAudio() {
		return err
	}
	sound, err := o.Audio.Open(r.ID)
	if errors.Is(err, fs.ErrNotExist) { // removed since it was listed
		return nil
	}
	if err != nil {
		return err
	}
	defer sound.Close()
	w, err = archive.CreateHeader(&zip.FileHeader{Name: name + extension(r.ContentType), Method: zip.Store, Modified: r.CallAt})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.NewSectionReader(sound, 0, sound.Size()))
	return err
}
