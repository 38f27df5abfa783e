package stat

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"banlang/internal/db/dbtest"
	"banlang/internal/fact"
	"banlang/internal/stat/chart"
	"banlang/internal/web/webtest"
)

func TestPagesRender(t *testing.T) {
	s, _, _ := site(t)
	base := "/ban-lam-viec/so-lieu"
	webtest.Render(t, s, "statistician", base, base+"?tim=loa", base+"/bang", base+"/da-luu",
		base+"?chi-tieu=POP&hang=place&cot=period&ky=2026H1,2025H2&tong=1",
		base+"?chi-tieu=POP&hang=place&cot=period&ky=2026H1,2025H2&trang=9",
		base+"?chi-tieu=POP,HH&hang=group,place&cot=period,indicator&ky=2026H1,2025H2&loc.group=tay,nung&dia-gioi=2025-06-30&xem=share_row&dau=20",
		base+"?chi-tieu=POP&hang=khong&ky=2026H1",
		base+"?chi-tieu=NIX&ky=x&hang=y&cap=z",
		base+"?chi-tieu=POP&hang=place&ky=2026H1&hinh=cot", base+"?chi-tieu=POP,HH&hang=group&cot=indicator&ky=2026H1&hinh=cot",
		base+"?chi-tieu=POP&hang=place&cot=period&hinh=duong", base+"?chi-tieu=POP&hang=group&ky=2026H1&hinh=duong",
		base+"?chi-tieu=POP&hang=place&cot=group&ky=2026H1&hinh=phan", base+"?chi-tieu=POP&hang=place&ky=2026H1&hinh=ban-do",
		base+"?chi-tieu=POP&hang=group&ky=2026H1&hinh=ban-do",
		base+"/noi/06325", base+"/noi/20", base+"/dan-toc/tay", base+"/dan-toc/tay?dia-ban=06325")
}

