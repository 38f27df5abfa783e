package ethnic_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

func clock() time.Time { return time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC) }

func ready(t testing.TB, d *db.DB) *ethnic.Desk {
	t.Helper()
	places := place.New(d, clock)
	if err := places.ReadyOnly(context.Background(), place.LangSon); err != nil {
		t.Fatalf("places: %v", err)
	}
	desk := ethnic.New(d, places, clock)
	for range 2 { // a second start takes nothing in twice
		if err := desk.Ready(context.Background()); err != nil {
			t.Fatalf("Ready: %v", err)
		}
	}
	return desk
}

func TestCatalogue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := ready(t, database)
		if got := len(d.Groups()); got != 54 {
			t.Errorf("Groups: %d, want 54", got)
		}
		differ := 0
		for _, g := range d.Groups() {
			if g.Code1979 != g.Code2008 {
				differ++
			}
			for _, tag := range g.Languages {
				if l, err := d.Language(tag); err != nil || !slices.Contains(l.Groups, g.Slug) {
					t.Errorf("group %s speaks %s, whose groups are %v (%v)", g.Slug, tag, l.Groups, err)
				}
			}
		}
		if differ != 37 {
			t.Errorf("%d codes differ between 1979 and 2008, want 37", differ)
		}
		if got, want := d.HeardFallback("tyz"), []string{"nut", "vi"}; !slices.Equal(got, want) {
			t.Errorf("HeardFallback(tyz) = %v, want %v", got, want)
		}
		if got := d.ReadFallback("nut"); !slices.Equal(got, []string{"vi"}) {
			t.Errorf("ReadFallback(nut) = %v, want [vi]", got)
		}
		if got := d.Total2019(); got != 96205082 {
			t.Errorf("Total2019 = %d, want 96205082", got)
		}
		sum := 0
		for _, g := range d.Groups() {
			sum += d.Country1999(g.Slug)
		}
		if sum != 76282308 {
			t.Errorf("sum of 1999 = %d, want 76282308", sum)
		}
		if f := d.In2019("nung", "20"); !f.Shown() || f.Value != 335316 {
			t.Errorf("In2019(nung, 20) = %+v, want 335316", f)
		}
	})
}

func TestFind(t *testing.T) {
	d := ready(t, dbtest.SQLite(t))
	for _, c := range []struct {
		name string
		want []ethnic.Slug
	}{
		{"Tày", []ethnic.Slug{"tay"}},
		{"H'mông", []ethnic.Slug{"mong"}},
		{"Mèo", []ethnic.Slug{"mong"}},
		{"khơ-me", []ethnic.Slug{"khmer"}},
		{"Mán", []ethnic.Slug{"dao", "san-diu"}},
		{"nobody", nil},
	} {
		var got []ethnic.Slug
		for _, m := range d.Find(c.name) {
			got = append(got, m.Group)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("Find(%q) = %v, want %v", c.name, got, c.want)
		}
	}
}

// What is hidden must not be found by subtraction: in every row and column with a hidden cell there are two or more.
func TestSmallCounts(t *testing.T) {
	d := ready(t, dbtest.SQLite(t))
	hidden := map[string]int{}
	for _, g := range d.Groups() {
		n := 0
		for _, s := range d.Provinces2019(g.Slug) {
			if s.Shown() && s.Value > 0 && s.Value < ethnic.Small {
				t.Errorf("%s in %s is shown: %d", g.Slug, s.Province, s.Value)
			}
			if s.Hidden {
				n++
				hidden[s.Province]++
			}
		}
		if n == 1 {
			t.Errorf("%s has one hidden cell: its total gives it away", g.Slug)
		}
	}
	total := 0
	for p, n := range hidden {
		total += n
		if n == 1 {
			t.Errorf("province %s has one hidden cell: its total gives it away", p)
		}
	}
	t.Logf("%d of 3402 cells are hidden", total)
}

var (
	statistician = person("statistician", duty.Statistician)
	leader       = person("leader", duty.ProvinceLeader)
	speaker      = person("speaker", duty.Speaker, "tyz")
	reviewer     = person("reviewer", duty.Reviewer, "tyz")
	reviewer2    = person("reviewer2", duty.Reviewer, "tyz")
	other        = person("other", duty.Reviewer, "nut")
)

func person(id string, role duty.Role, langs ...string) duty.Actor {
	return duty.Actor{ID: id, Name: id, Session: "s-" + id, Grants: []duty.Grant{{Role: role, Area: "20@0", Langs: langs}}}
}

