package smpp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

// Options are how a client connects.
type Options struct {
	Address string // host:port
	TLS     *tls.Config
	Bind    Bind
	Type    Command // BindTransceiver unless told otherwise
	Window  int     // submits on their way at once

	Answer  time.Duration // how long an answer is waited for
	Enquire time.Duration // how often the link is asked for

	// Control looks at the address before it is connected to (net.Dialer); nil: any.
	Control func(network, address string, c syscall.RawConn) error

	// Deliver is called for what the centre delivers: receipts and messages. A centre that gets an error delivers it again.
	Deliver func(context.Context, Message) error
}

// A Client keeps one bind to a centre and makes it anew when it is lost. It is for many goroutines.
type Client struct {
	options Options
	stop    context.CancelFunc
	ended   chan struct{}
	window  chan struct{}
	failed  chan struct{} // closed when a try has failed

	mu    sync.Mutex
	link  *session      // nil while there is none
	up    chan struct{} // closed when link is there
	since time.Time
	why   error
	calm  time.Time // nothing is submitted before: the centre said that it is too much
}

// ErrDown says that there is no bind, or that it was lost before the answer.
var ErrDown = errors.New("smpp: no bind")

// ErrRefused is an answer with a status that is not OK.
type ErrRefused struct{ Status Status }

func (e ErrRefused) Error() string { return "smpp: refused with " + e.Status.String() }

// ErrLost says that a submit went to the wire and was not answered: nobody knows whether the centre has it.
var ErrLost = errors.New("smpp: no answer")

// Dial begins to connect; it does not wait.
func Dial(o Options) *Client {
	if o.Type == 0 {
		o.Type = BindTransceiver
	}
	if o.Window < 1 {
		o.Window = 100
	}
	if o.Answer == 0 {
		o.Answer = 30 * time.Second
	}
	if o.Enquire == 0 {
		o.Enquire = 30 * time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{options: o, stop: stop, ended: make(chan struct{}), window: make(chan struct{}, o.Window), failed: make(chan struct{}), up: make(chan struct{}), why: ErrDown, since: time.Now()}
	go c.keep(ctx)
	return c
}

// Close unbinds and ends.
func (c *Client) Close() error {
	c.stop()
	<-c.ended
	return nil
}

// Up tells whether there is a bind, since when, and if not, why.
func (c *Client) Up() (up bool, since time.Time, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link != nil, c.since, c.why
}

// Bound waits until there is a bind, or until it is known why there is none.
func (c *Client) Bound(ctx context.Context) error {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	select {
	case <-up:
	case <-c.failed:
	case <-ctx.Done():
		return ctx.Err()
	}
	if up, _, why := c.Up(); !up {
		return why
	}
	return nil
}

const (
	firstPause = 200 * time.Millisecond
	lastPause  = 30 * time.Second
)

func (c *Client) keep(ctx context.Context) {
	defer close(c.ended)
	pause := firstPause
	failed := sync.OnceFunc(func() { close(c.failed) })
	for ctx.Err() == nil {
		bound, err := c.run(ctx)
		c.down(err)
		failed()
		if bound {
			pause = firstPause
		}
		wait := pause/2 + rand.N(pause) //nolint:gosec // G404: only spreads out who comes back when
		pause = min(lastPause, 2*pause)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (c *Client) down(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		c.link, c.up, c.since = nil, make(chan struct{}), time.Now()
	}
	if err != nil {
		c.why = err
	}
}

// run binds and serves one connection until it ends.
func (c *Client) run(ctx context.Context) (bound bool, err error) {
	d := net.Dialer{Timeout: 10 * time.Second, Control: c.options.Control}
	conn, err := d.DialContext(ctx, "tcp", c.options.Address)
	if err != nil {
		return false, err
	}
	if c.options.TLS != nil {
		t := tls.Client(conn, c.options.TLS)
		if err := t.HandshakeContext(ctx); err != nil {
			return false, errors.Join(err, conn.Close())
		}
		conn = t
	}
	s := &session{conn: conn, waits: map[uint32]chan PDU{}, out: make(chan PDU, 2*c.options.Window+16), done: make(chan struct{})}
	defer s.end()
	go s.write()
	read := make(chan error, 1)
	go func() { read <- s.read(ctx, c.options.Deliver) }()
	answer, err := s.ask(ctx, PDU{Command: c.options.Type, Body: c.options.Bind.body()}, c.options.Answer)
	if err != nil {
		return false, err
	}
	if answer.Status != OK {
		return false, fmt.Errorf("smpp: bind: %w", ErrRefused{answer.Status})
	}
	c.mu.Lock()
	c.link, c.since, c.why = s, time.Now(), nil
	close(c.up)
	c.mu.Unlock()
	tick := time.NewTicker(c.options.Enquire)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			unbinding, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			_, err := s.ask(unbinding, PDU{Command: Unbind}, 2*time.Second)
			return true, err
		case err := <-read:
			return true, err
		case <-tick.C:
			if _, err := s.ask(ctx, PDU{Command: EnquireLink}, c.options.Answer); err != nil {
				return true, err
			}
		}
	}
}

