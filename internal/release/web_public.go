package release

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
	"banlang/internal/stat/chart"
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
	Topics []web.Choice
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
	p.Topics = append(p.Topics, web.Choice{Text: web.T(r, "stat.public.all"), URL: publicURL, Chosen: p.Topic == ""})
	for _, topic := range h.desk.topics() {
		if topics[topic] > 0 {
			p.Topics = append(p.Topics, web.Choice{Code: topic, Text: web.T(r, "stat.topic."+topic), URL: publicURL + "?chu-de=" + topic, Chosen: p.Topic == topic})
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

// rowsMost is how many rows a page shows at once.
const rowsMost = 100

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
	Rows      []web.Choice
	Cols      []web.Choice
	Table     chart.Table
	Chart     *chart.Chart
	Map       *chart.Map
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
	Members     []web.Choice
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
	p := &figureView{Release: rel, Title: rel.Title(s.Lang), URL: publicURL + "/" + rel.Spec.Code, Note: t.About(s.Lang)}
	for axis, d := range t.Dims {
		p.Rows = append(p.Rows, web.Choice{Code: d.Code, Text: d.Name(s.Lang), Chosen: axis == c.row})
		p.Cols = append(p.Cols, web.Choice{Code: d.Code, Text: d.Name(s.Lang), Chosen: axis == c.col})
		if axis == c.row || axis == c.col || len(d.Members) == 1 {
			continue
		}
		pick := pick1{Name: d.Code, Label: d.Name(s.Lang)}
		for m, member := range d.Members {
			pick.Members = append(pick.Members, web.Choice{Code: member.Code, Text: member.Name(s.Lang), Chosen: c.at[axis] == m})
		}
		p.Picks = append(p.Picks, pick)
	}
	a := c.answer()
	if brief {
		a = largest(a)
	}
	p.Chart = s.Chart(a, chart.AsBars)
	if !brief {
		var err error
		if p.Map, err = s.Map(r.Context(), h.desk.places, a, ""); err != nil {
			return nil, err
		}
		if p.Map != nil || len(a.Cols) > 1 {
			p.Chart = nil
		}
	}
	page, size := web.Page(r)
	size = max(size, rowsMost)
	from := min((page-1)*size, len(a.Rows))
	p.Table = s.Table(a, from, from+size)
	p.Table.Title = c.caption(s.Lang)
	if len(a.Rows) > size {
		p.Pager = web.NewPager(r, len(a.Rows))
	}
	p.mark(func(key string) string { return web.T(r, key) })
	for _, period := range rel.Spec.Periods {
		p.Periods = append(p.Periods, h.desk.facts.Label(fact.Member{Dim: fact.ByPeriod, Code: period.String()}, s.Lang))
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

// mentioned tells whether a text has all the words that are looked for, marks and case aside.
func mentioned(text, find string) bool {
	text = fold.Key(text)
	for word := range strings.FieldsSeq(fold.Key(find)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
