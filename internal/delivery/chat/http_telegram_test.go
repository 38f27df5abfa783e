package chat_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banlang/internal/delivery"
	"banlang/internal/delivery/chat"
	"banlang/internal/delivery/deliverytest"
)

const botToken = "123456789:AAfixture_fixture-fixture_fixture12"

// recorded is a body as a network sends it: testdata/README.md says after which source.
func recorded(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func telegramSettings(url string) delivery.Settings {
	return delivery.Settings{"bot_token": botToken, "server": url}
}

func TestTelegram(t *testing.T) {
	failed := func(why string) delivery.Result { return delivery.Result{State: delivery.Failed, Why: why} }
	later := func(why string, wait time.Duration) delivery.Result {
		return delivery.Result{State: delivery.Failed, Why: why, Again: wait}
	}
	gone := delivery.Result{State: delivery.Failed, Why: "telegram.gone", Gone: true}
	deliverytest.Wire{Connector: chat.Telegram(), Settings: telegramSettings, To: "8123456789", Answers: []deliverytest.Said{
		{Name: "taken", Status: 200, Body: recorded(t, "telegram_sent"), Want: delivery.Result{State: delivery.Accepted, Provider: "a1"}},
		{Name: "too fast: as long as it says", Status: 429, Body: recorded(t, "telegram_429"), Want: later("telegram.busy", 33*time.Second), Ill: true},
		{Name: "blocked", Status: 403, Body: recorded(t, "telegram_blocked"), Want: gone},
		{Name: "account deleted", Status: 403, Body: recorded(t, "telegram_deactivated"), Want: gone},
		{Name: "never pressed Start", Status: 403, Body: recorded(t, "telegram_unstarted"), Want: gone},
		{Name: "no such chat", Status: 400, Body: recorded(t, "telegram_unknown"), Want: gone},
		{Name: "badly written", Status: 400, Body: recorded(t, "telegram_long"), Want: failed("telegram.refused")},
		{Name: "token withdrawn", Status: 401, Body: recorded(t, "telegram_401"), Want: later("telegram.denied", 5*time.Minute), Ill: true},
		{Name: "token that never was", Status: 404, Body: recorded(t, "telegram_404"), Want: later("telegram.denied", 5*time.Minute), Ill: true},
		{Name: "closed for now", Status: 503, Body: "<html>", Want: later("telegram.busy", 15*time.Second), Ill: true},
		{Name: "broken inside: nobody knows", Status: 502, Body: "<html>", Want: delivery.Result{State: delivery.InDoubt, Why: "telegram.no_answer"}, Ill: true},
		{Name: "a yes that is none", Status: 200, Body: "welcome", Want: delivery.Result{State: delivery.InDoubt, Why: "telegram.no_answer"}, Ill: true},
	}}.Run(t)
}

// A network stands in for the one outside: it keeps what it is asked and answers by path.
type network struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []asked
	answer func(asked) (status int, body string)
}

type asked struct {
	Path, Body string
	Header     http.Header
}

func newNetwork(t *testing.T, answer func(asked) (int, string)) *network {
	n := &network{answer: answer}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		a := asked{r.URL.Path, string(b), r.Header}
		n.mu.Lock()
		n.asked = append(n.asked, a)
		n.mu.Unlock()
		status, body := n.answer(a)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(n.Close)
	return n
}

func (n *network) all() []asked {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]asked(nil), n.asked...)
}

func hooks(now func() time.Time) delivery.Hooks {
	return delivery.Hooks{Provider: "p1", Inner: true, Log: slog.New(slog.DiscardHandler), Now: now}
}

func still() time.Time { return deliverytest.WireTime }

