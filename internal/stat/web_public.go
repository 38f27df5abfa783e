package stat

import (
	"bytes"
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/stat/dataset"
	"banlang/internal/web"
)

// publicHandler serves what everybody may read.
type publicHandler struct {
	handler
	site *web.Site
}

const publicURL = "/so-lieu"

// mountPublic registers the pages that everybody may read: they know releases only.
func (h handler) mountPublic(site *web.Site) {
	p := publicHandler{h, site}
	site.Handle("GET "+publicURL, duty.StatReadRelease, p.catalogue)
	site.Handle("GET "+publicURL+"/{file}", duty.StatReadRelease, p.file)
	site.Handle("GET "+publicURL+"/danh-muc", duty.StatReadRelease, p.definitions)
	site.Handle("GET "+publicURL+"/dia-ban/{code}", duty.StatReadRelease, p.publicPlace)
	site.Handle("GET "+publicURL+"/dan-toc/{slug}", duty.StatReadRelease, p.publicGroup)
}

// cataloguePage is /so-lieu.
type cataloguePage struct {
	Find   string
	Topic  string
	Topics []choice
	Items  []releaseView
	Any    bool // there is some release
	Newest *figureView
}

// A releaseView is a release as lists show it.
type releaseView struct {
	Release
	Title, URL string
}

func (h publicHandler) viewOf(r *http.Request, rel Release) releaseView {
	return releaseView{rel, rel.Title(web.Reader(r).UI), publicURL + "/" + rel.Spec.Code}
}

// Title is the release's title in a language of the interface.
func (r Release) Title(lang string) string {
	if lang == "en" && r.Spec.TitleEN != "" {
		return r.Spec.TitleEN
	}
	return r.Spec.Title
}

func (h publicHandler) catalogue(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Public(r.Context())
	if err != nil {
		return err
	}
	q := r.URL.Query()
	p := cataloguePage{Find: cut(q.Get("q"), 80), Topic: q.Get("chu-de"), Any: len(all) > 0}
	topics := map[string]int{}
	for _, rel := range all {
		topics[rel.Topic]++
	}
	if topics[p.Topic] == 0 {
		p.Topic = ""
	}
	p.Topics = append(p.Topics, choice{Text: web.T(r, "stat.public.all"), URL: publicURL, Chosen: p.Topic == ""})
	for _, topic := range h.desk.topics() {
		if topics[topic] > 0 {
			p.Topics = append(p.Topics, choice{Code: topic, Text: web.T(r, "stat.topic."+topic), URL: publicURL + "?chu-de=" + topic, Chosen: p.Topic == topic})
		}
	}
	for _, rel := range all {
		if (p.Topic == "" || rel.Topic == p.Topic) && h.desk.mentions(rel, p.Find) {
			p.Items = append(p.Items, h.viewOf(r, rel))
		}
	}
	if p.Find == "" && p.Topic == "" && len(all) > 0 {
		if p.Newest, err = h.newest(r, all); err != nil {
			return err
		}
	}
	return h.room.Show(w, r, "public", web.Meta{Title: web.T(r, "stat.public"), Description: web.T(r, "stat.public.lead")}, p)
}

// newest draws the newest figures of real persons, or of any where there are only made-up ones.
func (h publicHandler) newest(r *http.Request, all []Release) (*figureView, error) {
	rel := all[max(0, slices.IndexFunc(all, func(r Release) bool { return !r.Demo }))]
	t, err := h.desk.Table(r.Context(), rel)
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	for _, m := range t.Dims[placeAxis].Members {
		if place.ID(m.Code).Code() == h.desk.places.HomeUnit().Code {
			q.Set(string(fact.ByPlace), m.Code)
		}
	}
	return h.figures(r, rel, t, q, true)
}

// mostNewest is how many bars the first page of figures shows.
const mostNewest = 12

// largest keeps the total and the largest rows by their first figure that is shown.
func largest(a fact.Answer) fact.Answer {
	index := make([]int, len(a.Rows))
	for i := range index {
		index[i] = i
	}
	value := func(i int) float64 {
		if v, ok := a.Cells[i][0].Value(); ok {
			return v
		}
		return -1
	}
	slices.SortStableFunc(index, func(i, j int) int { return cmp.Compare(value(j), value(i)) })
	out := a
	out.Rows, out.Cells = nil, nil
	for _, i := range index[:min(mostNewest+1, len(index))] {
		out.Rows, out.Cells = append(out.Rows, a.Rows[i]), append(out.Cells, a.Cells[i])
	}
	return out
}

