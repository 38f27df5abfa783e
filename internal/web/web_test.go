package web_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// people is a fake of the accounts: token, who.
type people map[string]duty.Actor

func (p people) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := p[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "duty.unauthenticated")
}

var now = time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)

type fixture struct {
	site    *web.Site
	commits uint64
	now     time.Time
	shown   int
}

var templates = fstest.MapFS{
	"page/plain.html": {Data: []byte(`{{define "content"}}<h1>{{t "app.name"}} {{.Word}}</h1>{{end}}`)},
	"page/form.html": {Data: []byte(`{{define "content"}}<h1>Form</h1>{{template "errors"}}<form method="post">{{key}}` +
		`<div class="field {{bad "title"}}">{{why "title"}}<input id="title" name="title" value="{{.Word}}" {{aria "title" "hint"}}></div></form>{{end}}`)},
}

type plain struct{ Word string }

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{now: now}
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return f.now }
	f.site, err = web.New(web.Options{
		Text: text, Policy: duty.New(nil, clock), Now: clock, Province: "Lạng Sơn", Demo: true,
		Commits: func() uint64 { return f.commits },
		Accounts: people{
			"editor": {ID: "a1", Name: "Minh hoạ: Biên tập", Grants: []duty.Grant{{Role: duty.Editor, Area: "20@20250701"}}},
			"admin":  {ID: "a2", Name: "Minh hoạ: Quản trị", Grants: []duty.Grant{{Role: duty.Admin}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	room := f.site.Room("test", fs.FS(templates))
	show := func(w http.ResponseWriter, r *http.Request) error {
		f.shown++
		return room.Show(w, r, "plain", web.Meta{Title: "Thử"}, plain{strings.Repeat("chữ ", 200)})
	}
	f.site.Handle("GET /thu", duty.Public, show)
	f.site.Handle("GET /ban-lam-viec/thu", duty.BulletinWrite, func(w http.ResponseWriter, r *http.Request) error {
		return room.Show(w, r, "form", web.Meta{Title: "Thử", Desk: true}, plain{"<b>"})
	})
	f.site.Handle("POST /ban-lam-viec/thu", duty.BulletinWrite, func(w http.ResponseWriter, r *http.Request) error {
		if r.FormValue("title") == "" {
			return room.Form(w, r, "form", web.Meta{Title: "Thử", Desk: true}, plain{}, fault.Field("title", "error.required"))
		}
		web.Flash(r, "ok", "common.saved", "Time", "09:42")
		return web.Redirect(w, r, r.FormValue("to"))
	})
	f.site.Handle("POST /tep", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		u, err := web.Upload(r, "file", 1000)
		if err != nil {
			return room.Form(w, r, "form", web.Meta{}, plain{}, err)
		}
		return web.JSON(w, r, u)
	})
	f.site.Handle("GET /hong", duty.Public, func(http.ResponseWriter, *http.Request) error { return errors.New("secret cause") })
	f.site.Handle("GET /sap", duty.Public, func(http.ResponseWriter, *http.Request) error { panic("secret cause") })
	f.site.Handle("GET /day", duty.Public, func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.Storage, "db.full")
	})
	f.site.Handle("GET /api/v1/mat", duty.Public, func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "db.not_found")
	})
	f.site.Handle("GET /thu-file", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		return web.File(w, r, "Giá chợ \"1\".svg", "image/svg+xml", now, strings.NewReader("<svg/>"), false)
	})
	return f
}

func TestPublicPage(t *testing.T) {
	f := newFixture(t)
	page := webtest.New(t, f.site).Get("/thu")
	if page.Status != http.StatusOK || !page.Has("<title>Thử – Bản Làng Lạng Sơn</title>", `class="demo"`, "Bản Làng chữ") {
		t.Fatalf("GET /thu: %d %s", page.Status, page.Body)
	}
	if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
	if page := webtest.New(t, f.site).In("en").Get("/thu"); !page.Has(`<html lang="en">`, "Banlang chữ") {
		t.Errorf("in English: %s", page.Body)
	}
	webtest.Render(t, f.site, "", "/thu")
	webtest.Render(t, f.site, "editor", "/thu", "/ban-lam-viec/thu")
}

