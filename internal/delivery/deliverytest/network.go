// Package deliverytest stands in for the networks, good ones and bad ones, and makes desks for tests.
package deliverytest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/subscriber"
)

// A Network takes what is sent and remembers it. The zero value accepts everything at once.
type Network struct {
	// Answer says what becomes of the n-th handing over, counted from 1; nil: accepted under "net-n". A result without a state
	// is an answer that never comes.
	Answer func(n int, o delivery.Outgoing) delivery.Result
	Delay  time.Duration // before each batch is answered
	Down   bool

	mu    sync.Mutex
	sent  []delivery.Outgoing
	opens int
	hooks delivery.Hooks
}

// Connector is a way to the network by a channel, as a connector named "test-<channel>".
func (n *Network) Connector(c subscriber.Channel) delivery.Connector {
	return delivery.Connector{Name: "test-" + string(c), Channel: c,
		Fields: []delivery.Field{{Name: "host", Required: true}, {Name: "password", Secret: true}},
		Open: func(_ delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.opens, n.hooks = n.opens+1, h
			return sender{n}, nil
		}}
}

// Sent is what was handed over so far, in order.
func (n *Network) Sent() []delivery.Outgoing {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]delivery.Outgoing(nil), n.sent...)
}

// Count is how many were handed over.
func (n *Network) Count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.sent)
}

// Hooks are those of the connection that was opened last: with them a test plays the network's part.
func (n *Network) Hooks() delivery.Hooks {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hooks
}

type sender struct{ n *Network }

func (s sender) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	if s.n.Delay > 0 {
		select {
		case <-time.After(s.n.Delay):
		case <-ctx.Done():
			return
		}
	}
	silent := false
	for i, o := range batch {
		s.n.mu.Lock()
		s.n.sent = append(s.n.sent, o)
		k := len(s.n.sent)
		s.n.mu.Unlock()
		r := delivery.Result{State: delivery.Accepted, Provider: "net-" + strconv.Itoa(k)}
		if s.n.Answer != nil {
			r = s.n.Answer(k, o)
		}
		if r.State == "" && r.Again == 0 {
			silent = true
			continue
		}
		done(i, r)
	}
	if silent {
		<-ctx.Done()
	}
}

func (s sender) Health() delivery.Health { return delivery.Health{Up: !s.n.Down} }
func (s sender) Close() error            { return nil }
