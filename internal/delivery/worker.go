package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"banlang/internal/subscriber"
)

const (
	leaseFor = time.Minute      // after which nobody knows what became of it
	answerIn = 40 * time.Second // a network that has not answered by then leaves it in doubt
	mostTry  = 8                // handings over that a network put off
)

// Run carries the ledger out until ctx ends. What is on its way then is waited for and written down.
func (d *Desk) Run(ctx context.Context) error {
	if err := d.tidyIn(ctx, 10*time.Minute); err != nil && ctx.Err() == nil {
		return err
	}
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var gatherer sync.WaitGroup
	gatherer.Go(func() { d.gather(writing) })
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.connect(ctx) })
	g.Go(func() error { return d.sweep(ctx) })
	err := g.Wait()
	stop()
	gatherer.Wait()
	return err
}

// work takes the attempts of some lanes to one provider, a window at a time, the first lane first.
func (d *Desk) work(ctx context.Context, l *link, to Sender, window int64, lanes ...Lane) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		sent, pause := d.windows(ctx, l, to, window, lanes)
		if sent {
			continue
		}
		var after <-chan time.Time
		if pause > 0 {
			after = time.After(pause)
		}
		select {
		case <-ctx.Done():
		case <-l.bell(lanes[0]):
		case <-after:
		case <-tick.C:
		}
	}
}

// windows sends one window of the first lane that has something. pause: there is something, but not before so much later.
func (d *Desk) windows(ctx context.Context, l *link, to Sender, window int64, lanes []Lane) (sent bool, pause time.Duration) {
	for _, lane := range lanes {
		did, wait, err := d.window(ctx, l, lane, to, window)
		if err != nil && ctx.Err() == nil {
			d.log.Error("delivery", "provider", l.ID, "lane", int64(lane), "error", err)
		}
		if did || wait > 0 || err != nil {
			return did, wait
		}
	}
	return false, 0
}

// window sends one window of a lane.
func (d *Desk) window(ctx context.Context, l *link, lane Lane, to Sender, window int64) (sent bool, pause time.Duration, err error) {
	if lane == Routine && Quiet(l.Channel, d.now()) {
		return false, 0, nil
	}
	some, err := d.read().waiting(ctx, l.Provider, lane)
	if lane == Prompt && err == nil {
		l.waits.Store(some)
	}
	if err != nil || !some {
		return false, 0, err
	}
	window = min(window, int64(l.limit.Burst()))
	if lane == Urgent {
		if window = min(window, soon(l.limit, (leaseFor-answerIn)/2)); window < 1 {
			return false, 100 * time.Millisecond, nil
		}
	} else {
		if window = l.reserve(min(window, int64(l.limit.Tokens()))); window < 1 {
			return false, 10 * time.Millisecond, nil
		}
		defer l.release(window)
	}
	ctx = context.WithoutCancel(ctx) // what is leased is sent, or nobody would know
	var all []Attempt
	err = d.put(ctx, write{do: func(ctx context.Context, s store) (err error) {
		now := d.now()
		all, err = s.lease(ctx, l.Provider, lane, int(window), now, now.Add(leaseFor))
		return err
	}})
	if err != nil || len(all) == 0 {
		return false, 0, err
	}
	if len(all) == int(window) { // there may be more for the other worker
		ring(l.bell(lane))
	}
	if wait := l.limit.ReserveN(time.Now(), len(all)).Delay(); lane == Urgent {
		time.Sleep(wait)
	}
	return true, 0, d.hand(ctx, l, lane, to, all)
}

// soon is how many messages a bucket lets through within a time. No more are leased: what waits for its turn past its lease would be in
// doubt though it never went to the wire.
func soon(l *rate.Limiter, within time.Duration) int64 {
	return int64(l.Tokens() + float64(l.Limit())*within.Seconds())
}

// hand makes leased attempts ready and hands them to the network, writing down what is learnt as it is learnt.
func (d *Desk) hand(ctx context.Context, l *link, lane Lane, to Sender, all []Attempt) error {
	batch, kept, held, found, err := d.ready(ctx, l.Channel, all)
	if err != nil { // nothing went to the wire
		return errors.Join(err, d.putBack(ctx, all, nil, d.now().Add(time.Minute)))
	}
	if len(held) > 0 {
		if err := d.putBack(ctx, held, nil, d.now()); err != nil {
			return err
		}
	}
	if lane == Routine && Quiet(l.Channel, d.now()) { // it has become night meanwhile
		return d.putBack(ctx, kept, found, d.now())
	}
	if len(found) > 0 {
		if err := d.put(ctx, write{found: found}); err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return nil
	}
	answers := newAnswers(len(batch), func(late answer) { // after the network was given up: it still says what became of it
		if err := d.put(ctx, d.learnt(kept, []answer{late})); err != nil {
			d.log.Error("delivery: late answer", "provider", l.ID, "error", err)
		}
	})
	var written error
	var writer sync.WaitGroup
	writer.Go(func() { written = d.writeDown(ctx, kept, answers.come) })
	sending, cancel := context.WithTimeout(ctx, answerIn)
	to.Send(sending, batch, answers.done)
	cancel()
	answers.end()
	writer.Wait()
	return written
}