func cut(text string, most int) string {
	if r := []rune(strings.TrimSpace(text)); len(r) > most {
		return string(r[:most])
	}
	return strings.TrimSpace(text)
}

// topics are those of the indicators, in the order of the catalogue.
func (d *Desk) topics() []string {
	var all []string
	for _, i := range d.facts.Indicators() {
		if !slices.Contains(all, i.Topic) {
			all = append(all, i.Topic)
		}
	}
	return all
}

// mentions tells whether a release's words or indicators hold all the words that are looked for.
func (d *Desk) mentions(r Release, find string) bool {
	text := []string{r.Spec.Title, r.Spec.TitleEN, r.Spec.Note, r.Spec.Source, r.Spec.Code}
	for _, code := range r.Spec.Indicators {
		if i, err := d.facts.Indicator(code); err == nil {
			text = append(text, i.NameVI, i.NameEN, string(code))
		}
	}
	return mentioned(strings.Join(text, " "), find)
}

// figureView is one cut through a frozen table: only cells that stand in it, never a sum made of them.
type figureView struct {
	Release   Release
	Title     string
	URL       string
	Picks     []pick1
	Rows      []choice
	Cols      []choice
	Table     Table
	Chart     *Chart
	Map       *Map
	Pager     web.Pager
	Files     []fileView
	Note      string
	Hidden    bool // something in this cut is hidden
	MapHidden int  // places on the map that are
	Partial   bool // something sums only some of its places
	Periods   []string
	Versions  []releaseView
	Indicator []fact.Indicator
}

// A pick1 is a dimension that is not laid out, of which one member is shown.
type pick1 struct {
	Name, Label string
	Members     []choice
}

// A fileView is a download.
type fileView struct {
	URL, Name string
	Size      int64
}

// file is /so-lieu/{code} and, with an ending, one of its downloads.
func (h publicHandler) file(w http.ResponseWriter, r *http.Request) error {
	id, format, ok := dataset.Split(r.PathValue("file"))
	if !ok {
		return h.release(w, r, r.PathValue("file"))
	}
	t, err := h.public(r, id)
	if err != nil {
		return err
	}
	if !format.Fits(t) {
		return fault.New(fault.NotFound, "stat.release.format")
	}
	lang := r.URL.Query().Get("lang")
	var b bytes.Buffer
	if err := format.Write(&b, t, lang); err != nil {
		return err
	}
	web.Attach(w, id+format.Ext)
	if slices.Contains([]string{"jsonstat", "geojson", "datapackage", "dhis2"}, format.Code) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // open data is for programs elsewhere
	}
	return web.Bytes(w, r, format.Type, b.Bytes())
}

// public is the newest public table of a data set, or the version that the address names.
func (h publicHandler) public(r *http.Request, code string) (dataset.Table, error) {
	rel, _, err := h.version(r, code)
	if err != nil {
		return dataset.Table{}, err
	}
	t, err := h.desk.Table(r.Context(), rel)
	return h.published(r, t), err
}

func (h publicHandler) version(r *http.Request, code string) (Release, []Release, error) {
	all, err := h.desk.Versions(r.Context(), code)
	if err != nil {
		return Release{}, nil, err
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("phien-ban")); err == nil {
		i := slices.IndexFunc(all, func(v Release) bool { return v.Version == n })
		if i < 0 {
			return Release{}, nil, fault.New(fault.NotFound, "stat.release.none")
		}
		return all[i], all, nil
	}
	return slices.MaxFunc(all, func(a, b Release) int { return cmp.Compare(a.Version, b.Version) }), all, nil
}

// published adds where the table stands and who answers for it.
func (h publicHandler) published(r *http.Request, t dataset.Table) dataset.Table {
	t.URL = web.Origin(r) + publicURL + "/" + t.ID
	t.Publisher = h.site.Agency
	return t
}

