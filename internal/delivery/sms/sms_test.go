package sms_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/gsm"
	"banlang/internal/delivery/smpp"
	"banlang/internal/delivery/sms"
)

// ears remember what a sender told the ledger.
type ears struct {
	mu       sync.Mutex
	receipts []delivery.Receipt
	heard    []delivery.Inbound
}

func (e *ears) hooks() delivery.Hooks {
	return delivery.Hooks{Provider: "p1", Inner: true, Now: time.Now,
		Receipt: func(_ context.Context, all []delivery.Receipt) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.receipts = append(e.receipts, all...)
			return nil
		},
		Heard: func(_ context.Context, in delivery.Inbound) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.heard = append(e.heard, in)
			return nil
		}}
}

// wait gives what was heard, once there are so many.
func (e *ears) wait(t *testing.T, receipts, heard int) ([]delivery.Receipt, []delivery.Inbound) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		e.mu.Lock()
		r, h := e.receipts, e.heard
		e.mu.Unlock()
		if len(r) >= receipts && len(h) >= heard {
			return r, h
		}
		if time.Now().After(end) {
			t.Fatalf("%d receipts and %d letters came, want %d and %d", len(r), len(h), receipts, heard)
		}
	}
}

func open(t *testing.T, c *smpp.Centre, e *ears) delivery.Sender {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	address, err := c.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(address, ":")
	s, err := sms.SMPP().Open(delivery.Settings{"host": host, "port": port, "system_id": "banlang", "sender": "BANLANG", "window": "10"}, e.hooks())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); stop(); c.Wait() })
	return s
}

func send(t *testing.T, s delivery.Sender, batch ...delivery.Outgoing) []delivery.Result {
	t.Helper()
	results := make([]delivery.Result, len(batch))
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	s.Send(ctx, batch, func(i int, r delivery.Result) { results[i] = r })
	return results
}

// A long text goes out in parts that a telephone puts together, and the receipt of the last stands for it.
func TestLongText(t *testing.T) {
	c, e := &smpp.Centre{Keep: true, Receipt: "DELIVRD"}, &ears{}
	text := strings.Repeat("Nước suối lên nhanh, bà con đi ngay lên chỗ cao. ", 5)
	got := send(t, open(t, c, e), delivery.Outgoing{To: "+84912345678", Text: text})
	if got[0].State != delivery.Accepted || got[0].Provider == "" {
		t.Fatalf("%+v", got[0])
	}
	var whole strings.Builder
	for n, m := range c.Took() {
		p, octets, ok := m.Message.ReadPart()
		if !ok || int(p.Number) != n+1 || int(p.Of) != len(c.Took()) {
			t.Fatalf("part %d has the header %+v, %v", n, p, ok)
		}
		whole.WriteString(gsm.DecodeUCS2(octets))
	}
	if whole.String() != text {
		t.Errorf("the telephone reads %q", whole.String())
	}
	receipts, _ := e.wait(t, 1, 0)
	if last := receipts[len(receipts)-1]; last.Provider != "p1" || last.State != delivery.Delivered {
		t.Errorf("receipt %+v", last)
	}
}

func TestWhatTheCentreRefuses(t *testing.T) {
	tests := []struct {
		status smpp.Status
		why    string
		again  bool
	}{
		{smpp.Throttled, "sms.busy", true}, {smpp.QueueFull, "sms.busy", true}, {smpp.InvalidDest, "sms.number", false},
		{smpp.InvalidSource, "sms.sender", false}, {smpp.SubmitFailed, "sms.refused", false},
	}
	for _, x := range tests {
		c := &smpp.Centre{Submit: func(int64, smpp.Message) (string, smpp.Status) { return "", x.status }}
		got := send(t, open(t, c, &ears{}), delivery.Outgoing{To: "+84912345678", Text: "a"})[0]
		if got.State != delivery.Failed || got.Why != x.why || (got.Again > 0) != x.again {
			t.Errorf("%s: %+v", x.status, got)
		}
	}
}

