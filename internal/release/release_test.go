package release

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

const (
	bacSon  place.ID = "06325@20250701"
	langSon place.ID = "20@0"
)

var (
	statistician = person("statistician", duty.Statistician, langSon)
	leader       = person("leader", duty.ProvinceLeader, langSon)
	officer      = person("officer", duty.CommuneOfficer, bacSon)
	editor       = person("editor", duty.Editor, langSon)
)

func person(id string, role duty.Role, area place.ID) duty.Actor {
	return duty.Actor{ID: id, Name: id, Grants: []duty.Grant{{Role: role, Area: string(area)}}, Session: "s-" + id}
}

// questions reads only the indicator of an address, and asks for it in Lạng Sơn by group.
type questions struct{}

func (questions) Question(v url.Values) fact.Question {
	return fact.Question{Indicators: []fact.Code{fact.Code(v.Get("chi-tieu"))}, Area: langSon, Periods: []fact.Period{fact.NewPeriod(fact.Half, 2026, 1)}, Rows: []fact.Dim{fact.ByGroup}}
}

// releasing is a desk over the real desk of figures: the censuses, and made-up figures of the communes by group and sex.
func releasing(t testing.TB, d *db.DB) *Desk {
	t.Helper()
	places := place.New(d, clock)
	if err := places.ReadyOnly(t.Context(), place.LangSon); err != nil {
		t.Fatal(err)
	}
	groups := ethnic.New(d, places, clock)
	if err := groups.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	policy := duty.New(places, clock)
	facts := fact.New(d, policy, places, groups, clock)
	if err := facts.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	at, _ := fact.ParsePeriod("2026H1")
	var figures []fact.Fact
	for i, u := range places.Units(langSon, place.Commune, places.Today()) {
		for j, slug := range []ethnic.Slug{"tay", "nung", "kinh", "dao", "hoa", "o-du"} {
			both := int64(0)
			for k, sex := range []string{"male", "female"} {
				n := int64((i*37+j*101+k*13)%400) * int64(6-j) / 3
				if j > 3 {
					n = int64(i+j+k) % 7
				}
				both += n
				figures = append(figures, fact.Fact{Key: fact.Key{Indicator: "POP", Place: u.ID, Period: at, Cut: fact.Cut{Group: slug, Sex: sex}}, Value: n, State: fact.Known})
			}
			figures = append(figures, fact.Fact{Key: fact.Key{Indicator: "POP", Place: u.ID, Period: at, Cut: fact.Cut{Group: slug}}, Value: both, State: fact.Known})
		}
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := fact.Record(t.Context(), tx, now, fact.Batch{Origin: "demo", Title: fact.DemoTitle, AsOf: 20260630, Demo: true}, figures)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := facts.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := blob.Folder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return New(d, files, policy, facts, questions{}, places, groups, clock)
}

// spec is of Lạng Sơn's communes.
func spec() Spec {
	at, _ := fact.ParsePeriod("2026H1")
	return Spec{Code: "dan-so-2026h1", Title: "Dân số các xã", Source: "Số minh hoạ", Indicators: []fact.Code{"POP"}, Periods: []fact.Period{at}, Area: langSon,
		Level: place.Commune, Cuts: []fact.Dim{fact.ByGroup, fact.BySex}, Demo: true}
}

func TestReleaseGoesItsWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk := releasing(t, d)
		ctx := t.Context()
		if _, err := desk.Draft(ctx, officer, "", spec()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an officer drafts: %v", err)
		}
		deputy := person("deputy", duty.Statistician, langSon)
		deputy.Grants = append(deputy.Grants, leader.Grants...)
		id, err := desk.Draft(ctx, deputy, "k", spec())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := desk.Draft(ctx, deputy, "k", spec()); err != nil || again != id {
			t.Errorf("the same request again = %q, %v; want %q", again, err, id)
		}
		if err := desk.build(ctx, id); err != nil {
			t.Fatal(err)
		}
		r, err := desk.ReleaseOf(ctx, statistician, id)
		if err != nil || r.State != Draft || r.Lost.Hidden == 0 || len(r.Lost.Exposed) > 0 {
			t.Fatalf("built: %+v, %v", r, err)
		}
		if err := desk.Release(ctx, leader, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("a draft is released: %v", err)
		}
		if err := desk.Propose(ctx, statistician, id); err != nil {
			t.Fatal(err)
		}
		if err := desk.Release(ctx, statistician, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("who proposed releases: %v", err)
		}
		if err := desk.Release(ctx, deputy, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("who laid it out releases: %v", err)
		}
		if _, err := desk.Versions(ctx, "dan-so-2026h1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("the public sees a proposed release: %v", err)
		}
		if err := desk.Release(ctx, leader, id); err != nil {
			t.Fatal(err)
		}
		guards, n, err := desk.guards(ctx)
		if err != nil || n != 1 {
			t.Fatalf("%d guards, %v", n, err)
		}
		attackTable(t, guards[1])
		if err := desk.Rebuild(ctx, statistician, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("a released one is built again: %v", err)
		}
		if err := desk.Recall(ctx, leader, id, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("recalled without a reason: %v", err)
		}
		if err := desk.Recall(ctx, leader, id, "sai kỳ"); err != nil {
			t.Fatal(err)
		}
		r, _ = desk.ReleaseOf(ctx, leader, id)
		if _, err := desk.Table(ctx, r); !fault.Is(err, fault.Gone) {
			t.Errorf("the table of a recalled release: %v", err)
		}
		if public, err := desk.Public(ctx); err != nil || len(public) != 0 {
			t.Errorf("public: %d, %v", len(public), err)
		}
	})
}

