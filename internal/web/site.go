// Package web serves pages. It knows requests, sessions in cookies, forms, layouts, static files and how a page looks; it
// knows no noun of the domain but the duties: a route is registered with its act, and there is no way to register one without.
package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"

	"golang.org/x/net/netutil"
)

// A Handler answers a request or returns why it cannot: a fault is shown to the person in words, anything else is logged and
// shown as "something went wrong" with the request's number.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Accounts tells who holds a session token, now: a fault of kind Unauthenticated where nobody does.
type Accounts interface {
	Actor(ctx context.Context, token string) (duty.Actor, error)
}

// A Language is one that readers may choose to hear, by its name as the header shows it.
type Language struct{ Tag, Name string }

// Options are what a Site is built from. The zero value of each but Text, Policy and Now is useful.
type Options struct {
	Text      *i18n.Bundle
	Policy    *duty.Policy
	Now       func() time.Time
	Log       *slog.Logger
	Accounts  Accounts      // nil: nobody signs in
	Commits   func() uint64 // moves when data changes; kept pages are made anew then
	Ready     func(context.Context) error
	Origin    string     // https://banlang.langson.gov.vn: what permanent addresses begin with; "" is taken from the request
	Province  string     // the name below the mark
	Agency    string     // who answers for the pages
	Phone     string     // line to listen by telephone; hidden until there is one
	Demo      bool       // everything is labelled as a demonstration
	Languages []Language // to be heard, the province's own choice and order
	Proxy     bool       // believe X-Forwarded-For and X-Forwarded-Proto: only behind our own proxy
	Secure    bool       // everything reaches readers over TLS, whoever ends it
	Upload    int64      // the largest request with files, in bytes; 0 is 64 MB
	Limits    Limits
}

// A Route is a registered address and the act that opens it.
type Route struct {
	Pattern string
	Act     duty.Act
}

// Site is the whole of the pages of one installation. Its methods that register are for start-up only.
type Site struct {
	Options
	mux     *http.ServeMux
	routes  []Route
	menu    []MenuItem
	assets  *assets
	cache   *cache
	limits  *limiter
	metrics *metrics
	cross   *http.CrossOriginProtection
	number  *counter
	parts   *template.Template
	frames  *Room // the layouts and the error pages
}