func TestKeptPages(t *testing.T) {
	f := newFixture(t)
	c := webtest.New(t, f.site)
	ask := func(why string, made int, change func()) {
		t.Helper()
		before := f.shown
		if change != nil {
			change()
		}
		if page := c.Get("/thu"); page.Status != http.StatusOK || !page.Has("chữ chữ") {
			t.Fatalf("%s: %d", why, page.Status)
		}
		if got := f.shown - before; got != made {
			t.Errorf("%s: made %d times, want %d", why, got, made)
		}
	}
	ask("the first time", 1, nil)
	ask("again at once", 0, nil)
	ask("after a commit", 1, func() { f.commits++ })
	ask("again", 0, nil)
	ask("after three seconds", 1, func() { f.now = f.now.Add(3 * time.Second) })
	ask("in another language", 1, func() { c.In("en") })
	ask("as an officer", 1, func() { c.In("vi").As("editor") })
	ask("as the officer again", 1, nil)
	if page := c.Get("/thu"); page.Header.Get("Cache-Control") != "no-store" || !page.Has(`href="/ban-lam-viec"`) {
		t.Errorf("an officer's page may be stored: %v", page.Header)
	}

	c.As("gone")
	ask("with a session that has ended", 1, nil)
	ask("as a reader again", 1, nil)
	ask("as any other reader", 0, nil)

	first := webtest.New(t, f.site).Get("/thu")
	r := httptest.NewRequest(http.MethodGet, "/thu", nil)
	r.Header.Set("If-None-Match", first.Header.Get("Etag"))
	if page := webtest.New(t, f.site).Do(r); page.Status != http.StatusNotModified || page.Body != "" {
		t.Errorf("with the ETag of the page: %d", page.Status)
	}
}

func TestCompression(t *testing.T) {
	f := newFixture(t)
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd": "br", "gzip;q=1.0, zstd": "zstd", "gzip": "gzip", "identity": "", "br;q=0, gzip": "gzip", "": "",
	} {
		for _, path := range []string{"/thu", f.site.Asset("banlang.css")} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Accept-Encoding", accept)
			if got := webtest.New(t, f.site).Do(r).Header.Get("Content-Encoding"); got != want {
				t.Errorf("GET %s accepting %q: %q, want %q", path, accept, got, want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/khong-co", 404, "Tìm lại ở đây"},
		{"POST", "/thu", 405, "Gửi chưa đúng cách"},
		{"GET", "/hong", 500, "Thử lại sau 1 phút"},
		{"GET", "/sap", 500, "Thử lại sau 1 phút"},
		{"GET", "/day", 507, "Vẫn đọc được"},
	} {
		page := webtest.New(t, f.site).Do(httptest.NewRequest(c.method, c.path, nil))
		if page.Status != c.status || !page.Has(c.says, page.Header.Get("X-Request-Id")) || page.Has("secret") {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, page.Status, c.status, page.Text())
		}
	}
	page := webtest.New(t, f.site).Get("/api/v1/mat")
	if page.Status != 404 || page.Header.Get("Content-Type") != "application/problem+json" || !page.Has(`"key":"db.not_found"`) {
		t.Errorf("API: %d %s", page.Status, page.Body)
	}
}

