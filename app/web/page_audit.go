package web

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const auditPath = "/settings/audit"

func auditPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", auditPath, app.ManageAll, auditPage(o)},
		{"GET", auditPath + "/export.csv", app.ManageAll, exportAudit(o, writeAuditCSV)},
		{"GET", auditPath + "/export.json", app.ManageAll, exportAudit(o, writeAuditJSON)},
	}
}

// auditFilter reads the filters of the log as they stand in its address. What
// cannot be read is left out: an address is not a form.
func auditFilter(c *fiber.Ctx) (app.AuditFilter, *query) {
	q, w := readQuery(c), who(c)
	zone := w.Business.Location()
	f := app.AuditFilter{
		Thing: q.one("what", app.AuditThings()...), From: q.instant("from", zone, false), To: q.instant("to", zone, true),
		Appliance: w.User.Admin, BeforeSeq: int64(q.whole("before", 1, 1<<53, 0)),
	}
	switch kind, id, _ := strings.Cut(q.text("who"), ":"); app.ActorKind(kind) {
	case app.ActorUser:
		f.Actor, f.UserID = app.ActorUser, app.UserID(id)
	case app.ActorKey:
		f.Actor, f.KeyID = app.ActorKey, id
	case app.ActorCommand, app.ActorSystem, app.ActorVisitor:
		f.Actor = app.ActorKind(kind)
	}
	return f, q
}

func auditPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w := c.UserContext(), who(c)
		f, q := auditFilter(c)
		p := views.AuditPage{Query: keptQuery(q), Older: f.BeforeSeq > 0}
		var err error
		if p.Items, err = o.DB.Audit(ctx, w.Business.ID, f, rowsPerPage+1); err != nil {
			return err
		}
		if len(p.Items) > rowsPerPage {
			p.Items = p.Items[:rowsPerPage]
			p.Next = strconv.FormatInt(p.Items[rowsPerPage-1].Seq, 10)
		}
		if p.Actors, err = o.DB.AuditActors(ctx, w.Business.ID, f.Appliance); err != nil {
			return err
		}
		return o.show(c, views.AtSettings, "audit.title", func(f views.Frame) templ.Component { return views.Audit(f, p) })
	}
}

// An auditWriter writes the lines that next yields in one format.
type auditWriter func(out io.Writer, name func(app.AuditEntry) string, next func(func(app.AuditEntry, error) bool)) error

// exportAudit streams the lines that the filters choose as a file.
func exportAudit(o Options, write auditWriter) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, _ := auditFilter(c)
		f.BeforeSeq = 0 // the whole log, whichever page it was asked from
		b, reader := who(c).Business.ID, o.reader(c)
		_, kind, _ := strings.Cut(c.Path(), ".")
		c.Attachment("audit." + kind)
		// The fiber.Ctx itself is used again by others when the writer runs.
		lines := o.DB.ExportAudit(context.WithoutCancel(c.UserContext()), b, f)
		c.Context().SetBodyStreamWriter(func(out *bufio.Writer) {
			say := func(e app.AuditEntry) string { return views.AuditSentence(reader, e) }
			if err := write(out, say, lines); err != nil {
				o.Log.Error("export the audit log", "err", err) // the file ends short: the status is sent already
			}
		})
		return nil
	}
}

var auditHeader = []string{"seq", "at", "actor", "userId", "name", "keyId", "keyName", "via", "address", "action", "objectId", "objectName", "changes", "sentence"}

func writeAuditCSV(out io.Writer, say func(app.AuditEntry) string, next func(func(app.AuditEntry, error) bool)) error {
	_, _ = io.WriteString(out, "\ufeff") // Excel reads UTF-8 only with it
	rows := csv.NewWriter(out)
	_ = rows.Write(auditHeader)
	for e, err := range next {
		if err != nil {
			return err
		}
		changes, err := json.Marshal(e.Changes)
		if err != nil {
			return err
		}
		a := e.Actor
		row := []string{
			strconv.FormatInt(e.Seq, 10), *timeText(e.At), string(a.Kind), string(a.UserID), a.Name, a.KeyID, a.KeyName, a.Via, a.Address,
			string(e.Action), e.ObjectID, e.ObjectName, string(changes), say(e),
		}
		for i, cell := range row {
			row[i] = escapeCell(cell)
		}
		if rows.Write(row) != nil {
			return nil // the reader has gone
		}
	}
	rows.Flush()
	return nil
}

// An auditView is a line as the file of JSON has it.
type auditView struct {
	Seq        int64             `json:"seq"`
	At         *string           `json:"at"`
	Actor      app.ActorKind     `json:"actor"`
	UserID     app.UserID        `json:"userId"`
	Name       string            `json:"name"`
	KeyID      string            `json:"keyId"`
	KeyName    string            `json:"keyName"`
	Via        string            `json:"via"`
	Address    string            `json:"address"`
	Action     app.Action        `json:"action"`
	ObjectID   string            `json:"objectId"`
	ObjectName string            `json:"objectName"`
	Changes    []app.FieldChange `json:"changes"`
	Sentence   string            `json:"sentence"`
}

// writeAuditJSON writes one list, a line of the log on each line of the file.
func writeAuditJSON(out io.Writer, say func(app.AuditEntry) string, next func(func(app.AuditEntry, error) bool)) error {
	lead := "[\n"
	for e, err := range next {
		if err != nil {
			return err
		}
		a := e.Actor
		line, err := json.Marshal(auditView{
			e.Seq, timeText(e.At), a.Kind, a.UserID, a.Name, a.KeyID, a.KeyName, a.Via, a.Address,
			e.Action, e.ObjectID, e.ObjectName, e.Changes, say(e),
		})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, lead+string(line)); err != nil {
			return nil // the reader has gone
		}
		lead = ",\n"
	}
	if lead == "[\n" {
		lead = "["
	} else {
		lead = "\n"
	}
	_, _ = io.WriteString(out, lead+"]\n")
	return nil
}
