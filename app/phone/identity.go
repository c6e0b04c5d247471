package phone

import (
	"context"
	"time"
)

// ReuseGap is how far apart two calls of one id begin at least, where a system that
// was set up anew or restored gives ids a second time. One call's start may be told
// differently by less: by the queue that it waited in. The store goes by the same.
const ReuseGap = 30 * time.Minute

// An Identifier is a source whose system may give an id a second time, to another
// call, so that what was listed a while ago may name somebody else's recording now.
type Identifier interface {
	// Same reports whether the id that Calls gave is still that of the call that
	// began then, as far as the system tells now or told a few minutes ago. It is
	// cheap for many ids that are near each other: one request tells of about a
	// hundred. The error is an [*Error]: of kind NotYet where the system lists no
	// such id, which may pass; of any other nothing is known.
	Same(ctx context.Context, callID string, startedAt time.Time) (bool, error)
}
