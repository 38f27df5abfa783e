package report

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/report/form"
	"banlang/internal/web"
)

const (
	periodRoot = "/ban-lam-viec/ky-bao-cao"
	formRoot   = "/ban-lam-viec/bieu-mau"
)

func (h handler) mountBoard(site *web.Site) {
	h.mountFigures(site)
	site.Handle("GET "+root+"/theo-doi", duty.StatReadExact, h.board)
	site.Handle("GET "+periodRoot, duty.StatReadExact, h.periods)
	site.Handle("POST "+periodRoot, duty.StatAccept, h.openPeriod)
	site.Handle("GET "+periodRoot+"/{period}", duty.StatReadExact, h.onePeriod)
	site.Handle("POST "+periodRoot+"/{period}", duty.StatReadExact, h.turnPeriod)
	site.Handle("GET "+formRoot, duty.StatReadExact, h.forms)
	site.Handle("GET "+formRoot+"/{code}", duty.StatReadExact, h.form)
	site.Handle("GET "+formRoot+"/{code}/csv", duty.StatReadExact, h.formCSV)
	site.Handle("POST "+formRoot+"/{code}", duty.StatDefine, h.proposeForm)
	site.Handle("POST "+formRoot+"/{code}/ban", duty.StatDefine, h.defineForm)
	site.Handle("POST "+formRoot+"/{code}/ban/{version}/duyet", duty.StatCertify, h.approveForm)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "report.period.menu", URL: periodRoot, Act: duty.StatAccept, Order: 12})
	site.Menu(web.MenuItem{Group: "desk.data", Key: "report.form.menu", URL: formRoot, Act: duty.StatDefine, Order: 13})
}

// boardPage is /ban-lam-viec/bieu/theo-doi.
type boardPage struct {
	Chosen    Period
	Title     string
	Name      string // of the period
	Periods   []periodRowView
	Tally     []tallyView
	Cells     []boardCell
	Call      []boardCell // late or silent: whom to call first
	Done, All int
	Complete  float64 // percent
	InTime    int
	Timely    float64
	SendDue   time.Time
	Certify   time.Time
}

type tallyView struct {
	Look, Word string
	N          int
}

type boardCell struct {
	ID, Name, Full string
	Badge          badge
	Last           time.Time // when figures were last entered
	Percent        string
	Days           int // late
}

// periodRowView is a period as lists show it.
type periodRowView struct {
	Period
	Title, Name string
	Send        time.Time
	Badge       badge
	URL         string
}

func (h handler) periodViews(r *http.Request) ([]periodRowView, error) {
	all, err := h.desk.Periods(r.Context(), web.Actor(r))
	if err != nil {
		return nil, err
	}
	titles, err := h.titles(r)
	views := make([]periodRowView, len(all))
	for i, p := range all {
		views[i] = h.periodView(r, p, titles[p.Form])
	}
	return views, err
}

func (h handler) periodView(r *http.Request, p Period, title string) periodRowView {
	v := periodRowView{Period: p, Title: title, Name: h.period(r, p.Period), Send: p.SendDue.Time(), URL: root + "/theo-doi?ky=" + url.QueryEscape(p.ID)}
	v.Badge = badge{"go", web.T(r, "report.period.running")}
	if p.State == Locked {
		v.Badge = badge{"ok", web.T(r, "report.state.locked")}
	}
	if !p.Ministry.At.IsZero() {
		v.Badge = badge{"ok", web.T(r, "report.state.ministry")}
	}
	return v
}

func (h handler) board(w http.ResponseWriter, r *http.Request) error {
	page := boardPage{}
	var err error
	if page.Periods, err = h.periodViews(r); err != nil {
		return err
	}
	id := r.URL.Query().Get("ky")
	if id == "" {
		id = h.current(page.Periods)
	}
	m := h.meta(r, web.T(r, "report.board"))
	if id == "" {
		return h.room.Show(w, r, "board", m, page)
	}
	b, err := h.desk.Board(r.Context(), web.Actor(r), id)
	if err != nil {
		return err
	}
	page.Chosen, page.Title, page.Name = b.Period, h.title(r, b.Form, b.Period), h.period(r, b.Period.Period)
	page.Done, page.All, page.InTime = b.Done, len(b.Lines), b.InTime
	page.SendDue, page.Certify = b.Period.SendDue.Time(), b.Period.CertifyDue.Time()
	if page.All > 0 {
		page.Complete, page.Timely = 100*float64(b.Done)/float64(page.All), 100*float64(b.InTime)/float64(page.All)
	}
	h.lay(r, b, &page)
	m.Title = page.Title
	return h.room.Show(w, r, "board", m, page)
}

