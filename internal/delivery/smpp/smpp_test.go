package smpp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banlang/internal/delivery/gsm"
	"banlang/internal/delivery/smpp"
)

func centre(t *testing.T, c *smpp.Centre) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	address, err := c.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); c.Wait() })
	return address
}

func dial(t *testing.T, o smpp.Options) *smpp.Client {
	t.Helper()
	c := smpp.Dial(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func text(s string) smpp.Message {
	parts, latin := gsm.Split(s)
	m := smpp.Message{From: smpp.Address{TON: 5, Number: "BANLANG"}, To: smpp.Address{TON: 1, NPI: 1, Number: "84912345678"}, Receipt: 1, Text: parts[0]}
	if !latin {
		m.Coding = smpp.UCS2
	}
	return m
}

// Many submits share one bind and a window; each gets the centre's identifier, and its receipt comes back.
func TestSubmit(t *testing.T) {
	c := &smpp.Centre{Receipt: "DELIVRD", Keep: true, Latency: time.Millisecond}
	var receipts sync.Map
	var came atomic.Int64
	client := dial(t, smpp.Options{Address: centre(t, c), Window: 10, Deliver: func(_ context.Context, m smpp.Message) error {
		if r, ok := m.ReadReceipt(); ok {
			receipts.Store(r.ID, r.State)
			came.Add(1)
		}
		return nil
	}})
	const n = 500
	var ids sync.Map
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			id, err := client.Submit(t.Context(), text(fmt.Sprintf("Lũ quét số %d", i)))
			if err != nil {
				t.Error(err)
			}
			ids.Store(id, i)
		})
	}
	all.Wait()
	for end := time.Now().Add(60 * time.Second); came.Load() < n && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	known := 0
	ids.Range(func(id, _ any) bool {
		if s, _ := receipts.Load(id); s == "DELIVRD" {
			known++
		}
		return true
	})
	if known != n || c.Count() != n {
		t.Errorf("%d of %d were acknowledged, the centre took %d", known, n, c.Count())
	}
	if got := gsm.DecodeUCS2(c.Took()[0].Message.Text); !strings.HasPrefix(got, "Lũ quét số ") {
		t.Errorf("the centre read %q", got)
	}
}

func TestRefusedAndLost(t *testing.T) {
	c := &smpp.Centre{Submit: func(n int64, _ smpp.Message) (string, smpp.Status) {
		if n == 1 {
			return "", smpp.Throttled
		}
		return "7", smpp.OK
	}, Silent: func(n int64) bool { return n == 2 }}
	client := dial(t, smpp.Options{Address: centre(t, c), Answer: 200 * time.Millisecond})
	_, err := client.Submit(t.Context(), text("a"))
	if refused, ok := errors.AsType[smpp.ErrRefused](err); !ok || !refused.Status.Passing() {
		t.Errorf("throttled: %v", err)
	}
	if _, err := client.Submit(t.Context(), text("b")); !errors.Is(err, smpp.ErrLost) {
		t.Errorf("without an answer: %v, want %v", err, smpp.ErrLost)
	}
	if id, err := client.Submit(t.Context(), text("c")); err != nil || id != "7" {
		t.Errorf("%q, %v", id, err)
	}
	c.Drop()
	if id, err := client.Submit(t.Context(), text("d")); err != nil && !errors.Is(err, smpp.ErrLost) && !errors.Is(err, smpp.ErrDown) {
		t.Errorf("after the line was cut: %q, %v", id, err)
	}
	if _, err := client.Submit(t.Context(), text("e")); err != nil {
		t.Errorf("bound again: %v", err)
	}
	shut := dial(t, smpp.Options{Address: centre(t, &smpp.Centre{Accept: func(smpp.Bind) bool { return false }})})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := shut.Submit(ctx, text("f")); !errors.Is(err, smpp.ErrDown) {
		t.Errorf("with a wrong password: %v", err)
	}
	if up, _, why := shut.Up(); up || why == nil {
		t.Errorf("up %v, because %v", up, why)
	}
}

