package secret

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// Renew puts a new identity before those of the key file and returns a Box of
// all of them: it seals with the new one and opens what the old ones sealed. The
// file is replaced whole, and is on disk when the function returns.
func Renew(path string) (*Box, error) {
	old, err := Load(path)
	if err != nil {
		return nil, err
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("secret: make an identity: %w", err)
	}
	b := &Box{identities: append([]*age.X25519Identity{id}, old.identities...)}
	if len(b.identities) > maxKeys {
		return nil, fmt.Errorf("secret: more than %d identities", maxKeys)
	}
	return b, replace(path, b.identities)
}

// Retire leaves only the newest identity in the key file and returns a Box of it.
// What only the others opened is lost.
func Retire(path string) (*Box, error) {
	b, err := Load(path)
	if err != nil {
		return nil, err
	}
	b = b.Newest()
	return b, replace(path, b.identities)
}

// Identities is how many a Box holds.
func (b *Box) Identities() int { return len(b.identities) }

// replace writes a key file anew, whole or not at all.
func replace(path string, identities []*age.X25519Identity) error {
	var text strings.Builder
	text.WriteString(keyFileHead)
	for _, id := range identities {
		fmt.Fprintf(&text, "# public key: %s\n%s\n", id.Recipient(), id)
	}
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("secret: write key file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text.String())
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("secret: write key file: %w", err)
	}
	return nil
}

// Newest returns a Box of the identity that seals, alone.
func (b *Box) Newest() *Box { return &Box{identities: b.identities[:1]} }