// current is the newest period whose day to send is nearest: what an officer wants to see first.
func (h handler) current(all []periodRowView) string {
	best, today := "", h.desk.today()
	var due place.Date
	for _, p := range all {
		if p.State == Open && p.Opens <= today && (best == "" || p.SendDue > due && due < today || p.SendDue < due && p.SendDue >= today) {
			best, due = p.ID, p.SendDue
		}
	}
	if best == "" && len(all) > 0 {
		best = all[0].ID
	}
	return best
}

// lay fills the board: every unit with its state, the count of each state, and whom to call.
func (h handler) lay(r *http.Request, b Board, page *boardPage) {
	count := map[badge]int{}
	var order []badge
	for _, l := range b.Lines {
		c := boardCell{ID: l.ID, Name: l.Unit.Name, Full: l.Unit.FullName(), Badge: badgeOf(r, l.Report, b.Period, l.Late), Last: l.Entered.At, Percent: percent(l.Report)}
		if l.Late {
			c.Days = int(h.desk.today().Time().Sub(b.Period.SendDue.Time()).Hours() / 24)
		}
		if count[c.Badge] == 0 {
			order = append(order, c.Badge)
		}
		count[c.Badge]++
		page.Cells = append(page.Cells, c)
		if b.Period.State == Open && (l.Late || l.State == Returned || l.State == Open && l.Filled == 0) {
			page.Call = append(page.Call, c)
		}
	}
	rank := map[string]int{"ok": 0, "go": 1, "late": 2, "unk": 3}
	slices.SortStableFunc(order, func(a, b badge) int { return cmp.Compare(rank[a.Look], rank[b.Look]) })
	for _, o := range order {
		page.Tally = append(page.Tally, tallyView{o.Look, o.Word, count[o]})
	}
	slices.SortStableFunc(page.Call, func(a, b boardCell) int { return cmp.Compare(a.Last.UnixMilli(), b.Last.UnixMilli()) })
}

// periodsPage is /ban-lam-viec/ky-bao-cao.
type periodsPage struct {
	Rows    []periodRowView
	MayOpen bool
	Forms   []formChoice
	Typed   openForm
}

type formChoice struct{ Code, Title, Period string }

type openForm struct{ Form, Period, Certify, Send, Final string }

func (h handler) periodsPage(r *http.Request) (periodsPage, error) {
	rows, err := h.periodViews(r)
	if err != nil {
		return periodsPage{}, err
	}
	p := periodsPage{Rows: rows, MayOpen: h.desk.receives(web.Actor(r), Period{Area: h.desk.home()}) == nil}
	forms, err := h.desk.Forms(r.Context())
	for _, f := range forms {
		p.Forms = append(p.Forms, formChoice{f.Code, f.Code + ". " + f.Title(web.Reader(r).UI), latest(f.Form, h.desk.today()).String()})
	}
	p.Typed = openForm{r.PostFormValue("form"), r.PostFormValue("period"), r.PostFormValue("certify"), r.PostFormValue("send"), r.PostFormValue("final")}
	return p, err
}

func (h handler) periods(w http.ResponseWriter, r *http.Request) error {
	p, err := h.periodsPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "periods", h.periodsMeta(r, p), p)
}

func (h handler) periodsMeta(r *http.Request, _ periodsPage) web.Meta {
	return h.meta(r, web.T(r, "report.period.title"))
}

func (h handler) openPeriod(w http.ResponseWriter, r *http.Request) error {
	o, err := h.opening(r)
	var id string
	if err == nil {
		id, err = h.desk.OpenPeriod(r.Context(), web.Actor(r), o)
	}
	if err != nil {
		return refill(h, w, r, "periods", h.periodsPage, h.periodsMeta, err)
	}
	web.Flash(r, "ok", "report.period.opened")
	return web.Redirect(w, r, periodRoot+"/"+id)
}

