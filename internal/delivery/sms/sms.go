// Package sms hands short messages to networks: over SMPP, or to an HTTP gateway. It knows how a network answers and in which words
// an officer is told; it does not know who is sent what.
package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/gsm"
	"banlang/internal/delivery/smpp"
	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// SMPP connects to a short message centre by SMPP 3.4.
func SMPP() delivery.Connector {
	return delivery.Connector{Name: "smpp", Channel: subscriber.SMS, Open: openSMPP, Fields: []delivery.Field{
		{Name: "host", Required: true}, {Name: "port", Required: true, Default: "2775"}, {Name: "system_id", Required: true},
		{Name: "password", Secret: true}, {Name: "system_type"}, {Name: "sender", Required: true}, {Name: "window", Default: "100"}, {Name: "tls", Default: "no"},
	}}
}

// A centre is one bind.
type centre struct {
	client *smpp.Client
	hooks  delivery.Hooks
	from   smpp.Address
	part   atomic.Uint32 // reference of the next message of several parts

	mu      sync.Mutex
	pending map[string]*letter // parts that came in and wait for the others
}

func openSMPP(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
	port, err := strconv.ParseUint(s["port"], 10, 16)
	if err != nil {
		return nil, fault.Field("port", "sms.port")
	}
	window, err := strconv.Atoi(s["window"])
	if err != nil || window < 1 || window > 2000 {
		return nil, fault.Field("window", "sms.window")
	}
	c := &centre{hooks: h, from: source(s["sender"]), pending: map[string]*letter{}}
	o := smpp.Options{Address: net.JoinHostPort(s["host"], strconv.FormatUint(port, 10)), Window: window,
		Bind: smpp.Bind{SystemID: s["system_id"], Password: s["password"], SystemType: s["system_type"]}, Deliver: c.deliver}
	if s["tls"] == "yes" {
		o.TLS = &tls.Config{ServerName: s["host"], MinVersion: tls.VersionTLS12}
	}
	c.client = smpp.Dial(o)
	return c, nil
}

// source is a sender's address: a name of letters, a short code, or a number (section 5.2.5 of SMPP 3.4).
func source(name string) smpp.Address {
	digits := strings.TrimPrefix(name, "+")
	if _, err := strconv.ParseUint(digits, 10, 64); err != nil {
		return smpp.Address{TON: 5, Number: name}
	}
	if len(digits) <= 6 {
		return smpp.Address{TON: 3, Number: digits}
	}
	return smpp.Address{TON: 1, NPI: 1, Number: digits}
}

// Send submits each message of a batch, all at once within the window.
func (c *centre) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	var all sync.WaitGroup
	for i, o := range batch {
		all.Go(func() { done(i, c.submit(ctx, o)) })
	}
	all.Wait()
}

// submit hands the parts of one message over. It is accepted when all parts are; the receipt of the last stands for it.
func (c *centre) submit(ctx context.Context, o delivery.Outgoing) delivery.Result {
	parts, latin := gsm.Split(o.Text)
	m := smpp.Message{From: c.from, To: smpp.Address{TON: 1, NPI: 1, Number: strings.TrimPrefix(o.To, "+")}, Receipt: 1, Validity: validity(o.Expires, c.hooks.Now())}
	if !latin {
		m.Coding = smpp.UCS2
	}
	reference := byte(c.part.Add(1))
	last := ""
	for n, text := range parts {
		m.Text = text
		if len(parts) > 1 {
			m.ESM = smpp.HeaderIn
			m.Text = append(smpp.Part{Reference: reference, Of: byte(len(parts)), Number: byte(n + 1)}.Header(), text...)
		}
		id, err := c.client.Submit(ctx, m)
		if err != nil {
			return told(err, n > 0)
		}
		last = id
	}
	return delivery.Result{State: delivery.Accepted, Provider: last}
}

// validity says how long the centre may try, as a relative time (section 7.1.1); a day where nothing says otherwise.
func validity(expires, now time.Time) string {
	long := 24 * time.Hour
	if !expires.IsZero() {
		long = min(long, max(time.Minute, expires.Sub(now)))
	}
	s := int(long.Seconds())
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", s/86400, s/3600%24, s/60%60, s%60)
}

