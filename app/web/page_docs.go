package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/views"
)

// getOpenAPI serves the contract as it is written.
func getOpenAPI(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(openapi)
}

// docsPage shows the contract to people. It is made once: it never changes
// while the appliance runs, but for the address that it was asked at.
func docsPage(o Options) fiber.Handler {
	page, err := newDocsPage()
	return func(c *fiber.Ctx) error {
		if err != nil {
			return err
		}
		p := page
		p.BaseURL = baseURL(c, o.BaseURL) + apiPath
		p.Theme, p.Simulated, p.Messenger = theme(c), o.Simulated, o.Messenger
		var b bytes.Buffer
		if err := views.Docs(p).Render(views.WithLanguage(c.UserContext(), views.English), &b); err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return sendCompressed(c, b.Bytes())
	}
}

// sendCompressed sends a long page compressed to who takes that. It is for pages
// that are the same for everybody: what is a secret, beside what somebody else
// may choose, is never compressed (BREACH).
func sendCompressed(c *fiber.Ctx, body []byte) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	if !takesGzip(c) {
		return c.Send(body)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return c.Send(b.Bytes())
}

// newDocsPage turns the contract into a page, by its tags and in its order.
func newDocsPage() (views.DocsPage, error) {
	s, err := readSpec()
	if err != nil {
		return views.DocsPage{}, err
	}
	p := views.DocsPage{
		Door: views.Door{Title: "API", Path: "/docs"}, Version: s.Info.Version,
		Intro: strings.FieldsFunc(s.Info.Description, func(r rune) bool { return r == '\n' }),
	}
	for _, tag := range s.Tags {
		g := views.DocsGroup{Name: tag.Name, Anchor: strings.ReplaceAll(strings.ToLower(tag.Name), " ", "-"), Text: tag.Description}
		for _, path := range s.Paths.names {
			methods := s.Paths.values[path]
			for _, method := range methods.names {
				if op := methods.values[method]; slices.Contains(op.Tags, tag.Name) {
					g.Operations = append(g.Operations, s.show(strings.ToUpper(method), path, op))
				}
			}
		}
		p.Groups = append(p.Groups, g)
	}
	return p, nil
}

// show is an operation as the page shows it.
func (s *spec) show(method, path string, op specOperation) views.Operation {
	v := views.Operation{ID: op.ID, Method: method, Path: path, Summary: op.Summary, Text: op.Description}
	for _, security := range op.Security {
		v.Scope = strings.Join(security["key"], ", ")
	}
	for _, p := range op.Parameters {
		p = s.parameter(p)
		v.Params = append(v.Params, views.DocsParam{
			Name: p.Name, In: p.In, Type: s.kind(p.Schema), Required: p.Required, Text: s.explain(p.Description, p.Schema),
		})
	}
	if media, ok := op.Body.Content.values[fiber.MIMEApplicationJSON]; ok {
		body := s.schema(media.Schema)
		for _, name := range body.Properties.names {
			field := body.Properties.values[name]
			v.Params = append(v.Params, views.DocsParam{
				Name: name, In: "body", Type: s.kind(field), Required: slices.Contains(body.Required, name),
				Text: s.explain(s.schema(field).Description, field),
			})
		}
		v.Body = s.example(media)
	} else {
		v.Body = op.Body.Description
	}
	for _, status := range op.Responses.names {
		r := s.response(op.Responses.values[status])
		v.Answers = append(v.Answers, views.DocsAnswer{Status: status, Text: r.Description})
		if media, ok := r.Content.values[fiber.MIMEApplicationJSON]; ok && v.Response == "" && strings.HasPrefix(status, "2") {
			v.Response = s.example(media)
		}
	}
	return v
}

// example is the example that the contract gives, else one made of the schema.
func (s *spec) example(m specMedia) string {
	if len(m.Example) == 0 {
		return s.sample(m.Schema)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, m.Example, "", "  "); err != nil {
		return string(m.Example)
	}
	return out.String()
}

// explain adds to a text what values there are.
func (s *spec) explain(text string, v specSchema) string {
	v = s.schema(v)
	if len(v.Enum) == 0 && v.Items != nil {
		v = s.schema(*v.Items)
	}
	var values []string
	for _, e := range v.Enum {
		if value := strings.Trim(string(e), `"`); value != "" && value != "null" {
			values = append(values, value)
		}
	}
	if len(values) > 0 {
		text = strings.TrimSpace(text + " One of " + strings.Join(values, ", ") + ".")
	}
	return text
}
