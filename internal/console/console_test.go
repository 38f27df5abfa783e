package console_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/console"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

func clock() time.Time { return time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC) }

type tokens map[string]duty.Actor

func (t tokens) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := t[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

// waiting is a room in which the editor's work waits.
type waiting struct{}

func (waiting) Work(_ context.Context, actor duty.Actor) ([]web.Task, error) {
	if actor.ID != "editor" {
		return nil, nil
	}
	return []web.Task{
		{Title: "Việc sau", Kind: "plan.menu", URL: "/sau", Due: clock().AddDate(0, 0, 9), State: "go", Word: "Còn 9 ngày"},
		{Title: "Việc không hạn", Kind: "plan.menu", URL: "/khong", State: "go", Word: "Chờ duyệt"},
		{Title: "Việc trước", Kind: "library.title", URL: "/truoc", Due: clock().AddDate(0, 0, -2), State: "late", Word: "Quá hạn 2 ngày"},
	}, nil
}

type house struct {
	site  *web.Site
	db    *db.DB
	queue *job.Queue
	desk  *console.Desk
	data  string
}

func open(t *testing.T, d *db.DB) house {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	places := place.New(d, clock)
	if err := places.ReadyOnly(t.Context(), "20"); err != nil {
		t.Fatal(err)
	}
	home, err := places.At("20", places.Today())
	if err != nil {
		t.Fatal(err)
	}
	actor := func(id string, role duty.Role, area string) duty.Actor {
		return duty.Actor{ID: id, Name: id, Session: "s-" + id, Grants: []duty.Grant{{Role: role, Area: area}}}
	}
	policy := duty.New(places, clock)
	data := t.TempDir()
	files, err := blob.Folder(data + "/blob")
	if err != nil {
		t.Fatal(err)
	}
	h := house{db: d, queue: job.New(d, nil, clock), data: data}
	h.site, err = web.New(web.Options{Text: text, Policy: policy, Now: clock, Commits: d.Commits, Province: "Lạng Sơn", Accounts: tokens{
		"statistician": actor("statistician", duty.Statistician, string(home.ID)), "other": actor("other", duty.Statistician, string(home.ID)),
		"editor": actor("editor", duty.Editor, string(home.ID)), "admin": actor("admin", duty.Admin, ""),
		"ministry": actor("ministry", duty.Ministry, ""),
	}})
	if err != nil {
		t.Fatal(err)
	}
	machine := console.Machine{Version: "test", Started: clock(), Data: data, Queue: h.queue}
	h.desk = console.New(d, files, policy, machine, clock, console.KindOf("villages", duty.PlaceEditVillage, 1<<20, places))
	console.Mount(h.site, h.desk, waiting{})
	return h
}

const villages = "commune,kind,name,decision,decided\n" +
	"06325,thôn,Thôn minh hoạ 1,12/QĐ-UBND,2026-01-29\n" +
	"06325,thôn,Thôn minh hoạ 2,12/QĐ-UBND,2026-01-29\n" +
	"99999,thôn,Thôn không có xã,12/QĐ-UBND,2026-01-29\n"

func TestImportIsLookedAtFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		count := func() int {
			n, err := db.Value[int](t.Context(), d, "SELECT count(*) FROM place_village")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		officer := webtest.New(t, h.site).As("statistician")
		sent := officer.Upload("/ban-lam-viec/nhap/villages", "file", "thôn.csv", []byte(villages))
		if sent.Status != http.StatusSeeOther {
			t.Fatalf("sending: %d %s", sent.Status, sent.Text())
		}
		address := sent.Header.Get("Location")
		look := officer.Follow(sent)
		if !look.Has("thôn.csv", "99999", "Nhận tệp này") || count() != 0 {
			t.Fatalf("the look (%d villages written): %s", count(), look.Text())
		}
		if page := webtest.New(t, h.site).As("other").Get(address); page.Status != http.StatusNotFound {
			t.Errorf("another person looks at the file: %d, want 404", page.Status)
		}
		if page := webtest.New(t, h.site).As("editor").Post(address); page.Status != http.StatusForbidden {
			t.Errorf("an editor takes it in: %d, want 403", page.Status)
		}
		for range 2 { // the button pressed twice
			if page := officer.Post(address); page.Status != http.StatusSeeOther {
				t.Fatalf("taking it in: %d %s", page.Status, page.Text())
			}
		}
		if count() != 2 {
			t.Errorf("%d villages, want 2", count())
		}
		if page := officer.Get(address); !page.Has("Không có dòng nào nhận được") {
			t.Errorf("after that every row is known or refused: %s", page.Text())
		}
	})
}