func TestForms(t *testing.T) {
	f := newFixture(t)
	c := webtest.New(t, f.site).As("editor")
	if page := c.Get("/ban-lam-viec/thu"); !page.Has(`name="_key" value="`, `value="&lt;b&gt;"`, `aria-describedby="hint"`, "Biên tập") {
		t.Fatalf("form: %s", page.Body)
	}
	page := c.Post("/ban-lam-viec/thu", "title", "")
	if page.Status != http.StatusUnprocessableEntity || !page.Has(`id="title-why"`, `aria-invalid="true"`, `field bad`, `href="#title"`) {
		t.Errorf("empty form: %d %s", page.Status, page.Body)
	}
	page = c.Post("/ban-lam-viec/thu", "title", "x", "to", "/thu")
	if page.Status != http.StatusSeeOther || page.Header.Get("Location") != "/thu" {
		t.Fatalf("saved form: %d %v", page.Status, page.Header)
	}
	if page := c.Follow(page); !page.Has("Đã lưu lúc 09:42") {
		t.Errorf("no notice: %s", page.Text())
	}
	if page := c.Get("/thu"); page.Has("Đã lưu lúc") {
		t.Errorf("the notice stays: %s", page.Text())
	}
	for _, evil := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", "evil"} {
		if page := c.Post("/ban-lam-viec/thu", "title", "x", "to", evil); page.Header.Get("Location") != "/" {
			t.Errorf("redirect to %q: %q", evil, page.Header.Get("Location"))
		}
	}
}

func TestGuard(t *testing.T) {
	f := newFixture(t)
	who := []webtest.Person{{Name: "visitor"}, {Name: "editor", Token: "editor"}, {Name: "admin", Token: "admin"}, {Name: "ended session", Token: "gone"}}
	webtest.Guard(t, f.site, who, nil, func(r web.Route, p webtest.Person, _ string) webtest.Answer {
		switch {
		case r.Act == duty.Public, p.Name == "editor":
			return webtest.Enters
		case p.Name == "admin":
			return webtest.Refused
		}
		return webtest.SignsIn
	})
	page := webtest.New(t, f.site).Get("/ban-lam-viec/thu?a=1")
	if got := page.Header.Get("Location"); got != "/dang-nhap?tiep=%2Fban-lam-viec%2Fthu%3Fa%3D1" {
		t.Errorf("sent to %q", got)
	}
}

// A key counts for one person and one address: nobody uses up another's, and a form is not taken for another one.
func TestKeyIsOnesOwn(t *testing.T) {
	f := newFixture(t)
	tell := func(w http.ResponseWriter, r *http.Request) error { return web.JSON(w, r, web.Key(r)) }
	f.site.Handle("POST /duyet/{id}", duty.Public, tell)
	seen := map[string]string{}
	for _, c := range []struct{ token, path string }{{"editor", "/duyet/1"}, {"editor", "/duyet/2"}, {"admin", "/duyet/1"}, {"", "/duyet/1"}} {
		key := webtest.New(t, f.site).As(c.token).Post(c.path, "_key", "bulletin.replace/1").Body
		if again := webtest.New(t, f.site).As(c.token).Post(c.path, "_key", "bulletin.replace/1").Body; again != key {
			t.Errorf("%v: sent again it is %s, not %s", c, again, key)
		}
		if strings.Contains(key, "replace") || seen[key] != "" {
			t.Errorf("%v: the key %s is what was sent, or that of %s", c, key, seen[key])
		}
		seen[key] = c.token + c.path
	}
	if none := webtest.New(t, f.site).Post("/duyet/1").Body; strings.TrimSpace(none) != `""` {
		t.Errorf("no key is %s, want none", none)
	}
}

