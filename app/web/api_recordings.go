package web

import (
	"encoding/csv"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A recordingView is a recording as the API shows it.
type recordingView struct {
	ID                 string      `json:"id"`
	DataID             string      `json:"dataId"`
	SourceProvider     string      `json:"sourceProvider"`
	ProviderID         *string     `json:"providerId"`
	CallAt             *string     `json:"callAt"`
	Duration           *int        `json:"duration"`
	Direction          string      `json:"direction"`
	CustomerPhone      *string     `json:"customerPhone"`
	CustomerNormalized *string     `json:"customerPhoneNormalized"`
	CallcenterNumber   *string     `json:"callcenterNumber"`
	CallcenterName     *string     `json:"callcenterName"`
	Tag                *string     `json:"tag"`
	Score              *float64    `json:"score"`
	Sentiment          *string     `json:"sentiment"`
	Language           *string     `json:"language"`
	Summary            *string     `json:"summary,omitempty"`
	Topics             []string    `json:"topics"`
	ActionItems        []string    `json:"actionItems"`
	Note               *string     `json:"note"`
	Review             *reviewView `json:"review"`
	ProcessingStatus   string      `json:"processingStatus"`
	ProcessingError    *string     `json:"processingError"`
	HasAudio           bool        `json:"hasAudio"`
	ContentType        string      `json:"contentType"`
	Size               int64       `json:"size"`
	AudioURL           *string     `json:"audioUrl"`
	TranscriptURL      *string     `json:"transcriptUrl"`
	SummaryURL         *string     `json:"summaryUrl"`
	CreatedAt          *string     `json:"createdAt"`
	UpdatedAt          *string     `json:"updatedAt"`
	Snippet            *string     `json:"snippet,omitempty"`
}

// A reviewView is a human review as the API shows it.
type reviewView struct {
	Score      *float64 `json:"score"`
	Tag        *string  `json:"tag"`
	Note       *string  `json:"note"`
	ReviewedBy string   `json:"reviewedBy"`
	ReviewedAt *string  `json:"reviewedAt"`
}

func showRecording(r app.Recording) recordingView {
	v := recordingView{
		ID: r.ID, DataID: r.DataID, SourceProvider: r.Source, ProviderID: orNil(r.ProviderID),
		CallAt: timeText(r.CallAt), Duration: r.Duration, Direction: string(r.Direction),
		CustomerPhone: orNil(r.CustomerPhone), CustomerNormalized: orNil(r.CustomerNormalized),
		CallcenterNumber: orNil(r.AgentNumber), CallcenterName: orNil(r.AgentName),
		Tag: orNil(r.Tag), Score: r.Score, Sentiment: orNil(r.Sentiment), Language: orNil(r.Language),
		Topics: append([]string{}, r.Topics...), ActionItems: append([]string{}, r.ActionItems...), Note: orNil(r.Note),
		Review: showReview(r.Review), ProcessingStatus: string(r.Status), ProcessingError: orNil(r.Error),
		HasAudio: r.HasAudio(), ContentType: r.ContentType, Size: r.Size,
		CreatedAt: timeText(r.CreatedAt), UpdatedAt: timeText(r.UpdatedAt), Snippet: orNil(r.Snippet),
	}
	self := apiPath + "/recordings/" + r.ID
	if r.HasAudio() {
		v.AudioURL = orNil(self + "/audio")
	}
	if r.Status == app.Completed || r.AnalysisID != "" {
		v.SummaryURL = orNil(self + "/summary")
	}
	if r.HasTranscript {
		v.TranscriptURL = orNil(self + "/transcript")
	}
	return v
}

func showReview(r *app.Review) *reviewView {
	if r == nil {
		return nil
	}
	return &reviewView{r.Score, orNil(r.Tag), orNil(r.Note), r.Name, timeText(r.At)}
}

// recordingFilter reads the filters that lists, exports and agents share.
func recordingFilter(q *query, w caller) app.RecordingFilter {
	loc := w.Business.Location()
	f := app.RecordingFilter{
		Direction:    app.Direction(q.one("direction", "in", "out", "internal", "unknown")),
		Source:       q.one("sourceProvider", app.Sources()...),
		From:         q.instant("callDateFrom", loc, false),
		To:           q.instant("callDateTo", loc, true),
		Phone:        q.text("customerPhone"),
		Normalized:   q.text("customerPhoneNormalized"),
		Tag:          q.one("tag", append(app.Tags(), "none")...),
		Sentiment:    q.one("sentiment", app.Sentiments()...),
		ScoreMin:     q.number("scoreMin"),
		ScoreMax:     q.number("scoreMax"),
		Status:       app.Status(q.one("processingStatus", statusNames()...)),
		CollectionID: q.text("collectionId"),
		AgentKeys:    q.all("agentKey", 500),
		Search:       strings.TrimSpace(q.text("search")),
		Text:         strings.TrimSpace(q.text("q")),
		SortBy:       q.one("sortBy", "callAt", "duration", "score"),
		Ascending:    q.one("sortDir", "asc", "desc") == "asc",
		OnlyAgents:   w.only(),
	}
	f.Limit, f.Offset = q.page(20)
	return f
}

func statusNames() []string {
	return mapped(app.Statuses(), func(s app.Status) string { return string(s) })
}

func listRecordings(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		f := recordingFilter(q, w)
		if err := q.err(); err != nil {
			return err
		}
		items, total, err := db.Recordings(c.UserContext(), w.Business.ID, f)
		if err != nil {
			return err
		}
		return c.JSON(list[recordingView]{mapped(items, showRecording), total, f.Limit, f.Offset})
	}
}

