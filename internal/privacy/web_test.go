package privacy

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// crowd is everybody who signs in, by token.
type crowd map[string]duty.Actor

func (c crowd) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := c[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

// A person without an account asks, the data-protection officer opens it for a reason and answers, and the code leads to it.
func TestRequestOnPages(t *testing.T) {
	h := open(t, dbtest.SQLite(t), t.TempDir())
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	tired := h.person("d", duty.DPO)
	tired.StepUp = time.Time{}
	people := crowd{"dpo": h.person("d", duty.DPO), "tired": tired, "leader": h.person("l", duty.ProvinceLeader), "editor": h.person("e", duty.Editor)}
	site, err := web.New(web.Options{Text: text, Policy: h.policy, Now: func() time.Time { return h.now }, Accounts: people, Commits: h.db.Commits, Province: "Lạng Sơn"})
	if err != nil {
		t.Fatal(err)
	}
	Mount(site, h.Desk)

	visitor := webtest.New(t, site)
	if p := visitor.Post("/rieng-tu/yeu-cau", "contact", "0987 654 321"); p.Status != http.StatusUnprocessableEntity || !p.Has(`id="kind"`, `id="text-why"`, "0987 654 321") {
		t.Errorf("an empty form: %d %s", p.Status, p.Text())
	}
	sent := visitor.Post("/rieng-tu/yeu-cau", "_key", "k", "kind", "see", "text", "Lò Thị Canary hỏi", "contact", "0987 654 321")
	code := regexp.MustCompile(`\d{4} \d{4} \d{4}`).FindString(sent.Body)
	if sent.Status != http.StatusOK || code == "" {
		t.Fatalf("the request: %d %s", sent.Status, sent.Text())
	}

	dpo := webtest.New(t, site).As("dpo")
	list := dpo.Get("/ban-lam-viec/du-lieu-ca-nhan")
	where := regexp.MustCompile(`/ban-lam-viec/du-lieu-ca-nhan/[a-z0-9]{20}`).FindString(list.Body)
	if where == "" || strings.Contains(list.Body, "Canary") {
		t.Fatalf("the list: %d %s", list.Status, list.Text())
	}
	if p := dpo.Post(where+"/mo", "reason", "x"); p.Status != http.StatusUnprocessableEntity || strings.Contains(p.Body, "Canary") {
		t.Errorf("opened without a reason: %d", p.Status)
	}
	if p := webtest.New(t, site).As("tired").Post(where+"/mo", "reason", "kiểm đúng người trước"); !strings.HasPrefix(p.Header.Get("Location"), "/ban-lam-viec/tai-khoan/xac-nhan") {
		t.Errorf("opened without the password asked again: %d", p.Status)
	}
	if p := dpo.Post(where+"/mo", "reason", "kiểm đúng người trước"); p.Status != http.StatusOK || !p.Has("Canary", "0987 654 321") {
		t.Errorf("opened: %d %s", p.Status, p.Text())
	}
	if p := dpo.Post(where+"/tra-loi", "answer", ""); p.Status != http.StatusUnprocessableEntity || !p.Has(`id="answer-why"`, `id="reason-why"`) {
		t.Errorf("an empty answer: %d", p.Status)
	}
	if p := visitor.Post("/rieng-tu/yeu-cau/xem", "code", "1"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: %d", p.Status)
	}
	dpo.Follow(dpo.Post(where+"/tra-loi", "answer", "Xã giữ <số máy> của bà.", "reason", "đã gọi lại đúng số"))
	if p := visitor.Post("/rieng-tu/yeu-cau/xem", "code", code); !p.Has("&lt;số máy&gt;") {
		t.Errorf("the answer: %d %s", p.Status, p.Text())
	}

	record := "request/" + where[strings.LastIndex(where, "/")+1:]
	if p := dpo.Post("/ban-lam-viec/huy-khoa", "record", "request/none", "reason", "theo yêu cầu của bà"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a record that is not there: %d", p.Status)
	}
	dpo.Follow(dpo.Post("/ban-lam-viec/huy-khoa", "record", record, "reason", "theo yêu cầu của bà"))
	leader := webtest.New(t, site).As("leader")
	confirm := regexp.MustCompile(`/ban-lam-viec/huy-khoa/[a-z0-9]{20}/dong-y`).FindString(leader.Get("/ban-lam-viec/huy-khoa").Body)
	if p := dpo.Post(confirm); p.Status != http.StatusForbidden {
		t.Errorf("the same person confirms: %d", p.Status)
	}
	leader.Follow(leader.Post(confirm))
	if p := visitor.Post("/rieng-tu/yeu-cau/xem", "code", code); p.Status != http.StatusGone {
		t.Errorf("the answer after the key was destroyed: %d %s", p.Status, p.Text())
	}

	h.seal(t, "account/a", "phone", phone)
	if p := dpo.Post("/ban-lam-viec/mo-niem-phong", "record", "account/a", "field", "phone", "reason", "gọi báo sự cố dữ liệu"); !p.Has(phone) {
		t.Errorf("one sealed field: %d %s", p.Status, p.Text())
	}
	if p := dpo.Post("/ban-lam-viec/mo-niem-phong", "record", "account/b", "field", "phone", "reason", "gọi báo sự cố dữ liệu"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a field that is not there: %d", p.Status)
	}
	if tasks, err := h.Work(t.Context(), people["dpo"]); err != nil || len(tasks) != 0 {
		t.Errorf("work left: %+v, %v", tasks, err)
	}

	webtest.Render(t, site, "", "/rieng-tu/yeu-cau", "/rieng-tu/yeu-cau/xem")
	webtest.Render(t, site, "dpo", "/ban-lam-viec/du-lieu-ca-nhan", where, "/ban-lam-viec/du-lieu-ca-nhan/so-truong", "/ban-lam-viec/huy-khoa", "/ban-lam-viec/mo-niem-phong")
	webtest.Render(t, site, "leader", "/ban-lam-viec/huy-khoa")
	if p := webtest.New(t, site).As("editor").Get(where); p.Status != http.StatusForbidden {
		t.Errorf("an editor opens a request: %d", p.Status)
	}
}