// What a telephone writes comes in, long texts as one.
func TestInbound(t *testing.T) {
	c, e := &smpp.Centre{}, &ears{}
	s := open(t, c, e)
	for end := time.Now().Add(60 * time.Second); !s.Health().Up && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	from := smpp.Address{TON: 1, NPI: 1, Number: "84912345678"}
	text := strings.Repeat("Cho tôi hỏi về tiền hỗ trợ trồng rừng. ", 4)
	parts, _ := gsm.Split(text)
	for n := len(parts) - 1; n >= 0; n-- { // the last part comes first
		head := smpp.Part{Reference: 9, Of: byte(len(parts)), Number: byte(n + 1)}.Header()
		if err := c.Send(smpp.Message{From: from, ESM: smpp.HeaderIn, Coding: smpp.UCS2, Text: append(head, parts[n]...)}.Deliver()); err != nil {
			t.Fatal(err)
		}
	}
	_, heard := e.wait(t, 0, 1)
	if heard[0].From != "+84912345678" || heard[0].Text != text {
		t.Errorf("heard %+v", heard[0])
	}
}

// A part that the centre puts off goes again by itself: the parts before it are not sent twice. One that it never takes leaves the
// message in doubt, for nobody knows what its reader has of it.
func TestPartPutOff(t *testing.T) {
	for _, status := range []smpp.Status{smpp.Throttled, smpp.SystemError} {
		c := &smpp.Centre{Keep: true, Submit: func(n int64, _ smpp.Message) (string, smpp.Status) {
			if n == 2 {
				return "", status
			}
			return "m", smpp.OK
		}}
		start := time.Now()
		got := send(t, open(t, c, &ears{}), delivery.Outgoing{To: "+84912345678", Text: strings.Repeat("a", 300)})[0]
		if got.State != delivery.Accepted || time.Since(start) < time.Second {
			t.Errorf("%s: %+v after %s", status, got, time.Since(start))
		}
		if numbers := parts(c); numbers != "\x01\x02\x02" {
			t.Errorf("%s: parts went out as %q", status, numbers)
		}
	}
	c := &smpp.Centre{Keep: true, Submit: func(n int64, _ smpp.Message) (string, smpp.Status) {
		if n > 1 {
			return "", smpp.SystemError
		}
		return "m", smpp.OK
	}}
	s := open(t, c, &ears{})
	for end := time.Now().Add(60 * time.Second); !s.Health().Up && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	ctx, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer stop()
	var got delivery.Result
	s.Send(ctx, []delivery.Outgoing{{To: "+84912345678", Text: strings.Repeat("a", 300)}}, func(_ int, r delivery.Result) { got = r })
	if numbers := parts(c); got.State != delivery.InDoubt || got.Again != 0 || strings.Count(numbers, "\x01") != 1 {
		t.Errorf("%+v, parts went out as %q", got, numbers)
	}
}

// parts are the numbers of the parts that a centre was handed, in order.
func parts(c *smpp.Centre) string {
	var numbers []byte
	for _, m := range c.Took() {
		p, _, _ := m.Message.ReadPart()
		numbers = append(numbers, p.Number)
	}
	return string(numbers)
}

func TestTwoBindsToneless(t *testing.T) {
	c, e := &smpp.Centre{Keep: true, Receipt: "EXPIRED"}, &ears{}
	ctx, stop := context.WithCancel(context.Background())
	address, err := c.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(address, ":")
	s, err := sms.SMPP().Open(delivery.Settings{"host": host, "port": port, "system_id": "banlang", "sender": "8088", "window": "10", "bind": "two", "toneless": "yes"}, e.hooks())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close(); stop(); c.Wait() }()
	for end := time.Now().Add(60 * time.Second); !s.Health().Up && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	send(t, s, delivery.Outgoing{To: "+84912345678", Text: "Nước lên"})
	if m := c.Took()[0].Message; gsm.Decode(m.Text) != "Nuoc len" || m.Coding != smpp.DefaultLetter || m.From.TON != 3 {
		t.Errorf("went out as %+v", m)
	}
	if r, _ := e.wait(t, 1, 0); r[0].State != delivery.Expired || r[0].Why != "sms.expired" {
		t.Errorf("receipt %+v", r[0])
	}
}