func open(t *testing.T, c delivery.Connector, s delivery.Settings, h delivery.Hooks) delivery.Sender {
	t.Helper()
	sender, err := c.Open(s, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return sender
}

func send(t *testing.T, s delivery.Sender, batch ...delivery.Outgoing) []delivery.Result {
	t.Helper()
	got := make([]delivery.Result, len(batch))
	var mu sync.Mutex
	s.Send(t.Context(), batch, func(i int, r delivery.Result) { mu.Lock(); got[i] = r; mu.Unlock() })
	return got
}

// sameJSON compares a body with what the published format has.
func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

var flood = delivery.Outgoing{Attempt: "a1", To: "8123456789", Title: "🌊 Lũ về", Text: "Đi lên chỗ cao.", Lang: "vi", URL: "https://banlang.example/n/abc",
	Stop: "https://banlang.example/n/abc/thoi"}

func TestTelegramRequest(t *testing.T) {
	n := newNetwork(t, func(asked) (int, string) { return 200, recorded(t, "telegram_sent") })
	send(t, open(t, chat.Telegram(), telegramSettings(n.URL), hooks(still)), flood)
	all := n.all()
	if len(all) != 1 || all[0].Path != "/bot"+botToken+"/sendMessage" || all[0].Header.Get("Content-Type") != "application/json" {
		t.Fatalf("asked %+v", all)
	}
	sameJSON(t, all[0].Body, `{"chat_id": 8123456789, "text": "🌊 Lũ về\n\nĐi lên chỗ cao.\n\nĐọc, nghe, hoặc thôi nhận tin: https://banlang.example/n/abc",
		"entities": [{"type": "bold", "offset": 0, "length": 8}], "link_preview_options": {"is_disabled": true}}`)
}

// What can be heard goes out as a voice. Who takes no voices, and from where the recording cannot be fetched, has the text.
func TestTelegramVoice(t *testing.T) {
	for name, c := range map[string]struct {
		voice string // answer to it
		code  int
		want  []string
		state delivery.State
	}{
		"heard":                {"telegram_voice", 200, []string{"sendVoice"}, delivery.Accepted},
		"takes no voices":      {"telegram_novoice", 400, []string{"sendVoice", "sendMessage"}, delivery.Accepted},
		"cannot be fetched":    {"telegram_nofile", 400, []string{"sendVoice", "sendMessage"}, delivery.Accepted},
		"blocked: once enough": {"telegram_blocked", 403, []string{"sendVoice"}, delivery.Failed},
		"too fast":             {"telegram_429", 429, []string{"sendVoice"}, delivery.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, func(a asked) (int, string) {
				if strings.HasSuffix(a.Path, "/sendVoice") {
					return c.code, recorded(t, c.voice)
				}
				return 200, recorded(t, "telegram_sent")
			})
			o := flood
			o.Sound = "https://banlang.example/ban-tin/x/nut.opus"
			got := send(t, open(t, chat.Telegram(), telegramSettings(n.URL), hooks(still)), o)
			var methods []string
			for _, a := range n.all() {
				methods = append(methods, a.Path[strings.LastIndexByte(a.Path, '/')+1:])
			}
			if diff := cmp.Diff(c.want, methods); diff != "" || got[0].State != c.state {
				t.Errorf("Send = %+v, asked %v", got[0], methods)
			}
			sameJSON(t, n.all()[0].Body, `{"chat_id": 8123456789, "voice": "https://banlang.example/ban-tin/x/nut.opus",
				"caption": "🌊 Lũ về\n\nĐi lên chỗ cao.\n\nĐọc, nghe, hoặc thôi nhận tin: https://banlang.example/n/abc", "caption_entities": [{"type": "bold", "offset": 0, "length": 8}]}`)
		})
	}
}

// A long text is cut at a word; the link stays.
func TestTelegramLength(t *testing.T) {
	n := newNetwork(t, func(asked) (int, string) { return 200, recorded(t, "telegram_sent") })
	o := flood
	o.Text = strings.Repeat("Nước sông Kỳ Cùng đang lên. ", 400)
	send(t, open(t, chat.Telegram(), telegramSettings(n.URL), hooks(still)), o)
	var body struct{ Text string }
	if err := json.Unmarshal([]byte(n.all()[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	if k := len([]rune(body.Text)); k > 4096 || k < 4000 || !strings.HasSuffix(body.Text, "…\n\nĐọc, nghe, hoặc thôi nhận tin: https://banlang.example/n/abc") {
		t.Errorf("%d letters, ending %q", k, body.Text[len(body.Text)-120:])
	}
}

// While the network wants to be left alone, nothing is asked; then it goes on.
func TestTelegramRests(t *testing.T) {
	status, body := 429, recorded(t, "telegram_429")
	n := newNetwork(t, func(asked) (int, string) { return status, body })
	now := deliverytest.WireTime
	s := open(t, chat.Telegram(), telegramSettings(n.URL), hooks(func() time.Time { return now }))
	send(t, s, flood)
	now = now.Add(10 * time.Second)
	if got := send(t, s, flood)[0]; got.Again != 23*time.Second || len(n.all()) != 1 {
		t.Errorf("ten seconds later: %+v, asked %d times", got, len(n.all()))
	}
	now = now.Add(24 * time.Second)
	status, body = 200, recorded(t, "telegram_sent")
	if got := send(t, s, flood)[0]; got.State != delivery.Accepted || !s.Health().Up {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestTelegramSettings(t *testing.T) {
	for name, s := range map[string]delivery.Settings{
		"no token":         {"server": "https://api.telegram.org"},
		"no address":       {"bot_token": botToken, "server": "telegram"},
		"password in it":   {"bot_token": botToken, "server": "https://a:b@api.telegram.org"},
		"token with slash": {"bot_token": "1:aaaaaaaaaaaaaaaaaaaaaaaa/../x", "server": "https://api.telegram.org"},
	} {
		if _, err := chat.Telegram().Open(s, hooks(still)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTelegramIsTried(t *testing.T) {
	status, body := 200, `{"ok":true,"result":{"id":123456789,"is_bot":true,"first_name":"Bản Làng"}}`
	n := newNetwork(t, func(asked) (int, string) { return status, body })
	s := open(t, chat.Telegram(), telegramSettings(n.URL), hooks(still)).(delivery.Trier)
	if got, want := s.Try(t.Context()), (delivery.Health{Up: true, Why: "telegram.try.known"}); got != want || len(n.all()) != 1 || !strings.HasSuffix(n.all()[0].Path, "/getMe") {
		t.Errorf("Try = %+v after %v, want %+v", got, n.all(), want)
	}
	status, body = 401, recorded(t, "telegram_401")
	if got, want := s.Try(t.Context()), (delivery.Health{Why: "telegram.denied", Note: "401"}); got != want {
		t.Errorf("Try = %+v, want %+v", got, want)
	}
	status, body = 200, "welcome"
	if got, want := s.Try(t.Context()), (delivery.Health{Why: "delivery.try.broken", Note: "200"}); got != want {
		t.Errorf("Try = %+v, want %+v", got, want)
	}
}
