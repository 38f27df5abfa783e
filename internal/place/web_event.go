package place

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

// The addresses of changes of units.
const (
	deskURL   = "/ban-lam-viec/dia-ban"
	eventsURL = deskURL + "/thay-doi"
)

func (h handler) mountEvents(site *web.Site) {
	site.Handle("GET "+eventsURL, duty.AccountUse, h.events)
	site.Handle("GET "+eventsURL+"/moi", duty.PlaceRecordEvent, h.eventForm)
	site.Handle("GET "+eventsURL+"/xem-truoc", duty.PlaceRecordEvent, h.eventPreview)
	site.Handle("POST "+eventsURL, duty.PlaceRecordEvent, h.recordEvent)
	site.Handle("GET "+eventsURL+"/{id}", duty.AccountUse, h.event)
	site.Handle("POST "+eventsURL+"/{id}/quyet-dinh", duty.PlaceConfirmEvent, h.decideEvent)
	site.Handle("POST "+eventsURL+"/{id}/hoan-tac", duty.PlaceRecordEvent, h.undoEvent)
	site.Handle("POST "+eventsURL+"/{id}/hoan-tac/quyet-dinh", duty.PlaceConfirmEvent, h.decideUndo)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "place.event.menu", URL: eventsURL, Act: duty.AccountUse, Order: 21})
}

func (h handler) eventMeta(r *http.Request, title string) web.Meta {
	m := web.Meta{Title: title, Desk: true, Crumbs: []web.Link{{Text: web.T(r, "place.menu"), URL: deskURL}}}
	if r.URL.Path != eventsURL {
		m.Crumbs = append(m.Crumbs, web.Link{Text: web.T(r, "place.event.menu"), URL: eventsURL})
	}
	return m
}

// eventsPage is the list of changes: those entered, and those that came with lists.
type eventsPage struct {
	Events []Event
	Turns  []Turn
	Home   Unit
}

func (h handler) events(w http.ResponseWriter, r *http.Request) error {
	events, err := h.desk.Events(r.Context())
	if err != nil {
		return err
	}
	p := eventsPage{Events: events, Home: h.desk.HomeUnit()}
	p.Turns = slices.DeleteFunc(h.desk.Turns(p.Home.ID), func(t Turn) bool {
		return slices.ContainsFunc(events, func(e Event) bool { return e.State == InForce && e.From == t.Day })
	})
	return h.room.Show(w, r, "events", h.eventMeta(r, web.T(r, "place.event.menu")), p)
}

// eventPage is one event.
type eventPage struct {
	Event   Event
	Changes []change
	Divided []dividedView // old units that go to more than one
	Mine    bool          // the one who asks entered it
	MyUndo  bool          // or proposed to undo it
	URL     string
	Query   string // the event as an address, for the form of a correction
}

// A change is a new unit and what it is made of.
type change struct {
	New  NewUnit
	Olds []changed
}

type changed struct {
	Unit  Unit
	URL   string
	Whole bool
}

func (h handler) changes(e Event) []change {
	all := make([]change, len(e.New))
	for i, n := range e.New {
		all[i].New = n
		for _, p := range e.Parts {
			if u, err := h.desk.ByID(p.Old); err == nil && p.New == n.Code {
				all[i].Olds = append(all[i].Olds, changed{u, h.desk.pageOf(u), e.Whole(p.Old)})
			}
		}
	}
	return all
}

func (h handler) eventPage(r *http.Request, e Event) eventPage {
	me := web.Actor(r).ID
	return eventPage{Event: e, Changes: h.changes(e), Divided: h.dividedBy(e), Mine: e.EnteredBy == me, MyUndo: e.UndoBy == me, URL: eventsURL + "/" + e.ID,
		Query: typedEvent(e, h.desk).query()}
}

// dividedBy are the old units that an event divides.
func (h handler) dividedBy(e Event) []dividedView {
	var all []dividedView
	for _, id := range e.Olds() {
		if u, err := h.desk.ByID(id); err == nil && !e.Whole(id) {
			all = append(all, dividedView{Unit: u, URL: weightURL(id)})
		}
	}
	return all
}

func (h handler) event(w http.ResponseWriter, r *http.Request) error {
	e, err := h.desk.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "event", h.eventMeta(r, e.Title), h.eventPage(r, e))
}

func (h handler) decideEvent(w http.ResponseWriter, r *http.Request) error {
	confirm := r.PostFormValue("decision") == "confirm"
	return h.decided(w, r, h.desk.DecideEvent(r.Context(), web.Actor(r), r.PathValue("id"), confirm), confirm, "place.confirmed", "place.refused")
}

