//go:build unix

package disk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// usage returns how many bytes a user without privileges can still write to the
// file system that holds path, and how large that is.
func usage(path string) (free, size int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, 0, fmt.Errorf("disk: %w", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), int64(st.Blocks) * int64(st.Bsize), nil // their types differ between systems
}

// NoSpace reports whether err says that there was no room to write.
func NoSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
