package delivery_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
	"banlang/internal/subscriber"
)

// A slowNetwork answers nothing until it is let go, and remembers how it was spoken to.
type slowNetwork struct {
	ill  atomic.Bool // it cannot be opened
	free chan struct{}

	mu    sync.Mutex
	opens int
	log   []string
}

func newSlowNetwork() *slowNetwork { return &slowNetwork{free: make(chan struct{})} }

func (n *slowNetwork) connector() delivery.Connector {
	return delivery.Connector{Name: "test-telegram", Channel: subscriber.Telegram, Fields: []delivery.Field{{Name: "host"}},
		Open: func(s delivery.Settings, _ delivery.Hooks) (delivery.Sender, error) {
			n.mu.Lock()
			n.opens++
			n.mu.Unlock()
			if n.ill.Load() {
				return nil, errors.New("not now")
			}
			return slowSender{n, s["host"]}, nil
		}}
}

func (n *slowNetwork) note(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, what)
}

// noted counts what was noted since the n-th note.
func (n *slowNetwork) noted(since int, what string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.log[min(since, len(n.log)):] {
		if w == what {
			count++
		}
	}
	return count
}

func (n *slowNetwork) notes() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.log)
}

func (n *slowNetwork) opened() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opens
}

type slowSender struct {
	n    *slowNetwork
	host string
}

func (s slowSender) Send(_ context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	s.n.note("send " + s.host)
	<-s.n.free
	for i := range batch {
		done(i, delivery.Result{State: delivery.Accepted, Provider: batch[i].Attempt})
	}
	s.n.note("sent " + s.host)
}

func (s slowSender) Health() delivery.Health { return delivery.Health{Up: true} }
func (s slowSender) Close() error            { s.n.note("close " + s.host); return nil }

func slowProvider(t *testing.T, h *deliverytest.House, n *slowNetwork) delivery.Provider {
	t.Helper()
	h.Offer(n.connector())
	id, err := h.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "test-telegram", Name: "Slow", Mode: delivery.Live, Rate: 100, Burst: 100, Window: 10,
		Settings: delivery.Settings{"host": "old"}}, "set up for a test")
	h.Must(err)
	p, err := h.Desk.Provider(t.Context(), id)
	h.Must(err)
	return p
}

func byTelegram(_ int, a *delivery.Attempt) { a.Channel = subscriber.Telegram }

// A provider is changed while its network does not answer: others are opened meanwhile, and it is opened anew when it has closed.
func TestAProviderThatIsChangedHoldsUpNoOther(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		slow := newSlowNetwork()
		let := sync.OnceFunc(func() { close(slow.free) })
		p := slowProvider(t, h, slow)
		notices(t, h, 0, 1, byTelegram)
		h.Start()
		defer let() // or Stop waits for it
		h.Wait("it is on its way", func() bool { return slow.noted(0, "send old") == 1 })
		mark := slow.notes()
		p.Settings["host"] = "new"
		_, err := h.SaveProvider(t.Context(), deliverytest.Admin, p, "the host has moved")
		h.Must(err)
		h.Provider(delivery.Live, 1000, 100)
		notices(t, h, 1, 1, nil)
		h.Wait("another provider is opened and sends", func() bool { return h.Net.Count() == 1 })
		notices(t, h, 2, 1, byTelegram)
		opens := slow.opened()
		time.Sleep(delivery.Poll + 200*time.Millisecond)
		if got := slow.opened(); got != opens || slow.noted(0, "sent old") != 0 {
			t.Errorf("a second connection was opened while the first is open: %d, want %d", got, opens)
		}
		let()
		h.Wait("it is opened anew", func() bool { return slow.noted(mark, "sent new") == 1 })
		if got := slow.noted(mark, "close old"); got != 2 {
			t.Errorf("%d connections were closed, want 2", got)
		}
		h.Wait("both are written down", func() bool { return count(t, h, "channel = 'telegram' AND state = 'accepted'") == 2 })
	})
}

// A provider that cannot be opened is tried again after pauses, and at once when it is changed.
func TestAProviderThatCannotBeOpenedIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		n := newSlowNetwork()
		close(n.free)
		p := slowProvider(t, h, n)
		tried := n.opened() // when it was saved
		n.ill.Store(true)
		notices(t, h, 0, 1, byTelegram)
		h.Start()
		health := func() delivery.Health {
			p, err := h.Desk.Provider(t.Context(), p.ID)
			h.Must(err)
			return p.Health
		}
		h.Wait("it is refused", func() bool { return n.opened() == tried+1 })
		h.Wait("and that is told", func() bool { return health().Why == "delivery.health.refused" })
		for i, pause := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
			h.Pass(pause - time.Second)
			time.Sleep(delivery.Poll + 200*time.Millisecond)
			if got := n.opened() - tried; got != i+1 {
				t.Fatalf("%d tries before %v are over, want %d", got, pause, i+1)
			}
			h.Pass(time.Second)
			h.Wait("the pause is over", func() bool { return n.opened() == tried+i+2 })
		}
		n.ill.Store(false)
		_, err := h.SaveProvider(t.Context(), deliverytest.Admin, p, "nothing but the same again")
		h.Must(err)
		h.Wait("it is opened", func() bool { return health().Up })
		h.Wait("and sends", func() bool { return count(t, h, "state = 'accepted'") == 1 })
	})
}
