// Package push sends to browsers that asked for it, by Web Push (RFC 8030, 8291, 8292). The push service carries what it cannot read.
package push

import (
	"cmp"
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	webpush "github.com/SherClockHolmes/webpush-go"

	"banlang/internal/delivery"
	"banlang/internal/fault"
	"banlang/internal/outgoing"
	"banlang/internal/subscriber"
)

// Keys sign what is sent (VAPID, RFC 8292), base64url without padding. Browsers subscribe to the public one: with other keys every
// subscription is lost.
type Keys struct {
	Public  string // 65 bytes, uncompressed point of P-256
	Private string // 32 bytes
}

// NewKeys makes a pair.
func NewKeys() (Keys, error) {
	private, public, err := webpush.GenerateVAPIDKeys()
	return Keys{Public: public, Private: private}, err
}

// newKeys is NewKeys for a connection that is being set up.
func newKeys() (delivery.Settings, error) {
	k, err := NewKeys()
	return delivery.Settings{"public_key": k.Public, "private_key": k.Private}, err
}

// WebPush sends to push services. public_key and private_key are those of NewKeys, contact is an e-mail address or an https address at
// which a push service finds who sends.
func WebPush() delivery.Connector {
	return delivery.Connector{Name: "webpush", Channel: subscriber.Push, Open: open, Make: newKeys, Fields: []delivery.Field{
		{Name: "public_key", Required: true}, {Name: "private_key", Secret: true, Required: true}, {Name: "contact", Required: true},
	}}
}

const (
	atOnce   = 32
	answerIn = 20 * time.Second
	record   = 4096            // bytes of a whole record, the most that a push service must take (RFC 8030, section 7.2)
	overhead = 16 + 4 + 1 + 65 // of it: salt, size, length and key (RFC 8188)
	seal     = 16 + 1          // and the seal of the cipher and the end of the text
	mostText = 600             // letters shown on a lock screen, more than any shows
	longest  = 28 * 24 * time.Hour
)

type sender struct {
	keys    Keys
	contact string
	hooks   delivery.Hooks
	client  *http.Client
	*delivery.Pulse
}

func open(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
	private, err := base64.RawURLEncoding.DecodeString(s["private_key"])
	if err != nil {
		return nil, fault.Field("private_key", "push.key")
	}
	key, err := ecdh.P256().NewPrivateKey(private)
	if err != nil {
		return nil, fault.Field("private_key", "push.key")
	}
	if base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()) != s["public_key"] {
		return nil, fault.Field("public_key", "push.pair")
	}
	contact := strings.TrimPrefix(s["contact"], "mailto:")
	if !strings.HasPrefix(contact, "https://") && !strings.Contains(contact, "@") {
		return nil, fault.Field("contact", "push.contact")
	}
	return &sender{keys: Keys{Public: s["public_key"], Private: s["private_key"]}, contact: contact, hooks: h,
		client: outgoing.Client(h.Inner, answerIn, atOnce), Pulse: delivery.NewPulse(h.Now, "push.down", "push.no_answer", "push.busy", "push.denied")}, nil
}

// A note is what the service worker is given: push_worker.js shows it.
type note struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	Lang  string `json:"lang"`
	URL   string `json:"url"`
	Tag   string `json:"tag"` // a newer note of the same takes the place of the older
	Stay  bool   `json:"stay,omitempty"`
}

// Send hands over each message of a batch by itself.
func (s *sender) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	delivery.Each(batch, atOnce, func(o delivery.Outgoing) delivery.Result {
		r := s.submit(ctx, o)
		s.Learn(r)
		return r
	}, done)
}

func (s *sender) submit(ctx context.Context, o delivery.Outgoing) delivery.Result {
	var to webpush.Subscription
	if json.Unmarshal([]byte(o.To), &to) != nil || !s.allowed(to.Endpoint) {
		return delivery.Result{State: delivery.Failed, Why: "push.gone", Gone: true}
	}
	ttl := longest
	if !o.Expires.IsZero() {
		if ttl = min(longest, o.Expires.Sub(s.hooks.Now())); ttl <= 0 {
			return delivery.Result{State: delivery.Expired, Why: "push.late"}
		}
	}
	if ctx.Err() != nil {
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "push.busy"}
	}
	topic := topicOf(o)
	body := payload(o, topic)
	answer, err := webpush.SendNotificationWithContext(ctx, body, &to, &webpush.Options{HTTPClient: s.client, RecordSize: record, Subscriber: s.contact,
		Topic: topic, TTL: int(ttl / time.Second), Urgency: urgency(o.Class), VAPIDPublicKey: s.keys.Public, VAPIDPrivateKey: s.keys.Private})
	if err != nil { // its text has the address of the browser in it: it is not kept
		if _, sent := err.(*url.Error); !sent { //nolint:errorlint // net/http wraps nothing around it
			return delivery.Result{State: delivery.Failed, Why: "push.gone", Gone: true} // keys that are no keys
		}
		if errors.Is(err, outgoing.ErrInner) { // no push service stands inside: whoever subscribed wanted us to ask there
			return delivery.Result{State: delivery.Failed, Why: "push.gone", Gone: true}
		}
		if outgoing.Dialled(err) {
			return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "push.down"}
		}
		return delivery.Result{State: delivery.InDoubt, Why: "push.no_answer"}
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	detail := strconv.Itoa(answer.StatusCode)
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		location, _ := url.Parse(answer.Header.Get("Location"))
		id := ""
		if location != nil {
			id = location.Path[strings.LastIndexByte(location.Path, '/')+1:]
		}
		return delivery.Result{State: delivery.Accepted, Provider: id}
	case code == http.StatusNotFound || code == http.StatusGone:
		return delivery.Result{State: delivery.Failed, Why: "push.gone", Detail: detail, Gone: true}
	case code == http.StatusTooManyRequests || code >= 500:
		return delivery.Result{State: delivery.Failed, Again: outgoing.Pause(answer.Header.Get("Retry-After"), s.hooks.Now()), Why: "push.busy", Detail: detail}
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return delivery.Result{State: delivery.Failed, Why: "push.denied", Detail: detail}
	default:
		return delivery.Result{State: delivery.Failed, Why: "push.refused", Detail: detail}
	}
}

// allowed reports whether an address may be that of a push service.
func (s *sender) allowed(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && s.hooks.Inner)
}

// topicOf names what a message is about to the push service, which keeps one message a topic: a browser that was off for days gets the
// newest state of a bulletin once, be it a newer issue or a recall. 32 letters at most.
func topicOf(o delivery.Outgoing) string {
	sum := sha256.Sum256([]byte(cmp.Or(o.Thread, o.Attempt)))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

func urgency(c delivery.Class) webpush.Urgency {
	switch c {
	case delivery.Emergency, delivery.Priority:
		return webpush.UrgencyHigh
	default:
		return webpush.UrgencyNormal
	}
}

// payload is a note, with as much of its words as fits into a record.
func payload(o delivery.Outgoing, tag string) []byte {
	n := note{Title: delivery.Cut(o.Title, 200), Text: delivery.Cut(strings.Join(strings.Fields(o.Text), " "), mostText), Lang: o.Lang, URL: o.URL, Tag: tag, Stay: o.Class == delivery.Emergency}
	for {
		b, err := json.Marshal(n)
		if err == nil && len(b) <= record-16-overhead-seal || n.Text == "" {
			return b
		}
		n.Text = delivery.Cut(n.Text, utf8.RuneCountInString(n.Text)*3/4)
	}
}

// Close ends what is kept open.
func (s *sender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}
