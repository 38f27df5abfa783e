package chat_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/chat"
	"banlang/internal/delivery/deliverytest"
)

const (
	zaloUser  = "8123456789012345678"
	zaloPhone = "+84912345678"
)

func zaloSettings(url string) delivery.Settings {
	return delivery.Settings{"app_id": "1234567890", "app_secret": "fixture-secret", "access_token": "fixture-access-1", "refresh_token": "fixture-refresh-1",
		"template": "300001", "server": url, "server_template": url, "server_token": url}
}

// A vault keeps the secrets of a provider as the ledger does.
type vault struct {
	mu      sync.Mutex
	kept    delivery.Settings
	renewed int
	broken  bool // cannot keep
}

func newVault() *vault { return &vault{kept: zaloSettings("")} }

func (v *vault) renew(_ context.Context, renew func(delivery.Settings) (delivery.Settings, error)) (delivery.Settings, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fresh, err := renew(v.kept)
	if err != nil {
		return v.kept, err
	}
	if fresh != nil {
		if v.broken {
			return v.kept, errors.New("disk full")
		}
		v.renewed++
		maps.Copy(v.kept, fresh)
	}
	return v.kept, nil
}

func zaloHooks(v *vault) delivery.Hooks {
	h := hooks(still)
	h.Renew = v.renew
	return h
}

func openZalo(t *testing.T, url string, v *vault) delivery.Sender {
	t.Helper()
	settings := delivery.Settings{}
	for _, f := range chat.Zalo().Fields {
		settings[f.Name] = f.Default
	}
	maps.Copy(settings, zaloSettings(url))
	return open(t, chat.Zalo(), settings, zaloHooks(v))
}

func TestZalo(t *testing.T) {
	failed := func(why string) delivery.Result { return delivery.Result{State: delivery.Failed, Why: why} }
	later := func(why string, wait time.Duration) delivery.Result {
		return delivery.Result{State: delivery.Failed, Why: why, Again: wait}
	}
	gone := delivery.Result{State: delivery.Failed, Why: "zalo.gone", Gone: true}
	doubt := delivery.Result{State: delivery.InDoubt, Why: "zalo.no_answer"}
	said := func(code string) string { return `{"error":` + code + `,"message":"` + zaloUser + `"}` }
	noTokens := func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v4/oa/access_token" {
			return false
		}
		_, _ = w.Write([]byte(recorded(t, "zalo_tokens_refused")))
		return true
	}
	withVault := func(h *delivery.Hooks) { h.Renew = newVault().renew }
	deliverytest.Wire{Connector: chat.Zalo(), Settings: zaloSettings, Hooks: withVault, Beside: noTokens, To: zaloUser, Answers: []deliverytest.Said{
		{Name: "taken", Status: 200, Body: recorded(t, "zalo_sent"), Want: delivery.Result{State: delivery.Accepted, Provider: "a0b1c2d3e4f5a6b7"}},
		{Name: "does not follow", Status: 200, Body: recorded(t, "zalo_unfollowed"), Want: gone},
		{Name: "has not talked lately", Status: 200, Body: recorded(t, "zalo_silent"), Want: failed("zalo.closed")},
		{Name: "too fast", Status: 200, Body: said("-32"), Want: later("zalo.busy", time.Minute), Ill: true},
		{Name: "enough for today", Status: 200, Body: said("-211"), Want: later("zalo.quota", time.Hour)},
		{Name: "at night", Status: 200, Body: said("-234"), Want: later("zalo.night", 30*time.Minute)},
		{Name: "token refused, and no other given", Status: 200, Body: recorded(t, "zalo_expired"), Want: later("zalo.denied", 5*time.Minute), Ill: true},
		{Name: "account not verified", Status: 200, Body: said("-221"), Want: later("zalo.denied", 5*time.Minute), Ill: true},
		{Name: "badly written", Status: 200, Body: said("-201"), Want: failed("zalo.refused")},
		{Name: "trouble that nobody names", Status: 200, Body: said("-100"), Want: doubt, Ill: true},
		{Name: "closed for now", Status: 503, Body: "<html>", Want: later("zalo.busy", 15*time.Second), Ill: true},
		{Name: "broken inside", Status: 502, Body: "<html>", Want: doubt, Ill: true},
		{Name: "a yes that is none", Status: 200, Body: "welcome", Want: doubt, Ill: true},
	}}.Run(t)
	deliverytest.Wire{Connector: chat.Zalo(), Settings: zaloSettings, Hooks: withVault, Beside: noTokens, To: zaloPhone, Answers: []deliverytest.Said{
		{Name: "template taken", Status: 200, Body: recorded(t, "zalo_template_sent"), Want: delivery.Result{State: delivery.Accepted, Provider: "a4d0243feb163bd3af00"}},
		{Name: "number without Zalo", Status: 200, Body: said("-118"), Want: gone},
		{Name: "number that is none", Status: 200, Body: said("-108"), Want: failed("zalo.refused")},
		{Name: "template at night", Status: 200, Body: said("-133"), Want: later("zalo.night", 30*time.Minute)},
		{Name: "no money left", Status: 200, Body: said("-115"), Want: later("zalo.money", 30*time.Minute), Ill: true},
		{Name: "template withdrawn", Status: 200, Body: said("-146"), Want: later("zalo.denied", 5*time.Minute), Ill: true},
		{Name: "token of the template refused", Status: 200, Body: recorded(t, "zalo_template_expired"), Want: later("zalo.denied", 5*time.Minute), Ill: true},
	}}.Run(t)
}

