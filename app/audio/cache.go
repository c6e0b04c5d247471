package audio

import (
	"context"
	"errors"
	"io/fs"
	"sync"
)

// A cache keeps decoded sound, at most max bytes of it and the most recently used
// first. A single file that is larger is kept alone. It may be used concurrently.
type cache struct {
	files *Store
	max   int64

	mu      sync.Mutex
	entries map[string]*entry
	size    int64  // of all that are there
	uses    uint64 // so far: the clock by which the oldest is found
}

// An entry is a file of a cache, or one that is being made.
type entry struct {
	made  chan struct{} // closed once it is there or has failed
	err   error
	size  int64
	used  uint64
	wrong bool // its original was deleted or replaced meanwhile
}

func newCache(files *Store, max int64) *cache {
	return &cache{files: files, max: max, entries: map[string]*entry{}}
}

// errStale ends the making of a file whose original was deleted or replaced.
var errStale = errors.New("audio: the file has changed")

// open returns the file of a name, which produce makes if it is not there. One call
// of produce runs for a name at a time; where its context ended, one who waits
// takes over.
func (c *cache) open(ctx context.Context, name string, produce func(context.Context) (*Pending, error)) (*File, error) {
	for {
		e, mine := c.claim(name)
		if mine {
			c.produce(ctx, name, e, produce)
		}
		select {
		case <-e.made:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		f, err := c.result(name, e)
		if err == nil || ctx.Err() != nil || !again(err) {
			return f, err
		}
	}
}

// result opens a file that was made. Where it is gone, because it had to make room
// just now or somebody emptied the folder, it is to be made anew.
func (c *cache) result(name string, e *entry) (*File, error) {
	if e.err != nil {
		return nil, e.err
	}
	f, err := c.files.Open(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[name] == e {
		err = c.drop(name)
	}
	return nil, errors.Join(errStale, err)
}

// again reports whether a file is to be made anew: not where it cannot be made.
func again(err error) bool {
	return errors.Is(err, errStale) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// claim returns the entry of a name; mine says that the caller has to make it.
func (c *cache) claim(name string) (e *entry, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, there := c.entries[name]
	if !there {
		e = &entry{made: make(chan struct{})}
		c.entries[name] = e
	}
	c.uses++
	e.used = c.uses
	return e, !there
}

// produce makes an entry's file.
func (c *cache) produce(ctx context.Context, name string, e *entry, produce func(context.Context) (*Pending, error)) {
	defer close(e.made)
	p, err := produce(ctx)
	if err == nil {
		defer p.Discard()
		err = p.Commit(name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case e.wrong && err == nil:
		e.err = errors.Join(errStale, c.files.Delete(name))
	case e.wrong:
		e.err = errStale
	case err != nil:
		e.err = err
		delete(c.entries, name)
	default:
		e.size = p.Size
		c.size += e.size
		c.makeRoom(e)
	}
}

// makeRoom removes what was not used for the longest time. A file that cannot be
// removed is only forgotten: the next start removes it.
func (c *cache) makeRoom(newest *entry) {
	for c.size > c.max {
		var oldest string
		for name, e := range c.entries {
			if e == newest || e.size == 0 {
				continue
			}
			if oldest == "" || e.used < c.entries[oldest].used {
				oldest = name
			}
		}
		if oldest == "" {
			return
		}
		_ = c.drop(oldest)
	}
}

// remove forgets a name, also one that is being made.
func (c *cache) remove(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.entries[name]; !there {
		return nil
	}
	return c.drop(name)
}

// drop removes an entry. Files that are open are read to their end.
func (c *cache) drop(name string) error {
	e := c.entries[name]
	delete(c.entries, name)
	e.wrong = true
	c.size -= e.size
	if e.size == 0 { // it is being made: who makes it will see
		return nil
	}
	return c.files.Delete(name)
}
