package ethnic

import (
	"embed"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/place"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	room *web.Room
}

// Mount registers the pages of groups.
func Mount(site *web.Site, d *Desk) {
	h := handler{desk: d, room: site.Room("ethnic", pages)}
	site.Handle("GET /dan-toc", duty.EthnicRead, h.list)
	site.Handle("GET /dan-toc.csv", duty.EthnicRead, h.listCSV)
	site.Handle("GET /dan-toc.json", duty.EthnicRead, h.listJSON)
	site.Handle("GET /dan-toc/{slug}", duty.EthnicRead, h.group)

	site.Handle("GET /ban-lam-viec/dan-toc", duty.AccountUse, h.work)
	site.Handle("GET /ban-lam-viec/dan-toc/{slug}/sua", duty.EthnicEdit, h.editForm)
	site.Handle("POST /ban-lam-viec/dan-toc/{slug}/sua", duty.EthnicEdit, h.edit)
	site.Handle("GET /ban-lam-viec/tieng/{tag}/thay-the", duty.EthnicProposeFallback, h.fallbackForm)
	site.Handle("POST /ban-lam-viec/tieng/{tag}/thay-the", duty.EthnicProposeFallback, h.fallback)
	site.Handle("POST /ban-lam-viec/dan-toc/de-nghi/{id}/quyet-dinh", duty.AccountUse, h.decide)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "ethnic.menu", URL: "/ban-lam-viec/dan-toc", Act: duty.AccountUse, Order: 30})
}

// Sources and days of the two censuses, for pages and downloads.
const (
	source2019 = "Tổng điều tra dân số và nhà ở 1/4/2019, theo tỉnh trước sắp xếp"
	source1999 = "Tổng điều tra dân số và nhà ở 1/4/1999"
)

// A groupView is a group as the list shows it.
type groupView struct {
	Group
	Country2019, Country1999 int
	Home                     Figure
	Spoken                   []spoken
}

// spoken is a language with the names of those that help in its place.
type spoken struct {
	Language
	HeardNames []string
}

// homeOf is the code that the home province had in 2019. It has kept its code if it kept its name.
func (d *Desk) homeOf() (code, name string) {
	u := d.places.HomeUnit()
	old, err := d.places.At(u.Code, place.FirstList)
	if err != nil || old.Name != u.Name {
		return "", u.Name
	}
	return old.Code, u.Name
}

func (h handler) view(g Group) groupView {
	code, _ := h.desk.homeOf()
	v := groupView{Group: g, Country2019: h.desk.Country2019(g.Slug), Country1999: h.desk.Country1999(g.Slug), Home: h.desk.In2019(g.Slug, code)}
	for _, tag := range g.Languages {
		if l, err := h.desk.Language(tag); err == nil {
			v.Spoken = append(v.Spoken, spoken{l, h.desk.namesOf(l.Heard)})
		}
	}
	return v
}

// namesOf are the names of languages.
func (d *Desk) namesOf(tags []string) []string {
	var names []string
	for _, tag := range tags {
		if l, err := d.Language(tag); err == nil {
			names = append(names, l.Name)
		}
	}
	return names
}

