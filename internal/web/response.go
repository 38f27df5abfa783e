package web

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"banlang/internal/i18n"
)

// response remembers what was answered, for the metrics and the log.
type response struct {
	http.ResponseWriter
	status int
	size   int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	return n, err
}

// ReadFrom keeps the system's own way of sending a file.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := io.Copy(w.ResponseWriter, src)
	w.size += n
	return n, err
}

// Unwrap lets http.ResponseController find deadlines.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// probe takes an answer without sending it.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

// patient renews the deadline with every piece that arrives: slow is allowed, silent is not.
type patient struct {
	io.ReadCloser
	wait func()
	last time.Time
}

func (p *patient) Read(b []byte) (int, error) {
	if now := time.Now(); now.Sub(p.last) > time.Second {
		p.last = now
		p.wait()
	}
	return p.ReadCloser.Read(b)
}

// counter numbers requests: a random start for the process, then one by one.
type counter struct {
	start string
	n     atomic.Uint64
}

func newCounter() *counter { return &counter{start: rand.Text()[:6]} }

func (c *counter) next() string { return c.start + "-" + strconv.FormatUint(c.n.Add(1), 36) }

// The page may load its own files and nothing else; no script or style stands in a page.
var (
	policy = []string{"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	nosniff     = []string{"nosniff"}
	referrer    = []string{"same-origin"}
	permissions = []string{"camera=(), geolocation=(), microphone=(self), interest-cohort=()"}
	sameOrigin  = []string{"same-origin"}
	transport   = []string{"max-age=31536000"}
)

func guardHeaders(h http.Header, v *visit) {
	h["Content-Security-Policy"] = policy
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = referrer
	h["Permissions-Policy"] = permissions
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["X-Request-Id"] = []string{v.id}
	if v.secure {
		h["Strict-Transport-Security"] = transport
	}
}

// quiet drops what the HTTP server says about clients: its lines carry their addresses.
type quiet struct{ slog.Handler }

func (quiet) Handle(context.Context, slog.Record) error { return nil }

func sizeIn(r *http.Request, n int64) string { return i18n.Bytes(visitOf(r).reader.UI, n) }
