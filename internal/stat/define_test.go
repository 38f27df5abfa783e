package stat

import (
	"net/http"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// A statistician words an indicator anew; it holds when the leader of the province has confirmed it on its page.
func TestCatalogue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
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
		text, err := i18n.Load()
		if err != nil {
			t.Fatal(err)
		}
		leader := person("leader", duty.ProvinceLeader, langSon)
		s, err := web.New(web.Options{Text: text, Policy: policy, Now: clock, Commits: d.Commits, Province: "Lạng Sơn", Accounts: webtest.Tokens{statistician, officer, leader}})
		if err != nil {
			t.Fatal(err)
		}
		catalogue := Catalogue{Facts: facts}
		Mount(s, New(d, policy, facts, places, groups, clock), catalogue)

		i, err := facts.Indicator("HH")
		if err != nil {
			t.Fatal(err)
		}
		i.NameVI = "Tổng số hộ dân cư"
		if _, err := facts.Propose(t.Context(), statistician, i, "Theo phụ lục"); err != nil {
			t.Fatal(err)
		}
		if tasks, err := catalogue.Work(t.Context(), leader); err != nil || len(tasks) != 1 || tasks[0].URL != defineURL+"/HH" {
			t.Errorf("the leader's work is %v, %v", tasks, err)
		}
		webtest.Render(t, s, "leader", defineURL, defineURL+"/HH", defineURL+"/POOR_RATE")
		page := webtest.New(t, s).As("statistician").Get(defineURL + "/HH")
		if !page.Has("Tổng số hộ dân cư", "Theo phụ lục", "Chờ xác nhận") || page.Has("Xác nhận bản mới") {
			t.Errorf("who proposed sees:\n%s", page.Text())
		}
		if page := webtest.New(t, s).As("statistician").Post(defineURL+"/HH/2", "do", "confirm"); page.Status != http.StatusForbidden {
			t.Errorf("who proposed confirms: %d", page.Status)
		}
		if page := webtest.New(t, s).As("leader").Post(defineURL+"/HH/2", "do", "confirm"); page.Status != http.StatusSeeOther {
			t.Errorf("the leader confirms: %d", page.Status)
		}
		if i, _ := facts.Indicator("HH"); i.NameVI != "Tổng số hộ dân cư" || i.Version != 2 {
			t.Errorf("in force is %q, version %d", i.NameVI, i.Version)
		}
		file := webtest.New(t, s).As("statistician").Get(defineURL + ".csv").Body
		if again, err := facts.Import(t.Context(), statistician, "indicators", "chi-tieu.csv", strings.NewReader(file), true, nil); err != nil || again.Same != len(facts.Indicators()) {
			t.Errorf("the downloaded catalogue sent back: %+v, %v", again, err)
		}
		if page := webtest.New(t, s).As("leader").Get(defineURL + "/NIX"); page.Status != http.StatusNotFound {
			t.Errorf("an indicator that is not there: %d", page.Status)
		}
	})
}
