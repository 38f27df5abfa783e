package report

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/report/form"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	room *web.Room
	site *web.Site
}

const root = "/ban-lam-viec/bieu"

// Mount registers the pages of reports.
func Mount(site *web.Site, d *Desk) {
	h := handler{desk: d, room: site.Room("report", pages), site: site}
	site.Handle("GET "+root, duty.StatReadExact, h.list)
	site.Handle("GET "+root+"/{report}", duty.StatReadExact, h.paper)
	site.Handle("POST "+root+"/{report}/o", duty.StatEnter, h.save)
	site.Handle("GET "+root+"/{report}/o", duty.StatEnter, h.cells)
	site.Handle("POST "+root+"/{report}/nhom", duty.StatEnter, h.addGroup)
	site.Handle("POST "+root+"/{report}/buoc", duty.StatReadExact, h.move)
	site.Handle("POST "+root+"/{report}/tra", duty.StatReturn, h.giveBack)
	site.Handle("GET "+root+"/{report}/in", duty.StatReadExact, h.print)
	site.Handle("GET "+root+"/{report}/lich-su", duty.StatReadExact, h.history)
	h.mountBoard(site)
	h.mountFiles(site)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "report.menu", URL: root, Act: duty.StatReadExact, Order: 10})
	site.Menu(web.MenuItem{Group: "desk.data", Key: "report.board.menu", URL: root + "/theo-doi", Act: duty.StatAccept, Order: 11})
}

// stateLook is the shape of a state.
var stateLook = map[State]string{Open: "go", Entered: "go", Certified: "go", Sent: "go", Returned: "late", Accepted: "ok", Locked: "ok"}

// A badge is a state as pages show it.
type badge struct{ Look, Word string }

func badgeOf(r *http.Request, rep Report, p Period, late bool) badge {
	s := effective(rep, p)
	switch {
	case late && s != Returned && s != Locked:
		return badge{"late", web.T(r, "report.state.late")}
	case s == Open && rep.Filled == 0:
		return badge{"unk", web.T(r, "report.state.empty")}
	case Done(rep, p) && s != Locked:
		return badge{"ok", web.T(r, "report.state."+string(s))}
	}
	return badge{stateLook[s], web.T(r, "report.state."+string(s))}
}

func (h handler) period(r *http.Request, p fact.Period) string {
	return h.desk.facts.Label(fact.Member{Dim: fact.ByPeriod, Code: p.String()}, web.Reader(r).UI)
}

// title is what a person calls a report: "BM01 Dân số và hộ, nửa đầu năm 2026".
func (h handler) title(r *http.Request, f form.Form, p Period) string {
	return f.Code + ". " + f.Title(web.Reader(r).UI)
}

// listPage is /ban-lam-viec/bieu.
type listPage struct {
	Rows    []listRow
	Periods []periodRowView // of the province, for who sees it whole
	Wide    bool
	MayOpen bool
	Kept    Timeliness // of a commune
}

type listRow struct {
	Assignment
	Title, Kind, Unit string
	Badge             badge
	Percent           string
	Due               time.Time
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	actor := web.Actor(r)
	mine, err := h.desk.Mine(r.Context(), actor)
	if err != nil {
		return err
	}
	titles, err := h.titles(r)
	if err != nil {
		return err
	}
	p := listPage{MayOpen: h.site.Policy.May(actor, duty.StatAccept)}
	for _, m := range mine {
		row := listRow{Assignment: m, Title: titles[m.Period.Form], Kind: h.period(r, m.Period.Period), Unit: m.Unit.FullName(),
			Badge: badgeOf(r, m.Report, m.Period, m.Late), Due: m.Period.SendDue.Time(), Percent: percent(m.Report)}
		p.Rows = append(p.Rows, row)
	}
	if p.Periods, err = h.periodViews(r); err != nil {
		return err
	}
	if p.Wide = len(p.Periods) > 0; !p.Wide {
		p.Kept = h.desk.Timeliness(mine)
	}
	return h.room.Show(w, r, "list", web.Meta{Title: web.T(r, "report.title"), Desk: true}, p)
}

// percent is how much of a report is filled; a dash where nothing is asked.
func percent(r Report) string {
	if r.Wanted == 0 {
		return "–"
	}
	return strconv.Itoa(100*r.Filled/r.Wanted) + "%"
}

