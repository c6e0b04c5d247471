package phone

import "context"

// What a phone system may say of itself that its administrator must see to.
const (
	WarnStopped = "recording_stopped" // it records no calls any more
	WarnQuota   = "recording_quota"   // the space for recordings is used up
)

// Warnings lists them.
func Warnings() []string { return []string{WarnStopped, WarnQuota} }

// A Warner is a source whose system tells when it records no calls: nothing else
// shows that, but that no calls come.
type Warner interface {
	// Warnings asks the system and returns those of the list that hold, or none. The
	// error is an [*Error], as where the role may not ask.
	Warnings(ctx context.Context) ([]string, error)
}
