package place

import (
	"context"
	"embed"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

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

// Mount registers the pages of places.
func Mount(site *web.Site, d *Desk) {
	h := handler{desk: d, room: site.Room("place", pages)}
	site.Handle("GET /dia-ban", duty.PlaceRead, h.list)
	site.Handle("GET /dia-ban.csv", duty.PlaceRead, h.listCSV)
	site.Handle("GET /dia-ban.json", duty.PlaceRead, h.listJSON)
	site.Handle("GET /dia-ban/{code}", duty.PlaceRead, h.unit)

	site.Handle("GET /ban-lam-viec/dia-ban", duty.AccountUse, h.work)
	site.Handle("POST /ban-lam-viec/dia-ban/{what}/{id}/quyet-dinh", duty.AccountUse, h.decide)
	site.Handle("GET /ban-lam-viec/dia-ban/thon", duty.PlaceEditVillage, h.villageForm)
	site.Handle("POST /ban-lam-viec/dia-ban/thon", duty.PlaceEditVillage, h.village)
	site.Handle("GET /ban-lam-viec/dia-ban/khu-vuc", duty.PlaceSetAreaClass, h.classForm)
	site.Handle("POST /ban-lam-viec/dia-ban/khu-vuc", duty.PlaceSetAreaClass, h.class)
	h.mountEvents(site)
	h.mountWeights(site)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "place.menu", URL: "/ban-lam-viec/dia-ban", Act: duty.AccountUse, Order: 20})
}

// day reads ?ngay=2025-06-30; without it, today.
func (h handler) day(r *http.Request) (Date, error) {
	text := r.URL.Query().Get("ngay")
	if text == "" {
		return h.desk.Today(), nil
	}
	return ParseDate(text)
}

// A unitView is a unit as pages show it.
type unitView struct {
	Unit
	URL      string
	Whole    bool // of a step of lineage
	Area     float64
	AreaOK   bool
	People   int
	PeopleOK bool
}

func (h handler) view(u Unit, p Profile) unitView {
	v := unitView{Unit: u, URL: h.desk.pageOf(u)}
	v.Area, v.AreaOK = p.Area()
	v.Area = math.Round(100*v.Area) / 100
	v.People, v.PeopleOK = p.People()
	return v
}

func (h handler) steps(steps []Step) []unitView {
	views := make([]unitView, len(steps))
	for i, s := range steps {
		views[i] = h.view(s.Unit, Profile{})
		views[i].Whole = s.Whole
	}
	return views
}

// listPage is /dia-ban.
type listPage struct {
	Query   string
	Day     Date
	IsToday bool
	Home    Unit
	Found   []foundView
	Units   []unitView
	Tiers   bool // districts stood between then
	Map     Map
	Others  []unitView
	CSV     string
	JSON    string
}

type foundView struct {
	unitView
	Above []Unit
	Now   []unitView
}

// findLimit is how many units a search for a name shows.
const findLimit = 40

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	on, err := h.day(r)
	p := listPage{Query: strings.TrimSpace(r.URL.Query().Get("q")), Day: on, IsToday: on == h.desk.Today()}
	if err != nil {
		p.Day = h.desk.Today()
		return h.room.Form(w, r, "list", web.Meta{Title: web.T(r, "place.title")}, p, err)
	}
	if len(p.Query) > 200 {
		p.Query = p.Query[:200]
	}
	if p.Home, err = h.desk.At(h.desk.Home, on); err != nil {
		return err
	}
	if p.Query != "" {
		for _, f := range h.desk.Find(p.Query, h.desk.Today(), findLimit) {
			p.Found = append(p.Found, foundView{h.view(f.Unit, Profile{}), h.desk.Parents(f.Unit.ID, f.Unit.lastDay(h.desk.Today())), h.steps(f.Now)})
		}
		return h.room.Show(w, r, "list", web.Meta{Title: web.T(r, "place.title"), NoIndex: true}, p)
	}
	if p.Units, err = h.communes(r.Context(), p.Home.ID, on); err != nil {
		return err
	}
	if p.Map, err = h.desk.Draw(r.Context(), p.Home.ID, "", on); err != nil {
		return err
	}
	for _, u := range h.desk.Units("", Province, on) {
		p.Others = append(p.Others, h.view(u, Profile{}))
	}
	p.Tiers = len(h.desk.Units(p.Home.ID, District, on)) > 0
	query := ""
	if !p.IsToday {
		query = "?ngay=" + on.String()
	}
	p.CSV, p.JSON = "/dia-ban.csv"+query, "/dia-ban.json"+query
	return h.room.Show(w, r, "list", web.Meta{Title: web.T(r, "place.title"), Description: web.T(r, "place.lead", "Count", len(p.Units), "Name", p.Home.Name),
		Sheet: web.T(r, "place.sheet")}, p)
}

