package disk_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app/disk"
)

func TestFree(t *testing.T) {
	is := is.New(t)
	free, err := disk.Free(t.TempDir())
	is.NoErr(err)
	is.True(free > 0) // a machine that runs this has room
	_, err = disk.Free(t.TempDir() + "/nowhere")
	is.True(err != nil) // a path that is not there is said to be
}
