package account

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
)

// grantLine is a duty as pages show it.
type grantLine struct {
	Grant
	Place string // name of the area
	State string // stands, later, over
}

func (h handler) lines(r *http.Request, grants []Grant) []grantLine {
	now := h.desk.now()
	var lines []grantLine
	for _, g := range grants {
		l := grantLine{Grant: g, Place: h.placeName(r, g.Area), State: "stands"}
		switch {
		case g.Over(now):
			l.State = "over"
		case now.Before(g.From):
			l.State = "later"
		}
		lines = append(lines, l)
	}
	return lines
}

func (h handler) placeName(r *http.Request, area string) string {
	if area == "" {
		return web.T(r, "account.everywhere")
	}
	u, err := h.desk.places.ByID(place.ID(area))
	if err != nil {
		return area
	}
	return u.FullName()
}

// An area that may be chosen in a form.
type option struct{ Value, Text string }

func options(units []place.Unit) []option {
	var out []option
	for _, u := range units {
		out = append(out, option{string(u.ID), u.FullName()})
	}
	return out
}

// personLine is an account as the list shows it.
type personLine struct {
	Account
	Place string
}

// listPage is page/list.html.
type listPage struct {
	Search       string
	People       []personLine
	Newer, Older string
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	n, size := web.Page(r)
	p := listPage{Search: r.URL.Query().Get("q")}
	accounts, more, err := h.desk.List(r.Context(), web.Actor(r), p.Search, n, size)
	if err != nil {
		return err
	}
	p.People = h.people(r, accounts)
	p.Newer, p.Older = around(p.Search, n, more)
	return h.room.Show(w, r, "list", h.meta(r, "account.users"), p)
}

func (h handler) people(r *http.Request, accounts []Account) []personLine {
	var lines []personLine
	for _, a := range accounts {
		lines = append(lines, personLine{a, h.placeName(r, a.Home)})
	}
	return lines
}

func around(search string, n int, more bool) (newer, older string) {
	to := func(n int) string { return "?" + url.Values{"q": {search}, "trang": {strconv.Itoa(n)}}.Encode() }
	if n > 1 {
		newer = to(n - 1)
	}
	if more {
		older = to(n + 1)
	}
	return newer, older
}

// addPage is page/add.html.
type addPage struct {
	Typed Newcomer
	Areas []option
}

func (h handler) newcomer(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "add", h.meta(r, "account.add"), addPage{Typed: Newcomer{Kind: WithPassword}, Areas: options(h.desk.Choices(web.Actor(r), duty.UserAdd))})
}

// issuedPage is page/issued.html: a secret that is shown once.
type issuedPage struct {
	Issued
	PIN bool
}

func (h handler) issued(w http.ResponseWriter, r *http.Request, i Issued) error {
	return h.room.Show(w, r, "issued", h.meta(r, "account.issued"), issuedPage{i, i.Account.Kind == WithPIN})
}

func (h handler) add(w http.ResponseWriter, r *http.Request) error {
	n := Newcomer{Name: r.PostFormValue("name"), Title: r.PostFormValue("title"), Kind: r.PostFormValue("kind"), Home: r.PostFormValue("home"),
		FullName: r.PostFormValue("full_name"), Phone: r.PostFormValue("phone")}
	issued, err := h.desk.Add(r.Context(), web.Actor(r), web.Key(r), n)
	if err != nil {
		return h.room.Form(w, r, "add", h.meta(r, "account.add"), addPage{n, options(h.desk.Choices(web.Actor(r), duty.UserAdd))}, err)
	}
	return h.issued(w, r, issued)
}

// personPage is page/person.html.
type personPage struct {
	Account Account
	Place   string
	Grants  []grantLine
	Roles   []duty.Role
	Areas   []option
	Langs   []web.Language
	Typed   typedGrant
	Open    string // the form that was sent and is shown again: grant, disable
}

type typedGrant struct {
	Role, Area, Village, From, Until, Reason string
	Langs                                    []string
}

func (h handler) personPage(r *http.Request) (personPage, error) {
	actor := web.Actor(r)
	a, grants, err := h.desk.Person(r.Context(), actor, ID(r.PathValue("id")))
	p := personPage{Account: a, Place: h.placeName(r, a.Home), Grants: h.lines(r, grants), Langs: h.site.Languages, Roles: h.desk.Grantable(actor)}
	if len(p.Roles) > 0 {
		p.Areas = options(h.desk.Choices(actor, duty.RoleGrant))
	}
	return p, err
}