func (h handler) decideUndo(w http.ResponseWriter, r *http.Request) error {
	confirm := r.PostFormValue("decision") == "confirm"
	return h.decided(w, r, h.desk.DecideUndo(r.Context(), web.Actor(r), r.PathValue("id"), confirm), confirm, "place.event.undone", "place.event.kept")
}

func (h handler) undoEvent(w http.ResponseWriter, r *http.Request) error {
	return h.decided(w, r, h.desk.UndoEvent(r.Context(), web.Actor(r), r.PathValue("id"), r.PostFormValue("reason")), true, "place.event.undo.sent", "")
}

// decided leads back to the event, or shows it with what stands in the way.
func (h handler) decided(w http.ResponseWriter, r *http.Request, err error, confirm bool, yes, no string) error {
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		e, missing := h.desk.Event(r.Context(), r.PathValue("id"))
		if missing != nil {
			return missing
		}
		return h.room.Form(w, r, "event", h.eventMeta(r, e.Title), h.eventPage(r, e), err)
	} else if err != nil {
		return err
	}
	key := no
	if confirm {
		key = yes
	}
	web.Flash(r, "ok", key)
	return web.Redirect(w, r, eventsURL+"/"+r.PathValue("id"))
}

// typed is the form of an event as it was typed: every old unit with the numbers of the new ones it goes to.
type typed struct {
	Kind, Number, Decided, From, Replaces string
	Old                                   []typedOld
	New                                   []typedNew
}

type typedOld struct {
	N    int // from 1
	Text string
	To   []bool // by number of the new unit
}

type typedNew struct {
	N                int
	Code, Kind, Name string
}

// The form has as many rows as are used and some more, at most these.
const mostOld, mostNew = 30, 12

func readTyped(form url.Values) typed {
	t := typed{Kind: form.Get("kind"), Number: form.Get("decision"), Decided: form.Get("decided"), From: form.Get("from"), Replaces: form.Get("replaces")}
	value := func(name string, i int) string {
		if all := form[name]; i < len(all) {
			return strings.TrimSpace(all[i])
		}
		return ""
	}
	for i := range min(len(form["code"]), mostNew) {
		t.New = append(t.New, typedNew{i + 1, value("code", i), value("type", i), value("name", i)})
	}
	for i := range min(len(form["old"]), mostOld) {
		o := typedOld{N: i + 1, Text: value("old", i), To: make([]bool, len(t.New))}
		for _, n := range form["to"+strconv.Itoa(i+1)] {
			if k, err := strconv.Atoi(n); err == nil && k > 0 && k <= len(t.New) {
				o.To[k-1] = true
			}
		}
		t.Old = append(t.Old, o)
	}
	return t
}

// wide gives the form some free rows.
func (t typed) wide(more bool) typed {
	olds, news := max(len(t.Old), 3), max(len(t.New), 2)
	if more {
		olds, news = olds+3, news+1
	}
	for n := len(t.New); n < min(news, mostNew); n++ {
		t.New = append(t.New, typedNew{N: n + 1})
	}
	for n := len(t.Old); n < min(olds, mostOld); n++ {
		t.Old = append(t.Old, typedOld{N: n + 1})
	}
	for i := range t.Old {
		for len(t.Old[i].To) < len(t.New) {
			t.Old[i].To = append(t.Old[i].To, false)
		}
	}
	return t
}

// typedEvent is an event as one would type it.
func typedEvent(e Event, d *Desk) typed {
	t := typed{Kind: string(e.Kind), Number: e.Number, Decided: written(e.Day), From: written(e.From)}
	for i, n := range e.New {
		t.New = append(t.New, typedNew{i + 1, n.Code, n.Kind, n.Name})
	}
	for i, id := range e.Olds() {
		o := typedOld{N: i + 1, Text: id.Code(), To: make([]bool, len(t.New))}
		if u, err := d.ByID(id); err == nil {
			o.Text = labelOf(u)
		}
		for k, n := range e.New {
			o.To[k] = slices.Contains(e.Parts, EventPart{id, n.Code})
		}
		t.Old = append(t.Old, o)
	}
	return t
}

// labelOf is a unit as the list of choices writes it; Named understands it.
func labelOf(u Unit) string { return u.FullName() + " (" + u.Code + ")" }

