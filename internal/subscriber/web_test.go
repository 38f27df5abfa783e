package subscriber

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// A counter is the pages with people behind them, and the phones that notices go to.
type counter struct {
	*testing.T
	desk   *Desk
	site   *web.Site
	phones map[string][]string
	clock  time.Time
	commune,
	other place.ID
}

type tokens map[string]duty.Actor

func (t tokens) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := t[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

func newCounter(t *testing.T, d *db.DB) *counter {
	t.Helper()
	c := &counter{T: t, phones: map[string][]string{}, clock: time.Date(2026, 7, 5, 9, 0, 0, 0, i18n.Zone)}
	now := func() time.Time { return c.clock }
	keeper, err := privacy.OpenKeeper(t.TempDir())
	c.must(err)
	t.Cleanup(func() { keeper.Close() })
	places := place.New(d, now)
	c.must(places.ReadyOnly(t.Context(), place.LangSon))
	languages := ethnic.New(d, places, now)
	c.must(languages.Ready(t.Context()))
	for code, id := range map[string]*place.ID{"06325": &c.commune, "05977": &c.other} {
		u, err := places.At(code, places.Today())
		c.must(err)
		*id = u.ID
	}
	text, err := i18n.Load()
	c.must(err)
	policy := duty.New(places, now)
	c.desk = New(d, keeper, policy, places, languages, text, now)
	c.desk.Notify = func(_ context.Context, _ *db.Tx, n Notice) error {
		to, err := n.To.Open(keeper)
		c.phones[to] = append(c.phones[to], n.Text)
		return err
	}
	as := func(id string, g duty.Grant) duty.Actor {
		g.From = c.clock.Add(-time.Hour)
		return duty.Actor{ID: id, Name: id, Session: id, Grants: []duty.Grant{g}}
	}
	people := tokens{
		"relay":   as("relay", duty.Grant{Role: duty.Relay, Area: string(c.commune), Village: "v1"}),
		"officer": as("officer", duty.Grant{Role: duty.CommuneOfficer, Area: string(c.commune)}),
		"away":    as("away", duty.Grant{Role: duty.CommuneOfficer, Area: string(c.other)}),
		"editor":  as("editor", duty.Grant{Role: duty.Editor, Area: string(places.HomeUnit().ID)}),
	}
	c.site, err = web.New(web.Options{Text: text, Policy: policy, Now: now, Commits: d.Commits, Accounts: people, Province: "Lạng Sơn",
		Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}, {Tag: "nut", Name: "Nùng"}}})
	c.must(err)
	Mount(c.site, c.desk, []Topic{{"health", "health"}, {"disaster", "disaster-flood"}})
	return c
}

// village enters one in the list of the commune.
func (c *counter) village(id string) {
	c.Helper()
	_, err := db.Exec(c.Context(), c.desk.db, `INSERT INTO place_village (id, unit, kind, name, folded, sort_key, decision, decided, from_day, state, entered_by, entered)
		VALUES ($1, $2, 'thôn', $1, $1, $1, '1/QĐ', 1, 1, 'in_force', 'test', 1)`, id, string(c.commune))
	c.must(err)
}

func (c *counter) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// wants checks an answer, and that it tells the address nowhere.
func (c *counter) wants(what string, p webtest.Page, status int, texts ...string) {
	c.Helper()
	if p.Status != status || !p.Has(texts...) {
		c.Errorf("%s: %d, want %d with %q: %s", what, p.Status, status, texts, p.Text())
	}
	var all strings.Builder
	all.WriteString(p.Body)
	for name, values := range p.Header {
		all.WriteString(name + strings.Join(values, "\n"))
	}
	for _, told := range []string{"961234567", "961 234 567"} {
		if strings.Contains(all.String(), told) {
			c.Errorf("%s shows the number: %s", what, p.Text())
		}
	}
}

const number = "0961 234 567" // nobody's: the tests send nothing

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code is the last one that came to the number.
func (c *counter) code() string {
	c.Helper()
	got := c.phones["+84961234567"]
	if len(got) == 0 || sixDigits.FindString(got[len(got)-1]) == "" {
		c.Fatalf("no code came to the number: %q", got)
	}
	return sixDigits.FindString(got[len(got)-1])
}

var carries = regexp.MustCompile(`name="to" value="([^"]+)"`)

func (c *counter) carried(p webtest.Page) string {
	c.Helper()
	found := carries.FindStringSubmatch(p.Body)
	if found == nil {
		c.Fatalf("no sealed address on the page: %d %s", p.Status, p.Text())
	}
	return strings.ReplaceAll(found[1], "&#43;", "+")
}

func (c *counter) persons() int {
	c.Helper()
	found, err := Reach(c.Context(), c.desk.db, Reachable{Area: c.commune}, "", 100)
	c.must(err)
	return len(found)
}

