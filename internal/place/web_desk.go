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
	Waiting []pendingView
	Events  []Event // that wait for a decision of the one who asks
}

// A pendingView is a draft by what officers call it.
type pendingView struct {
	Pending
	Name string
	URL  string // of the page that shows all of it; "" where this one does
}

func (h handler) pending(r *http.Request, p Pending) pendingView {
	switch p.What {
	case classKind:
		return pendingView{p, web.T(r, "place.class."+p.Text), ""}
	case weightKind:
		return pendingView{p, h.measureName(r, p.Text), weightsURL}
	}
	return pendingView{p, p.Text, ""}
}

func (h handler) work(w http.ResponseWriter, r *http.Request) error {
	waiting, err := h.desk.Waiting(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	events, err := h.desk.EventsWaiting(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	p := workPage{Events: events}
	for _, one := range waiting {
		p.Waiting = append(p.Waiting, h.pending(r, one))
	}
	return h.room.Show(w, r, "desk", web.Meta{Title: web.T(r, "place.menu"), Desk: true}, p)
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
	p.Communes = h.communesOf(r, duty.PlaceEditVillage)
	return p
}

// communesOf lists today's communes in which the one who asks may do an act.
func (h handler) communesOf(r *http.Request, act duty.Act) []Unit {
	var all []Unit
	for _, area := range h.desk.policy.Areas(web.Actor(r), act) {
		if area == "" {
			area = string(h.desk.HomeUnit().ID)
		}
		if u, err := h.desk.ByID(ID(area)); err == nil && u.Level == Commune {
			all = append(all, u)
		}
		all = append(all, h.desk.Units(ID(area), Commune, h.desk.Today())...)
	}
	return all
}

// classPage is the form of an area class.
type classPage struct {
	Communes                                    []Unit
	Unit, Village, Class, Number, Decided, From string
	Classes                                     []string
}

func (h handler) classPage(r *http.Request) classPage {
	return classPage{h.communesOf(r, duty.PlaceSetAreaClass), r.PostFormValue("unit"), r.PostFormValue("village"), r.PostFormValue("class"),
		r.PostFormValue("decision"), r.PostFormValue("decided"), r.PostFormValue("from"), classes}
}

func (h handler) classMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "place.class.enter"), Desk: true, Crumbs: []web.Link{{Text: web.T(r, "place.menu"), URL: deskURL}}}
}

func (h handler) classForm(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "class", h.classMeta(r), h.classPage(r))
}

func (h handler) class(w http.ResponseWriter, r *http.Request) error {
	p := h.classPage(r)
	c := AreaClass{Unit: ID(p.Unit), Class: p.Class, Decision: Decision{Number: p.Number}}
	var err error
	c.Day, c.From, err = readDays(p.Decided, p.From)
	if err == nil && p.Village != "" {
		c.Village, err = h.desk.villageByName(r.Context(), c.Unit, p.Village)
	}
	if err == nil {
		_, err = h.desk.EnterClass(r.Context(), web.Actor(r), web.Key(r), c)
	}
	if err != nil {
		return h.room.Form(w, r, "class", h.classMeta(r), p, err)
	}
	web.Flash(r, "ok", "place.class.entered")
	return web.Redirect(w, r, deskURL)
}

// readDays reads the day of a decision and the first day in force, which is the same where it is left empty.
func readDays(decided, from string) (day, first Date, err error) {
	if day, err = ParseDate(decided); err != nil {
		return 0, 0, fault.Field("decided", "place.date.invalid", "Text", decided)
	}
	if from == "" {
		return day, day, nil
	}
	if first, err = ParseDate(from); err != nil {
		return 0, 0, fault.Field("from", "place.date.invalid", "Text", from)
	}
	return day, first, nil
}

func (h handler) village(w http.ResponseWriter, r *http.Request) error {
	p := h.villagePage(r)
	v := Village{Unit: ID(p.Unit), Kind: p.Kind, Name: p.Name, Decision: Decision{Number: p.Number}}
	var err error
	if v.Day, v.From, err = readDays(p.Decided, p.From); err == nil {
		_, err = h.desk.EnterVillage(r.Context(), web.Actor(r), web.Key(r), v)
	}
	if err != nil {
		return h.room.Form(w, r, "village", h.villageMeta(r), p, err)
	}
	web.Flash(r, "ok", "place.village.entered", "Name", v.FullName())
	return web.Redirect(w, r, "/ban-lam-viec/dia-ban")
}

// Work lists what waits for the actor: drafts of others to be confirmed, and events to be decided on.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	waiting, err := d.Waiting(ctx, actor)
	if err != nil {
		return nil, err
	}
	events, err := d.EventsWaiting(ctx, actor)
	if err != nil {
		return nil, err
	}
	var tasks []web.Task
	for _, p := range waiting {
		task := web.Task{Title: p.Text + ", " + p.Unit.FullName(), Kind: "place.work.confirm", URL: deskURL, State: "go"}
		if p.What == weightKind {
			task.Title, task.Kind = p.Unit.FullName(), "place.work.weight"
		}
		tasks = append(tasks, task)
	}
	for _, e := range events {
		kind := "place.work.event"
		if e.UndoBy != "" {
			kind = "place.work.undo"
		}
		tasks = append(tasks, web.Task{Title: e.Title, Kind: kind, URL: eventsURL + "/" + e.ID, State: "go"})
	}
	return tasks, nil
}
