package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"filippo.io/age"

	"crk/app"
)

// AudioIdentity returns the age identity that audio files are encrypted to. It
// is made once and kept sealed: when the appliance's key is changed, this is
// sealed anew and the audio stays as it is.
func (s *Store) AudioIdentity(ctx context.Context) (string, error) {
	b, err := s.sealedSetting(ctx, "audio.identity", func() ([]byte, error) {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		return []byte(id.String()), nil
	})
	return string(b), err
}

// HashKey returns the appliance's key for keyed hashes of secrets, made once:
// two equal secrets are told equal by them, and no one else can test a guess.
func (s *Store) HashKey(ctx context.Context) ([]byte, error) {
	if known := s.hashKey.Load(); known != nil {
		return *known, nil
	}
	key, err := s.sealedSetting(ctx, "hash.key", func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
	if err == nil {
		s.hashKey.Store(&key) // it never changes
	}
	return key, err
}

// sealedSetting returns a secret of the appliance, making it the first time.
func (s *Store) sealedSetting(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error) {
	row := name + ".sealed"
	var sealed []byte
	err := s.reads.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, row).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		fresh, err := make()
		if err != nil {
			return nil, err
		}
		if sealed, err = s.box.Seal("setting", row, fresh); err != nil {
			return nil, err
		}
		err = s.write(ctx, func(t *tx) error { // whoever was first wins
			if err := t.exec(`INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, row, sealed); err != nil {
				return err
			}
			return t.row(`SELECT value FROM settings WHERE name = ?`, row).Scan(&sealed)
		})
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	b, err := s.box.Open("setting", row, sealed)
	if err != nil {
		return nil, fmt.Errorf("store: open %s with the key file: %w", name, err)
	}
	return b, nil
}

const telegramToken = "telegram.token.sealed"

// TelegramToken returns the token of the appliance's bot that people gave, empty
// where they gave none.
func (s *Store) TelegramToken(ctx context.Context) (app.Secret, error) {
	var sealed []byte
	err := s.reads.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, telegramToken).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	b, err := s.box.Open("setting", telegramToken, sealed)
	if err != nil {
		return "", fmt.Errorf("store: open the bot's token with the key file: %w", err)
	}
	return app.Secret(b), nil
}

// SetTelegramToken keeps the token of the appliance's bot, sealed.
func (s *Store) SetTelegramToken(ctx context.Context, token app.Secret) error {
	sealed, err := s.box.Seal("setting", telegramToken, []byte(token.Reveal()))
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO settings (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, telegramToken, sealed)
		if err != nil {
			return err
		}
		var touched changes
		touched.hide("token", true)
		return t.audit("", "bot.update", "", "", touched...)
	})
}

// DeleteTelegramToken forgets the token that people gave, if they did.
func (s *Store) DeleteTelegramToken(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`DELETE FROM settings WHERE name = ?`, telegramToken)
		if err != nil || n == 0 {
			return err
		}
		return t.audit("", "bot.delete", "", "")
	})
}
