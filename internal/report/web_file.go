package report

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/report/form"
	"banlang/internal/report/sheet"
	"banlang/internal/web"
)

func (h handler) mountFiles(site *web.Site) {
	site.Handle("GET "+root+"/tep", duty.StatEnter, h.anyFile)
	site.Handle("POST "+root+"/tep", duty.StatEnter, h.sortFile)
	site.Handle("GET "+root+"/{report}/mau.xlsx", duty.StatReadExact, h.template)
	site.Handle("POST "+root+"/{report}/tep", duty.StatEnter, h.receive)
	site.Handle("GET "+root+"/{report}/tep/{file}", duty.StatEnter, h.trial)
	site.Handle("POST "+root+"/{report}/tep/{file}", duty.StatEnter, h.take)
	site.Handle("POST "+root+"/{report}/tep/{file}/cot", duty.StatEnter, h.mapColumns)
	site.Handle("GET "+root+"/{report}/tep/{file}/tra-ve.xlsx", duty.StatEnter, h.giveFileBack)
	site.Handle("POST "+periodRoot+"/{period}/tep", duty.StatEnter, h.divide)
	site.Handle("GET "+periodRoot+"/{period}/tep/{ref}", duty.StatEnter, h.bundle)
	site.Handle("POST "+periodRoot+"/{period}/tep/{ref}", duty.StatEnter, h.takeBundle)
	site.Handle("GET /ngoai-mang/bieu", duty.Public, h.offline)
	site.Handle("GET /ngoai-mang/worker.js", duty.Public, h.worker)
}

func (h handler) template(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	id := r.PathValue("report")
	name, err := h.desk.Template(r.Context(), web.Actor(r), id, &b)
	if err != nil {
		return err
	}
	return web.Workbook(w, r, name, b.Bytes())
}

// anyPage is /ban-lam-viec/bieu/tep: a workbook whose report is found by what it says.
type anyPage struct{ Open []listRow }

func (h handler) anyPage(r *http.Request) (anyPage, error) {
	mine, err := h.desk.Mine(r.Context(), web.Actor(r))
	if err != nil {
		return anyPage{}, err
	}
	titles, err := h.titles(r)
	var p anyPage
	for _, m := range mine {
		if s := effective(m.Report, m.Period); s == Open || s == Returned {
			p.Open = append(p.Open, listRow{Assignment: m, Title: titles[m.Period.Form], Kind: h.period(r, m.Period.Period), Unit: m.Unit.FullName()})
		}
	}
	return p, err
}

func (h handler) anyFile(w http.ResponseWriter, r *http.Request) error {
	p, err := h.anyPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "any", h.anyMeta(r, p), p)
}

func (h handler) anyMeta(r *http.Request, _ anyPage) web.Meta {
	return h.meta(r, web.T(r, "report.file.any"))
}

func (h handler) sortFile(w http.ResponseWriter, r *http.Request) error {
	id := r.PostFormValue("report")
	data, name, err := upload(r)
	if err == nil && id == "" {
		id, err = h.desk.ReportFor(r.Context(), web.Actor(r), data)
	}
	var file string
	if err == nil {
		file, err = h.desk.Receive(r.Context(), web.Actor(r), id, name, bytes.NewReader(data))
	}
	if err != nil {
		return refill(h, w, r, "any", h.anyPage, h.anyMeta, err)
	}
	return web.Redirect(w, r, root+"/"+id+"/tep/"+file)
}

// upload reads the workbook of a form.
func upload(r *http.Request) ([]byte, string, error) {
	u, err := web.Upload(r, "file", largestFile)
	if err != nil {
		return nil, "", err
	}
	f, err := u.Open()
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	return data, u.Name, err
}

// tableOf is the table of cells that a form's page was sent.
func tableOf(r *http.Request) (string, error) {
	data, _, err := upload(r)
	return string(data), err
}

func (h handler) receive(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("report")
	data, name, err := upload(r)
	var file string
	if err == nil {
		file, err = h.desk.Receive(r.Context(), web.Actor(r), id, name, bytes.NewReader(data))
	}
	if err != nil {
		return h.again(w, r, id, err)
	}
	return web.Redirect(w, r, root+"/"+id+"/tep/"+file)
}