// titles are the names of the forms in force, by code.
func (h handler) titles(r *http.Request) (map[string]string, error) {
	forms, err := h.desk.Forms(r.Context())
	titles := map[string]string{}
	for _, f := range forms {
		titles[f.Code] = f.Code + ". " + f.Title(web.Reader(r).UI)
	}
	return titles, err
}

// paperPage is /ban-lam-viec/bieu/{report}.
type paperPage struct {
	ID        string
	Title     string
	Line      string // unit, period, days
	Badge     badge
	Late      bool // told beside its state, which people go by
	Demo      bool
	Cols      []string
	Rows      []rowView
	Foot      []rowView
	Stack     bool // few columns: on a phone each row is a card
	Findings  []findingView
	Explained []findingView // warnings with a note, which may be changed
	Back      Step
	Remarks   []remarkView
	Conflicts []conflictView
	May       map[string]bool
	Choices   []ethnic.Group
	Empty     bool // the axis has no member: villages must be entered first
	Script    form.Page
	Saved     string
	Filled    int
	Wanted    int
	Remarkers []choice // cells to which a remark may be given
	Reason    string
}

type choice struct{ Value, Text string }

type rowView struct {
	ID, Label string
	Cells     []cellView
	Look      string // ok, bad, late, unk
	Word      string
}

type cellView struct {
	ID, Label, Text, Col string
	Rev                  int64
	None, Input, Words   bool
	Options              []choice
	Class                string // "bad", "ask" or ""
	Was                  string // the period before
	About                string // id of what is said of it
	Mode                 string // keyboard of a phone
}

type findingView struct {
	Cell, Label, Text, Note string
	Warning                 bool
	Computed                bool // it has no field of its own that tells its revision
	Rev                     int64
	Value                   string
}

type remarkView struct {
	Remark
	Label string
}

type conflictView struct {
	Conflict
	Label string
}

func (h handler) paper(w http.ResponseWriter, r *http.Request) error {
	p, err := h.desk.Paper(r.Context(), web.Actor(r), r.PathValue("report"))
	if err != nil {
		return err
	}
	return h.show(w, r, p, nil, nil)
}

// show lays a report out for filling in or reading; conflicts are what an attempt to save met, err why a step was refused.
func (h handler) show(w http.ResponseWriter, r *http.Request, p Paper, conflicts []Conflict, err error) error {
	page := h.view(r, p)
	for _, c := range conflicts {
		page.Conflicts = append(page.Conflicts, conflictView{c, p.Grid.Label(c.Cell, web.Reader(r).UI)})
	}
	m := h.meta(r, page.Title)
	if err != nil {
		page.Reason = r.PostFormValue("reason")
		return h.room.Form(w, r, "paper", m, page, err)
	}
	if len(conflicts) > 0 {
		return h.room.Form(w, r, "paper", m, page, fault.New(fault.Conflict, "report.conflict", "N", len(conflicts)))
	}
	return h.room.Show(w, r, "paper", m, page)
}

func (h handler) meta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: title, Desk: true, Crumbs: []web.Link{{Text: web.T(r, "report.title"), URL: root}}}
}

