package push_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"banlang/internal/delivery"
	"banlang/internal/delivery/push"
)

var b64 = base64.RawURLEncoding

// A browser holds the keys of a subscription and reads what a push service brings (RFC 8291).
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	return browser{key, auth}
}

func (b browser) subscription(endpoint string) string {
	return `{"endpoint":"` + endpoint + `","expirationTime":null,"keys":{"p256dh":"` + b64.EncodeToString(b.key.PublicKey().Bytes()) + `","auth":"` + b64.EncodeToString(b.auth) + `"}}`
}

func (b browser) read(t *testing.T, body []byte) []byte {
	t.Helper()
	if len(body) > 4096 || len(body) < 86 || binary.BigEndian.Uint32(body[16:20]) > 4096 || body[20] != 65 {
		t.Fatalf("a record of %d bytes", len(body))
	}
	salt, theirs := body[:16], body[21:86]
	public, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.key.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		out, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ikm := derive(shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(theirs), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), body[86:], nil)
	if err != nil {
		t.Fatalf("the browser cannot read it: %v", err)
	}
	return []byte(strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02"))
}

var now = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

func hooks() delivery.Hooks {
	return delivery.Hooks{Provider: "p1", Inner: true, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
}

func sender(t *testing.T, h delivery.Hooks) (delivery.Sender, push.Keys) {
	t.Helper()
	keys, err := push.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	s, err := push.WebPush().Open(delivery.Settings{"public_key": keys.Public, "private_key": keys.Private, "contact": "tin@banlang.example"}, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, keys
}

func send(t *testing.T, s delivery.Sender, o delivery.Outgoing) delivery.Result {
	t.Helper()
	var got []delivery.Result
	s.Send(t.Context(), []delivery.Outgoing{o}, func(_ int, r delivery.Result) { got = append(got, r) })
	if len(got) != 1 {
		t.Fatalf("done was called %d times", len(got))
	}
	return got[0]
}

func TestBrowserReadsWhatWasSent(t *testing.T) {
	b := newBrowser(t)
	var request *http.Request
	var body []byte
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "/message/m-7")
		w.WriteHeader(http.StatusCreated)
	}))
	defer service.Close()
	s, keys := sender(t, hooks())
	o := delivery.Outgoing{Attempt: "a1", To: b.subscription(service.URL + "/send/x"), Title: "Lũ về Sông Mã", Text: strings.Repeat("Đi lên chỗ cao \"ngay\" <b>. ", 500),
		Lang: "vi", URL: "https://banlang.example/n/abc", Class: delivery.Emergency, Expires: now.Add(2 * time.Hour)}
	if r := send(t, s, o); r.State != delivery.Accepted || r.Provider != "m-7" {
		t.Fatalf("Send = %+v, want it accepted as m-7", r)
	}
	var note struct {
		Title, Text, Lang, URL, Tag string
		Stay                        bool
	}
	if err := json.Unmarshal(b.read(t, body), &note); err != nil {
		t.Fatal(err)
	}
	if note.Title != o.Title || note.Lang != "vi" || note.URL != o.URL || !note.Stay || !strings.HasPrefix(note.Text, "Đi lên chỗ cao \"ngay\" <b>.") || !strings.HasSuffix(note.Text, "…") {
		t.Errorf("the browser reads %+v", note)
	}
	for header, want := range map[string]string{"TTL": "7200", "Urgency": "high", "Content-Encoding": "aes128gcm", "Topic": note.Tag} {
		if got := request.Header.Get(header); got != want || got == "" {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if claims := signed(t, request, keys.Public); claims.Subject != "mailto:tin@banlang.example" || claims.Audience[0] != service.URL {
		t.Errorf("signed for %v by %q, want %s by who sends", claims.Audience, claims.Subject, service.URL)
	}
}

// signed reads the token with which we say to a push service who we are (VAPID, RFC 8292), as it does: signed by the key that the
// browser subscribed to, for this service alone, for a day at most.
func signed(t *testing.T, r *http.Request, public string) jwt.RegisteredClaims {
	t.Helper()
	token, key, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	if key != public {
		t.Fatalf("signed for the key %q, want %q", key, public)
	}
	point, err := b64.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired(), jwt.WithAudience("http://"+r.Host))
	if _, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return k, nil }); err != nil {
		t.Fatalf("a push service does not accept the signature: %v", err)
	}
	if left := time.Until(claims.ExpiresAt.Time); left > 24*time.Hour || len(claims.Audience) != 1 {
		t.Errorf("signed for %v and %v, want one service and a day at most", claims.Audience, left)
	}
	return claims
}

