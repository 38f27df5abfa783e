package account

import (
	"embed"
	"errors"
	"net/http"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/privacy"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
}

// Mount registers sign-in, one's own account, and the desk of users and duties.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site, site.Room("account", pages)}
	site.Handle("GET /dang-nhap", duty.Public, h.signIn)
	site.Handle("GET /dang-nhap/pin", duty.Public, h.signIn)
	site.Handle("POST /dang-nhap", duty.Public, h.enter)
	site.Handle("POST /dang-nhap/doi", duty.Public, h.first)
	site.Handle("POST /dang-xuat", duty.Public, h.signOut)
	site.Handle("GET /khoi-dau", duty.Public, h.founding)
	site.Handle("POST /khoi-dau", duty.Public, h.found)

	site.Handle("GET /ban-lam-viec/tai-khoan", duty.AccountUse, h.mine)
	site.Handle("GET /ban-lam-viec/tai-khoan/mat-khau", duty.AccountUse, h.secret)
	site.Handle("POST /ban-lam-viec/tai-khoan/mat-khau", duty.AccountUse, h.setSecret)
	site.Handle("GET /ban-lam-viec/tai-khoan/hai-lop", duty.AccountUse, h.second)
	site.Handle("POST /ban-lam-viec/tai-khoan/hai-lop", duty.AccountUse, h.setSecond)
	site.Handle("POST /ban-lam-viec/tai-khoan/hai-lop/tat", duty.AccountUse, h.dropSecond)
	site.Handle("GET /ban-lam-viec/tai-khoan/xac-nhan", duty.AccountUse, h.stepUp)
	site.Handle("POST /ban-lam-viec/tai-khoan/xac-nhan", duty.AccountUse, h.steppedUp)
	site.Handle("GET /ban-lam-viec/tai-khoan/thong-tin", duty.AccountUse, h.private)
	site.Handle("POST /ban-lam-viec/tai-khoan/thong-tin", duty.AccountUse, h.setPrivate)
	site.Handle("POST /ban-lam-viec/tai-khoan/phien/{id}/ket-thuc", duty.AccountUse, h.endSession)
	site.Menu(web.MenuItem{Group: "desk.daily", Key: "account.mine", URL: "/ban-lam-viec/tai-khoan", Act: duty.AccountUse, Order: 190})

	site.Handle("GET /ban-lam-viec/nguoi-dung", duty.UserAdd, h.list)
	site.Handle("GET /ban-lam-viec/nguoi-dung/them", duty.UserAdd, h.newcomer)
	site.Handle("POST /ban-lam-viec/nguoi-dung/them", duty.UserAdd, h.add)
	site.Handle("GET /ban-lam-viec/nguoi-dung/{id}", duty.UserAdd, h.person)
	site.Handle("POST /ban-lam-viec/nguoi-dung/{id}/khoa", duty.UserDisable, h.disable)
	site.Handle("POST /ban-lam-viec/nguoi-dung/{id}/mo", duty.UserDisable, h.enable)
	site.Handle("POST /ban-lam-viec/nguoi-dung/{id}/giao", duty.RoleGrant, h.grant)
	site.Handle("POST /ban-lam-viec/nguoi-dung/{id}/thu/{grant}", duty.RoleRevoke, h.revoke)
	site.Handle("GET /ban-lam-viec/cap-lai-ma", duty.AccountResetCredential, h.resets)
	site.Handle("POST /ban-lam-viec/cap-lai-ma", duty.AccountResetCredential, h.reset)
	site.Handle("GET /ban-lam-viec/cu-nguoi-thay", duty.RoleDelegate, h.deputies)
	site.Handle("POST /ban-lam-viec/cu-nguoi-thay", duty.RoleDelegate, h.delegate)
	site.Handle("GET /ban-lam-viec/de-nghi", duty.UserDisable, h.proposals)
	site.Handle("POST /ban-lam-viec/de-nghi/{id}/dong-y", duty.UserDisable, h.confirm)
	site.Handle("POST /ban-lam-viec/de-nghi/{id}/tu-choi", duty.UserDisable, h.refuse)
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "account.users", URL: "/ban-lam-viec/nguoi-dung", Act: duty.UserAdd, Order: 900})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "account.proposals", URL: "/ban-lam-viec/de-nghi", Act: duty.UserDisable, Order: 905})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "account.reset", URL: "/ban-lam-viec/cap-lai-ma", Act: duty.AccountResetCredential, Order: 910})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "account.delegate", URL: "/ban-lam-viec/cu-nguoi-thay", Act: duty.RoleDelegate, Order: 915})
}

