package account

import (
	"encoding/csv"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

func (tn *town) site(t *testing.T) *web.Site {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{Text: text, Policy: tn.policy, Now: func() time.Time { return tn.now }, Accounts: tn.Desk, Commits: tn.db.Commits,
		Province: "Lạng Sơn", Demo: true, Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}}, Limits: web.Limits{}})
	if err != nil {
		t.Fatal(err)
	}
	Mount(site, tn.Desk)
	return site
}

func demoTown(t *testing.T) *town {
	t.Helper()
	tn := open(t, dbtest.SQLite(t))
	if err := tn.SeedDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tn
}

var issuedSecret = regexp.MustCompile(`<p class="lead"><code>([^<]+)</code></p></div>`)

// A leader adds a person and gives a duty; the person signs in, chooses a password, and is gone when disabled.
func TestPersonFromAddToDisable(t *testing.T) {
	tn := demoTown(t)
	site := tn.site(t)
	leader := webtest.New(t, site).As(tn.enter(t, "province_leader"))

	bad := leader.Post("/ban-lam-viec/nguoi-dung/them", "name", "Không Được", "title", "Cán bộ", "kind", "password", "home", "", "phone", "gọi tôi")
	if bad.Status != http.StatusUnprocessableEntity || !bad.Has(`id="name-why"`, `id="phone-why"`, `value="gọi tôi"`) {
		t.Errorf("a bad form: %d %s", bad.Status, bad.Text())
	}
	page := leader.Post("/ban-lam-viec/nguoi-dung/them", "_key", "k1", "name", "hoang.b", "title", "Biên tập viên mới", "kind", "password", "home", tn.province,
		"full_name", "Hoàng Văn Canary", "phone", "0912345678")
	found := issuedSecret.FindStringSubmatch(page.Body)
	if page.Status != http.StatusOK || found == nil {
		t.Fatalf("add: %d %s", page.Status, page.Text())
	}
	secret, id := found[1], string(tn.id(t, "hoang.b"))

	bad = leader.Post("/ban-lam-viec/nguoi-dung/"+id+"/giao", "role", "speaker", "area", tn.province, "reason", "x")
	if bad.Status != http.StatusUnprocessableEntity || !bad.Has(`id="langs-why"`, `id="reason-why"`) {
		t.Errorf("a duty without language or reason: %d %s", bad.Status, bad.Text())
	}
	sent := leader.Post("/ban-lam-viec/nguoi-dung/"+id+"/giao", "role", "speaker", "area", tn.province, "langs", "tyz", "reason", why)
	if after := leader.Follow(sent); after.Status != http.StatusOK || !after.Has("Đã giao nhiệm vụ") || strings.Contains(after.Body, "Canary") {
		t.Errorf("after the grant: %d %s", after.Status, after.Text())
	}

	person := webtest.New(t, site)
	if p := person.Post("/dang-nhap", "name", "hoang.b", "secret", secret); p.Status != http.StatusOK || !p.Has(`action="/dang-nhap/doi"`) {
		t.Fatalf("sign in with an issued password: %d %s", p.Status, p.Text())
	}
	if p := person.Get("/ban-lam-viec/tai-khoan"); p.Status != http.StatusSeeOther {
		t.Errorf("an issued password opens the desk: %d", p.Status)
	}
	if p := person.Post("/dang-nhap/doi", "name", "hoang.b", "secret", secret, "new", "ngắn", "again", "khác"); p.Status != http.StatusUnprocessableEntity || !p.Has(`id="new-why"`, `id="again-why"`) {
		t.Errorf("a bad choice: %d %s", p.Status, p.Text())
	}
	if p := person.Post("/dang-nhap/doi", "name", "hoang.b", "secret", secret, "new", "năm con ngựa", "again", "năm con ngựa", "tiep", "/ban-lam-viec/tai-khoan"); p.Header.Get("Location") != "/ban-lam-viec/tai-khoan" {
		t.Errorf("after choosing: %d %s", p.Status, p.Text())
	}
	if p := person.Get("/ban-lam-viec/tai-khoan"); p.Status != http.StatusOK || !p.Has("tyz") {
		t.Errorf("own account: %d %s", p.Status, p.Text())
	}
	if p := leader.Post("/ban-lam-viec/nguoi-dung/"+id+"/khoa", "reason", "x"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("disable without a reason: %d", p.Status)
	}
	leader.Follow(leader.Post("/ban-lam-viec/nguoi-dung/"+id+"/khoa", "reason", why))
	if p := person.Get("/ban-lam-viec/tai-khoan"); p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Header.Get("Location"), "/dang-nhap") {
		t.Errorf("the next request of a disabled person: %d %s", p.Status, p.Header.Get("Location"))
	}
}

