package secret

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"filippo.io/age"
)

// maxKeyFile bounds what is read of a key file; a file with a few identities and
// their comments has about 1 KiB.
const maxKeyFile = 64 << 10

const keyFileHead = `# CRK key file: it opens the secrets and the audio in the data directory.
# Keep a copy in a safe place, apart from the backups. Without it they are lost.
`

// Load reads the identities file at path: one X25519 identity a line, newest
// first; empty lines and lines that begin with # are skipped. A file that anyone
// but its owner may read is refused (not on Windows, which has no such bits). The
// error names the file and the line, never what stands there; it wraps
// [fs.ErrNotExist] where there is no file.
func Load(path string) (*Box, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("secret: key file: %w", err)
	}
	defer f.Close()
	if err := checkMode(f); err != nil {
		return nil, err
	}
	identities, err := readIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("secret: key file %s: %w", path, err)
	}
	return New(identities...)
}

// LoadOrCreate is [Load], but makes the file with one new identity where there is
// none: mode 0600, in a directory made with 0700 if need be. The file appears
// whole or not at all, and is on disk when the function returns; of several
// callers at once one creates it and all get the same Box. created tells the
// caller to make people save a copy.
func LoadOrCreate(path string) (box *Box, created bool, err error) {
	box, err = Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return box, false, err
	}
	created, err = create(path)
	if err != nil {
		return nil, false, fmt.Errorf("secret: make key file: %w", err)
	}
	box, err = Load(path)
	return box, created, err
}

// create writes a new key file beside path and links it into place. A link fails
// where path exists, a rename would replace it: and with it a key that may have
// sealed something already.
func create(path string) (created bool, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return false, err
	}
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return false, err
	}
	defer os.Remove(tmp.Name())
	_, err = fmt.Fprintf(tmp, "%s# public key: %s\n%s\n", keyFileHead, id.Recipient(), id)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return false, err
	}
	if err := os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncDir(dir)
}

// syncDir makes a new name in dir survive a power cut. Windows cannot and need
// not do it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func checkMode(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("secret: key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("secret: key file %s is not a regular file", f.Name())
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("secret: key file %s may be read by others than its owner (mode %04o): run chmod 600 %s",
			f.Name(), info.Mode().Perm(), f.Name())
	}
	return nil
}

func readIdentities(r io.Reader) ([]string, error) {
	limited := &io.LimitedReader{R: r, N: maxKeyFile + 1}
	lines := bufio.NewScanner(limited)
	var identities []string
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if _, err := age.ParseX25519Identity(line); err != nil { // see New
			return nil, fmt.Errorf("line %d is not an X25519 age identity", n)
		}
		identities = append(identities, line)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if limited.N == 0 {
		return nil, errors.New("is too long")
	}
	if len(identities) == 0 {
		return nil, errors.New("holds no identity")
	}
	return identities, nil
}