func (h handler) view(r *http.Request, p Paper) paperPage {
	lang := web.Reader(r).UI
	page := paperPage{
		ID: p.ID, Title: h.title(r, p.Form, p.Period), Demo: p.Demo, Badge: badgeOf(r, p.Report, p.Period, false),
		Late: Late(p.Report, p.Period, h.desk.today()),
		Line: web.T(r, "report.line", "Unit", p.Unit.FullName(), "Period", h.period(r, p.Period.Period), "Certify", p.Period.CertifyDue.Time(), "Send", p.Period.SendDue.Time()),
		May:  h.desk.Steps(web.Actor(r), p), Filled: p.Filled, Wanted: p.Wanted,
		Empty: len(p.Axis) == 0 && p.Form.Axis != noAxis, Stack: len(p.Grid.Cols) <= 6, Back: p.Back,
	}
	if page.May["nhap"] {
		page.Choices = h.desk.choices(p.Form, p.Axis)
	}
	said := map[string]form.Finding{}
	for _, f := range p.Findings {
		if _, twice := said[f.Cell]; !twice || f.Severity == form.Error {
			said[f.Cell] = f
		}
		c, _ := p.Grid.Cell(f.Cell)
		page.Findings = append(page.Findings, findingView{Cell: f.Cell, Label: p.Grid.Label(f.Cell, lang), Text: web.T(r, f.Key, f.Args...),
			Warning: f.Severity == form.Warning, Computed: !typed(c), Rev: p.Cells[f.Cell].Rev, Value: p.Values[f.Cell].Text})
	}
	for _, c := range p.Grid.Cols {
		page.Cols = append(page.Cols, c.Name(lang))
	}
	for _, row := range p.Grid.Rows {
		v := h.row(r, p, row, said, page.May["nhap"])
		if row.Kind == "total" {
			page.Foot = append(page.Foot, v)
		} else {
			page.Rows = append(page.Rows, v)
		}
		for _, c := range v.Cells {
			if note := p.Values[c.ID].Note; note != "" {
				page.Explained = append(page.Explained, findingView{Cell: c.ID, Label: c.Label, Note: note, Computed: !c.Input, Rev: c.Rev, Value: c.Text})
			}
			if !c.None {
				page.Remarkers = append(page.Remarkers, choice{c.ID, c.Label})
			}
		}
	}
	for _, m := range p.Remarks {
		page.Remarks = append(page.Remarks, remarkView{m, p.Grid.Label(m.Cell, lang)})
	}
	page.Script = h.script(r, p, page)
	return page
}

// row lays out one row: its cells, and the worst of what the checks say about them.
func (h handler) row(r *http.Request, p Paper, row form.Row, said map[string]form.Finding, open bool) rowView {
	v := rowView{ID: row.Code, Label: row.Name(web.Reader(r).UI), Look: "ok", Word: web.T(r, "report.check.ok")}
	for _, col := range p.Grid.Cols {
		id := form.ID(row.Code, col.Code)
		c, ok := p.Grid.Cell(id)
		if !ok {
			v.Cells = append(v.Cells, cellView{None: true})
			continue
		}
		cell := cellOf(r, p, c, id, open)
		cell.Col = col.Name(web.Reader(r).UI)
		if f, ok := said[id]; ok {
			cell.About, cell.Class = "x-"+id, "bad"
			look, word := "bad", web.T(r, "report.check.error")
			switch f.Severity {
			case form.Warning:
				cell.Class, look, word = "ask", "late", web.T(r, "report.check.warning")
			case form.Missing:
				word = web.T(r, "report.check.empty")
			}
			if v.Look == "ok" || v.Look == "late" && look == "bad" {
				v.Look, v.Word = look, word
			}
		}
		v.Cells = append(v.Cells, cell)
	}
	if v.Look == "ok" && slices.ContainsFunc(p.Grid.Cols, func(col form.Col) bool {
		id := form.ID(row.Code, col.Code)
		c, ok := p.Grid.Cell(id)
		return ok && c.Input == form.Computed && p.Values[id].State == form.Empty
	}) {
		v.Look, v.Word = "", web.T(r, "form.page.wait") // a sum is still to come: nothing to agree with
	}
	return v
}

// cellOf lays out one cell: the field to type into where the report is open, else its value in words.
func cellOf(r *http.Request, p Paper, c form.Cell, id string, open bool) cellView {
	value := p.Values[id]
	cell := cellView{ID: id, Label: p.Grid.Label(id, web.Reader(r).UI), Rev: p.Cells[id].Rev, Input: typed(c) && open, Mode: "numeric", Text: tell(r, c, value)}
	if cell.Input {
		cell.Text = value.Text
	}
	if n, ok := p.Past.Prev[id]; ok {
		cell.Was = shown(r, c, n)
	}
	switch c.Type {
	case form.Text:
		cell.Words = true
	case form.Decimal:
		cell.Mode = "decimal"
	case form.Bool:
		cell.Options = []choice{{"1", web.T(r, "common.yes")}, {"0", web.T(r, "common.no")}}
	case form.Choose:
		for _, o := range c.Choices {
			cell.Options = append(cell.Options, choice{o.Code, o.Name(web.Reader(r).UI)})
		}
	}
	if cell.Options == nil {
		return cell
	}
	unknown := web.T(r, "report.unknown")
	if cell.Options = append(cell.Options, choice{unknown, unknown}); cell.Input { // whatever way it was typed
		switch value.State {
		case form.Known:
			cell.Text = cell.Options[max(0, chosen(c, value.N))].Value
		case form.Unknown:
			cell.Text = unknown
		}
	}
	return cell
}

