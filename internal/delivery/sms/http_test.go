package sms_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/gsm"
	"banlang/internal/delivery/smpp"
	"banlang/internal/delivery/sms"
)

// gateway opens a gateway with the fields' defaults and what is given.
func gateway(t *testing.T, h delivery.Hooks, given delivery.Settings) delivery.Sender {
	t.Helper()
	settings := delivery.Settings{}
	for _, f := range sms.Gateway().Fields {
		settings[f.Name] = f.Default
	}
	maps.Copy(settings, given)
	s, err := sms.Gateway().Open(settings, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var warning = delivery.Outgoing{Attempt: "a1", To: "+84912345678", Text: "Nước lên \"nhanh\" & {to}\nđi ngay"}

// Each value is escaped for where it stands, and nothing in a text is taken for a place to fill.
func TestGatewayTemplates(t *testing.T) {
	var got struct{ To, Text, ID string }
	var query url.Values
	var auth string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, auth = r.URL.Query(), r.Header.Get("Authorization")
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		io.WriteString(w, `{"message":"m-7"}`)
	}))
	defer server.Close()
	e := &ears{}
	s := gateway(t, e.hooks(), delivery.Settings{"url": server.URL + "/send?n={number}&t={text}", "token": "hidden", "success": `"message":"([^"]+)"`})
	r := send(t, s, warning)[0]
	if r.State != delivery.Accepted || r.Provider != "m-7" {
		t.Errorf("%+v", r)
	}
	if got.To != warning.To || got.Text != warning.Text || got.ID != "a1" || query.Get("n") != "84912345678" || query.Get("t") != warning.Text || auth != "Bearer hidden" {
		t.Errorf("the gateway read %+v, %v, %q", got, query, auth)
	}
}

func TestWhatTheGatewayRefuses(t *testing.T) {
	tests := []struct {
		status    int
		body, why string
		state     delivery.State
		again     time.Duration
	}{
		{200, "ok 5", "", delivery.Accepted, 0},
		{200, "no credit", "sms.refused", delivery.Failed, 0},
		{400, "", "sms.refused", delivery.Failed, 0},
		{302, "", "sms.refused", delivery.Failed, 0},
		{401, "", "sms.password", delivery.Failed, 5 * time.Minute},
		{429, "", "sms.busy", delivery.Failed, 7 * time.Second},
		{503, "", "sms.busy", delivery.Failed, 7 * time.Second},
		{500, "", "sms.no_answer", delivery.InDoubt, 0},
		{0, "", "sms.no_answer", delivery.InDoubt, 0}, // it hangs up
	}
	for _, c := range tests {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		got := send(t, gateway(t, (&ears{}).hooks(), delivery.Settings{"url": server.URL, "success": `^ok (\d+)`}), warning)[0]
		if got.State != c.state || got.Why != c.why || got.Again != c.again {
			t.Errorf("%d %q: %+v", c.status, c.body, got)
		}
		server.Close()
		if c.status != 200 {
			continue
		}
		down := gateway(t, (&ears{}).hooks(), delivery.Settings{"url": server.URL})
		if got := send(t, down, warning)[0]; got.Why != "sms.down" || got.Again == 0 || down.Health().Up {
			t.Errorf("nobody there: %+v, %+v", got, down.Health())
		}
	}
}

// What is inside is not spoken to unless the administrator said so, neither by its address nor by a name.
func TestInnerAddresses(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	h := (&ears{}).hooks()
	h.Inner = false
	for _, address := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), strings.Replace(server.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		if got := send(t, gateway(t, h, delivery.Settings{"url": address}), warning)[0]; got.Why != "sms.down" {
			t.Errorf("%s: %+v", address, got)
		}
	}
	for _, address := range []string{"http://example.org/", "ftp://example.org/", "https://{to}.example.org/", "https:///x", "x"} {
		if _, err := sms.Gateway().Open(delivery.Settings{"url": address, "method": "POST"}, h); err == nil {
			t.Errorf("%s was taken", address)
		}
	}
}

