package web

import (
	"sync"
	"sync/atomic"
	"time"
)

// cache keeps finished public pages until the data changes or two seconds have passed, whichever is first: long enough that a
// crowd is served from memory, short enough that a second process's recall is seen. It holds at most keptBytes.
type cache struct {
	pages sync.Map // key: *kept
	bytes atomic.Int64
}

const (
	keptFor   = 2 * time.Second
	keptBytes = 32 << 20
)

type kept struct {
	page    *page
	version uint64
	until   time.Time
}

func (c *cache) find(v *visit, version uint64, now time.Time) *page {
	found, ok := c.pages.Load(v.key)
	if !ok {
		return nil
	}
	k := found.(*kept)
	if k.version != version || now.After(k.until) {
		return nil
	}
	return k.page
}

// keep stores what was made for the visit, stamped with the version of the data before it was made. A page that came out
// the same as last time keeps its compressed bodies.
func (c *cache) keep(v *visit, p *page) {
	size := int64(len(p.raw.body)) * 2
	if size > 2<<20 || len(v.key) > 1000 {
		return
	}
	if c.bytes.Load()+size > keptBytes {
		c.pages.Clear() // made anew in a millisecond each; a clever order of leaving would cost more than it saves
		c.bytes.Store(0)
	}
	entry := &kept{p, v.version, v.start.Add(keptFor)}
	old, was := c.pages.Swap(v.key, entry)
	if was {
		before := old.(*kept).page
		if before.etag[0] == p.etag[0] && before.status == p.status && before.kind[0] == p.kind[0] {
			entry = &kept{before, v.version, entry.until}
			c.pages.Store(v.key, entry)
			return
		}
		size -= int64(len(before.raw.body)) * 2
	}
	c.bytes.Add(size)
}
