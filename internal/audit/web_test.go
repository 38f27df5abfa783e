package audit

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// crowd is everybody who signs in, by token, and their names.
type crowd map[string]duty.Actor

func (c crowd) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := c[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

func (c crowd) Names(context.Context, []string) (map[string]string, error) {
	return map[string]string{"editor": "Biên tập"}, nil
}

func (c crowd) ByName(_ context.Context, name string) (string, error) {
	if name == "editor" {
		return name, nil
	}
	return "", fault.New(fault.NotFound, "db.not_found")
}

func TestPages(t *testing.T) {
	d := dbtest.SQLite(t)
	fill(t, d, 45)
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	people := crowd{
		"leader": {ID: "leader", Session: "s", Grants: []duty.Grant{{Role: duty.ProvinceLeader, Area: "20"}}},
		"editor": {ID: "editor", Session: "e", Grants: []duty.Grant{{Role: duty.Editor, Area: "20"}}},
	}
	policy := duty.New(tree{}, clock)
	site, err := web.New(web.Options{Text: text, Policy: policy, Now: clock, Accounts: people, Province: "Lạng Sơn"})
	if err != nil {
		t.Fatal(err)
	}
	Mount(site, New(d, policy, openKey(t), clock), people)

	leader := webtest.New(t, site).As("leader")
	if p := leader.Post("/ban-lam-viec/nhat-ky", "reason", "x", "person", "nobody", "from", "2026-13-01", "until", ""); p.Status != http.StatusUnprocessableEntity ||
		!p.Has(`id="reason-why"`, `id="person-why"`, `id="from-why"`, `value="nobody"`) {
		t.Errorf("a bad form: %d %s", p.Status, p.Text())
	}
	sent := leader.Post("/ban-lam-viec/nhat-ky", "reason", "kiểm tra theo kế hoạch", "person", "editor", "act", "bulletin.write", "from", "2026-09-14", "until", "2026-09-14")
	list := leader.Follow(sent)
	if list.Status != http.StatusOK || !list.Has("Biên tập", "kiểm tra theo kế hoạch", "?trang=2") {
		t.Errorf("the list: %d %s", list.Status, list.Text())
	}
	where := sent.Header.Get("Location")
	webtest.Render(t, site, "leader", "/ban-lam-viec/nhat-ky", where, where+"?trang=3", "/ban-lam-viec/nhat-ky-cua-toi", "/ban-lam-viec/kiem-nhat-ky")
	webtest.Render(t, site, "editor", "/ban-lam-viec/nhat-ky-cua-toi")
	if p := webtest.New(t, site).As("editor").Get(where); p.Status != http.StatusForbidden {
		t.Errorf("an editor opens another's reading: %d", p.Status)
	}
	if p := leader.Post("/ban-lam-viec/kiem-nhat-ky", "head", "nonsense"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a head that is none: %d", p.Status)
	}
	if p := leader.Post("/ban-lam-viec/kiem-nhat-ky"); p.Status != http.StatusOK || !strings.Contains(p.Text(), "còn nguyên") {
		t.Errorf("the check: %d %s", p.Status, p.Text())
	}
	exec(t, d, "UPDATE audit SET note = 'x' WHERE seq = 2")
	if p := leader.Post("/ban-lam-viec/kiem-nhat-ky"); !strings.Contains(p.Text(), "Dòng 2") {
		t.Errorf("the check of a harmed record: %s", p.Text())
	}
}
