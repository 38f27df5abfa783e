package web

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"banlang/internal/fault"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count requests by route, never by person, address or text searched.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	kept     prometheus.Counter
	show     http.Handler
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "banlang_requests_total", Help: "Requests that were not answered from kept pages.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "banlang_request_seconds", Help: "Time to answer.", Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
		}, []string{"route"}),
		kept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "banlang_kept_pages_total", Help: "Requests answered from kept pages.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.kept, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.show = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// Metrics is where other rooms register their own counts: of things, never of persons.
func (s *Site) Metrics() prometheus.Registerer { return s.metrics.registry }

// note counts and logs one request: the route as registered, never the address with its values.
func (s *Site) note(r *http.Request, v *visit, out *response, took time.Duration) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll()
	}
	route := v.route
	if route == "" {
		route = "none"
	}
	s.metrics.requests.WithLabelValues(route, strconv.Itoa(out.status)).Inc()
	s.metrics.seconds.WithLabelValues(route).Observe(took.Seconds())
	s.Log.Info("request", "request", v.id, "route", route, "status", out.status, "bytes", out.size, "ms", took.Milliseconds())
}

func (s *Site) live(w http.ResponseWriter, r *http.Request) error {
	visitOf(r).public = false
	return Bytes(w, r, "text/plain; charset=utf-8", []byte("ok\n"))
}

func (s *Site) ready(w http.ResponseWriter, r *http.Request) error {
	visitOf(r).public = false
	if s.Ready != nil {
		if err := s.Ready(r.Context()); err != nil {
			s.Log.Warn("not ready", "error", err)
			return fault.New(fault.Unavailable, "error.unavailable")
		}
	}
	return Bytes(w, r, "text/plain; charset=utf-8", []byte("ready\n"))
}

// measure shows the metrics to this machine and its own network only, and never through a proxy.
func (s *Site) measure(w http.ResponseWriter, r *http.Request) error {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	from, err := netip.ParseAddr(host)
	near := err == nil && (from.Unmap().IsLoopback() || from.Unmap().IsPrivate())
	if !near || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return fault.New(fault.NotFound, "error.not_found")
	}
	w.Header()["Cache-Control"] = noStore
	s.metrics.show.ServeHTTP(w, r)
	return nil
}
