package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery/smpp"
)

// ledgerKills is D2: the process is killed ten times while it takes 50,000 messages. Each that was accepted must come to the centre;
// what comes twice must be listed as in doubt, and be no more than was on its way.
func ledgerKills(ctx context.Context) ([]figure, error) {
	const kills, n = 10, 50_000
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	centre := &smpp.Centre{Keep: true, Latency: 5 * time.Millisecond}
	address, err := centre.Listen(ctx)
	if err != nil {
		return nil, err
	}
	database := "sqlite:" + filepath.Join(dir, "banlang.db")
	var next atomic.Int64
	accepted := make([]atomic.Bool, n+1)
	for round := range kills + 1 {
		g, err := startLedger(ctx, database, dir, address, 0)
		if err != nil {
			return nil, err
		}
		if round < kills {
			after := int64(1000 + rand.IntN(n/kills-1000))
			until := next.Load() + after
			go func() {
				for next.Load() < until && ctx.Err() == nil {
					time.Sleep(time.Millisecond)
				}
				_ = g.cmds[0].Process.Kill()
			}()
		}
		if err := g.feed(ctx, &next, n, accepted); err != nil && round == kills {
			return nil, err
		}
		g.end(syscall.SIGTERM)
	}
	// What was on its way at a kill is found when its lease has run out, and is sent once more when no receipt came for long.
	for _, ahead := range []time.Duration{2 * time.Minute, 40 * time.Minute} {
		g, err := startLedger(ctx, database, dir, address, ahead)
		if err != nil {
			return nil, err
		}
		err = settledLedger(ctx, database)
		g.end(syscall.SIGTERM)
		if err != nil {
			return nil, err
		}
	}
	return audited(ctx, centre, database, accepted, kills)
}

// feed hands messages over until all are, or the process is killed.
func (g *gateway) feed(ctx context.Context, next *atomic.Int64, n int64, accepted []atomic.Bool) error {
	address, err := url.Parse(g.send)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	wrong := make([]error, senders)
	for i := range senders {
		all.Go(func() {
			wrong[i] = oneSender(ctx, address, func() (int64, bool) { k := next.Add(1); return k, k <= n }, func(k int64, _ time.Duration) { accepted[k].Store(true) })
		})
	}
	all.Wait()
	return errors.Join(wrong...)
}

// settledLedger waits until nothing is on its way or in the queue, at least two seconds for the sweep.
func settledLedger(ctx context.Context, database string) error {
	d, err := db.Open(ctx, db.Options{URL: database})
	if err != nil {
		return err
	}
	defer d.Close()
	time.Sleep(3 * time.Second)
	for until := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		n, err := db.Value[int64](ctx, d, "SELECT count(*) FROM delivery_attempt WHERE state IN ('queued', 'sending')")
		if err != nil || n == 0 {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("%d messages are still on their way", n)
		}
	}
}

func audited(ctx context.Context, centre *smpp.Centre, database string, accepted []atomic.Bool, kills int) ([]figure, error) {
	d, err := db.Open(ctx, db.Options{URL: database})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	again, err := db.Values[string](ctx, d, "SELECT DISTINCT endpoint FROM delivery_attempt WHERE doubled")
	if err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for _, endpoint := range again {
		listed[endpoint] = true
	}
	came := map[string]int{}
	for _, s := range centre.Took() {
		came[s.Message.To.Number]++
	}
	var taken, lost, repeats, unlisted int
	for k := range accepted {
		number := fmt.Sprintf("849%08d", k)
		if k > 0 && accepted[k].Load() {
			taken++
			if came[number] == 0 {
				lost++
			}
		}
		if k > 0 && came[number] > 1 {
			repeats += came[number] - 1
			if !listed["e"+number] {
				unlisted++
			}
		}
	}
	most := kills * window
	return []figure{
		{ID: "D2", Measure: fmt.Sprintf("accepted messages lost, %d kills, %d accepted", kills, taken), Ours: float64(lost), Bar: "0", Met: lost == 0 && taken > 0},
		{ID: "D2", Measure: fmt.Sprintf("messages sent twice; %d were in doubt", len(again)), Ours: float64(repeats), Bar: fmt.Sprintf("<= %d, one window a kill", most), Met: repeats <= most},
		{ID: "D2", Measure: "of those, not listed as in doubt", Ours: float64(unlisted), Bar: "0", Met: unlisted == 0},
	}, nil
}
