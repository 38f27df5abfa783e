package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

// Problem is what is wrong, as RFC 9457 writes it, in both languages.
type Problem struct {
	Type     string    `json:"type"`
	Title    string    `json:"title"`
	TitleEN  string    `json:"title_en"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail"`
	DetailEN string    `json:"detail_en"`
	Request  string    `json:"request"` // number of the request, for those who run the machine
	Errors   []Mistake `json:"errors,omitempty"`
}

// Mistake is one parameter that cannot be taken.
type Mistake struct {
	Field    string `json:"field,omitempty"`
	Detail   string `json:"detail"`
	DetailEN string `json:"detail_en"`
}

type handler struct {
	site  *web.Site
	desks Desks
}

// Mount registers every operation of the table, and the description that is made from the same table.
func Mount(site *web.Site, desks Desks, version string) error {
	h := handler{site, desks}
	for _, o := range operations {
		site.Handle("GET "+o.path, o.act, h.serve(o))
	}
	description, err := json.MarshalIndent(describe(version, operations), "", " ")
	if err != nil {
		return err
	}
	site.Handle("GET "+root+"openapi.json", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		send(w, r, http.StatusOK, "application/json; charset=utf-8", description)
		return nil
	})
	return nil
}

func (h handler) serve(o operation) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		parts := map[string]string{}
		for _, p := range o.params {
			if p.path {
				parts[p.name] = r.PathValue(p.name)
			}
		}
		q, err := o.read(r.URL.Path, parts, r.URL.Query())
		var answer any
		if err == nil {
			answer, err = o.gives(r.Context(), h.desks, q)
		}
		if err != nil {
			return h.refuse(w, r, err)
		}
		body, err := written(answer)
		if err != nil {
			return err
		}
		send(w, r, http.StatusOK, "application/json; charset=utf-8", body)
		return nil
	}
}

// statuses are what programs are told of each kind of fault.
var statuses = map[fault.Kind]int{
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.NotFound:    http.StatusNotFound,
	fault.Gone:        http.StatusGone,
	fault.TooMany:     http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// refuse says in both languages what is wrong. What is no fault, or one that a reader of what is public cannot meet, comes
// back for the site to answer.
func (h handler) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	status := statuses[fault.KindOf(err)]
	if status == 0 {
		return err
	}
	say := func(lang string, f *fault.Fault) string { return h.site.Text.Text(lang, f.Key, f.Args...) }
	title := "openapi.problem." + http.StatusText(status)
	faults := fault.All(err)
	p := Problem{
		Type: "about:blank", Title: h.site.Text.Text("vi", title), TitleEN: h.site.Text.Text("en", title), Status: status,
		Detail: say("vi", faults[0]), DetailEN: say("en", faults[0]), Request: web.RequestID(r),
	}
	for _, f := range faults {
		if f.Field != "" {
			p.Errors = append(p.Errors, Mistake{f.Field, say("vi", f), say("en", f)})
		}
	}
	body, err := written(p)
	if err != nil {
		return err
	}
	send(w, r, status, "application/problem+json", body)
	return nil
}

// written is JSON as people read it too: & and > stay as they are, for nothing here is ever part of a page.
func written(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// send writes an answer that any page of any site may read: there is nothing in it that the public may not see.
func send(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	sum := sha256.Sum256(body)
	etag := `W/"` + hex.EncodeToString(sum[:9]) + `"`
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", "ETag")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-store")
	if status == http.StatusOK {
		header.Set("Cache-Control", "no-cache") // kept, and asked about each time: a recall is heard of at once
		header.Set("ETag", etag)
		if strings.Contains(r.Header.Get("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	header.Set("Content-Type", kind)
	if len(body) > 1024 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, _ = z.Write(body) // a buffer does not fail
		_ = z.Close()
		header.Set("Content-Encoding", "gzip")
		body = small.Bytes()
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the reader went away: nobody to tell it to
}
