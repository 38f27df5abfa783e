package stat

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/stat/chart"
	"banlang/internal/web"
)

// askURL is the page of questions.
const askURL = "/ban-lam-viec/so-lieu"

// exportURL is where a file that may leave the area is asked for: package release.
const exportURL = "/ban-lam-viec/xuat-so"

// mountAsk registers the pages of officers' questions.
func (h handler) mountAsk(site *web.Site) {
	site.Handle("GET "+askURL, duty.StatReadExact, h.ask)
	site.Handle("GET "+askURL+".csv", duty.StatReadExact, h.askFile)
	site.Handle("GET "+askURL+".xlsx", duty.StatReadExact, h.askFile)
	site.Handle("GET "+askURL+".json", duty.StatReadExact, h.askJSON)
	site.Handle("GET /api/v1/so-lieu/chinh-xac", duty.StatReadExact, h.askJSON)
	site.Handle("GET "+askURL+"/noi/{code}", duty.StatReadExact, h.placeProfile)
	site.Handle("GET "+askURL+"/dan-toc/{slug}", duty.StatReadExact, h.groupProfile)
	site.Handle("GET "+askURL+"/nguon", duty.StatReadExact, h.cell)
	h.mountSaved(site)
}

// A voice says things in the language of a reader: an answer as its chart does, and what stands beside it.
type voice struct{ chart.Voice }

func (h handler) voice(r *http.Request) voice {
	return voice{chart.Voice{Facts: h.desk.facts, Lang: web.Reader(r).UI, T: func(key string, args ...any) string { return web.T(r, key, args...) }}}
}

// rowsMost is how many rows a page shows at once.
const rowsMost = 100

// askPage is /ban-lam-viec/so-lieu.
type askPage struct {
	Ask     Ask
	Title   string
	Area    string
	Form    form
	Open    bool   // the form
	Said    string // under which conditions the figures stand
	Dropped []string
	Refused bool
	Own     string // address of the same question about the own area
	Table   chart.Table
	Rows    int
	Pager   web.Pager
	Lacking string // what the sum lacks
	Chart   *chart.Chart
	Map     *chart.Map
	Views   []web.Choice
	Keep    Saved // what the form to save it begins with
	Files   []web.Choice
	Export  string // where a file that may leave the area is asked for
	Query   string
	Notes   []string
	Demo    bool // figures of a demonstration are among them
}

// building is shown while the figures are being read in.
type building struct {
	Done, Total int64
}

// asked reads the address. Without an area that there is, the question is about the actor's own.
func (h handler) asked(r *http.Request) (Ask, []Dropped) {
	v := r.URL.Query()
	a, dropped := h.desk.ParseAsk(v)
	if v.Get("dia-ban") == "" || slices.ContainsFunc(dropped, func(d Dropped) bool { return d.Key == "stat.dropped.area" }) {
		own := h.desk.ownArea(web.Actor(r))
		v.Set("dia-ban", string(own))
		if r.URL.RawQuery == "" && own != h.desk.places.HomeUnit().ID {
			v.Set("hang", string(fact.ByGroup)) // few forms count the villages of a commune
		}
		a, _ = h.desk.ParseAsk(v)
	}
	if len(v["ky"]) == 0 { // the latest, which from here on keep their names
		a.Latest, a.Periods = 4, nil
	}
	if h.desk.policy.Permit(web.Actor(r), duty.StatReadExact, duty.Thing{Area: string(a.Question.Area)}) != nil {
		return a, dropped // who may not read the figures does not learn of which periods there are any
	}
	return h.desk.settle(r.Context(), a), dropped
}

// ownArea is the area whose exact figures the actor may read: the home province for who may read everything.
func (d *Desk) ownArea(actor duty.Actor) place.ID {
	areas := d.policy.Areas(actor, duty.StatReadExact)
	if len(areas) == 0 || areas[0] == "" {
		return d.places.HomeUnit().ID
	}
	return place.ID(areas[0])
}

func (h handler) ask(w http.ResponseWriter, r *http.Request) error {
	a, dropped := h.asked(r)
	if v := r.URL.Query(); v.Get("gui") != "" && v.Get("tim") == "" && len(dropped) == 0 { // sent by the form: the same page under its lasting address
		a.Periods = nil
		if v.Get("doi") != "" {
			a.Periods = h.desk.following(a.Question)
		}
		return web.Redirect(w, r, askURL+"?"+h.desk.Query(a))
	}
	p := h.askPage(r, a, dropped)
	meta := web.Meta{Title: p.Title, Desk: true, Sheet: web.T(r, "stat.sheet", "Area", p.Area, "Date", i18n.DateTime(web.Reader(r).UI, h.desk.now().In(i18n.Zone)), "Name", web.Actor(r).Name)}
	answer, err := h.desk.facts.AskAs(r.Context(), web.Actor(r), a.Question)
	switch {
	case fault.Is(err, fault.Unavailable):
		return h.building(w, r)
	case fault.Is(err, fault.Forbidden), fault.Is(err, fault.Invalid), fault.Is(err, fault.TooLarge):
		p.Refused = fault.Is(err, fault.Forbidden)
		own := a
		own.Question.Area, own.Question.Level = h.desk.ownArea(web.Actor(r)), ""
		p.Own = askURL + "?" + h.desk.Query(own)
		return h.room.Form(w, r, "ask", meta, p, err)
	case err != nil:
		return err
	}
	if err := h.answered(r, &p, answer); err != nil {
		return err
	}
	return h.room.Show(w, r, "ask", meta, p)
}