// chosen is the place of a value among a cell's options.
func chosen(c form.Cell, n int64) int {
	if c.Type == form.Bool {
		return int(1 - n)
	}
	return int(n - 1)
}

// shown is a value as people write it.
func shown(r *http.Request, c form.Cell, n int64) string {
	lang := web.Reader(r).UI
	switch c.Type {
	case form.Bool:
		if n == 1 {
			return web.T(r, "common.yes")
		}
		return web.T(r, "common.no")
	case form.Choose:
		if n >= 1 && int(n) <= len(c.Choices) {
			return c.Choices[n-1].Name(lang)
		}
	case form.Decimal:
		return i18n.Number(lang, float64(n)/1000)
	}
	return i18n.Number(lang, n)
}

// script is what form.js runs the form by.
func (h handler) script(r *http.Request, p Paper, page paperPage) form.Page {
	s := form.Page{
		Base: root + "/" + p.ID, Title: page.Title + ", " + page.Line, Lang: web.Reader(r).UI, Grid: p.Grid, Past: p.Past, Closed: !page.May["nhap"],
		Messages: map[string]string{},
	}
	for _, key := range form.Messages() {
		s.Messages[key] = web.T(r, key, form.Blanks()...)
	}
	s.Reply = h.reply(r, p, nil)
	return s
}

// reply says what stands in the cells; conflicts stand apart.
func (h handler) reply(r *http.Request, p Paper, conflicts []Conflict) form.Reply {
	reply := form.Reply{Cells: []form.Sent{}, Conflicts: []form.Sent{}, Findings: p.Findings}
	if !p.Entered.At.IsZero() {
		reply.Saved = p.Entered.At.UTC().Format(time.RFC3339)
	}
	for _, c := range p.Cells {
		if cell, _ := p.Grid.Cell(c.Name); !cell.Given() {
			reply.Cells = append(reply.Cells, form.Sent{Cell: c.Name, Text: c.Value.Text, Rev: c.Rev, Note: c.Value.Note, State: c.Value.State})
		}
	}
	for id, v := range p.Values { // what the system knows by itself nobody types, but the browser judges by it
		if c, ok := p.Grid.Cell(id); ok && c.Given() && v.State != form.Empty {
			reply.Cells = append(reply.Cells, form.Sent{Cell: id, Text: tell(r, c, v), Rev: p.Cells[id].Rev, Note: v.Note, State: v.State})
		}
	}
	slices.SortFunc(reply.Cells, func(a, b form.Sent) int { return strings.Compare(a.Cell, b.Cell) })
	for _, c := range conflicts {
		reply.Conflicts = append(reply.Conflicts, form.Sent{Cell: c.Cell, Text: c.Text, Rev: c.Rev, Note: c.Note, State: p.Values[c.Cell].State, By: c.By.Name,
			At: i18n.DateTime(web.Reader(r).UI, c.By.At.In(i18n.Zone))})
	}
	return reply
}

// save takes cells: as JSON from form.js, or as a form from a browser without script.
func (h handler) save(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("report")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return h.saveJSON(w, r, id)
	}
	saved, err := h.desk.Save(r.Context(), web.Actor(r), id, changesOf(r))
	if err != nil {
		return err
	}
	if step := r.PostFormValue("step"); step != "" && len(saved.Conflicts) == 0 {
		return h.moved(w, r, id, step)
	}
	if len(saved.Conflicts) == 0 {
		web.Flash(r, "ok", "report.saved", "N", len(saved.Revs))
		return web.Redirect(w, r, root+"/"+id)
	}
	return h.show(w, r, saved.Paper, saved.Conflicts, nil)
}

// changesOf reads fields "c.<cell>" with the text, "r.<cell>" with the revision seen and "n.<cell>" with the explanation.
func changesOf(r *http.Request) []Change {
	var all []Change
	for name := range r.PostForm {
		kind, cell, _ := strings.Cut(name, ".")
		if kind != "c" && (kind != "n" || r.PostForm.Has("c."+cell)) { // a computed cell has an explanation only
			continue
		}
		ch := Change{Cell: cell, Text: r.PostFormValue("c." + cell), Base: number(r.PostFormValue("r." + cell))}
		if note, ok := r.PostForm["n."+cell]; ok {
			ch.Note = &note[0]
		}
		all = append(all, ch)
	}
	slices.SortFunc(all, func(a, b Change) int { return strings.Compare(a.Cell, b.Cell) })
	return all
}