func (h handler) opening(r *http.Request) (Opening, error) {
	o := Opening{Form: r.PostFormValue("form"), Area: h.desk.home()}
	text := strings.ToUpper(strings.TrimSpace(r.PostFormValue("period")))
	if text == "" { // the newest that may be open
		f, err := h.desk.inForce(r.Context(), o.Form)
		if err != nil {
			return o, err
		}
		o.Period = latest(f, h.desk.today())
	} else {
		var err error
		if o.Period, err = fact.ParsePeriod(text); err != nil {
			return o, fault.Field("period", "report.period.invalid")
		}
	}
	for field, day := range map[string]*place.Date{"certify": &o.CertifyDue, "send": &o.SendDue, "final": &o.FinalDue} {
		if r.PostFormValue(field) == "" {
			continue
		}
		var err error
		if *day, err = dayField(r, field); err != nil {
			return o, err
		}
	}
	return o, nil
}

// periodPage is /ban-lam-viec/ky-bao-cao/{period}.
type periodPage struct {
	periodRowView
	Certify, Final time.Time
	Steps          []Step
	MayReceive     bool
	MayReopen      bool
	MaySend        bool
	MayDivide      bool // send one workbook for many units
	Asked          Mark
	Why            string
	Board          string
	Open           int // reports that are not there
}

func (h handler) periodPage(r *http.Request) (periodPage, error) {
	actor := web.Actor(r)
	p, steps, err := h.desk.PeriodSteps(r.Context(), actor, r.PathValue("period"))
	if err != nil {
		return periodPage{}, err
	}
	b, err := h.desk.Board(r.Context(), actor, p.ID)
	if err != nil {
		return periodPage{}, err
	}
	page := periodPage{periodRowView: h.periodView(r, p, h.title(r, b.Form, p)), Certify: p.CertifyDue.Time(), Final: p.FinalDue.Time(), Steps: steps,
		MayReceive: h.desk.receives(actor, p) == nil, Asked: p.Asked, Why: p.AskedWhy, Open: len(b.Lines) - b.Done}
	if i := slices.IndexFunc(steps, func(s Step) bool { return s.Act == stepAsk }); i >= 0 {
		page.Asked = steps[i].By // with the name
	}
	area := duty.Thing{Area: string(p.Area), State: string(p.State), Hands: []string{p.Asked.By}}
	page.MayReopen = p.Asked.By != "" && h.site.Policy.Permit(actor, duty.StatReopen, area) == nil
	page.MayDivide = divides(b.Form) && h.site.Policy.Permit(actor, duty.StatEnter, area) == nil
	area.Hands = []string{p.Submitted.By}
	page.MaySend = p.Submitted.By != "" && p.Ministry.By == "" && h.site.Policy.Permit(actor, duty.StatSendMinistry, area) == nil
	return page, nil
}

func (h handler) onePeriod(w http.ResponseWriter, r *http.Request) error {
	page, err := h.periodPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "period", h.periodMeta(r, page), page)
}

func (h handler) periodMeta(r *http.Request, page periodPage) web.Meta {
	m := h.meta(r, page.Title+", "+page.Name)
	m.Crumbs = append(m.Crumbs, web.Link{Text: web.T(r, "report.period.title"), URL: periodRoot})
	return m
}

