package place

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

// weightsURL is the table of divided units.
const weightsURL = deskURL + "/phan-chia"

func weightURL(id ID) string { return weightsURL + "/" + url.PathEscape(string(id)) }

func (h handler) mountWeights(site *web.Site) {
	site.Handle("GET "+weightsURL, duty.AccountUse, h.weights)
	site.Handle("GET "+weightsURL+"/{id}", duty.PlaceRecordEvent, h.weightForm)
	site.Handle("POST "+weightsURL+"/{id}", duty.PlaceRecordEvent, h.weight)
}

// dividedView is a unit that was divided, with the weights that count or wait.
type dividedView struct {
	Unit   Unit
	URL    string
	Parts  []Unit
	Counts []weighingView
}

type weighingView struct {
	Weighing
	By     string // what it measures, in words
	Shares []shareView
}

type shareView struct {
	Unit    Unit
	Num     int64
	Percent float64
}

// Draft tells that the weights wait for a second person.
func (v weighingView) Draft() bool { return v.State == Draft }

// weightsPage is the table of divided units.
type weightsPage struct {
	Home  Unit
	Units []dividedView
	Asked string // an old unit that is looked for
}

func (h handler) divided(r *http.Request, u Unit) (dividedView, error) {
	v := dividedView{Unit: u, URL: weightURL(u.ID)}
	for _, s := range h.desk.After(u.ID) {
		v.Parts = append(v.Parts, s.Unit)
	}
	sets, err := h.desk.Weights(r.Context(), u.ID)
	for _, set := range sets {
		one := weighingView{Weighing: set, By: h.measureName(r, set.Measure)}
		for _, a := range set.Parts {
			if part, err := h.desk.ByID(a.New); err == nil {
				one.Shares = append(one.Shares, shareView{part, a.Num, set.Percent(a.New)})
			}
		}
		v.Counts = append(v.Counts, one)
	}
	return v, err
}

func (h handler) weights(w http.ResponseWriter, r *http.Request) error {
	p := weightsPage{Home: h.desk.HomeUnit(), Asked: strings.TrimSpace(r.URL.Query().Get("don-vi"))}
	for _, u := range h.desk.Divided(p.Home.ID) {
		v, err := h.divided(r, u)
		if err != nil {
			return err
		}
		p.Units = append(p.Units, v)
	}
	m := h.eventMeta(r, web.T(r, "place.weight.menu"))
	if p.Asked == "" {
		return h.room.Show(w, r, "weights", m, p)
	}
	u, err := h.desk.Merged(p.Home.ID, p.Asked)
	if err != nil {
		return h.room.Form(w, r, "weights", m, p, err)
	}
	return web.Redirect(w, r, weightURL(u.ID))
}

// weightPage is the form of the weights of one unit.
type weightPage struct {
	dividedView
	Measure, Source, AsOf string
	Typed                 []string
	Measures              []measureChoice
}

// A measureChoice is something that weights can measure.
type measureChoice struct{ Measure, Name string }

func (h handler) weightPage(r *http.Request) (weightPage, error) {
	u, err := h.desk.ByID(ID(r.PathValue("id")))
	if err != nil {
		return weightPage{}, err
	}
	v, err := h.divided(r, u)
	p := weightPage{dividedView: v, Measure: r.PostFormValue("measure"), Source: r.PostFormValue("source"), AsOf: r.PostFormValue("as_of")}
	p.Typed = append(p.Typed, r.PostForm["part"]...)
	for len(p.Typed) < len(p.Parts) {
		p.Typed = append(p.Typed, "")
	}
	measures := []string{ByPopulation, ByArea, ByPercent}
	for _, g := range h.groups() {
		measures = append(measures, g[0])
	}
	for _, m := range measures {
		p.Measures = append(p.Measures, measureChoice{m, h.measureName(r, m)})
	}
	return p, err
}

// groups are the slugs and names of the ethnic groups that weights may be of.
func (h handler) groups() [][2]string {
	if h.desk.Groups == nil {
		return nil
	}
	return h.desk.Groups()
}

// measureName is what weights measure, in words.
func (h handler) measureName(r *http.Request, measure string) string {
	if measure == ByPopulation || measure == ByArea || measure == ByPercent {
		return web.T(r, "place.weight.by."+measure)
	}
	for _, g := range h.groups() {
		if g[0] == measure {
			return web.T(r, "place.weight.by.group", "Name", g[1])
		}
	}
	return measure
}

func (h handler) weightForm(w http.ResponseWriter, r *http.Request) error {
	p, err := h.weightPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "weight", h.weightMeta(r, p), p)
}

func (h handler) weightMeta(r *http.Request, p weightPage) web.Meta {
	m := h.eventMeta(r, web.T(r, "place.weight.enter", "Name", p.Unit.FullName()))
	m.Crumbs = append(m.Crumbs, web.Link{Text: web.T(r, "place.weight.menu"), URL: weightsURL})
	return m
}

func (h handler) weight(w http.ResponseWriter, r *http.Request) error {
	p, err := h.weightPage(r)
	if err != nil {
		return err
	}
	set := Weighing{Old: p.Unit.ID, Measure: p.Measure, Source: p.Source}
	var errs []error
	for i, u := range p.Parts {
		n, err := readAmount(p.Typed[i], p.Measure)
		errs = append(errs, err)
		set.Parts = append(set.Parts, Amount{u.ID, n})
	}
	if set.AsOf, err = ParseDate(p.AsOf); err != nil {
		errs = append(errs, fault.Field("as_of", "place.date.invalid", "Text", p.AsOf))
	}
	if err = errors.Join(errs...); err == nil {
		_, err = h.desk.EnterWeights(r.Context(), web.Actor(r), web.Key(r), set)
	}
	if err != nil {
		return h.room.Form(w, r, "weight", h.weightMeta(r, p), p, err)
	}
	web.Flash(r, "ok", "place.weight.entered")
	return web.Redirect(w, r, weightsURL)
}
