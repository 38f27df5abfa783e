package search

import (
	"context"
	"errors"
	"time"
)

// Open reads the saved index and brings it up to date. An index that cannot be read, or that another database made, is built
// anew from the entries. Without Open an index is built in memory by the first question.
func (d *Desk) Open(ctx context.Context) error {
	d.follow.Lock()
	defer d.follow.Unlock()
	if d.dir != "" {
		shelf, err := openShelf(d.dir)
		if err != nil {
			return err
		}
		d.shelf = shelf
		x, err := shelf.load()
		if err != nil && !errors.Is(err, errNew) {
			d.log.Warn("search index is built anew", "cause", err)
		}
		if x, err = d.ours(ctx, x); err != nil {
			return err
		}
		d.now.Store(x)
	}
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	d.now.Store(d.now.Load().tidy(segmentLimit))
	return d.save()
}

// ours is the index if it was made from this database and is not ahead of it (an older backup may have been restored), else
// an empty one.
func (d *Desk) ours(ctx context.Context, x *index) (*index, error) {
	origin, err := d.origin(ctx)
	if err != nil {
		return nil, err
	}
	if x.sequence == 0 {
		return &index{origin: origin}, nil
	}
	sequence, err := d.sequenceOf(ctx, x.last)
	if err != nil {
		return nil, err
	}
	if x.origin != origin || sequence < x.sequence {
		d.log.Warn("search index is built anew", "cause", "it was made from another database")
		return &index{origin: origin}, nil
	}
	return x, nil
}

// fresh is the index with everything that was committed before the call.
func (d *Desk) fresh(ctx context.Context) (*index, error) {
	head, err := d.head(ctx)
	if err != nil {
		return nil, err
	}
	if x := d.now.Load(); x.sequence >= head {
		return x, nil
	}
	d.follow.Lock()
	defer d.follow.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return nil, err
	}
	return d.now.Load(), nil
}

// catchUp takes in what was committed since. The caller holds follow.
func (d *Desk) catchUp(ctx context.Context) error {
	for {
		batch, err := d.changes(ctx, d.now.Load().sequence)
		if err != nil || len(batch) == 0 {
			return err
		}
		d.now.Store(d.now.Load().with(batch).tidy(smallMerge))
		if d.now.Load().loose() > looseLimit {
			if err := d.save(); err != nil {
				d.log.Warn("search index is not saved", "cause", err)
			}
		}
	}
}

const (
	smallMerge = 2000     // entries that may be merged while a question waits
	looseLimit = 64 << 20 // bytes of segments that are in memory only, before they are saved
	saveEvery  = 10 * time.Second
	settle     = 200 * time.Millisecond // after a commit: others often follow it
)

// save brings the index to the shelf. The caller holds follow.
func (d *Desk) save() error {
	if d.shelf == nil {
		return nil
	}
	x, err := d.shelf.save(d.now.Load())
	if err != nil {
		return err
	}
	d.now.Store(x)
	d.saved = x
	return nil
}

// Run follows the changes, merges and saves, until ctx ends. Without it Find is as complete, but the index grows untidy and
// starts from what was saved last.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return d.keep(context.WithoutCancel(ctx))
		case <-d.committed:
			time.Sleep(settle)
			if _, err := d.fresh(ctx); err != nil && ctx.Err() == nil {
				d.log.Warn("search index does not follow", "cause", err)
			}
		case <-tick.C:
			if err := errors.Join(d.mergeLarge(), d.keep(ctx)); err != nil && ctx.Err() == nil {
				d.log.Warn("search index is not saved", "cause", err)
			}
		}
	}
}

// keep saves what is new.
func (d *Desk) keep(ctx context.Context) error {
	d.follow.Lock()
	defer d.follow.Unlock()
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	if d.saved == d.now.Load() {
		return nil
	}
	return d.save()
}

// mergeLarge merges what is too large to be merged while a question waits: aside, and only then put in its place.
func (d *Desk) mergeLarge() error {
	for {
		x := d.now.Load()
		parts := x.crowded(segmentLimit)
		if parts == nil {
			return nil
		}
		one, moved := merge(parts, x.deadOf(parts))
		if d.shelf != nil && one.docs > 0 {
			var err error
			if one, err = d.shelf.put(one); err != nil {
				return err
			}
		}
		d.follow.Lock()
		if now := d.now.Load(); now.holds(parts) {
			d.now.Store(now.merged(parts, one, moved))
		}
		d.follow.Unlock()
	}
}

// Rebuild makes the index anew from the entries, while the old one goes on answering.
func (d *Desk) Rebuild(ctx context.Context) error {
	x := &index{origin: d.now.Load().origin}
	for {
		batch, err := d.changes(ctx, x.sequence)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		if x = x.with(batch).tidy(segmentLimit); d.shelf == nil || x.loose() <= looseLimit {
			continue
		}
		for i := range x.segments {
			if x.segments[i], err = d.shelf.put(x.segments[i]); err != nil {
				return err
			}
		}
	}
	d.follow.Lock()
	defer d.follow.Unlock()
	d.now.Store(x)
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	return d.save()
}
