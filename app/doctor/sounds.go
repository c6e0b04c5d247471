package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"crk/app/datadir"
	"crk/store"
)

// sounds compares the files of audio with the recordings that should have them.
func (e *examination) sounds(ctx context.Context) {
	const what = "audio"
	files := map[string]bool{}
	names, err := filepath.Glob(filepath.Join(e.Config.DataDir, datadir.AudioName, "[0-9a-f][0-9a-f]", "*.age"))
	if err != nil {
		e.add(what, Bad, err.Error(), "")
		return
	}
	for _, name := range names {
		files[strings.TrimSuffix(filepath.Base(name), ".age")] = true
	}
	recordings, missing, err := store.CountMissing(ctx, e.Config.Database(), func(id string) bool {
		there := files[id]
		delete(files, id)
		return there
	})
	switch {
	case err != nil:
		e.add(what, Bad, err.Error(), "")
	case missing > 0:
		e.add(what, Bad, fmt.Sprintf("%d of %d recordings have lost theirs", missing, recordings), "restore a backup elsewhere, and copy its audio folder over this one")
	case len(files) > 0 && !e.running:
		e.add(what, Warn, fmt.Sprintf("%d files belong to no recording", len(files)), "start crk: it removes them")
	default:
		e.good(what, "all %d recordings have theirs", recordings)
	}
}
