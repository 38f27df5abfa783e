package library

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// tokens gives each person the session named like them.
type tokens map[string]duty.Actor

func (t tokens) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := t[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

func (b *bench) site(t testing.TB) *web.Site {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	people := tokens{}
	for _, a := range []duty.Actor{b.librarian, b.second, b.leader, b.commune, b.editor, b.elsewhere} {
		people[a.ID] = a
	}
	s, err := web.New(web.Options{Text: text, Policy: b.policy, Now: clock, Commits: b.db.Commits, Accounts: people, Province: "Lạng Sơn"})
	if err != nil {
		t.Fatal(err)
	}
	Mount(s, b.Desk)
	return s
}

func TestPagesRender(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	s := b.site(t)
	webtest.Render(t, s, "", "/thu-vien", "/thu-vien?q=khong+co")
	webtest.Render(t, s, "librarian", "/ban-lam-viec/thu-vien")
	if err := b.SeedDemo(t.Context(), Two{b.librarian, b.second}); err != nil {
		t.Fatal(err)
	}
	id := b.opened(t, "a.txt", notice, nil)
	garbled := b.opened(t, "b.txt", "gnơưn tốđ gnôhk noc àB gnừr yáhc gnòhp", func(r *Record) { r.Title, r.Kind = "Bản chụp", "notice" })
	broken := b.deposit(t, b.librarian, "c.docx", "PK\x03\x04 broken")
	waiting := b.deposit(t, b.commune, "d.md", "# Họp thôn\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
	restricted := b.opened(t, "e.txt", "Việc riêng của làng", func(r *Record) { r.Kind, r.Access = "notice", "ask" })
	webtest.Render(t, s, "", "/thu-vien", "/thu-vien?q=chay+rung", "/thu-vien?q=rung&loai=decision_pc&nam=2026", "/thu-vien?trang=9", "/thu-vien?tieng=en", "/thu-vien?chu-de=ethnic_policy&dia-ban=x&dan-toc=y",
		id.URL(), id.URL()+"?trang=het", garbled.URL())
	webtest.Render(t, s, "librarian", "/ban-lam-viec/thu-vien", "/ban-lam-viec/thu-vien?trang-thai=read", "/ban-lam-viec/thu-vien?trang-thai=withdrawn",
		id.DeskURL(), garbled.DeskURL(), broken.DeskURL(), waiting.DeskURL(), restricted.DeskURL(), id.DeskURL()+"/rut", restricted.DeskURL()+"/han-che")
	webtest.Render(t, s, "leader", id.URL(), id.DeskURL()+"/rut")
	webtest.Render(t, s, "commune", "/ban-lam-viec/thu-vien", waiting.DeskURL())
	if page := webtest.New(t, s).Get(restricted.URL()); page.Status != http.StatusNotFound {
		t.Errorf("a visitor sees a restricted document: %d", page.Status)
	}
	if page := webtest.New(t, s).As("editor").Get(waiting.DeskURL()); page.Status != http.StatusForbidden {
		t.Errorf("an editor sees what another handed in: %d", page.Status)
	}
}

var revision = regexp.MustCompile(`name="revision" value="(\d+)"`)

// The librarian's walk through the pages, and the reader's after it.
func TestJourney(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		s := b.site(t)
		first, second, reader := webtest.New(t, s).As("librarian"), webtest.New(t, s).As("librarian2"), webtest.New(t, s)

		page := first.Upload("/ban-lam-viec/thu-vien", "tep", "../../chay-rung.txt", []byte(notice), "_key", "k1", "nguon", "Công báo")
		if page.Status != http.StatusSeeOther {
			t.Fatalf("upload: %d %s", page.Status, page.Text())
		}
		here := page.Header.Get("Location")
		if page := first.Follow(page); !strings.Contains(page.Text(), "Máy đang đọc chữ") {
			t.Errorf("while the file waits the page says %s", page.Text())
		}
		if again := first.Upload("/ban-lam-viec/thu-vien", "tep", "chay-rung.txt", []byte(notice), "_key", "k1"); again.Header.Get("Location") != here {
			t.Errorf("the same form again leads to %q, want %q", again.Header.Get("Location"), here)
		}
		if page := first.Upload("/ban-lam-viec/thu-vien", "tep", "x.svg", []byte("<svg/>")); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Text(), "Chưa nhận tệp “x.svg”") {
			t.Errorf("a picture: %d %s", page.Status, page.Text())
		}
		b.work(t)

		page = first.Get(here)
		if !strings.Contains(page.Body, `value="12/QĐ-UBND"`) || !strings.Contains(page.Body, `value="5/5/2026"`) || strings.Contains(page.Body, "..") {
			t.Errorf("the proposals are not shown: %s", page.Text())
		}
		form := []string{"revision", revision.FindStringSubmatch(page.Body)[1], "title", "Quyết định về phòng cháy rừng", "kind", "decision_pc", "number", "12/QĐ-UBND",
			"issuer", "Uỷ ban nhân dân tỉnh Lạng Sơn", "force", "unknown", "lang", "vi", "access", "open", "places", "xã Bắc Sơn", "subjects[]", "forest_fire"}
		if page := first.Post(here, append(form, "signed", "32/13/2026")...); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "32/13/2026") {
			t.Errorf("a day that is none: %d", page.Status)
		}
		if page := first.Post(here, append(form, "signed", "5/5/2026")...); page.Status != http.StatusSeeOther {
			t.Fatalf("describe: %d %s", page.Status, page.Text())
		}
		if page := first.Post(here + "/mo"); page.Status != http.StatusForbidden {
			t.Errorf("who handed it in opens it: %d", page.Status)
		}
		if page := second.Post(here + "/mo"); page.Status != http.StatusSeeOther {
			t.Fatalf("open: %d %s", page.Status, page.Text())
		}

		page = reader.Get("/thu-vien?q=phong+chay+rung")
		if !strings.Contains(page.Body, "<mark>") || !strings.Contains(page.Text(), "Quyết định về phòng cháy rừng") {
			t.Errorf("the reader finds %s", page.Text())
		}
		id := strings.TrimPrefix(here, "/ban-lam-viec/thu-vien/")
		page = reader.Get("/thu-vien/" + id)
		for _, part := range []string{`<h2 id="dieu-1">Điều 1. Phạm vi</h2>`, `href="#dieu-2"`, "Chưa rõ", "xã Bắc Sơn", "trich-dan.bib"} {
			if !strings.Contains(page.Body, part) {
				t.Errorf("the page lacks %q", part)
			}
		}
		file := reader.Get("/thu-vien/" + id + "/tep")
		if file.Body != notice || !strings.Contains(file.Header.Get("Content-Disposition"), `filename="12-qd-ubnd.txt"`) {
			t.Errorf("the original comes as %s", file.Header.Get("Content-Disposition"))
		}
		if bib := reader.Get("/thu-vien/" + id + "/trich-dan.bib"); !strings.HasPrefix(bib.Body, "@misc{") {
			t.Errorf("BibTeX is %q", bib.Body)
		}

		if page := second.Post(here+"/rut", "reason", ""); page.Status != http.StatusUnprocessableEntity {
			t.Errorf("a withdrawal without a reason: %d", page.Status)
		}
		if page := second.Post(here+"/rut", "reason", "Có bản mới thay thế"); page.Status != http.StatusSeeOther {
			t.Fatalf("withdraw: %d %s", page.Status, page.Text())
		}
		for _, path := range []string{"", "/tep", "/trich-dan.bib"} {
			if page := reader.Get("/thu-vien/" + id + path); page.Status != http.StatusGone || strings.Contains(page.Text(), "phòng cháy") {
				t.Errorf("after the withdrawal %q answers %d", path, page.Status)
			}
		}
		if page := reader.Get("/thu-vien?q=phong+chay+rung"); strings.Contains(page.Text(), "Quyết định về") {
			t.Error("after the withdrawal the search still knows it")
		}
	})
}