// What no keyboard writes does not reach a use case.
func TestBytesThatNobodyTypes(t *testing.T) {
	f := newFixture(t)
	tell := func(w http.ResponseWriter, r *http.Request) error {
		return web.JSON(w, r, r.URL.Query().Get("q")+"|"+r.PostFormValue("name")+"|"+r.FormValue("name"))
	}
	f.site.Handle("GET /noi/{id}", duty.Public, tell)
	f.site.Handle("POST /noi/{id}", duty.Public, tell)
	c := webtest.New(t, f.site)
	for path, status := range map[string]int{"/noi/%00": 404, "/noi/%ff": 404, "/noi/%E1%BA%A1": 200} {
		if p := c.Get(path); p.Status != status {
			t.Errorf("%s: %d, want %d", path, p.Status, status)
		}
	}
	for _, p := range []webtest.Page{
		c.Post("/noi/1?q=%E1%BA%A1%00%ff+b", "name", "b\x00ản\xff"),
		c.Upload("/noi/1?q=%E1%BA%A1%00%ff+b", "file", "a.txt", []byte("a"), "name", "b\x00ản\xff"),
	} {
		if got := strings.TrimSpace(p.Body); got != `"ạ b|bản|bản"` {
			t.Errorf("what arrives: %d %s", p.Status, got)
		}
	}
}

// No cell of a download runs in a spreadsheet, and no number becomes a text.
func TestCSVIsInert(t *testing.T) {
	f := newFixture(t)
	row := []string{"=1+1", "+1;cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\x00=1", "-2.5", "+3", "", "chữ =1", "'=1"}
	f.site.Handle("GET /bang.csv", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		return web.CSV(w, r, "bảng.csv", [][]string{{"đầu"}, row})
	})
	p := webtest.New(t, f.site).Get("/bang.csv")
	if h := p.Header.Get("Content-Type") + p.Header.Get("Content-Disposition"); !strings.Contains(h, "text/csv") || !strings.Contains(h, "attachment") {
		t.Errorf("headers: %s", h)
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.Body, "\uFEFF")))
	in.FieldsPerRecord = -1
	got, err := in.ReadAll()
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, cell := range got[1] {
		want := row[i]
		if i < 8 {
			want = "'" + want
		}
		if cell != want && cell != strings.ReplaceAll(want, "\r", "") {
			t.Errorf("%q came out as %q", row[i], cell)
		}
	}
}

// Who sends too much is told so, over a real line too, where a connection that is cut early hides the answer.
func TestTooMuchIsAnswered(t *testing.T) {
	f := newFixture(t)
	f.site.Upload = 16 << 20
	server := httptest.NewServer(f.site)
	defer server.Close()
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n" + strings.Repeat("a", 30<<20) + "\r\n--b--\r\n"
	line, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	_, err = fmt.Fprintf(line, "POST /tep HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if err != nil {
		t.Fatalf("the line was cut: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(line), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d, %v, want 413", answer.StatusCode, err)
	}
}

// Behind a TLS end that says nothing of itself, the set-up says it.
func TestSecureBySetUp(t *testing.T) {
	f := newFixture(t)
	f.site.Secure = true
	f.site.Handle("POST /vao", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		web.SignIn(w, r, "token")
		return web.Redirect(w, r, "/")
	})
	h := webtest.New(t, f.site).Post("/vao").Header
	if c := h.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-") || !strings.Contains(c, "; Secure") || h.Get("Strict-Transport-Security") == "" {
		t.Errorf("cookie %q, transport %q", c, h.Get("Strict-Transport-Security"))
	}
}

func TestRateLimit(t *testing.T) {
	f := newFixture(t)
	c := webtest.New(t, f.site)
	refused := 0
	for range 40 {
		if page := c.Post("/dang-nhap"); page.Status == http.StatusTooManyRequests {
			refused++
			if page.Header.Get("Retry-After") == "" || !page.Has("Đợi một phút") {
				t.Fatalf("429: %s", page.Text())
			}
		}
	}
	if refused != 20 {
		t.Errorf("%d of 40 attempts to sign in refused, want 20", refused)
	}
	if page := c.Get("/thu"); page.Status != http.StatusOK {
		t.Errorf("reading is limited: %d", page.Status)
	}
}

