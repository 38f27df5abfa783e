package plan_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/plan"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// tokens gives each person the session named like them.
type tokens map[string]duty.Actor

func (t tokens) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := t[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

func site(t testing.TB, d *db.DB) (*web.Site, *plan.Desk) {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{
		Text: text, Policy: duty.New(nil, clock), Now: clock, Commits: d.Commits, Province: "Lạng Sơn",
		Accounts: tokens{"statistician": statistician, "leader": leader, "planner": planner},
	})
	if err != nil {
		t.Fatal(err)
	}
	desk := desk(d)
	plan.Mount(s, desk)
	return s, desk
}

func TestPagesRender(t *testing.T) {
	d := dbtest.SQLite(t)
	s, desk := site(t, d)
	survey := plan.Measurement{
		Target: "KH101-2023-2", Method: plan.Survey, Numerator: plan.Whole(842), Denominator: plan.Whole(1000), Asked: 1000,
		Low: plan.Whole(81), High: plan.Whole(87), AsOf: now.AddDate(-1, 0, 0), Evidence: "Khảo sát", EvidenceURL: "/thu-vien/x",
	}
	for _, m := range []plan.Measurement{counted(), survey} {
		id, err := desk.Measure(t.Context(), statistician, "", m)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Certify(t.Context(), leader, id); err != nil {
			t.Fatal(err)
		}
	}
	id, err := desk.Measure(t.Context(), statistician, "", survey)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"/muc-tieu", "/muc-tieu?ke-hoach=KH101&nam=2023&ket-qua=not_met", "/muc-tieu?ke-hoach=nothing", "/muc-tieu?nam=1999"}
	targets, err := desk.Targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		paths = append(paths, "/muc-tieu/"+target.Code)
	}
	webtest.Render(t, s, "", paths...)
	webtest.Render(t, s, "statistician", "/ban-lam-viec/muc-tieu", "/ban-lam-viec/muc-tieu/KH101-2023-2/do", "/ban-lam-viec/muc-tieu/KH101-2023-X/do")
	webtest.Render(t, s, "leader", "/ban-lam-viec/muc-tieu", "/ban-lam-viec/muc-tieu/KH101-2023-2/so-do/"+id)
	cut, err := desk.Target(t.Context(), "KH101-2023-X")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Edit(t.Context(), planner, "", mended(cut)); err != nil {
		t.Fatal(err)
	}
	webtest.Render(t, s, "planner", "/ban-lam-viec/muc-tieu", "/ban-lam-viec/muc-tieu/moi", "/ban-lam-viec/muc-tieu/KH101-2023-X/sua", "/ban-lam-viec/muc-tieu/KH101-2023-1/sua")
	webtest.Render(t, s, "leader", "/ban-lam-viec/muc-tieu", "/ban-lam-viec/muc-tieu/KH101-2023-X/ban/1")
}

