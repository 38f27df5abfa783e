package plan

import (
	"embed"
	"net/http"
	"slices"
	"strconv"
	"strings"

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

// Mount registers the pages of the ledger.
func Mount(site *web.Site, d *Desk) {
	h := handler{desk: d, room: site.Room("plan", pages)}
	site.Handle("GET /muc-tieu", duty.PlanReadPublic, h.ledger)
	site.Handle("GET /muc-tieu.csv", duty.PlanReadPublic, h.csv)
	site.Handle("GET /muc-tieu.json", duty.PlanReadPublic, h.json)
	site.Handle("GET /muc-tieu/{code}", duty.PlanReadPublic, h.target)

	site.Handle("GET /ban-lam-viec/muc-tieu", duty.AccountUse, h.work)
	site.Handle("GET /ban-lam-viec/muc-tieu/{code}/do", duty.PlanMeasure, h.measureForm)
	site.Handle("POST /ban-lam-viec/muc-tieu/{code}/do", duty.PlanMeasure, h.measure)
	site.Handle("GET /ban-lam-viec/muc-tieu/{code}/so-do/{id}", duty.PlanCertify, h.review)
	site.Handle("POST /ban-lam-viec/muc-tieu/{code}/so-do/{id}/xac-nhan", duty.PlanCertify, h.certify)
	h.mountEdit(site)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "plan.menu", URL: "/ban-lam-viec/muc-tieu", Act: duty.AccountUse, Order: 40})
}

// ledgerPage is /muc-tieu.
type ledgerPage struct {
	Filter   Filter
	Filtered bool
	Tally    []tally
	Plans    []web.Choice
	Years    []web.Choice
	Groups   []group
	Tasks    []taskView
	CSV      string
	JSON     string
}

type tally struct {
	Verdict Verdict
	N       int
	URL     string
	Chosen  bool
}

type group struct {
	Plan  Plan
	Name  string
	Lines []lineView
}

// filterOf reads ?ke-hoach=KH101&nam=2025&ket-qua=not_enough. What it does not know picks nothing.
func filterOf(r *http.Request) Filter {
	q := r.URL.Query()
	year, _ := strconv.Atoi(q.Get("nam"))
	return Filter{Plan: q.Get("ke-hoach"), Year: year, Verdict: Verdict(q.Get("ket-qua"))}
}