// Somebody asks for news, proves the number, and stops: in forms without script, and no page shows the number again.
func TestJoinAndLeave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		who := webtest.New(t, c.site)
		page := who.Get("/dang-ky")
		c.wants("the form", page, 200, c.wording(), `name="agreed" value="yes" aria-describedby="wording">`, "xã Bắc Sơn", "data-push")
		fields := []string{"address", number, "place", string(c.commune), "heard", "tyz", "more", "nut", "read", "vi", "topics", "health"}

		short := who.Post("/dang-ky", fields...)
		if short.Status != 422 || !short.Has(`value="`+number+`"`, `id="agreed-why"`, `value="tyz" checked`, `value="health" checked`, `value="nut" checked`) {
			t.Errorf("without the agreement: %d, want 422 with what was typed: %s", short.Status, short.Body)
		}
		if short.Has(`name="agreed" value="yes" checked`) || len(c.phones) > 0 {
			t.Errorf("the agreement is ticked beforehand, or something was sent: %v", c.phones)
		}
		sent := who.Post("/dang-ky", append(fields, "agreed", "yes")...)
		c.wants("asking for a code", sent, 200, "…\u2060567")
		if n := c.persons(); n != 0 {
			t.Errorf("%d may be sent to before the code was given", n)
		}
		to := c.carried(sent)
		wrong := "000000"
		if c.code() == wrong {
			wrong = "000001"
		}
		c.wants("a wrong code", who.Post("/dang-ky/xac-nhan", "to", to, "code", wrong), 422, `id="code-why"`, "…\u2060567")
		c.wants("a torn page", who.Post("/dang-ky/xac-nhan", "to", to[:len(to)/2], "code", c.code()), 422)
		c.wants("the code", who.Post("/dang-ky/xac-nhan", "to", to, "code", c.code()), 200, "THOI", "…\u2060567")
		found, err := Reach(t.Context(), d, Reachable{Area: c.commune}, "", 100)
		c.must(err)
		if len(found) != 1 || strings.Join(found[0].Heard, " ") != "tyz nut" || strings.Join(found[0].Topics, " ") != "health" {
			t.Fatalf("subscribed is %+v", found)
		}

		known := who.Post("/dang-ky/thoi", "address", number)
		c.wants("asking to stop", known, 200, "…\u2060567")
		unknown := who.Post("/dang-ky/thoi", "address", "0987 654 321")
		if a, b := strings.ReplaceAll(known.Text(), "567", ""), strings.ReplaceAll(unknown.Text(), "321", ""); a != b || len(c.phones["+84987654321"]) > 0 {
			t.Errorf("a number that is not known is answered otherwise:\n%s\n%s", a, b)
		}
		c.wants("a code for an unknown number", who.Post("/dang-ky/thoi/ma", "to", c.carried(unknown), "code", "123456"), 422, `id="code-why"`)
		c.wants("a join code does not stop", who.Post("/dang-ky/thoi/ma", "to", c.carried(known), "code", ""), 422)
		c.wants("stopping", who.Post("/dang-ky/thoi/ma", "to", c.carried(known), "code", c.code()), 200, "…\u2060567")
		if n := c.persons(); n != 0 {
			t.Errorf("%d may be sent to after stopping", n)
		}
	})
}

// What is heard of the agreement is what is read: who changes the words makes the sound again.
func TestWordingIsSpoken(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	spoken, err := os.ReadFile("sound/consent-vi.txt")
	c.must(err)
	if string(spoken) != c.wording() {
		t.Error("the wording was changed: run sound/make.sh")
	}
	if p := webtest.New(t, c.site).Get("/dang-ky"); !p.Has("/static/sound/consent-vi.") {
		t.Error("the wording cannot be heard")
	}
}

func (c *counter) wording() string {
	text, _ := c.desk.Wording("vi")
	return text
}

