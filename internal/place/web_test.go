package place_test

import (
	"encoding/csv"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// People who work with places.
var (
	officer      = person("officer", duty.CommuneOfficer, string(bacSon))
	elsewhere    = person("elsewhere", duty.CommuneOfficer, "06211@20250701")
	leader       = person("leader", duty.CommuneLeader, string(bacSon))
	province     = person("province", duty.ProvinceLeader, "20@0")
	statistician = person("statistician", duty.Statistician, "20@0")
	planner      = person("planner", duty.Planner, "20@0")
)

func person(id string, role duty.Role, area string) duty.Actor {
	return duty.Actor{ID: id, Name: id, Grants: []duty.Grant{{Role: role, Area: area}}, Session: "s-" + id}
}

func site(t testing.TB, d *db.DB) (*web.Site, *place.Desk) {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	desk := langSon(t, d)
	s, err := web.New(web.Options{Text: text, Policy: duty.New(desk, clock), Now: clock, Commits: d.Commits, Province: "Lạng Sơn",
		Accounts: webtest.Tokens{officer, elsewhere, leader, province, statistician, planner}})
	if err != nil {
		t.Fatal(err)
	}
	place.Mount(s, desk)
	return s, desk
}

func TestPages(t *testing.T) {
	s, desk := site(t, dbtest.SQLite(t))
	paths := []string{"/dia-ban", "/dia-ban?ngay=2025-06-30", "/dia-ban?ngay=1990-01-01", "/dia-ban?q=xa+mai+pha", "/dia-ban?q=hong+phong", "/dia-ban?q=nowhere",
		"/dia-ban/06325", "/dia-ban/05977?ngay=2025-06-30", "/dia-ban/05977", "/dia-ban/06613", "/dia-ban/20", "/dia-ban/20?ngay=2025-06-30", "/dia-ban/178",
		"/dia-ban/08", "/dia-ban/06211"}
	webtest.Render(t, s, "", paths...)
	if err := desk.SeedDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	webtest.Render(t, s, "", "/dia-ban/06325")
	webtest.Render(t, s, "officer", "/ban-lam-viec/dia-ban", "/ban-lam-viec/dia-ban/thon")
	webtest.Render(t, s, "province", "/ban-lam-viec/dia-ban")

	browser := webtest.New(t, s)
	for _, c := range []struct {
		path  string
		wants []string
	}{
		{"/dia-ban", []string{"65 xã, phường", "xã Bắc Sơn", "16.907"}},
		{"/dia-ban?ngay=2025-06-30", []string{"194 xã, phường", "phường Vĩnh Trại"}},
		{"/dia-ban?q=mai+pha", []string{"xã Mai Pha", "phường Đông Kinh"}},
		{"/dia-ban/05977?ngay=2025-06-30", []string{"Phường Vĩnh Trại", "/dia-ban/05977", "Danh sách cũ nhất", "đến hết ngày 30/6/2025"}},
		{"/dia-ban/05977", []string{"phường Đông Kinh", "phường Vĩnh Trại", "cộng lại được"}},
		{"/dia-ban/06613", []string{"không cộng thẳng được", "một phần"}},
		{"/dia-ban/06211", []string{"Chưa đủ thông tin"}},
		{"/dia-ban/06325", []string{"Thôn minh hoạ 1", "minh hoạ", "Thôn đặc biệt khó khăn", "Khu vực III"}},
	} {
		page := browser.Get(c.path)
		for _, want := range c.wants {
			if !page.Has(want) {
				t.Errorf("%s lacks %q", c.path, want)
			}
		}
	}
	if page := browser.Get("/dia-ban/06211"); page.Has("692") {
		t.Error("a population that cannot be right is shown")
	}
	for path, want := range map[string]int{"/dia-ban/99999": 404, "/dia-ban?ngay=hom-qua": 422, "/dia-ban/06325?ngay=x": 422} {
		if page := browser.Get(path); page.Status != want {
			t.Errorf("GET %s = %d, want %d", path, page.Status, want)
		}
	}
}

func TestDownloads(t *testing.T) {
	s, _ := site(t, dbtest.SQLite(t))
	browser := webtest.New(t, s)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(browser.Get("/dia-ban.csv").Body, "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 66 {
		t.Errorf("CSV has %d rows (%v), want 66", len(rows), err)
	}
	var list struct {
		Source string
		Items  []struct {
			ID         string
			Population *int
		}
	}
	if err := json.Unmarshal([]byte(browser.Get("/dia-ban.json?ngay=2025-06-30").Body), &list); err != nil || len(list.Items) != 194 || list.Source == "" {
		t.Errorf("JSON has %d items from %q (%v), want 194", len(list.Items), list.Source, err)
	}
	if page := browser.Get("/dia-ban/06211.json"); page.Has("population") || !page.Has("exact_sum") {
		t.Errorf("JSON of Cao Lộc: %s", page.Body)
	}
}

func TestVillageIsConfirmedByAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, desk := site(t, d)
		fields := []string{"unit", string(bacSon), "kind", "thôn", "name", "Nà Lình", "decision", "12/QĐ-UBND", "decided", "29/1/2026"}
		browser := webtest.New(t, s).As("officer")
		if page := browser.Post("/ban-lam-viec/dia-ban/thon", fields...); page.Status != 303 {
			t.Fatalf("POST = %d %s", page.Status, page.Text())
		}
		if page := browser.Post("/ban-lam-viec/dia-ban/thon", append(fields, "_key", "one")...); page.Status != 409 {
			t.Errorf("the same village again = %d, want 409", page.Status)
		}
		other := []string{"unit", string(bacSon), "kind", "thôn", "name", "Nà Pò", "decision", "12/QĐ-UBND", "decided", "29/1/2026", "_key", "two"}
		for range 2 { // the second is the first come again
			if page := browser.Post("/ban-lam-viec/dia-ban/thon", other...); page.Status != 303 {
				t.Errorf("a submission with a key = %d %s", page.Status, page.Text())
			}
		}
		if page := browser.Post("/ban-lam-viec/dia-ban/thon", "unit", string(bacSon), "decided", "mai"); page.Status != 422 {
			t.Errorf("an empty form = %d, want 422", page.Status)
		}
		if page := webtest.New(t, s).As("elsewhere").Post("/ban-lam-viec/dia-ban/thon", fields...); page.Status != 403 {
			t.Errorf("an officer of another commune = %d, want 403", page.Status)
		}
		if all, err := desk.VillagesIn(t.Context(), bacSon, desk.Today()); err != nil || len(all) != 0 {
			t.Fatalf("a draft is in force already: %v (%v)", all, err)
		}
		waiting, err := desk.Waiting(t.Context(), leader)
		if err != nil || len(waiting) != 2 {
			t.Fatalf("Waiting(leader) = %v (%v), want two", waiting, err)
		}
		if mine, err := desk.Waiting(t.Context(), officer); err != nil || len(mine) != 0 {
			t.Errorf("Waiting(officer) = %v (%v), want none", mine, err)
		}
		if err := desk.Decide(t.Context(), officer, "village", waiting[0].ID, true); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the officer confirms: %v, want forbidden", err)
		}
		path := "/ban-lam-viec/dia-ban/village/" + waiting[0].ID + "/quyet-dinh"
		if page := webtest.New(t, s).As("leader").Post(path, "decision", "confirm"); page.Status != 303 {
			t.Fatalf("POST %s = %d", path, page.Status)
		}
		if all, err := desk.VillagesIn(t.Context(), bacSon, desk.Today()); err != nil || len(all) != 1 || all[0].ConfirmedBy != "leader" {
			t.Errorf("Villages = %v (%v)", all, err)
		}
		if err := desk.Decide(t.Context(), province, "village", waiting[0].ID, false); err == nil {
			t.Error("a village is decided on twice")
		}
	})
}

