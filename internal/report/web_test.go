package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/i18n"
	"banlang/internal/report"
	"banlang/internal/report/form"
	"banlang/internal/web"
	"banlang/internal/web/webtest"

	"github.com/xuri/excelize/v2"
)

func site(t testing.TB, h house) *web.Site {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Text: text, Policy: h.policy, Now: clock, Commits: h.db.Commits, Province: "Lạng Sơn",
		Accounts: webtest.Tokens{officer, elsewhere, leader, statistician, head, ministry}})
	if err != nil {
		t.Fatal(err)
	}
	report.Mount(s, h.desk)
	return s
}

const root = "/ban-lam-viec/bieu"

func TestPages(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	webtest.Render(t, s, "statistician", root, root+"/theo-doi", "/ban-lam-viec/ky-bao-cao", root+"/tep")
	period, id := h.period(t)
	paper := root + "/" + id
	for _, who := range []string{"officer", "leader", "statistician", "head"} {
		webtest.Render(t, s, who, root, paper, paper+"/in", paper+"/lich-su", "/ban-lam-viec/bieu-mau", "/ban-lam-viec/bieu-mau/BM06", "/ngoai-mang/bieu")
	}
	h.fill(t, officer, id)
	for _, step := range []struct {
		by   duty.Actor
		name string
	}{{officer, "xong"}, {leader, "xac-nhan"}, {leader, "gui"}} {
		if err := h.desk.Move(t.Context(), step.by, id, step.name, ""); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"officer", "leader", "statistician"} {
			webtest.Render(t, s, who, paper)
		}
	}
	webtest.Render(t, s, "statistician", root, root+"/theo-doi?ky="+period, "/ban-lam-viec/ky-bao-cao/"+period)
	if err := h.desk.Lock(t.Context(), statistician, period); err != nil {
		t.Fatal(err)
	}
	webtest.Render(t, s, "statistician", "/ban-lam-viec/ky-bao-cao/"+period, paper)
	if p := webtest.New(t, s).As("elsewhere").Get(paper); p.Status != 403 {
		t.Errorf("another commune's officer opens the form: %d", p.Status)
	}
	if p := webtest.New(t, s).As("ministry").Get(root); p.Status != 403 {
		t.Errorf("the ministry's reader opens the list: %d", p.Status)
	}
}

