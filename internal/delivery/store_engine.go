package delivery

import (
	"context"
	"sync"
	"time"

	"banlang/internal/db"
)

// An engine carries the ledger out: it gathers what is to be written, so that many share one sync, and drives a worker for each
// provider and lane.
type engine struct {
	writes  chan write
	open    sync.Map // provider -> *link
	refused sync.Map // provider -> refusal
	closing sync.WaitGroup
	changed chan struct{} // rung when a link is gone or the table is another

	renewing sync.Map // provider -> *sync.Mutex of who renews its secrets
}

// A write waits for the transaction that it shares with others.
type write struct {
	notices []Attempt
	found   []finding
	do      func(context.Context, store) error // whatever else
	done    chan error
}

// mostWrites are in one transaction: few enough that a lane's next window does not wait long.
const mostWrites = 2000

// put hands a write over and waits until it is synced to disk, or refused.
func (d *Desk) put(ctx context.Context, w write) error {
	w.done = make(chan error, 1)
	select {
	case d.engine.writes <- w:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done(): // it may still be written: whoever asks again does so with the same identifiers
		return ctx.Err()
	}
}

// gather writes what comes in, everything that waits in one transaction, until ctx ends and nothing waits. What networks answered
// nobody waits for at the other end: it is held a moment, to be written with what comes next.
func (d *Desk) gather(ctx context.Context) {
	var held []write
	var end <-chan time.Time
	for {
		all, due, size := held, false, 0
		select {
		case w := <-d.engine.writes:
			all = append(all, w)
			due = due || !w.mayWait()
		case <-end:
			due = true
		case <-ctx.Done():
			if len(held) == 0 {
				return
			}
			due = true
		}
		for more := true; more && size < mostWrites; {
			select {
			case w := <-d.engine.writes:
				all, size = append(all, w), size+len(w.notices)+len(w.found)+1
				due = due || !w.mayWait()
			default:
				more = false
			}
		}
		if held = all; due {
			d.write(context.WithoutCancel(ctx), all) // what was taken in when ctx ended is written too
			held, end = nil, nil
		} else if end == nil {
			end = time.After(heldFor)
		}
	}
}

// heldFor is how long the answers of a network wait for company.
const heldFor = 3 * time.Millisecond

// mayWait reports whether nobody outside waits for this.
func (w write) mayWait() bool { return len(w.notices) == 0 && w.do == nil }

// write writes all in one transaction; where that is refused, each on its own, so that one bad write harms no other.
func (d *Desk) write(ctx context.Context, all []write) {
	err := d.writeTogether(ctx, all)
	if err != nil && len(all) > 1 {
		for _, w := range all {
			w.done <- d.writeTogether(ctx, []write{w})
		}
		return
	}
	for _, w := range all {
		w.done <- err
	}
}

func (d *Desk) writeTogether(ctx context.Context, all []write) error {
	at := d.now()
	var notices []Attempt
	var found []finding
	for _, w := range all {
		notices, found = append(notices, w.notices...), append(found, w.found...)
	}
	straight, queued := d.straight(notices)
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		s := store{tx, tx}
		if _, err := s.addAttempts(ctx, at, notices); err != nil {
			return err
		}
		if err := s.observe(ctx, at, found); err != nil {
			return err
		}
		if err := s.join(ctx, at, found); err != nil {
			return err
		}
		for _, w := range all {
			if w.do != nil {
				if err := w.do(ctx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for l, some := range straight {
		go func() {
			defer l.done(int64(len(some)))
			if err != nil {
				return
			}
			if err := d.hand(context.WithoutCancel(ctx), l, Prompt, l.sender, some); err != nil {
				d.log.Error("delivery", "provider", l.ID, "error", err)
			}
		}()
	}
	if err == nil {
		for q := range queued {
			d.nudge(q)
		}
	}
	return err
}

// straight marks notices as sending where a provider has nothing before them: written so in the transaction that accepts them, they
// are spared the queue. The others are queued.
func (d *Desk) straight(notices []Attempt) (straight map[*link][]Attempt, queued map[queue]bool) {
	straight, queued = map[*link][]Attempt{}, map[queue]bool{}
	if len(notices) == 0 {
		return straight, queued
	}
	d.engine.open.Range(func(_, v any) bool {
		l := v.(*link)
		var mine []int
		for i, n := range notices {
			if n.State != Sending && n.Lane == Prompt && n.Channel == l.Channel && n.Demo == (l.Mode == Rehearsal) {
				mine = append(mine, i)
			}
		}
		if len(mine) == 0 || !l.take(int64(len(mine))) {
			return true
		}
		for _, i := range mine {
			n := &notices[i]
			n.State, n.provider, n.tries = Sending, l.ID, 1
			straight[l] = append(straight[l], *n)
		}
		return true
	})
	for _, n := range notices {
		if n.State != Sending {
			queued[queue{n.Channel, n.Lane}] = true
		}
	}
	for q := range queued {
		d.engine.open.Range(func(_, v any) bool {
			if l := v.(*link); l.Channel == q.channel {
				l.waits.Store(true)
			}
			return true
		})
	}
	return straight, queued
}

// nudge wakes the workers of a lane.
func (d *Desk) nudge(q queue) {
	d.engine.open.Range(func(_, l any) bool {
		if l := l.(*link); l.Channel == q.channel {
			ring(l.bell(q.lane))
		}
		return true
	})
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it is about to look anyway
	}
}

// poll is how often a lane is looked at when nobody nudged: for what another process queued.
const poll = time.Second