func TestAnswerSaysHowFarItCanBeReliedOn(t *testing.T) {
	s, _, _ := site(t)
	page := webtest.New(t, s).As("statistician").Get("/ban-lam-viec/so-lieu?chi-tieu=POP&hang=place&cot=period&ky=2026H1,2025H2&tong=1")
	for _, want := range []string{"Chưa có số", "có 3 trong 4 nơi", "≈ 3.001", "25% là ước tính", "Không so được", "Chưa biết", "Tổng còn thiếu", "1.008",
		`scope="row"><a href="/ban-lam-viec/so-lieu/noi/06196@20250701">xã Ba Sơn</a></th>`, `scope="col">2026H1</th>`, "/ban-lam-viec/so-lieu/nguon?chi-tieu=POP", "/ban-lam-viec/so-lieu.xlsx?chi-tieu=POP&amp;hang=place"} {
		if !page.Has(want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if page.Has(`>0</a>`) {
		t.Error("what is missing is shown as 0")
	}
}

func TestCellSaysWhereItComesFrom(t *testing.T) {
	s, _, _ := site(t)
	const cell = "/ban-lam-viec/so-lieu/nguon?chi-tieu=POP&hang=place&cot=period&ky=2026H1&dia-ban=20&o=06325@20250701~2026H1"
	webtest.Render(t, s, "statistician", cell)
	page := webtest.New(t, s).As("statistician").Get(cell)
	for _, want := range []string{"xã Bắc Sơn", "1.234", "Biểu 1!C7", "bieu-01.xlsx", "Lãnh đạo xã", "30/6/2026", "Số minh hoạ", "25%", `href="/ban-lam-viec/bieu/r1"`} {
		if !page.Has(want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if page := webtest.New(t, s).As("officer").Get(cell); page.Status != http.StatusForbidden {
		t.Errorf("an officer of a commune sees the source of a cell of the province: %d", page.Status)
	}
	if page := webtest.New(t, s).As("statistician").Get(cell + "x"); page.Status != http.StatusNotFound {
		t.Errorf("a cell that is not there: %d", page.Status)
	}
}

func TestFormLeadsToTheLastingAddress(t *testing.T) {
	s, _, _ := site(t)
	page := webtest.New(t, s).As("statistician").Get("/ban-lam-viec/so-lieu?gui=1&hinh=&chi-tieu=POP&hang=place&hang=khong&cot=period&cot=khong&dia-ban=20&cap=&dia-gioi=nay&doi=1&ky=2026H2&ky=nay-1&ky=2019&xem=&dau=&loc.group=tay")
	want := "/ban-lam-viec/so-lieu?chi-tieu=POP&hang=place&cot=period&dia-ban=20&ky=nay,nay-1,2019&loc.group=tay&dia-gioi=nay"
	if got := page.Header.Get("Location"); got != want {
		t.Errorf("the form leads to %q, want %q", got, want)
	}
	page = webtest.New(t, s).As("statistician").Get("/ban-lam-viec/so-lieu?gui=1&chi-tieu=POP&hang=place&dia-ban=20&ky=nay")
	if got, want := page.Header.Get("Location"), "/ban-lam-viec/so-lieu?chi-tieu=POP&hang=place&dia-ban=20&ky=2026H2"; got != want {
		t.Errorf("where periods are to stay, the form leads to %q, want %q", got, want)
	}
}

func TestRights(t *testing.T) {
	s, _, f := site(t)
	const own, province = "/ban-lam-viec/so-lieu?chi-tieu=POP&hang=group&ky=2026H1&dia-ban=06325", "/ban-lam-viec/so-lieu?chi-tieu=POP&hang=group&ky=2026H1&dia-ban=20"
	for _, c := range []struct {
		who, path string
		want      int
	}{
		{"officer", own, http.StatusOK}, {"officer", "/ban-lam-viec/so-lieu", http.StatusOK}, {"officer", province, http.StatusForbidden},
		{"elsewhere", own, http.StatusForbidden}, {"statistician", own, http.StatusOK}, {"statistician", province, http.StatusOK},
		{"editor", own, http.StatusForbidden}, {"statistician", own[:len(own)-5] + "vn", http.StatusForbidden},
		{"officer", strings.Replace(province, "so-lieu?", "so-lieu.csv?", 1), http.StatusForbidden},
		{"officer", strings.Replace(province, "/ban-lam-viec/so-lieu?", "/api/v1/so-lieu/chinh-xac?", 1), http.StatusForbidden},
		{"officer", "/ban-lam-viec/so-lieu/noi/20", http.StatusForbidden}, {"officer", "/ban-lam-viec/so-lieu/noi/06325", http.StatusOK},
	} {
		if page := webtest.New(t, s).As(c.who).Get(c.path); page.Status != c.want {
			t.Errorf("%s asks %s: %d, want %d: %s", c.who, c.path, page.Status, c.want, page.Text())
		}
	}
	page := webtest.New(t, s).As("officer").Get(province)
	if !page.Has("tỉnh Lạng Sơn", "ghi nhật ký", "dia-ban=06325") || page.Has("<tbody>") {
		t.Errorf("the refusal is not plain: %s", page.Text())
	}
	f.building = true
	page = webtest.New(t, s).As("officer").Get(own)
	if page.Status != http.StatusOK || page.Header.Get("Refresh") == "" || !page.Has("Đã đọc 1 trong 4 số") {
		t.Errorf("while figures are read in: %d %q %s", page.Status, page.Header.Get("Refresh"), page.Text())
	}
}

func TestDownloads(t *testing.T) {
	s, _, _ := site(t)
	c := webtest.New(t, s).As("statistician")
	const query = "?chi-tieu=POP&hang=place&cot=period&ky=2026H1,2025H2&dia-ban=20"
	page := c.Get("/ban-lam-viec/so-lieu.csv" + query)
	if !page.Has("Nơi,2026H1,2025H2,Ghi chú", "xã Ba Sơn,1,8,2025H2: có 3 trong 4 nơi", "Số chính xác") {
		t.Errorf("CSV: %s", page.Body[:min(400, len(page.Body))])
	}
	if page := c.Get("/ban-lam-viec/so-lieu.xlsx" + query); page.Status != http.StatusOK || !strings.HasPrefix(page.Body, "PK") {
		t.Errorf("XLSX: %d", page.Status)
	}
	var got struct {
		Rows    []axis
		Values  [][]*float64
		Remarks []struct{ State fact.CellState }
	}
	if err := json.Unmarshal([]byte(c.Get("/api/v1/so-lieu/chinh-xac"+query).Body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 65 || *got.Values[0][1] != 8 || got.Values[2][0] != nil || got.Remarks[0].State != fact.Partial || got.Rows[0].Label != "xã Ba Sơn" {
		t.Errorf("JSON: %d rows, %v, %+v", len(got.Rows), got.Values[:3], got.Remarks[0])
	}
}

// What cannot be computed is no figure in JSON either.
func TestNoFigureFromNothing(t *testing.T) {
	_, f := open(t, dbtest.SQLite(t))
	s := voice{chart.Voice{Facts: f, T: func(key string, _ ...any) string { return key }}}
	a := fact.Answer{Question: fact.Question{Indicators: []fact.Code{"POP"}}, Rows: []fact.Header{{}}, Cols: []fact.Header{{}},
		Cells: [][]fact.Cell{{{State: fact.Whole, Kind: fact.Growth, Num: -3, Den: 2, Years: 2}}}}
	if body, err := json.Marshal(s.exact(a, "")); err != nil || !strings.Contains(string(body), `"values":[[null]]`) {
		t.Errorf("%s, %v", body, err)
	}
}

func TestSavedQuestions(t *testing.T) {
	s, d, _ := site(t)
	c := webtest.New(t, s).As("officer")
	const base = "/ban-lam-viec/so-lieu"
	if page := c.Post(base+"/luu", "address", "chi-tieu=POP"); page.Status != http.StatusUnprocessableEntity || !page.Has("Chưa có tên") {
		t.Errorf("without a title: %d", page.Status)
	}
	for _, title := range []string{"Một", "Hai"} {
		if page := c.Follow(c.Post(base+"/luu", "title", title, "address", "chi-tieu=pop&hang=group&ky=nay&dia-ban=06325&hinh=cot", "board", " Xã  Bắc Sơn ", "shared", "1")); !page.Has(title) {
			t.Fatalf("not kept: %s", page.Text())
		}
	}
	mine, err := d.Saved(t.Context(), officer)
	if err != nil || len(mine) != 2 || mine[0].Address != "chi-tieu=POP&hang=group&dia-ban=06325&ky=nay&hinh=cot" || mine[0].Board != "Xã Bắc Sơn" {
		t.Fatalf("kept %+v, %v", mine, err)
	}
	for who, want := range map[string]int{"statistician": 1, "elsewhere": 0} {
		if got := strings.Count(webtest.New(t, s).As(who).Get(base+"/bang").Body, ">Một</a>"); got != want {
			t.Errorf("%s sees the shared question %d times, want %d", who, got, want)
		}
	}
	webtest.Render(t, s, "officer", base+"/bang", base+"/da-luu")
	id := mine[0].ID
	if page := webtest.New(t, s).As("statistician").Post(base+"/da-luu/"+id+"/bo", "x", "y"); page.Status != http.StatusForbidden {
		t.Errorf("another removes it: %d", page.Status)
	}
	c.Post(base+"/da-luu/"+id+"/chuyen", "x", "y")
	if all, _ := d.Saved(t.Context(), officer); all[0].Title != "Hai" {
		t.Errorf("moved down, but %q stands first", all[0].Title)
	}
	c.Post(base+"/da-luu/"+id, "title", "Ba", "board", "")
	c.Post(base+"/da-luu/"+id+"/bo", "x", "y")
	if page := c.Get(base + "/da-luu"); !page.Has("Đã bỏ trong 30 ngày", "Ba") {
		t.Errorf("the removed one is not listed: %s", page.Text())
	}
	c.Post(base+"/da-luu/"+id+"/lay-lai", "x", "y")
	if all, _ := d.Saved(t.Context(), officer); len(all) != 2 || all[0].Title != "Ba" || all[0].Shared {
		t.Errorf("after it was taken back: %+v", all)
	}
	if _, err := d.Save(t.Context(), officer, "", Saved{Title: "Tỉnh", Address: "chi-tieu=POP&dia-ban=20"}); err == nil {
		t.Error("a question over another's area was kept")
	}
	for range 2 {
		if err := d.SeedDemo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	webtest.Render(t, s, "statistician", base+"/bang", base+"/bang?ten="+url.QueryEscape("Tỉnh Lạng Sơn"))
	page := webtest.New(t, s).As("statistician").Get(base + "/bang?ten=" + url.QueryEscape("Tỉnh Lạng Sơn"))
	if n := len(regexp.MustCompile(`<section class="panel"`).FindAllString(page.Body, -1)); n != len(demoQuestions) {
		t.Errorf("%d questions on the board of the province, want %d", n, len(demoQuestions))
	}
}