// A gateway is tried without asking it: Kannel takes a mere GET for a message.
func TestGatewayIsTried(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked something") }))
	defer server.Close()
	h := (&ears{}).hooks()
	try := func() delivery.Health {
		return gateway(t, h, delivery.Settings{"url": server.URL + "/?to={to}&text={text}"}).(delivery.Trier).Try(t.Context())
	}
	if got, want := try(), (delivery.Health{Up: true, Why: "delivery.try.reached"}); got != want {
		t.Errorf("Try = %+v, want %+v", got, want)
	}
	server.Close()
	if got, want := try(), (delivery.Health{Why: "delivery.try.port"}); got != want {
		t.Errorf("Try = %+v, want %+v", got, want)
	}
}

func TestCalls(t *testing.T) {
	sign := func(body, secret string) string {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write([]byte(body))
		return hex.EncodeToString(m.Sum(nil))
	}
	const receipt, letter = `{"id":"m-7","status":"DELIVRD"}`, "from=0912345678&text=TH%C3%94I&message_id=9"
	signed, plain := delivery.Settings{"call_secret": "s3cret", "call_header": "X-Signature"}, delivery.Settings{"call_secret": "s3cret"}
	head := func(v string) map[string][]string { return map[string][]string{"X-Signature": {v}} }
	tests := []struct {
		name            string
		settings        delivery.Settings
		call            delivery.Call
		status          int
		receipts, heard int
	}{
		{"signed receipt", signed, delivery.Call{Header: head(sign(receipt, "s3cret")), Body: []byte(receipt)}, 200, 1, 0},
		{"signed letter", signed, delivery.Call{Header: head("sha256=" + sign(letter, "s3cret")), Body: []byte(letter)}, 200, 0, 1},
		{"another's signature", signed, delivery.Call{Header: head(sign(receipt, "other")), Body: []byte(receipt)}, 404, 0, 0},
		{"a changed body", signed, delivery.Call{Header: head(sign(receipt, "s3cret")), Body: []byte(letter)}, 404, 0, 0},
		{"no signature, but a key", signed, delivery.Call{Query: map[string][]string{"key": {"s3cret"}}, Body: []byte(receipt)}, 404, 0, 0},
		{"what is not signed does not count", signed, delivery.Call{Header: head(sign("", "s3cret")), Query: map[string][]string{"id": {"m-7"}, "status": {"1"}}}, 400, 0, 0},
		{"key", plain, delivery.Call{Query: map[string][]string{"key": {"s3cret"}, "id": {"m-7"}, "status": {"1"}}}, 200, 1, 0},
		{"a state on the way", plain, delivery.Call{Query: map[string][]string{"key": {"s3cret"}, "id": {"m-7"}, "status": {"8"}}}, 200, 0, 0},
		{"wrong key", plain, delivery.Call{Query: map[string][]string{"key": {"s3cre"}, "id": {"m-7"}, "status": {"1"}}}, 404, 0, 0},
		{"no secret set", delivery.Settings{}, delivery.Call{Query: map[string][]string{"key": {""}, "id": {"m-7"}, "status": {"1"}}}, 404, 0, 0},
	}
	for _, c := range tests {
		e := &ears{}
		c.settings["url"] = "https://example.org/"
		status, _ := gateway(t, e.hooks(), c.settings).(delivery.Caller).Call(t.Context(), c.call)
		if status != c.status || len(e.receipts) != c.receipts || len(e.heard) != c.heard {
			t.Errorf("%s: %d, receipts %+v, letters %+v", c.name, status, e.receipts, e.heard)
		}
		if c.heard == 1 && (e.heard[0].From != "+84912345678" || e.heard[0].Text != "THÔI" || e.heard[0].ID != "9") {
			t.Errorf("%s: %+v", c.name, e.heard[0])
		}
	}
}

