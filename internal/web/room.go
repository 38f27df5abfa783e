package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"banlang/internal/fault"
)

// Link is a name and where it leads.
type Link struct{ Text, URL string }

// Meta is what the layout must know of a page.
type Meta struct {
	Title       string
	Description string // one sentence for search engines
	Crumbs      []Link // the way from the first page, without it and without this page
	Desk        bool   // the officers' layout
	NoIndex     bool
	Sheet       string // the line that stands on top of the print
	Feed        string // address of the Atom feed of what is shown
	Lang        string // language of the content where it is not the interface's
	Data        any    // what the page is about, for machines: JSON-LD in the words of schema.org; nil for none
}

// A Room holds the pages of one package: page/*.html, each of which defines "content", and page/_*.html, parts they share.
type Room struct {
	site  *Site
	name  string
	pages map[string]*pool
}

// Room parses the pages of a room together with the kit's parts and those of other rooms. A page that does not parse stops the start.
func (s *Site) Room(name string, fsys fs.FS, parts ...fs.FS) *Room {
	files, err := fs.Glob(fsys, "page/*.html")
	if err != nil || len(files) == 0 {
		panic(fmt.Sprintf("web: room %s has no page/*.html: %v", name, err))
	}
	shared := template.Must(s.parts.Clone())
	for _, of := range parts {
		template.Must(shared.ParseFS(of, "page/_*.html"))
	}
	for _, file := range files {
		if strings.HasPrefix(path.Base(file), "_") {
			template.Must(shared.ParseFS(fsys, file))
		}
	}
	rm := &Room{site: s, name: name, pages: map[string]*pool{}}
	for _, file := range files {
		if base := path.Base(file); !strings.HasPrefix(base, "_") {
			t := template.Must(shared.Clone())
			rm.pages[strings.TrimSuffix(base, ".html")] = &pool{site: s, pristine: template.Must(t.ParseFS(fsys, file))}
		}
	}
	return rm
}

// Show renders page/<page>.html in its layout and answers 200. data is one struct per page.
func (rm *Room) Show(w http.ResponseWriter, r *http.Request, page string, m Meta, data any) error {
	return rm.render(w, r, http.StatusOK, page, m, data, nil)
}

// Form shows the form again with what was typed and, at each field, what is wrong: 422, or the status of the fault's kind.
// An error that is not a fault comes back.
func (rm *Room) Form(w http.ResponseWriter, r *http.Request, page string, m Meta, data any, err error) error {
	faults := fault.All(err)
	if kind := fault.KindOf(err); kind == fault.Internal || kind == fault.Unauthenticated || len(faults) == 0 {
		return err
	}
	return rm.render(w, r, answers[fault.KindOf(err)].status, page, m, data, faults)
}

func (rm *Room) render(w http.ResponseWriter, r *http.Request, status int, page string, m Meta, data any, faults []*fault.Fault) error {
	pool := rm.pages[page]
	if pool == nil {
		return fmt.Errorf("room %s has no page %q", rm.name, page)
	}
	v := visitOf(r)
	one := pool.take()
	defer pool.give(one)
	one.call = call{site: rm.site, visit: v, faults: faults}
	var content bytes.Buffer
	if err := one.template.ExecuteTemplate(&content, "content", data); err != nil {
		return fmt.Errorf("page %s/%s: %w", rm.name, page, err)
	}
	body, err := rm.site.inFrame(v, m, content.String(), one.call.icons)
	if err != nil {
		return err
	}
	if len(v.shown)+len(v.next) > 0 {
		v.public = false
	}
	if v.told {
		v.cookie(w, noticeCookie, "", -1)
	}
	if v.stale {
		v.cookie(w, v.sessionName(), "", -1) // a reader again, served from kept pages
	}
	v.send(w, r, status, "text/html; charset=utf-8", body)
	return nil
}

// frame is what a layout shows around the content.
type frame struct {
	Meta
	Site      *Site
	Content   template.HTML
	Path      string
	UI        string
	Reader    ReaderPrefs
	Hears     string // name of the language heard first
	Languages []Language
	Notices   []Notice
	Symbols   template.HTML
	Who       string
	Duties    string
	Menu      []menuGroup
}

func (s *Site) inFrame(v *visit, m Meta, content string, icons []string) ([]byte, error) {
	layout := "public"
	if m.Desk {
		layout, v.public = "desk", false
	}
	pool := s.frames.pages[layout]
	one := pool.take()
	defer pool.give(one)
	one.call = call{site: s, visit: v}
	f := frame{
		Meta: m, Site: s, Content: template.HTML(content), //nolint:gosec // our own template made it
		Path: v.request.URL.RequestURI(), UI: v.reader.UI, Reader: v.reader, Hears: s.hears(v.reader), Languages: s.Languages,
		Notices: append(v.shown, v.next...), Symbols: symbols(append(icons, "language", "search")), Who: v.actor.Name,
	}
	if m.Desk {
		f.Menu = s.menuFor(v)
	}
	var out bytes.Buffer
	if err := one.template.ExecuteTemplate(&out, "layout", f); err != nil {
		return nil, fmt.Errorf("layout %s: %w", layout, err)
	}
	return out.Bytes(), nil
}

// hears names the language that the reader chose first, or Vietnamese.
func (s *Site) hears(p ReaderPrefs) string {
	for _, l := range s.Languages {
		if len(p.Heard) > 0 && l.Tag == p.Heard[0] {
			return l.Name
		}
	}
	return "Tiếng Việt"
}

// A pool lends a template to one request at a time, so that its functions can know the request. html/template escapes a
// template at its first use; an instance that comes back is ready.
type pool struct {
	site     *Site
	pristine *template.Template
	mu       sync.Mutex
	free     []*instance
}

type instance struct {
	template *template.Template
	call     call
}

func (p *pool) take() *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		one := p.free[n-1]
		p.free = p.free[:n-1]
		return one
	}
	one := &instance{call: call{site: p.site}}
	one.template = template.Must(p.pristine.Clone()).Funcs(one.call.funcs())
	return one
}

func (p *pool) give(one *instance) {
	one.call = call{site: p.site}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < 16 {
		p.free = append(p.free, one)
	}
}
