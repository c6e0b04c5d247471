package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
	"crk/views"
)

func callPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showCall(c, views.CallPage{}) }
}

// showCall shows a call; what was just typed and refused is in p.
func (o Options) showCall(c *fiber.Ctx, p views.CallPage) error {
	ctx, w := o.reader(c), who(c)
	r, err := o.DB.Recording(ctx, w.Business.ID, w.only(), c.Params("id"))
	if err != nil {
		return err
	}
	p.Recording, p.Query = r, strings.TrimSpace(c.Query("q"))
	if p.HasSTT, p.HasLLM, err = o.hasAI(ctx, w.Business.ID); err != nil {
		return err
	}
	if p.Audio, err = o.DB.AudioStats(ctx, w.Business.ID, r.ID); err != nil {
		return err
	}
	if p.Transcript, err = o.DB.Transcript(ctx, w.Business.ID, r.ID); err != nil {
		return err
	}
	if p.Analysis, err = o.DB.Analysis(ctx, w.Business.ID, r.ID); err != nil {
		return err
	}
	if p.History, err = o.history(ctx, w.Business.ID, r.ID); err != nil {
		return err
	}
	if err := o.sourceOf(ctx, &p); err != nil {
		return err
	}
	own, _, err := o.DB.SourceText(ctx, w.Business.ID, r.ID)
	if err != nil {
		return err
	}
	p.SourceText, p.SourceSummary, p.SourceSentiment = own.Transcript, own.Summary, own.Sentiment
	if err := o.aboutCall(ctx, w, &p); err != nil {
		return err
	}
	if p.Cost, err = o.callCost(ctx, w, r.ID); err != nil {
		return err
	}
	return o.show(c, views.AtCalls, views.Phone(r.CustomerPhone), func(f views.Frame) templ.Component { return views.Call(f, p) })
}

// aboutCall adds what the business says of a call: the agent's name, and the
// collections that the call is in, or could be.
func (o Options) aboutCall(ctx context.Context, w caller, p *views.CallPage) error {
	names, err := o.DB.AgentNames(ctx, w.Business.ID)
	if err != nil {
		return err
	}
	if name := names[p.Recording.AgentKey()]; name != "" {
		p.Renamed, p.GivenAgent, p.Recording.AgentName = true, p.Recording.AgentName, name
	}
	if p.In, err = o.DB.CollectionsOf(ctx, w.Business.ID, w.only(), p.Recording.ID); err != nil || !w.Scopes.Allow(app.ManageCollection) {
		return err
	}
	all, err := o.DB.CollectionNames(ctx, w.Business.ID, maxCollections)
	for _, c := range all {
		if !slices.ContainsFunc(p.In, func(in app.Collection) bool { return in.ID == c.ID }) {
			p.Others = append(p.Others, c)
		}
	}
	return err
}

// history is what happened to a call, in words.
func (o Options) history(ctx context.Context, business app.BusinessID, id string) ([]views.HistoryStep, error) {
	events, err := o.DB.History(ctx, business, id)
	if err != nil {
		return nil, err
	}
	steps := make([]views.HistoryStep, 0, len(events))
	for _, e := range events {
		s := views.HistoryStep{Text: views.Label(ctx, "history", e.Stage), At: e.At, Bad: e.Stage == "failed"}
		switch {
		case s.Bad:
			s.Text = views.Label(ctx, "failure", e.Detail)
		case e.Stage == "found" && e.Detail != "":
			s.Text = views.T(ctx, "history.foundin", "Name", e.Detail)
		case e.Stage == "analysed" && e.Detail != "" && e.Detail != "0":
			s.Text = views.T(ctx, "history.analysedby", "Version", e.Detail)
		case e.Stage == "bad_audio":
			s.Text, s.Bad = views.T(ctx, "history.bad_audio", "What", e.Detail), true
		case e.Stage == "notified":
			s.Text = views.T(ctx, "history.told", "Channel", views.Label(ctx, "channel", e.Detail))
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// sourceOf adds what is said of a call's phone integration, if there is one still,
// and when it is asked for audio that is not here yet.
func (o Options) sourceOf(ctx context.Context, p *views.CallPage) (err error) {
	r := p.Recording
	if r.ProviderID == "" {
		return nil
	}
	from, err := o.DB.Provider(ctx, r.BusinessID, r.ProviderID)
	if app.IsKind(err, app.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if p.Source = from.Name; r.Status == app.AwaitingAudio {
		p.Trouble = from.Trouble()
		p.FetchAt, err = o.DB.FetchDue(ctx, r.BusinessID, r.ID)
	}
	return err
}

// callPath is the address of the call that a request is about.
func callPath(c *fiber.Ctx) string { return "/calls/" + url.PathEscape(c.Params("id")) }

// saveReview keeps what a person found.
func saveReview(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		review, err := readReview(in)
		if err == nil {
			_, err = o.DB.SetReview(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), review.review(w.User.ID))
		}
		if f, ok := refused(o.reader(c), "invalid.review", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showCall(c, views.CallPage{Review: f})
		}
		return done(c, callPath(c), "reviewed", err)
	}
}

// readReview reads the form of a review; what is empty is not said.
func readReview(in url.Values) (r reviewRequest, err error) {
	var bad app.Problems
	if s := strings.TrimSpace(in.Get("score")); s != "" {
		score, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
		if err != nil {
			bad.Add("score", "This is not a number.")
		}
		r.Score = &score
	}
	if tag := in.Get("tag"); tag != "" {
		r.Tag = &tag
	}
	if note := strings.TrimSpace(in.Get("note")); note != "" {
		r.Note = &note
	}
	return r, together(bad.Err(), r.Validate())
}

func takeBackReview(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		err := o.DB.DeleteReview(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		return done(c, callPath(c), "unreviewed", err)
	}
}

// correctCall changes what is known of a call from elsewhere than its sound.
func correctCall(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w, value := who(c), func(name string) *string {
			v := strings.TrimSpace(in.Get(name))
			return &v
		}
		patch := patchRequest{
			Note: value("note"), CustomerPhone: value("customerPhone"), CallcenterNumber: value("callcenterNumber"),
			CallcenterName: value("callcenterName"), Direction: value("direction"),
		}
		if err = patch.Validate(); err == nil {
			_, err = o.DB.PatchRecording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), store.RecordingPatch{
				Note: patch.Note, CustomerPhone: patch.CustomerPhone, AgentNumber: patch.CallcenterNumber,
				AgentName: patch.CallcenterName, Direction: (*app.Direction)(patch.Direction),
			})
		}
		if f, ok := refused(o.reader(c), "invalid.call", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showCall(c, views.CallPage{Edit: f})
		}
		return done(c, callPath(c), "saved", err)
	}
}

// processAgain starts the stages of a call anew.
func processAgain(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		_, err := o.DB.Reextract(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), app.JobTranscribe)
		return done(c, callPath(c), "again", err)
	}
}

// retryCall starts the stage of a call again that failed, or at once the download
// that waits for a later try.
func retryCall(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		_, err := o.DB.RetryStage(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		return done(c, callPath(c), "again", err)
	}
}

func removeCall(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if err := o.DB.DeleteRecording(c.UserContext(), w.Business.ID, w.only(), c.Params("id")); err != nil {
			return err
		}
		if err := o.Audio.Delete(c.Params("id")); err != nil { // swept at the next start
			o.Log.Error("delete audio", "recording", c.Params("id"), "err", err)
		}
		return done(c, "/calls", "deleted", nil)
	}
}