// An officer without script fills in the form and hands it in; the second of two browsers is told what it met.
func TestWithoutScript(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	_, id := h.period(t)
	paper := root + "/" + id
	c := webtest.New(t, s).As("officer")
	p := c.Post(paper+"/o", "c.tay.hh", "1.200", "r.tay.hh", "0", "c.tay.male", "chưa biết", "r.tay.male", "0", "c.nung.hh", "x", "r.nung.hh", "0")
	if p.Status != 303 {
		t.Fatalf("saving: %d\n%s", p.Status, p.Body)
	}
	body := c.Get(paper).Body
	for _, want := range []string{`value="1.200"`, `value="chưa biết"`, `value="x"`, "form-data", `name="r.tay.hh" value="1"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	p = c.Post(paper+"/o", "c.tay.hh", "5", "r.tay.hh", "0", "c.dao.hh", "3", "r.dao.hh", "0")
	if p.Status != 409 || !strings.Contains(p.Body, "1.200") || !strings.Contains(p.Body, "bạn ghi “5”") {
		t.Errorf("a stale cell: %d, want 409 with both figures", p.Status)
	}
	if !strings.Contains(p.Body, `id="g-dao.hh" data-cell="dao.hh" value="3"`) {
		t.Error("the other cell was not saved")
	}
	if p = c.Post(paper+"/o", "step", "xong"); p.Status != 422 {
		t.Errorf("handed in with cells empty: %d, want 422", p.Status)
	}
	if p = c.Post(paper+"/nhom", "group", "brau"); p.Status != 303 || !strings.Contains(c.Get(paper).Body, `data-cell="brau.hh"`) {
		t.Errorf("adding a group: %d", p.Status)
	}
}

func TestJSON(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	_, id := h.period(t)
	post := func(text string) (webtest.Page, form.Reply) {
		r := httptest.NewRequest(http.MethodPost, root+"/"+id+"/o", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		p := webtest.New(t, s).As("officer").Do(r)
		var reply form.Reply
		if p.Status == 200 {
			if err := json.Unmarshal([]byte(p.Body), &reply); err != nil {
				t.Fatal(err)
			}
		}
		return p, reply
	}
	p, reply := post(`{"key":"k","cells":[{"cell":"tay.hh","text":"12","rev":0},{"cell":"nothing.hh","text":"1"}]}`)
	if p.Status != 200 || len(reply.Cells) != 1 || reply.Cells[0].Rev != 1 || reply.Saved == "" || len(reply.Findings) == 0 {
		t.Errorf("POST = %d, %+v", p.Status, reply)
	}
	_, reply = post(`{"key":"l","cells":[{"cell":"tay.hh","text":"13","rev":0}]}`)
	if len(reply.Conflicts) != 1 || reply.Conflicts[0].Text != "12" || reply.Conflicts[0].By == "" || len(reply.Cells) != 0 {
		t.Errorf("a stale POST = %+v", reply)
	}
	if p, _ = post(`{`); p.Status != 422 {
		t.Errorf("broken: %d", p.Status)
	}
}

// A workbook goes out, comes back with figures, is looked at, and taken; one that is stale is looked at again.
func TestWorkbook(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	_, id := h.period(t)
	c := webtest.New(t, s).As("officer")
	h.fill(t, officer, id)
	file := c.Get(root + "/" + id + "/mau.xlsx")
	if file.Status != 200 || !strings.Contains(file.Header.Get("Content-Disposition"), "BM01-06325-2026H1.xlsx") {
		t.Fatalf("template: %d %v", file.Status, file.Header)
	}
	p := c.Upload(root+"/tep", "file", "biểu.xlsx", []byte(file.Body))
	if p.Status != 303 || !strings.HasPrefix(p.Header.Get("Location"), root+"/"+id+"/tep/") {
		t.Fatalf("sending: %d to %s\n%s", p.Status, p.Header.Get("Location"), p.Body)
	}
	trial := p.Header.Get("Location")
	body := c.Get(trial).Body
	if !strings.Contains(body, "Tệp không thay đổi gì") {
		t.Errorf("the same workbook changes something: %s", body)
	}
	paper, err := h.desk.Paper(t.Context(), officer, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.desk.Save(t.Context(), officer, id, []report.Change{{Cell: "tay.hh", Text: "99", Base: paper.Cells["tay.hh"].Rev}}); err != nil {
		t.Fatal(err)
	}
	body = c.Get(trial).Body
	rev := regexp.MustCompile(`name="rev" value="(\d+)"`).FindStringSubmatch(body)
	if rev == nil || !strings.Contains(body, "99") {
		t.Fatalf("the trial does not show the change: %s", body)
	}
	if p = c.Post(trial, "rev", "1", "how", "all"); p.Status != 409 {
		t.Errorf("taken over a revision that nobody saw: %d, want 409", p.Status)
	}
	if p = c.Post(trial, "rev", rev[1], "how", "all"); p.Status != 303 {
		t.Fatalf("taking: %d\n%s", p.Status, p.Body)
	}
	if paper, err = h.desk.Paper(t.Context(), officer, id); err != nil || paper.Values["tay.hh"].N != 10 || !strings.HasPrefix(paper.Cells["tay.hh"].Source, "BM01!C") {
		t.Errorf("taken: %+v from %q, %v", paper.Values["tay.hh"], paper.Cells["tay.hh"].Source, err)
	}
	if back := c.Get(trial + "/tra-ve.xlsx"); back.Status != 200 || !strings.HasPrefix(back.Body, "PK") {
		t.Errorf("given back: %d", back.Status)
	}
	webtest.Render(t, s, "officer", trial)
}

// A workbook of somebody's own: the officer says once which column is which, sees what is refused cell by cell, and takes the rest.
func TestForeignWorkbook(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	_, id := h.period(t)
	book := excelize.NewFile()
	for i, row := range [][]any{{"TT", "Bà con", "Nóc nhà", "Giai", "Gái", "Người lớn"}, {1, "Tày", 300, 640, 655, 900},
		{2, "Nùng", "1.200", "nhiều", 2400, 3100}, {3, "Brâu", 1, 2, 3, 4}} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, s).As("officer")
	p := c.Upload(root+"/"+id+"/tep", "file", "so-tay.xlsx", file.Bytes())
	trial := p.Header.Get("Location")
	body := c.Get(trial).Body
	fingerprint := regexp.MustCompile(`name="fingerprint" value="([^"]+)"`).FindStringSubmatch(body)
	headers := regexp.MustCompile(`name="header" value="([^"]*)"`).FindAllStringSubmatch(body, -1)
	if fingerprint == nil || len(headers) != 6 {
		t.Fatalf("asked about %d columns, fingerprint %v\n%s", len(headers), fingerprint, body)
	}
	answer := []string{"fingerprint", fingerprint[1]}
	for i, column := range []string{"", "label", "value:hh", "value:male", "value:female", "value:p15"} {
		answer = append(answer, "header", html.UnescapeString(headers[i][1]), "column", column)
	}
	if p = c.Post(trial+"/cot", answer...); p.Status != 303 {
		t.Fatalf("the answer: %d\n%s", p.Status, p.Body)
	}
	body = c.Get(trial).Body
	for _, want := range []string{"nhiều", "Sheet1!D3", "Thêm dòng: Brâu", "1.200"} {
		if !strings.Contains(body, want) {
			t.Errorf("the trial lacks %q", want)
		}
	}
	if p = c.Post(trial, "rev", "0", "how", "all"); p.Status != 422 {
		t.Errorf("everything with a refused cell: %d, want 422", p.Status)
	}
	if p = c.Post(trial, "rev", "0", "how", "good"); p.Status != 303 {
		t.Fatalf("the good cells: %d\n%s", p.Status, p.Body)
	}
	paper, err := h.desk.Paper(t.Context(), officer, id)
	if err != nil || paper.Values["nung.hh"].N != 1200 || paper.Values["brau.female"].N != 3 || paper.Values["nung.male"].State != form.Empty {
		t.Errorf("taken: %+v, %+v, %+v, %v", paper.Values["nung.hh"], paper.Values["brau.female"], paper.Values["nung.male"], err)
	}
	if p = c.Upload(root+"/tep", "file", "thang-sau.xlsx", file.Bytes()); p.Status != 303 || !strings.Contains(p.Header.Get("Location"), id) {
		t.Errorf("the same heading again: %d, want it understood", p.Status)
	}
}

