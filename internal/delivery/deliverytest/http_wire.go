package deliverytest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/i18n"
)

// A Wire is a channel that asks a network by HTTP, as the table of tests sees it that every such channel passes.
type Wire struct {
	Connector delivery.Connector
	Settings  func(url string) delivery.Settings // beside the defaults of the fields
	Hooks     func(h *delivery.Hooks)            // what it needs beside the usual; may be nil
	Beside    func(w http.ResponseWriter, r *http.Request) bool
	To        string
	Answers   []Said
}

// Said is an answer of a network and what it means. The detail is not compared.
type Said struct {
	Name   string
	Status int
	Header map[string]string
	Body   string
	Want   delivery.Result
	Ill    bool // the connection is ill, not one message
}

// WireTime is what the clock shows in the table.
var WireTime = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

// Bench is one run of a channel.
type bench struct {
	Wire
	t      *testing.T
	said   atomic.Pointer[Said]
	asked  atomic.Int64
	log    bytes.Buffer
	server *httptest.Server
	sealed []string // what nobody may see
}

func newBench(t *testing.T, w Wire) *bench {
	b := &bench{Wire: w, t: t}
	b.server = httptest.NewUnstartedServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if b.Beside != nil && b.Beside(answer, r) {
			return
		}
		b.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		said := b.said.Load()
		if said == nil { // it has the request, and is gone
			c, _, err := http.NewResponseController(answer).Hijack()
			if err == nil {
				_ = c.Close()
			}
			return
		}
		for name, value := range said.Header {
			answer.Header().Set(name, value)
		}
		answer.WriteHeader(said.Status)
		_, _ = io.WriteString(answer, said.Body)
	}))
	b.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	b.server.Start()
	t.Cleanup(b.server.Close)
	return b
}

func (b *bench) open(url string, inner bool) delivery.Sender {
	b.t.Helper()
	settings := delivery.Settings{}
	for _, f := range b.Connector.Fields {
		settings[f.Name] = f.Default
	}
	maps.Copy(settings, b.Settings(url))
	for _, f := range b.Connector.Fields {
		if f.Secret {
			b.sealed = append(b.sealed, settings[f.Name])
		}
	}
	h := delivery.Hooks{Provider: "p1", Inner: inner, Log: slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: func() time.Time { return WireTime }}
	if b.Hooks != nil {
		b.Hooks(&h)
	}
	s, err := b.Connector.Open(settings, h)
	if err != nil {
		b.t.Fatalf("Open = %v", err)
	}
	b.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.t.Errorf("Close = %v", err)
		}
	})
	return s
}

// notice is what the table sends.
func (b *bench) message() delivery.Outgoing {
	return delivery.Outgoing{Attempt: "a1", To: b.To, Title: "Lũ về", Text: "canary-text: đi lên chỗ cao", Lang: "vi", URL: "https://banlang.example/n/canary-link",
		Stop: "https://banlang.example/n/canary-link/thoi"}
}

// send sends some messages and looks at what each came to.
func (b *bench) send(ctx context.Context, s delivery.Sender, n int) delivery.Result {
	b.t.Helper()
	var mu sync.Mutex
	count := make([]int, n)
	var last delivery.Result
	batch := make([]delivery.Outgoing, n)
	for i := range batch {
		batch[i] = b.message()
	}
	s.Send(ctx, batch, func(i int, r delivery.Result) {
		mu.Lock()
		defer mu.Unlock()
		count[i]++
		last = r
	})
	for i, k := range count {
		if k != 1 {
			b.t.Errorf("message %d of %d was answered %d times", i, n, k)
		}
	}
	b.look(last, s.Health())
	return last
}

