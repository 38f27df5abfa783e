package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"banlang/internal/fault"
)

// answers gives each kind of fault its status and the messages of its page.
var answers = map[fault.Kind]struct {
	status int
	key    string
}{
	fault.Internal:        {http.StatusInternalServerError, "error.internal"},
	fault.Invalid:         {http.StatusUnprocessableEntity, "error.invalid"},
	fault.Unauthenticated: {http.StatusUnauthorized, "error.unauthenticated"},
	fault.Forbidden:       {http.StatusForbidden, "error.forbidden"},
	fault.NotFound:        {http.StatusNotFound, "error.not_found"},
	fault.Conflict:        {http.StatusConflict, "error.conflict"},
	fault.Gone:            {http.StatusGone, "error.gone"},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "error.too_large"},
	fault.Unsupported:     {http.StatusUnsupportedMediaType, "error.unsupported"},
	fault.TooMany:         {http.StatusTooManyRequests, "error.too_many"},
	fault.Unavailable:     {http.StatusServiceUnavailable, "error.unavailable"},
	fault.Storage:         {http.StatusInsufficientStorage, "error.storage"},
}

// fail answers an error: to a person in words that say what to do next, to a program as application/problem+json.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = fault.New(fault.TooLarge, "error.too_large", "Limit", sizeIn(r, large.Limit))
		// A browser reads the answer only when it has sent everything, else it says that the line broke.
		_, _ = io.CopyN(io.Discard, visitOf(r).rest, min(4*large.Limit, s.Upload))
	}
	kind := fault.KindOf(err)
	if r.Context().Err() != nil && kind == fault.Internal {
		return // the reader went away
	}
	v := visitOf(r)
	if kind == fault.Internal {
		s.Log.Error("request failed", "request", v.id, "route", v.route, "error", err)
	}
	if kind == fault.Unauthenticated && !isAPI(r) {
		s.toSignIn(w, r, v)
		return
	}
	answer := answers[kind]
	s.problem(w, r, answer.status, answer.key, fault.All(err))
}

func (s *Site) crash(w http.ResponseWriter, r *http.Request, cause any) {
	v := visitOf(r)
	s.Log.Error("request crashed", "request", v.id, "route", v.route, "cause", cause, "stack", string(debug.Stack()))
	if out, ok := w.(*response); ok && out.status != 0 {
		return // too late to say anything else
	}
	s.problem(w, r, http.StatusInternalServerError, "error.internal", nil)
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// toSignIn brings a person who asked for a page back to it after signing in.
func (s *Site) toSignIn(w http.ResponseWriter, r *http.Request, v *visit) {
	back := "/"
	if !unsafe(r.Method) {
		back = r.URL.RequestURI()
	}
	if v.stale {
		v.cookie(w, v.sessionName(), "", -1)
		Flash(r, "late", "error.signed_out")
	}
	to := "/dang-nhap"
	if back != "/" {
		to += "?tiep=" + url.QueryEscape(back)
	}
	_ = Redirect(w, r, to)
}

// errorPage is what page/error.html shows.
type errorPage struct {
	Heading, Text string
	Faults        []string
	ID            string
	Search        bool
}

func (s *Site) problem(w http.ResponseWriter, r *http.Request, status int, key string, faults []*fault.Fault) {
	v := visitOf(r)
	v.public = false
	h := w.Header()
	for _, name := range []string{"Content-Disposition", "Content-Encoding", "Etag", "Content-Length"} {
		h.Del(name)
	}
	text := s.Text.Text(v.reader.UI, key)
	if key == "error.too_large" {
		text = s.Text.Text(v.reader.UI, key, "Limit", sizeIn(r, s.Upload))
	}
	var said []string
	for _, f := range faults {
		if f.Key != key {
			said = append(said, s.Text.Text(v.reader.UI, f.Key, f.Args...))
		} else if len(f.Args) > 0 {
			text = s.Text.Text(v.reader.UI, f.Key, f.Args...)
		}
	}
	if len(said) > 0 {
		text = said[0] // the fault knows more than its kind
		said = said[1:]
	}
	heading := s.Text.Text(v.reader.UI, key+".title")
	if len(faults) > 0 && s.Text.Has(faults[0].Key+".title") {
		heading = s.Text.Text(v.reader.UI, faults[0].Key+".title")
	}
	if isAPI(r) {
		s.problemJSON(w, r, status, heading, text, faults)
		return
	}
	data := errorPage{heading, text, said, v.id, status == http.StatusNotFound || status == http.StatusGone}
	meta := Meta{Title: heading, NoIndex: true}
	if err := s.frames.render(w, r, status, "error", meta, data, nil); err != nil {
		s.Log.Error("error page failed", "request", v.id, "error", err)
		http.Error(w, text, status)
	}
}

// problemJSON follows RFC 9457.
func (s *Site) problemJSON(w http.ResponseWriter, r *http.Request, status int, heading, text string, faults []*fault.Fault) {
	type field struct {
		Field  string `json:"field,omitempty"`
		Key    string `json:"key"`
		Detail string `json:"detail"`
	}
	v := visitOf(r)
	body := struct {
		Type    string  `json:"type"`
		Title   string  `json:"title"`
		Status  int     `json:"status"`
		Detail  string  `json:"detail"`
		Request string  `json:"request"`
		Errors  []field `json:"errors,omitempty"`
	}{"about:blank", heading, status, text, v.id, nil}
	for _, f := range faults {
		body.Errors = append(body.Errors, field{f.Field, f.Key, s.Text.Text(v.reader.UI, f.Key, f.Args...)})
	}
	out, err := json.Marshal(body)
	if err != nil {
		out = []byte("{}")
	}
	v.public = false
	v.send(w, r, status, "application/problem+json", append(out, '\n'))
}
