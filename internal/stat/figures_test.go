package stat

import (
	"net/http"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// real is a site over the real desk of figures, with what the reference data brings and a report of Bắc Sơn.
func real(t testing.TB, d *db.DB) *web.Site {
	t.Helper()
	desk, f := open(t, d)
	facts := fact.New(d, f.policy, f.places, desk.groups, clock)
	if err := facts.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	at, _ := fact.ParsePeriod("2026H1")
	var figures []fact.Fact
	for slug, n := range map[ethnic.Slug]int64{"": 900, "tay": 500, "nung": 300, "kinh": 100} {
		figures = append(figures, fact.Fact{Key: fact.Key{Indicator: "POP", Place: bacSon, Period: at, Cut: fact.Cut{Group: slug}}, Value: n, State: fact.Known, Cell: "Biểu 1!C7"})
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := fact.Record(t.Context(), tx, now, fact.Batch{Origin: "report", Title: "Biểu 01, xã Bắc Sơn", Report: "r1", CertifiedName: "Lãnh đạo xã", AsOf: place.Date(20260630), Demo: true}, figures)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := facts.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Text: text, Policy: desk.policy, Now: clock, Commits: d.Commits, Province: "Lạng Sơn", Accounts: webtest.Tokens{statistician, officer, elsewhere, editor}})
	if err != nil {
		t.Fatal(err)
	}
	Mount(s, New(d, desk.policy, facts, f.places, desk.groups, clock), Catalogue{})
	return s
}

func TestReportReachesTheAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := real(t, d)
		c := webtest.New(t, s).As("officer")
		page := c.Get("/ban-lam-viec/so-lieu?chi-tieu=POP&hang=group&cot=period&ky=2026H1&xem=share_column&tong=1")
		for _, want := range []string{"Tày", "6 tháng đầu năm 2026", "Phần trăm của cột", "55,6%", "Số minh hoạ"} {
			if !page.Has(want) {
				t.Errorf("the answer lacks %q: %s", want, page.Text())
			}
		}
		page = c.Get("/ban-lam-viec/so-lieu/nguon?chi-tieu=POP&hang=group&cot=period&dia-ban=06325&ky=2026H1&o=tay~2026H1")
		if !page.Has(">500", "Biểu 01, xã Bắc Sơn", "Biểu 1!C7", "Lãnh đạo xã", "Số minh hoạ") {
			t.Errorf("the source: %d %s", page.Status, page.Text())
		}
		page = webtest.New(t, s).As("statistician").Get("/ban-lam-viec/so-lieu?chi-tieu=POP&hang=group&ky=moi&dia-ban=04")
		if page.Status != http.StatusForbidden {
			t.Errorf("the latest figures of another province: %d", page.Status)
		}
		if page := webtest.New(t, s).As("statistician").Get("/ban-lam-viec/so-lieu?chi-tieu=POP&hang=group&ky=2019"); page.Status != http.StatusOK || page.Has("Số minh hoạ") {
			t.Errorf("the census is called made up: %d", page.Status)
		}
		before := refusals(t, d)
		if page := webtest.New(t, s).As("elsewhere").Get("/ban-lam-viec/so-lieu?chi-tieu=POP&hang=group&dia-ban=06325"); page.Status != http.StatusForbidden {
			t.Errorf("an officer from elsewhere: %d", page.Status)
		}
		if got := refusals(t, d) - before; got != 1 {
			t.Errorf("%d refusals on record, want 1", got)
		}
		if page := c.Get("/ban-lam-viec/so-lieu/noi/06325"); !page.Has("<b>900</b>") {
			t.Errorf("the profile: %s", page.Text())
		}
		if page := webtest.New(t, s).As("statistician").Get("/ban-lam-viec/so-lieu?chi-tieu=POP&hang=place&tong=1"); !strings.Contains(page.Body, "ky=") || !page.Has("1 trong 65", "6 tháng đầu năm 2026") {
			t.Errorf("a question without a period: %s", page.Text()[:min(900, len(page.Text()))])
		}
	})
}

// A division of which there is no figure yet is an empty answer, with sums, shares and the largest rows or without.
func TestDivisionWithoutFigures(t *testing.T) {
	s := real(t, dbtest.SQLite(t))
	const base = "/ban-lam-viec/so-lieu?chi-tieu=HH&hang=group&cot=period&ky=2026H1,2025H2"
	webtest.Render(t, s, "officer", base, base+"&dau=10&hinh=cot", base+"&tong=1", base+"&xem=share_row", base+"&xem=change&hinh=duong", base+"&loc.group=dao",
		"/ban-lam-viec/so-lieu?chi-tieu=HH&hang=period&cot=group,sex&ky=2026H1,2025H2&tong=1&hinh=phan")
}

func refusals(t *testing.T, d *db.DB) int {
	t.Helper()
	n, err := db.Value[int](t.Context(), d, "SELECT count(*) FROM audit WHERE act = 'stat.read_exact' AND after = 'refused'")
	if err != nil {
		t.Fatal(err)
	}
	return n
}
