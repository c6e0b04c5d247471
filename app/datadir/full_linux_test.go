package datadir_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"
	"golang.org/x/sys/unix"

	"crk/app"
	"crk/app/disk"
	"crk/app/secret"
	"crk/store"
	"crk/store/storetest"
)

// smallDisk mounts a file system of a few MiB.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("crk-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error("unmount:", err)
		}
	})
	return dir
}

// TestAFullDiskCorruptsNothing fills the disk under an appliance, from without
// and from within, and gives it room again.
func TestAFullDiskCorruptsNothing(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	c := settings(t)
	c.DataDir = filepath.Join(smallDisk(t, "6m"), "data")
	c.KeyFile = filepath.Join(c.DataDir, "crk.key")
	d, err := open(t, c)
	is.NoErr(err)
	u, b, err := d.DB.SetUp(ctx, app.User{Email: "owner@example.com"}, storetest.Password, app.Business{Name: "Acme Co"})
	is.NoErr(err)
	kept := "01936b2e-0000-7000-8000-000000000001"
	_, err = d.Sounds.Put(ctx, kept, strings.NewReader("what was said"), 100)
	is.NoErr(err)

	ballast := filepath.Join(filepath.Dir(c.DataDir), "ballast")
	fill(t, ballast)
	is.True(disk.NewWatch(c.DataDir, 0).Low()) // it is known
	_, err = d.Sounds.Put(ctx, "01936b2e-0000-7000-8000-000000000002", bytes.NewReader(make([]byte, 1<<20)), 2<<20)
	is.True(disk.NoSpace(err)) // sound has no room
	acknowledged := 0
	for err = nil; err == nil && acknowledged < 10_000; acknowledged++ {
		err = d.DB.AddFeedOnce(ctx, item(b.ID, acknowledged), "")
	}
	acknowledged--
	is.True(store.Full(err)) // nor have rows, after some
	is.True(store.Full(d.DB.AddFeedOnce(ctx, item(b.ID, -1), "")))
	has, err := d.DB.HasUsers(ctx)
	is.NoErr(err)
	is.True(has) // but all can be read

	is.NoErr(os.Remove(ballast))
	is.NoErr(d.DB.AddFeedOnce(ctx, item(b.ID, -2), "")) // with room it goes on, without a restart
	n, err := d.DB.UnreadCount(ctx, b.ID, u.ID)
	is.NoErr(err)
	is.Equal(n, acknowledged+1) // what was acknowledged is there, and nothing else
	is.NoErr(d.Close())

	box, err := secret.Load(c.KeyFile)
	is.NoErr(err)
	found, err := store.Check(ctx, c.Database(), box)
	is.NoErr(err)
	is.True(found.Sound())
	d, err = open(t, c)
	is.NoErr(err)
	defer d.Close()
	f, err := d.Sounds.Open(kept)
	is.NoErr(err) // the sound from before plays
	is.NoErr(f.Close())
	left, err := os.ReadDir(filepath.Join(c.DataDir, "audio", "tmp"))
	is.NoErr(err)
	is.Equal(len(left), 0) // and the one that found no room left nothing
}

func item(b app.BusinessID, n int) app.FeedItem {
	return app.FeedItem{BusinessID: b, Severity: app.Info, Title: fmt.Sprint("Message ", n), Body: strings.Repeat("ข้อความ ", 100)}
}

// fill writes until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for {
			if _, err := f.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
}
