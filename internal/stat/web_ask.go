package stat

import (
	"bytes"
	"cmp"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
)

// askURL is the page of questions.
const askURL = "/ban-lam-viec/so-lieu"

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

func (h handler) voice(r *http.Request) voice {
	return voice{h.desk.facts, web.Reader(r).UI, func(key string, args ...any) string { return web.T(r, key, args...) }}
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
	Table   Table
	Rows    int
	Pager   web.Pager
	Lacking string // what the sum lacks
	Chart   *Chart
	Map     *Map
	Views   []choice
	Keep    Saved // what the form to save it begins with
	Files   []choice
	Export  string // where a file that may leave the area is asked for
	Query   string
	Notes   []string
}

// A choice is one value of several.
type choice struct {
	Code, Text, URL string
	Chosen          bool
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
		v.Set("dia-ban", string(h.desk.ownArea(web.Actor(r))))
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
	meta := web.Meta{Title: p.Title, Desk: true, Sheet: web.T(r, "stat.sheet", "Area", p.Area, "Date", i18n.DateTime(web.Reader(r).UI, h.desk.now().In(web.Zone)), "Name", web.Actor(r).Name)}
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
	p.Title = s.title(a.Question) + ", " + p.Area
	p.Keep = Saved{Title: p.Title}
	p.Said = h.said(r, a)
	for _, d := range dropped {
		p.Dropped = append(p.Dropped, web.T(r, d.Key, "What", d.What))
	}
	for _, view := range views {
		to := a
		to.View = view
		p.Views = append(p.Views, choice{Text: web.T(r, "stat.view."+cmp.Or(string(view), "bang")), URL: askURL + "?" + h.desk.Query(to), Chosen: view == a.View})
	}
	for _, file := range []choice{{Text: "CSV", Code: ".csv"}, {Text: "Excel", Code: ".xlsx"}, {Text: "JSON", Code: ".json"}} {
		file.URL = askURL + file.Code + "?" + p.Query
		p.Files = append(p.Files, file)
	}
	p.Form = h.form(r, a)
	return p
}

// title names a question: its indicators, and by what they are laid out.
func (s voice) title(q fact.Question) string {
	var names []string
	for _, code := range q.Indicators[:min(len(q.Indicators), 3)] {
		i, _ := s.facts.Indicator(code) //nolint:errcheck // the question's own
		names = append(names, i.Name(s.lang))
	}
	text := strings.Join(names, "; ")
	if n := len(q.Indicators) - len(names); n > 0 {
		text += " " + s.t("stat.title.more", "N", n)
	}
	if len(q.Periods) == 1 {
		text += ", " + s.name(fact.Member{Dim: fact.ByPeriod, Code: q.Periods[0].String()})
	}
	return text
}

