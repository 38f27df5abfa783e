package privacy

import (
	"embed"
	"net/http"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	room *web.Room
}

// Mount registers the form for everybody's requests and the desk of the data-protection officer.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site.Room("privacy", pages)}
	site.Handle("GET /rieng-tu/yeu-cau", duty.PrivacyRequest, h.form)
	site.Handle("POST /rieng-tu/yeu-cau", duty.PrivacyRequest, h.submit)
	site.Handle("GET /rieng-tu/yeu-cau/xem", duty.PrivacyRequest, h.follow)
	site.Handle("POST /rieng-tu/yeu-cau/xem", duty.PrivacyRequest, h.followed)
	site.Handle("GET /ban-lam-viec/du-lieu-ca-nhan", duty.PrivacyHandleRequest, h.list)
	site.Handle("GET /ban-lam-viec/du-lieu-ca-nhan/so-truong", duty.PrivacyHandleRequest, h.registry)
	site.Handle("GET /ban-lam-viec/du-lieu-ca-nhan/{id}", duty.PrivacyHandleRequest, h.request)
	site.Handle("POST /ban-lam-viec/du-lieu-ca-nhan/{id}/mo", duty.PrivacyHandleRequest, h.open)
	site.Handle("POST /ban-lam-viec/du-lieu-ca-nhan/{id}/tra-loi", duty.PrivacyHandleRequest, h.answer)
	site.Handle("GET /ban-lam-viec/mo-niem-phong", duty.PrivacyHandleRequest, h.field)
	site.Handle("POST /ban-lam-viec/mo-niem-phong", duty.PrivacyHandleRequest, h.openField)
	site.Handle("GET /ban-lam-viec/huy-khoa", duty.PrivacyDestroyKey, h.destructions)
	site.Handle("POST /ban-lam-viec/huy-khoa", duty.PrivacyDestroyKey, h.propose)
	site.Handle("POST /ban-lam-viec/huy-khoa/{id}/dong-y", duty.PrivacyDestroyKey, h.confirm)
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "privacy.requests", URL: "/ban-lam-viec/du-lieu-ca-nhan", Act: duty.PrivacyHandleRequest, Order: 920})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "privacy.destroy", URL: "/ban-lam-viec/huy-khoa", Act: duty.PrivacyDestroyKey, Order: 925})
}

func meta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: web.T(r, title), Desk: true}
}

func publicMeta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: web.T(r, title), NoIndex: true, Crumbs: []web.Link{{Text: web.T(r, "app.privacy"), URL: "/rieng-tu"}}}
}

// formPage is page/form.html.
type formPage struct {
	Kinds []string
	Typed Wish
}

func (h handler) form(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "form", publicMeta(r, "privacy.request"), formPage{Kinds: Kinds})
}

func (h handler) submit(w http.ResponseWriter, r *http.Request) error {
	p := formPage{Kinds, Wish{Kind: r.PostFormValue("kind"), Text: r.PostFormValue("text"), Contact: r.PostFormValue("contact")}}
	code, err := h.desk.Submit(r.Context(), web.Actor(r), web.Key(r), p.Typed)
	if err != nil {
		return h.room.Form(w, r, "form", publicMeta(r, "privacy.request"), p, err)
	}
	// Shown here and not after a redirect: the code must not stand in an address.
	return h.room.Show(w, r, "sent", publicMeta(r, "privacy.request.sent"), code)
}

// followPage is page/follow.html.
type followPage struct {
	Code    string
	Request Request // zero until a code was given
	Answer  string
}

func (h handler) follow(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "follow", publicMeta(r, "privacy.request.follow"), followPage{})
}

func (h handler) followed(w http.ResponseWriter, r *http.Request) error {
	code := r.PostFormValue("code")
	request, answer, err := h.desk.Follow(r.Context(), code)
	if err != nil {
		return h.room.Form(w, r, "follow", publicMeta(r, "privacy.request.follow"), followPage{Code: code}, err)
	}
	return h.room.Show(w, r, "follow", publicMeta(r, "privacy.request.follow"), followPage{Request: request, Answer: answer})
}

// requestLine is a request as pages show it.
type requestLine struct {
	Request
	IsLate bool
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	n, size := web.Page(r)
	requests, err := h.desk.Requests(r.Context(), web.Actor(r), n, size)
	if err != nil {
		return err
	}
	var lines []requestLine
	for _, q := range requests {
		lines = append(lines, requestLine{q, q.Late(h.desk.now())})
	}
	return h.room.Show(w, r, "list", meta(r, "privacy.requests"), lines)
}

// requestPage is page/request.html.
type requestPage struct {
	Request      requestLine
	Opened       *Wish // nil until it was opened with a reason
	Reason       string
	Answer, Sure string
	Form         string // the one that was sent: open, answer
}

func (h handler) requestPage(r *http.Request) (requestPage, error) {
	q, err := h.desk.Request(r.Context(), web.Actor(r), r.PathValue("id"))
	return requestPage{Request: requestLine{q, q.Late(h.desk.now())}}, err
}

func (h handler) requestMeta(r *http.Request) web.Meta {
	m := meta(r, "privacy.request")
	m.Crumbs = []web.Link{{Text: web.T(r, "privacy.requests"), URL: "/ban-lam-viec/du-lieu-ca-nhan"}}
	return m
}

func (h handler) request(w http.ResponseWriter, r *http.Request) error {
	p, err := h.requestPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "request", h.requestMeta(r), p)
}