func TestClassNeedsTwoPersons(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := langSon(t, d)
	c := place.AreaClass{Unit: bacSon, Class: "III", From: 20260129, Decision: place.Decision{Number: "1/QĐ-UBDT", Day: 20260129}}
	id, err := desk.EnterClass(t.Context(), statistician, "", c)
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[*duty.Actor]fault.Kind{&statistician: fault.Forbidden, &officer: fault.Forbidden} {
		if err := desk.Decide(t.Context(), *who, "class", id, true); !fault.Is(err, want) {
			t.Errorf("%s confirms: %v", who.ID, err)
		}
	}
	if err := desk.Decide(t.Context(), planner, "class", id, true); err != nil {
		t.Errorf("the planner confirms: %v", err)
	}
	if all, err := desk.Classes(t.Context(), bacSon, desk.Today()); err != nil || len(all) != 1 {
		t.Errorf("Classes = %v (%v)", all, err)
	}
}

// outsideFile opens a file that is read in place and never copied.
func outsideFile(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open("../../../shared/data/" + name)
	if err != nil {
		t.Skipf("%s is not here; this test reads it in place", name)
	}
	t.Cleanup(func() { f.Close() }) //nolint:errcheck // only read
	return f
}

// An officer enters a merger, looks at what it would do, and a leader confirms it; then it is undone.
func TestEventPages(t *testing.T) {
	d := dbtest.SQLite(t)
	s, desk := site(t, d)
	webtest.Render(t, s, "statistician", "/ban-lam-viec/dia-ban/thay-doi", "/ban-lam-viec/dia-ban/thay-doi/moi", "/ban-lam-viec/dia-ban/phan-chia",
		"/ban-lam-viec/dia-ban/phan-chia/06622@0", "/ban-lam-viec/dia-ban/khu-vuc")
	if page := webtest.New(t, s).As("statistician").Get("/ban-lam-viec/dia-ban/phan-chia"); !page.Has("Bính Xá", "Kiên Mộc", "Chưa ghi") {
		t.Errorf("divided units: %s", page.Text())
	}
	fields := url.Values{"kind": {"merge"}, "decision": {"99/NQ-UBTVQH16"}, "decided": {"20/5/2026"}, "from": {"1/1/2027"},
		"code": {"06325", ""}, "type": {"", ""}, "name": {"Bắc Sơn Mới", ""}, "old": {"xã Bắc Sơn (06325)", "06364", ""}}
	officer := webtest.New(t, s).As("statistician")
	form := "/ban-lam-viec/dia-ban/thay-doi/"
	if page := officer.Get(form + "xem-truoc?" + fields.Encode()); page.Status != 200 || !page.Has("xã Bắc Sơn Mới", "Chưa có gì được lưu") {
		t.Fatalf("preview = %d %s", page.Status, page.Text())
	}
	webtest.Render(t, s, "statistician", form+"xem-truoc?"+fields.Encode(), form+"moi?"+fields.Encode(), form+"moi?more=1")
	bad := url.Values{"kind": {"merge"}, "from": {"1/1/2027"}, "code": {"06325"}, "type": {""}, "name": {""}, "old": {"xã Không Có"}}
	if page := officer.Get(form + "xem-truoc?" + bad.Encode()); page.Status != 422 || !page.Has("Không có đơn vị tên “xã Không Có” vào ngày 31/12/2026") {
		t.Errorf("a bad form = %d %s", page.Status, page.Text())
	}
	var pairs []string
	for name, values := range fields {
		for _, v := range values {
			pairs = append(pairs, name, v)
		}
	}
	page := officer.Post("/ban-lam-viec/dia-ban/thay-doi", pairs...)
	if page.Status != 303 {
		t.Fatalf("POST = %d %s", page.Status, page.Text())
	}
	address := page.Header.Get("Location")
	webtest.Render(t, s, "statistician", address)
	webtest.Render(t, s, "province", address, "/ban-lam-viec/dia-ban", "/ban-lam-viec/dia-ban/thay-doi")
	tasks, err := desk.Work(t.Context(), province)
	if err != nil || len(tasks) != 1 || tasks[0].URL != address || tasks[0].Title != "Nhập xã Bắc Sơn, xã Vũ Lễ thành xã Bắc Sơn Mới" {
		t.Errorf("Work(province) = %v (%v)", tasks, err)
	}
	boss := webtest.New(t, s).As("province")
	if page := boss.Post(address+"/quyet-dinh", "decision", "confirm"); page.Status != 303 {
		t.Fatalf("confirm = %d %s", page.Status, page.Text())
	}
	webtest.Render(t, s, "statistician", address)
	webtest.Render(t, s, "", "/dia-ban/06325", "/dia-ban/06325?ngay=2027-01-01", "/dia-ban/06364")
	if page := officer.Get("/dia-ban/06325"); !page.Has("đến hết ngày 31/12/2026", "/dia-ban/06325?ngay=2027-01-01") {
		t.Errorf("a unit that will end: %s", page.Text())
	}
	if page := officer.Get("/dia-ban/06325?ngay=2027-01-01"); !page.Has("Xã Bắc Sơn Mới", "có hiệu lực từ ngày 1/1/2027") || page.Has("Đơn vị này đã hết") {
		t.Errorf("a unit that is to come: %s", page.Text())
	}
	if page := officer.Post(address+"/hoan-tac", "reason", ""); page.Status != 422 || !page.Has("Chưa có lý do") {
		t.Errorf("undo without a reason = %d", page.Status)
	}
	if page := officer.Post(address+"/hoan-tac", "reason", "ghi nhầm ngày"); page.Status != 303 {
		t.Fatalf("undo = %d %s", page.Status, page.Text())
	}
	webtest.Render(t, s, "province", address)
	if page := boss.Post(address+"/hoan-tac/quyet-dinh", "decision", "confirm"); page.Status != 303 {
		t.Fatalf("confirm undo = %d %s", page.Status, page.Text())
	}
	webtest.Render(t, s, "statistician", address)
	if n := len(desk.Units("20@0", place.Commune, firstOf2027)); n != 65 {
		t.Errorf("%d communes after undoing, want 65", n)
	}
}