// said names the conditions of a question, which a print must carry: whose units, only which members, what the cells say.
func (h handler) said(r *http.Request, a Ask) string {
	q, s := a.Question, h.voice(r)
	texts := []string{web.T(r, "stat.said.reported")}
	if q.Geography != 0 {
		texts[0] = web.T(r, "stat.said.geography", "Date", i18n.Date(s.lang, q.Geography.Time()))
	}
	for _, dim := range filtered {
		var names []string
		for _, code := range q.Only[dim] {
			names = append(names, s.name(fact.Member{Dim: dim, Code: code}))
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
	p.Table = s.table(a, (n-1)*rowsMost, n*rowsMost)
	p.Table.Title, p.Table.Source = p.Title, askURL+"/nguon?"+p.Query+"&o="
	p.Lacking = s.lacking(a)
	p.Notes = s.notes(a)
	switch p.Ask.View {
	case AsTable:
		return nil
	case AsMap:
		p.Map, err = h.desk.mapOf(r.Context(), s, a)
	default:
		p.Chart = s.chart(a, p.Ask.View)
	}
	if p.Map == nil && p.Chart == nil {
		p.Dropped = append(p.Dropped, web.T(r, "stat.dropped.view."+string(p.Ask.View)))
	}
	return err
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
		texts = append(texts, s.t("stat.lacking.partial", "Have", worst.Have, "Expected", worst.Expected))
	}
	if missing > 0 {
		texts = append(texts, s.t("stat.lacking.missing", "N", missing))
	}
	return strings.Join(texts, " ")
}

// notes are the remarks of columns and rows, each once.
func (s voice) notes(a fact.Answer) (texts []string) {
	for _, h := range slices.Concat(a.Cols, a.Rows) {
		if h.Note == "" {
			continue
		}
		if text := s.t(h.Note); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// form is what can be chosen, as it is chosen.
type form struct {
	Find      string
	Found     []choice
	Chosen    []choice
	Topics    []topic
	Rows      [2][]choice
	Cols      [2][]choice
	Areas     []choice
	Levels    []choice
	Periods   []choice
	More      string // periods that are not among them
	Following bool   // periods move on with time
	Filters   []filter
	Geography []choice
	Day       string // another day
	Shows     []choice
	Totals    bool
	Top       string
	View      string
}

type topic struct {
	Name  string
	Items []choice
}

type filter struct {
	Dim   string
	Open  bool
	Items []choice
}

// words are the periods of the form in relative words, the latest first.
var words = []string{"nay", "nay-1", "nay-2", "nay-3", "nay-4", "nay-5", "nay-6", "nay-7"}

func (h handler) form(r *http.Request, a Ask) form {
	q := a.Question
	f := form{Find: r.URL.Query().Get("tim"), Totals: q.Totals, View: string(a.View)}
	if q.Top > 0 {
		f.Top = strconv.Itoa(q.Top)
	}
	h.indicatorChoices(r, &f, q.Indicators)
	for i := range 2 {
		f.Rows[i], f.Cols[i] = dimChoices(r, q.Rows, i), dimChoices(r, q.Cols, i)
	}
	h.areaChoices(r, &f, q)
	f.Levels = []choice{{Text: web.T(r, "stat.level.below"), Chosen: q.Level == ""}}
	for _, level := range levels {
		f.Levels = append(f.Levels, choice{Code: level, Text: web.T(r, "stat.level."+level), Chosen: level == q.Level})
	}
	h.periodChoices(r, &f, a)
	h.filterChoices(r, &f, q)
	days := []string{"", "nay", "2025-06-30"}
	for i, day := range days {
		f.Geography = append(f.Geography, choice{Code: day, Text: web.T(r, []string{"stat.geography.reported", "stat.geography.today", "stat.geography.before"}[i]), Chosen: a.Day == day})
	}
	if !slices.Contains(days, a.Day) {
		f.Geography = append(f.Geography, choice{Code: a.Day, Text: web.T(r, "stat.geography.day", "Date", i18n.Date(web.Reader(r).UI, q.Geography.Time())), Chosen: true})
	}
	for _, show := range shows {
		f.Shows = append(f.Shows, choice{Code: string(show), Text: web.T(r, "stat.show."+cmp.Or(string(show), "values")), Chosen: show == q.Show})
	}
	return f
}

func (h handler) indicatorChoices(r *http.Request, f *form, chosen []fact.Code) {
	lang := web.Reader(r).UI
	find := fold.Key(f.Find)
	byTopic := map[string]int{}
	for _, i := range h.desk.facts.Indicators() {
		c := choice{Code: string(i.Code), Text: i.Name(lang), Chosen: slices.Contains(chosen, i.Code)}
		switch {
		case c.Chosen:
			f.Chosen = append(f.Chosen, c)
			continue
		case find != "" && strings.Contains(fold.Key(i.NameVI+" "+i.NameEN+" "+string(i.Code)), find):
			f.Found = append(f.Found, c)
			continue
		}
		n, known := byTopic[i.Topic]
		if !known {
			n = len(f.Topics)
			byTopic[i.Topic], f.Topics = n, append(f.Topics, topic{Name: web.T(r, "stat.topic."+i.Topic)})
		}
		f.Topics[n].Items = append(f.Topics[n].Items, c)
	}
}

func dimChoices(r *http.Request, dims []fact.Dim, at int) []choice {
	chosen := ""
	if at < len(dims) {
		chosen = string(dims[at])
	}
	all := []choice{{Code: none, Text: web.T(r, "stat.dim.none"), Chosen: chosen == ""}}
	for _, dim := range laid {
		all = append(all, choice{Code: string(dim), Text: web.T(r, "stat.dim."+string(dim)), Chosen: string(dim) == chosen})
	}
	return all
}

// areaChoices are the actor's own areas and what lies directly in them.
func (h handler) areaChoices(r *http.Request, f *form, q fact.Question) {
	places := h.desk.places
	on := cmp.Or(q.Geography, places.Today())
	var ids []place.ID
	add := func(id place.ID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, area := range h.desk.policy.Areas(web.Actor(r), duty.StatReadExact) {
		if add(place.ID(area)); area == "" {
			for _, u := range places.Units("", place.Province, on) {
				add(u.ID)
			}
			area = string(places.HomeUnit().ID)
		}
		if u, err := places.ByID(place.ID(area)); err == nil && u.Level == place.Province {
			for _, u := range places.Units(u.ID, place.Commune, on) {
				add(u.ID)
			}
		}
	}
	add(q.Area)
	for _, id := range ids {
		f.Areas = append(f.Areas, choice{Code: h.desk.areaWord(id, q.Geography), Text: h.areaName(r, id), Chosen: id == q.Area})
	}
}

// following are the periods of a question in words that move on with time, as far as there are words.
func (d *Desk) following(q fact.Question) []string {
	texts, p := periodTexts(q.Periods), parser{desk: d}
	for _, word := range words {
		at, _ := p.period(word, d.kind(q.Indicators))
		if i := slices.Index(q.Periods, at); i >= 0 {
			texts[i] = word
		}
	}
	return texts
}

// periodChoices are the last periods of the first indicator's length; others that were asked for stand in a field of their own.
func (h handler) periodChoices(r *http.Request, f *form, a Ask) {
	p, q := parser{desk: h.desk}, a.Question
	f.Following = slices.ContainsFunc(a.Periods, func(word string) bool { return relative.MatchString(word) || latest.MatchString(word) })
	var shown []fact.Period
	for n, word := range words {
		at, _ := p.period(word, h.desk.kind(q.Indicators))
		c := choice{Code: at.String(), Text: h.voice(r).name(fact.Member{Dim: fact.ByPeriod, Code: at.String()}), Chosen: slices.Contains(q.Periods, at)}
		if n == 0 {
			c.Text += " (" + web.T(r, "stat.period.this") + ")"
		}
		f.Periods, shown = append(f.Periods, c), append(shown, at)
	}
	f.More = strings.Join(periodTexts(slices.DeleteFunc(slices.Clone(q.Periods), func(at fact.Period) bool { return slices.Contains(shown, at) })), ", ")
}

// members are those offered for a dimension that has few.
var members = map[fact.Dim][]string{
	fact.BySex:       {"female", "male"},
	fact.ByAge:       {"0-4", "5-14", "15-59", "60+"},
	fact.ByAreaClass: {"I", "II", "III"},
}

func (h handler) filterChoices(r *http.Request, f *form, q fact.Question) {
	dims := map[fact.Dim]bool{}
	for _, code := range q.Indicators {
		i, _ := h.desk.facts.Indicator(code) //nolint:errcheck // the question's own
		for _, dim := range i.Dims {
			dims[dim] = true
		}
	}
	for _, dim := range filtered {
		codes := slices.Clone(members[dim])
		switch dim {
		case fact.ByGroup:
			for _, g := range h.desk.groups.Groups() {
				codes = append(codes, string(g.Slug))
			}
			codes = append(codes, string(fact.OtherGroups))
		case fact.ByLanguage:
			for _, l := range h.desk.groups.Languages() {
				if l.LangSon {
					codes = append(codes, l.Tag)
				}
			}
		}
		for _, code := range q.Only[dim] {
			if !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
		if !dims[dim] && q.Only[dim] == nil || codes == nil {
			continue
		}
		one := filter{Dim: string(dim), Open: q.Only[dim] != nil}
		for _, code := range codes {
			one.Items = append(one.Items, choice{Code: code, Text: h.desk.facts.Label(fact.Member{Dim: dim, Code: code}, web.Reader(r).UI), Chosen: slices.Contains(q.Only[dim], code)})
		}
		f.Filters = append(f.Filters, one)
	}
}

// askFile gives the answer out as CSV or as a workbook: the same figures by the same right, and named as exact ones.
func (h handler) askFile(w http.ResponseWriter, r *http.Request) error {
	a, _ := h.asked(r)
	answer, err := h.desk.facts.AskAs(r.Context(), web.Actor(r), a.Question)
	if err != nil {
		return err
	}
	s := h.voice(r)
	title := s.title(a.Question) + ", " + h.areaName(r, a.Question.Area)
	source := web.T(r, "stat.file.source", "Date", i18n.DateTime(web.Reader(r).UI, h.desk.now().In(web.Zone)), "Name", web.Actor(r).Name)
	if err := h.desk.Take(r.Context(), web.Actor(r), a.Question.Area, path.Ext(r.URL.Path), h.desk.Query(a)); err != nil {
		return err
	}
	name := "so-lieu-" + strings.ToLower(string(a.Question.Indicators[0]))
	if strings.HasSuffix(r.URL.Path, ".csv") {
		rows := append(s.plainRows(answer), nil, []string{title}, []string{source}, []string{askURL + "?" + h.desk.Query(a)})
		return web.CSV(w, r, name+".csv", rows)
	}
	book, err := s.workbook(answer, title, source)
	if err != nil {
		return err
	}
	return web.File(w, r, name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", time.Time{}, bytes.NewReader(book), true)
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