func (h handler) open(w http.ResponseWriter, r *http.Request) error {
	p, err := h.requestPage(r)
	if err != nil {
		return err
	}
	p.Form, p.Reason = "open", r.PostFormValue("reason")
	if h.desk.policy.Fresh(web.Actor(r)) != nil {
		return web.Redirect(w, r, "/ban-lam-viec/tai-khoan/xac-nhan?tiep=/ban-lam-viec/du-lieu-ca-nhan/"+r.PathValue("id"))
	}
	wish, err := h.desk.OpenRequest(r.Context(), web.Actor(r), p.Request.ID, p.Reason)
	if err != nil {
		return h.room.Form(w, r, "request", h.requestMeta(r), p, err)
	}
	p.Opened = &wish
	return h.room.Show(w, r, "request", h.requestMeta(r), p)
}

func (h handler) answer(w http.ResponseWriter, r *http.Request) error {
	p, err := h.requestPage(r)
	if err != nil {
		return err
	}
	p.Form, p.Answer, p.Sure = "answer", r.PostFormValue("answer"), r.PostFormValue("reason")
	if err := h.desk.Answer(r.Context(), web.Actor(r), p.Request.ID, p.Answer, p.Sure); err != nil {
		return h.room.Form(w, r, "request", h.requestMeta(r), p, err)
	}
	web.Flash(r, "ok", "privacy.answer.done")
	return web.Redirect(w, r, "/ban-lam-viec/du-lieu-ca-nhan")
}

func (h handler) registry(w http.ResponseWriter, r *http.Request) error {
	all, err := Registry()
	if err != nil {
		return err
	}
	var personal []Entry
	for _, e := range all {
		if e.Class != None {
			personal = append(personal, e)
		}
	}
	return h.room.Show(w, r, "registry", meta(r, "privacy.registry"), personal)
}

// destroyPage is page/destroy.html.
type destroyPage struct {
	List           []Destruction
	Record, Reason string
	Proposes       bool // the actor may propose
	Confirms       bool // the actor may confirm
}

func (h handler) destroyPage(r *http.Request) (destroyPage, error) {
	list, err := h.desk.Destructions(r.Context(), web.Actor(r))
	return destroyPage{List: list, Proposes: h.desk.holds(web.Actor(r), duty.DPO), Confirms: h.desk.holds(web.Actor(r), duty.ProvinceLeader)}, err
}

func (h handler) destructions(w http.ResponseWriter, r *http.Request) error {
	p, err := h.destroyPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "destroy", meta(r, "privacy.destroy"), p)
}

func (h handler) propose(w http.ResponseWriter, r *http.Request) error {
	record, reason := r.PostFormValue("record"), r.PostFormValue("reason")
	if _, err := h.desk.ProposeDestruction(r.Context(), web.Actor(r), record, reason); err != nil {
		p, pageErr := h.destroyPage(r)
		if pageErr != nil {
			return pageErr
		}
		p.Record, p.Reason = record, reason
		return h.room.Form(w, r, "destroy", meta(r, "privacy.destroy"), p, err)
	}
	web.Flash(r, "late", "privacy.destroy.proposed")
	return web.Redirect(w, r, "/ban-lam-viec/huy-khoa")
}

func (h handler) confirm(w http.ResponseWriter, r *http.Request) error {
	if h.desk.policy.Fresh(web.Actor(r)) != nil && h.desk.holds(web.Actor(r), duty.ProvinceLeader) {
		return web.Redirect(w, r, "/ban-lam-viec/tai-khoan/xac-nhan?tiep=/ban-lam-viec/huy-khoa")
	}
	if err := h.desk.ConfirmDestruction(r.Context(), web.Actor(r), r.PathValue("id")); err != nil {
		return err
	}
	web.Flash(r, "ok", "privacy.destroy.done")
	return web.Redirect(w, r, "/ban-lam-viec/huy-khoa")
}

// fieldPage is page/field.html: one sealed field of one record.
type fieldPage struct {
	Fields                       []string
	Record, Field, Reason, Value string
}

// fields are those that the data-protection officer opens outside of a request.
var fields = []string{"phone", "full_name"}

func (h handler) field(w http.ResponseWriter, r *http.Request) error {
	if h.desk.policy.Fresh(web.Actor(r)) != nil {
		return web.Redirect(w, r, "/ban-lam-viec/tai-khoan/xac-nhan?tiep=/ban-lam-viec/mo-niem-phong")
	}
	return h.room.Show(w, r, "field", meta(r, "privacy.open_field"), fieldPage{Fields: fields})
}

func (h handler) openField(w http.ResponseWriter, r *http.Request) error {
	p := fieldPage{Fields: fields, Record: r.PostFormValue("record"), Field: r.PostFormValue("field"), Reason: r.PostFormValue("reason")}
	value, err := h.desk.Open(r.Context(), web.Actor(r), Ask{Act: duty.PrivacyHandleRequest, Thing: duty.Thing{Area: h.desk.home()},
		Record: p.Record, Field: p.Field, Reason: p.Reason})
	if fault.Is(err, fault.NotFound) {
		err = fault.Field("record", "privacy.open_field.none")
	}
	if err != nil {
		return h.room.Form(w, r, "field", meta(r, "privacy.open_field"), p, err)
	}
	p.Value = value
	return h.room.Show(w, r, "field", meta(r, "privacy.open_field"), p)
}