// listPage is /dan-toc.
type listPage struct {
	Query  string
	Unsure bool // the name belongs to several groups
	Groups []groupView
	Home   string
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	p := listPage{Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	_, p.Home = h.desk.homeOf()
	if p.Query != "" {
		for _, m := range h.desk.Find(p.Query) {
			if g, err := h.desk.BySlug(m.Group); err == nil {
				p.Groups = append(p.Groups, h.view(g))
			}
		}
		p.Unsure = len(p.Groups) > 1
		return h.room.Show(w, r, "list", web.Meta{Title: web.T(r, "ethnic.title"), NoIndex: true}, p)
	}
	for _, g := range h.desk.Groups() {
		p.Groups = append(p.Groups, h.view(g))
	}
	slices.SortStableFunc(p.Groups, func(a, b groupView) int { return b.Country2019 - a.Country2019 })
	return h.room.Show(w, r, "list", web.Meta{Title: web.T(r, "ethnic.title"), Description: web.T(r, "ethnic.lead"), Sheet: web.T(r, "ethnic.source.2019")}, p)
}

// A bar is one line of a chart: words and numbers are text, only the mark is drawn.
type bar struct {
	Name  string
	Value int
	Width float64 // of 100
}

// groupPage is /dan-toc/{slug}.
type groupPage struct {
	Group  groupView
	Home   string
	Share  float64 // of the home province's population, in percent
	Bars   []bar
	Rest   bar // what the chart leaves out, together
	Others int // how many provinces that is
	Tables []shareView
	First  []measureView
}

type shareView struct {
	Name string
	Figure
}

// A measureView is one count of 1999.
type measureView struct {
	Key   string
	Value int
}

// measures1999 are the counts of 1999 that the page shows, in order.
var measures1999 = []string{"population", "2171.male", "2171.female", "2208.pop5plus", "2208.attending", "2208.never_attended", "2255.undergrad"}

// barLimit is how many provinces the chart shows.
const barLimit = 6

func (h handler) group(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("slug")
	name, isCSV := strings.CutSuffix(slug, ".csv")
	name, isJSON := strings.CutSuffix(name, ".json")
	g, err := h.desk.BySlug(Slug(name))
	if err != nil {
		return err
	}
	switch {
	case isCSV:
		return h.groupCSV(w, r, g)
	case isJSON:
		return web.JSON(w, r, h.data(g, true))
	}
	return h.room.Show(w, r, "group", web.Meta{Title: web.T(r, "ethnic.group", "Name", g.Name), Crumbs: []web.Link{{Text: web.T(r, "ethnic.title"), URL: "/dan-toc"}},
		Description: g.Note, Sheet: web.T(r, "ethnic.source.2019")}, h.page(g))
}

func (h handler) page(g Group) groupPage {
	p := groupPage{Group: h.view(g)}
	code, name := h.desk.homeOf()
	p.Home = name
	if all := h.desk.InProvince2019(code); all > 0 && p.Group.Home.Shown() {
		p.Share = 100 * float64(p.Group.Home.Value) / float64(all)
	}
	names := h.desk.provinceNames()
	shown := 0
	for i, s := range h.desk.Provinces2019(g.Slug) {
		p.Tables = append(p.Tables, shareView{names[s.Province], s.Figure})
		if i < barLimit && s.Shown() && s.Value > 0 {
			p.Bars = append(p.Bars, bar{Name: names[s.Province], Value: s.Value})
			shown += s.Value
		}
	}
	p.Others = len(p.Tables) - len(p.Bars)
	p.Rest.Value = p.Group.Country2019 - shown
	longest := p.Rest.Value
	for _, b := range p.Bars {
		longest = max(longest, b.Value)
	}
	for i := range p.Bars {
		p.Bars[i].Width = 100 * float64(p.Bars[i].Value) / float64(max(longest, 1))
	}
	p.Rest.Width = 100 * float64(p.Rest.Value) / float64(max(longest, 1))
	for _, key := range measures1999 {
		if n, ok := h.desk.Measure1999(g.Slug, key); ok {
			p.First = append(p.First, measureView{key, n})
		}
	}
	return p
}

// groupData is a group in JSON. What is hidden or not counted is left out, and said.
type groupData struct {
	Slug        Slug           `json:"slug"`
	Code1979    string         `json:"code_1979"`
	Code2008    string         `json:"code_2008"`
	Certainty08 string         `json:"code_2008_certainty"`
	Name        string         `json:"name"`
	Name1979    string         `json:"name_1979"`
	Name2008    string         `json:"name_2008"`
	NameEN      string         `json:"name_en"`
	Aliases     []string       `json:"aliases,omitzero"`
	Family      string         `json:"family"`
	Languages   []string       `json:"languages"`
	Census1999  int            `json:"census_1999"`
	Census2019  int            `json:"census_2019"`
	Provinces   []provinceData `json:"census_2019_provinces,omitzero"`
	Source      string         `json:"source"`
	AsOf        string         `json:"as_of"`
	Certainty   string         `json:"certainty"`
}

type provinceData struct {
	Code       string `json:"code"`
	Name       string `json:"name"`
	Population *int   `json:"population,omitzero"`
	Status     string `json:"status"` // "counted" or "hidden"
}

func (h handler) data(g Group, provinces bool) groupData {
	d := groupData{Slug: g.Slug, Code1979: g.Code1979, Code2008: g.Code2008, Certainty08: g.Code2008Certainty, Name: g.Name, Name1979: g.Name1979,
		Name2008: g.Name2008, NameEN: g.NameEN, Aliases: g.Aliases, Family: g.Family, Languages: g.Languages, Census1999: h.desk.Country1999(g.Slug),
		Census2019: h.desk.Country2019(g.Slug), Source: g.Source + "; " + source2019, AsOf: "2019-04-01", Certainty: g.Certainty}
	if !provinces {
		return d
	}
	names := h.desk.provinceNames()
	for _, s := range h.desk.Provinces2019(g.Slug) {
		one := provinceData{Code: s.Province, Name: names[s.Province], Status: "hidden"}
		if s.Shown() {
			one.Population, one.Status = &s.Value, "counted"
		}
		d.Provinces = append(d.Provinces, one)
	}
	return d
}

func (h handler) listJSON(w http.ResponseWriter, r *http.Request) error {
	list := struct {
		Source string      `json:"source"`
		Made   string      `json:"made"`
		Items  []groupData `json:"items"`
	}{source2019 + "; " + source1999, h.desk.places.Today().String(), []groupData{}}
	for _, g := range h.desk.Groups() {
		list.Items = append(list.Items, h.data(g, false))
	}
	return web.JSON(w, r, list)
}

func (h handler) listCSV(w http.ResponseWriter, r *http.Request) error {
	rows := [][]string{{"slug", "code_1979", "code_2008", "code_2008_certainty", "name", "name_1979", "name_2008", "name_en", "aliases", "family", "languages",
		"census_1999", "census_2019", "source", "certainty"}}
	for _, g := range h.desk.Groups() {
		d := h.data(g, false)
		rows = append(rows, []string{string(d.Slug), d.Code1979, d.Code2008, d.Certainty08, d.Name, d.Name1979, d.Name2008, d.NameEN, strings.Join(d.Aliases, ";"), d.Family,
			strings.Join(d.Languages, ";"), strconv.Itoa(d.Census1999), strconv.Itoa(d.Census2019), d.Source, d.Certainty})
	}
	return web.CSV(w, r, "dan-toc.csv", rows)
}

func (h handler) groupCSV(w http.ResponseWriter, r *http.Request, g Group) error {
	rows := [][]string{{"slug", "group", "province_code", "province", "population", "status", "as_of", "source"}}
	for _, p := range h.data(g, true).Provinces {
		n := ""
		if p.Population != nil {
			n = strconv.Itoa(*p.Population)
		}
		rows = append(rows, []string{string(g.Slug), g.Name, p.Code, p.Name, n, p.Status, "2019-04-01", source2019})
	}
	return web.CSV(w, r, "dan-toc-"+string(g.Slug)+".csv", rows)
}

// provinceNames are the provinces of 2019 by code.
func (d *Desk) provinceNames() map[string]string {
	names := map[string]string{}
	for _, u := range d.places.Units("", place.Province, place.FirstList) {
		names[u.Code] = u.Name
	}
	return names
}