func number(text string) (n int64) {
	if json.Unmarshal([]byte(text), &n) != nil {
		return 0
	}
	return n
}

func (h handler) saveJSON(w http.ResponseWriter, r *http.Request, id string) error {
	var post form.Post
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&post); err != nil {
		return errors.Join(fault.New(fault.Invalid, "report.post.broken"), err)
	}
	changes := make([]Change, len(post.Cells))
	for i, c := range post.Cells {
		changes[i] = Change{Cell: c.Cell, Text: c.Text, Base: c.Rev, Note: &c.Note}
		if c.State == form.Unknown && c.Text == "" {
			changes[i].Text = web.T(r, "report.unknown")
		}
	}
	saved, err := h.desk.Save(r.Context(), web.Actor(r), id, changes)
	if err != nil {
		return err
	}
	reply := h.reply(r, saved.Paper, saved.Conflicts)
	reply.Cells = slices.DeleteFunc(reply.Cells, func(c form.Sent) bool { _, ok := saved.Revs[c.Cell]; return !ok })
	return web.JSON(w, r, reply)
}

// cells says what stands in a report now, for a copy that is taken along.
func (h handler) cells(w http.ResponseWriter, r *http.Request) error {
	p, err := h.desk.Paper(r.Context(), web.Actor(r), r.PathValue("report"))
	if err != nil {
		return err
	}
	return web.JSON(w, r, h.reply(r, p, nil))
}

func (h handler) addGroup(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("report")
	if err := h.desk.AddGroup(r.Context(), web.Actor(r), id, r.PostFormValue("group")); err != nil {
		return h.again(w, r, id, err)
	}
	return web.Redirect(w, r, root+"/"+id)
}

// again shows a report with what was wrong with what was asked.
func (h handler) again(w http.ResponseWriter, r *http.Request, id string, cause error) error {
	if !mendable(cause) {
		return cause
	}
	p, err := h.desk.Paper(r.Context(), web.Actor(r), id)
	if err != nil {
		return err
	}
	return h.show(w, r, p, nil, cause)
}

// mendable tells whether a person can go on from an error on the page where it happened.
func mendable(err error) bool { return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) }

// refill shows a page again with what is wrong. The page is read anew: what stands there may have changed meanwhile.
func refill[P any](h handler, w http.ResponseWriter, r *http.Request, name string, page func(*http.Request) (P, error),
	meta func(*http.Request, P) web.Meta, cause error) error {
	p, err := page(r)
	if err != nil {
		return err
	}
	return h.room.Form(w, r, name, meta(r, p), p, cause)
}

func (h handler) move(w http.ResponseWriter, r *http.Request) error {
	return h.moved(w, r, r.PathValue("report"), r.PostFormValue("step"))
}

func (h handler) moved(w http.ResponseWriter, r *http.Request, id, step string) error {
	if err := h.desk.Move(r.Context(), web.Actor(r), id, step, r.PostFormValue("reason")); err != nil {
		return h.again(w, r, id, err)
	}
	web.Flash(r, "ok", "report.moved")
	return web.Redirect(w, r, root+"/"+id)
}

// giveBack returns a report with remarks: up to three fields "cell" and "remark" that belong together.
func (h handler) giveBack(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("report")
	remarks := map[string]string{}
	for i, cell := range r.PostForm["cell"] {
		if texts := r.PostForm["remark"]; i < len(texts) && cell != "" && strings.TrimSpace(texts[i]) != "" {
			remarks[cell] = texts[i]
		}
	}
	err := h.desk.Return(r.Context(), web.Actor(r), id, r.PostFormValue("reason"), remarks, r.PostFormValue("wrong") != "")
	if err != nil {
		return h.again(w, r, id, err)
	}
	web.Flash(r, "ok", "report.returned")
	return web.Redirect(w, r, root+"/"+id)
}

// printPage is the report on A4, with the lines for signatures.
type printPage struct {
	paperPage
	Above     string
	Unit      string
	Report    Report
	Province  bool
	Certified bool
	Standard  string
}

