// Package webtest asks a site for pages as a browser without script would, and guards its routes.
package webtest

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"banlang/internal/web"
)

// A Client is one browser: it keeps its cookies. Nothing goes over a network.
type Client struct {
	t       testing.TB
	site    http.Handler
	cookies map[string]string
	cross   bool
}

// A Page is what came back.
type Page struct {
	Status int
	Header http.Header
	Body   string
}

// New opens a browser on the site.
func New(t testing.TB, site http.Handler) *Client {
	return &Client{t: t, site: site, cookies: map[string]string{}}
}

// As gives the browser a session token, as if its owner had signed in. An empty token signs out.
func (c *Client) As(token string) *Client {
	if token == "" {
		delete(c.cookies, "banlang_session")
		return c
	}
	c.cookies["banlang_session"] = token
	return c
}

// In sets the interface language and the languages heard, as the language page does.
func (c *Client) In(ui string, heard ...string) *Client {
	if len(heard) == 0 {
		heard = []string{"vi"}
	}
	c.cookies["banlang_reader"] = ui + "." + strings.Join(heard, "+") + ".vi"
	return c
}

// CrossSite makes the next requests come from a page of another site.
func (c *Client) CrossSite() *Client { c.cross = true; return c }

// Get asks for a page.
func (c *Client) Get(path string) Page {
	c.t.Helper()
	return c.Do(httptest.NewRequest(http.MethodGet, path, nil))
}

// Post sends a form. Pairs are names and values.
func (c *Client) Post(path string, pairs ...string) Page {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(r)
}

// Upload sends a form with one file.
func (c *Client) Upload(path, field, name string, content []byte, pairs ...string) Page {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
			c.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		c.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return c.Do(r)
}

// Do sends any request with the browser's cookies, and keeps those that come back.
func (c *Client) Do(r *http.Request) Page {
	c.t.Helper()
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if c.cross {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://elsewhere.example")
	}
	w := httptest.NewRecorder()
	c.site.ServeHTTP(w, r)
	answer := w.Result()
	for _, cookie := range answer.Cookies() {
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		} else {
			c.cookies[cookie.Name] = cookie.Value
		}
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Page{answer.StatusCode, answer.Header, string(body)}
}

// Follow goes where a page sends the browser.
func (c *Client) Follow(p Page) Page {
	c.t.Helper()
	to := p.Header.Get("Location")
	if to == "" {
		c.t.Fatalf("no redirect but %d: %s", p.Status, p.Text())
	}
	return c.Get(to)
}

var (
	tag   = regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<[^>]*>`)
	space = regexp.MustCompile(`\s+`)
)

// Text is the page's words without its marks.
func (p Page) Text() string {
	return strings.TrimSpace(space.ReplaceAllString(tag.ReplaceAllString(p.Body, " "), " "))
}

// Has tells whether the page contains every one of the texts.
func (p Page) Has(texts ...string) bool {
	for _, text := range texts {
		if !strings.Contains(p.Body, text) {
			return false
		}
	}
	return true
}

// flaws are what no page may show: a message that is missing, a template's mistake, something that a strict policy would stop.
var flaws = []string{"⟦", "%!", "&lt;no value&gt;", "ZgotmplZ", " style=\"", " onclick=", "<style", "javascript:"}

// Render asks for each address in each interface language and refuses what no page may show.
func Render(t *testing.T, site http.Handler, token string, paths ...string) {
	t.Helper()
	for _, lang := range []string{"vi", "en"} {
		for _, path := range paths {
			page := New(t, site).As(token).In(lang).Get(path)
			if page.Status != http.StatusOK {
				t.Errorf("GET %s in %s: %d, want 200: %s", path, lang, page.Status, page.Text())
				continue
			}
			for _, flaw := range flaws {
				if at := strings.Index(page.Body, flaw); at >= 0 {
					t.Errorf("GET %s in %s shows %q: …%s…", path, lang, flaw, page.Body[max(0, at-60):min(len(page.Body), at+60)])
				}
			}
			if n := strings.Count(page.Body, "<h1"); n != 1 && strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
				t.Errorf("GET %s in %s has %d h1, want 1", path, lang, n)
			}
		}
	}
}

// A Person is who knocks at every door: signed in with Token, or a visitor without one.
type Person struct{ Name, Token string }

// An Answer is what the guard may say.
type Answer string

// The answers: let in (whatever the handler then says, but not 401 or 403), refused, or sent to sign in.
const (
	Enters  Answer = "enters"
	Refused Answer = "is refused"
	SignsIn Answer = "is sent to sign in"
)

// Guard knocks at every registered route as every person and compares with want, which must come from a table kept apart from
// the code that decides. fill gives the concrete addresses of a route, for example one thing within the person's area and one
// outside; nil fills every wildcard with "x". Every form is also sent from another site and must be refused.
func Guard(t *testing.T, site *web.Site, people []Person, fill func(web.Route, Person) []string, want func(web.Route, Person, string) Answer) {
	t.Helper()
	if fill == nil {
		fill = func(r web.Route, _ Person) []string { return []string{Fill(r.Pattern)} }
	}
	for i, route := range site.Routes() {
		method, _, _ := strings.Cut(route.Pattern, " ")
		for j, person := range people {
			for _, path := range fill(route, person) {
				ask := func(c *Client) Page {
					r := httptest.NewRequest(method, path, strings.NewReader(""))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					r.RemoteAddr = netAddress(i, j)
					return c.Do(r)
				}
				page := ask(New(t, site).As(person.Token))
				if got, wanted := answer(page), want(route, person, path); got != wanted {
					t.Errorf("%s %s as %s (act %s): %s with %d, want %s", method, path, person.Name, route.Act, got, page.Status, wanted)
				}
				if method == http.MethodGet {
					continue
				}
				if page := ask(New(t, site).As(person.Token).CrossSite()); page.Status != http.StatusForbidden {
					t.Errorf("%s %s as %s from another site: %d, want 403", method, path, person.Name, page.Status)
				}
			}
		}
	}
}

// Fill replaces the wildcards of a pattern by "x".
func Fill(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	return wildcard.ReplaceAllString(path, "x")
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

func netAddress(i, j int) string {
	return fmt.Sprintf("10.%d.%d.%d:1234", i/250, i%250, j%250+1)
}

func answer(p Page) Answer {
	switch {
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusSeeOther && strings.HasPrefix(p.Header.Get("Location"), "/dang-nhap"):
		return SignsIn
	case p.Status == http.StatusForbidden:
		return Refused
	}
	return Enters
}
