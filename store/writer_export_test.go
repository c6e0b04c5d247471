package store

import (
	"context"
	"time"

	"crk/app"
)

// WriteOften runs statements as what is written all the time is run.
func (s *Store) WriteOften(ctx context.Context, ran func(), statements ...string) error {
	return s.writeOften(ctx, func(t *tx) error {
		ran()
		for _, q := range statements {
			if err := t.exec(q); err != nil {
				return err
			}
		}
		return nil
	})
}

// Hold keeps the writer from its next batch until the function it returns is
// called, so that what is written meanwhile waits together.
func (s *Store) Hold() (release func()) {
	held, let := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.write(context.Background(), func(*tx) error {
			close(held)
			<-let
			return nil
		})
	}()
	<-held
	return func() { close(let) }
}

// WriteSoon writes as what is not urgent is written.
func (s *Store) WriteSoon(ctx context.Context, name string) error {
	return s.writeSoon(ctx, func(t *tx) error {
		t.changed(app.Change{ID: name})
		return t.exec(`INSERT INTO settings (name, value) VALUES (?, x'00')`, name)
	})
}

// WaitForCompany sets how long what is not urgent waits for more.
func (s *Store) WaitForCompany(d time.Duration) { s.writer.company = d }

// Enough is how much that is not urgent is committed without waiting for more.
const Enough = enough
