package disk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// usage returns how many bytes the user can still write to the volume that holds
// path, and how large that is.
func usage(path string) (free, size int64, err error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, 0, fmt.Errorf("disk: %w", err)
	}
	var mine, all uint64
	if err := windows.GetDiskFreeSpaceEx(name, &mine, &all, nil); err != nil {
		return 0, 0, fmt.Errorf("disk: %w", err)
	}
	return int64(mine), int64(all), nil
}

// NoSpace reports whether err says that there was no room to write.
func NoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