// lastDay is the last day on which a version held, at most today; of one that is to come, its first.
func (u Unit) lastDay(today Date) Date {
	switch {
	case u.From > today:
		return u.From
	case u.Until == 0 || u.Until > today:
		return today
	}
	return u.Until.Before()
}

func (h handler) communes(ctx context.Context, area ID, on Date) ([]unitView, error) {
	profiles, err := h.desk.centres(ctx, area)
	if err != nil {
		return nil, err
	}
	var views []unitView
	for _, u := range h.desk.Units(area, Commune, on) {
		views = append(views, h.view(u, profiles[u.ID]))
	}
	return views, nil
}

// unitPage is /dia-ban/{code}.
type unitPage struct {
	Title       string
	Unit        Unit
	Asked       Date
	Ended       bool // no longer holds today
	Coming      bool // does not hold yet
	Parents     []unitView
	Profile     Profile
	Show        unitView
	Before      []unitView
	BeforeKnown bool
	Exact       bool
	After       []unitView
	Now         []unitView // where it lies today, through further changes
	Namesakes   []unitView // other units that have had this code
	Children    []unitView
	ChildLevel  string
	Villages    []Village
	Classes     []AreaClass
	Map         Map
	JSON        string
}

func (h handler) unit(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	code, asJSON := strings.CutSuffix(code, ".json")
	on, err := h.day(r)
	if err != nil {
		return err
	}
	u, err := h.desk.At(code, on)
	if fault.Is(err, fault.NotFound) && r.URL.Query().Get("ngay") == "" {
		if all := h.desk.Versions(code); len(all) > 0 { // a code that is no longer given
			u, err = all[len(all)-1], nil
			on = u.lastDay(on)
		}
	}
	if err != nil {
		return err
	}
	p, err := h.page(r.Context(), u, on)
	if err != nil {
		return err
	}
	if asJSON {
		return web.JSON(w, r, p.data())
	}
	m := web.Meta{Title: p.Title, Crumbs: []web.Link{{Text: web.T(r, "place.title"), URL: "/dia-ban"}}, Sheet: web.T(r, "place.sheet"), NoIndex: p.Ended || p.Coming,
		Description: web.T(r, "place.unit.lead", "Name", p.Title)}
	for i := len(p.Parents) - 1; i >= 0; i-- {
		m.Crumbs = append(m.Crumbs, web.Link{Text: p.Parents[i].Unit.Title(), URL: p.Parents[i].URL})
	}
	return h.room.Show(w, r, "unit", m, p)
}

func (h handler) page(ctx context.Context, u Unit, on Date) (p unitPage, err error) {
	today := h.desk.Today()
	p = unitPage{Title: u.Title(), Unit: u, Asked: on, Ended: u.Until != 0 && u.Until <= today, Coming: u.From > today, JSON: "/dia-ban/" + u.Code + ".json"}
	if on != today {
		p.JSON += "?ngay=" + on.String()
	}
	for _, parent := range h.desk.Parents(u.ID, on) {
		p.Parents = append(p.Parents, h.view(parent, Profile{}))
	}
	if p.Profile, err = h.desk.Profile(ctx, u.ID); err != nil {
		return p, err
	}
	p.Show = h.view(u, p.Profile)
	steps, known := h.desk.Before(u.ID)
	p.Before, p.BeforeKnown, p.Exact = h.steps(steps), known, h.desk.Exact(u.ID)
	p.After = h.steps(h.desk.After(u.ID))
	if p.Ended {
		p.Now = h.steps(h.desk.Successors(u.ID, today))
	}
	for _, v := range h.desk.Versions(u.Code) {
		if v.ID != u.ID {
			p.Namesakes = append(p.Namesakes, h.view(v, Profile{}))
		}
	}
	if u.Level == Commune {
		if p.Villages, err = h.desk.VillagesIn(ctx, u.ID, on); err != nil {
			return p, err
		}
		if p.Classes, err = h.desk.Classes(ctx, u.ID, on); err != nil {
			return p, err
		}
	} else {
		p.ChildLevel = Commune
		children := h.desk.Units(u.ID, District, on)
		if p.ChildLevel = District; len(children) == 0 {
			p.ChildLevel, children = Commune, h.desk.Units(u.ID, Commune, on)
		}
		for _, c := range children {
			p.Children = append(p.Children, h.view(c, Profile{}))
		}
	}
	if province, ok := h.province(u, on); ok {
		p.Map, err = h.desk.Draw(ctx, province, u.ID, on)
	}
	return p, err
}