func TestSignInPage(t *testing.T) {
	tn := demoTown(t)
	site := tn.site(t)
	wrong := func(name, secret string) string {
		t.Helper()
		p := webtest.New(t, site).Post("/dang-nhap", "name", name, "secret", secret)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("sign in as %s: %d", name, p.Status)
		}
		return p.Body
	}
	known, unknown := wrong("editor", "wrong"), wrong("nobody", "wrong")
	if strip(known) != strip(unknown) {
		t.Error("an unknown name gets another page than a known one")
	}

	c := webtest.New(t, site).As("planted-by-somebody")
	p := c.Post("/dang-nhap", "name", "editor", "secret", DemoPassword, "tiep", "https://elsewhere.example/")
	if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/" {
		t.Errorf("sign in: %d to %q, want home for a foreign address", p.Status, p.Header.Get("Location"))
	}
	if cookie := p.Header.Get("Set-Cookie"); strings.Contains(cookie, "planted") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("the session's cookie is %q", cookie)
	}
	if p := c.Get("/dang-nhap"); p.Header.Get("Location") != "/ban-lam-viec" {
		t.Errorf("sign-in page of who is signed in: %d", p.Status)
	}
	c.Follow(c.Post("/dang-xuat"))
	if p := c.Get("/ban-lam-viec/tai-khoan"); p.Status != http.StatusSeeOther {
		t.Errorf("after signing out: %d", p.Status)
	}
	if p := webtest.New(t, site).CrossSite().Post("/dang-nhap", "name", "editor", "secret", DemoPassword); p.Status != http.StatusForbidden {
		t.Errorf("sign in from another site: %d", p.Status)
	}
}

// strip leaves out what differs by chance.
func strip(body string) string {
	return regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(body, "")
}

func TestSecondFactorPages(t *testing.T) {
	tn := demoTown(t)
	site := tn.site(t)
	c := webtest.New(t, site).As(tn.enter(t, "dpo"))
	p := c.Get("/ban-lam-viec/tai-khoan/hai-lop")
	if p.Header.Get("Location") != "/ban-lam-viec/tai-khoan/xac-nhan?tiep=/ban-lam-viec/tai-khoan/hai-lop" {
		t.Fatalf("the second factor does not ask for the password: %d %s", p.Status, p.Header.Get("Location"))
	}
	if p := c.Post("/ban-lam-viec/tai-khoan/xac-nhan", "secret", "wrong"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", p.Status)
	}
	p = c.Follow(c.Post("/ban-lam-viec/tai-khoan/xac-nhan", "secret", DemoPassword, "tiep", "/ban-lam-viec/tai-khoan/hai-lop"))
	found := regexp.MustCompile(`name="key" value="([A-Z2-7]+)"`).FindStringSubmatch(p.Body)
	if found == nil || !p.Has(`<svg viewBox="0 0`) {
		t.Fatalf("enrolment: %d %s", p.Status, p.Text())
	}
	c.Follow(c.Post("/ban-lam-viec/tai-khoan/thong-tin", "full_name", "Lò Thị Canary", "phone", "0912 345 678"))
	if p := c.Get("/ban-lam-viec/tai-khoan/thong-tin"); !p.Has("Lò Thị Canary", "0912 345 678") {
		t.Errorf("own sealed fields: %d %s", p.Status, p.Text())
	}
	if p := c.Get("/ban-lam-viec/tai-khoan"); strings.Contains(p.Body, "Canary") || !p.Has("chủ tài khoản xem") {
		t.Errorf("own account: %s", p.Text())
	}
	if p := c.Post("/ban-lam-viec/tai-khoan/thong-tin", "phone", "gọi tôi"); p.Status != http.StatusUnprocessableEntity || !p.Has(`id="phone-why"`) {
		t.Errorf("a telephone that is none: %d", p.Status)
	}
	code, err := totp.GenerateCode(found[1], tn.now)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Post("/ban-lam-viec/tai-khoan/hai-lop", "key", found[1], "code", "000000"); p.Status != http.StatusUnprocessableEntity || !p.Has(found[1]) {
		t.Errorf("a wrong code: %d", p.Status)
	}
	if p := c.Post("/ban-lam-viec/tai-khoan/hai-lop", "key", found[1], "code", code); p.Status != http.StatusOK || strings.Count(p.Body, "<li><code>") != 10 {
		t.Errorf("the codes: %d %s", p.Status, p.Text())
	}
}