// One workbook of many communes goes into the report of each; what is of no commune is told.
func TestWorkbookOfManyCommunes(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	period, id := h.period(t)
	book := excelize.NewFile()
	for i, row := range [][]any{{"Xã", "Dân tộc", "Số hộ", "Trong đó: nam", "Trong đó: nữ", "Từ đủ 15 tuổi"},
		{"Xã Bắc Sơn", "Tày", 300, 640, 655, 900}, {"Bắc Sơn", "Nùng", 120, "nhiều", 240, 310},
		{"xã Nhất Hoà", "Tày", 200, 410, 420, 600}, {"xã Không Có", "Tày", 1, 2, 3, 4}} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	page := "/ban-lam-viec/ky-bao-cao/" + period
	if p := webtest.New(t, s).As("officer").Upload(page+"/tep", "file", "tinh.xlsx", file.Bytes()); p.Status != 403 {
		t.Errorf("an officer of one commune sends for all: %d", p.Status)
	}
	c := webtest.New(t, s).As("statistician")
	p := c.Upload(page+"/tep", "file", "tinh.xlsx", file.Bytes())
	bundle := p.Header.Get("Location")
	if p.Status != 303 || !strings.HasPrefix(bundle, page+"/tep/") {
		t.Fatalf("sending: %d to %s\n%s", p.Status, bundle, p.Body)
	}
	body := c.Get(bundle).Body
	for _, want := range []string{"2 đơn vị", "xã Bắc Sơn", "xã Nhất Hòa", "Không Có"} {
		if !strings.Contains(body, want) {
			t.Errorf("the overview lacks %q\n%s", want, body)
		}
	}
	webtest.Render(t, s, "statistician", bundle)
	if p = c.Post(bundle, "rev", "7"); p.Status != 409 {
		t.Errorf("taken over what nobody saw: %d, want 409", p.Status)
	}
	if p = c.Post(bundle, "rev", "0"); p.Status != 303 {
		t.Fatalf("taking: %d\n%s", p.Status, p.Body)
	}
	paper, err := h.desk.Paper(t.Context(), officer, id)
	if err != nil || paper.Values["tay.hh"].N != 300 || paper.Values["nung.male"].State != form.Empty || paper.Values["nung.female"].N != 240 {
		t.Errorf("taken: %+v, %+v, %v", paper.Values["tay.hh"], paper.Values["nung.male"], err)
	}
}

