package syncer

import (
	"context"

	"crk/app"
)

// A signInMemory is what a connector remembers of its sign-in, in the database.
type signInMemory struct {
	*Engine
	business app.BusinessID
	provider string
}

// Recall implements [phone.Memory].
func (m signInMemory) Recall(ctx context.Context) string {
	way, err := m.db.SignIn(ctx, m.business, m.provider)
	if err != nil && ctx.Err() == nil {
		m.log.Error("read how a phone system was signed in at", "provider", m.provider, "err", err)
	}
	return way
}

// Keep implements [phone.Memory]. Where it fails, the next process tries both ways.
func (m signInMemory) Keep(ctx context.Context, way string) {
	if err := m.db.KeepSignIn(ctx, m.business, m.provider, way); err != nil && ctx.Err() == nil {
		m.log.Error("keep how a phone system was signed in at", "provider", m.provider, "err", err)
	}
}