func TestEditNeedsALeader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := ready(t, database)
		ctx := t.Context()
		if _, err := d.ProposeEdit(ctx, statistician, "tay", "note", "Ghi chú mới.", ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := d.ProposeEdit(ctx, leader, "tay", "note", "Ghi chú mới.", "vì"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by a leader: %v", err)
		}
		id, err := d.ProposeEdit(ctx, statistician, "tay", "note", "Ghi chú mới.", "theo văn bản")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ProposeEdit(ctx, statistician, "tay", "note", "Ghi chú mới.", "lần nữa"); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
		if _, err := d.Decide(ctx, statistician, id, true); !fault.Is(err, fault.Forbidden) {
			t.Errorf("confirmed by who proposed: %v", err)
		}
		if _, err := d.Decide(ctx, leader, id, true); err != nil {
			t.Fatal(err)
		}
		if g, err := d.BySlug("tay"); err != nil || g.Note != "Ghi chú mới." {
			t.Errorf("BySlug(tay).Note = %q (%v)", g.Note, err)
		}
		if _, err := d.Decide(ctx, leader, id, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("decided twice: %v", err)
		}
	})
}

func TestFallbackNeedsTwoSpeakers(t *testing.T) {
	d := ready(t, dbtest.SQLite(t))
	ctx := t.Context()
	for name, order := range map[string][]string{"itself": {"tyz", "vi"}, "an unknown": {"xx", "vi"}, "no end": {"nut"}, "twice": {"nut", "nut", "vi"}} {
		if _, err := d.ProposeFallback(ctx, speaker, "tyz", order, []string{"vi"}, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("an order with %s: %v", name, err)
		}
	}
	id, err := d.ProposeFallback(ctx, speaker, "tyz", []string{"vi"}, []string{"nut", "vi"}, "bà con quen tiếng Việt hơn")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		who  duty.Actor
		want fault.Kind
	}{{speaker, fault.Forbidden}, {other, fault.Forbidden}, {reviewer, fault.None}, {reviewer, fault.Forbidden}, {reviewer2, fault.None}} {
		if l, _ := d.Language("tyz"); l.Confirmed() {
			t.Errorf("before %s the order is confirmed", step.who.ID)
		}
		if _, err := d.Decide(ctx, step.who, id, true); fault.KindOf(err) != step.want {
			t.Errorf("%s confirms: %v, want kind %v", step.who.ID, err, step.want)
		}
	}
	l, err := d.Language("tyz")
	if err != nil || !l.Confirmed() || !slices.Equal(l.Heard, []string{"vi"}) || !slices.Equal(l.Read, []string{"nut", "vi"}) {
		t.Errorf("Language(tyz) = %+v (%v)", l, err)
	}
}

func TestPages(t *testing.T) {
	database := dbtest.SQLite(t)
	d := ready(t, database)
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Text: text, Policy: duty.New(nil, clock), Now: clock, Commits: database.Commits, Province: "Lạng Sơn",
		Accounts: webtest.Tokens{statistician, leader, speaker, reviewer}})
	if err != nil {
		t.Fatal(err)
	}
	ethnic.Mount(s, d)
	paths := []string{"/dan-toc", "/dan-toc?q=man", "/dan-toc?q=nobody"}
	for _, g := range d.Groups() {
		paths = append(paths, "/dan-toc/"+string(g.Slug))
	}
	webtest.Render(t, s, "", paths...)
	if _, err := d.ProposeEdit(t.Context(), statistician, "tay", "note", "Ghi chú mới.", "theo văn bản"); err != nil {
		t.Fatal(err)
	}
	webtest.Render(t, s, "leader", "/ban-lam-viec/dan-toc")
	webtest.Render(t, s, "statistician", "/ban-lam-viec/dan-toc", "/ban-lam-viec/dan-toc/tay/sua")
	webtest.Render(t, s, "speaker", "/ban-lam-viec/dan-toc", "/ban-lam-viec/tieng/tyz/thay-the")

	browser := webtest.New(t, s)
	page := browser.Get("/dan-toc/tay")
	for _, want := range []string{"1.845.492 người", "282.014 người, 36,1% dân số tỉnh", "57 tỉnh khác", "633.116", "Tiếng Tày", "chờ người nói tiếng xác nhận"} {
		if !page.Has(want) {
			t.Errorf("/dan-toc/tay lacks %q", want)
		}
	}
	for _, g := range d.Groups() {
		page := browser.Get("/dan-toc/" + string(g.Slug))
		for _, name := range []string{"Mèo", "Mán Thanh", "Trại Đất", "Xá Cẩu", "Mọi"} {
			if page.Has(name) {
				t.Errorf("/dan-toc/%s shows %q, a name that is for finding only", g.Slug, name)
			}
		}
	}
	if page := browser.Get("/dan-toc?q=meo"); !page.Has("/dan-toc/mong") {
		t.Error("Mông is not found by an old name")
	}
	for _, path := range []string{"/dan-toc.csv", "/dan-toc.json", "/dan-toc/tay.csv", "/dan-toc/tay.json"} {
		if page := browser.Get(path); page.Status != 200 || !page.Has("Tổng điều tra dân số") || !page.Has("Tày") || page.Has("Mèo") {
			t.Errorf("%s = %d, without source, or with a name that is for finding only", path, page.Status)
		}
	}
}