// query is the form as an address.
func (t typed) query() string {
	q := url.Values{"kind": {t.Kind}, "decision": {t.Number}, "decided": {t.Decided}, "from": {t.From}}
	if t.Replaces != "" {
		q.Set("replaces", t.Replaces)
	}
	for _, n := range t.New {
		q.Add("code", n.Code)
		q.Add("type", n.Kind)
		q.Add("name", n.Name)
	}
	for _, o := range t.Old {
		q.Add("old", o.Text)
		for k, on := range o.To {
			if on {
				q.Add("to"+strconv.Itoa(o.N), strconv.Itoa(k+1))
			}
		}
	}
	return q.Encode()
}

// event understands what was typed. An old unit without a number goes to the first new one.
func (t typed) event(d *Desk) (Event, error) {
	e := Event{Kind: EventKind(t.Kind), Decision: Decision{Number: t.Number}, Replaces: t.Replaces}
	var errs []error
	var err error
	if e.Day, err = ParseDate(t.Decided); err != nil {
		errs = append(errs, fault.Field("decided", "place.date.invalid", "Text", t.Decided))
	}
	if e.From, err = ParseDate(t.From); err != nil {
		errs = append(errs, fault.Field("from", "place.date.invalid", "Text", t.From))
		return e, errors.Join(errs...)
	}
	var olds []ID
	for _, o := range t.Old {
		id := ID("")
		if o.Text != "" {
			u, err := d.Named(o.Text, e.From.Before())
			errs = append(errs, err)
			id = u.ID
		}
		olds = append(olds, id)
	}
	news := slices.Clone(t.New)
	if len(news) > 0 && len(olds) > 0 && news[0].Code == "" && (e.Kind == Rename || e.Kind == Retype) {
		news[0].Code = olds[0].Code() // it keeps its code where none is given
	}
	for _, n := range news {
		if n.Code+n.Kind+n.Name != "" {
			e.New = append(e.New, NewUnit{n.Code, n.Kind, n.Name})
		}
	}
	for i, o := range t.Old {
		if olds[i] == "" {
			continue
		}
		if !slices.Contains(o.To, true) && len(news) > 0 {
			o.To = []bool{true}
		}
		for k, on := range o.To {
			if part := (EventPart{olds[i], news[k].Code}); on && !slices.Contains(e.Parts, part) {
				e.Parts = append(e.Parts, part)
			}
		}
	}
	return e, errors.Join(errs...)
}

// eventFormPage is the form of an event; its preview carries what was typed on.
type eventFormPage struct {
	typed
	Kinds   []EventKind
	Types   []string
	Units   []string // to choose from
	Event   Event
	Changes []change
	Divided []dividedView
	Query   string
}

func (h handler) eventFormPage(t typed, more bool) eventFormPage {
	p := eventFormPage{typed: t.wide(more), Kinds: eventKinds, Types: []string{"xã", "phường", "thị trấn", "đặc khu", "tỉnh", "thành phố"}}
	home := h.desk.HomeUnit()
	for _, u := range append(h.desk.Units(home.ID, Commune, h.desk.Today()), home) {
		p.Units = append(p.Units, labelOf(u))
	}
	return p
}

func (h handler) eventForm(w http.ResponseWriter, r *http.Request) error {
	p := h.eventFormPage(readTyped(r.URL.Query()), r.URL.Query().Get("more") != "")
	return h.room.Show(w, r, "event_form", h.eventMeta(r, web.T(r, "place.event.enter")), p)
}

func (h handler) eventPreview(w http.ResponseWriter, r *http.Request) error {
	t := readTyped(r.URL.Query())
	p := h.eventFormPage(t, false)
	e, err := t.event(h.desk)
	if err == nil {
		e, err = h.desk.Preview(r.Context(), e)
	}
	if err != nil {
		return h.room.Form(w, r, "event_form", h.eventMeta(r, web.T(r, "place.event.enter")), p, err)
	}
	p.typed, p.Event, p.Changes, p.Divided, p.Query = t, e, h.changes(e), h.dividedBy(e), t.query()
	return h.room.Show(w, r, "event_preview", h.eventMeta(r, web.T(r, "place.event.preview")), p)
}

func (h handler) recordEvent(w http.ResponseWriter, r *http.Request) error {
	t := readTyped(r.PostForm)
	e, err := t.event(h.desk)
	id := ""
	if err == nil {
		id, err = h.desk.RecordEvent(r.Context(), web.Actor(r), web.Key(r), e)
	}
	if err != nil {
		return h.room.Form(w, r, "event_form", h.eventMeta(r, web.T(r, "place.event.enter")), h.eventFormPage(t, false), err)
	}
	web.Flash(r, "ok", "place.event.entered")
	return web.Redirect(w, r, eventsURL+"/"+id)
}
