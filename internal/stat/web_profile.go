package stat

import (
	"net/http"
	"net/url"

	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/web"
)

// profilePage is /ban-lam-viec/so-lieu/noi/{code} and /ban-lam-viec/so-lieu/dan-toc/{slug}.
type profilePage struct {
	Name    string
	Area    string // of a group's profile
	Group   bool
	Profile Profile
	Ask     string // the same figures as a question
	Public  string // the page that everybody may see
	Others  []web.Choice
}

// placeProfile is the profile of a place with exact figures.
func (h handler) placeProfile(w http.ResponseWriter, r *http.Request) error {
	id, ok := h.desk.unit(r.PathValue("code"), 0)
	if !ok {
		return fault.New(fault.NotFound, "place.not_found", "Code", r.PathValue("code"), "Date", "")
	}
	u, err := h.desk.places.ByID(id)
	if err != nil {
		return err
	}
	p := profilePage{Name: u.Title(), Public: "/dia-ban/" + u.Code}
	p.Ask = h.profileAsk(url.Values{"chi-tieu": {"POP,HH"}, "hang": {"place"}, "dia-ban": {u.Code}})
	if u.Level != place.Commune {
		for _, c := range h.desk.places.Units(u.ID, place.Commune, h.desk.places.Today()) {
			p.Others = append(p.Others, web.Choice{Text: c.FullName(), URL: askURL + "/noi/" + c.Code})
		}
	}
	return h.profile(w, r, p, u.ID, nil)
}

// groupProfile is the profile of an ethnic group in an area, the actor's own unless another is named, with exact figures.
func (h handler) groupProfile(w http.ResponseWriter, r *http.Request) error {
	g, err := h.desk.groups.BySlug(ethnic.Slug(r.PathValue("slug")))
	if err != nil {
		return err
	}
	area := h.desk.ownArea(web.Actor(r))
	if word := r.URL.Query().Get("dia-ban"); word != "" {
		if id, ok := h.desk.unit(word, 0); ok {
			area = id
		}
	}
	p := profilePage{Name: g.Name, Group: true, Area: h.areaName(r, area), Public: "/dan-toc/" + string(g.Slug)}
	p.Ask = h.profileAsk(url.Values{"chi-tieu": {"POP,HH"}, "hang": {"place"}, "dia-ban": {string(area)}, "loc.group": {string(g.Slug)}})
	return h.profile(w, r, p, area, inGroup(g.Slug))
}

func (h handler) profileAsk(v url.Values) string {
	a, _ := h.desk.ParseAsk(v)
	return askURL + "?" + h.desk.Query(a)
}

func (h handler) profile(w http.ResponseWriter, r *http.Request, p profilePage, area place.ID, only map[fact.Dim][]string) (err error) {
	p.Profile, err = h.desk.exactProfile(r.Context(), web.Actor(r), h.voice(r), area, only)
	if fault.Is(err, fault.Unavailable) {
		return h.building(w, r)
	}
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "profile", web.Meta{Title: p.Name, Desk: true, Crumbs: h.crumbs(r), Sheet: web.T(r, "stat.sheet.exact")}, p)
}

func (h handler) crumbs(r *http.Request) []web.Link {
	return []web.Link{{Text: web.T(r, "stat.menu"), URL: askURL}}
}