// putBack queues attempts again of which nothing went to the wire.
func (d *Desk) putBack(ctx context.Context, all []Attempt, found []finding, due time.Time) error {
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	return d.put(ctx, write{found: found, do: func(ctx context.Context, s store) error { return s.requeue(ctx, d.now(), due, ids) }})
}

// answers takes what a sender calls back, from any goroutine: each answer once, whatever the sender does.
type answers struct {
	come chan answer
	late func(answer)

	mu    sync.Mutex
	known []bool
	ended bool
}

func newAnswers(n int, late func(answer)) *answers {
	return &answers{come: make(chan answer, n), known: make([]bool, n), late: late}
}

func (a *answers) done(i int, r Result) {
	a.mu.Lock()
	if i < 0 || i >= len(a.known) || a.known[i] && !a.ended {
		a.mu.Unlock()
		return
	}
	ended := a.ended
	if a.known[i] = true; !ended {
		a.come <- answer{i, r} // there is room for each
	}
	a.mu.Unlock()
	if ended {
		a.late(answer{i, r})
	}
}

// end says that what has not been answered is in doubt.
func (a *answers) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, known := range a.known {
		if !known {
			a.come <- answer{i, Result{State: InDoubt, Why: "delivery.reason.doubt"}}
		}
	}
	a.ended = true
	close(a.come)
}

type answer struct {
	i int
	Result
}

// writeDown writes what a network answered, as many answers at once as have come.
func (d *Desk) writeDown(ctx context.Context, all []Attempt, results <-chan answer) error {
	var first error
	for r := range results {
		some := []answer{r}
		for more := true; more; {
			select {
			case r, ok := <-results:
				if more = ok; ok {
					some = append(some, r)
				}
			default:
				more = false
			}
		}
		if err := d.put(ctx, d.learnt(all, some)); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// learnt is what answers write into the ledger.
func (d *Desk) learnt(all []Attempt, answers []answer) write {
	now := d.now()
	var w write
	var gone []string
	later := map[time.Duration][]string{}
	for _, r := range answers {
		a := all[r.i]
		switch {
		case r.Again > 0 && a.tries < mostTry:
			later[r.Again] = append(later[r.Again], a.ID)
			continue
		case r.Again > 0:
			r.State = Failed
		}
		if r.Gone {
			gone = append(gone, a.Endpoint)
		}
		w.found = append(w.found, finding{attempt: a.ID, state: r.State, provider: r.Provider, why: r.Why, detail: r.Detail, at: now})
	}
	if len(gone)+len(later) > 0 {
		w.do = func(ctx context.Context, s store) error {
			for _, endpoint := range gone {
				if err := subscriber.MarkGone(ctx, s.tx, now, endpoint); err != nil {
					return err
				}
			}
			for pause, ids := range later {
				if err := s.requeue(ctx, now, now.Add(pause), ids); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return w
}

// ready composes leased attempts. What is too late, has no text or nobody to go to any more is found out here, before the wire; what
// came back into the queue after its campaign was paused is held.
func (d *Desk) ready(ctx context.Context, channel subscriber.Channel, all []Attempt) (batch []Outgoing, kept, held []Attempt, found []finding, err error) {
	now := d.now()
	var endpoints []string
	for _, a := range all {
		if a.address == "" {
			endpoints = append(endpoints, a.Endpoint)
		}
	}
	addresses, err := d.read().addresses(ctx, endpoints)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	window := d.composing(channel)
	for _, a := range all {
		sealed, there := addresses[a.Endpoint]
		if a.address != "" {
			sealed, there = subscriber.Sealed{Endpoint: a.Endpoint, Box: a.address}, true
		}
		not := func(s State, why string) { found = append(found, finding{attempt: a.ID, state: s, why: why, at: now}) }
		if !a.Expires.IsZero() && !now.Before(a.Expires) {
			not(Expired, "delivery.reason.expired")
			continue
		}
		if !there {
			not(Suppressed, "delivery.reason.stopped")
			continue
		}
		c, err := window.campaign(ctx, a)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		if c.State == Paused {
			held = append(held, a)
			continue
		}
		o, why, err := window.outgoing(ctx, c, a)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		if why != "" {
			not(Suppressed, why)
			continue
		}
		if o.To, err = sealed.Open(d.keeper); err != nil {
			not(Failed, "delivery.reason.address")
			continue
		}
		o.Attempt, o.Expires = a.ID, a.Expires
		batch, kept = append(batch, o), append(kept, a)
	}
	return batch, kept, held, found, nil
}