// Submit hands a message over and gives the centre's identifier. ErrDown: nothing went out. ErrLost: nobody knows.
func (c *Client) Submit(ctx context.Context, m Message) (id string, err error) {
	select {
	case c.window <- struct{}{}:
		defer func() { <-c.window }()
	case <-ctx.Done():
		return "", ErrDown
	}
	var answer PDU
	for err = ErrDown; errors.Is(err, ErrDown); { // nothing went out: over the next bind, then
		s, down := c.session(ctx)
		if down != nil {
			return "", down
		}
		if answer, err = s.ask(ctx, m.Submit(), c.options.Answer); !errors.Is(err, ErrDown) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	switch {
	case err != nil:
		return "", err
	case answer.Status == Throttled || answer.Status == QueueFull:
		c.mu.Lock()
		c.calm = time.Now().Add(calmFor)
		c.mu.Unlock()
		fallthrough
	case answer.Status != OK:
		return "", ErrRefused{answer.Status}
	}
	return readID(answer.Body), nil
}

// calmFor is how long nothing is submitted after a centre said that it is too much.
const calmFor = time.Second

// session waits for the bind, and for a centre that said that it is too much.
func (c *Client) session(ctx context.Context) (*session, error) {
	for {
		c.mu.Lock()
		s, up, calm := c.link, c.up, time.Until(c.calm)
		c.mu.Unlock()
		if s != nil && calm <= 0 {
			return s, nil
		}
		var after <-chan time.Time
		if s != nil {
			after, up = time.After(calm), nil
		}
		select {
		case <-up:
		case <-after:
		case <-ctx.Done():
			return nil, ErrDown
		case <-c.ended:
			return nil, ErrDown
		}
	}
}

// A session is one connection.
type session struct {
	conn net.Conn
	out  chan PDU
	done chan struct{}
	once sync.Once

	mu       sync.Mutex
	sequence uint32
	waits    map[uint32]chan PDU
}

func (s *session) end() {
	s.once.Do(func() {
		close(s.done)
		_ = s.conn.Close() // there is nobody left to tell
	})
}

// ask sends a request and waits for its answer.
func (s *session) ask(ctx context.Context, p PDU, wait time.Duration) (PDU, error) {
	got := make(chan PDU, 1)
	s.mu.Lock()
	s.sequence = s.sequence%0x7fffffff + 1
	p.Sequence = s.sequence
	s.waits[p.Sequence] = got
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waits, p.Sequence)
		s.mu.Unlock()
	}()
	select {
	case s.out <- p:
	case <-s.done:
		return PDU{}, ErrDown
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case a := <-got:
		return a, nil
	case <-s.done:
	case <-late.C:
	case <-ctx.Done():
	}
	select {
	case a := <-got: // both at once: the answer counts
		return a, nil
	default:
		return PDU{}, ErrLost
	}
}

// write sends what is to go out, as much at once as there is.
func (s *session) write() {
	defer s.end()
	var b []byte
	for {
		select {
		case p := <-s.out:
			b = p.Append(b[:0])
		case <-s.done:
			return
		}
		for more := true; more && len(b) < 64<<10; {
			select {
			case p := <-s.out:
				b = p.Append(b)
			default:
				more = false
			}
		}
		if err := s.conn.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return
		}
		if _, err := s.conn.Write(b); err != nil {
			return
		}
	}
}

func (s *session) send(p PDU) {
	select {
	case s.out <- p:
	case <-s.done:
	}
}

// mostTaken is how many deliveries are taken at once.
const mostTaken = 256

// read hands answers to who waits for them and does what the other side asks.
func (s *session) read(ctx context.Context, deliver func(context.Context, Message) error) error {
	defer s.end()
	r := bufio.NewReaderSize(s.conn, 64<<10)
	taking := make(chan struct{}, mostTaken)
	for {
		p, err := ReadPDU(r)
		if err != nil {
			return err
		}
		switch p.Command {
		case EnquireLink:
			s.send(p.reply(OK, nil))
		case Unbind:
			s.send(p.reply(OK, nil))
			return errors.New("smpp: the centre has unbound")
		case DeliverSM:
			taking <- struct{}{}
			go func() { // it is answered when it is kept, and many are kept in one go
				s.send(p.reply(take(ctx, p, deliver), []byte{0}))
				<-taking
			}()
		default:
			if p.Command&answer == 0 {
				s.send(PDU{Command: GenericNack, Status: InvalidCommand, Sequence: p.Sequence})
				continue
			}
			if p.Command == GenericNack && p.Status == OK {
				p.Status = UnknownError
			}
			s.mu.Lock()
			got := s.waits[p.Sequence]
			delete(s.waits, p.Sequence)
			s.mu.Unlock()
			if got != nil {
				got <- p
			}
		}
	}
}

func take(ctx context.Context, p PDU, deliver func(context.Context, Message) error) Status {
	m, err := ReadMessage(p.Body)
	if err != nil {
		return SystemError
	}
	if deliver != nil {
		if err := deliver(ctx, m); err != nil {
			return QueueFull // it comes again
		}
	}
	return OK
}
