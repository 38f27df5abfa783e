package ethnic

import (
	"context"
	"net/http"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/web"
)

// workPage is /ban-lam-viec/dan-toc.
type workPage struct {
	Waiting   []waitingView
	Groups    []Group
	Languages []Language
}

type waitingView struct {
	Proposal
	Name string // of the group or the language
}

func (h handler) work(w http.ResponseWriter, r *http.Request) error {
	waiting, err := h.desk.Waiting(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	p := workPage{Groups: h.desk.Groups()}
	for _, l := range h.desk.Languages() {
		if l.LangSon && l.Tag != "vi" {
			p.Languages = append(p.Languages, l)
		}
	}
	for _, one := range waiting {
		p.Waiting = append(p.Waiting, waitingView{one, h.desk.subject(one)})
	}
	return h.room.Show(w, r, "desk", web.Meta{Title: web.T(r, "ethnic.menu"), Desk: true}, p)
}

func (d *Desk) subject(p Proposal) string {
	if p.Kind == fallbackKind {
		if l, err := d.Language(p.Subject); err == nil {
			return l.Name
		}
	} else if g, err := d.BySlug(Slug(p.Subject)); err == nil {
		return g.Name
	}
	return p.Subject
}

// editPage is the form of a group.
type editPage struct {
	Group                Group
	Fields               []string
	Field, Value, Reason string
	SearchOnly           string // shown to who edits it, and nowhere else
	Aliases              string
}

func (h handler) crumbs(r *http.Request, title string) web.Meta {
	return web.Meta{Title: title, Desk: true, Crumbs: []web.Link{{Text: web.T(r, "ethnic.menu"), URL: "/ban-lam-viec/dan-toc"}}}
}

func (h handler) editPage(r *http.Request) (editPage, error) {
	g, err := h.desk.BySlug(Slug(r.PathValue("slug")))
	return editPage{Group: g, Fields: editable, Field: r.PostFormValue("field"), Value: r.PostFormValue("value"), Reason: r.PostFormValue("reason"),
		SearchOnly: strings.Join(g.searchOnly, "; "), Aliases: strings.Join(g.Aliases, "; ")}, err
}

func (h handler) editForm(w http.ResponseWriter, r *http.Request) error {
	p, err := h.editPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "edit", h.crumbs(r, web.T(r, "ethnic.edit", "Name", p.Group.Name)), p)
}

func (h handler) edit(w http.ResponseWriter, r *http.Request) error {
	p, err := h.editPage(r)
	if err != nil {
		return err
	}
	if _, err := h.desk.ProposeEdit(r.Context(), web.Actor(r), p.Group.Slug, p.Field, p.Value, p.Reason); err != nil {
		return h.room.Form(w, r, "edit", h.crumbs(r, web.T(r, "ethnic.edit", "Name", p.Group.Name)), p, err)
	}
	web.Flash(r, "ok", "ethnic.proposed")
	return web.Redirect(w, r, "/ban-lam-viec/dan-toc")
}

// fallbackPage is the form of the two orders of a language.
type fallbackPage struct {
	Language            Language
	Heard, Read, Reason string
	Others              []Language
}

func (h handler) fallbackPage(r *http.Request) (fallbackPage, error) {
	l, err := h.desk.Language(r.PathValue("tag"))
	p := fallbackPage{Language: l, Heard: strings.Join(l.Heard, "; "), Read: strings.Join(l.Read, "; "), Others: h.desk.Languages()}
	if r.Method == http.MethodPost {
		p.Heard, p.Read, p.Reason = r.PostFormValue("heard"), r.PostFormValue("read"), r.PostFormValue("reason")
	}
	return p, err
}

func (h handler) fallbackForm(w http.ResponseWriter, r *http.Request) error {
	p, err := h.fallbackPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "fallback", h.crumbs(r, web.T(r, "ethnic.fallback.title", "Name", p.Language.Name)), p)
}

func (h handler) fallback(w http.ResponseWriter, r *http.Request) error {
	p, err := h.fallbackPage(r)
	if err != nil {
		return err
	}
	if _, err := h.desk.ProposeFallback(r.Context(), web.Actor(r), p.Language.Tag, split(p.Heard), split(p.Read), p.Reason); err != nil {
		return h.room.Form(w, r, "fallback", h.crumbs(r, web.T(r, "ethnic.fallback.title", "Name", p.Language.Name)), p, err)
	}
	web.Flash(r, "ok", "ethnic.proposed")
	return web.Redirect(w, r, "/ban-lam-viec/dan-toc")
}

func (h handler) decide(w http.ResponseWriter, r *http.Request) error {
	p, err := h.desk.Decide(r.Context(), web.Actor(r), r.PathValue("id"), r.PostFormValue("decision") == "confirm")
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "ethnic.state."+p.State)
	return web.Redirect(w, r, "/ban-lam-viec/dan-toc")
}

// Work lists the proposals that wait for the actor.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	waiting, err := d.Waiting(ctx, actor)
	var tasks []web.Task
	for _, p := range waiting {
		tasks = append(tasks, web.Task{Title: d.subject(p) + ": " + p.Value, Kind: "ethnic.work", URL: "/ban-lam-viec/dan-toc", State: "go"})
	}
	return tasks, err
}
