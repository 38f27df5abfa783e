package delivery

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"banlang/internal/fault"
)

// A link is a provider that is connected: one connection for everything, and one of its own for emergencies.
type link struct {
	Provider
	sender, urgent Sender
	limit          *rate.Limiter    // shared: what an emergency takes, the others wait for
	wake           [2]chan struct{} // of the workers for emergencies, and of those for the rest
	stop           context.CancelFunc
	workers        sync.WaitGroup
	waits          atomic.Bool // somebody's code or answer is in the queue

	mu      sync.Mutex
	flying  int64 // on their way over the connection of the many
	closing bool

	leaving bool // it is being closed; of connect alone
}

// reserve takes room for up to n messages on their way and tells for how many there is.
func (l *link) reserve(n int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = max(0, min(n, l.Window-l.flying))
	l.flying += n
	return n
}

func (l *link) release(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying -= n
}

// take reserves what is needed to send n messages at once, past the empty queue: all of them or none. done gives it back.
func (l *link) take(n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing || l.waits.Load() || l.flying+n > l.Window || !l.limit.AllowN(time.Now(), int(n)) {
		return false
	}
	l.flying += n
	l.workers.Add(1)
	return true
}

func (l *link) done(n int64) {
	l.release(n)
	l.workers.Done()
}

func (l *link) close() {
	l.mu.Lock()
	l.closing = true
	l.mu.Unlock()
	l.stop()
	l.workers.Wait()
}

// Health is how the connection of the many is, or that of emergencies where only that one is down, or only that one was heard of.
func (l *link) Health() Health {
	many, urgent := l.sender.Health(), l.urgent.Health()
	if !many.Up || urgent.Unheard() {
		return many
	}
	return urgent
}

// tried tells both connections what a try beside them came to.
func (l *link) tried(h Health) {
	for _, s := range []Sender{l.sender, l.urgent} {
		if s, ok := s.(interface{ Tried(h Health) }); ok {
			s.Tried(h)
		}
	}
}

// connect keeps one link for each provider that is not off, as the table says. One that is slow to close or that cannot be opened holds
// up no other.
func (d *Desk) connect(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := d.relink(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("delivery: providers", "error", err)
		}
		select {
		case <-ctx.Done():
			d.engine.open.Range(func(_, l any) bool { d.unlink(l.(*link)); return true })
			d.engine.closing.Wait()
			return nil
		case <-d.engine.changed:
		case <-tick.C:
		}
	}
}

func (d *Desk) relink(ctx context.Context) error {
	all, err := d.read().providers(ctx)
	if err != nil {
		return err
	}
	want := map[string]int64{}
	for _, p := range all {
		// What goes to nobody takes nothing from a channel that goes to people.
		shadowed := p.Mode == Dry && slices.ContainsFunc(all, func(o Provider) bool { return o.Channel == p.Channel && o.Mode == Live })
		if p.Mode != Off && !shadowed {
			want[p.ID] = p.Revision
		}
	}
	d.engine.open.Range(func(id, l any) bool {
		if want[id.(string)] != l.(*link).Revision {
			d.unlink(l.(*link))
		}
		return true
	})
	for _, p := range all {
		if _, there := d.engine.open.Load(p.ID); there || want[p.ID] == 0 {
			continue
		}
		last := d.refusalOf(p)
		if d.now().Before(last.again) {
			continue
		}
		err := d.link(ctx, p.ID)
		if ctx.Err() != nil { // the end is no refusal
			return err
		}
		if err != nil {
			d.engine.refused.Store(p.ID, last.once(d.now(), p.Revision, err))
			d.log.Error("delivery: provider", "provider", p.ID, "error", err)
			continue
		}
		d.engine.refused.Delete(p.ID)
	}
	return nil
}

// A refusal is that a provider could not be opened.
type refusal struct {
	revision     int64 // that was tried: what is changed is tried at once
	why          string
	since, again time.Time
	pause        time.Duration
}

const (
	firstPause = 5 * time.Second
	lastPause  = 5 * time.Minute
)

// refusalOf is that of a provider as it is set up now; the zero value where there is none.
func (d *Desk) refusalOf(p Provider) refusal {
	if v, ok := d.engine.refused.Load(p.ID); ok && v.(refusal).revision == p.Revision {
		return v.(refusal)
	}
	return refusal{}
}

// once is the refusal after one more try, each pause twice the one before.
func (r refusal) once(now time.Time, revision int64, err error) refusal {
	r.revision, r.why, r.pause = revision, "delivery.health.refused", min(lastPause, max(firstPause, 2*r.pause))
	if told := fault.All(err); len(told) > 0 {
		r.why = told[0].Key
	}
	if r.since.IsZero() {
		r.since = now
	}
	r.again = now.Add(r.pause)
	return r
}

func (d *Desk) link(ctx context.Context, id string) error {
	p, sealed, err := d.read().provider(ctx, id)
	if err != nil {
		return err
	}
	l := &link{Provider: p, limit: rate.NewLimiter(rate.Limit(p.Rate), int(p.Burst))}
	l.waits.Store(true)
	if l.sender, err = d.open(p, sealed); err != nil {
		return err
	}
	if l.urgent, err = d.open(p, sealed); err != nil {
		return errors.Join(err, l.sender.Close())
	}
	l.wake = [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)}
	ctx, l.stop = context.WithCancel(ctx)
	l.workers.Go(func() { d.work(ctx, l, l.urgent, p.Window, Urgent) })
	for range 2 { // while one half is on its way, the other is made ready
		l.workers.Go(func() { d.work(ctx, l, l.sender, max(1, p.Window/2), Prompt, Routine) })
	}
	d.engine.open.Store(id, l)
	return nil
}

// unlink closes a link beside everything else: what is on its way is waited for, as long as a network may take to answer. Until it is
// closed its provider is not opened anew, which would be more at once than was agreed with the network.
func (d *Desk) unlink(l *link) {
	if l.leaving {
		return
	}
	l.leaving = true
	d.engine.closing.Go(func() {
		l.close()
		if err := errors.Join(l.sender.Close(), l.urgent.Close()); err != nil {
			d.log.Warn("delivery: close", "provider", l.ID, "error", err)
		}
		d.engine.open.Delete(l.ID)
		ring(d.engine.changed)
	})
}

// bell is what wakes the workers of a lane.
func (l *link) bell(lane Lane) chan struct{} {
	if lane == Urgent {
		return l.wake[0]
	}
	return l.wake[1]
}