func (h handler) turnPeriod(w http.ResponseWriter, r *http.Request) error {
	ctx, actor, id, reason := r.Context(), web.Actor(r), r.PathValue("period"), r.PostFormValue("reason")
	var err error
	switch r.PostFormValue("step") {
	case "han":
		err = h.setDues(r, id)
	case "khoa":
		err = h.desk.Lock(ctx, actor, id)
	case "xin-mo":
		err = h.desk.AskReopen(ctx, actor, id, reason)
	case "mo":
		err = h.desk.Reopen(ctx, actor, id, reason)
	case "trinh":
		err = h.desk.Submit(ctx, actor, id)
	case "gui":
		err = h.desk.SendMinistry(ctx, actor, id)
	default:
		err = fault.New(fault.NotFound, "report.period.gone")
	}
	if mendable(err) {
		return refill(h, w, r, "period", h.periodPage, h.periodMeta, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "report.moved")
	return web.Redirect(w, r, periodRoot+"/"+id)
}

func (h handler) setDues(r *http.Request, id string) error {
	certify, err := dayField(r, "certify")
	if err != nil {
		return err
	}
	send, err := dayField(r, "send")
	if err != nil {
		return err
	}
	final, err := dayField(r, "final")
	if err != nil {
		return err
	}
	return h.desk.SetDues(r.Context(), web.Actor(r), id, certify, send, final)
}

// formsPage is /ban-lam-viec/bieu-mau.
type formsPage struct{ Rows []formView }

type formView struct {
	Draft
	Title string
}

func (h handler) forms(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Forms(r.Context())
	if err != nil {
		return err
	}
	var p formsPage
	for _, f := range all {
		p.Rows = append(p.Rows, formView{f, f.Form.Title(web.Reader(r).UI)})
	}
	return h.room.Show(w, r, "forms", h.meta(r, web.T(r, "report.form.title")), p)
}

// formPage is /ban-lam-viec/bieu-mau/{code}: a form with its versions, and what a table sent would change.
type formPage struct {
	Draft
	Title    string
	Cells    []form.Cell
	Versions []versionOfForm
	MayEdit  bool
	Proposed bool
	Changes  []string // what the table sent would change
	Table    string
	Note     string
}

type versionOfForm struct {
	Draft
	MayApprove bool
	Changes    []string
}

func (h handler) formPage(r *http.Request) (formPage, error) {
	actor := web.Actor(r)
	versions, err := h.desk.Versions(r.Context(), r.PathValue("code"))
	if err != nil {
		return formPage{}, err
	}
	p := formPage{MayEdit: h.site.Policy.May(actor, duty.StatDefine), Table: r.PostFormValue("table"), Note: r.PostFormValue("note")}
	for i, v := range versions {
		if v.State == FormInForce {
			p.Draft = v
		}
		view := versionOfForm{Draft: v, MayApprove: v.State == FormDraft && h.desk.mayApprove(actor, v) == nil}
		if i+1 < len(versions) {
			view.Changes = told(r, versions[i+1].Form, v.Form)
		}
		p.Versions = append(p.Versions, view)
	}
	p.Title, p.Cells = p.Form.Code+". "+p.Form.Title(web.Reader(r).UI), p.Form.Cells
	return p, nil
}

// told is what a version of a form changes, in words.
func told(r *http.Request, from, to form.Form) []string {
	var all []string
	for _, c := range form.Diff(from, to) {
		all = append(all, web.T(r, c.Key, c.Args...))
	}
	return all
}

func (h handler) formMeta(r *http.Request, p formPage) web.Meta {
	m := h.meta(r, p.Title)
	m.Crumbs = append(m.Crumbs, web.Link{Text: web.T(r, "report.form.title"), URL: formRoot})
	return m
}

func (h handler) form(w http.ResponseWriter, r *http.Request) error {
	p, err := h.formPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "form", h.formMeta(r, p), p)
}

func (h handler) formCSV(w http.ResponseWriter, r *http.Request) error {
	versions, err := h.desk.Versions(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	f := inForceOf(versions)
	return web.CSV(w, r, f.Code+"-v"+strconv.Itoa(f.Version)+".csv", f.Table())
}

// proposeForm shows what a table would change; nothing is kept until it is confirmed.
func (h handler) proposeForm(w http.ResponseWriter, r *http.Request) error {
	p, err := h.formPage(r)
	if err != nil {
		return err
	}
	p.Table, err = tableOf(r)
	if err == nil {
		var next form.Form
		if next, err = h.desk.Proposed(r.Context(), web.Actor(r), p.Form.Code, strings.NewReader(p.Table)); err == nil {
			p.Proposed, p.Changes = true, told(r, p.Form, next)
		}
	}
	if err != nil {
		return h.room.Form(w, r, "form", h.formMeta(r, p), p, err)
	}
	return h.room.Show(w, r, "form", h.formMeta(r, p), p)
}

func (h handler) defineForm(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	_, err := h.desk.Define(r.Context(), web.Actor(r), web.Key(r), code, r.PostFormValue("table"), r.PostFormValue("note"))
	if err != nil {
		return refill(h, w, r, "form", h.formPage, h.formMeta, err)
	}
	web.Flash(r, "ok", "report.form.drafted")
	return web.Redirect(w, r, formRoot+"/"+code)
}

func (h handler) approveForm(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	if err := h.desk.Approve(r.Context(), web.Actor(r), code, int(number(r.PathValue("version")))); err != nil {
		return err
	}
	web.Flash(r, "ok", "report.form.approved")
	return web.Redirect(w, r, formRoot+"/"+code)
}