// New builds a site with its own routes: static files, health, metrics.
func New(o Options) (*Site, error) {
	if o.Text == nil || o.Policy == nil || o.Now == nil {
		return nil, errors.New("web: messages, a policy and a clock are needed")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Upload == 0 {
		o.Upload = 64 << 20
	}
	o.Languages = shortened(o.Languages)
	s := &Site{
		Options: o,
		mux:     http.NewServeMux(),
		cache:   &cache{},
		limits:  newLimiter(o.Limits),
		metrics: newMetrics(),
		cross:   http.NewCrossOriginProtection(),
		number:  newCounter(),
	}
	var err error
	if s.assets, err = ownAssets(); err != nil {
		return nil, err
	}
	s.parts = template.New("").Funcs((&call{site: s}).funcs())
	template.Must(s.parts.ParseFS(pages, "page/part/*.html"))
	s.frames = s.Room("web", pages)
	s.Handle("GET /static/{name...}", duty.Public, s.static)
	s.Handle("GET /livez", duty.Public, s.live)
	s.Handle("GET /readyz", duty.Public, s.ready)
	s.Handle("GET /metrics", duty.Public, s.measure)
	return s, nil
}

// shortened leaves out what stands in brackets behind a language's name where the name is clear without it: a tile holds three
// words at most. "Mông (chưa rõ ngành)" is Mông to a reader; the two languages called Dao keep their brackets.
func shortened(languages []Language) []Language {
	short := make([]Language, len(languages))
	times := map[string]int{}
	for i, l := range languages {
		base, _, _ := strings.Cut(l.Name, " (")
		short[i] = Language{l.Tag, base}
		times[base]++
	}
	for i, l := range languages {
		if times[short[i].Name] > 1 {
			short[i] = l
		}
	}
	return short
}

// Handle registers a page or a form with the act that opens it: "POST /ban-lam-viec/ban-tin/{id}/duyet". Who may not do the
// act anywhere is sent to sign in or told so before h runs; whether they may do it to this thing is the use case's to ask.
func (s *Site) Handle(pattern string, act duty.Act, h Handler) {
	if act != duty.Public && act.Room() == "" {
		panic(fmt.Sprintf("web: route %q: no act is called %q", pattern, act))
	}
	s.routes = append(s.routes, Route{pattern, act})
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := visitOf(r)
		v.route = pattern
		err := s.enter(r, v, act)
		if err == nil {
			err = spell(r)
		}
		if err == nil && unsafe(r.Method) {
			err = parse(r)
		}
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// Routes lists what was registered, in order.
func (s *Site) Routes() []Route { return append([]Route(nil), s.routes...) }

// enter finds who is asking and whether the act is open to them at all.
func (s *Site) enter(r *http.Request, v *visit, act duty.Act) error {
	if v.token != "" && s.Accounts != nil {
		actor, err := s.Accounts.Actor(r.Context(), v.token)
		switch {
		case fault.Is(err, fault.Unauthenticated):
			v.stale = true
		case err != nil:
			return err
		}
		v.actor = actor
	}
	switch {
	case s.Policy.May(v.actor, act):
		return nil
	case v.actor.ID == "":
		return fault.New(fault.Unauthenticated, "error.unauthenticated")
	}
	return fault.New(fault.Forbidden, "error.forbidden")
}

// ServeHTTP answers every request of the site.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.Now()
	v := s.greet(r)
	guardHeaders(w.Header(), v)
	if v.public {
		if p := s.cache.find(v, s.version(), start); p != nil {
			p.write(w, r, v)
			s.metrics.kept.Inc()
			return
		}
	}
	out := &response{ResponseWriter: w}
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	v.version, v.start = s.version(), start
	defer func() {
		if cause := recover(); cause != nil {
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			s.crash(out, r, cause)
		}
		s.note(r, v, out, s.Now().Sub(start))
	}()
	s.serve(out, r, v)
}

func (s *Site) serve(w http.ResponseWriter, r *http.Request, v *visit) {
	if err := s.cross.Check(r); err != nil {
		s.fail(w, r, fault.New(fault.Forbidden, "error.cross_site"))
		return
	}
	if unsafe(r.Method) {
		if !s.limits.allow(v.address(), r.URL.Path, v.start) {
			w.Header().Set("Retry-After", "60")
			s.fail(w, r, fault.New(fault.TooMany, "error.too_many"))
			return
		}
		s.bound(w, r, v)
	}
	h, pattern := s.mux.Handler(r)
	if pattern == "" {
		s.lost(w, r, h)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// lost answers an address or a method that no route takes; h is what the mux would have said.
func (s *Site) lost(w http.ResponseWriter, r *http.Request, h http.Handler) {
	said := &probe{header: http.Header{}}
	h.ServeHTTP(said, r)
	if allow := said.header.Get("Allow"); said.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", allow)
		s.problem(w, r, http.StatusMethodNotAllowed, "error.method", nil)
		return
	}
	s.fail(w, r, fault.New(fault.NotFound, "error.not_found"))
}

func (s *Site) version() uint64 {
	if s.Commits == nil {
		return 0
	}
	return s.Commits()
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// bound limits what a request may send. Forms are small; files may take their time on a slow line, as long as something
// arrives: a commune's 10 MB take half an hour on 2G.
func (s *Site) bound(w http.ResponseWriter, r *http.Request, v *visit) {
	limit := int64(1 << 20)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		limit = s.Upload
		if v.token == "" {
			limit = min(limit, 16<<20)
		}
		control := http.NewResponseController(w)
		r.Body = &patient{ReadCloser: r.Body, wait: func() {
			_ = control.SetReadDeadline(time.Now().Add(30 * time.Second)) // a recorder in tests has none
			_ = control.SetWriteDeadline(time.Now().Add(90 * time.Second))
		}}
	}
	v.rest = r.Body
	r.Body = http.MaxBytesReader(w, r.Body, limit)
}

// Run serves on the listener until ctx ends, then finishes what is open within 20 seconds.
func (s *Site) Run(ctx context.Context, ln net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(quiet{s.Log.Handler()}, slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	var stopped sync.WaitGroup
	var stopErr error
	served := make(chan struct{})
	stopped.Go(func() {
		select {
		case <-ctx.Done():
		case <-served:
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		stopErr = server.Shutdown(last)
	})
	err := server.Serve(netutil.LimitListener(ln, 4096))
	close(served)
	stopped.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return stopErr
	}
	return err
}