// trialPage is /ban-lam-viec/bieu/{report}/tep/{file}: what a workbook would change.
type trialPage struct {
	ID, File, Name, Title, Line string
	Rev                         int64
	Changes                     []trialRow
	Same                        int
	Refused                     []refusedRow
	More                        int
	Skipped                     []refusedRow
	Groups                      []string // rows that it adds
	Findings                    []findingView
	Stranger                    bool
	Columns                     []columnView
	Targets                     []choice
	Fingerprint                 string
	Taken                       string
}

type trialRow struct{ Label, Old, New, Source string }

type refusedRow struct{ Where, Text, Why string }

type columnView struct {
	Header, Shown, Chosen string
	Sample                []string
}

func (h handler) trial(w http.ResponseWriter, r *http.Request) error {
	page, err := h.trialPage(r)
	if err != nil {
		return h.unreadable(w, r, page, err)
	}
	return h.room.Show(w, r, "trial", h.trialMeta(r, page), page)
}

// unreadable shows why a file as a whole cannot be read.
func (h handler) unreadable(w http.ResponseWriter, r *http.Request, page trialPage, err error) error {
	if page.ID == "" {
		return err
	}
	return h.room.Form(w, r, "trial", h.trialMeta(r, page), page, err)
}

func (h handler) trialMeta(r *http.Request, page trialPage) web.Meta {
	m := h.meta(r, web.T(r, "report.file.trial"))
	m.Crumbs = append(m.Crumbs, web.Link{Text: page.Title, URL: root + "/" + page.ID})
	return m
}

func (h handler) trialPage(r *http.Request) (trialPage, error) {
	t, err := h.desk.Try(r.Context(), web.Actor(r), r.PathValue("file"))
	if t.Paper.ID == "" || t.Paper.ID != r.PathValue("report") {
		return trialPage{}, errors.Join(err, fault.New(fault.NotFound, "report.file.gone"))
	}
	lang := web.Reader(r).UI
	page := trialPage{
		ID: t.Paper.ID, File: t.File.ID, Name: t.File.Name, Title: h.title(r, t.Paper.Form, t.Paper.Period), Rev: t.Paper.Rev, Same: t.Same,
		Line: t.Paper.Unit.FullName() + " · " + h.period(r, t.Paper.Period.Period), More: t.Reading.More, Groups: h.desk.groupNames(t.Missing), Taken: t.File.Outcome,
	}
	if err != nil {
		return page, err
	}
	grid := h.desk.widest(t.Paper)
	for _, c := range t.Changes {
		cell, _ := grid.Cell(c.Cell)
		page.Changes = append(page.Changes, trialRow{grid.Label(c.Cell, lang), tell(r, cell, c.Old), tell(r, cell, c.New), c.Source})
	}
	for _, f := range t.Reading.Refused {
		where := f.Sheet + "!" + f.Ref
		if _, ok := grid.Cell(form.ID(f.Row, f.Col)); ok {
			where = grid.Label(form.ID(f.Row, f.Col), lang) + " (" + where + ")"
		}
		page.Refused = append(page.Refused, refusedRow{where, f.Text, web.T(r, f.Key, f.Args...)})
	}
	for _, s := range t.Reading.Skipped {
		if s.Key != "" {
			page.Skipped = append(page.Skipped, refusedRow{s.Sheet + ", " + web.T(r, "report.file.line", "N", s.Line), s.Text, web.T(r, s.Key, s.Args...)})
		}
	}
	if t.Reading.How == sheet.Stranger {
		h.propose(r, t, &page)
		return page, nil
	}
	findings, _ := t.Findings()
	for _, f := range findings {
		page.Findings = append(page.Findings, findingView{Cell: f.Cell, Label: t.Paper.Grid.Label(f.Cell, lang), Text: web.T(r, f.Key, f.Args...), Warning: f.Severity == form.Warning})
	}
	return page, nil
}