func TestWeightPages(t *testing.T) {
	d := dbtest.SQLite(t)
	s, desk := site(t, d)
	officer := webtest.New(t, s).As("statistician")
	const address = "/ban-lam-viec/dia-ban/phan-chia/06622@0"
	for asked, want := range map[string]int{"Mai+Pha": 303, "06079": 303, "Hồng+Phong": 422, "Hồng+Phong,+Bình+Gia": 303} {
		if page := officer.Get("/ban-lam-viec/dia-ban/phan-chia?don-vi=" + url.PathEscape(asked)); page.Status != want {
			t.Errorf("looking for the old unit %s = %d, want %d", asked, page.Status, want)
		}
	}
	if page := officer.Post(address, "measure", "percent", "part", "60", "part", "30", "source", "x", "as_of", "30/6/2025"); page.Status != 422 || !page.Has("đúng 100%") {
		t.Errorf("shares of 90%% = %d %s", page.Status, page.Text())
	}
	if page := officer.Post(address, "measure", "area", "part", "12,5", "part", "1.037,5", "source", "Đề án (số minh hoạ)", "as_of", "30/6/2025"); page.Status != 303 {
		t.Fatalf("POST = %d %s", page.Status, page.Text())
	}
	webtest.Render(t, s, "province", "/ban-lam-viec/dia-ban", "/ban-lam-viec/dia-ban/phan-chia")
	waiting, err := desk.Waiting(t.Context(), province)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("Waiting = %v (%v)", waiting, err)
	}
	if page := webtest.New(t, s).As("province").Post("/ban-lam-viec/dia-ban/weight/"+waiting[0].ID+"/quyet-dinh", "decision", "confirm"); page.Status != 303 {
		t.Fatalf("confirm = %d %s", page.Status, page.Text())
	}
	flows, known := desk.Flows("06622@0", place.Commune, firstOfTwoTiers)
	if !known || flows[0].Num*84 != flows[0].Den || !flows[0].Estimated {
		t.Errorf("Flows = %v %v, want 1/84 and 83/84", flows, known)
	}
	fields := []string{"unit", string(bacSon), "class", "II", "decision", "1/QĐ", "decided", "1/2/2026"}
	if page := officer.Post("/ban-lam-viec/dia-ban/khu-vuc", fields...); page.Status != 303 {
		t.Errorf("class = %d %s", page.Status, page.Text())
	}
	if page := officer.Post("/ban-lam-viec/dia-ban/khu-vuc", append(fields, "village", "Không Có")...); page.Status != 422 {
		t.Errorf("class of no village = %d", page.Status)
	}
}