// building says how far the figures are read in, and comes back by itself.
func (h handler) building(w http.ResponseWriter, r *http.Request) error {
	done, total, _ := h.desk.facts.Progress()
	w.Header().Set("Refresh", "3")
	return h.room.Show(w, r, "ask_building", web.Meta{Title: web.T(r, "stat.building"), Desk: true}, building{done, total})
}

func (h handler) askPage(r *http.Request, a Ask, dropped []Dropped) askPage {
	s := h.voice(r)
	p := askPage{Ask: a, Query: h.desk.Query(a), Export: exportURL + "?" + h.desk.Query(a), Area: h.areaName(r, a.Question.Area), Open: r.URL.RawQuery == ""}
	p.Title = s.Title(a.Question) + ", " + p.Area
	p.Keep = Saved{Title: p.Title}
	p.Said = h.said(r, a)
	for _, d := range dropped {
		p.Dropped = append(p.Dropped, web.T(r, d.Key, "What", d.What))
	}
	for _, view := range views {
		to := a
		to.View = view
		p.Views = append(p.Views, web.Choice{Text: web.T(r, "stat.view."+cmp.Or(string(view), "bang")), URL: askURL + "?" + h.desk.Query(to), Chosen: view == a.View})
	}
	for _, file := range []web.Choice{{Text: "CSV", Code: ".csv"}, {Text: "Excel", Code: ".xlsx"}, {Text: "JSON", Code: ".json"}} {
		file.URL = askURL + file.Code + "?" + p.Query
		p.Files = append(p.Files, file)
	}
	p.Form = h.form(r, a)
	return p
}

// said names the conditions of a question, which a print must carry: whose units, only which members, what the cells say.
func (h handler) said(r *http.Request, a Ask) string {
	q, s := a.Question, h.voice(r)
	texts := []string{web.T(r, "stat.said.reported")}
	if q.Geography != 0 {
		texts[0] = web.T(r, "stat.said.geography", "Date", i18n.Date(s.Lang, q.Geography.Time()))
	}
	for _, dim := range filtered {
		var names []string
		for _, code := range q.Only[dim] {
			names = append(names, s.Name(fact.Member{Dim: dim, Code: code}))
		}
		if names != nil {
			texts = append(texts, web.T(r, "stat.dim."+string(dim))+": "+strings.Join(names, ", ")+".")
		}
	}
	if q.Show != fact.Values {
		texts = append(texts, web.T(r, "stat.show."+string(q.Show))+".")
	}
	if q.Top > 0 {
		texts = append(texts, web.T(r, "stat.said.top", "N", q.Top))
	}
	return strings.Join(texts, " ")
}

func (h handler) areaName(r *http.Request, area place.ID) string {
	if area == "" {
		return web.T(r, "stat.country")
	}
	u, err := h.desk.places.ByID(area)
	if err != nil {
		return string(area)
	}
	return u.FullName()
}

// answered puts an answer on the page: its chart or map, and the rows of this page of it.
func (h handler) answered(r *http.Request, p *askPage, a fact.Answer) (err error) {
	s := h.voice(r)
	for _, key := range a.Dropped {
		p.Dropped = append(p.Dropped, web.T(r, key))
	}
	n, _ := web.Page(r)
	p.Rows = len(a.Rows)
	p.Pager = web.Pager{Page: n, Pages: max(1, (p.Rows+rowsMost-1)/rowsMost)}
	if n > 1 {
		p.Pager.Prev = web.With(r, "trang", strconv.Itoa(min(n-1, p.Pager.Pages)))
	}
	if n < p.Pager.Pages {
		p.Pager.Next = web.With(r, "trang", strconv.Itoa(n+1))
	}
	p.Table = s.Table(a, (n-1)*rowsMost, n*rowsMost)
	p.Table.Title, p.Table.Source = p.Title, askURL+"/nguon?"+p.Query+"&o="
	p.Lacking = s.lacking(a)
	p.Notes = s.notes(a)
	p.Demo = h.desk.made(r.Context(), a)
	switch p.Ask.View {
	case chart.AsTable:
		return nil
	case chart.AsMap:
		if p.Map, err = s.Map(r.Context(), h.desk.places, a, r.URL.Query().Get("ve")); p.Map != nil {
			p.Map.Columns = h.mapColumns(p.Ask, s, a, p.Map.Column)
		}
	default:
		p.Chart = s.Chart(a, p.Ask.View)
	}
	if p.Map == nil && p.Chart == nil {
		p.Dropped = append(p.Dropped, web.T(r, "stat.dropped.view."+string(p.Ask.View)))
	}
	return err
}