// desk is what the layout knows of an officer's page of this room.
func (h handler) meta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: web.T(r, title), Desk: true}
}

func (h handler) try(r *http.Request) Try {
	return Try{Name: r.PostFormValue("name"), Secret: r.PostFormValue("secret"), Code: r.PostFormValue("code"), Address: web.Address(r),
		Device: r.UserAgent(), Former: web.Session(r)}
}

// signInPage is page/sign_in.html.
type signInPage struct {
	Name, Next string
	PIN        bool
	// In a demonstration only: who may be tried, and with what.
	Demo              []DemoSignIn
	Password, DemoPIN string
}

// signInMeta: a page that nobody should find by searching.
func signInMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "account.sign_in"), NoIndex: true}
}

func (h handler) signInPage(name, next string, pin bool) signInPage {
	p := signInPage{Name: name, Next: next, PIN: pin}
	if h.site.Demo {
		p.Demo, p.Password, p.DemoPIN = DemoSignIns(), DemoPassword, DemoPIN
	}
	return p
}

func (h handler) signIn(w http.ResponseWriter, r *http.Request) error {
	if web.Actor(r).ID != "" {
		return web.Redirect(w, r, "/ban-lam-viec")
	}
	web.Fresh(r)
	return h.room.Show(w, r, "sign_in", signInMeta(r), h.signInPage("", r.URL.Query().Get("tiep"), strings.HasSuffix(r.URL.Path, "/pin")))
}

func (h handler) enter(w http.ResponseWriter, r *http.Request) error {
	t, next := h.try(r), r.PostFormValue("tiep")
	token, err := h.desk.SignIn(r.Context(), t)
	switch {
	case errors.Is(err, ErrChangeFirst):
		return h.room.Show(w, r, "first", signInMeta(r), signInPage{Name: t.Name, Next: next})
	case err != nil:
		return h.room.Form(w, r, "sign_in", signInMeta(r), h.signInPage(t.Name, next, r.PostFormValue("pin") != ""), err)
	}
	return h.welcome(w, r, token, next)
}

func (h handler) welcome(w http.ResponseWriter, r *http.Request, token, next string) error {
	web.SignIn(w, r, token)
	if next == "" {
		next = "/ban-lam-viec"
	}
	return web.Redirect(w, r, next)
}

func (h handler) first(w http.ResponseWriter, r *http.Request) error {
	t, next := h.try(r), r.PostFormValue("tiep")
	token, err := h.desk.ChooseFirst(r.Context(), t, r.PostFormValue("new"), r.PostFormValue("again"))
	if err != nil {
		return h.room.Form(w, r, "first", signInMeta(r), signInPage{Name: t.Name, Next: next}, err)
	}
	return h.welcome(w, r, token, next)
}

func (h handler) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := h.desk.SignOut(r.Context(), web.Session(r)); err != nil {
		return err
	}
	web.SignOut(w, r)
	web.Flash(r, "ok", "account.signed_out")
	return web.Redirect(w, r, "/")
}

// foundPage is page/found.html: the sealed first run.
type foundPage struct {
	Code   string
	Names  [3]string
	Issued []Issued
}

func (h handler) founding(w http.ResponseWriter, r *http.Request) error {
	open, err := h.desk.FirstRunOpen(r.Context())
	if err != nil {
		return err
	}
	if !open {
		return fault.New(fault.Gone, "account.first_run.over")
	}
	web.Fresh(r) // the code stands in the address: not a page to be kept
	return h.room.Show(w, r, "found", foundMeta(r), foundPage{Code: r.URL.Query().Get("ma"), Names: [3]string{"quan.tri", "lanh.dao.1", "lanh.dao.2"}})
}

func foundMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "account.first_run"), NoIndex: true}
}

func (h handler) found(w http.ResponseWriter, r *http.Request) error {
	p := foundPage{Code: r.PostFormValue("code"), Names: [3]string{r.PostFormValue("name1"), r.PostFormValue("name2"), r.PostFormValue("name3")}}
	issued, err := h.desk.FirstRun(r.Context(), p.Code, p.Names[:])
	if err != nil {
		return h.room.Form(w, r, "found", foundMeta(r), p, err)
	}
	return h.room.Show(w, r, "found", foundMeta(r), foundPage{Issued: issued})
}

// minePage is page/mine.html: the person's own account.
type minePage struct {
	Account  Account
	Grants   []grantLine
	Sessions []Session
	Openings []openingLine
}