func TestReceipts(t *testing.T) {
	tests := []struct {
		name, text string
		parameters map[uint16][]byte
		want       smpp.Receipt
		ok         bool
	}{
		{"text", "id:0a1B sub:001 dlvrd:001 submit date:2611250200 done date:2611250201 stat:DELIVRD err:000 text:Lu quet", nil, smpp.Receipt{ID: "0a1B", State: "DELIVRD", Error: "000"}, true},
		{"names in capitals", "ID:12 STAT:undeliv ERR:034", nil, smpp.Receipt{ID: "12", State: "UNDELIV", Error: "034"}, true},
		{"parameters count", "id:x stat:UNKNOWN", map[uint16][]byte{smpp.TagReceiptedID: []byte("77\x00"), smpp.TagMessageState: {2}}, smpp.Receipt{ID: "77", State: "DELIVRD"}, true},
		{"nothing in it", "", nil, smpp.Receipt{}, false},
	}
	for _, c := range tests {
		m := smpp.Message{ESM: smpp.ReceiptIn, Text: []byte(c.text), Parameters: c.parameters}
		if r, ok := m.ReadReceipt(); ok != c.ok || r != c.want {
			t.Errorf("%s: %+v, %v", c.name, r, ok)
		}
	}
}

// A decoder that is fed anything neither panics nor takes more memory than there are octets, and what it reads it writes again alike.
func FuzzRead(f *testing.F) {
	f.Add(text("Lũ quét").Submit().Append(nil))
	f.Add(smpp.Receipt{ID: "1", State: "DELIVRD"}.Write(smpp.Address{}, smpp.Address{}, time.Unix(0, 0)).Append(nil))
	f.Add([]byte("\x00\x01\x11\x70garbage garbage garbage"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		r := bytes.NewReader(octets)
		for {
			p, err := smpp.ReadPDU(r)
			if err != nil {
				return
			}
			m, err := smpp.ReadMessage(p.Body)
			if err != nil {
				continue
			}
			m.ReadReceipt()
			m.ReadPart()
			again, err := smpp.ReadPDU(bytes.NewReader(m.Submit().Append(nil)))
			if err != nil {
				continue // a payload may be too long together with other parameters
			}
			if back, err := smpp.ReadMessage(again.Body); err == nil && !bytes.Equal(back.Text, m.Text) {
				t.Fatalf("%q became %q", m.Text, back.Text)
			}
		}
	})
}

// A client that is not ours binds to our centre: Kannel's bearerbox, with one of its boxes sending through it.
func TestKannelBindsToOurCentre(t *testing.T) {
	bearerbox, err := exec.LookPath("bearerbox")
	if err != nil {
		t.Fatal("Kannel is missing: run scripts/install-test-deps")
	}
	bound := make(chan smpp.Bind, 4)
	c := &smpp.Centre{Accept: func(b smpp.Bind) bool { bound <- b; return true }}
	host, port, _ := strings.Cut(centre(t, c), ":")
	dir := t.TempDir()
	config := fmt.Sprintf(`group = core
admin-port = %d
admin-password = x
smsbox-port = %d
box-allow-ip = 127.0.0.1
log-file = %s
log-level = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %d

group = sms-service
keyword = default
text = ""

group = smsc
smsc = smpp
smsc-id = test
host = %s
port = %s
smsc-username = kannel
smsc-password = secret
system-type = ""
transceiver-mode = true
`, free(t), free(t), filepath.Join(dir, "log"), free(t), host, port)
	path := filepath.Join(dir, "kannel.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bearerbox, path)
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	select {
	case b := <-bound:
		if b.SystemID != "kannel" || b.Password != "secret" {
			t.Errorf("bound as %+v", b)
		}
	case <-time.After(60 * time.Second):
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("Kannel did not bind:\n%s", log)
	}
}

// Our client binds to a centre that is not ours: the npm package smpp.
func TestOurClientBindsToAnotherCentre(t *testing.T) {
	modules, err := filepath.Abs("../../../e2e/node_modules/smpp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(modules); err != nil {
		t.Fatal("the npm package smpp is missing: run scripts/install-test-deps")
	}
	cmd := exec.Command("node", "testdata/centre.cjs", modules)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	receipt, letter := make(chan smpp.Receipt, 1), make(chan string, 1)
	client := dial(t, smpp.Options{Address: strings.TrimSpace(string(line[:n])), Bind: smpp.Bind{SystemID: "banlang", Password: "secret"}, Deliver: func(_ context.Context, m smpp.Message) error {
		if r, ok := m.ReadReceipt(); ok {
			receipt <- r
		} else {
			letter <- gsm.DecodeUCS2(m.Text)
		}
		return nil
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	id, err := client.Submit(ctx, text("Nước suối lên nhanh"))
	if err != nil || id != "Nước suối lên nhanh" {
		t.Fatalf("%q, %v", id, err) // it gives back what it has read as the identifier
	}
	select {
	case r := <-receipt:
		if r.State != "DELIVRD" {
			t.Errorf("receipt %+v", r)
		}
	case <-ctx.Done():
		t.Fatal("no receipt")
	}
	if got := <-letter; got != "THÔI" {
		t.Errorf("a telephone wrote %q", got)
	}
}