// TestPageShowsNoInventedFigure is bar T4 on the page: before anything is measured no figure stands there at all.
func TestPageShowsNoInventedFigure(t *testing.T) {
	s, _ := site(t, dbtest.SQLite(t))
	value := regexp.MustCompile(`<p class="val">([^<]*)</p>`)
	page := webtest.New(t, s).Get("/muc-tieu")
	values := value.FindAllStringSubmatch(page.Body, -1)
	if len(values) != 48 {
		t.Fatalf("%d values on the page, want one for each of 48 targets", len(values))
	}
	for _, v := range values {
		if v[1] != "Chưa có số" {
			t.Errorf("the page shows %q where nothing was measured", v[1])
		}
	}
	for _, want := range []string{"Chưa đủ thông tin", "Thiếu: tử số, mẫu số, chứng cứ, người xác nhận.", "nxbctqg.org.vn", "Nguồn bị cắt"} {
		if !page.Has(want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestDownloads(t *testing.T) {
	d := dbtest.SQLite(t)
	s, desk := site(t, d)
	id, err := desk.Measure(t.Context(), statistician, "", counted())
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Certify(t.Context(), leader, id); err != nil {
		t.Fatal(err)
	}
	browser := webtest.New(t, s)
	var records []plan.Record
	page := browser.Get("/muc-tieu.json?ke-hoach=KH101")
	if err := json.Unmarshal([]byte(page.Body), &records); err != nil || len(records) != 10 {
		t.Fatalf("JSON holds %d records, %v, want 10", len(records), err)
	}
	if r := records[0]; r.Result == nil || r.Result.Value != 97 || !r.Result.Demo || r.Missing != nil {
		t.Errorf("the measured target reads %+v", r)
	}
	if r := records[1]; r.Result != nil || r.Verdict != plan.NotEnough || len(r.Missing) == 0 {
		t.Errorf("the target that was not measured reads %+v", r)
	}
	page = browser.Get("/muc-tieu.csv")
	if !strings.Contains(page.Header.Get("Content-Disposition"), "so-muc-tieu.csv") {
		t.Errorf("the table is no download: %v", page.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(page.Body, "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 49 {
		t.Fatalf("CSV has %d rows, %v, want 49", len(rows), err)
	}
	at := func(column string) int {
		for i, c := range rows[0] {
			if c == column {
				return i
			}
		}
		t.Fatalf("no column %q", column)
		return 0
	}
	if rows[1][at("result")] != "97" || rows[2][at("result")] != "" || rows[2][at("missing")] != "numerator;denominator;evidence;certifier" {
		t.Errorf("rows read %v and %v", rows[1], rows[2])
	}
}

func TestFormsWalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := site(t, d)
		officer, boss := webtest.New(t, s).As("statistician"), webtest.New(t, s).As("leader")
		address := "/ban-lam-viec/muc-tieu/KH101-2023-1/do"
		page := officer.Post(address, "numerator", "84.5", "denominator", "", "method", "", "as_of", "hôm qua", "evidence", "giữ lại")
		if page.Status != http.StatusUnprocessableEntity || !page.Has("Số chưa đúng cách viết", "Chưa có mẫu số", "giữ lại", `value="84.5"`) {
			t.Fatalf("a wrong form: %d %s", page.Status, page.Text())
		}
		form := []string{"_key", "once", "numerator", "1.600", "denominator", "1.649", "method", "count", "as_of", "15/12/2023", "evidence", "Bảng xác nhận"}
		for range 2 { // the button pressed twice
			if page = officer.Post(address, form...); page.Status != http.StatusSeeOther {
				t.Fatalf("a right form: %d %s", page.Status, page.Text())
			}
		}
		if page = officer.Follow(page); !page.Has("Bạn đã đo số này") {
			t.Errorf("the officer's page does not say who must certify: %s", page.Text())
		}
		page = boss.Get("/ban-lam-viec/muc-tieu")
		review := regexp.MustCompile(`/ban-lam-viec/muc-tieu/KH101-2023-1/so-do/[a-z0-9]+`).FindAllString(page.Body, -1)
		if len(review) != 1 {
			t.Fatalf("%d measurements wait, want 1: %s", len(review), page.Text())
		}
		if page = boss.Get(review[0]); !page.Has("97%", "1.600", "Bảng xác nhận") {
			t.Errorf("the review lacks the figure or its evidence: %s", page.Text())
		}
		if page = officer.Post(review[0] + "/xac-nhan"); page.Status != http.StatusForbidden {
			t.Errorf("the officer certifies: %d", page.Status)
		}
		if page = boss.Post(review[0] + "/xac-nhan"); page.Status != http.StatusSeeOther {
			t.Fatalf("the leader certifies: %d %s", page.Status, page.Text())
		}
		if page = webtest.New(t, s).Get("/muc-tieu/KH101-2023-1"); !page.Has("97%", "Chưa đạt", "Bảng xác nhận", "Minh hoạ: leader", "MINH HOẠ") {
			t.Errorf("the public page lacks the certified figure: %s", page.Text())
		}
	})
}

func TestWork(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(d)
	id, err := desk.Measure(t.Context(), statistician, "", counted())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		actor duty.Actor
		want  []string
	}{
		{leader, []string{"/ban-lam-viec/muc-tieu/KH101-2023-1/so-do/" + id}},
		{statistician, []string{"/ban-lam-viec/muc-tieu"}},
		{planner, nil},
		{duty.Actor{}, nil},
	} {
		tasks, err := desk.Work(t.Context(), c.actor)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, task := range tasks {
			got = append(got, task.URL)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("Work(%s) = %v, want %v", c.actor.ID, got, c.want)
		}
	}
}