// Each class says how long it is worth keeping, and whether it may wake a telephone that saves its battery. What is about the same
// thing has the same topic, so that a browser that was off gets the newest of it once.
func TestHowEachClassTravels(t *testing.T) {
	b := newBrowser(t)
	var request *http.Request
	var size int
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request, size = r, len(body)
		w.WriteHeader(http.StatusCreated)
	}))
	defer service.Close()
	s, keys := sender(t, hooks())
	topics := map[string]string{}
	for _, c := range []struct {
		name    string
		o       delivery.Outgoing
		ttl     string
		urgency string
	}{
		{"an emergency", delivery.Outgoing{Class: delivery.Emergency, Thread: "lu", Expires: now.Add(time.Hour)}, "3600", "high"},
		{"its recall", delivery.Outgoing{Class: delivery.Priority, Thread: "lu"}, "2419200", "high"},
		{"a daily item", delivery.Outgoing{Class: delivery.Normal, Thread: "gia", Expires: now.Add(365 * 24 * time.Hour)}, "2419200", "normal"},
		{"a notice", delivery.Outgoing{Attempt: "a1"}, "2419200", "normal"},
		{"another notice", delivery.Outgoing{Attempt: "a2"}, "2419200", "normal"},
	} {
		c.o.To, c.o.Title, c.o.Text = b.subscription(service.URL+"/send/x"), "Tin", strings.Repeat("\u2028<&>ữ", 2000) // letters that JSON writes long
		if r := send(t, s, c.o); r.State != delivery.Accepted {
			t.Fatalf("%s: %+v, want it accepted", c.name, r)
		}
		signed(t, request, keys.Public)
		topic := request.Header.Get("Topic")
		topics[c.name] = topic
		if got := request.Header.Get("TTL"); got != c.ttl {
			t.Errorf("%s: TTL %s, want %s", c.name, got, c.ttl)
		}
		if got := request.Header.Get("Urgency"); got != c.urgency {
			t.Errorf("%s: urgency %s, want %s", c.name, got, c.urgency)
		}
		if got := request.Header.Get("Content-Encoding"); got != "aes128gcm" || size > 4096 {
			t.Errorf("%s: %d bytes in %s", c.name, size, got)
		}
		if _, err := b64.DecodeString(topic); err != nil || topic == "" || len(topic) > 32 {
			t.Errorf("%s: the topic %q is none (RFC 8030, section 5.4)", c.name, topic)
		}
	}
	if topics["an emergency"] != topics["its recall"] || topics["an emergency"] == topics["a daily item"] || topics["a notice"] == topics["another notice"] {
		t.Errorf("topics are %v: a recall takes the place of what it recalls, and nothing else does", topics)
	}
}

func TestAnswersOfPushServices(t *testing.T) {
	b := newBrowser(t)
	status, after := 0, ""
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(status)
	}))
	defer service.Close()
	s, _ := sender(t, hooks())
	for _, c := range []struct {
		status int
		after  string
		want   delivery.Result
		up     bool
	}{
		{410, "", delivery.Result{State: delivery.Failed, Why: "push.gone", Gone: true}, true},
		{404, "", delivery.Result{State: delivery.Failed, Why: "push.gone", Gone: true}, true},
		{429, "30", delivery.Result{State: delivery.Failed, Why: "push.busy", Again: 30 * time.Second}, false},
		{503, "", delivery.Result{State: delivery.Failed, Why: "push.busy", Again: 5 * time.Second}, false},
		{403, "", delivery.Result{State: delivery.Failed, Why: "push.denied"}, false},
		{413, "", delivery.Result{State: delivery.Failed, Why: "push.refused"}, true},
		{201, "", delivery.Result{State: delivery.Accepted}, true},
	} {
		status, after = c.status, c.after
		got := send(t, s, delivery.Outgoing{To: b.subscription(service.URL + "/x"), Title: "Tin"})
		got.Detail = ""
		if got != c.want || s.Health().Up != c.up {
			t.Errorf("after %d: %+v, up %v, want %+v, up %v", c.status, got, s.Health().Up, c.want, c.up)
		}
	}
	for name, to := range map[string]string{"no JSON": "+84912345678", "no keys": `{"endpoint":"` + service.URL + `","keys":{}}`, "no address": `{"endpoint":"file:///etc/passwd"}`} {
		if got := send(t, s, delivery.Outgoing{To: to}); !got.Gone {
			t.Errorf("%s: %+v, want it gone", name, got)
		}
	}
	if got := send(t, s, delivery.Outgoing{To: b.subscription(service.URL), Expires: now.Add(-time.Second)}); got.State != delivery.Expired {
		t.Errorf("too late: %+v, want it expired", got)
	}
}

// A subscription is written by whoever subscribes: it must not lead into our own house.
func TestPushStaysOutside(t *testing.T) {
	asked := false
	service := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer service.Close()
	h := hooks()
	h.Inner = false
	s, _ := sender(t, h)
	if got := send(t, s, delivery.Outgoing{To: newBrowser(t).subscription(service.URL), Title: "Tin"}); !got.Gone || !s.Health().Up || asked {
		t.Errorf("a machine inside was asked: %+v", got)
	}
}

func TestKeysBelongTogether(t *testing.T) {
	a, _ := push.NewKeys()
	b, _ := push.NewKeys()
	if _, err := push.WebPush().Open(delivery.Settings{"public_key": a.Public, "private_key": b.Private, "contact": "x@y.vn"}, hooks()); err == nil {
		t.Error("keys of two pairs were taken")
	}
}
