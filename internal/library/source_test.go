package library

import (
	"archive/zip"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/library/catalogue"
	"banlang/internal/web/webtest"
)

// Other libraries are told what everyone may see; what everyone could see once is told as withdrawn, and the rest is not told.
func TestCatalogueTells(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		src := b.Catalogue()
		if sets, err := src.Sets(t.Context()); err != nil || len(sets) != 0 {
			t.Fatalf("an empty library has the sets %v, %v", sets, err)
		}
		open := b.opened(t, "a.txt", notice, func(r *Record) {
			r.Subjects, r.Groups = []string{"ethnic_policy"}, []ethnic.Slug{"tay"}
		})
		gone := b.opened(t, "b.txt", "Thông báo họp thôn", func(r *Record) { r.Title, r.Kind = "Bí mật", "notice" })
		never := b.opened(t, "c.txt", "Việc riêng của làng", func(r *Record) { r.Kind, r.Access = "notice", "ask" })
		rewritten := b.opened(t, "d.txt", "Thông báo nghỉ lễ", func(r *Record) { r.Kind = "notice" })
		b.deposit(t, b.librarian, "e.txt", "Chưa ai mở")
		before := b.get(t, gone).Told
		b.now = func() time.Time { return noon.Add(time.Hour) }
		if err := b.Withdraw(t.Context(), b.leader, gone, "Có dữ liệu cá nhân"); err != nil {
			t.Fatal(err)
		}
		if err := b.Withdraw(t.Context(), b.leader, never, "Làng không muốn nữa"); err != nil {
			t.Fatal(err)
		}
		list, err := src.Records(t.Context(), catalogue.Query{}, catalogue.Cursor{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]catalogue.Record{}
		for _, r := range list {
			told[r.ID] = r
		}
		if len(list) != 3 || list[2].ID != string(gone) {
			t.Errorf("told of %v, want the two open ones and last the withdrawn one", list)
		}
		if r := told[string(open)]; r.Withdrawn || r.Legal.Number != "12/QĐ-UBND" || r.Legal.Signed != "2026-05-05" || r.Groups[0] != "Tày" || r.Files[0].SHA256 == "" {
			t.Errorf("the open document is told as %+v", r)
		}
		if r := told[string(gone)]; !r.Withdrawn || r.Title != "" || r.Page != "" || len(r.Files) > 0 || !r.Updated.After(before) {
			t.Errorf("the withdrawn document is told as %+v", r)
		}
		if _, err := src.Record(t.Context(), string(never)); !fault.Is(err, fault.NotFound) {
			t.Errorf("a document that was never for everyone is told: %v", err)
		}

		// What its community closes later is told as withdrawn too.
		doc := b.get(t, rewritten)
		doc.Access = "ask"
		if err := b.store.change(t.Context(), func(s store) error { return s.save(t.Context(), doc) }); err != nil {
			t.Fatal(err)
		}
		if r, err := src.Record(t.Context(), string(rewritten)); err != nil || !r.Withdrawn || r.Title != "" {
			t.Errorf("a document that was closed is told as %+v, %v", r, err)
		}

		for set, want := range map[string]int{"": 3, "kind": 3, "kind:notice": 2, "subject:ethnic_policy": 1, "subject:ethnic%policy": 0, "subject:ethnic-policy": 0,
			"subject:ethnic": 0, "group": 1, "group:tay": 1, "kind:": 0, "nothing": 0} {
			q := catalogue.Query{Set: set}
			n, err := src.Count(t.Context(), q)
			found, err2 := src.Records(t.Context(), q, catalogue.Cursor{}, 10)
			if err != nil || err2 != nil || n != want || len(found) != want {
				t.Errorf("the set %q has %d and gives %d, want %d (%v, %v)", set, n, len(found), want, err, err2)
			}
			for _, r := range found {
				if !r.In(set) {
					t.Errorf("%v does not know that it is in %q", r.Sets, set)
				}
			}
		}
		sets, err := src.Sets(t.Context())
		if err != nil || !slices.Contains(sets, catalogue.Set{Code: "group:tay", Name: "Dân tộc: Tày"}) || !slices.Contains(sets, catalogue.Set{Code: "kind", Name: "Loại tài liệu"}) {
			t.Errorf("the sets are %v, %v", sets, err)
		}

		// A walk record by record meets each once.
		var walked []string
		for at := (catalogue.Cursor{}); ; {
			next, err := src.Records(t.Context(), catalogue.Query{}, at, 1)
			if err != nil || len(next) == 0 || len(walked) > 5 {
				break
			}
			walked, at = append(walked, next[0].ID), next[0].Cursor()
		}
		if len(walked) != 3 || len(slices.Compact(slices.Sorted(slices.Values(walked)))) != 3 {
			t.Errorf("the walk met %v", walked)
		}
		later, err := src.Count(t.Context(), catalogue.Query{From: noon.Add(time.Minute)})
		earlier, err2 := src.Count(t.Context(), catalogue.Query{Until: noon.Add(time.Minute)})
		if later != 1 || earlier != 2 || err != nil || err2 != nil {
			t.Errorf("%d later and %d earlier, want 1 and 2", later, earlier)
		}
	})
}

