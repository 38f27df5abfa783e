package outgoing_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"banlang/internal/outgoing"
)

func TestDialerStaysOutside(t *testing.T) {
	d := outgoing.Dialer(false)
	for _, address := range []string{"127.0.0.1:9", "[::1]:9", "10.0.0.1:9", "192.168.1.1:9", "169.254.169.254:80", "100.64.0.1:9", "[::ffff:127.0.0.1]:9",
		"[64:ff9b::7f00:1]:9", "[fd00::1]:9", "[fe80::1]:9", "0.0.0.0:9", "224.0.0.1:9"} {
		if err := d.Control("tcp", address, nil); !errors.Is(err, outgoing.ErrInner) {
			t.Errorf("connecting to %s: %v, want %v", address, err, outgoing.ErrInner)
		}
	}
	for _, address := range []string{"203.162.4.190:443", "[2606:4700::1111]:443"} {
		if err := d.Control("tcp", address, nil); err != nil {
			t.Errorf("connecting to %s: %v, want it allowed", address, err)
		}
	}
}

func TestClientFollowsNobodyInside(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))
	defer server.Close()
	_, err := outgoing.Client(false, time.Second, 1).Get(server.URL)
	if !errors.Is(err, outgoing.ErrInner) || !outgoing.Dialled(err) {
		t.Errorf("asking a machine inside: %v, want %v before anything was sent", err, outgoing.ErrInner)
	}
	answer, err := outgoing.Client(true, time.Second, 1).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusFound {
		t.Errorf("a redirect was followed: status %d", answer.StatusCode)
	}
}

func TestReach(t *testing.T) {
	asked := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked something") })
	plain, secure := httptest.NewServer(asked), httptest.NewTLSServer(asked)
	defer plain.Close()
	defer secure.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if err := outgoing.Reach(t.Context(), plain.URL+"/cgi-bin/sendsms?to=x", true); err != nil {
		t.Errorf("Reach = %v", err)
	}
	if err := outgoing.Reach(t.Context(), plain.URL, false); !errors.Is(err, outgoing.ErrInner) {
		t.Errorf("Reach(inside) = %v, want %v", err, outgoing.ErrInner)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](outgoing.Reach(t.Context(), secure.URL, true)); !ok {
		t.Error("a machine that nobody vouches for was reached")
	}
	plain.Close()
	if err := outgoing.Reach(t.Context(), plain.URL, true); !outgoing.Dialled(err) {
		t.Errorf("Reach(nobody there) = %v", err)
	}
}

func TestPause(t *testing.T) {
	now := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"": 5 * time.Second, "30": 30 * time.Second, "-4": time.Second, "99999": 10 * time.Minute,
		"Mon, 05 Jan 2026 03:02:00 GMT": 2 * time.Minute, "soon": 5 * time.Second} {
		if got := outgoing.Pause(text, now); got != want {
			t.Errorf("Pause(%q) = %v, want %v", text, got, want)
		}
	}
}
