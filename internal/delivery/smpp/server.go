package smpp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Submitted message is one that a centre was handed.
type Submitted struct {
	ID      string
	Message Message
	At      time.Time
}

// A Centre plays the part of a short message centre, in tests and measurements. Its fields are set before Serve.
type Centre struct {
	Accept  func(Bind) bool                                // nil: everybody
	Submit  func(n int64, m Message) (id string, s Status) // nil: OK and a number; n counts from 1
	Silent  func(n int64) bool                             // no answer to this submit
	Latency time.Duration                                  // before each answer
	Receipt string                                         // state of the receipts that are asked for: "DELIVRD"; empty: none
	Keep    bool                                           // remember what was submitted

	ln    net.Listener
	count atomic.Int64
	ids   atomic.Int64
	wait  sync.WaitGroup

	mu       sync.Mutex
	sessions []*session
	took     []Submitted
}

// Listen begins to serve on a free port of this machine, until ctx ends.
func (c *Centre) Listen(ctx context.Context) (address string, err error) {
	if c.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { c.ln.Close(); c.Drop() })
	c.wait.Go(func() {
		for {
			conn, err := c.ln.Accept()
			if err != nil {
				return
			}
			c.wait.Go(func() { c.serve(conn) })
		}
	})
	return c.ln.Addr().String(), nil
}

// Wait returns when everything has ended.
func (c *Centre) Wait() { c.wait.Wait() }

// Drop cuts every connection.
func (c *Centre) Drop() {
	c.mu.Lock()
	all := c.sessions
	c.sessions = nil
	c.mu.Unlock()
	for _, s := range all {
		s.end()
	}
}

// Count is how many messages were submitted.
func (c *Centre) Count() int64 { return c.count.Load() }

// Took lists what was submitted, where Keep is set.
func (c *Centre) Took() []Submitted {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.took)
}

// Send delivers a PDU, such as a receipt or a message from a telephone, to a bound client.
func (c *Centre) Send(p PDU) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sessions) == 0 {
		return ErrDown
	}
	s := c.sessions[len(c.sessions)-1]
	s.mu.Lock()
	s.sequence++
	p.Sequence = s.sequence
	s.mu.Unlock()
	s.send(p)
	return nil
}

func (c *Centre) serve(conn net.Conn) {
	s := &session{conn: conn, waits: map[uint32]chan PDU{}, out: make(chan PDU, 4096), done: make(chan struct{})}
	defer s.end()
	go s.write()
	r := bufio.NewReaderSize(conn, 64<<10)
	bound := false
	for {
		p, err := ReadPDU(r)
		if err != nil {
			return
		}
		switch {
		case p.Command == BindTransceiver || p.Command == BindTransmitter || p.Command == BindReceiver:
			b, err := readBind(p.Body)
			if err != nil || c.Accept != nil && !c.Accept(b) {
				s.send(p.reply(InvalidPassword, nil))
				continue
			}
			if !bound && p.Command != BindTransmitter {
				c.mu.Lock()
				c.sessions = append(c.sessions, s)
				c.mu.Unlock()
			}
			bound = true
			s.send(p.reply(OK, cstring(nil, "banlang")))
		case p.Command == EnquireLink:
			s.send(p.reply(OK, nil))
		case p.Command == Unbind:
			s.send(p.reply(OK, nil))
			time.Sleep(10 * time.Millisecond)
			return
		case p.Command == SubmitSM && bound:
			c.submit(s, p)
		case p.Command&answer == 0:
			s.send(PDU{Command: GenericNack, Status: InvalidCommand, Sequence: p.Sequence})
		}
	}
}

func (c *Centre) submit(s *session, p PDU) {
	n := c.count.Add(1)
	m, err := ReadMessage(p.Body)
	if err != nil {
		s.send(p.reply(SubmitFailed, nil))
		return
	}
	id, status := strconv.FormatInt(c.ids.Add(1), 10), OK
	if c.Submit != nil {
		id, status = c.Submit(n, m)
	}
	if c.Keep {
		c.mu.Lock()
		c.took = append(c.took, Submitted{id, m, time.Now()})
		c.mu.Unlock()
	}
	if c.Silent != nil && c.Silent(n) {
		return
	}
	reply := func() {
		body := []byte(nil)
		if status == OK {
			body = cstring(nil, id)
		}
		s.send(p.reply(status, body))
		if status == OK && c.Receipt != "" && m.Receipt&1 != 0 {
			if err := c.Send(Receipt{ID: id, State: c.Receipt, Error: "000"}.Write(m.To, m.From, time.Now())); err != nil && !errors.Is(err, ErrDown) {
				s.end()
			}
		}
	}
	if c.Latency > 0 {
		time.AfterFunc(c.Latency, reply)
		return
	}
	reply()
}