// The book has the whole text and the same rights as the page.
func TestBook(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	open := b.opened(t, "a.txt", notice, nil)
	closed := b.opened(t, "c.txt", "Việc riêng của làng", func(r *Record) { r.Kind, r.Access = "notice", "ask" })
	garbled := b.opened(t, "b.txt", "gnơưn tốđ gnôhk noc àB gnừr yáhc gnòhp", func(r *Record) { r.Title, r.Kind = "Bản chụp", "notice" })
	s := b.site(t)
	page := webtest.New(t, s).Get(open.URL() + "/sach.epub")
	z, err := zip.NewReader(strings.NewReader(page.Body), int64(len(page.Body)))
	if err != nil || page.Header.Get("Content-Type") != "application/epub+zip" || !strings.Contains(page.Header.Get("Content-Disposition"), "12-qd-ubnd.epub") {
		t.Fatalf("the book: %v, %v", err, page.Header)
	}
	f, err := z.Open("book/text-2.xhtml") // what stands before the first article is the first
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); err != nil || !strings.Contains(string(text), "Điều 1. Phạm vi") {
		t.Errorf("the text is %s, %v", text, err)
	}
	if !webtest.New(t, s).Get(open.URL()).Has(open.URL() + "/sach.epub") {
		t.Error("the page does not offer the book")
	}
	for _, id := range []ID{closed, garbled, "none"} {
		if page := webtest.New(t, s).Get(id.URL() + "/sach.epub"); page.Status != http.StatusNotFound {
			t.Errorf("the book of %s answers %d", id, page.Status)
		}
	}
}

// The reading page says what it is about in the words of schema.org, and no text of a document ends the block that says it.
func TestLinkedData(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	read := func(id ID) map[string]any {
		page := webtest.New(t, b.site(t)).Get(id.URL())
		_, rest, _ := strings.Cut(page.Body, `<script type="application/ld+json">`)
		block, _, _ := strings.Cut(rest, "</script>")
		var data map[string]any
		if err := json.Unmarshal([]byte(block), &data); err != nil {
			t.Fatalf("%v in %s", err, block)
		}
		return data
	}
	law := read(b.opened(t, "a.txt", notice, func(r *Record) {
		r.Title, r.Kind, r.Force, r.ForceFrom = "Quyết định </script><b>", "decision_pc", "in_force", 20260601
	}))
	for name, want := range map[string]string{"@type": "Legislation", "name": "Quyết định </script><b>", "legislationIdentifier": "12/QĐ-UBND", "legislationDate": "2026-05-05",
		"legislationLegalForce": "https://schema.org/InForce", "temporalCoverage": "2026-06-01/..", "inLanguage": "vi"} {
		if law[name] != want {
			t.Errorf("%s is %v, want %s", name, law[name], want)
		}
	}
	if other := read(b.opened(t, "b.txt", "Báo cáo năm", func(r *Record) { r.Kind = "report" })); other["@type"] != "Report" || other["legislationLegalForce"] != nil {
		t.Errorf("a report is %v", other)
	}
}

func TestOtherSystemsRead(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	open := b.opened(t, "a.txt", notice, nil)
	closed := b.opened(t, "c.txt", "Việc riêng của làng", func(r *Record) { r.Title, r.Kind, r.Access = "Việc riêng", "notice", "ask" })
	s := b.site(t)
	for _, page := range []webtest.Page{webtest.New(t, s).Get("/oai?verb=ListRecords&metadataPrefix=oai_dc"),
		webtest.New(t, s).Post("/oai", "verb", "ListRecords", "metadataPrefix", "oai_dc"),
		webtest.New(t, s).As("librarian").Get("/oai?verb=ListRecords&metadataPrefix=mods")} {
		if page.Status != http.StatusOK || !page.Has("12/QĐ-UBND", string(open)) || page.Has("Việc riêng") || page.Has(string(closed)) {
			t.Errorf("the harvest is %d: %s", page.Status, page.Body)
		}
	}
	if page := webtest.New(t, s).Get("/oai"); page.Status != http.StatusOK || !page.Has(`code="badVerb"`) {
		t.Errorf("a request without a verb: %d %s", page.Status, page.Body)
	}
	if page := webtest.New(t, s).Get(SiteMap); !page.Has("sitemapindex", SiteMap+"?trang=1</loc>") || page.Has("trang=2") {
		t.Errorf("the site map is %s", page.Body)
	}
	page := webtest.New(t, s).Get(SiteMap + "?trang=1")
	if !page.Has(open.URL()+"</loc><lastmod>2026-06-01T05:00:00Z") || page.Has(string(closed)) {
		t.Errorf("the documents of the site map are %s", page.Body)
	}
	if page := webtest.New(t, s).Get(SiteMap + "?trang=2"); page.Status != http.StatusNotFound {
		t.Errorf("a page that is not there: %d", page.Status)
	}
	for _, route := range s.Routes() {
		if strings.HasSuffix(route.Pattern, "/oai") && route.Act != duty.LibraryRead {
			t.Errorf("%s is open to %s", route.Pattern, route.Act)
		}
	}
}