type openingLine struct {
	privacy.Opening
	Who string
}

func (h handler) mine(w http.ResponseWriter, r *http.Request) error {
	actor := web.Actor(r)
	var p minePage
	var err error
	if p.Account, err = h.desk.Mine(r.Context(), actor); err != nil {
		return err
	}
	grants, err := h.desk.Grants(r.Context(), actor)
	if err != nil {
		return err
	}
	p.Grants = h.lines(r, grants)
	if p.Sessions, err = h.desk.Sessions(r.Context(), actor); err != nil {
		return err
	}
	openings, err := h.desk.Openings(r.Context(), actor)
	if err != nil {
		return err
	}
	var ids []string
	for _, o := range openings {
		ids = append(ids, o.Actor)
	}
	names, err := h.desk.Names(r.Context(), ids)
	if err != nil {
		return err
	}
	for _, o := range openings {
		p.Openings = append(p.Openings, openingLine{o, names[o.Actor]})
	}
	return h.room.Show(w, r, "mine", h.meta(r, "account.mine"), p)
}

func (h handler) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := h.desk.EndSession(r.Context(), web.Actor(r), r.PathValue("id")); err != nil {
		return err
	}
	web.Flash(r, "ok", "account.session.ended")
	return web.Redirect(w, r, "/ban-lam-viec/tai-khoan")
}

// secretPage is page/secret.html and page/step_up.html.
type secretPage struct {
	PIN, TOTP bool
	Next      string
}

func (h handler) secretPage(r *http.Request) (secretPage, error) {
	a, err := h.desk.Mine(r.Context(), web.Actor(r))
	return secretPage{PIN: a.Kind == WithPIN, TOTP: a.TOTP, Next: r.FormValue("tiep")}, err
}

func (h handler) secret(w http.ResponseWriter, r *http.Request) error {
	p, err := h.secretPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "secret", h.meta(r, "account.secret.change"), p)
}

func (h handler) setSecret(w http.ResponseWriter, r *http.Request) error {
	token, err := h.desk.ChangeSecret(r.Context(), web.Actor(r), h.try(r), r.PostFormValue("new"), r.PostFormValue("again"))
	if err != nil {
		p, pageErr := h.secretPage(r)
		if pageErr != nil {
			return pageErr
		}
		return h.room.Form(w, r, "secret", h.meta(r, "account.secret.change"), p, err)
	}
	web.SignIn(w, r, token)
	web.Flash(r, "ok", "account.secret.changed")
	return web.Redirect(w, r, "/ban-lam-viec/tai-khoan")
}

func (h handler) stepUp(w http.ResponseWriter, r *http.Request) error {
	p, err := h.secretPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "step_up", h.meta(r, "account.step_up"), p)
}

func (h handler) steppedUp(w http.ResponseWriter, r *http.Request) error {
	p, err := h.secretPage(r)
	if err != nil {
		return err
	}
	if err := h.desk.StepUp(r.Context(), web.Actor(r), r.PostFormValue("secret"), r.PostFormValue("code"), web.Address(r)); err != nil {
		return h.room.Form(w, r, "step_up", h.meta(r, "account.step_up"), p, err)
	}
	if p.Next == "" {
		p.Next = "/ban-lam-viec/tai-khoan"
	}
	return web.Redirect(w, r, p.Next)
}

// privatePage is page/private.html: what is sealed about the person.
type privatePage struct{ FullName, Phone string }

func (h handler) private(w http.ResponseWriter, r *http.Request) error {
	if h.desk.policy.Fresh(web.Actor(r)) != nil {
		return toStepUp(w, r)
	}
	var p privatePage
	var err error
	if p.FullName, p.Phone, err = h.desk.Private(r.Context(), web.Actor(r)); err != nil {
		return err
	}
	return h.room.Show(w, r, "private", h.meta(r, "account.private"), p)
}

func (h handler) setPrivate(w http.ResponseWriter, r *http.Request) error {
	if h.desk.policy.Fresh(web.Actor(r)) != nil {
		return toStepUp(w, r)
	}
	p := privatePage{r.PostFormValue("full_name"), r.PostFormValue("phone")}
	if err := h.desk.SetPrivate(r.Context(), web.Actor(r), p.FullName, p.Phone); err != nil {
		return h.room.Form(w, r, "private", h.meta(r, "account.private"), p, err)
	}
	web.Flash(r, "ok", "account.private.saved")
	return web.Redirect(w, r, "/ban-lam-viec/tai-khoan")
}