// An officer writes an agreement down in the own commune, the person's phone is told, and nobody elsewhere can stop it or see it.
func TestAssist(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		officer, away := webtest.New(t, c.site).As("officer"), webtest.New(t, c.site).As("away")
		const to = "/ban-lam-viec/thue-bao/them"
		c.wants("the form", officer.Get(to), 200, "xã Bắc Sơn", c.wording())
		fields := []string{"address", number, "place", string(c.commune), "heard", "tyz", "read", "vi", "told", "tyz", "agreed", "yes"}
		if p := officer.Post(to, append(fields, "reason", "ngắn")...); p.Status != 422 || !p.Has(number, "ngắn", `id="reason-why"`, `<option value="tyz" selected>`) {
			t.Errorf("a reason too short: %d %s", p.Status, p.Body)
		}
		fields = append(fields, "reason", "Ký giấy tại trụ sở xã ngày 5/7, mắt kém")
		if p := away.Post(to, fields...); p.Status != 403 {
			t.Errorf("the officer of another commune: %d %s", p.Status, p.Text())
		}
		done := officer.Post(to, fields...)
		c.wants("recording it", done, http.StatusSeeOther)
		c.wants("after it", officer.Follow(done), 200, "…\u2060567")
		if len(c.phones["+84961234567"]) != 1 || c.persons() != 1 {
			t.Errorf("the phone was told %q, %d subscribed", c.phones, c.persons())
		}
		if p := away.Post("/ban-lam-viec/thue-bao/thoi", "address", number); p.Status != 422 {
			t.Errorf("stopping from another commune: %d %s", p.Status, p.Text())
		}
		if p := officer.Get("/ban-lam-viec/thue-bao/mau.csv"); p.Status != 200 || !p.Has("Điện thoại,E-mail,Xã") {
			t.Errorf("the template: %d %s", p.Status, p.Body)
		}
		c.wants("the counts", officer.Get("/ban-lam-viec/thue-bao"), 200, "Tin nhắn SMS", "Tày", "dưới 5")
		c.wants("the page of another commune", away.Get("/ban-lam-viec/thue-bao"), 200, `class="empty"`)
		stopped := officer.Post("/ban-lam-viec/thue-bao/thoi", "address", number)
		c.wants("stopping", stopped, http.StatusSeeOther)
		c.wants("after it", officer.Follow(stopped), 200, "…\u2060567")
		if n := c.persons(); n != 0 {
			t.Errorf("%d may be sent to after stopping", n)
		}
	})
}

// A relay helps people of the own village, and those alone.
func TestRelay(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	c.village("v1")
	relay, officer := webtest.New(t, c.site).As("relay"), webtest.New(t, c.site).As("officer")
	fields := func(address, village string) []string {
		return []string{"address", address, "place", string(c.commune), "village", village, "told", "tyz", "agreed", "yes", "reason", "Bà không biết chữ, nhờ ghi giúp"}
	}
	const add, stop = "/ban-lam-viec/thue-bao/them", "/ban-lam-viec/thue-bao/thoi"
	c.wants("in the own village", relay.Post(add, fields(number, "")...), http.StatusSeeOther)
	if p := relay.Post(add, fields("0961 234 568", "v2")...); p.Status != 403 {
		t.Errorf("in another village: %d %s", p.Status, p.Text())
	}
	if p := officer.Post(add, fields("0961 234 568", "v2")...); p.Status != http.StatusSeeOther {
		t.Errorf("by the officer: %d %s", p.Status, p.Text())
	}
	c.wants("stopping in another village", relay.Post(stop, "address", "0961 234 568"), 422, `id="address-why"`)
	c.wants("stopping in the own", relay.Post(stop, "address", number), http.StatusSeeOther)
	if n := c.persons(); n != 1 {
		t.Errorf("%d are left, want 1", n)
	}
}

// An e-mail address is treated as a number is, and the villages are shown without losing what was typed.
func TestEmail(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	who := webtest.New(t, c.site)
	fields := []string{"address", "Canary.Lan@example.org", "place", string(c.commune), "heard", "nut", "topics", "disaster", "village", "of another commune"}
	if p := who.Post("/dang-ky", append(fields, "do", "village")...); p.Status != 200 || !p.Has("Canary.Lan@example.org", `value="nut" checked`, `value="disaster" checked`) || p.Has(`class="why"`) {
		t.Errorf("asking for the villages: %d %s", p.Status, p.Body)
	}
	sent := who.Post("/dang-ky", append(fields, "agreed", "yes")...)
	if sent.Status != 200 || sent.Has("Lan") || sent.Has("anary") || !sent.Has("@example.org") {
		t.Errorf("asking for a code: %d %s", sent.Status, sent.Text())
	}
	kept, err := db.Value[string](t.Context(), c.desk.db, "SELECT village FROM subscriber")
	c.must(err)
	if got := c.phones["canary.lan@example.org"]; len(got) != 1 || kept != "" {
		t.Errorf("notices went to %v, the village is %q", c.phones, kept)
	}
}

// Every route lets in whom the table of duties lets in, and nobody else; every page stands in both languages.
func TestGuard(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	people := []webtest.Person{{Name: "visitor"}, {Name: "relay", Token: "relay"}, {Name: "officer", Token: "officer"}, {Name: "editor", Token: "editor"}}
	webtest.Guard(t, c.site, people, nil, func(r web.Route, p webtest.Person, _ string) webtest.Answer {
		switch {
		case r.Act == duty.Public:
			return webtest.Enters
		case p.Token == "":
			return webtest.SignsIn
		case strings.HasPrefix(string(r.Act), "consent.") && p.Name == "editor":
			return webtest.Refused
		}
		return webtest.Enters
	})
	webtest.Render(t, c.site, "", "/dang-ky", "/dang-ky?xa=06325", "/dang-ky/thoi")
	webtest.Render(t, c.site, "officer", "/ban-lam-viec/thue-bao", "/ban-lam-viec/thue-bao/them")
	webtest.Render(t, c.site, "relay", "/ban-lam-viec/thue-bao", "/ban-lam-viec/thue-bao/them")
}
