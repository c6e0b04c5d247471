package backup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"

	"crk/app/config"
)

// minPassphrase is the shortest passphrase that is taken: a backup leaves the
// house, and whoever finds it may guess for years.
const minPassphrase = 10

// Passphrase returns the recipient of a backup that a passphrase opens.
func Passphrase(p string) ([]age.Recipient, error) {
	if len([]rune(p)) < minPassphrase {
		return nil, fmt.Errorf("the passphrase must have %d characters or more", minPassphrase)
	}
	r, err := age.NewScryptRecipient(p)
	if err != nil {
		return nil, errors.New("the passphrase cannot be used")
	}
	return []age.Recipient{r}, nil
}

// Recipients reads public keys ("age1…"), parted by commas or blanks.
func Recipients(s string) ([]age.Recipient, error) {
	list := strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }), "\n")
	to, err := age.ParseRecipients(strings.NewReader(list))
	if err != nil {
		return nil, errors.New("write a public key of age, as age1…")
	}
	return to, nil
}

// Lock returns whom the server's own backups are encrypted to; nobody where it
// makes none.
func Lock(c config.Backup) ([]age.Recipient, error) {
	switch {
	case c.Dir == "":
		return nil, nil
	case c.Recipient != "":
		to, err := Recipients(c.Recipient)
		if err != nil {
			return nil, fmt.Errorf("CRK_BACKUP_RECIPIENT: %w", err)
		}
		return to, nil
	case c.PassphraseFile != "":
		phrase, err := ReadPassphrase(c.PassphraseFile)
		if err != nil {
			return nil, fmt.Errorf("CRK_BACKUP_PASSPHRASE_FILE: %w", err)
		}
		to, err := Passphrase(phrase)
		if err != nil {
			return nil, fmt.Errorf("CRK_BACKUP_PASSPHRASE_FILE: %w", err)
		}
		return to, nil
	}
	to, err := Passphrase(c.Passphrase.Reveal())
	if err != nil {
		return nil, fmt.Errorf("CRK_BACKUP_PASSPHRASE: %w", err)
	}
	return to, nil
}

// OpenPassphrase returns what opens a backup that was made with a passphrase.
func OpenPassphrase(p string) ([]age.Identity, error) {
	id, err := age.NewScryptIdentity(p)
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	return []age.Identity{id}, nil
}

// OpenIdentities reads the file of identities that opens a backup made for their
// recipients. The error does not repeat what stands there.
func OpenIdentities(path string) ([]age.Identity, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ids, err := age.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s is no file of age identities", path)
	}
	return ids, nil
}

// ReadPassphrase reads a passphrase from the first line of a file.
func ReadPassphrase(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(line, "\r"), nil
}