func getRecording(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		r, err := db.Recording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"))
		if err != nil {
			return err
		}
		return c.JSON(showWhole(r))
	}
}

// showWhole is a recording as the single read shows it: with its summary.
func showWhole(r app.Recording) recordingView {
	v := showRecording(r)
	v.Summary = &r.Summary
	return v
}

// A patchRequest is what may be changed of a recording by hand.
type patchRequest struct {
	Tag              *string `json:"tag"`
	Note             *string `json:"note"`
	CustomerPhone    *string `json:"customerPhone"`
	CallcenterNumber *string `json:"callcenterNumber"`
	CallcenterName   *string `json:"callcenterName"`
	Direction        *string `json:"direction"`
}

// Validate checks the fields that are given.
func (p patchRequest) Validate() error {
	var bad app.Problems
	if p.Tag != nil && *p.Tag != "" {
		checkOneOf(&bad, "tag", *p.Tag, app.Tags())
	}
	if p.Direction != nil {
		checkOneOf(&bad, "direction", *p.Direction, []string{"in", "out", "internal", "unknown"})
	}
	checkLength(&bad, "note", p.Note, 10_000)
	checkLength(&bad, "customerPhone", p.CustomerPhone, 64)
	checkLength(&bad, "callcenterNumber", p.CallcenterNumber, 64)
	checkLength(&bad, "callcenterName", p.CallcenterName, 200)
	return bad.Err()
}

func patchRecording(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[patchRequest](c)
		if err != nil {
			return err
		}
		w := who(c)
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		r, err := db.PatchRecording(c.UserContext(), w.Business.ID, w.only(), c.Params("id"), store.RecordingPatch{
			Tag: in.Tag, Note: in.Note, CustomerPhone: in.CustomerPhone, AgentNumber: in.CallcenterNumber,
			AgentName: in.CallcenterName, Direction: (*app.Direction)(in.Direction),
		})
		if err != nil {
			return err
		}
		return c.JSON(showWhole(r))
	}
}