// attackTable checks that nothing small is shown; what an attacker can work out is the matter of protect's own tests.
func attackTable(t *testing.T, g guard) {
	t.Helper()
	primary := 0
	for _, c := range g.Cells {
		if c.Primary {
			primary++
		}
		if c.Shown && c.Value > 0 && c.Value < 5 {
			t.Errorf("%s is %d and shown", c.Key, c.Value)
		}
	}
	if primary == 0 {
		t.Error("nothing is protected: the figures are too large for the test")
	}
}

// Two releases that were built side by side do not both come out: the second was not checked against the first.
func TestReleaseIsCheckedAgainstWhatCameBetween(t *testing.T) {
	desk := releasing(t, dbtest.SQLite(t))
	ctx := t.Context()
	var ids []string
	for _, code := range []string{"mot", "hai"} {
		s := spec()
		s.Code = code
		id, err := desk.Draft(ctx, statistician, "", s)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.build(ctx, id); err != nil {
			t.Fatal(err)
		}
		if err := desk.Propose(ctx, statistician, id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := desk.Release(ctx, leader, ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := desk.Release(ctx, leader, ids[1]); !fault.Is(err, fault.Conflict) {
		t.Fatalf("the second comes out unchecked: %v", err)
	}
	if err := desk.Rebuild(ctx, statistician, ids[1]); err != nil {
		t.Fatal(err)
	}
	if err := desk.build(ctx, ids[1]); err != nil {
		t.Fatal(err)
	}
	if err := desk.Propose(ctx, statistician, ids[1]); err != nil {
		t.Fatal(err)
	}
	if err := desk.Release(ctx, leader, ids[1]); err != nil {
		t.Fatal(err)
	}
	guards, _, err := desk.guards(ctx)
	if err != nil {
		t.Fatal(err)
	}
	attack(t, guards[1:]...)
}

func releaseSite(t testing.TB) (*web.Site, *Desk) {
	t.Helper()
	d := dbtest.SQLite(t)
	desk := releasing(t, d)
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Text: text, Policy: desk.policy, Now: clock, Commits: d.Commits, Province: "Lạng Sơn", Agency: "Ban Dân tộc", Origin: "https://example.vn",
		Accounts: webtest.Tokens{statistician, officer, leader, editor}})
	if err != nil {
		t.Fatal(err)
	}
	Mount(s, desk)
	return s, desk
}

func TestReleasePages(t *testing.T) {
	s, desk := releaseSite(t)
	ctx := t.Context()
	webtest.Render(t, s, "", "/so-lieu", "/so-lieu/danh-muc", "/so-lieu/danh-muc?q=ngheo", "/so-lieu/danh-muc?chu-de=poverty")
	for range 2 {
		if err := desk.SeedDemo(ctx, statistician, leader); err != nil {
			t.Fatal(err)
		}
	}
	public, err := desk.Public(ctx)
	if err != nil || len(public) != 2 || public[0].Demo == public[1].Demo {
		t.Fatalf("demonstration releases: %+v, %v", public, err)
	}
	census := public[slices.IndexFunc(public, func(r Release) bool { return !r.Demo })]
	const set = "/so-lieu/dan-so-xa-minh-hoa"
	webtest.Render(t, s, "", "/so-lieu", "/so-lieu?q=minh+hoa", "/so-lieu?q=zzz", set, set+"?hang=place&cot=khong&group=tay", set+"?hang=place&cot=sex&group=hoa", set+"?hang=group&cot=sex&place=06325@20250701",
		"/so-lieu/dan-so-dan-toc-2019", "/so-lieu/dan-so-dan-toc-2019?hang=place&cot=khong&group=tay", "/so-lieu/dia-ban/06325", "/so-lieu/dan-toc/tay")
	webtest.Render(t, s, "statistician", deskURL, deskURL+"/moi", deskURL+"/moi?tu="+census.ID, deskURL+"/"+census.ID, exportURL, exportURL+"?chi-tieu=POP&dia-ban=20&ky=2026H1")
	webtest.Render(t, s, "leader", deskURL, deskURL+"/"+census.ID)

	c := webtest.New(t, s)
	page := c.Get(set + "?hang=place&cot=sex&group=hoa")
	if !page.Has("…", "Dân tộc khác", "Số minh hoạ", "CC BY 4.0") {
		t.Errorf("the page lacks what is hidden, folded or said: %s", page.Text())
	}
	hidden := -1
	for _, f := range dataset.Formats {
		file := c.Get(set + f.Ext)
		if file.Status != http.StatusOK {
			t.Errorf("%s: %d", f.Ext, file.Status)
		}
		if f.Code == "jsonstat" {
			var got struct {
				Value  []*float64
				Status map[string]string
			}
			if err := json.Unmarshal([]byte(file.Body), &got); err != nil {
				t.Fatal(err)
			}
			hidden = 0
			for _, s := range got.Status {
				if s == "C" {
					hidden++
				}
			}
		}
	}
	if hidden <= 0 {
		t.Errorf("JSON-stat hides %d cells", hidden)
	}
	for _, path := range []string{dcatURL, ogcURL, ogcURL + "/conformance", ogcURL + "/collections", ogcURL + "/collections/dan-so-xa-minh-hoa",
		ogcURL + "/collections/dan-so-xa-minh-hoa/items?limit=3&bbox=106,21,107,22.5", ogcURL + "/collections/dan-so-xa-minh-hoa/items/06325"} {
		if page := c.Get(path); page.Status != http.StatusOK || !json.Valid([]byte(page.Body)) {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
	if page := c.Get(ogcURL + "/collections/dan-so-xa-minh-hoa/items?limit=3"); !page.Has(`"numberReturned":3`, `"rel":"next"`) {
		t.Errorf("a page of features: %s", page.Text())
	}
}

func TestExport(t *testing.T) {
	s, desk := releaseSite(t)
	ctx := t.Context()
	const question = "chi-tieu=POP&hang=group&ky=2026H1&dia-ban=20"
	if _, err := desk.AskExport(ctx, leader, "", "Dân số", question, "họp"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the leader asks: %v", err)
	}
	id, err := desk.AskExport(ctx, statistician, "", "Dân số", question, "họp")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := desk.Export(ctx, statistician, id); !fault.Is(err, fault.Conflict) {
		t.Errorf("downloaded before it was granted: %v", err)
	}
	if err := desk.DecideExport(ctx, statistician, id, true); !fault.Is(err, fault.Forbidden) {
		t.Errorf("who asks grants: %v", err)
	}
	if err := desk.DecideExport(ctx, leader, id, true); err != nil {
		t.Fatal(err)
	}
	page := webtest.New(t, s).As("statistician").Get(exportURL + "/" + id + "/tep")
	if page.Status != http.StatusOK || !strings.HasPrefix(page.Body, "PK") {
		t.Errorf("the file: %d", page.Status)
	}
	if _, _, err := desk.Export(ctx, leader, id); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another downloads: %v", err)
	}
}

func TestWork(t *testing.T) {
	desk := releasing(t, dbtest.SQLite(t))
	ctx := t.Context()
	id, err := desk.Draft(ctx, statistician, "", spec())
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.build(ctx, id); err != nil {
		t.Fatal(err)
	}
	work := func(a duty.Actor) int {
		tasks, err := desk.Work(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		return len(tasks)
	}
	if got := work(statistician); got != 0 {
		t.Errorf("a draft is work: %d", got)
	}
	if err := desk.Propose(ctx, statistician, id); err != nil {
		t.Fatal(err)
	}
	if got := work(leader); got != 1 {
		t.Errorf("the leader has %d tasks, want 1", got)
	}
	if err := desk.Return(ctx, leader, id, "thiếu nguồn"); err != nil {
		t.Fatal(err)
	}
	if lead, stat, other := work(leader), work(statistician), work(editor); lead != 0 || stat != 1 || other != 0 {
		t.Errorf("returned: leader %d, statistician %d, editor %d; want 0, 1, 0", lead, stat, other)
	}
}
