package app

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"time"
)

// A Scope is one thing that a key may do.
type Scope string

// The scopes. What each allows is told at /docs.
const (
	ViewRecordingAll      Scope = "view_recording_all"
	ViewRecordingSelf     Scope = "view_recording_self"
	ManageCallRecording   Scope = "manage_call_recording"
	ManageRecordingReview Scope = "manage_recording_review"
	ManageCollection      Scope = "manage_recording_collection"
	ManageProviderConfig  Scope = "manage_provider_config"
	ViewNotifications     Scope = "view_notifications"
	ManageNotifications   Scope = "manage_notifications"
	ManageWebhooks        Scope = "manage_webhooks"
	ViewUsage             Scope = "view_usage"
	ManageAll             Scope = "manage_all"
)

// AllScopes lists every scope in the order in which they are shown.
func AllScopes() []Scope {
	return []Scope{
		ViewRecordingAll, ViewRecordingSelf, ManageCallRecording, ManageRecordingReview, ManageCollection,
		ManageProviderConfig, ViewNotifications, ManageNotifications, ManageWebhooks, ViewUsage, ManageAll,
	}
}

// Valid reports whether s is a known scope.
func (s Scope) Valid() bool { return slices.Contains(AllScopes(), s) }

// Scopes is a set of scopes in no order.
type Scopes []Scope

// Allow reports whether the set allows s: by holding it, by manage_all, or
// because manage_notifications implies view_notifications and
// view_recording_all implies view_recording_self.
func (ss Scopes) Allow(s Scope) bool {
	for _, have := range ss {
		switch {
		case have == s, have == ManageAll:
			return true
		case have == ManageNotifications && s == ViewNotifications:
			return true
		case have == ViewRecordingAll && s == ViewRecordingSelf:
			return true
		}
	}
	return false
}

// Within returns what a holder of ss may do where limit is the most that is
// allowed: what a key may do in a business is its scopes within its owner's
// role there. Of a scope that is more than allowed, what it implies is left.
func (ss Scopes) Within(limit Scopes) Scopes {
	var both Scopes
	for _, s := range AllScopes() {
		granted := slices.Contains(ss, s) || slices.ContainsFunc(ss, func(have Scope) bool {
			return !limit.Allow(have) && Scopes{have}.Allow(s)
		})
		if granted && limit.Allow(s) {
			both = append(both, s)
		}
	}
	return both
}

// Scopes returns what a role allows.
func (r Role) Scopes() Scopes {
	switch r {
	case Owner, RoleAdmin:
		return Scopes{ManageAll}
	case Supervisor:
		return Scopes{ViewRecordingAll, ManageRecordingReview, ManageCollection, ViewNotifications}
	case Agent:
		return Scopes{ViewRecordingSelf, ViewNotifications}
	case Viewer:
		return Scopes{ViewRecordingAll, ViewNotifications, ViewUsage}
	}
	return nil
}

// A Key is an API key. The key itself is shown once, when it is made.
type Key struct {
	ID         string
	Name       string
	OwnerID    UserID
	BusinessID BusinessID // empty for an account key
	DefaultID  BusinessID // of an account key: the business meant when none is named
	Scopes     Scopes
	Hint       string // the last four characters
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: not yet; kept to the minute
	RevokedAt  time.Time // zero: alive
}

// Account reports whether the key reaches every business of its owner.
func (k Key) Account() bool { return k.BusinessID == "" }

// Alive reports whether the key serves at the given time.
func (k Key) Alive(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

const (
	keyPrefix   = "crk_"
	keyRandom   = 43 // base62 characters: 256 bits
	keyChecksum = 6
	base62      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewKey makes a key: the prefix that secret scanners look for, 256 random bits
// and a checksum, so that a mistyped or made-up key is refused without a look
// into the database.
func NewKey() Secret {
	var b strings.Builder
	b.WriteString(keyPrefix)
	for range keyRandom {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		if err != nil {
			panic(err) // crypto/rand never fails on a supported system
		}
		b.WriteByte(base62[n.Int64()])
	}
	return Secret(b.String() + checksum(b.String()))
}

// HashKey returns what is stored and looked up for a key, or false where s
// cannot be a key.
func HashKey(s string) ([]byte, bool) {
	if len(s) != len(keyPrefix)+keyRandom+keyChecksum || !strings.HasPrefix(s, keyPrefix) || strings.Trim(s[len(keyPrefix):], base62) != "" {
		return nil, false
	}
	cut := len(s) - keyChecksum
	if checksum(s[:cut]) != s[cut:] {
		return nil, false
	}
	sum := sha256.Sum256([]byte(s))
	return sum[:], true
}

func checksum(s string) string {
	n := crc32.ChecksumIEEE([]byte(s))
	var out [keyChecksum]byte
	for i := keyChecksum - 1; i >= 0; i-- {
		out[i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

// CheckScopes reports the scopes that do not exist, as a validation error of
// the field "scopes".
func CheckScopes(ss Scopes) error {
	var p Problems
	if len(ss) == 0 {
		p.Add("scopes", "Choose at least one scope.")
	}
	for _, s := range ss {
		if !s.Valid() {
			p.Add("scopes", "%q is not a scope.", string(s))
		}
	}
	return p.Err()
}