// propose lays out the question which column is which.
func (h handler) propose(r *http.Request, t Trial, page *trialPage) {
	page.Stranger, page.Fingerprint = true, t.Reading.Fingerprint
	page.Targets = []choice{{"", web.T(r, "report.map.ignore")}, {string(sheet.Label), web.T(r, "report.map.label")}}
	page.Targets = append(page.Targets, choice{string(sheet.Unit), web.T(r, "report.map.unit")})
	page.Targets = append(page.Targets, h.columns(r, t.Paper)...)
	if len(t.Reading.Proposals) == 0 {
		return
	}
	p := t.Reading.Proposals[0]
	page.Fingerprint = p.Mapping().Fingerprint
	for _, g := range p.Columns {
		c := columnView{Header: g.Header, Shown: g.Shown, Sample: g.Sample, Chosen: string(g.Role)}
		if g.Role == sheet.Figures {
			if c.Chosen = "value:" + g.Col; g.Row != "" {
				c.Chosen += ":" + g.Row
			}
		}
		page.Columns = append(page.Columns, c)
	}
}

// columns are what a column of figures may be: a column of the form, or, where its rows are its own, one of its cells.
func (h handler) columns(r *http.Request, p Paper) []choice {
	lang := web.Reader(r).UI
	var all []choice
	for _, c := range p.Grid.Cols {
		all = append(all, choice{"value:" + c.Code, c.Name(lang)})
	}
	if p.Form.Axis != noAxis {
		return all
	}
	for _, row := range p.Grid.Rows {
		for _, c := range p.Grid.Cols {
			id := form.ID(row.Code, c.Code)
			if cell, ok := p.Grid.Cell(id); ok && typed(cell) {
				all = append(all, choice{"value:" + c.Code + ":" + row.Code, p.Grid.Label(id, lang)})
			}
		}
	}
	return all
}

func (h handler) take(w http.ResponseWriter, r *http.Request) error {
	n, err := h.desk.Take(r.Context(), web.Actor(r), r.PathValue("file"), number(r.PostFormValue("rev")), r.PostFormValue("how") == "good")
	if mendable(err) {
		return refill(h, w, r, "trial", h.trialPage, h.trialMeta, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "report.file.taken", "N", n)
	return web.Redirect(w, r, root+"/"+r.PathValue("report"))
}

// mapColumns takes the answer which column is which: fields "header" and "column" belong together.
func (h handler) mapColumns(w http.ResponseWriter, r *http.Request) error {
	m := sheet.Mapping{Fingerprint: r.PostFormValue("fingerprint")}
	for i, header := range r.PostForm["header"] {
		columns := r.PostForm["column"]
		if i >= len(columns) || columns[i] == "" {
			continue
		}
		role, col, _ := strings.Cut(columns[i], ":")
		col, row, _ := strings.Cut(col, ":")
		m.Columns = append(m.Columns, sheet.Mapped{Header: header, Role: sheet.Role(role), Row: row, Col: col})
	}
	if err := h.desk.Map(r.Context(), web.Actor(r), r.PathValue("file"), m); err != nil {
		return refill(h, w, r, "trial", h.trialPage, h.trialMeta, err)
	}
	if slices.ContainsFunc(m.Columns, func(c sheet.Mapped) bool { return c.Role == sheet.Unit }) {
		period, ref, err := h.desk.DivideAgain(r.Context(), web.Actor(r), r.PathValue("file"))
		if err == nil {
			return web.Redirect(w, r, periodRoot+"/"+period+"/tep/"+ref)
		}
		if !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Invalid) {
			return err
		}
	}
	return web.Redirect(w, r, root+"/"+r.PathValue("report")+"/tep/"+r.PathValue("file"))
}

