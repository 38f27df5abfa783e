package app

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"banlang/internal/account"
	"banlang/internal/config"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web/webtest"
)

// scopes is testdata/duties.csv: the table that people agreed on, which the deciding code never reads. act, then role, gives scope.
func scopes(t *testing.T) map[string]map[string]string {
	t.Helper()
	f, err := os.Open("testdata/duties.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]map[string]string{}
	for _, row := range rows[1:] {
		act, role, scope := row[0], row[4], row[5]
		if table[act] == nil {
			table[act] = map[string]string{}
		}
		table[act][role] = scope
	}
	return table
}

// demonstration is a house with the people of the demonstration.
func demonstration(t *testing.T) *House {
	t.Helper()
	dir := t.TempDir()
	h, err := open(t.Context(), config.Config{Data: dir, Province: "20"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.accounts.SeedDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// Every registered route, asked by a visitor and by a holder of every duty, opens for just those to whom the table gives its act
// (R6). A route whose act is not in the table fails.
func TestEveryRouteOpensForWhomTheTableNames(t *testing.T) {
	h := demonstration(t)
	site, err := h.site(true)
	if err != nil {
		t.Fatal(err)
	}
	table := scopes(t)
	guarded := h.text.Text(i18n.Default, "error.forbidden")
	people := append([]account.DemoSignIn{{Role: duty.Visitor}}, account.DemoSignIns()...)
	for j, person := range people {
		token := ""
		for i, route := range site.Routes() {
			if person.Name != "" && token == "" {
				token, err = h.accounts.SignIn(t.Context(), account.Try{Name: person.Name, Secret: person.Secret, Address: fmt.Sprint("test", j, i)})
				if err != nil {
					t.Fatalf("%s: %v", person.Name, err)
				}
			}
			opens := route.Act == duty.Public
			if !opens {
				row, ok := table[string(route.Act)]
				if !ok {
					t.Fatalf("route %s has the act %q, which is not in the table", route.Pattern, route.Act)
				}
				opens = row[string(person.Role)] != "none" && row[string(person.Role)] != ""
			}
			method, _, _ := strings.Cut(route.Pattern, " ")
			ask := func(c *webtest.Client) webtest.Page {
				r := httptest.NewRequest(method, webtest.Fill(route.Pattern), strings.NewReader(""))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", j+1, i/250, i%250)
				return c.Do(r)
			}
			page := ask(webtest.New(t, site).As(token))
			leaves := strings.Contains(route.Pattern, "/dang-xuat")
			signsIn := page.Status == http.StatusUnauthorized || page.Status == http.StatusSeeOther && strings.HasPrefix(page.Header.Get("Location"), "/dang-nhap") && !leaves
			refused := signsIn || page.Status == http.StatusForbidden && strings.Contains(page.Text(), guarded)
			switch {
			case !opens && !signsIn && page.Status != http.StatusForbidden:
				t.Errorf("%s opened for %s (%d), whom the table does not give %s", route.Pattern, person.Role, page.Status, route.Act)
			case opens && refused:
				t.Errorf("%s refused %s (%d), whom the table gives %s", route.Pattern, person.Role, page.Status, route.Act)
			}
			if method == http.MethodPost {
				if page := ask(webtest.New(t, site).As(token).CrossSite()); page.Status != http.StatusForbidden {
					t.Errorf("%s from another site as %s: %d, want 403", route.Pattern, person.Role, page.Status)
				}
			}
			if leaves {
				token = "" // signed out: the next route is asked in a new session
			}
		}
	}
}

// Every act x duty x area, on the real tree of places: a thing of one's own commune, of another commune, of another province, of
// the whole country, and one's own record.
func TestEveryActEndsWhereTheTableSays(t *testing.T) {
	h := demonstration(t)
	id := func(code string) string {
		u, err := h.places.At(code, h.places.Today())
		if err != nil {
			t.Fatal(err)
		}
		return string(u.ID)
	}
	own, other, province, far := id("06325"), id("06196"), id("20"), id("04")
	const village = "v1"
	things := []struct {
		name   string
		thing  duty.Thing
		within map[string]bool // scopes that reach it
	}{
		{"own village", duty.Thing{Area: own, Village: village}, set("own_village", "own_commune", "own_province", "all", "public")},
		{"own commune", duty.Thing{Area: own}, set("own_commune", "own_province", "all", "public")},
		{"another commune", duty.Thing{Area: other, Village: "v2"}, set("own_province", "all", "public")},
		{"the province", duty.Thing{Area: province}, set("own_province", "all", "public")},
		{"another province", duty.Thing{Area: far}, set("all", "public")},
		{"the country", duty.Thing{}, set("all", "public")},
		{"own record", duty.Thing{Area: far, Owner: "me"}, set("own_record", "all", "public")},
	}
	areas := map[string]string{"village": own, "commune": own, "province": province}
	for act, row := range scopes(t) {
		for role, scope := range row {
			g := duty.Grant{Role: duty.Role(role), Area: areas[duty.Role(role).Level()], Village: village, Langs: []string{"tyz"}}
			actor := duty.Actor{ID: "me", Grants: []duty.Grant{g}}
			if role == string(duty.Visitor) {
				actor.Grants = nil
			}
			for _, c := range things {
				c.thing.Lang = "tyz"
				want := c.within[scope]
				err := h.policy.Permit(actor, duty.Act(act), c.thing)
				if got := err == nil; got != want {
					t.Errorf("%s by %s (%s) on %s: %v, want allowed %v", act, role, scope, c.name, err, want)
				}
				if err != nil && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s by %s on %s: %v, want a fault of kind Forbidden", act, role, c.name, err)
				}
			}
		}
	}
}

func set(names ...string) map[string]bool {
	all := map[string]bool{}
	for _, n := range names {
		all[n] = true
	}
	return all
}