func TestImportRefusesFiles(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	officer := webtest.New(t, h.site).As("statistician")
	for name, content := range map[string]string{
		"empty":             "",
		"a web page":        "<!DOCTYPE html><html><script>alert(1)</script></html>",
		"without columns":   "a,b\n1,2\n",
		"a zip":             "PK\x03\x04abc",
		"larger than taken": "commune,name,decision,decided\n" + strings.Repeat("06325,a,b,c\n", 100_000),
	} {
		page := officer.Upload("/ban-lam-viec/nhap/villages", "file", "../../x<script>.csv", []byte(content))
		if page.Status < 400 || page.Status >= 500 || !strings.Contains(page.Body, `role="alert"`) || strings.Contains(page.Body, "x<script>") {
			t.Errorf("a file that is %s: %d %s", name, page.Status, page.Text())
		}
	}
	if page := officer.Get("/ban-lam-viec/nhap/villages/" + strings.Repeat("0", 64)); page.Status != http.StatusNotFound {
		t.Errorf("a file nobody sent: %d, want 404", page.Status)
	}
}

func TestWork(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	page := webtest.New(t, h.site).As("editor").Get("/ban-lam-viec")
	first, second, third := strings.Index(page.Body, "Việc trước"), strings.Index(page.Body, "Việc sau"), strings.Index(page.Body, "Việc không hạn")
	if first < 0 || first > second || second > third {
		t.Errorf("tasks stand at %d, %d, %d: %s", first, second, third, page.Text())
	}
	if !page.Has("1 việc đã quá hạn", "Biên tập cấp tỉnh", "/ban-lam-viec/ban-tin/viet") {
		t.Errorf("my work lacks what is late, the duty or the way to write: %s", page.Text())
	}
	if page := webtest.New(t, h.site).As("editor").Get("/ban-lam-viec?loai=library.title"); page.Has("Việc sau") || !page.Has("Việc trước") {
		t.Errorf("the filter shows %s", page.Text())
	}
	if page := webtest.New(t, h.site).As("ministry").Get("/ban-lam-viec"); !page.Has("Không có việc nào chờ bạn", "Người đọc của bộ") {
		t.Errorf("without work: %s", page.Text())
	}
	if page := webtest.New(t, h.site).Get("/ban-lam-viec"); page.Status != http.StatusSeeOther {
		t.Errorf("a visitor: %d, want to be sent to sign in", page.Status)
	}
}

func TestSystem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		if err := os.WriteFile(h.data+"/banlang.db", make([]byte, 2048), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := db.Exec(t.Context(), d, `INSERT INTO job (id, kind, key, payload, state, run_at, tries, error, made)
			VALUES ('j1', 'bulletin.sound', 'b1', 'secret', 'failed', 0, 8, 'ffmpeg went away', 0)`)
		if err != nil {
			t.Fatal(err)
		}
		admin := webtest.New(t, h.site).As("admin")
		page := admin.Get("/ban-lam-viec/he-thong")
		if !page.Has("banlang.db", "ffmpeg went away", "Chưa có bản sao lưu nào", "espeak-ng") || page.Has("secret") {
			t.Errorf("the system page: %d %s", page.Status, page.Text())
		}
		if page := admin.Post("/ban-lam-viec/he-thong/viec/j1", "reason", "x"); page.Status != http.StatusUnprocessableEntity || !page.Has("Ghi lý do") {
			t.Errorf("again without a reason: %d %s", page.Status, page.Text())
		}
		if page := admin.Post("/ban-lam-viec/he-thong/viec/j1", "reason", "đã cài lại ffmpeg"); page.Status != http.StatusSeeOther {
			t.Errorf("again: %d %s", page.Status, page.Text())
		}
		counts, err := h.queue.Count(t.Context())
		if err != nil || counts["waiting"] != 1 || counts["failed"] != 0 {
			t.Errorf("jobs: %v, %v", counts, err)
		}
		reasons, err := db.Values[string](t.Context(), d, "SELECT reason FROM audit WHERE act = 'system.operate' AND reason <> '' LIMIT 5")
		if err != nil || len(reasons) != 1 {
			t.Errorf("the record holds %v, %v", reasons, err)
		}
		if page := webtest.New(t, h.site).As("statistician").Get("/ban-lam-viec/he-thong"); page.Status != http.StatusForbidden {
			t.Errorf("a statistician: %d, want 403", page.Status)
		}
	})
}

func TestRender(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	webtest.Render(t, h.site, "editor", "/ban-lam-viec", "/ban-lam-viec?loai=plan.menu", "/ban-lam-viec/nhap")
	webtest.Render(t, h.site, "statistician", "/ban-lam-viec", "/ban-lam-viec/nhap", "/ban-lam-viec/nhap/villages")
	webtest.Render(t, h.site, "ministry", "/ban-lam-viec", "/ban-lam-viec/nhap")
	webtest.Render(t, h.site, "admin", "/ban-lam-viec/he-thong")
	officer := webtest.New(t, h.site).As("statistician")
	sent := officer.Upload("/ban-lam-viec/nhap/villages", "file", "thôn.csv", []byte(villages))
	webtest.Render(t, h.site, "statistician", sent.Header.Get("Location"))
}
