// Package memory tells the runtime how much memory there is, so that it collects
// its garbage before the system ends the process.
package memory

import (
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Limit sets the runtime's limit: nearly all of what a container or unit may
// have, or nearly half of a machine's own. GOMEMLIMIT in the environment wins.
func Limit(log *slog.Logger) {
	machine := memlimit.ApplyRatio(memlimit.FromSystem, 0.5)
	limit, err := memlimit.Set(memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, machine)), memlimit.WithRatio(0.9))
	log.Debug("memory", "limit", limit, "err", err)
}
