package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/secret"
)

func newBox(t testing.TB) *secret.Box {
	t.Helper()
	box, err := secret.New(identity(t))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func identity(t testing.TB) string {
	t.Helper()
	id, err := secret.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSealAndOpen(t *testing.T) {
	box := newBox(t)
	for _, tt := range []struct {
		name  string
		id    string
		value []byte
	}{
		{"password", "0198c0de-0000-7000-8000-000000000001", []byte("pa55 รหัสผ่าน")},
		{"empty value", "row", nil},
		{"no row", "", []byte("token")},
		{"binary", "row", []byte{0, 1, 2, 0xff}},
		{"longest", strings.Repeat("r", 255), bytes.Repeat([]byte("x"), secret.MaxPlaintext)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sealed, err := box.Seal("password", tt.id, tt.value)
			is.NoErr(err) // value is sealed
			if len(tt.value) > 3 {
				is.True(!bytes.Contains(sealed, tt.value)) // plaintext is not readable in it
			}
			opened, err := box.Open("password", tt.id, sealed)
			is.NoErr(err)                          // value opens for its row
			is.True(bytes.Equal(opened, tt.value)) // and is what was sealed
		})
	}
}

func TestSealTwiceDiffers(t *testing.T) {
	is := is.New(t)
	box := newBox(t)
	a, err := box.Seal("p", "row", []byte("same"))
	is.NoErr(err)
	b, err := box.Seal("p", "row", []byte("same"))
	is.NoErr(err)
	is.True(!bytes.Equal(a, b)) // equal secrets cannot be told from their sealed bytes
}

func TestOpenRefusesOtherRows(t *testing.T) {
	box := newBox(t)
	sealed, err := box.Seal("password", "row-1", []byte("value"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, purpose, id string }{
		{"another row", "password", "row-2"},
		{"another purpose", "token", "row-1"},
		{"border moved between purpose and row", "passwor", "drow-1"},
		{"names swapped", "row-1", "password"},
		{"shorter row", "password", "row-"},
		{"no row", "password", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := box.Open(tt.purpose, tt.id, sealed)
			is.True(errors.Is(err, secret.ErrMismatch)) // value of another row is refused
		})
	}
}

func TestOpenRefusesDamage(t *testing.T) {
	is := is.New(t)
	box := newBox(t)
	sealed, err := box.Seal("password", "row", []byte("value"))
	is.NoErr(err)
	for n := range sealed {
		_, err := box.Open("password", "row", sealed[:n])
		is.True(errors.Is(err, secret.ErrDamaged)) // cut off anywhere: damaged

		flipped := slices.Clone(sealed)
		flipped[n] ^= 1
		_, err = box.Open("password", "row", flipped)
		is.True(errors.Is(err, secret.ErrDamaged) || errors.Is(err, secret.ErrKey)) // one bit flipped anywhere: refused
	}
	_, err = box.Open("password", "row", make([]byte, 1<<20))
	is.True(errors.Is(err, secret.ErrDamaged)) // far too long: refused
}

func TestOpenWithAnotherKey(t *testing.T) {
	is := is.New(t)
	sealed, err := newBox(t).Seal("password", "row", []byte("value"))
	is.NoErr(err)
	_, err = newBox(t).Open("password", "row", sealed)
	is.True(errors.Is(err, secret.ErrKey)) // the key is named as the reason
}

func TestTwoIdentities(t *testing.T) {
	is := is.New(t)
	oldID, newID := identity(t), identity(t)
	before, err := secret.New(oldID)
	is.NoErr(err)
	during, err := secret.New(newID, oldID)
	is.NoErr(err)
	after, err := secret.New(newID)
	is.NoErr(err)

	sealed, err := before.Seal("p", "row", []byte("v"))
	is.NoErr(err)
	opened, err := during.Open("p", "row", sealed)
	is.NoErr(err) // old values open while both keys are there
	again, err := during.Seal("p", "row", opened)
	is.NoErr(err)
	_, err = after.Open("p", "row", again)
	is.NoErr(err) // the first identity sealed it
	_, err = before.Open("p", "row", again)
	is.True(errors.Is(err, secret.ErrKey))          // the old one no longer opens what is new
	is.Equal(during.Recipient(), after.Recipient()) // the first identity is the one shown
}

func TestBounds(t *testing.T) {
	is := is.New(t)
	box := newBox(t)
	long := strings.Repeat("x", 256)
	_, err := box.Seal("p", "row", make([]byte, secret.MaxPlaintext+1))
	is.True(err != nil) // value too long
	_, err = box.Seal(long, "row", nil)
	is.True(err != nil) // purpose too long
	_, err = box.Seal("p", long, nil)
	is.True(err != nil) // row too long
	_, err = box.Seal("", "row", nil)
	is.True(err != nil) // purpose missing
	_, err = box.Open("", "row", nil)
	is.True(err != nil) // purpose missing when opening
	_, err = secret.New()
	is.True(err != nil) // a box needs an identity
	_, err = secret.New(slices.Repeat([]string{identity(t)}, 33)...)
	is.True(err != nil) // but not any number of them
}

func TestNothingIsPrinted(t *testing.T) {
	is := is.New(t)
	id := identity(t)
	box, err := secret.New(id)
	is.NoErr(err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		is.True(!strings.Contains(fmt.Sprintf(verb, box), "SECRET")) // printing a box shows no identity
	}
	is.True(strings.Contains(fmt.Sprint(box), "age1")) // but says which key it is
	_, err = secret.New(id[:len(id)-4] + "QQQQ")
	is.True(err != nil)                                   // a mistyped identity is refused
	is.True(!strings.Contains(err.Error(), "SECRET-KEY")) // and not repeated
}

func BenchmarkSeal(b *testing.B) {
	box := newBox(b)
	for b.Loop() {
		if _, err := box.Seal("p", "row", []byte("forty bytes of a password for an account")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	box := newBox(b)
	sealed, err := box.Seal("p", "row", []byte("forty bytes of a password for an account"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := box.Open("p", "row", sealed); err != nil {
			b.Fatal(err)
		}
	}
}
