package delivery

import (
	"context"

	"banlang/internal/db"
	"banlang/internal/subscriber"
)

// What tests of the ledger do by hand.

// Hidden tells which counts are masked.
func Hidden(counts []int64, sumTold bool) []bool { return hidden(counts, sumTold) }

// Offer adds a kind of connection.
func (d *Desk) Offer(c Connector) { d.connectors[c.Name] = c }

// Add writes messages and attempts.
func (d *Desk) Add(ctx context.Context, messages []Message, attempts []Attempt) error {
	return d.change(ctx, func(s store) error {
		if _, err := s.addMessages(ctx, d.now(), messages); err != nil {
			return err
		}
		_, err := s.addAttempts(ctx, d.now(), attempts)
		return err
	})
}

// Lease takes the next attempts of a lane, as a worker does that is killed afterwards.
func (d *Desk) Lease(ctx context.Context, p Provider, lane Lane, n int) (all []Attempt, err error) {
	err = d.change(ctx, func(s store) error {
		all, err = s.lease(ctx, p, lane, n, d.now(), d.now().Add(leaseFor))
		return err
	})
	return all, err
}

// Ready composes what was leased, as a worker does right before the wire.
func (d *Desk) Ready(ctx context.Context, channel subscriber.Channel, all []Attempt) ([]Outgoing, error) {
	batch, _, _, _, err := d.ready(ctx, channel, all)
	return batch, err
}

// Observe writes what was learnt of one attempt.
func (d *Desk) Observe(ctx context.Context, attempt string, state State, provider string) error {
	return d.change(ctx, func(s store) error {
		return s.observe(ctx, d.now(), []finding{{attempt: attempt, state: state, provider: provider}})
	})
}

// Answer writes what a network answered, as the engine does while it runs.
func (d *Desk) Answer(ctx context.Context, attempt string, state State, provider string) error {
	return d.put(ctx, write{found: []finding{{attempt: attempt, state: state, provider: provider}}})
}

// LastAnswer has the engine take in what a network answered, and end at once.
func (d *Desk) LastAnswer(ctx context.Context, attempt string, state State) error {
	gathering, end := context.WithCancel(ctx)
	go d.gather(gathering)
	w := write{found: []finding{{attempt: attempt, state: state}}, done: make(chan error, 1)}
	d.engine.writes <- w
	end()
	return <-w.done
}

// Act writes what a person did.
func (d *Desk) Act(ctx context.Context, message string, state State) error {
	return d.change(ctx, func(s store) error { return s.act(ctx, d.now(), message, state) })
}

// Hold pauses a campaign's attempts or lets them go on.
func (d *Desk) Hold(ctx context.Context, campaign string, on bool) error {
	return d.change(ctx, func(s store) error { return s.hold(ctx, campaign, on) })
}

// Count counts attempts.
func (d *Desk) Count(ctx context.Context, condition string) (int64, error) {
	return db.Value[int64](ctx, d.db, "SELECT count(*) FROM delivery_attempt WHERE "+condition)
}

// StateOf is how an attempt and a message stand.
func (d *Desk) StateOf(ctx context.Context, table, id string) (State, error) {
	return db.Value[State](ctx, d.db, "SELECT state FROM "+table+" WHERE id = $1", id)
}

// Notice is the attempt of a short text.
var Notice = (*Desk).notice

// LeaseFor is how long a lease holds, Poll how often the engine looks by itself.
const LeaseFor, DoubtFor, Poll = leaseFor, doubtFor, poll

// Renewing is Hooks.Renew of a provider.
func (d *Desk) Renewing(provider string) func(context.Context, func(Settings) (Settings, error)) (Settings, error) {
	return d.renewing(provider)
}

// Soon is how many messages a bucket lets through within a time.
var Soon = soon
