package delivery

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
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

// Health is how the connection of the many is, or that of emergencies where only that one is down.
func (l *link) Health() Health {
	if h := l.sender.Health(); !h.Up {
		return h
	}
	return l.urgent.Health()
}

// connect keeps one link for each provider that is not off, as the table says.
func (d *Desk) connect(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	d.engine.refused = map[string]int64{}
	for {
		if err := d.relink(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("delivery: providers", "error", err)
		}
		select {
		case <-ctx.Done():
			d.engine.open.Range(func(id, l any) bool { d.unlink(id.(string), l.(*link)); return true })
			return nil
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
			d.unlink(id.(string), l.(*link))
		}
		return true
	})
	for _, p := range all {
		_, there := d.engine.open.Load(p.ID)
		if there || want[p.ID] == 0 || d.engine.refused[p.ID] == p.Revision {
			continue
		}
		if err := d.link(ctx, p.ID); err != nil {
			d.engine.refused[p.ID] = p.Revision // until the administrator changes it
			d.log.Error("delivery: provider", "provider", p.ID, "error", err)
		}
	}
	return nil
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

func (d *Desk) unlink(id string, l *link) {
	l.close()
	d.engine.open.Delete(id)
	if err := errors.Join(l.sender.Close(), l.urgent.Close()); err != nil {
		d.log.Warn("delivery: close", "provider", id, "error", err)
	}
}

// bell is what wakes the workers of a lane.
func (l *link) bell(lane Lane) chan struct{} {
	if lane == Urgent {
		return l.wake[0]
	}
	return l.wake[1]
}
