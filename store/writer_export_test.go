package store

import "context"

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
