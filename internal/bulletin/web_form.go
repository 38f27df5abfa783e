package bulletin

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
)

// A formPage is the page on which a bulletin is written.
type formPage struct {
	ID        ID // empty for a new one
	Text      Text
	Expires   string // as it was typed
	Places    []option
	Topics    []option
	Classes   []option
	Langs     []option
	Plain     Plain
	Blocks    []block
	Preview   bool
	Other     bool // somebody else saved meanwhile: what stands there now is below
	Remark    string
	SourceNow Edition
	BlocksNow []block
}

// An option is one value of a field.
type option struct {
	Value, Text string
	Chosen      bool
}

func (h handler) formPage(r *http.Request, id ID, t Text) formPage {
	p := formPage{ID: id, Text: t, Plain: Look(t.Body), Blocks: blocks(t.Body)}
	if !t.Expires.IsZero() {
		p.Expires = t.Expires.In(i18n.Zone).Format(localTime)
	}
	for _, c := range Topics() {
		p.Topics = append(p.Topics, option{string(c), web.T(r, "bulletin.topic."+string(c)), c == t.Topic})
	}
	for _, c := range Classes() {
		p.Classes = append(p.Classes, option{string(c), web.T(r, "bulletin.class."+string(c)), c == t.Class})
	}
	for _, tag := range h.offered(t.Langs) {
		if tag != Source {
			p.Langs = append(p.Langs, option{tag, h.name(r, tag), slices.Contains(t.Langs, tag)})
		}
	}
	for _, u := range h.areas(web.Actor(r)) {
		p.Places = append(p.Places, option{string(u.ID), u.FullName(), u.ID == t.Place})
	}
	return p
}

// areas lists the places in which the actor may write: the areas of their duties and the communes within.
func (h handler) areas(actor duty.Actor) []place.Unit {
	var all []place.Unit
	today := h.desk.places.Today()
	for _, a := range h.site.Policy.Areas(actor, duty.BulletinWrite) {
		if u, err := h.desk.places.ByID(place.ID(a)); err == nil {
			all = append(all, u)
		}
		all = append(all, h.desk.places.Units(place.ID(a), place.Commune, today)...)
	}
	seen := map[place.ID]bool{}
	return slices.DeleteFunc(all, func(u place.Unit) bool {
		if seen[u.ID] {
			return true
		}
		seen[u.ID] = true
		return false
	})
}

const localTime = "2006-01-02T15:04"

// typed reads the form. What cannot be read is a fault of its field; the rest is kept.
func typed(r *http.Request) (Text, error) {
	t := Text{Place: place.ID(r.PostFormValue("place")), Topic: Topic(r.PostFormValue("topic")), Class: Class(r.PostFormValue("class")),
		Title: r.PostFormValue("title"), Body: r.PostFormValue("body"), Basis: r.PostFormValue("basis"), Langs: r.PostForm["langs"],
		Drill: r.PostFormValue("drill") != "", HandIn: r.PostFormValue("do") == "send", Revision: number(r, "revision")}
	ends := strings.TrimSpace(r.PostFormValue("expires"))
	if ends == "" {
		return t, nil
	}
	for _, layout := range []string{localTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2/1/2006 15:04"} {
		if at, err := time.ParseInLocation(layout, ends, i18n.Zone); err == nil {
			t.Expires = at
			return t, nil
		}
	}
	return t, fault.Field("expires", "bulletin.expires.unreadable")
}

func (h handler) blank(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "form", h.meta(r, web.T(r, "bulletin.write.title")), h.formPage(r, "", Text{Class: Normal, Topic: Topic(r.URL.Query().Get("chu-de"))}))
}

func (h handler) write(w http.ResponseWriter, r *http.Request) error {
	t, wrong := typed(r)
	if r.PostFormValue("do") == "preview" {
		return h.form(w, r, "", t, nil)
	}
	if wrong != nil {
		t.clean()
		return h.form(w, r, "", t, errors.Join(wrong, h.desk.check(t)))
	}
	id, err := h.desk.Write(r.Context(), web.Actor(r), web.Key(r), t)
	if err != nil {
		return h.form(w, r, "", t, err)
	}
	return h.saved(w, r, id, t)
}

func (h handler) saved(w http.ResponseWriter, r *http.Request, id ID, t Text) error {
	key := "bulletin.done.write"
	if t.HandIn {
		key = "bulletin.done.submit"
	}
	return h.done(w, r, deskPage(id), key, "", nil)
}

// form shows the form again with what was typed. Without a fault it is a preview.
func (h handler) form(w http.ResponseWriter, r *http.Request, id ID, t Text, wrong error) error {
	p := h.formPage(r, id, t)
	if typed := r.PostFormValue("expires"); typed != "" {
		p.Expires = typed
	}
	title := web.T(r, "bulletin.write.title")
	if id != "" {
		title = web.T(r, "bulletin.edit.title")
	}
	if wrong == nil {
		p.Preview = true
		return h.room.Show(w, r, "form", h.meta(r, title), p)
	}
	if fault.Is(wrong, fault.Conflict) && id != "" {
		b, _, err := h.desk.Draft(r.Context(), web.Actor(r), id)
		if err != nil {
			return err
		}
		p.Other, p.SourceNow, p.BlocksNow = true, b.Editions[0], blocks(b.Editions[0].Body)
		p.Text.Revision = p.SourceNow.Revision // who saves again has seen the other text
	}
	return h.room.Form(w, r, "form", h.meta(r, title), p, wrong)
}

func (h handler) edit(w http.ResponseWriter, r *http.Request) error {
	b, _, err := h.desk.Draft(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	e, _ := b.Edition(Source)
	t := Text{Place: b.Place, Topic: b.Topic, Class: b.Class, Title: e.Title, Body: e.Body, Basis: b.Basis, Expires: b.Expires, Langs: b.Langs(),
		Drill: b.Drill, Revision: e.Revision}
	p := h.formPage(r, b.ID, t)
	p.Remark = e.Remark
	return h.room.Show(w, r, "form", h.meta(r, web.T(r, "bulletin.edit.title"), web.Link{Text: b.Title(), URL: deskPage(b.ID)}), p)
}

func (h handler) rewrite(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	t, wrong := typed(r)
	if r.PostFormValue("do") == "preview" {
		return h.form(w, r, id, t, nil)
	}
	if wrong != nil {
		t.clean()
		return h.form(w, r, id, t, errors.Join(wrong, h.desk.check(t)))
	}
	if err := h.desk.Edit(r.Context(), web.Actor(r), web.Key(r), id, t); err != nil {
		return h.form(w, r, id, t, err)
	}
	return h.saved(w, r, id, t)
}