// look sees that a result can be told to an officer, and that it tells nothing of the person or of what is sealed.
func (b *bench) look(r delivery.Result, h delivery.Health) {
	b.t.Helper()
	text, err := i18n.Load()
	if err != nil {
		b.t.Fatal(err)
	}
	if r.State != delivery.Accepted && r.Why == "" {
		b.t.Errorf("%+v does not say why", r)
	}
	for _, key := range []string{r.Why, h.Why} {
		for _, lang := range []string{"vi", "en"} {
			if key != "" && text.Text(lang, key) == key {
				b.t.Errorf("%s has no words in %s", key, lang)
			}
		}
	}
	for _, secret := range append([]string{b.To, "canary-text", "canary-link"}, b.sealed...) {
		for what, told := range map[string]string{"the log": b.log.String(), "the result": r.Detail + r.Provider, "the health": h.Note} {
			if secret != "" && strings.Contains(told, secret) {
				b.t.Errorf("%s tells %q: %s", what, secret, told)
			}
		}
	}
}

// Run puts a channel through the table.
func (w Wire) Run(t *testing.T) {
	for _, said := range w.Answers {
		t.Run(said.Name, func(t *testing.T) {
			b := newBench(t, w)
			b.said.Store(&said)
			s := b.open(b.server.URL, true)
			got := b.send(t.Context(), s, 1)
			got.Detail = ""
			if got != said.Want || s.Health().Up == said.Ill {
				t.Errorf("Send = %+v, up %v, want %+v, up %v", got, s.Health().Up, said.Want, !said.Ill)
			}
		})
	}
	t.Run("each of a batch is answered once", func(t *testing.T) {
		b := newBench(t, w)
		b.said.Store(&w.Answers[0])
		b.send(t.Context(), b.open(b.server.URL, true), 40)
	})
	t.Run("nothing listens: later", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		b := newBench(t, w)
		s := b.open("http://"+l.Addr().String(), true)
		if got := b.send(t.Context(), s, 1); got.State != delivery.Failed || got.Again == 0 || s.Health().Up {
			t.Errorf("Send = %+v, up %v", got, s.Health().Up)
		}
	})
	t.Run("cut after the request: in doubt", func(t *testing.T) {
		b := newBench(t, w)
		s := b.open(b.server.URL, true)
		if got := b.send(t.Context(), s, 1); got.State != delivery.InDoubt || got.Again != 0 || s.Health().Up || b.asked.Load() == 0 {
			t.Errorf("Send = %+v, up %v, asked %d times", got, s.Health().Up, b.asked.Load())
		}
	})
	t.Run("no time left: nothing is asked", func(t *testing.T) {
		b := newBench(t, w)
		b.said.Store(&w.Answers[0])
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if got := b.send(ctx, b.open(b.server.URL, true), 3); got.Again == 0 || b.asked.Load() != 0 {
			t.Errorf("Send = %+v, asked %d times", got, b.asked.Load())
		}
	})
	t.Run("machines inside are not asked", func(t *testing.T) {
		secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("asked") }))
		defer secure.Close()
		b := newBench(t, w)
		if got := b.send(t.Context(), b.open(secure.URL, false), 1); got.State != delivery.Failed {
			t.Errorf("Send = %+v", got)
		}
	})
	t.Run("tried: nothing listens, or it is inside", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		b := newBench(t, w)
		for why, s := range map[string]delivery.Sender{"delivery.try.port": b.open("http://"+l.Addr().String(), true), "delivery.try.inner": b.open("https://"+l.Addr().String(), false)} {
			if trier, ok := s.(delivery.Trier); ok && trier.Try(t.Context()) != (delivery.Health{Why: why}) {
				t.Errorf("Try = %+v, want %s", trier.Try(t.Context()), why)
			}
		}
	})
	t.Run("plain connections to the open network are refused", func(t *testing.T) {
		settings := delivery.Settings{}
		for _, f := range w.Connector.Fields {
			settings[f.Name] = f.Default
		}
		maps.Copy(settings, w.Settings("http://network.example"))
		if _, err := w.Connector.Open(settings, delivery.Hooks{Log: slog.New(slog.DiscardHandler), Now: time.Now}); err == nil {
			t.Error("Open took http://network.example")
		}
	})
}
