package delivery

import (
	"slices"
	"sync"
	"time"
)

// A Pulse keeps how a connection is by its last answer, for senders that have no line of their own to look at. Embedded, it is the
// Health of a Sender.
type Pulse struct {
	now  func() time.Time
	ills []string // message keys that say that the connection is ill, and not one message

	mu     sync.Mutex
	health Health
}

// unheard is of a connection that is open as far as anybody knows: nothing went over it yet.
const unheard = "delivery.health.unheard"

// Unheard reports whether nobody knows yet that a connection works.
func (h Health) Unheard() bool { return h.Why == unheard }

// NewPulse begins with nothing heard.
func NewPulse(now func() time.Time, ills ...string) *Pulse {
	return &Pulse{now: now, ills: ills, health: Health{Up: true, Since: now(), Why: unheard}}
}

// Learn takes an answer in. What is wrong with one message or one address says nothing of the connection.
func (p *Pulse) Learn(r Result) {
	why := ""
	if slices.Contains(p.ills, r.Why) {
		why = r.Why
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if up := why == ""; up != p.health.Up || p.health.Why != why {
		p.health = Health{Up: up, Since: p.now(), Why: why, Note: r.Detail}
	}
}

// Tried takes in what a try came to. That a machine is there says nothing of whether it lets us in.
func (p *Pulse) Tried(h Health) {
	if h.Why == reached {
		return
	}
	if h.Up {
		h.Why = ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h.Since = p.now()
	p.health = h
}

// Health tells how the last answer was.
func (p *Pulse) Health() Health {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.health
}

// Each hands over each message of a batch by itself, so many at once.
func Each(batch []Outgoing, atOnce int, send func(Outgoing) Result, done func(i int, r Result)) {
	var all sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for i, o := range batch {
		free <- struct{}{}
		all.Go(func() {
			done(i, send(o))
			<-free
		})
	}
	all.Wait()
}