// release is the page of a data set.
func (h publicHandler) release(w http.ResponseWriter, r *http.Request, code string) error {
	rel, versions, err := h.version(r, code)
	if err != nil {
		return err
	}
	meta := web.Meta{Title: rel.Title(web.Reader(r).UI), Crumbs: []web.Link{{Text: web.T(r, "stat.public"), URL: publicURL}},
		Description: cut(rel.Spec.Note, 150)}
	if rel.State == Recalled {
		return h.room.Show(w, r, "public_recalled", meta, h.recalled(r, rel, versions))
	}
	t, err := h.desk.Table(r.Context(), rel)
	if err != nil {
		return err
	}
	t.URL, t.Publisher = publicURL+"/"+t.ID, h.site.Agency // without the origin: the page is kept for others
	p, err := h.figures(r, rel, t, r.URL.Query(), false)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.ID != rel.ID {
			p.Versions = append(p.Versions, releaseView{v, v.Title(web.Reader(r).UI), publicURL + "/" + code + "?phien-ban=" + strconv.Itoa(v.Version)})
		}
	}
	p.Files, err = h.files(r, rel, t)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "public_release", meta, p)
}

func (h publicHandler) recalled(r *http.Request, rel Release, versions []Release) figureView {
	p := figureView{Release: rel, Title: rel.Title(web.Reader(r).UI)}
	for _, v := range versions {
		if v.State == Released {
			p.Versions = append(p.Versions, releaseView{v, v.Title(web.Reader(r).UI), publicURL + "/" + v.Spec.Code + "?phien-ban=" + strconv.Itoa(v.Version)})
		}
	}
	return p
}

