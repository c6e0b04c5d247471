package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const diskLength = time.Second

// measureDisk writes a page and waits until it is on the disk, again and again:
// no program that keeps its word commits more often than that.
func measureDisk(ctx context.Context, w io.Writer, dir string) error {
	f, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	if _, err := f.Write(page); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	n, begin := 0, time.Now()
	for time.Since(begin) < diskLength && ctx.Err() == nil {
		if _, err := f.WriteAt(page, 0); err != nil {
			return fmt.Errorf("bench: write: %w", err)
		}
		if err := dataSync(f); err != nil {
			return fmt.Errorf("bench: sync: %w", err)
		}
		n++
	}
	took := time.Since(begin)
	fmt.Fprintf(w, "disk of %s\n  fdatasync of 4 KiB    %6.0f/s   each %s\n\n", os.TempDir(), float64(n)/took.Seconds(), short(took/time.Duration(n)))
	return ctx.Err()
}