// query writes a filter as filterOf reads it.
func (f Filter) query() string {
	var parts []string
	if f.Plan != "" {
		parts = append(parts, "ke-hoach="+f.Plan)
	}
	if f.Year != 0 {
		parts = append(parts, "nam="+strconv.Itoa(f.Year))
	}
	if f.Verdict != "" {
		parts = append(parts, "ket-qua="+string(f.Verdict))
	}
	if parts == nil {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

func (h handler) ledger(w http.ResponseWriter, r *http.Request) error {
	f := filterOf(r)
	f.Plan = h.desk.Plan(f.Plan).Code // also keeps what was typed out of the links
	if !slices.Contains(Verdicts, f.Verdict) {
		f.Verdict = ""
	}
	all, err := h.desk.Ledger(r.Context(), Filter{})
	if err != nil {
		return err
	}
	broad := Filter{Plan: f.Plan, Year: f.Year}
	lines := slices.DeleteFunc(slices.Clone(all), func(l Line) bool { return !broad.picks(l) })
	p := ledgerPage{Filter: f, Filtered: f != Filter{}, CSV: "/muc-tieu.csv" + f.query(), JSON: "/muc-tieu.json" + f.query()}
	p.Tally = h.tally(lines, f)
	p.Plans, p.Years = h.choices(r, f, all)
	p.Groups = h.groups(r, slices.DeleteFunc(lines, func(l Line) bool { return !f.picks(l) }))
	if f.Year == 0 && f.Verdict == "" {
		p.Tasks = h.tasks(r, f.Plan)
	}
	return h.room.Show(w, r, "ledger", web.Meta{
		Title: web.T(r, "plan.title"), Description: web.T(r, "plan.lead")}, p)
}

func (h handler) tally(lines []Line, f Filter) []tally {
	n := map[Verdict]int{}
	for _, l := range lines {
		n[l.Judgement.Verdict]++
	}
	var ts []tally
	for _, v := range Verdicts {
		to := f
		to.Verdict = v
		if f.Verdict == v {
			to.Verdict = "" // the chosen one again takes the choice back
		}
		ts = append(ts, tally{Verdict: v, N: n[v], URL: "/muc-tieu" + to.query(), Chosen: f.Verdict == v})
	}
	return ts
}

func (h handler) choices(r *http.Request, f Filter, all []Line) (plans, years []web.Choice) {
	link := func(to Filter, text string) web.Choice {
		return web.Choice{Text: text, URL: "/muc-tieu" + to.query(), Chosen: to == f}
	}
	to := f
	to.Plan = ""
	plans = append(plans, link(to, web.T(r, "plan.filter.all")))
	for _, p := range h.desk.Plans() {
		to.Plan = p.Code
		plans = append(plans, link(to, p.Short(web.Reader(r).UI)))
	}
	to = f
	to.Year = 0
	years = append(years, link(to, web.T(r, "plan.filter.every")))
	for _, y := range Years(all) {
		to.Year = y
		years = append(years, link(to, strconv.Itoa(y)))
	}
	return plans, years
}

func (h handler) groups(r *http.Request, lines []Line) []group {
	var gs []group
	for _, p := range h.desk.Plans() {
		g := group{Plan: p, Name: p.Name(web.Reader(r).UI)}
		for _, l := range lines {
			if l.Target.Plan == p.Code {
				g.Lines = append(g.Lines, h.view(r, l))
			}
		}
		if g.Lines != nil {
			gs = append(gs, g)
		}
	}
	return gs
}

// taskView is a task with its parts.
type taskView struct {
	Task
	Title string
	Parts []taskView
}

func (h handler) tasks(r *http.Request, plan string) []taskView {
	lang := web.Reader(r).UI
	var all []taskView
	for _, t := range h.desk.Tasks() {
		v := taskView{Task: t, Title: t.Text(lang)}
		switch {
		case plan != "" && plan != t.Plan:
		case t.Parent == "":
			all = append(all, v)
		default:
			for i := range all {
				if all[i].Code == t.Parent {
					all[i].Parts = append(all[i].Parts, v)
				}
			}
		}
	}
	return all
}

// targetPage is /muc-tieu/{code}.
type targetPage struct {
	lineView
	Plan    Plan
	Name    string
	History []historyRow
}

// A historyRow is one certified measurement.
type historyRow struct {
	Measurement
	Value string
	Other bool // measured under an older definition
}

func (h handler) target(w http.ResponseWriter, r *http.Request) error {
	l, err := h.desk.Line(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	past, err := h.desk.Published(r.Context(), l.Target.Code)
	if err != nil {
		return err
	}
	p := targetPage{lineView: h.view(r, l), Plan: h.desk.Plan(l.Target.Plan)}
	p.Name = p.Plan.Name(web.Reader(r).UI)
	slices.Reverse(past)
	for _, m := range past {
		p.History = append(p.History, historyRow{m, h.value(r, l.Target, m), m.Wording != l.Target.Number})
	}
	return h.room.Show(w, r, "target", web.Meta{
		Title: p.Title, Description: p.Promise,
		Crumbs: []web.Link{{Text: web.T(r, "plan.title"), URL: "/muc-tieu"}},
	}, p)
}

// deskPage is /ban-lam-viec/muc-tieu.
type deskPage struct {
	Inside  bool // sees what waits
	MayEdit bool
	Drafts  []draftRow
	Waiting []waitingRow
	Due     table
	Others  table
}

// A table lists targets for officers.
type table struct {
	Caption    string // message key
	MayMeasure bool
	MayEdit    bool
	Lines      []lineView
}

type waitingRow struct {
	Measurement
	Title, Lang string
	Own         bool
}

func (h handler) work(w http.ResponseWriter, r *http.Request) error {
	actor := web.Actor(r)
	lines, err := h.desk.Ledger(r.Context(), Filter{})
	if err != nil {
		return err
	}
	may := h.desk.MayMeasure(actor)
	p := deskPage{Due: table{Caption: "plan.desk.due", MayMeasure: may}, Others: table{Caption: "plan.desk.others", MayMeasure: may}}
	now := h.desk.now()
	for _, l := range lines {
		if l.Due(now) {
			p.Due.Lines = append(p.Due.Lines, h.view(r, l))
		} else {
			p.Others.Lines = append(p.Others.Lines, h.view(r, l))
		}
	}
	p.MayEdit = h.desk.MayEdit(actor)
	p.Due.MayEdit, p.Others.MayEdit = p.MayEdit, p.MayEdit
	if p.Drafts, err = h.drafts(r); err != nil {
		return err
	}
	waiting, err := h.desk.Waiting(r.Context(), actor)
	switch {
	case fault.Is(err, fault.Forbidden):
	case err != nil:
		return err
	default:
		p.Inside = true
		for _, m := range waiting {
			t, err := h.desk.Target(r.Context(), m.Target)
			if err != nil {
				return err
			}
			row := waitingRow{Measurement: m, Own: m.MeasuredBy == actor.ID}
			row.Title, row.Lang = t.Text(web.Reader(r).UI)
			p.Waiting = append(p.Waiting, row)
		}
	}
	return h.room.Show(w, r, "desk", web.Meta{Title: web.T(r, "plan.desk.title"), Desk: true}, p)
}

// measurePage is the form of /ban-lam-viec/muc-tieu/{code}/do.
type measurePage struct {
	lineView
	Typed    measureForm
	Versions []versionRow
	Waits    bool
}

// measureForm is what was typed.
type measureForm struct {
	Numerator, Denominator, Method, AsOf, Asked, Low, High, Evidence, EvidenceURL, Note string
}

type versionRow struct {
	Measurement
	Value string
}

func (h handler) measurePage(r *http.Request) (measurePage, web.Meta, error) {
	l, err := h.desk.Line(r.Context(), r.PathValue("code"))
	if err != nil {
		return measurePage{}, web.Meta{}, err
	}
	p := measurePage{lineView: h.view(r, l)}
	versions, err := h.desk.Versions(r.Context(), web.Actor(r), l.Target.Code)
	for _, m := range versions {
		p.Versions = append(p.Versions, versionRow{m, h.value(r, l.Target, m)})
		p.Waits = p.Waits || m.State == Measured
	}
	if len(l.Target.Methods) == 1 {
		p.Typed.Method = string(l.Target.Methods[0])
	}
	return p, web.Meta{Title: web.T(r, "plan.measure"), Desk: true, Crumbs: deskCrumbs(r)}, err
}

func deskCrumbs(r *http.Request) []web.Link {
	return []web.Link{{Text: web.T(r, "plan.menu"), URL: "/ban-lam-viec/muc-tieu"}}
}

func (h handler) measureForm(w http.ResponseWriter, r *http.Request) error {
	p, meta, err := h.measurePage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "measure", meta, p)
}

func (h handler) measure(w http.ResponseWriter, r *http.Request) error {
	typed := measureForm{
		Numerator: r.PostFormValue("numerator"), Denominator: r.PostFormValue("denominator"), Method: r.PostFormValue("method"),
		AsOf: r.PostFormValue("as_of"), Asked: r.PostFormValue("asked"), Low: r.PostFormValue("low"), High: r.PostFormValue("high"),
		Evidence: r.PostFormValue("evidence"), EvidenceURL: r.PostFormValue("evidence_url"), Note: r.PostFormValue("note"),
	}
	m, err := typed.read(r.PathValue("code"))
	if err == nil {
		_, err = h.desk.Measure(r.Context(), web.Actor(r), web.Key(r), m)
	}
	if err == nil {
		web.Flash(r, "ok", "plan.measure.saved")
		return web.Redirect(w, r, "/ban-lam-viec/muc-tieu")
	}
	p, meta, perr := h.measurePage(r)
	if perr != nil {
		return perr
	}
	p.Typed = typed
	return h.room.Form(w, r, "measure", meta, p, err)
}

// reviewPage is /ban-lam-viec/muc-tieu/{code}/so-do/{id}.
type reviewPage struct {
	lineView             // as the ledger would say if it were certified
	M        Measurement // the one that waits
	Value    string
	Own      bool
	Open     bool
}

func (h handler) review(w http.ResponseWriter, r *http.Request) error {
	p, meta, err := h.reviewPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "review", meta, p)
}

func (h handler) reviewPage(r *http.Request) (reviewPage, web.Meta, error) {
	m, err := h.desk.Measurement(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return reviewPage{}, web.Meta{}, err
	}
	t, err := h.desk.Target(r.Context(), m.Target)
	if err != nil {
		return reviewPage{}, web.Meta{}, err
	}
	then := m
	then.State, then.CertifiedBy, then.CertifiedName = Approved, web.Actor(r).ID, web.Actor(r).Name
	p := reviewPage{
		lineView: h.view(r, Line{Target: t, Measurement: then, Judgement: Judge(t, then, h.desk.now())}),
		M:        m, Value: h.value(r, t, m), Own: m.MeasuredBy == web.Actor(r).ID, Open: m.State == Measured,
	}
	return p, web.Meta{Title: web.T(r, "plan.review"), Desk: true, Crumbs: deskCrumbs(r)}, nil
}

func (h handler) certify(w http.ResponseWriter, r *http.Request) error {
	err := h.desk.Certify(r.Context(), web.Actor(r), r.PathValue("id"))
	if err == nil {
		web.Flash(r, "ok", "plan.certify.done")
		return web.Redirect(w, r, "/ban-lam-viec/muc-tieu")
	}
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	p, meta, perr := h.reviewPage(r)
	if perr != nil {
		return perr
	}
	return h.room.Form(w, r, "review", meta, p, err)
}
