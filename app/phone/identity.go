package phone

import (
	"context"
	"time"
)

// An Identifier is a [Source] that can tell whether an id still means the call it
// meant: a system that was set up anew gives the same ids to other calls.
type Identifier interface {
	// Same reports whether id is the call that began at startedAt. It is cheap
	// where it was asked lately. An id that the system does not know is not the
	// same. The error is a [*Error], as one of Calls.
	Same(ctx context.Context, id string, startedAt time.Time) (bool, error)
}