// province is the one a unit lies in.
func (h handler) province(u Unit, on Date) (ID, bool) {
	if u.Level == Province {
		return u.ID, true
	}
	parents := h.desk.Parents(u.ID, on)
	if len(parents) == 0 {
		return "", false
	}
	return parents[len(parents)-1].ID, true
}

// unitData is a unit in JSON. What is not known or doubtful is left out, never 0.
type unitData struct {
	ID         ID         `json:"id"`
	Code       string     `json:"code"`
	Level      string     `json:"level"`
	Kind       string     `json:"kind"`
	Name       string     `json:"name"`
	NameEN     string     `json:"name_en,omitzero"`
	Parent     ID         `json:"parent,omitzero"`
	From       string     `json:"from,omitzero"`
	Until      string     `json:"until,omitzero"`
	AreaKm2    *float64   `json:"area_km2,omitzero"`
	Population *int       `json:"population,omitzero"`
	Whole      *bool      `json:"whole,omitzero"`
	Exact      *bool      `json:"exact_sum,omitzero"`
	Before     []unitData `json:"before,omitzero"`
	After      []unitData `json:"after,omitzero"`
	Source     string     `json:"source,omitzero"`
	AsOf       string     `json:"as_of,omitzero"`
}

func (v unitView) data() unitData {
	d := unitData{ID: v.ID, Code: v.Code, Level: v.Level, Kind: v.Kind, Name: v.Name, NameEN: v.NameEN, Parent: v.Parent, From: v.From.String(), Until: v.Until.String()}
	if v.AreaOK {
		d.AreaKm2 = &v.Area
	}
	if v.PeopleOK {
		d.Population = &v.People
	}
	return d
}

func stepData(views []unitView) []unitData {
	var all []unitData
	for _, v := range views {
		d := v.data()
		d.Whole = &v.Whole
		all = append(all, d)
	}
	return all
}

func (p unitPage) data() unitData {
	d := p.Show.data()
	d.Before, d.After, d.Source, d.AsOf = stepData(p.Before), stepData(p.After), p.Profile.Source, p.Profile.AsOf.String()
	if p.BeforeKnown && len(p.Before) > 0 {
		d.Exact = &p.Exact
	}
	return d
}

func (h handler) listJSON(w http.ResponseWriter, r *http.Request) error {
	home, views, err := h.download(r)
	if err != nil {
		return err
	}
	list := struct {
		Province string     `json:"province"`
		Source   string     `json:"source"`
		Made     string     `json:"made"`
		Items    []unitData `json:"items"`
	}{home.Name, listSource, h.desk.Today().String(), []unitData{}}
	for _, v := range views {
		list.Items = append(list.Items, v.data())
	}
	return web.JSON(w, r, list)
}

// listSource names where the lists come from, in downloads.
const listSource = "Danh mục đơn vị hành chính Việt Nam (dvhcvn; thanglequoc/vietnamese-provinces-database); bản đồ sáp nhập 2025"

func (h handler) download(r *http.Request) (Unit, []unitView, error) {
	on, err := h.day(r)
	if err != nil {
		return Unit{}, nil, err
	}
	home, err := h.desk.At(h.desk.Home, on)
	if err != nil {
		return Unit{}, nil, err
	}
	views, err := h.communes(r.Context(), home.ID, on)
	return home, views, err
}

func (h handler) listCSV(w http.ResponseWriter, r *http.Request) error {
	_, views, err := h.download(r)
	if err != nil {
		return err
	}
	rows := [][]string{{"id", "code", "kind", "name", "name_en", "parent", "from", "until", "area_km2", "population", "source", "made"}}
	for _, v := range views {
		area, people := "", ""
		if v.AreaOK {
			area = strconv.FormatFloat(v.Area, 'f', -1, 64)
		}
		if v.PeopleOK {
			people = strconv.Itoa(v.People)
		}
		rows = append(rows, []string{string(v.ID), v.Code, v.Kind, v.Name, v.NameEN, string(v.Parent), v.From.String(), v.Until.String(), area, people, listSource, h.desk.Today().String()})
	}
	return web.CSV(w, r, "dia-ban-"+h.desk.Home+".csv", rows)
}

// Start is the first day of a version as a time, for pages.
func (u Unit) Start() time.Time { return u.From.Time() }

// Last is the last day of a version as a time, for pages; zero while it holds.
func (u Unit) Last() time.Time {
	if u.Until == 0 {
		return time.Time{}
	}
	return u.Until.Before().Time()
}