// files lists the downloads with their sizes, which are counted once a version: it is frozen.
func (h publicHandler) files(r *http.Request, rel Release, t dataset.Table) ([]fileView, error) {
	query := ""
	if n := r.URL.Query().Get("phien-ban"); n != "" {
		query = "?phien-ban=" + strconv.Itoa(rel.Version)
	}
	var all []fileView
	for _, f := range dataset.Formats {
		if !f.Fits(t) {
			continue
		}
		size, err := h.desk.kept.size(string(rel.tableFile)+f.Ext, func() (int64, error) {
			var b bytes.Buffer
			err := f.Write(&b, t, "vi")
			return int64(b.Len()), err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, fileView{publicURL + "/" + t.ID + f.Ext + query, f.Name, size})
	}
	return all, nil
}

// figures lays out a cut of a frozen table as the address asks: hang and cot are dimensions, every other dimension has a member.
func (h publicHandler) figures(r *http.Request, rel Release, t dataset.Table, q url.Values, brief bool) (*figureView, error) {
	s := h.voice(r)
	c := newCut(t, q)
	p := &figureView{Release: rel, Title: rel.Title(s.lang), URL: publicURL + "/" + rel.Spec.Code, Note: t.About(s.lang)}
	for axis, d := range t.Dims {
		p.Rows = append(p.Rows, choice{Code: d.Code, Text: d.Name(s.lang), Chosen: axis == c.row})
		p.Cols = append(p.Cols, choice{Code: d.Code, Text: d.Name(s.lang), Chosen: axis == c.col})
		if axis == c.row || axis == c.col || len(d.Members) == 1 {
			continue
		}
		pick := pick1{Name: d.Code, Label: d.Name(s.lang)}
		for m, member := range d.Members {
			pick.Members = append(pick.Members, choice{Code: member.Code, Text: member.Name(s.lang), Chosen: c.at[axis] == m})
		}
		p.Picks = append(p.Picks, pick)
	}
	a := c.answer()
	if brief {
		a = largest(a)
	}
	p.Chart = s.chart(a, AsBars)
	if !brief {
		var err error
		if p.Map, err = h.desk.mapOf(r.Context(), s, a); err != nil {
			return nil, err
		}
		if p.Map != nil || len(a.Cols) > 1 {
			p.Chart = nil
		}
	}
	page, size := web.Page(r)
	size = max(size, rowsMost)
	from := min((page-1)*size, len(a.Rows))
	p.Table = s.table(a, from, from+size)
	p.Table.Title = c.caption(s.lang)
	if len(a.Rows) > size {
		p.Pager = web.NewPager(r, len(a.Rows))
	}
	p.mark(func(key string) string { return web.T(r, key) })
	for _, period := range rel.Spec.Periods {
		p.Periods = append(p.Periods, h.desk.facts.Label(fact.Member{Dim: fact.ByPeriod, Code: period.String()}, s.lang))
	}
	for _, code := range rel.Spec.Indicators {
		if i, err := h.desk.facts.Indicator(code); err == nil {
			p.Indicator = append(p.Indicator, i)
		}
	}
	return p, nil
}

// mark says in the words of readers what is hidden, and what sums not every place. Where all of it is so, one remark is enough.
func (p *figureView) mark(say func(key string) string) {
	partial, known := 0, 0
	for _, line := range p.Table.Lines {
		for _, cell := range line.Cells {
			switch cell.State {
			case fact.Partial:
				partial++
			case fact.Whole, fact.Estimated:
				known++
			}
		}
	}
	for i, line := range p.Table.Lines {
		for j, cell := range line.Cells {
			c := &p.Table.Lines[i].Cells[j]
			switch cell.State {
			case fact.Hidden:
				c.Text, p.Hidden = "…", true
				if p.Map != nil && j == 0 && !line.Total {
					p.MapHidden++
					p.Map.Missing--
				}
			case fact.Partial:
				if c.Mark = ""; known > 0 {
					c.Mark = say("stat.public.partial")
				}
			case fact.Estimated:
				c.Mark = say("stat.public.estimated")
			}
		}
	}
	p.Partial = partial > 0
	p.Table.States = slices.DeleteFunc(p.Table.States, func(s fact.CellState) bool { return s == fact.Partial || s == fact.Hidden })
}

// A layout of a table: two dimensions laid out, a member of each other one.
type layout struct {
	table    dataset.Table
	row, col int // col is -1 where one dimension is all there is
	at       []int
}

// newCut reads what is laid out; what the address does not say is chosen so that most is to be seen at once.
func newCut(t dataset.Table, q url.Values) layout {
	c := layout{table: t, row: -1, col: -1, at: make([]int, len(t.Dims))}
	find := func(code string) int {
		return slices.IndexFunc(t.Dims, func(d dataset.Dimension) bool { return d.Code == code })
	}
	wide := func(taken int, codes ...fact.Dim) int {
		for _, code := range codes {
			if d := find(string(code)); d >= 0 && d != taken && len(t.Dims[d].Members) > 1 {
				return d
			}
		}
		return -1
	}
	c.row = find(q.Get("hang"))
	if c.row < 0 {
		c.row = max(0, wide(-1, fact.ByGroup, fact.ByPlace, fact.ByIndicator, fact.ByPeriod, fact.BySex))
	}
	switch c.col = find(q.Get("cot")); {
	case q.Get("cot") == none || c.col == c.row:
		c.col = -1
	case c.col < 0 && q.Get("hang") == "":
		c.col = wide(c.row, fact.BySex, fact.ByIndicator, fact.ByPeriod)
	}
	for d, dim := range t.Dims {
		if dim.Role == dataset.Time {
			c.at[d] = len(dim.Members) - 1
		}
		if m := slices.IndexFunc(dim.Members, func(m dataset.Member) bool { return m.Code == q.Get(dim.Code) }); m >= 0 && q.Get(dim.Code) != "" {
			c.at[d] = m
		}
	}
	return c
}

// answer is the cut as the charts and tables of questions take it.
func (c layout) answer() fact.Answer {
	dim := func(axis int) fact.Dim { return fact.Dim(c.table.Dims[axis].Code) }
	metric := c.table.Dim(dataset.Metric)
	a := fact.Answer{Question: fact.Question{Rows: []fact.Dim{dim(c.row)}}}
	for _, m := range c.table.Dims[metric].Members {
		a.Question.Indicators = append(a.Question.Indicators, fact.Code(m.Code))
	}
	a.Question.Indicators[0], a.Question.Indicators[c.at[metric]] = a.Question.Indicators[c.at[metric]], a.Question.Indicators[0]
	if area := c.table.Dims[placeAxis].Members[0].Code; area != country {
		a.Question.Area = place.ID(area)
	}
	head := func(axis, m int) fact.Header {
		code := c.table.Dims[axis].Members[m].Code
		all := code == dataset.All || axis == placeAxis && m == 0 && len(c.table.Dims[axis].Members) > 1
		h := fact.Header{Members: []fact.Member{{Dim: dim(axis), Code: code}}, Total: all}
		if code == dataset.All || code == country {
			h.Members[0].Code = ""
		}
		return h
	}
	cols := 1
	if c.col >= 0 {
		a.Question.Cols = []fact.Dim{dim(c.col)}
		cols = len(c.table.Dims[c.col].Members)
		for m := range cols {
			a.Cols = append(a.Cols, head(c.col, m))
		}
	} else {
		a.Cols = []fact.Header{{}}
	}
	held := map[int]dataset.Cell{}
	for _, cell := range c.table.Cells {
		if n, ok := c.holds(cell.At, cols); ok {
			held[n] = cell
		}
	}
	for m := range c.table.Dims[c.row].Members {
		cells := make([]fact.Cell, cols)
		found := false
		for j := range cells {
			cell, ok := held[m*cols+j]
			cells[j] = c.cell(cell, ok)
			found = found || ok
		}
		if found {
			a.Rows, a.Cells = append(a.Rows, head(c.row, m)), append(a.Cells, cells)
		}
	}
	return a
}

// holds tells whether a cell lies in the cut, and where.
func (c layout) holds(at []int, cols int) (n int, ok bool) {
	for axis, m := range at {
		if axis != c.row && axis != c.col && m != c.at[axis] {
			return 0, false
		}
	}
	if n = at[c.row] * cols; c.col >= 0 {
		n += at[c.col]
	}
	return n, true
}

// states are the states of cells by their status.
var states = map[dataset.Status]fact.CellState{
	dataset.Normal: fact.Whole, dataset.Partial: fact.Partial, dataset.Estimated: fact.Estimated, dataset.Hidden: fact.Hidden,
	dataset.Missing: fact.Missing, dataset.Incomparable: fact.Incomparable,
}

func (c layout) cell(cell dataset.Cell, ok bool) fact.Cell {
	if !ok {
		return fact.Cell{State: fact.NotAsked, Kind: fact.Count}
	}
	m := c.table.Dims[c.table.Dim(dataset.Metric)].Members[cell.At[c.table.Dim(dataset.Metric)]]
	return fact.Cell{State: states[cell.Status], Kind: fact.Count, Num: int64(math.Round(cell.Value * math.Pow10(m.Decimals))), Scale: m.Decimals}
}

// caption says what is shown beyond the laid out dimensions: "Dân số (người), tỉnh Lạng Sơn, năm 2019".
func (c layout) caption(lang string) string {
	var parts []string
	for axis, d := range c.table.Dims {
		m := d.Members[c.at[axis]]
		switch {
		case axis == c.row || axis == c.col || m.Code == dataset.All:
		case d.Role == dataset.Metric:
			parts = append([]string{m.Name(lang) + " (" + m.Unit + ")"}, parts...)
		default:
			parts = append(parts, m.Name(lang))
		}
	}
	if parts == nil {
		return c.table.Name(lang)
	}
	return strings.Join(parts, ", ")
}

// definitionsPage is /so-lieu/danh-muc.
type definitionsPage struct {
	Find   string
	Topics []choice
	Topic  string
	Items  []definition
}

// A definition is an indicator as the catalogue tells it.
type definition struct {
	fact.Indicator
	Name, Dims, Part string
}

func (h publicHandler) definitions(w http.ResponseWriter, r *http.Request) error {
	p := definitionsPage{Find: cut(r.URL.Query().Get("q"), 80), Topic: r.URL.Query().Get("chu-de")}
	topics := h.desk.topics()
	if !slices.Contains(topics, p.Topic) {
		if p.Topic = ""; p.Find == "" && len(topics) > 0 {
			p.Topic = topics[0]
		}
	}
	lang := web.Reader(r).UI
	for _, topic := range topics {
		p.Topics = append(p.Topics, choice{Code: topic, Text: web.T(r, "stat.topic."+topic), URL: publicURL + "/danh-muc?chu-de=" + topic, Chosen: topic == p.Topic})
	}
	for _, i := range h.desk.facts.Indicators() {
		if p.Topic != "" && i.Topic != p.Topic || !mentioned(strings.Join([]string{i.NameVI, i.NameEN, i.Definition, string(i.Code)}, " "), p.Find) {
			continue
		}
		var dims []string
		for _, dim := range i.Dims {
			dims = append(dims, strings.ToLower(web.T(r, "stat.dim."+string(dim))))
		}
		p.Items = append(p.Items, definition{i, i.Name(lang), strings.Join(dims, ", "), web.T(r, "stat.public.period."+string(i.Period))})
	}
	return h.room.Show(w, r, "public_definitions", web.Meta{Title: web.T(r, "stat.definitions"), Description: web.T(r, "stat.definitions.ours"),
		Crumbs: []web.Link{{Text: web.T(r, "stat.public"), URL: publicURL}}}, p)
}

// profilePage is what all releases tell of one place or group.
type publicProfile struct {
	Title string
	Page  string // of the place or group itself
	Sets  []profileSet
}

// A profileSet is what one release tells.
type profileSet struct {
	releaseView
	Lines []profileLine
}

type profileLine struct {
	Name, Period, Value, Unit string
	Hidden                    bool
}

func (h publicHandler) publicPlace(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	u, err := h.desk.places.At(code, h.desk.places.Today())
	if fault.Is(err, fault.NotFound) {
		if all := h.desk.places.Versions(code); len(all) > 0 {
			u, err = all[len(all)-1], nil
		}
	}
	if err != nil {
		return err
	}
	return h.publicProfile(w, r, publicProfile{Title: u.FullName(), Page: "/dia-ban/" + u.Code}, func(t dataset.Table) map[int]int {
		m := slices.IndexFunc(t.Dims[placeAxis].Members, func(m dataset.Member) bool { return place.ID(m.Code).Code() == u.Code })
		return map[int]int{placeAxis: m}
	})
}

func (h publicHandler) publicGroup(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("slug")
	label := h.desk.facts.Label(fact.Member{Dim: fact.ByGroup, Code: slug}, web.Reader(r).UI)
	if known := slices.ContainsFunc(h.desk.groups.Groups(), func(g ethnic.Group) bool { return string(g.Slug) == slug }); !known {
		return fault.New(fault.NotFound, "stat.public.nogroup")
	}
	return h.publicProfile(w, r, publicProfile{Title: web.T(r, "stat.public.group.title", "Name", label), Page: "/dan-toc/" + slug}, func(t dataset.Table) map[int]int {
		axis := slices.IndexFunc(t.Dims, func(d dataset.Dimension) bool { return d.Code == string(fact.ByGroup) })
		if axis < 0 {
			return nil
		}
		return map[int]int{axis: slices.IndexFunc(t.Dims[axis].Members, func(m dataset.Member) bool { return m.Code == slug })}
	})
}

// publicProfile gathers the cells at the members that of names, everything else being all.
func (h publicHandler) publicProfile(w http.ResponseWriter, r *http.Request, p publicProfile, of func(dataset.Table) map[int]int) error {
	all, err := h.desk.Public(r.Context())
	if err != nil {
		return err
	}
	for _, rel := range all {
		t, err := h.desk.Table(r.Context(), rel)
		if err != nil {
			return err
		}
		if lines := profileOf(t, of(t), web.Reader(r).UI); lines != nil {
			p.Sets = append(p.Sets, profileSet{h.viewOf(r, rel), lines})
		}
	}
	return h.room.Show(w, r, "public_profile", web.Meta{Title: p.Title, Crumbs: []web.Link{{Text: web.T(r, "stat.public"), URL: publicURL}}}, p)
}

func profileOf(t dataset.Table, fixed map[int]int, lang string) (lines []profileLine) {
	if fixed == nil {
		return nil
	}
	metric, period := t.Dim(dataset.Metric), t.Dim(dataset.Time)
	for at, c := range t.Dense() {
		wanted := at[period] == len(t.Dims[period].Members)-1
		for axis := range at {
			m, is := fixed[axis]
			wanted = wanted && (axis == metric || axis == period || is && at[axis] == m || !is && at[axis] == 0)
		}
		if !wanted || c.Status == dataset.Missing {
			continue
		}
		m := t.Dims[metric].Members[at[metric]]
		line := profileLine{Name: m.Name(lang), Period: t.Dims[period].Members[at[period]].Name(lang), Unit: m.Unit, Value: "…", Hidden: c.Status == dataset.Hidden}
		if c.Has {
			line.Value = i18n.Number(lang, round(c.Value, m.Decimals))
		}
		lines = append(lines, line)
	}
	return lines
}

// mentioned tells whether a text has all the words that are looked for, marks and case aside.
func mentioned(text, find string) bool {
	text = fold.Key(text)
	for _, word := range strings.Fields(fold.Key(find)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
