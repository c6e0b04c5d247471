package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestKeysAreKnownByTheirChecksum(t *testing.T) {
	is := is.New(t)
	key := app.NewKey().Reveal()
	hash, ok := app.HashKey(key)
	is.True(ok)
	is.Equal(len(hash), 32)
	for i := range len(key) {
		wrong := []byte(key)
		wrong[i] = "AB"[boolInt(wrong[i] == 'A')]
		if _, ok := app.HashKey(string(wrong)); ok {
			t.Errorf("%d: a key with one wrong character is taken", i)
		}
	}
	for _, s := range []string{"", "crk_", key + "x", key[:len(key)-1], " " + key, "crk_" + strings.Repeat("ก", 49)} {
		_, ok := app.HashKey(s)
		is.True(!ok) // this is no key
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func FuzzHashKey(f *testing.F) {
	f.Add(app.NewKey().Reveal())
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := app.HashKey(s); ok && !strings.HasPrefix(s, "crk_") {
			t.Errorf("%q is taken", s)
		}
	})
}

func TestScopesAllow(t *testing.T) {
	for _, tt := range []struct {
		have app.Scopes
		want app.Scope
		ok   bool
	}{
		{app.Scopes{app.ManageAll}, app.ViewUsage, true},
		{app.Scopes{app.ManageNotifications}, app.ViewNotifications, true},
		{app.Scopes{app.ViewNotifications}, app.ManageNotifications, false},
		{app.Scopes{app.ViewRecordingAll}, app.ViewRecordingSelf, true},
		{app.Scopes{app.ViewRecordingSelf}, app.ViewRecordingAll, false},
		{app.Scopes{app.ManageCallRecording}, app.ViewRecordingAll, false},
		{nil, app.ViewUsage, false},
	} {
		t.Run(fmt.Sprint(tt.have, tt.want), func(t *testing.T) {
			is.New(t).Equal(tt.have.Allow(tt.want), tt.ok)
		})
	}
}

func TestScopesWithinARole(t *testing.T) {
	for _, tt := range []struct {
		name string
		key  app.Scopes
		role app.Role
		want app.Scopes
	}{
		{"an owner's key does what it says", app.Scopes{app.ViewUsage, app.ManageWebhooks}, app.Owner, app.Scopes{app.ManageWebhooks, app.ViewUsage}},
		{"an owner's whole key", app.Scopes{app.ManageAll}, app.Owner, app.Scopes{app.ManageAll}},
		{"a viewer's whole key", app.Scopes{app.ManageAll}, app.Viewer, app.Scopes{app.ViewRecordingAll, app.ViewRecordingSelf, app.ViewNotifications, app.ViewUsage}},
		{"more than the role", app.Scopes{app.ManageWebhooks}, app.Viewer, nil},
		{"all calls, of an agent", app.Scopes{app.ViewRecordingAll}, app.Agent, app.Scopes{app.ViewRecordingSelf}},
		{"managing, of who may look", app.Scopes{app.ManageNotifications}, app.Supervisor, app.Scopes{app.ViewNotifications}},
		{"no member", app.Scopes{app.ManageAll}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is.New(t).Equal(tt.key.Within(tt.role.Scopes()), tt.want)
		})
	}
}

func TestKeyIsAliveUntilItsEnd(t *testing.T) {
	is := is.New(t)
	now := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	is.True(app.Key{}.Alive(now))                                // no end
	is.True(app.Key{ExpiresAt: now.Add(time.Second)}.Alive(now)) // before it
	is.True(!app.Key{ExpiresAt: now}.Alive(now))                 // at it
	is.True(!app.Key{RevokedAt: now.Add(-1)}.Alive(now))         // revoked
}

func TestSecretsNeverPrint(t *testing.T) {
	is := is.New(t)
	s := app.Secret("hunter2")
	b, err := json.Marshal(map[string]any{"s": s})
	is.NoErr(err)
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s), string(b)} {
		if strings.Contains(out, "hunter2") || strings.Contains(out, "68756e74657232") {
			t.Errorf("it shows in %q", out)
		}
	}
	is.Equal(s.Reveal(), "hunter2")
	var read struct{ S app.Secret }
	is.NoErr(json.Unmarshal([]byte(`{"S":"hunter2"}`), &read)) // it can be read
	is.Equal(read.S.Reveal(), "hunter2")
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Acme Co": "acme-co", "  A & B  ": "a-b", "สยาม": "business", "สยาม Cool 24": "cool-24", "x": "x",
	} {
		t.Run(name, func(t *testing.T) { is.New(t).Equal(app.Slug(name), want) })
	}
}

func TestNormalizeEmail(t *testing.T) {
	is := is.New(t)
	got, err := app.NormalizeEmail(" Somchai@Example.CO.th ")
	is.NoErr(err)
	is.Equal(got, "somchai@example.co.th")
	for _, s := range []string{"", "x", "a@", "@b", "A <a@example.com>", "a@example.com, b@example.com", strings.Repeat("a", 250) + "@b.co"} {
		_, err := app.NormalizeEmail(s)
		is.True(app.IsKind(err, app.Invalid)) // no address
	}
}