func (h handler) person(w http.ResponseWriter, r *http.Request) error {
	p, err := h.personPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "person", web.Meta{Title: p.Account.Title, Desk: true, Crumbs: usersCrumb(r)}, p)
}

func usersCrumb(r *http.Request) []web.Link {
	return []web.Link{{Text: web.T(r, "account.users"), URL: "/ban-lam-viec/nguoi-dung"}}
}

// again shows the person's page with what is wrong.
func (h handler) again(w http.ResponseWriter, r *http.Request, form string, typed typedGrant, err error) error {
	p, pageErr := h.personPage(r)
	if pageErr != nil {
		return err // who may not see the page is told what was wrong with the act
	}
	p.Open, p.Typed = form, typed
	return h.room.Form(w, r, "person", web.Meta{Title: p.Account.Title, Desk: true, Crumbs: usersCrumb(r)}, p, err)
}

func (h handler) back(w http.ResponseWriter, r *http.Request, waits bool, done string) error {
	if waits {
		web.Flash(r, "late", "account.waits")
	} else {
		web.Flash(r, "ok", done)
	}
	return web.Redirect(w, r, "/ban-lam-viec/nguoi-dung/"+r.PathValue("id"))
}

func (h handler) disable(w http.ResponseWriter, r *http.Request) error {
	why := r.PostFormValue("reason")
	waits, err := h.desk.Disable(r.Context(), web.Actor(r), ID(r.PathValue("id")), why)
	if err != nil {
		return h.again(w, r, "disable", typedGrant{Reason: why}, err)
	}
	return h.back(w, r, waits, "account.disabled")
}

func (h handler) enable(w http.ResponseWriter, r *http.Request) error {
	why := r.PostFormValue("reason")
	if err := h.desk.Enable(r.Context(), web.Actor(r), ID(r.PathValue("id")), why); err != nil {
		return h.again(w, r, "disable", typedGrant{Reason: why}, err)
	}
	return h.back(w, r, false, "account.enabled")
}

func (h handler) grant(w http.ResponseWriter, r *http.Request) error {
	t := typedOf(r)
	wish, err := h.wish(r, t)
	if err == nil {
		var waits bool
		if waits, err = h.desk.Grant(r.Context(), web.Actor(r), ID(r.PathValue("id")), wish); err == nil {
			return h.back(w, r, waits, "account.granted")
		}
	}
	return h.again(w, r, "grant", t, err)
}

func typedOf(r *http.Request) typedGrant {
	_ = r.PostFormValue("") // parses the form
	return typedGrant{Role: r.PostFormValue("role"), Area: r.PostFormValue("area"), Village: r.PostFormValue("village"), From: r.PostFormValue("from"),
		Until: r.PostFormValue("until"), Reason: r.PostFormValue("reason"), Langs: r.PostForm["langs"]}
}

// wish reads days as people mean them: from the beginning of the first to the end of the last.
func (h handler) wish(r *http.Request, t typedGrant) (Wish, error) {
	wish := Wish{Role: duty.Role(t.Role), Area: t.Area, Reason: t.Reason, Langs: t.Langs}
	var err error
	if wish.Role.Level() == "village" {
		if wish.Village, err = h.desk.Village(r.Context(), t.Area, t.Village); err != nil {
			return wish, err
		}
	}
	if !wish.Role.SpeaksLanguage() {
		wish.Langs = nil
	}
	if wish.From, err = day("from", t.From); err != nil {
		return wish, err
	}
	if wish.Until, err = day("until", t.Until); err == nil && !wish.Until.IsZero() {
		wish.Until = wish.Until.AddDate(0, 0, 1)
	}
	return wish, err
}

func day(field, text string) (time.Time, error) {
	if strings.TrimSpace(text) == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, i18n.Zone)
	if err != nil {
		return t, fault.Field(field, "account.day.wrong")
	}
	return t, nil
}

func (h handler) revoke(w http.ResponseWriter, r *http.Request) error {
	why := r.PostFormValue("reason")
	waits, err := h.desk.Revoke(r.Context(), web.Actor(r), r.PathValue("grant"), why)
	if err != nil {
		return h.again(w, r, "revoke"+r.PathValue("grant"), typedGrant{Reason: why}, err)
	}
	return h.back(w, r, waits, "account.revoked")
}

// resetPage is page/reset.html.
type resetPage struct {
	Search, Chosen, Reason string
	People                 []personLine
	Newer, Older           string
}

func (h handler) resetPage(r *http.Request) (resetPage, error) {
	n, size := web.Page(r)
	p := resetPage{Search: r.URL.Query().Get("q")}
	accounts, more, err := h.desk.Resettable(r.Context(), web.Actor(r), p.Search, n, size)
	p.People = h.people(r, accounts)
	p.Newer, p.Older = around(p.Search, n, more)
	return p, err
}

