package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"crk/app"
	"crk/views"
)

const (
	localTime    = "2006-01-02T15:04" // as <input type="datetime-local"> sends it
	maxFormField = 64 << 10
	maxFields    = 20
)

func uploadPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		now := o.DB.Now().In(who(c).Business.Location()).Format(localTime)
		return o.showUpload(c, views.Form{Values: url.Values{"callAt": {now}, "direction": {string(app.In)}}})
	}
}

func (o Options) showUpload(c *fiber.Ctx, f views.Form) error {
	p := views.UploadPage{Form: f, MaxBytes: o.MaxAudio}
	return o.show(c, views.AtCalls, "upload.title", func(f views.Frame) templ.Component { return views.Upload(f, p) })
}

// takeUpload takes a call by hand: the fields first, then the file, which is
// never whole in memory.
func takeUpload(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, file, err := readUpload(c)
		if err != nil {
			return err
		}
		r, err := o.keepUpload(c, in, file)
		if f, ok := refused(o.reader(c), "invalid.upload", in, namedAudio(err)); ok {
			c.Status(status[explain(err).Kind])
			return o.showUpload(c, f)
		}
		return done(c, "/calls/"+r.ID, "uploaded", err)
	}
}

// readUpload reads a form up to its file, which is nil where there is none.
func readUpload(c *fiber.Ctx) (url.Values, io.Reader, error) {
	broken := func(err error) error {
		return &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "The form cannot be read.", Err: err}
	}
	_, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || params["boundary"] == "" {
		return nil, nil, broken(err)
	}
	form, in := multipart.NewReader(wholeBody(c), params["boundary"]), url.Values{}
	for range maxFields {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return in, nil, nil
		}
		if err != nil {
			return nil, nil, broken(err)
		}
		if part.FormName() == "audio" && part.FileName() != "" {
			return in, part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFormField))
		if err != nil {
			return nil, nil, broken(err)
		}
		in.Set(part.FormName(), string(value))
	}
	return nil, nil, broken(nil)
}

// keepUpload makes the recording and keeps its sound. A sound that is refused
// leaves no recording behind.
func (o Options) keepUpload(c *fiber.Ctx, in url.Values, file io.Reader) (app.Recording, error) {
	ctx, w := c.UserContext(), who(c)
	call, err := readUploadFields(in, w.Business)
	if err != nil {
		return app.Recording{}, err
	}
	if file == nil {
		var bad app.Problems
		bad.Add("audio", "Choose a file.")
		return app.Recording{}, bad.Err()
	}
	r, _, _, err := o.DB.SaveRecording(ctx, w.Business.ID, w.brings(), call.given(), false)
	if err != nil {
		return r, err
	}
	kept, err := takeSound(ctx, o, r, file)
	if err != nil {
		return kept, errors.Join(err, o.DB.DeleteRecording(ctx, w.Business.ID, nil, r.ID))
	}
	return kept, nil
}

// readUploadFields reads what the form says of the call.
func readUploadFields(in url.Values, b app.Business) (ingestRequest, error) {
	value := func(name string) *string {
		if v := strings.TrimSpace(in.Get(name)); v != "" {
			return &v
		}
		return nil
	}
	r := ingestRequest{
		DataID: "upload:" + uuid.Must(uuid.NewV7()).String(), Direction: in.Get("direction"), CustomerPhone: value("customerPhone"),
		CallcenterNumber: value("callcenterNumber"), CallcenterName: value("callcenterName"), Note: value("note"),
	}
	if at, err := time.ParseInLocation(localTime, in.Get("callAt"), b.Location()); err == nil {
		r.CallAt = at.Format(time.RFC3339)
	}
	return r, r.Validate()
}

// namedAudio says of a refusal of the file itself that it is about the field
// "audio".
func namedAudio(err error) error {
	var e *app.Error
	if !errors.As(err, &e) || len(e.Fields) > 0 || (e.Kind != app.Unsupported && e.Kind != app.TooLarge) {
		return err
	}
	named := *e
	named.Fields = []app.Field{{Name: "audio", Message: e.Message}}
	return &named
}