func TestPagesRender(t *testing.T) {
	tn := demoTown(t)
	site := tn.site(t)
	leader, admin := tn.enter(t, "province_leader"), tn.enter(t, "admin")
	if _, err := tn.Grant(t.Context(), tn.as(t, "province_leader2"), tn.id(t, "planner"), Wish{Role: duty.Admin, Area: tn.province, Reason: why}); err != nil {
		t.Fatal(err)
	}
	webtest.Render(t, site, "", "/dang-nhap", "/dang-nhap/pin")
	webtest.Render(t, site, leader, "/ban-lam-viec/tai-khoan", "/ban-lam-viec/tai-khoan/mat-khau", "/ban-lam-viec/tai-khoan/xac-nhan", "/ban-lam-viec/nguoi-dung",
		"/ban-lam-viec/nguoi-dung?q=ed", "/ban-lam-viec/nguoi-dung?q=khong-co", "/ban-lam-viec/nguoi-dung/them", "/ban-lam-viec/nguoi-dung/"+string(tn.id(t, "speaker")),
		"/ban-lam-viec/cap-lai-ma", "/ban-lam-viec/cu-nguoi-thay", "/ban-lam-viec/de-nghi")
	webtest.Render(t, site, admin, "/ban-lam-viec/nguoi-dung", "/ban-lam-viec/nguoi-dung/"+string(tn.id(t, "planner")), "/ban-lam-viec/de-nghi", "/ban-lam-viec/cap-lai-ma")
	webtest.Render(t, site, tn.enter(t, "commune_officer"), "/ban-lam-viec/cap-lai-ma")
	webtest.Render(t, site, tn.enter(t, "commune_leader"), "/ban-lam-viec/cu-nguoi-thay", "/ban-lam-viec/nguoi-dung")
	webtest.Render(t, site, tn.enter(t, "relay"), "/ban-lam-viec/tai-khoan", "/ban-lam-viec/tai-khoan/mat-khau")

	fresh := open(t, dbtest.SQLite(t))
	empty := fresh.site(t)
	webtest.Render(t, empty, "", "/khoi-dau")
	code, _, err := fresh.FirstRunCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, empty)
	if p := c.Post("/khoi-dau", "code", "wrong", "name1", "a.b.c", "name2", "d.e.f", "name3", "g.h.i"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("first run with a wrong code: %d", p.Status)
	}
	if p := c.Post("/khoi-dau", "code", code, "name1", "a.b.c", "name2", "d.e.f", "name3", "g.h.i"); p.Status != http.StatusOK || !p.Has("a.b.c", "g.h.i") {
		t.Errorf("first run: %d %s", p.Status, p.Text())
	}
	if p := c.Get("/khoi-dau"); p.Status != http.StatusGone {
		t.Errorf("first run again: %d", p.Status)
	}
}

// Every route as every duty, against the table of the tests.
func TestGuard(t *testing.T) {
	tn := demoTown(t)
	site := tn.site(t)
	people := []webtest.Person{{Name: "visitor"}}
	roles := map[string]duty.Role{}
	for _, p := range DemoSignIns() {
		if !strings.HasSuffix(p.Name, "2") {
			people = append(people, webtest.Person{Name: p.Name, Token: tn.enter(t, p.Name)})
			roles[p.Name] = p.Role
		}
	}
	table := readTable(t)
	// Here is who gets in at all; no form is whole and no thing is there. Signing out is left out: it would end the knocking.
	knock := func(r web.Route, _ webtest.Person) []string {
		if r.Pattern == "POST /dang-xuat" {
			return nil
		}
		return []string{webtest.Fill(r.Pattern)}
	}
	webtest.Guard(t, site, people, knock,
		func(r web.Route, p webtest.Person, _ string) webtest.Answer {
			switch {
			case r.Act == duty.Public:
				return webtest.Enters
			case p.Token == "":
				return webtest.SignsIn
			case table[string(r.Act)+" "+string(roles[p.Name])] == "none":
				return webtest.Refused
			}
			return webtest.Enters
		})
}

// readTable reads the scopes of the catalogue's copy, which the code that decides does not read.
func readTable(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("../app/testdata/duties.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for _, row := range rows[1:] {
		table[row[0]+" "+row[4]] = row[5]
	}
	return table
}
