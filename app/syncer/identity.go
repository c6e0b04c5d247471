package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crk/app/phone"
	"crk/store"
)

// sureFor is how long after a call was taken in its id is sure to mean it.
const sureFor = 10 * time.Minute

var errAnother = errors.New("syncer: the phone system has given this id to another call")

// sameCall asks whether an id still means the call that it meant when it was listed;
// sure is false where the phone system cannot tell.
func sameCall(ctx context.Context, source phone.Source, id string, d store.Download) (sure bool, err error) {
	asks, ok := source.(phone.Identifier)
	if !ok {
		return false, nil
	}
	same, err := asks.Same(ctx, id, d.CallAt)
	if err == nil && !same {
		err = errAnother
	}
	return err == nil, err
}

// suspect looks into audio that is much longer than its call was listed. Either the
// call went on, or the audio is another one's: where nobody can say that it is not,
// it is never kept, for people who must not hear it may see this call.
func suspect(ctx context.Context, source phone.Source, id string, d store.Download, file store.AudioFile) error {
	sure, err := sameCall(ctx, source, id, d)
	if err == nil && !sure {
		return badContent(fmt.Errorf("it has %.0f seconds where %d are listed: it may be another call's", file.Stats.Duration, d.Duration))
	}
	return err
}
