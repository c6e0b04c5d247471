// Package static holds what browsers fetch beside the pages: style sheets,
// scripts, icons and fonts.
//
// Everything is in the binary and, once asked for, in memory. An address holds
// a hash of all the files ([URL]), so a browser may keep what it got for ever;
// relative references between the files stay right because one hash serves
// them all. The style sheet is written in layers, one file each, and served as
// one (css/app.css).
//
// The package knows nothing of HTTP but content types.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Prefix is what every address begins with.
const Prefix = "/static/"

// styles are joined into css/app.css in this order; the first names the layers.
const styles = "tokens base layout controls marks data surfaces home call notify flow door"

//go:embed css fonts js favicon.svg icons.svg LICENSES.md
var tree embed.FS

// A File is one file as it is served. Its slices must not be changed.
type File struct {
	Type string // of the content, with its charset
	Body []byte
	Gzip []byte // Body compressed, or nil where that does not pay
}

// URL returns the address of a file, such as "css/app.css".
func URL(name string) string { return loaded().prefix + name }

// Names lists the files, sorted.
func Names() []string { return slices.Sorted(maps.Keys(loaded().files)) }

// Open returns the file at an address without its [Prefix]. current is false
// for an address made before an upgrade: the file is today's and must not be
// kept by the browser.
func Open(address string) (f File, current, ok bool) {
	hash, name, _ := strings.Cut(address, "/")
	b := loaded()
	f, ok = b.files[name]
	return f, ok && Prefix+hash+"/" == b.prefix, ok
}

type bundle struct {
	prefix string
	files  map[string]File
}

var loaded = sync.OnceValue(load)

// load reads the tree, joins the style sheets and hashes the whole.
func load() bundle {
	raw := map[string][]byte{"css/app.css": joinStyles()}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Dir(name) == "css" {
			return err
		}
		raw[name], err = tree.ReadFile(name)
		return err
	})
	if err != nil {
		panic(err) // an embedded tree can always be read
	}

	sum := sha256.New()
	files := make(map[string]File, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		sum.Write([]byte(name))
		sum.Write(raw[name])
		files[name] = File{Type: contentType(name), Body: raw[name], Gzip: squeeze(name, raw[name])}
	}
	return bundle{Prefix + hex.EncodeToString(sum.Sum(nil))[:12] + "/", files}
}

func joinStyles() []byte {
	var b bytes.Buffer
	for name := range strings.FieldsSeq(styles) {
		sheet, err := tree.ReadFile("css/" + name + ".css")
		if err != nil {
			panic(err)
		}
		b.Write(sheet)
	}
	return b.Bytes()
}

// contentType is fixed here and not asked of the system, whose tables differ
// from machine to machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".wav":
		return "audio/wav"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// squeeze compresses what is text and large enough to be worth it.
func squeeze(name string, body []byte) []byte {
	switch path.Ext(name) {
	case ".css", ".js", ".svg":
	default:
		return nil
	}
	if len(body) < 1024 {
		return nil
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w.Write(body) // into memory: cannot fail
	w.Close()
	return b.Bytes()
}
