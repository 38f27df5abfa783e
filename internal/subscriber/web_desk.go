package subscriber

import (
	"net/http"
	"slices"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/web"
)

func (h handler) mountDesk() {
	h.site.Handle("GET /ban-lam-viec/thue-bao", duty.ConsentWithdraw, h.counts)
	h.site.Handle("GET /ban-lam-viec/thue-bao/them", duty.ConsentGiveAssisted, h.assist)
	h.site.Handle("POST /ban-lam-viec/thue-bao/them", duty.ConsentGiveAssisted, h.assisted)
	h.site.Handle("GET /ban-lam-viec/thue-bao/mau.csv", duty.ConsentGiveAssisted, h.template)
	h.site.Handle("GET /ban-lam-viec/thue-bao/nhap", duty.ConsentGiveAssisted, h.list)
	h.site.Handle("POST /ban-lam-viec/thue-bao/nhap", duty.ConsentGiveAssisted, h.takeList)
	h.site.Handle("POST /ban-lam-viec/thue-bao/thoi", duty.ConsentWithdraw, h.stopFor)
	h.site.Menu(web.MenuItem{Group: "desk.daily", Key: "subscriber.menu", URL: "/ban-lam-viec/thue-bao", Act: duty.ConsentWithdraw, Order: 40})
}

func deskMeta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: web.T(r, title), Desk: true}
}

// A countsPage says how many there are, by channel and language. It names nobody.
type countsPage struct {
	Counts  []countRow
	Places  bool   // they are of more than one commune
	Address string // typed into the form that stops; shown again only with a mistake in it
}

func (h handler) counts(w http.ResponseWriter, r *http.Request) error {
	p, err := h.countsPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "counts", deskMeta(r, "subscriber.menu"), p)
}

// A countRow is a count in words.
type countRow struct {
	Count
	Where, Language string
}

// countsPage counts where the actor may; a relay sees no counts.
func (h handler) countsPage(r *http.Request) (countsPage, error) {
	var p countsPage
	actor := web.Actor(r)
	if !h.desk.policy.May(actor, duty.DeliveryReadCounts) {
		return p, nil
	}
	all, err := h.desk.Counts(r.Context(), actor, "")
	for _, c := range all {
		p.Counts = append(p.Counts, countRow{c, h.placeName(c.Place), h.language(c.Lang)})
		p.Places = p.Places || c.Place != all[0].Place
	}
	return p, err
}

func (h handler) language(tag string) string {
	l, err := h.desk.languages.Language(tag)
	if err != nil {
		return tag
	}
	return l.Name
}

func (h handler) placeName(id place.ID) string {
	u, err := h.desk.places.ByID(id)
	if err != nil {
		return id.Code()
	}
	return u.FullName()
}

// own lists the communes in which the actor may write down an agreement: those of the duty, for a relay that of the village.
func (h handler) own(r *http.Request, chosen place.ID) []web.Choice {
	var all []web.Choice
	add := func(id place.ID) {
		if !slices.ContainsFunc(all, func(c web.Choice) bool { return c.Code == string(id) }) {
			all = append(all, web.Choice{Code: string(id), Text: h.placeName(id), Chosen: id == chosen})
		}
	}
	for _, g := range h.desk.policy.Holds(web.Actor(r)) {
		if s := duty.RuleOf(duty.ConsentGiveAssisted, g.Role).Scope; s == duty.ScopeOwnVillage || s == duty.ScopeOwnCommune {
			add(place.ID(g.Area))
		}
	}
	if len(all) == 1 {
		all[0].Chosen = true
	}
	return all
}

// complete says the place where the actor has but one, and asks for it where it is open: duties are checked on the place.
func (h handler) complete(r *http.Request, w *Wish) error {
	if places := h.own(r, w.Place); w.Place == "" && len(places) == 1 {
		w.Place = place.ID(places[0].Code)
	}
	if w.Place == "" {
		return fault.Field("place", "subscriber.place.required")
	}
	if !h.relays(r) {
		return h.inPlace(r, w)
	}
	if w.Village != "" {
		return nil // the policy knows the own ones
	}
	own := h.desk.policy.Villages(web.Actor(r), duty.ConsentGiveAssisted)
	if len(own) != 1 {
		return fault.Field("village", "subscriber.village.required")
	}
	w.Village = own[0]
	return nil
}

// relays reports whether the actor acts in villages only.
func (h handler) relays(r *http.Request) bool {
	return len(h.desk.policy.Areas(web.Actor(r), duty.ConsentGiveAssisted)) == 0
}

// assistPage fills the form for the actor's own villages or communes.
func (h handler) assistPage(r *http.Request, w Wish) (formPage, error) {
	places := h.own(r, w.Place)
	if w.Place == "" && len(places) == 1 {
		w.Place = place.ID(places[0].Code)
	}
	p, err := h.page(r, w, places)
	if h.relays(r) { // the own villages and no others
		own := h.desk.policy.Villages(web.Actor(r), duty.ConsentGiveAssisted)
		p.Villages = slices.DeleteFunc(p.Villages, func(c web.Choice) bool { return !slices.Contains(own, c.Code) })
		if len(p.Villages) == 1 {
			p.Villages[0].Chosen = true
		}
	}
	return p, err
}

func (h handler) assist(w http.ResponseWriter, r *http.Request) error {
	p, err := h.assistPage(r, Wish{Heard: []string{""}})
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "assist", h.assistMeta(r), p)
}

func (h handler) assistMeta(r *http.Request) web.Meta {
	m := deskMeta(r, "subscriber.assist")
	m.Crumbs = []web.Link{{Text: web.T(r, "subscriber.menu"), URL: "/ban-lam-viec/thue-bao"}}
	return m
}

func (h handler) assisted(w http.ResponseWriter, r *http.Request) error {
	wish := typed(r)
	wish.Manner, wish.Reason, wish.Lang = privacy.Assisted, r.PostFormValue("reason"), r.PostFormValue("told")
	unsaid := h.complete(r, &wish)
	again := func(err error) error {
		p, lost := h.assistPage(r, wish)
		if lost != nil {
			return lost
		}
		if err == nil {
			return h.room.Show(w, r, "assist", h.assistMeta(r), p)
		}
		return h.room.Form(w, r, "assist", h.assistMeta(r), p, err)
	}
	if r.PostFormValue("do") == "village" {
		return again(nil)
	}
	if unsaid != nil {
		return again(unsaid)
	}
	if _, err := h.desk.Subscribe(r.Context(), web.Actor(r), wish); err != nil {
		return again(err)
	}
	web.Flash(r, "ok", "subscriber.assist.done", "To", mask(wish.Channel, wish.Address))
	return web.Redirect(w, r, "/ban-lam-viec/thue-bao")
}

// template is the empty list that the import takes.
func (h handler) template(w http.ResponseWriter, r *http.Request) error {
	return web.CSV(w, r, "nguoi-nhan-tin.csv", [][]string{Columns()})
}

func (h handler) stopFor(w http.ResponseWriter, r *http.Request) error {
	wish := typed(r)
	if err := h.desk.StopFor(r.Context(), web.Actor(r), wish.Channel, wish.Address); err != nil {
		p, lost := h.countsPage(r)
		if lost != nil {
			return lost
		}
		p.Address = wish.Address
		return h.room.Form(w, r, "counts", deskMeta(r, "subscriber.menu"), p, err)
	}
	web.Flash(r, "ok", "subscriber.stopfor.done", "To", mask(wish.Channel, wish.Address))
	return web.Redirect(w, r, "/ban-lam-viec/thue-bao")
}