// A table with one line a commune, headed in words of its own: the statistician says once what each column is.
func TestLineForEachCommune(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	p, err := fact.ParsePeriod("2026H1")
	if err != nil {
		t.Fatal(err)
	}
	period, err := h.desk.OpenPeriod(t.Context(), statistician, report.Opening{Form: "BM05", Period: p, Area: home})
	if err != nil {
		t.Fatal(err)
	}
	book := excelize.NewFile()
	for i, row := range [][]any{{"Nơi", "Già làng trai", "Già làng gái"}, {"Bắc Sơn", 12, 3}, {"Nhất Hòa", 9, 1}, {"Vũ Lễ", 7, 2}} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, s).As("statistician")
	page := c.Upload("/ban-lam-viec/ky-bao-cao/"+period+"/tep", "file", "uy-tin.xlsx", file.Bytes())
	trial := page.Header.Get("Location")
	body := c.Get(trial).Body
	fingerprint := regexp.MustCompile(`name="fingerprint" value="([^"]+)"`).FindStringSubmatch(body)
	headers := regexp.MustCompile(`name="header" value="([^"]*)"`).FindAllStringSubmatch(body, -1)
	if fingerprint == nil || len(headers) != 3 {
		t.Fatalf("asked about %d columns at %s (%d)\n%s", len(headers), trial, page.Status, body)
	}
	answer := []string{"fingerprint", fingerprint[1]}
	for i, column := range []string{"unit", "value:male:ncut", "value:female:ncut"} {
		answer = append(answer, "header", html.UnescapeString(headers[i][1]), "column", column)
	}
	page = c.Post(trial+"/cot", answer...)
	bundle := page.Header.Get("Location")
	if page.Status != 303 || !strings.HasPrefix(bundle, "/ban-lam-viec/ky-bao-cao/"+period+"/tep/") {
		t.Fatalf("the answer: %d to %s\n%s", page.Status, bundle, page.Body)
	}
	if body = c.Get(bundle).Body; !strings.Contains(body, "3 đơn vị") {
		t.Errorf("the overview: %s", body)
	}
	if page = c.Post(bundle, "rev", "0"); page.Status != 303 {
		t.Fatalf("taking: %d\n%s", page.Status, page.Body)
	}
	mine, err := h.desk.Mine(t.Context(), officer)
	if err != nil {
		t.Fatal(err)
	}
	paper, err := h.desk.Paper(t.Context(), officer, mine[0].Report.ID)
	if err != nil || paper.Values["ncut.male"].N != 12 || paper.Values["ncut.all"].N != 15 {
		t.Errorf("taken: %+v, %v", paper.Values["ncut.male"], err)
	}
}