func TestUpload(t *testing.T) {
	f := newFixture(t)
	c := webtest.New(t, f.site)
	for _, x := range []struct {
		name, file string
		content    []byte
		status     int
		want       string
	}{
		{"a sound", "thu âm.mp3", []byte("ID3\x03rest"), 200, `"Type":"audio/mpeg"`},
		{"a script named as a picture", "a.png", []byte("<SVG onload=alert(1)>"), 200, `"Type":"image/svg+xml"`},
		{"a path for a name", `..\..\etc\passwd`, []byte("text"), 200, `"Name":"passwd"`},
		{"marks that turn the name around", "a\u202egpj.exe", []byte("text"), 200, `"Name":"agpj.exe"`},
		{"nothing in it", "a.mp3", nil, 422, "Tệp rỗng"},
		{"too much in it", "a.mp3", make([]byte, 2000), 422, "Tệp nặng 2 kB, quá mức 1 kB"},
	} {
		t.Run(x.name, func(t *testing.T) {
			page := c.Upload("/tep", "file", x.file, x.content)
			if page.Status != x.status || !page.Has(x.want) {
				t.Errorf("%d %s, want %d with %q", page.Status, page.Body, x.status, x.want)
			}
		})
	}
	if page := c.Upload("/tep", "other", "a", []byte("a")); page.Status != 422 || !page.Has("Chưa chọn tệp") {
		t.Errorf("no file: %d %s", page.Status, page.Text())
	}
	if page := c.Post("/tep", "x", strings.Repeat("a", 2<<20)); page.Status != http.StatusRequestEntityTooLarge || !page.Has("1 MB") {
		t.Errorf("a huge form: %d %s", page.Status, page.Text())
	}
	r := httptest.NewRequest(http.MethodPost, "/tep", strings.NewReader("--x\r\nbroken"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if page := c.Do(r); page.Status != 422 || !page.Has("không trọn") {
		t.Errorf("a broken form: %d %s", page.Status, page.Text())
	}
}

func TestFile(t *testing.T) {
	f := newFixture(t)
	page := webtest.New(t, f.site).Get("/thu-file")
	if got := page.Header.Get("Content-Disposition"); got != `attachment; filename="Gi_ ch_ 1.svg"; filename*=utf-8''Gi%C3%A1%20ch%E1%BB%A3%201.svg` {
		t.Errorf("disposition %q", got)
	}
	r := httptest.NewRequest(http.MethodGet, "/thu-file", nil)
	r.Header.Set("Range", "bytes=1-3")
	if page := webtest.New(t, f.site).Do(r); page.Status != http.StatusPartialContent || page.Body != "svg" {
		t.Errorf("range: %d %q", page.Status, page.Body)
	}
}

func TestSystemRoutes(t *testing.T) {
	f := newFixture(t)
	c := webtest.New(t, f.site)
	c.Get("/thu?q=bimat")
	if page := c.Get("/livez"); page.Body != "ok\n" {
		t.Errorf("livez %d %q", page.Status, page.Body)
	}
	if page := c.Get("/readyz"); page.Status != 200 {
		t.Errorf("readyz %d", page.Status)
	}
	if page := c.Get("/metrics"); page.Status != http.StatusNotFound {
		t.Errorf("metrics from outside: %d", page.Status)
	}
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:5"
	page := c.Do(r)
	if page.Status != 200 || !page.Has(`banlang_requests_total{route="GET /thu"`) || page.Has("bimat") {
		t.Errorf("metrics: %d %s", page.Status, page.Body)
	}
}

func TestKeptDownloadKeepsItsName(t *testing.T) {
	site := newFixture(t).site
	site.Handle("GET /bang.csv", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		web.Attach(w, "bang.csv")
		return web.Bytes(w, r, "text/csv; charset=utf-8", []byte("a,b\n"))
	})
	for range 2 {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/bang.csv", nil))
		if got := w.Header().Get("Content-Disposition"); !strings.Contains(got, "bang.csv") {
			t.Errorf("Content-Disposition = %q, want the file's name each time", got)
		}
	}
}
