// Package job knows the work that is done outside of requests: a durable queue, run in the same binary.
//
// A job is put in the transaction of the use case that wants it, so that it exists exactly when its cause does. It is run at
// least once; a handler therefore does the same thing twice without harm. Package job does not know what the work is.
package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"banlang/internal/db"
)

// A Job is work to be done once it is due. While one waits, another of the same kind and key takes its place.
type Job struct {
	Kind    string // names the handler, such as "bulletin.sound"
	Key     string // what it is about
	Payload []byte
	At      time.Time // zero: at once
}

// A Handler does the work of one kind. It must bear being run twice with the same payload.
type Handler func(ctx context.Context, payload []byte) error

const (
	workers = 2                // on the smallest machine one long job must not keep the short ones waiting
	poll    = time.Second      // for what falls due by the clock, or was put by another process
	longest = 9 * time.Minute  // after which a handler's context ends
	lease   = 10 * time.Minute // after which another process takes the job over
	tries   = 8                // with the pauses of pause some two hours
)

// A Queue runs jobs.
type Queue struct {
	store   store
	log     *slog.Logger
	now     func() time.Time
	handler map[string]Handler
	wake    [workers]chan struct{}
}

// New makes a queue. It runs nothing until Run.
func New(d *db.DB, log *slog.Logger, now func() time.Time) *Queue {
	q := &Queue{store: store{d}, log: log, now: now, handler: map[string]Handler{}}
	for i := range q.wake {
		q.wake[i] = make(chan struct{}, 1)
	}
	d.OnCommit(q.nudge)
	return q
}

func (q *Queue) nudge() {
	for _, c := range q.wake {
		select {
		case c <- struct{}{}:
		default: // it is about to look anyway
		}
	}
}

// Handle names the handler of a kind. It is called before Run.
func (q *Queue) Handle(kind string, f Handler) { q.handler[kind] = f }

// Run does jobs as they fall due, until ctx ends.
func (q *Queue) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, wake := range q.wake {
		g.Go(func() error { return q.work(ctx, wake) })
	}
	return g.Wait()
}

func (q *Queue) work(ctx context.Context, wake <-chan struct{}) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		did, err := q.step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			q.log.Error("job queue", "error", err)
		case did:
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-tick.C:
		}
	}
}

// Drain does all jobs that are due, one after the other, and returns when none is.
func (q *Queue) Drain(ctx context.Context) error {
	for {
		if did, err := q.step(ctx); err != nil || !did {
			return err
		}
	}
}

// step does one job that is due, if there is one.
func (q *Queue) step(ctx context.Context) (did bool, err error) {
	now := q.now()
	// Looking is a read: a queue at rest commits nothing, and what is cached until the next commit stays cached.
	if due, err := q.store.due(ctx, now); err != nil || !due {
		return false, err
	}
	row, err := q.store.take(ctx, now, now.Add(lease))
	if err != nil || row.ID == "" {
		return false, err
	}
	if row.Tries > tries { // its last try ended with the process: work that kills the program must not do so for ever
		return true, q.store.fail(ctx, row, cmp.Or(row.Error, "the program ended while it ran"))
	}
	why := q.do(ctx, row)
	ended, ctx := ctx.Err() != nil, context.WithoutCancel(ctx) // how it went is written down even at the end of the process
	now = q.now()
	switch w, waits := errors.AsType[*waiting](why); {
	case why == nil:
		return true, q.store.done(ctx, row)
	case ended: // what was cut short has not failed: it is given back as it was
		return true, q.store.wait(ctx, row, now, row.Tries-1, "")
	case waits:
		return true, q.store.wait(ctx, row, now.Add(w.pause), row.Tries-1, why.Error())
	}
	q.log.Warn("job", "kind", row.Kind, "try", row.Tries, "error", why)
	if row.Tries == tries {
		return true, q.store.fail(ctx, row, why.Error())
	}
	return true, q.store.wait(ctx, row, now.Add(pause(row.Tries)), row.Tries, why.Error())
}

func (q *Queue) do(ctx context.Context, row Row) (err error) {
	f, ok := q.handler[row.Kind]
	if !ok { // a newer or older program put it
		return Wait(time.Minute, fmt.Errorf("no handler for %q", row.Kind))
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(ctx, []byte(row.Payload))
}

// pause grows from 5 seconds to an hour.
func pause(try int64) time.Duration {
	return min(time.Hour, 5*time.Second<<(2*max(0, try-1)))
}

// Wait makes an error that says: not now, and not the job's fault (a tool is missing, a neighbour is away).
// The job is run again after d, however often it takes.
func Wait(d time.Duration, reason error) error { return &waiting{d, reason} }

type waiting struct {
	pause time.Duration
	why   error
}

func (w *waiting) Error() string { return w.why.Error() }
func (w *waiting) Unwrap() error { return w.why }

// Failed lists the jobs that were given up, newest first, with the reason of the last try.
func (q *Queue) Failed(ctx context.Context, n int) ([]Row, error) { return q.store.failed(ctx, n) }

// Count says how many jobs stand in each state: "waiting", "running", "failed".
func (q *Queue) Count(ctx context.Context) (map[string]int64, error) { return q.store.count(ctx) }
