// Package sms hands short messages to networks: over SMPP, or to an HTTP gateway. It knows how a network answers and in which words
// an officer is told; it does not know who is sent what.
package sms

import (
	"cmp"
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
	"banlang/internal/outgoing"
	"banlang/internal/subscriber"
)

// SMPP connects to a short message centre by SMPP 3.4.
func SMPP() delivery.Connector {
	return delivery.Connector{Name: "smpp", Channel: subscriber.SMS, Open: openSMPP, Fields: []delivery.Field{
		{Name: "host", Required: true}, {Name: "port", Required: true, Default: "2775"}, {Name: "system_id", Required: true},
		{Name: "password", Secret: true}, {Name: "system_type"}, {Name: "sender", Required: true}, {Name: "window", Default: "100"},
		{Name: "bind", Default: "transceiver"}, {Name: "tls", Default: "no"}, {Name: "toneless", Default: "no"},
	}}
}

// A centre is one bind, or two: one that sends and one that hears.
type centre struct {
	client, hears *smpp.Client // the same, but where there are two
	hooks         delivery.Hooks
	from          smpp.Address
	toneless      bool
	part          atomic.Uint32 // reference of the next message of several parts
	box           *box
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
	if from := source(s["sender"]); from.TON == 5 && len(from.Number) > 11 || len(from.Number) > 20 || strings.ContainsFunc(from.Number, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, fault.Field("sender", "sms.from")
	}
	if s["bind"] != "transceiver" && s["bind"] != "two" && s["bind"] != "" {
		return nil, fault.Field("bind", "sms.bind")
	}
	shared, _ := boxes.LoadOrStore(h.Provider, &box{pending: map[string]*letter{}})
	c := &centre{hooks: h, from: source(s["sender"]), toneless: s["toneless"] == "yes", box: shared.(*box)}
	o := smpp.Options{Address: net.JoinHostPort(s["host"], strconv.FormatUint(port, 10)), Window: window,
		Bind: smpp.Bind{SystemID: s["system_id"], Password: s["password"], SystemType: s["system_type"]}, Deliver: c.deliver, Control: outgoing.Dialer(h.Inner).Control}
	if s["tls"] == "yes" {
		o.TLS = &tls.Config{ServerName: s["host"], MinVersion: tls.VersionTLS12}
	}
	if s["bind"] == "two" {
		o.Type = smpp.BindReceiver
		c.hears = smpp.Dial(o)
		o.Type = smpp.BindTransmitter
	}
	c.client = smpp.Dial(o)
	c.hears = cmp.Or(c.hears, c.client)
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

// submit hands the parts of one message over. It is accepted when all parts are; a receipt is asked for the last, which stands for it.
func (c *centre) submit(ctx context.Context, o delivery.Outgoing) delivery.Result {
	text := o.Text
	if c.toneless {
		text = gsm.Toneless(text)
	}
	parts, latin := gsm.Split(text)
	if len(parts) > 255 { // more than a header can count
		return delivery.Result{State: delivery.Failed, Why: "sms.long"}
	}
	m := smpp.Message{From: c.from, To: smpp.Address{TON: 1, NPI: 1, Number: strings.TrimPrefix(o.To, "+")}, Validity: validity(o.Expires, c.hooks.Now())}
	if !latin {
		m.Coding = smpp.UCS2
	}
	reference := uint16(c.part.Add(1) % 256)
	last := ""
	for n, text := range parts {
		m.Text = text
		if len(parts) > 1 {
			m.ESM = smpp.HeaderIn
			m.Text = append(smpp.Part{Reference: reference, Of: byte(len(parts)), Number: byte(n + 1)}.Header(), text...)
		}
		if n == len(parts)-1 {
			m.Receipt = 1
		}
		id, err := c.client.Submit(ctx, m)
		for n > 0 && passes(ctx, err) { // the first parts are there: this one goes again
			id, err = c.client.Submit(ctx, m)
		}
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

// passes waits until what a centre refused for now may be tried again, and reports whether it may: false once ctx has ended, or where
// it was refused for good. Of those whose centre is full the client waits by itself.
func passes(ctx context.Context, err error) bool {
	refused, ok := errors.AsType[smpp.ErrRefused](err)
	if !ok || !refused.Status.Passing() || ctx.Err() != nil {
		return false
	}
	if refused.Status == smpp.Throttled || refused.Status == smpp.QueueFull {
		return true
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Second):
		return true
	}
}

// told puts an error into words. begun says that some parts went out already: a repetition would send those twice, so it is in doubt.
func told(err error, begun bool) delivery.Result {
	refused, ok := errors.AsType[smpp.ErrRefused](err)
	switch {
	case ok && begun && refused.Status.Passing():
		return delivery.Result{State: delivery.InDoubt, Why: "sms.no_answer", Detail: refused.Status.String()}
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
	if up {
		up, since, why = c.hears.Up()
	}
	h := delivery.Health{Up: up, Since: since}
	if !up {
		h.Why = "sms.down"
		if why != nil {
			h.Note = why.Error()
		}
		if denied(why) {
			h.Why = "sms.password"
		}
	}
	return h
}

// denied reports whether a bind was refused for who we are.
func denied(err error) bool {
	refused, ok := errors.AsType[smpp.ErrRefused](err)
	return ok && (refused.Status == smpp.InvalidPassword || refused.Status == smpp.InvalidSystemID || refused.Status == smpp.BindFailed)
}

// Try waits for the bind.
func (c *centre) Try(ctx context.Context) delivery.Health {
	err := c.client.Bound(ctx)
	if err == nil {
		err = c.hears.Bound(ctx)
	}
	refused, ok := errors.AsType[smpp.ErrRefused](err)
	switch {
	case err == nil:
		return delivery.Health{Up: true, Why: "sms.try.bound"}
	case denied(err):
		return delivery.Health{Why: "sms.password", Note: refused.Status.String()}
	case ok:
		return delivery.Health{Why: "sms.try.refused", Note: refused.Status.String()}
	}
	return delivery.Unreached(err)
}

// Close ends the bind.
func (c *centre) Close() error {
	if c.hears != c.client {
		return errors.Join(c.client.Close(), c.hears.Close())
	}
	return c.client.Close()
}

// deliver takes what the centre delivers: receipts, and what people write. It is answered when the ledger has it.
func (c *centre) deliver(ctx context.Context, m smpp.Message) error {
	if r, ok := m.ReadReceipt(); ok {
		state, why := State(r.State)
		if state == "" {
			return nil
		}
		return c.hooks.Receipt(ctx, []delivery.Receipt{{Provider: c.hooks.Provider, ID: r.ID, State: state, At: c.hooks.Now(), Why: why, Detail: strings.TrimSpace(r.State + " " + r.Error)}})
	}
	text, whole := c.box.together(c.hooks.Now(), m)
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

// A box keeps parts that came in and wait for the others.
type box struct {
	mu      sync.Mutex
	pending map[string]*letter
}

// boxes are those of the providers, by their identifiers: the parts of a letter may come over either of the connections of one.
var boxes sync.Map

// together gives the text of what came in, once all its parts are there. Parts that stay alone for an hour are dropped.
func (b *box) together(now time.Time, m smpp.Message) (text string, whole bool) {
	p, octets, ok := m.ReadPart()
	switch m.Coding {
	case smpp.UCS2:
		text = gsm.DecodeUCS2(octets)
	case smpp.ASCII, smpp.Latin1:
		letters := make([]rune, len(octets))
		for i, o := range octets {
			letters[i] = rune(o)
		}
		text = string(letters)
	default:
		text = gsm.Decode(octets)
	}
	if !ok || p.Of < 2 || p.Number < 1 || p.Number > p.Of {
		return text, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, l := range b.pending {
		if now.Sub(l.at) > time.Hour || len(b.pending) > 1000 {
			delete(b.pending, key)
		}
	}
	key := m.From.Number + "/" + strconv.Itoa(int(p.Reference))
	l := b.pending[key]
	if l == nil || l.of != p.Of {
		l = &letter{map[byte]string{}, p.Of, now}
		b.pending[key] = l
	}
	if l.parts[p.Number] = text; len(l.parts) < int(l.of) {
		return "", false
	}
	delete(b.pending, key)
	var joined strings.Builder
	for n := range int(l.of) {
		joined.WriteString(l.parts[byte(n+1)])
	}
	return joined.String(), true
}