// A whole way through Kannel: our gateway asks its smsbox, its bearerbox binds to a centre, and the receipt and what a telephone writes
// come back as calls.
func TestKannel(t *testing.T) {
	for _, program := range []string{"bearerbox", "smsbox", fakesmsc} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatal("Kannel is missing: run scripts/install-test-deps")
		}
	}
	c, e := &smpp.Centre{Keep: true, Receipt: "DELIVRD", Latency: 200 * time.Millisecond}, &ears{}
	address, err := c.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address)
	var caller delivery.Caller
	calls := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		status, _ := caller.Call(r.Context(), delivery.Call{Method: r.Method, Header: r.Header, Query: r.URL.Query(), Body: body})
		w.WriteHeader(status)
	}))
	defer calls.Close()
	dir, ports := t.TempDir(), [4]int{free(t), free(t), free(t), free(t)}
	config := fmt.Sprintf(`group = core
admin-port = %d
admin-password = x
smsbox-port = %d
box-allow-ip = 127.0.0.1

group = smsc
smsc = smpp
smsc-id = test
host = %s
port = %s
smsc-username = kannel
smsc-password = secret
system-type = ""
transceiver-mode = true

group = smsc
smsc = fake
smsc-id = fake
port = %d
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %d

group = sendsms-user
username = banlang
password = hidden
forced-smsc = test
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "%s/?key=s3cret&from=%%p&text=%%a&coding=%%c&message_id=%%I"
omit-empty = true
max-messages = 0
`, ports[0], ports[1], host, port, ports[3], ports[2], calls.URL)
	path := filepath.Join(dir, "kannel.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "bearerbox", "-v", "2", path)
	reachable(t, ports[1])
	run(t, dir, "smsbox", "-v", "2", path)
	reachable(t, ports[2])
	s := gateway(t, e.hooks(), delivery.Settings{"method": "GET", "user": "banlang", "password": "hidden", "sender": "8088", "call_secret": "s3cret", "success": "^0: Accepted",
		"url": fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms?username={user}&password={password}&from={from}&to={to}&text={text}&charset=UTF-8&coding={coding}&dlr-mask=19&dlr-url=%s",
			ports[2], url.QueryEscape(calls.URL+"/?key=s3cret&status=%d&id=")+"{id}")})
	caller = s.(delivery.Caller)
	text := strings.Repeat("Nước suối lên nhanh, bà con đi ngay lên chỗ cao. ", 3)
	if r := send(t, s, delivery.Outgoing{Attempt: "a1", To: "+84912345678", Text: text})[0]; r.State != delivery.Accepted || r.Provider != "a1" {
		t.Fatalf("%+v", r)
	}
	receipts, _ := e.wait(t, 1, 0)
	if receipts[0].ID != "a1" || receipts[0].State != delivery.Delivered {
		t.Errorf("receipt %+v", receipts[0])
	}
	var whole strings.Builder
	for _, m := range c.Took() {
		_, octets, _ := m.Message.ReadPart()
		whole.WriteString(gsm.DecodeUCS2(octets))
	}
	if whole.String() != text {
		t.Errorf("the telephone reads %q", whole.String())
	}
	if err := c.Send(smpp.Message{From: smpp.Address{TON: 1, NPI: 1, Number: "84912345678"}, To: smpp.Address{Number: "8088"}, Coding: smpp.UCS2, Text: gsm.EncodeUCS2("THÔI")}.Deliver()); err != nil {
		t.Fatal(err)
	}
	if _, heard := e.wait(t, 0, 1); heard[0].From != "+84912345678" || heard[0].Text != "THÔI" {
		t.Errorf("heard %+v", heard[0])
	}
	run(t, dir, fakesmsc, "-H", "127.0.0.1", "-r", strconv.Itoa(ports[3]), "-m", "1", "84987654321 8088 text DK 06325")
	if _, heard := e.wait(t, 0, 2); heard[1].From != "+84987654321" || heard[1].Text != "DK 06325" {
		t.Errorf("heard %+v", heard[1])
	}
}

// fakesmsc plays telephones towards a bearerbox; Debian puts it beside Kannel's other tests.
const fakesmsc = "/usr/lib/kannel/test/fakesmsc"

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	var out strings.Builder
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", program, out.String())
		}
	})
}

// free is a port that nobody listens on now.
func free(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// reachable waits until somebody listens on a port.
func reachable(t *testing.T, port int) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody listens on %d: %v", port, err)
		}
	}
}
