package place

import (
	"context"
	"net/http"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

// workPage is /ban-lam-viec/dia-ban.
type workPage struct {
	Waiting []Pending
}

func (h handler) work(w http.ResponseWriter, r *http.Request) error {
	waiting, err := h.desk.Waiting(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "desk", web.Meta{Title: web.T(r, "place.menu"), Desk: true}, workPage{waiting})
}

func (h handler) decide(w http.ResponseWriter, r *http.Request) error {
	confirm := r.PostFormValue("decision") == "confirm"
	if err := h.desk.Decide(r.Context(), web.Actor(r), r.PathValue("what"), r.PathValue("id"), confirm); err != nil {
		return err
	}
	key := "place.refused"
	if confirm {
		key = "place.confirmed"
	}
	web.Flash(r, "ok", key)
	return web.Redirect(w, r, "/ban-lam-viec/dia-ban")
}

// villagePage is the form of a village.
type villagePage struct {
	Communes                                []Unit
	Unit, Kind, Name, Number, Decided, From string
	Kinds                                   []string
}

func (h handler) villageForm(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "village", h.villageMeta(r), h.villagePage(r))
}

func (h handler) villageMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "place.village.enter"), Desk: true, Crumbs: []web.Link{{Text: web.T(r, "place.menu"), URL: "/ban-lam-viec/dia-ban"}}}
}

func (h handler) villagePage(r *http.Request) villagePage {
	p := villagePage{Unit: r.PostFormValue("unit"), Kind: r.PostFormValue("kind"), Name: r.PostFormValue("name"), Number: r.PostFormValue("decision"),
		Decided: r.PostFormValue("decided"), From: r.PostFormValue("from"), Kinds: villageKinds}
	for _, area := range h.desk.policy.Areas(web.Actor(r), duty.PlaceEditVillage) {
		if area == "" {
			area = string(h.desk.HomeUnit().ID)
		}
		if u, err := h.desk.ByID(ID(area)); err == nil && u.Level == Commune {
			p.Communes = append(p.Communes, u)
		}
		p.Communes = append(p.Communes, h.desk.Units(ID(area), Commune, h.desk.Today())...)
	}
	return p
}

func (h handler) village(w http.ResponseWriter, r *http.Request) error {
	p := h.villagePage(r)
	v := Village{Unit: ID(p.Unit), Kind: p.Kind, Name: p.Name, Decision: Decision{Number: p.Number}}
	var err error
	if v.Day, err = ParseDate(p.Decided); err != nil {
		err = fault.Field("decided", "place.date.invalid", "Text", p.Decided)
	}
	if v.From = v.Day; err == nil && p.From != "" {
		if v.From, err = ParseDate(p.From); err != nil {
			err = fault.Field("from", "place.date.invalid", "Text", p.From)
		}
	}
	if err == nil {
		_, err = h.desk.EnterVillage(r.Context(), web.Actor(r), web.Key(r), v)
	}
	if err != nil {
		return h.room.Form(w, r, "village", h.villageMeta(r), p, err)
	}
	web.Flash(r, "ok", "place.village.entered", "Name", v.FullName())
	return web.Redirect(w, r, "/ban-lam-viec/dia-ban")
}

// Work lists what waits for the actor: drafts of others to be confirmed.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	waiting, err := d.Waiting(ctx, actor)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	var tasks []web.Task
	for _, p := range waiting {
		tasks = append(tasks, web.Task{Title: p.Text + ", " + p.Unit.FullName(), Kind: "place.work.confirm", URL: "/ban-lam-viec/dia-ban", State: "go"})
	}
	return tasks, nil
}
