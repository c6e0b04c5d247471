// Package secret seals what must not lie readable in the database: passwords of
// phone systems, keys of AI servers, bot tokens, webhook secrets.
//
// A [Box] holds the X25519 identities of one key file. It promises that what it
// sealed opens only with one of those identities, unchanged, and only for the
// purpose and the row it was sealed for: age has no associated data, so both are
// written inside the plaintext and compared when it is opened. A value copied to
// another row is therefore refused, not used.
//
// The first identity of the file seals and all of them open, which is what a
// rotation needs: put the new identity first, seal everything again, then drop
// the old one.
//
// The package does not know the database, nor what the values mean. It keeps
// nothing of what it opened.
package secret

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Bounds of what a Box takes. Secrets are short; whatever is longer is a mistake
// or an attack.
const (
	MaxPlaintext = 64 << 10 // bytes of a value
	maxName      = 255      // bytes of a purpose or a row id
	maxSealed    = MaxPlaintext + 2*maxName + 4<<10
	maxKeys      = 32 // identities of one Box
)

// layout is the first byte of every plaintext, so that a later layout can be
// told from this one.
const layout = 1

var (
	// ErrMismatch is returned for a value that was sealed for another purpose
	// or another row.
	ErrMismatch = errors.New("secret: sealed for another purpose or row")

	// ErrKey is returned for a value that none of the Box's identities can open.
	ErrKey = errors.New("secret: no identity of the key file opens this value")

	// ErrDamaged is returned for a value that is cut off, altered or no sealed
	// value at all.
	ErrDamaged = errors.New("secret: sealed value is damaged")
)

// A Box seals and opens values. It is never changed after it is made, so it may
// be used concurrently.
type Box struct {
	identities []*age.X25519Identity
}

// New returns a Box of the given identities ("AGE-SECRET-KEY-1…"), newest first.
// The error never repeats an identity.
func New(identities ...string) (*Box, error) {
	if len(identities) == 0 {
		return nil, errors.New("secret: no identity given")
	}
	if len(identities) > maxKeys {
		return nil, fmt.Errorf("secret: more than %d identities", maxKeys)
	}
	b := &Box{}
	for n, s := range identities {
		id, err := age.ParseX25519Identity(s)
		if err != nil { // age's own error may quote a piece of the key
			return nil, fmt.Errorf("secret: identity %d is not an X25519 age identity", n+1)
		}
		b.identities = append(b.identities, id)
	}
	return b, nil
}

// Generate returns a new identity ("AGE-SECRET-KEY-1…"), for [New] or for the
// audio store.
func Generate() (string, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("secret: make an identity: %w", err)
	}
	return id.String(), nil
}

// Recipient returns the public half of the identity that seals ("age1…"). It is
// no secret: people compare it with the copy they keep.
func (b *Box) Recipient() string {
	return b.identities[0].Recipient().String()
}

// String returns the public half, so that a Box that is printed or logged by
// mistake says nothing.
func (b *Box) String() string {
	return "secret.Box(" + b.Recipient() + ")"
}

// Seal encrypts plaintext for one purpose ("provider password") and one row. The
// same plaintext seals to different bytes each time. It refuses a purpose that is
// empty and values beyond the package's bounds.
func (b *Box) Seal(purpose, id string, plaintext []byte) ([]byte, error) {
	if err := checkNames(purpose, id); err != nil {
		return nil, err
	}
	if len(plaintext) > MaxPlaintext {
		return nil, fmt.Errorf("secret: seal %s: value is longer than %d bytes", purpose, MaxPlaintext)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, b.identities[0].Recipient())
	if err != nil {
		return nil, fmt.Errorf("secret: seal %s: %w", purpose, err)
	}
	if _, err := w.Write(envelope(purpose, id, plaintext)); err != nil {
		return nil, fmt.Errorf("secret: seal %s: %w", purpose, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("secret: seal %s: %w", purpose, err)
	}
	return out.Bytes(), nil
}

// Open returns the plaintext of a value that [Box.Seal] made for the same purpose
// and row. The error wraps [ErrKey], [ErrMismatch] or [ErrDamaged].
func (b *Box) Open(purpose, id string, sealed []byte) ([]byte, error) {
	if err := checkNames(purpose, id); err != nil {
		return nil, err
	}
	if len(sealed) > maxSealed {
		return nil, fmt.Errorf("open %s: %w: too long", purpose, ErrDamaged)
	}
	opened, err := b.decrypt(sealed)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, err)
	}
	// The names are compared as one prefix: lengths are part of it, so no other
	// pair of names can give the same bytes.
	prefix := envelope(purpose, id, nil)
	if !bytes.HasPrefix(opened, prefix) {
		return nil, fmt.Errorf("open %s: %w", purpose, ErrMismatch)
	}
	return opened[len(prefix):], nil
}

func (b *Box) decrypt(sealed []byte) ([]byte, error) {
	ids := make([]age.Identity, len(b.identities))
	for n, id := range b.identities {
		ids[n] = id
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if wrong := new(age.NoIdentityMatchError); errors.As(err, &wrong) {
		return nil, ErrKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	opened, err := io.ReadAll(r) // bounded: plaintext is shorter than sealed
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return opened, nil
}

// envelope is what is really encrypted: the layout, both names with their lengths
// before them, the value.
func envelope(purpose, id string, plaintext []byte) []byte {
	out := make([]byte, 0, 1+2*(binary.MaxVarintLen16+maxName)+len(plaintext))
	out = append(out, layout)
	for _, name := range []string{purpose, id} {
		out = binary.AppendUvarint(out, uint64(len(name)))
		out = append(out, name...)
	}
	return append(out, plaintext...)
}

func checkNames(purpose, id string) error {
	if strings.TrimSpace(purpose) == "" {
		return errors.New("secret: a purpose is needed")
	}
	if len(purpose) > maxName || len(id) > maxName {
		return fmt.Errorf("secret: purpose or row id is longer than %d bytes", maxName)
	}
	return nil
}