// mapColumns are the columns that a map can draw, by the addresses of their maps; none where there is one.
func (h handler) mapColumns(ask Ask, s voice, a fact.Answer, drawn string) (all []chart.Column) {
	_, cols := chart.Sides(a)
	if len(cols) < 2 || len(cols) > 24 {
		return nil
	}
	for _, j := range cols {
		text := s.Label(a.Question, a.Cols[j], a.Question.Cols)
		all = append(all, chart.Column{Text: text, URL: askURL + "?" + h.desk.Query(ask) + "&ve=" + url.QueryEscape(chart.HeaderText(a.Cols[j])), Chosen: text == drawn})
	}
	return all
}

// made tells whether figures made up for demonstration are among an answer's, by a cell of each of its first columns: who looks at
// one cell is told by its source.
func (d *Desk) made(ctx context.Context, a fact.Answer) bool {
	rows, cols := chart.Sides(a)
	for _, j := range cols[:min(len(cols), 4)] {
		i := slices.IndexFunc(rows, func(i int) bool { _, ok := a.Cells[i][j].Value(); return ok })
		if i < 0 {
			continue
		}
		origins, err := d.facts.Origins(ctx, a.Question, a.Rows[rows[i]], a.Cols[j], 3)
		if err == nil && slices.ContainsFunc(origins, func(o fact.Origin) bool { return o.Batch.Demo }) {
			return true
		}
	}
	return false
}

// lacking says what the sums of an answer lack: the cell that lacks most speaks for all.
func (s voice) lacking(a fact.Answer) string {
	var worst fact.Cell
	missing := 0
	for i, row := range a.Rows {
		for _, c := range a.Cells[i] {
			if c.State == fact.Missing && !row.Total {
				missing++
			}
			if c.State == fact.Partial && (worst.Expected == 0 || c.Have*worst.Expected < worst.Have*c.Expected) {
				worst = c
			}
		}
	}
	var texts []string
	if worst.Expected > 0 {
		texts = append(texts, s.T("stat.lacking.partial", "Have", worst.Have, "Expected", worst.Expected))
	}
	if missing > 0 {
		texts = append(texts, s.T("stat.lacking.missing", "N", missing))
	}
	return strings.Join(texts, " ")
}

// notes are the remarks of columns and rows, each once.
func (s voice) notes(a fact.Answer) (texts []string) {
	for _, h := range slices.Concat(a.Cols, a.Rows) {
		if h.Note == "" {
			continue
		}
		if text := s.T(h.Note); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// askFile gives the answer out as CSV or as a workbook: the same figures by the same right, and named as exact ones.
func (h handler) askFile(w http.ResponseWriter, r *http.Request) error {
	a, _ := h.asked(r)
	answer, err := h.desk.facts.AskAs(r.Context(), web.Actor(r), a.Question)
	if err != nil {
		return err
	}
	s := h.voice(r)
	title := s.Title(a.Question) + ", " + h.areaName(r, a.Question.Area)
	source := web.T(r, "stat.file.source", "Date", i18n.DateTime(web.Reader(r).UI, h.desk.now().In(i18n.Zone)), "Name", web.Actor(r).Name)
	if err := h.desk.Take(r.Context(), web.Actor(r), a.Question.Area, path.Ext(r.URL.Path), h.desk.Query(a)); err != nil {
		return err
	}
	name := "so-lieu-" + strings.ToLower(string(a.Question.Indicators[0]))
	if strings.HasSuffix(r.URL.Path, ".csv") {
		rows := append(s.Rows(answer), nil, []string{title}, []string{source}, []string{askURL + "?" + h.desk.Query(a)})
		return web.CSV(w, r, name+".csv", rows)
	}
	book, err := s.Workbook(answer, title, source)
	if err != nil {
		return err
	}
	return web.Workbook(w, r, name+".xlsx", book)
}

// askJSON gives the answer out to programs.
func (h handler) askJSON(w http.ResponseWriter, r *http.Request) error {
	a, dropped := h.asked(r)
	answer, err := h.desk.facts.AskAs(r.Context(), web.Actor(r), a.Question)
	if err != nil {
		return err
	}
	for _, d := range dropped {
		answer.Dropped = append(answer.Dropped, d.Key+": "+d.What)
	}
	return web.JSON(w, r, h.voice(r).exact(answer, h.desk.Query(a)))
}