func deleteRecording(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if err := w.needs(app.ViewRecordingSelf); err != nil {
			return err
		}
		if err := o.DB.DeleteRecording(c.UserContext(), w.Business.ID, w.only(), c.Params("id")); err != nil {
			return err
		}
		if err := o.Audio.Delete(c.Params("id")); err != nil { // swept at the next start
			o.Log.Error("delete audio", "recording", c.Params("id"), "err", err)
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}

// An agentView is one agent's calls as the API shows them.
type agentView struct {
	AgentKey         string   `json:"agentKey"`
	CallcenterNumber *string  `json:"callcenterNumber"`
	CallcenterName   *string  `json:"callcenterName"`
	Calls            int      `json:"calls"`
	AvgScore         *float64 `json:"avgScore"`
	AvgDuration      *float64 `json:"avgDuration"`
	LastCallAt       *string  `json:"lastCallAt"`
}

func listAgents(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		loc := w.Business.Location()
		f := app.RecordingFilter{
			From: q.instant("callDateFrom", loc, false), To: q.instant("callDateTo", loc, true), OnlyAgents: w.only(),
		}
		if err := q.err(); err != nil {
			return err
		}
		agents, err := db.Agents(c.UserContext(), f, w.Business.ID)
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{"items": mapped(agents, func(a store.AgentSummary) agentView {
			return agentView{a.Key, orNil(a.Number), orNil(a.Name), a.Calls, tenths(a.AvgScore), tenths(a.AvgDuration), timeText(a.LastCallAt)}
		})})
	}
}

// tenths rounds an average to one decimal.
func tenths(v *float64) *float64 {
	if v == nil {
		return nil
	}
	n := math.Round(*v*10) / 10
	return &n
}

var csvHeader = []string{
	"id", "dataId", "sourceProvider", "callAt", "duration", "direction", "customerPhone", "customerPhoneNormalized",
	"callcenterNumber", "callcenterName", "tag", "score", "sentiment", "processingStatus", "topics", "summary", "note",
}

func exportRecordings(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, w := readQuery(c), who(c)
		f := recordingFilter(q, w)
		if err := q.err(); err != nil {
			return err
		}
		return o.sendCSV(c, f)
	}
}

// sendCSV streams the recordings that match f as a file for spreadsheets, and
// writes down who took it.
func (o Options) sendCSV(c *fiber.Ctx, f app.RecordingFilter) error {
	w, ctx := who(c), c.UserContext()
	_, total, err := o.DB.MatchingIDs(ctx, w.Business.ID, f, 0)
	if err != nil {
		return err
	}
	if err := o.noteAccess(c, app.AccessExport, "", total); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Attachment("recordings.csv")
	return streamed(c, func(out io.Writer) error {
		return writeCSV(out, w.Business, o.DB.ExportRecordings(ctx, w.Business.ID, f))
	})
}

func writeCSV(out io.Writer, b app.Business, recordings iter.Seq2[app.Recording, error]) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil { // Excel reads UTF-8 only with it
		return err
	}
	rows := csv.NewWriter(out)
	if err := rows.Write(csvHeader); err != nil {
		return err
	}
	for r, err := range recordings {
		if err != nil {
			return err
		}
		if err := rows.Write(csvRow(r, b)); err != nil {
			return err
		}
	}
	rows.Flush()
	return rows.Error()
}

func csvRow(r app.Recording, b app.Business) []string {
	number := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', -1, 64)
	}
	duration := ""
	if r.Duration != nil {
		duration = strconv.Itoa(*r.Duration)
	}
	row := []string{
		r.ID, r.DataID, r.Source, r.CallAt.In(b.Location()).Format("2006-01-02T15:04:05-07:00"), duration, string(r.Direction),
		r.CustomerPhone, r.CustomerNormalized, r.AgentNumber, r.AgentName, r.Tag, number(r.Score), r.Sentiment,
		string(r.Status), strings.Join(r.Topics, "; "), r.Summary, r.Note,
	}
	for i, cell := range row {
		row[i] = escapeCell(cell)
	}
	return row
}

// escapeCell keeps a spreadsheet from taking a cell for a formula.
func escapeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
