package backup_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/matryer/is"

	"crk/app/backup"
	"crk/app/datadir"
)

// An item is one entry of an archive.
type item struct {
	name string
	body []byte
}

// pack makes a backup of the database and the key in a folder, of a given schema.
func pack(t *testing.T, schema int, dir string) string {
	t.Helper()
	head, err := json.Marshal(backup.Head{Format: 1, Version: "v0.1", Schema: schema, CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	items := []item{{"crk-backup.json", head}}
	for _, name := range []string{"crk.key", "crk.db"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item{name, b})
	}
	var sums bytes.Buffer
	m := backup.Manifest{Files: len(items)}
	for _, i := range items {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(i.body), i.name)
		m.Bytes += int64(len(i.body))
	}
	end, _ := json.Marshal(m)
	return seal(t, append(items, item{"SHA256SUMS.0001", sums.Bytes()}, item{"manifest.json", end}))
}

// seal writes an archive as a backup.
func seal(t *testing.T, items []item) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crk.age")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := age.Encrypt(f, lock(t)...)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(w)
	for _, i := range items {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: i.name, Size: int64(len(i.body)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(i.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// unseal reads the archive of a backup.
func unseal(t *testing.T, path string) (items []item) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := age.Decrypt(f, key(t)...)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(plain); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return items
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item{h.Name, b})
	}
}

// TestDamageIsFound: nothing is put in place of a backup that is not what was
// written.
func TestDamageIsFound(t *testing.T) {
	a := newAppliance(t, 3)
	items := unseal(t, a.backUp(t))
	find := func(list []item, prefix string) int {
		return slices.IndexFunc(list, func(i item) bool { return strings.HasPrefix(i.name, prefix) })
	}
	for _, tt := range []struct {
		name string
		harm func([]item) []item
	}{
		{"another sound", func(l []item) []item { l[find(l, "audio/")].body[0] ^= 1; return l }},
		{"a sound less", func(l []item) []item { i := find(l, "audio/"); return slices.Delete(l, i, i+1) }},
		{"a sound twice", func(l []item) []item { i := find(l, "audio/"); return slices.Insert(l, i, l[i]) }},
		{"another database", func(l []item) []item { l[find(l, "crk.db")].body[5000] ^= 1; return l }},
		{"no database", func(l []item) []item { i := find(l, "crk.db"); return slices.Delete(l, i, i+1) }},
		{"no key", func(l []item) []item { i := find(l, "crk.key"); return slices.Delete(l, i, i+1) }},
		{"no sums", func(l []item) []item { i := find(l, "SHA256SUMS"); return slices.Delete(l, i, i+1) }},
		{"no end", func(l []item) []item { return l[:len(l)-1] }},
		{"no head", func(l []item) []item { return l[1:] }},
		{"more after the end", func(l []item) []item { return append(l, item{"crk.key", []byte("x")}) }},
		{"a way out", func(l []item) []item { return slices.Insert(l, 1, item{"audio/../../../tmp/x", []byte("x")}) }},
		{"something else", func(l []item) []item { return slices.Insert(l, 1, item{"crk.lock", nil}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			list := slices.Clone(items)
			for i := range list {
				list[i].body = bytes.Clone(list[i].body)
			}
			cfg := settings(t, t.TempDir())
			_, err := restore(t, seal(t, tt.harm(list)), cfg, false)
			is.True(err != nil)
			is.Equal(datadir.Occupied(cfg), "")           // nothing was put in place
			is.Equal(left(t, cfg.DataDir, "restore-"), 0) // or left behind
		})
	}
	is := is.New(t)
	_, err := restore(t, seal(t, items), settings(t, t.TempDir()), false)
	is.NoErr(err) // unharmed it is restored
}

func TestACutOffFileIsFound(t *testing.T) {
	is := is.New(t)
	b, err := os.ReadFile(newAppliance(t, 2).backUp(t))
	is.NoErr(err)
	for _, n := range []int{0, 100, len(b) / 2, len(b) - 1} {
		cut := filepath.Join(t.TempDir(), "cut.age")
		is.NoErr(os.WriteFile(cut, b[:n], 0o600))
		cfg := settings(t, t.TempDir())
		_, err := restore(t, cut, cfg, false)
		is.True(err != nil)
		is.Equal(datadir.Occupied(cfg), "")
	}
}

func TestAKeyThatDoesNotFitIsFound(t *testing.T) {
	is := is.New(t)
	a, other := newAppliance(t, 1), newAppliance(t, 0)
	items := unseal(t, a.backUp(t, func(s *backup.Source) { s.KeyFile = other.cfg.KeyFile }))
	_, err := restore(t, seal(t, items), settings(t, t.TempDir()), false)
	is.True(err != nil && strings.Contains(err.Error(), "does not open")) // its sums are right, but it opens nothing
}