func TestZaloRequest(t *testing.T) {
	n := newNetwork(t, func(a asked) (int, string) {
		if a.Path == "/message/template" {
			return 200, recorded(t, "zalo_template_sent")
		}
		return 200, recorded(t, "zalo_sent")
	})
	follower, number := flood, flood
	follower.To, number.To = zaloUser, zaloPhone
	s := openZalo(t, n.URL, newVault())
	send(t, s, follower)
	send(t, s, number)
	all := n.all()
	if len(all) != 2 || all[0].Path != "/v3.0/oa/message/cs" || all[1].Path != "/message/template" {
		t.Fatalf("asked %+v", all)
	}
	sameJSON(t, all[0].Body, `{"recipient": {"user_id": "8123456789012345678"},
		"message": {"text": "🌊 Lũ về\n\nĐi lên chỗ cao.\n\nĐọc, nghe, hoặc thôi nhận tin: https://banlang.example/n/abc"}}`)
	sameJSON(t, all[1].Body, `{"phone": "84912345678", "template_id": "300001", "tracking_id": "a1",
		"template_data": {"tieu_de": "🌊 Lũ về", "noi_dung": "Đi lên chỗ cao.", "duong_dan": "https://banlang.example/n/abc"}}`)
	proof := hmac.New(sha256.New, []byte("fixture-secret"))
	proof.Write([]byte("fixture-access-1"))
	for _, a := range all {
		if a.Header.Get("Access_token") != "fixture-access-1" || a.Header.Get("Appsecret_proof") != hex.EncodeToString(proof.Sum(nil)) {
			t.Errorf("header %v", a.Header)
		}
	}
}