// giveFileBack is the workbook as it came, with the faulty cells coloured and explained.
func (h handler) giveFileBack(w http.ResponseWriter, r *http.Request) error {
	t, err := h.desk.Try(r.Context(), web.Actor(r), r.PathValue("file"))
	if err != nil {
		return err
	}
	var all []sheet.Finding
	for _, f := range t.Reading.Refused {
		all = append(all, sheet.Finding{Sheet: f.Sheet, Ref: f.Ref, Stood: f.Text, Why: h.vietnamese(f.Key, f.Args)})
	}
	findings, at := t.Findings()
	for _, f := range findings {
		if c, ok := at[f.Cell]; ok {
			all = append(all, sheet.Finding{Sheet: c.Sheet, Ref: c.Ref(), Stood: c.Value.Text, Why: h.vietnamese(f.Key, f.Args), Warning: f.Severity == form.Warning})
		}
	}
	data, err := h.desk.content(r.Context(), t.File)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := sheet.Mark(&b, bytes.NewReader(data), int64(len(data)), all); err != nil {
		return err
	}
	name := strings.TrimSuffix(t.File.Name, ".xlsx") + "-" + strconv.Itoa(len(all)) + "-loi.xlsx"
	return web.Workbook(w, r, name, b.Bytes())
}

// vietnamese is a message in the language of workbooks.
func (h handler) vietnamese(key string, args []any) string {
	return h.site.Text.Text("vi", key, args...)
}

// offline is the page that fills in reports without a network. What it shows is carried on the device: it is the same for everybody.
func (h handler) offline(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "offline", web.Meta{Title: web.T(r, "report.offline"), Desk: true, NoIndex: true}, nil)
}

// worker is served beside the page that it keeps, so that nothing else of the site comes under it.
func (h handler) worker(w http.ResponseWriter, r *http.Request) error {
	return web.Bytes(w, r, "text/javascript; charset=utf-8", form.Worker)
}

// divide takes a workbook of many units for a period.
func (h handler) divide(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("period")
	data, name, err := upload(r)
	var ref, one string
	if err == nil {
		ref, one, err = h.desk.Divide(r.Context(), web.Actor(r), id, name, data)
	}
	switch {
	case mendable(err):
		return refill(h, w, r, "period", h.periodPage, h.periodMeta, err)
	case err != nil:
		return err
	case one != "":
		return web.Redirect(w, r, one)
	}
	return web.Redirect(w, r, periodRoot+"/"+id+"/tep/"+ref)
}

// bundlePage is what a workbook of many units would change.
type bundlePage struct {
	Bundle
	Title, Line string
	Lost        []refusedRow
	Any         bool
}

func (h handler) bundlePage(r *http.Request) (bundlePage, error) {
	b, err := h.desk.Bundle(r.Context(), web.Actor(r), r.PathValue("period"), r.PathValue("ref"))
	if err != nil {
		return bundlePage{}, err
	}
	titles, err := h.titles(r)
	page := bundlePage{Bundle: b, Title: titles[b.Period.Form], Line: h.period(r, b.Period.Period)}
	for _, f := range b.Refused {
		page.Lost = append(page.Lost, refusedRow{f.Sheet + "!" + f.Ref, f.Text, web.T(r, f.Key, f.Args...)})
	}
	for _, p := range b.Parts {
		page.Any = page.Any || p.Changes > 0 && !p.Closed
	}
	return page, err
}

func (h handler) bundleMeta(r *http.Request, page bundlePage) web.Meta {
	m := h.meta(r, web.T(r, "report.bundle"))
	m.Crumbs = append(m.Crumbs, web.Link{Text: page.Title + ", " + page.Line, URL: periodRoot + "/" + page.Period.ID})
	return m
}

func (h handler) bundle(w http.ResponseWriter, r *http.Request) error {
	page, err := h.bundlePage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "bundle", h.bundleMeta(r, page), page)
}

func (h handler) takeBundle(w http.ResponseWriter, r *http.Request) error {
	id, ref := r.PathValue("period"), r.PathValue("ref")
	cells, reports, err := h.desk.TakeBundle(r.Context(), web.Actor(r), id, ref, number(r.PostFormValue("rev")))
	if fault.Is(err, fault.Conflict) {
		return refill(h, w, r, "bundle", h.bundlePage, h.bundleMeta, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "report.bundle.taken", "N", cells, "Reports", reports)
	return web.Redirect(w, r, periodRoot+"/"+id+"/tep/"+ref)
}
