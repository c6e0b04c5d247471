package disk

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Free returns how many bytes the user can still write to the volume that holds
// path.
func Free(path string) (int64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, fmt.Errorf("disk: %w", err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("disk: %w", err)
	}
	return int64(free), nil
}