// A part that begins within a chapter names it again, and its headings leave no gap.
func TestPartNamesItsChapter(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	var text strings.Builder
	text.WriteString("Chương I\n\nQUY ĐỊNH CHUNG\n\n")
	for i := range 60 {
		text.WriteString("Điều " + strconv.Itoa(i+1) + ". Việc chung\n" + strings.Repeat("Bà con giữ rừng, giữ nước. ", 30) + "\n\n")
	}
	id := b.opened(t, "a.txt", text.String(), func(r *Record) { r.Title, r.Kind = "Dài", "notice" })
	page := webtest.New(t, b.site(t)).Get(partURL(b.get(t, id), 2))
	if !strings.Contains(page.Body, "<h2>Chương I. QUY ĐỊNH CHUNG (tiếp)</h2>") || !strings.Contains(page.Body, `<h3 id="dieu-`) {
		t.Errorf("part 2 is %s", page.Text())
	}
}

// Every page of a long document stays light: 20 kB on the line.
func TestPagesAreLight(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	var table strings.Builder
	table.WriteString("# Danh mục\n\n| Mã | Tên | Tỉnh |\n|---|---|---|\n")
	for i := range 3300 {
		table.WriteString("| " + string(rune('A'+i%26)) + strings.Repeat("9", 4) + " | Phường Hoàn Kiếm " + string(rune('a'+i%20)) + " | Thành phố Hà Nội |\n")
	}
	id := b.opened(t, "dai.md", table.String(), func(r *Record) { r.Kind = "notice" })
	doc := b.get(t, id)
	c := webtest.New(t, b.site(t))
	for n := 1; n <= doc.Parts; n++ {
		page := c.Get(partURL(doc, n))
		var line bytes.Buffer
		z := gzip.NewWriter(&line)
		if _, err := z.Write([]byte(page.Body)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if page.Status != http.StatusOK || line.Len() > 20_000 {
			t.Errorf("part %d: %d, %d bytes on the line", n, page.Status, line.Len())
		}
	}
	if page := c.Get(partURL(doc, doc.Parts+1)); page.Status != http.StatusNotFound {
		t.Errorf("a part beyond the last: %d", page.Status)
	}
}
