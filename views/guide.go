package views

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

//go:embed guides/*.md
var guideFiles embed.FS

// GuideNames lists the guides at /docs in the order in which they are shown.
func GuideNames() []string {
	return []string{"start", "phone", "notifications", "automations", "webhooks", "errors", "operate", "changelog"}
}

// A Guide is a page of the product's own documentation, in one language.
type Guide struct {
	Name  string
	Title string
	html  string
}

// Guides reads every guide in every language. They are our own words, written
// in Markdown, so they are shown as they are.
func Guides() (map[Language][]Guide, error) {
	all := map[Language][]Guide{}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table))
	for _, l := range Languages() {
		for _, name := range GuideNames() {
			src, err := guideFiles.ReadFile("guides/" + name + "." + string(l) + ".md")
			if err != nil {
				return nil, fmt.Errorf("views: guide: %w", err)
			}
			heading, body, _ := strings.Cut(string(src), "\n")
			var b bytes.Buffer
			if err := markdown.Convert([]byte(body), &b); err != nil {
				return nil, fmt.Errorf("views: guide %s: %w", name, err)
			}
			all[l] = append(all[l], Guide{Name: name, Title: strings.TrimPrefix(heading, "# "), html: b.String()})
		}
	}
	return all, nil
}

// GuidePage is one guide with the way to the others.
type GuidePage struct {
	Door
	Guide  Guide
	Guides []Guide
}

func docsLinks(ctx context.Context, guides []Guide) []docsLink {
	var links []docsLink
	for _, g := range guides {
		links = append(links, docsLink{"/docs/" + g.Name, g.Title})
	}
	return append(links, docsLink{"/docs", T(ctx, "settings.docs")})
}

// A docsLink leads to a page of the documentation.
type docsLink struct{ href, text string }