func (h handler) print(w http.ResponseWriter, r *http.Request) error {
	p, err := h.desk.Paper(r.Context(), web.Actor(r), r.PathValue("report"))
	if err != nil {
		return err
	}
	closed := p
	closed.Period.State = Locked // nothing is filled in on paper
	page := printPage{paperPage: h.view(r, closed), Unit: p.Unit.FullName(), Report: p.Report, Province: p.Period.Provincial(p.Report.Unit),
		Certified: p.State != Open && p.State != Entered && p.State != Returned}
	page.Badge = badgeOf(r, p.Report, p.Period, false)
	m := h.meta(r, page.Title)
	m.Crumbs = append(m.Crumbs, web.Link{Text: page.Title, URL: root + "/" + p.ID})
	return h.room.Show(w, r, "print", m, page)
}

// historyPage is /ban-lam-viec/bieu/{report}/lich-su.
type historyPage struct {
	ID, Title, Line string
	Steps           []Step
	Versions        []versionView
	Files           []File
	Cells           []cellStory
}

// A cellStory is who typed what into a cell last, or in which workbook it came.
type cellStory struct {
	Label, Text, File string
	Cell
}

type versionView struct {
	Version
	Changes []changeView // against the one before
	First   bool
}

type changeView struct{ Label, Old, New string }

func (h handler) history(w http.ResponseWriter, r *http.Request) error {
	p, steps, versions, err := h.desk.History(r.Context(), web.Actor(r), r.PathValue("report"))
	if err != nil {
		return err
	}
	page := historyPage{ID: p.ID, Title: h.title(r, p.Form, p.Period), Steps: steps,
		Line: p.Unit.FullName() + " · " + h.period(r, p.Period.Period)}
	for i, v := range versions {
		view := versionView{Version: v, First: i == len(versions)-1}
		if !view.First {
			view.Changes = h.changes(r, p.Form.Lay(v.Axis), versions[i+1].Values, v.Values)
		}
		page.Versions = append(page.Versions, view)
	}
	if page.Files, err = h.desk.ReportFiles(r.Context(), web.Actor(r), p.Report); err != nil {
		return err
	}
	page.Cells = h.stories(r, p, page.Files)
	m := h.meta(r, web.T(r, "report.history"))
	m.Crumbs = append(m.Crumbs, web.Link{Text: page.Title, URL: root + "/" + p.ID})
	return h.room.Show(w, r, "history", m, page)
}

// stories lists the cells that somebody filled, in the order of the form.
func (h handler) stories(r *http.Request, p Paper, files []File) []cellStory {
	names := map[string]string{}
	for _, f := range files {
		names[f.ID] = f.Name
	}
	var all []cellStory
	for _, row := range p.Grid.Rows {
		for _, col := range p.Grid.Cols {
			id := form.ID(row.Code, col.Code)
			if c, ok := p.Cells[id]; ok {
				cell, _ := p.Grid.Cell(id)
				all = append(all, cellStory{p.Grid.Label(id, web.Reader(r).UI), tell(r, cell, p.Values[id]), names[c.File], c})
			}
		}
	}
	return all
}

// changes lists the cells of a grid in which two versions differ.
func (h handler) changes(r *http.Request, g form.Grid, old, now form.Values) []changeView {
	var all []changeView
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			id := form.ID(row.Code, col.Code)
			c, ok := g.Cell(id)
			if a, b := tell(r, c, old[id]), tell(r, c, now[id]); ok && a != b {
				all = append(all, changeView{g.Label(id, web.Reader(r).UI), a, b})
			}
		}
	}
	return all
}

// tell is a value of any state as people read it.
func tell(r *http.Request, c form.Cell, v form.Value) string {
	switch {
	case v.State == form.Unknown:
		return web.T(r, "report.unknown")
	case v.State == form.Known && c.Type != form.Text:
		return shown(r, c, v.N)
	}
	return cmp.Or(v.Text, "–")
}

// dayField reads a day of a form's field.
func dayField(r *http.Request, field string) (place.Date, error) {
	day, err := place.ParseDate(r.PostFormValue(field))
	if err != nil {
		return 0, fault.Field(field, "report.day.invalid")
	}
	return day, nil
}
