package delivery

import (
	"context"
	"strconv"
	"sync"
	"time"

	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// RehearsalConnector is a provider that reaches nobody: it accepts everything, and a moment later says that it has arrived. With it a
// drill or a demonstration goes all the way.
func RehearsalConnector(c subscriber.Channel) Connector {
	return Connector{
		Name: "rehearsal-" + string(c), Channel: c, Simulated: true,
		Fields: []Field{{Name: "delay", Default: "1000"}}, // milliseconds until the receipt
		Open:   openRehearsal,
	}
}

const longestDelay = 10 * time.Minute

func openRehearsal(s Settings, h Hooks) (Sender, error) {
	ms, err := strconv.ParseInt(s["delay"], 10, 64)
	if err != nil || ms < 0 || ms > longestDelay.Milliseconds() {
		return nil, fault.Field("delay", "delivery.rehearsal.delay")
	}
	r := &rehearsal{hooks: h, delay: time.Duration(ms) * time.Millisecond, since: h.Now()}
	r.ctx, r.end = context.WithCancel(context.Background())
	return r, nil
}

type rehearsal struct {
	hooks Hooks
	delay time.Duration
	since time.Time
	ctx   context.Context //nolint:containedctx // of the receipts that are on their way; Close ends it
	end   context.CancelFunc
	open  sync.WaitGroup
}

func (r *rehearsal) Send(_ context.Context, batch []Outgoing, done func(int, Result)) {
	receipts := make([]Receipt, len(batch))
	for i, o := range batch {
		receipts[i] = Receipt{Provider: r.hooks.Provider, Attempt: o.Attempt, ID: "rehearsal-" + o.Attempt, State: Delivered}
		done(i, Result{State: Accepted, Provider: receipts[i].ID})
	}
	r.open.Go(func() {
		select {
		case <-time.After(r.delay):
		case <-r.ctx.Done():
			return
		}
		if err := r.hooks.Receipt(r.ctx, receipts); err != nil && r.ctx.Err() == nil {
			r.hooks.Log.Error("delivery: receipts of a rehearsal", "error", err)
		}
	})
}

func (r *rehearsal) Health() Health { return Health{Up: true, Since: r.since} }

func (r *rehearsal) Close() error {
	r.end()
	r.open.Wait()
	return nil
}