func (h handler) resets(w http.ResponseWriter, r *http.Request) error {
	p, err := h.resetPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "reset", h.meta(r, "account.reset"), p)
}

func (h handler) reset(w http.ResponseWriter, r *http.Request) error {
	who, why := r.PostFormValue("who"), r.PostFormValue("reason")
	var issued Issued
	var waits bool
	err := fault.Field("who", "account.reset.who")
	if who != "" {
		issued, waits, err = h.desk.Reset(r.Context(), web.Actor(r), ID(who), why)
	}
	if err != nil {
		p, pageErr := h.resetPage(r)
		if pageErr != nil {
			return pageErr
		}
		p.Chosen, p.Reason = who, why
		return h.room.Form(w, r, "reset", h.meta(r, "account.reset"), p, err)
	}
	if waits {
		web.Flash(r, "late", "account.waits")
		return web.Redirect(w, r, "/ban-lam-viec/cap-lai-ma")
	}
	return h.issued(w, r, issued)
}

// deputyPage is page/deputy.html.
type deputyPage struct {
	People []Account
	Own    []ownDuty
	To     string
	Typed  typedGrant
}

// ownDuty is a duty that may be delegated, with its area.
type ownDuty struct {
	Value string // role, space, area
	Role  duty.Role
	Place string
}

func (h handler) deputyPage(r *http.Request) (deputyPage, error) {
	people, err := h.desk.Deputies(r.Context(), web.Actor(r))
	p := deputyPage{People: people}
	for _, g := range h.desk.policy.Holds(web.Actor(r)) {
		if g.Via == "" && duty.RuleOf(duty.RoleDelegate, g.Role).Scope != duty.ScopeNone {
			p.Own = append(p.Own, ownDuty{string(g.Role) + " " + g.Area, g.Role, h.placeName(r, g.Area)})
		}
	}
	return p, err
}

func (h handler) deputies(w http.ResponseWriter, r *http.Request) error {
	p, err := h.deputyPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "deputy", h.meta(r, "account.delegate"), p)
}

func (h handler) delegate(w http.ResponseWriter, r *http.Request) error {
	t, to := typedOf(r), r.PostFormValue("to")
	wish := t
	wish.Role, wish.Area, _ = strings.Cut(t.Role, " ")
	asked, err := h.wish(r, wish)
	if err == nil && to == "" {
		err = fault.Field("to", "account.delegate.to")
	}
	if err == nil {
		err = h.desk.Delegate(r.Context(), web.Actor(r), ID(to), asked)
	}
	if err != nil {
		p, pageErr := h.deputyPage(r)
		if pageErr != nil {
			return pageErr
		}
		p.To, p.Typed = to, t
		return h.room.Form(w, r, "deputy", h.meta(r, "account.delegate"), p, err)
	}
	web.Flash(r, "ok", "account.delegated")
	return web.Redirect(w, r, "/ban-lam-viec/cu-nguoi-thay")
}

// proposalLine is a proposal as the page shows it.
type proposalLine struct {
	Proposal
	Who, From, Place string
	Own              bool
}

func (h handler) proposals(w http.ResponseWriter, r *http.Request) error {
	list, err := h.desk.Proposals(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	var ids []string
	for _, p := range list {
		ids = append(ids, string(p.Account), p.By)
	}
	names, err := h.desk.Names(r.Context(), ids)
	if err != nil {
		return err
	}
	var lines []proposalLine
	for _, p := range list {
		lines = append(lines, proposalLine{p, names[string(p.Account)], names[p.By], h.placeName(r, p.Area), p.By == web.Actor(r).ID})
	}
	return h.room.Show(w, r, "proposals", h.meta(r, "account.proposals"), lines)
}

func (h handler) confirm(w http.ResponseWriter, r *http.Request) error {
	issued, err := h.desk.Confirm(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	if issued.Secret != "" {
		return h.issued(w, r, issued)
	}
	web.Flash(r, "ok", "account.proposal.done")
	return web.Redirect(w, r, "/ban-lam-viec/de-nghi")
}

func (h handler) refuse(w http.ResponseWriter, r *http.Request) error {
	if err := h.desk.Refuse(r.Context(), web.Actor(r), r.PathValue("id")); err != nil {
		return err
	}
	web.Flash(r, "ok", "account.proposal.refused")
	return web.Redirect(w, r, "/ban-lam-viec/de-nghi")
}
