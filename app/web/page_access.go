package web

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// accessFilter reads the filters of the access log as they stand in its address.
func accessFilter(c *fiber.Ctx) (app.AccessFilter, *query) {
	q := readQuery(c)
	zone := who(c).Business.Location()
	return app.AccessFilter{
		UserID: app.UserID(q.text("who")), Action: q.one("what", app.Accesses()...), RecordingID: q.text("call"),
		From: q.instant("from", zone, false), To: q.instant("to", zone, true), BeforeSeq: int64(q.whole("before", 1, 1<<53, 0)),
	}, q
}

// accessPage shows who heard or took away what.
func accessPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w := c.UserContext(), who(c)
		f, q := accessFilter(c)
		p := views.AccessPage{Query: keptQuery(q), Older: f.BeforeSeq > 0}
		var err error
		if p.Items, err = o.DB.Accesses(ctx, w.Business.ID, f, rowsPerPage+1); err != nil {
			return err
		}
		if len(p.Items) > rowsPerPage {
			p.Items = p.Items[:rowsPerPage]
			p.Next = strconv.FormatInt(p.Items[rowsPerPage-1].Seq, 10)
		}
		members, err := o.DB.Members(ctx, w.Business.ID)
		if err != nil {
			return err
		}
		for _, m := range members {
			p.People = append(p.People, views.Option{Value: string(m.User.ID), Label: m.User.Name})
		}
		return o.show(c, views.AtSettings, "access.title", func(f views.Frame) templ.Component { return views.Access(f, p) })
	}
}

var accessHeader = []string{"at", "until", "userId", "name", "keyId", "keyName", "action", "recordingId", "callAt", "rows", "address"}

// exportAccess gives the log, as the filters choose it, as a file.
func exportAccess(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, _ := accessFilter(c)
		f.BeforeSeq = 0 // the whole log, whichever page it was asked from
		ctx, b := c.UserContext(), who(c).Business.ID
		c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
		c.Attachment("access.csv")
		return streamed(c, func(out io.Writer) error {
			rows := csv.NewWriter(out)
			if err := rows.Write(accessHeader); err != nil {
				return err
			}
			for {
				items, err := o.DB.Accesses(ctx, b, f, 500)
				if err != nil || len(items) == 0 {
					rows.Flush()
					return errors.Join(err, rows.Error())
				}
				for _, a := range items {
					if err := rows.Write(accessCells(a)); err != nil {
						return err
					}
				}
				f.BeforeSeq = items[len(items)-1].Seq
			}
		})
	}
}

func accessCells(a app.Access) []string {
	orEmpty := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	row := []string{
		*timeText(a.At), *timeText(a.LastAt), string(a.UserID), a.UserName, a.KeyID, a.KeyName, a.Action, a.RecordingID,
		orEmpty(timeText(a.CallAt)), strconv.Itoa(a.Rows), a.IP,
	}
	for i, cell := range row {
		row[i] = escapeCell(cell)
	}
	return row
}
