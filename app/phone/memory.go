package phone

import "context"

// A Memory keeps a word for a connector, longer than a process lives. It may be
// empty or of long ago. Its methods may be called concurrently.
type Memory interface {
	Recall(ctx context.Context) string
	Keep(ctx context.Context, word string)
}

// A Rememberer is a source that finds out by trying how it can sign in. A system may
// count a try in vain against the account, so that what worked is to be tried first
// after a restart too.
type Rememberer interface {
	// Remember has the source use m. Call it before anything else.
	Remember(m Memory)
}
