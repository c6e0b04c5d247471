//go:build unix

package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free returns how many bytes a user without privileges can still write to the
// file system that holds path.
func Free(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("disk: %w", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil // their types differ between systems
}
