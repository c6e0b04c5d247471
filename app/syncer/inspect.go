package syncer

import (
	"context"
	"errors"
	"fmt"
	"math"

	"crk/app/audio"
	"crk/app/phone"
	"crk/store"
)

// errContent is wrapped by the errors of files that came and are no good.
var errContent = errors.New("syncer: what came is no whole recording")

// inspect looks at a downloaded file before it is kept: that it is sound, whole,
// and as long as the phone system said. A file that is none of that is asked for
// again; at the last try one that can be heard at least in part is kept. So is, at
// once, one of a kind that cannot be decoded on this machine.
func (e *Engine) inspect(ctx context.Context, p *audio.Pending, listed int, last bool) (store.AudioFile, error) {
	format, ok := audio.Sniff(p.Head)
	if !ok {
		return store.AudioFile{}, badContent(audio.ErrNotAudio)
	}
	stats, err := p.Measure(ctx)
	switch {
	case errors.Is(err, audio.ErrTruncated) && last:
	case errors.Is(err, audio.ErrUnsupported): // kept as it is: the next stage says what is wrong
	case err != nil:
		return store.AudioFile{}, blame(err)
	case !last && short(listed, stats.Duration):
		return store.AudioFile{}, badContent(fmt.Errorf("it has %.0f of the %d seconds that are listed", stats.Duration, listed))
	}
	return store.AudioFile{Size: p.Size, SHA256: p.SHA256, ContentType: format.ContentType, Stats: stats}, nil
}

// short reports whether audio is shorter than listed by more than rounding and
// the ring of the line explain.
func short(listed int, heard float64) bool {
	return float64(listed)-heard > math.Max(5, float64(listed)/10)
}

// long reports whether audio is longer than listed by more than what may come before
// a call is counted, as ringing and a queue, explains.
func long(listed int, heard float64) bool {
	return listed > 0 && heard-float64(listed) > math.Max(60, float64(listed)/2)
}

// blame tells a bad file from trouble of the appliance itself.
func blame(err error) error {
	for _, bad := range []error{audio.ErrNotAudio, audio.ErrUnreadable, audio.ErrTruncated} {
		if errors.Is(err, bad) {
			return badContent(err)
		}
	}
	return fmt.Errorf("syncer: fetch: %w", err)
}

func badContent(err error) error {
	return &phone.Error{Kind: phone.BadContent, Op: "syncer: check recording", Err: errors.Join(errContent, err)}
}