// The parts of a letter are joined whichever connection of a provider they come over, and however they are numbered.
func TestInboundOverTwoConnections(t *testing.T) {
	one, two, e := &smpp.Centre{}, &smpp.Centre{}, &ears{}
	for _, s := range []delivery.Sender{open(t, one, e), open(t, two, e)} {
		for end := time.Now().Add(60 * time.Second); !s.Health().Up && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
	}
	from := smpp.Address{TON: 1, NPI: 1, Number: "84912345678"}
	numbered := func(n byte) map[uint16][]byte {
		return map[uint16][]byte{smpp.TagSegmentRef: {1, 7}, smpp.TagSegments: {2}, smpp.TagSegmentSequence: {n}}
	}
	for c, m := range map[*smpp.Centre]smpp.Message{one: {From: from, Text: []byte("THO"), Parameters: numbered(1)}, two: {From: from, Text: []byte("I"), Parameters: numbered(2)}} {
		if err := c.Send(m.Deliver()); err != nil {
			t.Fatal(err)
		}
	}
	if _, heard := e.wait(t, 0, 1); heard[0].Text != "THOI" {
		t.Errorf("heard %+v", heard[0])
	}
	wide := smpp.Message{From: from, ESM: smpp.HeaderIn}
	for _, part := range []string{"\x06\x08\x04\x02\x01\x02\x02P", "\x06\x08\x04\x02\x01\x02\x01HEL", "\x05\x00\x03\x01\x02\x09?"} {
		wide.Text = []byte(part)
		if err := one.Send(wide.Deliver()); err != nil {
			t.Fatal(err)
		}
	}
	_, heard := e.wait(t, 0, 3)
	texts := map[string]bool{heard[1].Text: true, heard[2].Text: true}
	if !texts["HELP"] || !texts["?"] {
		t.Errorf("heard %+v", heard[1:])
	}
}

func TestSMPPInnerAddresses(t *testing.T) {
	c := &smpp.Centre{}
	address, err := c.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(address, ":")
	h := (&ears{}).hooks()
	h.Inner = false
	s, err := sms.SMPP().Open(delivery.Settings{"host": host, "port": port, "window": "1"}, h)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	time.Sleep(100 * time.Millisecond)
	if got := s.Health(); got.Up || !strings.Contains(got.Note, "inside") {
		t.Errorf("%+v", got)
	}
}

func TestBindIsTried(t *testing.T) {
	at := func(address, bind string, inner bool) delivery.Health {
		host, port, _ := strings.Cut(address, ":")
		h := (&ears{}).hooks()
		h.Inner = inner
		s, err := sms.SMPP().Open(delivery.Settings{"host": host, "port": port, "window": "1", "system_id": "banlang", "bind": bind}, h)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		return s.(delivery.Trier).Try(ctx)
	}
	centre := func(c *smpp.Centre) string {
		address, err := c.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	curt, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer curt.Close()
	go func() {
		if conn, err := curt.Accept(); err == nil {
			conn.Close()
		}
	}()
	sends := func(b smpp.Bind) bool { return b.SystemID != "banlang" }
	tests := []struct {
		name, address, bind string
		inner               bool
		want                delivery.Health
	}{
		{"let in", centre(&smpp.Centre{}), "transceiver", true, delivery.Health{Up: true, Why: "sms.try.bound"}},
		{"let in twice", centre(&smpp.Centre{}), "two", true, delivery.Health{Up: true, Why: "sms.try.bound"}},
		{"not known", centre(&smpp.Centre{Accept: sends}), "transceiver", true, delivery.Health{Why: "sms.password", Note: smpp.InvalidPassword.String()}},
		{"nobody there", gone.Addr().String(), "transceiver", true, delivery.Health{Why: "delivery.try.port"}},
		{"silent", silent.Addr().String(), "transceiver", true, delivery.Health{Why: "delivery.try.late"}},
		{"hangs up", curt.Addr().String(), "transceiver", true, delivery.Health{Why: "delivery.try.broken"}},
		{"inside", silent.Addr().String(), "transceiver", false, delivery.Health{Why: "delivery.try.inner"}},
		{"no such name", "banlang.invalid:2775", "transceiver", true, delivery.Health{Why: "delivery.try.name"}},
	}
	for _, x := range tests {
		if got := at(x.address, x.bind, x.inner); got != x.want {
			t.Errorf("%s: Try = %+v, want %+v", x.name, got, x.want)
		}
	}
}