// A day's token runs out: the first that is refused renews it, and all go out with the new one. The pair is kept before it is used.
func TestZaloRenews(t *testing.T) {
	v := newVault()
	var mu sync.Mutex
	spent := 0
	n := newNetwork(t, func(a asked) (int, string) {
		if a.Path == "/v4/oa/access_token" {
			mu.Lock()
			defer mu.Unlock()
			form, err := url.ParseQuery(a.Body)
			if spent++; err != nil || spent > 1 || form.Get("refresh_token") != "fixture-refresh-1" || form.Get("app_id") != "1234567890" ||
				form.Get("grant_type") != "refresh_token" || a.Header.Get("Secret_key") != "fixture-secret" {
				t.Errorf("renewal %d: %s, %v", spent, a.Body, a.Header)
			}
			return 200, recorded(t, "zalo_tokens")
		}
		if a.Header.Get("Access_token") != "fixture-access-2" {
			return 200, recorded(t, "zalo_expired")
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.kept["refresh_token"] != "fixture-refresh-2" {
			t.Error("the new token is used before it is kept")
		}
		return 200, recorded(t, "zalo_sent")
	})
	batch := make([]delivery.Outgoing, 30)
	for i := range batch {
		batch[i] = flood
		batch[i].To = zaloUser
	}
	everyday, urgent := openZalo(t, n.URL, v), openZalo(t, n.URL, v)
	for _, s := range []delivery.Sender{everyday, urgent} { // the second finds out that the first has renewed
		for i, r := range send(t, s, batch...) {
			if r.State != delivery.Accepted {
				t.Errorf("message %d: %+v", i, r)
			}
		}
	}
	if v.renewed != 1 || spent != 1 {
		t.Errorf("renewed %d times, spent %d refresh tokens", v.renewed, spent)
	}
}

// What cannot be kept is not used: the message waits.
func TestZaloKeepsFirst(t *testing.T) {
	v := newVault()
	v.broken = true
	n := newNetwork(t, func(a asked) (int, string) {
		if a.Path == "/v4/oa/access_token" {
			return 200, recorded(t, "zalo_tokens")
		}
		return 200, recorded(t, "zalo_expired")
	})
	o := flood
	o.To = zaloUser
	if got := send(t, openZalo(t, n.URL, v), o)[0]; got.Why != "zalo.denied" || got.Again == 0 {
		t.Errorf("Send = %+v", got)
	}
	for _, a := range n.all() {
		if a.Header.Get("Access_token") == "fixture-access-2" {
			t.Error("a token was used that is kept nowhere")
		}
	}
}

// A message that runs out of time does not take the new pair with it: the refresh token is spent already.
func TestZaloKeepsAPairThatComesLate(t *testing.T) {
	v := newVault()
	ctx, cancel := context.WithCancel(t.Context())
	n := newNetwork(t, func(a asked) (int, string) {
		if a.Path == "/v4/oa/access_token" {
			cancel()
			time.Sleep(50 * time.Millisecond) // a request that is given up is given up by now
			return 200, recorded(t, "zalo_tokens")
		}
		return 200, recorded(t, "zalo_expired")
	})
	o := flood
	o.To = zaloUser
	openZalo(t, n.URL, v).Send(ctx, []delivery.Outgoing{o}, func(int, delivery.Result) {})
	if v.kept["refresh_token"] != "fixture-refresh-2" {
		t.Errorf("kept %q: the account is locked out", v.kept["refresh_token"])
	}
}

// Where no other token is given, not every message of a batch asks for one.
func TestZaloRestsWithoutAToken(t *testing.T) {
	n := newNetwork(t, func(a asked) (int, string) {
		if a.Path == "/v4/oa/access_token" {
			return 200, recorded(t, "zalo_tokens_refused")
		}
		return 200, recorded(t, "zalo_expired")
	})
	batch := make([]delivery.Outgoing, 100)
	for i := range batch {
		batch[i] = flood
		batch[i].To = zaloUser
	}
	for i, r := range send(t, openZalo(t, n.URL, newVault()), batch...) {
		if r.State != delivery.Failed || r.Again == 0 {
			t.Errorf("message %d: %+v", i, r)
		}
	}
	if asked := len(n.all()); asked > 50 {
		t.Errorf("asked %d times with a token that is refused", asked)
	}
}

// A text for a template is cut to its places; a channel without a template says so.
func TestZaloTemplate(t *testing.T) {
	n := newNetwork(t, func(asked) (int, string) { return 200, recorded(t, "zalo_template_sent") })
	o := flood
	o.To, o.Text = zaloPhone, strings.Repeat("Nước sông Kỳ Cùng đang lên. ", 40)
	send(t, openZalo(t, n.URL, newVault()), o)
	var body struct {
		Data map[string]string `json:"template_data"`
	}
	if err := json.Unmarshal([]byte(n.all()[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	if k := len([]rune(body.Data["noi_dung"])); k > 200 || k < 150 || !strings.HasSuffix(body.Data["noi_dung"], "…") {
		t.Errorf("%d letters: %s", k, body.Data["noi_dung"])
	}
	settings := zaloSettings(n.URL)
	for _, f := range chat.Zalo().Fields {
		if settings[f.Name] == "" {
			settings[f.Name] = f.Default
		}
	}
	settings["template"] = ""
	if got := send(t, open(t, chat.Zalo(), settings, zaloHooks(newVault())), o)[0]; got.Why != "zalo.template" || got.State != delivery.Failed || len(n.all()) != 1 {
		t.Errorf("Send without a template = %+v", got)
	}
}