// told puts an error into words. begun says that some parts went out already: then a repetition would send those twice.
func told(err error, begun bool) delivery.Result {
	refused, ok := errors.AsType[smpp.ErrRefused](err)
	switch {
	case ok && refused.Status.Passing():
		return delivery.Result{State: delivery.Failed, Again: 5 * time.Second, Why: "sms.busy", Detail: refused.Status.String()}
	case ok && (refused.Status == smpp.InvalidDest):
		return delivery.Result{State: delivery.Failed, Why: "sms.number", Detail: refused.Status.String()}
	case ok && refused.Status == smpp.InvalidSource:
		return delivery.Result{State: delivery.Failed, Why: "sms.sender", Detail: refused.Status.String()}
	case ok:
		return delivery.Result{State: delivery.Failed, Why: "sms.refused", Detail: refused.Status.String()}
	case errors.Is(err, smpp.ErrDown) && !begun:
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "sms.down"}
	}
	return delivery.Result{State: delivery.InDoubt, Why: "sms.no_answer"}
}

// Health tells how the bind is.
func (c *centre) Health() delivery.Health {
	up, since, why := c.client.Up()
	h := delivery.Health{Up: up, Since: since}
	if !up {
		h.Why = "sms.down"
		if why != nil {
			h.Note = why.Error()
		}
		if refused, ok := errors.AsType[smpp.ErrRefused](why); ok && (refused.Status == smpp.InvalidPassword || refused.Status == smpp.InvalidSystemID || refused.Status == smpp.BindFailed) {
			h.Why = "sms.password"
		}
	}
	return h
}

// Close ends the bind.
func (c *centre) Close() error { return c.client.Close() }

// deliver takes what the centre delivers: receipts, and what people write. It is answered when the ledger has it.
func (c *centre) deliver(ctx context.Context, m smpp.Message) error {
	if r, ok := m.ReadReceipt(); ok {
		state, why := State(r.State)
		if state == "" {
			return nil
		}
		return c.hooks.Receipt(ctx, []delivery.Receipt{{Provider: c.hooks.Provider, ID: r.ID, State: state, At: c.hooks.Now(), Why: why, Detail: strings.TrimSpace(r.State + " " + r.Error)}})
	}
	text, whole := c.together(m)
	if !whole {
		return nil
	}
	from := m.From.Number
	if m.From.TON == 1 && !strings.HasPrefix(from, "+") {
		from = "+" + from
	}
	return c.hooks.Heard(ctx, delivery.Inbound{Provider: c.hooks.Provider, ID: from + "/" + strconv.FormatInt(c.hooks.Now().UnixNano(), 36), Channel: subscriber.SMS, From: from, Text: text, At: c.hooks.Now()})
}

// State is what a network's word for the fate of a message means to us; empty where it says nothing new.
func State(word string) (s delivery.State, why string) {
	switch word {
	case "DELIVRD":
		return delivery.Delivered, ""
	case "EXPIRED":
		return delivery.Expired, "sms.expired"
	case "DELETED":
		return delivery.Failed, "sms.deleted"
	case "UNDELIV":
		return delivery.Failed, "sms.undelivered"
	case "REJECTD":
		return delivery.Failed, "sms.refused"
	case "ACCEPTD":
		return delivery.Accepted, ""
	}
	return "", ""
}

// A letter is a message of several parts that is still coming in.
type letter struct {
	parts map[byte]string
	of    byte
	at    time.Time
}

// together gives the text of what came in, once all its parts are there. Parts that stay alone for an hour are dropped.
func (c *centre) together(m smpp.Message) (text string, whole bool) {
	p, octets, ok := m.ReadPart()
	if m.Coding == smpp.UCS2 {
		text = gsm.DecodeUCS2(octets)
	} else {
		text = gsm.Decode(octets)
	}
	if !ok || p.Of < 2 {
		return text, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.hooks.Now()
	for key, l := range c.pending {
		if now.Sub(l.at) > time.Hour || len(c.pending) > 1000 {
			delete(c.pending, key)
		}
	}
	key := m.From.Number + "/" + strconv.Itoa(int(p.Reference))
	l := c.pending[key]
	if l == nil || l.of != p.Of {
		l = &letter{map[byte]string{}, p.Of, now}
		c.pending[key] = l
	}
	if l.parts[p.Number] = text; len(l.parts) < int(l.of) {
		return "", false
	}
	delete(c.pending, key)
	var b strings.Builder
	for n := byte(1); n <= l.of; n++ {
		b.WriteString(l.parts[n])
	}
	return b.String(), true
}
