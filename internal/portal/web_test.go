package portal_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/portal"
	"banlang/internal/search"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

var now = time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC)

// paper is a fake of the bulletins.
type paper []portal.Item

func (p paper) Alarms(_ context.Context, _ []string, _ int) ([]portal.Item, error) {
	var list []portal.Item
	for _, item := range p {
		if item.Urgent {
			list = append(list, item)
		}
	}
	return list, nil
}

func (p paper) Told(_ context.Context, heard []string, topic string, n int) ([]portal.Item, error) {
	if topic != "" && topic != "safety" {
		return nil, nil
	}
	list := append([]portal.Item(nil), p[:min(n, len(p))]...)
	for i := range list {
		if heard[0] == "tyz" && list[i].Sound.MP3 != "" {
			list[i].Sound.Lang, list[i].Sound.Machine = "Tiếng Tày", false
		}
	}
	return list, nil
}

// index is a fake of the search.
type index struct {
	asked  search.Query
	answer search.Result
}

func (x *index) Find(_ context.Context, q search.Query) (search.Result, error) {
	x.asked = q
	return x.answer, nil
}

var news = paper{
	{Title: "Mưa to: đề phòng lũ quét", URL: "/ban-tin/1", Picture: "disaster-flood", Where: "xã Tràng Định", Day: now, Urgent: true,
		Sound: portal.Sound{Lang: "Tiếng Việt", MP3: "/ban-tin/1/vi.mp3", Opus: "/ban-tin/1/vi.opus", Machine: true}},
	{Title: "Đừng đọc mã OTP cho người lạ", URL: "/ban-tin/2", Picture: "safety-fraud", Where: "toàn tỉnh", Day: now, Langs: []string{"Việt", "Tày"},
		Sound: portal.Sound{Lang: "Tiếng Việt", MP3: "/ban-tin/2/vi.mp3", Opus: "/ban-tin/2/vi.opus", MP3Size: 400_000, Length: 100 * time.Second, Machine: true}},
	{Title: "Giá hoa hồi tuần này", URL: "/ban-tin/3", Picture: "market", Day: now, Demo: true},
}

func newSite(t *testing.T, o portal.Options) *web.Site {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	site, err := web.New(web.Options{Text: text, Policy: duty.New(nil, clock), Now: clock, Province: "Lạng Sơn", Demo: true,
		Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}, {Tag: "nut", Name: "Nùng"}}})
	if err != nil {
		t.Fatal(err)
	}
	portal.Mount(site, o)
	return site
}

func TestPagesRender(t *testing.T) {
	for name, o := range map[string]portal.Options{"with nothing": {}, "with news": {News: news, Finder: &index{}}} {
		t.Run(name, func(t *testing.T) {
			webtest.Render(t, newSite(t, o), "", "/", "/chu-de/policy,law", "/chu-de/safety,digital", "/ngon-ngu", "/tim", "/tim?q=vay", "/gioi-thieu", "/rieng-tu", "/robots.txt", "/sitemap.xml")
		})
	}
}

func TestHome(t *testing.T) {
	site := newSite(t, portal.Options{News: news})
	page := webtest.New(t, site).Get("/")
	if !page.Has(`<div class="alarm">`, "Mưa to: đề phòng lũ quét", "Giọng máy đọc", "Tải về máy (400 kB)", "1 phút 40 giây", `href="/chu-de/policy,law"`, "<b>MINH HOẠ</b> · 14/9/2026") {
		t.Errorf("home lacks something: %s", page.Text())
	}
	if page.Has("<script") {
		t.Error("home needs a script")
	}
	if got := strings.Count(page.Body, `class="tile"`); got != len(portal.Topics)+len(portal.Reference) {
		t.Errorf("%d tiles", got)
	}
	if page := webtest.New(t, site).In("vi", "tyz").Get("/"); !page.Has("Nghe: Tiếng Tày") || page.Has("Giọng máy đọc") {
		t.Errorf("home in Tày: %s", page.Text())
	}
	if page := webtest.New(t, newSite(t, portal.Options{News: news[2:]})).Get("/"); page.Has(`class="alarm"`) {
		t.Error("an alarm without an emergency")
	}
}

// W7: every tile has a picture, at most three words, and a sound that is there.
func TestTiles(t *testing.T) {
	site := newSite(t, portal.Options{})
	for _, tile := range append(portal.Topics, portal.Reference...) {
		words := site.Text.Text("vi", "tile."+tile.Key)
		if n := len(strings.Fields(words)); n > 3 || strings.Contains(words, "⟦") {
			t.Errorf("tile %s says %q", tile.Key, words)
		}
		for _, ext := range []string{".mp3", ".opus"} {
			if !site.HasAsset("sound/" + tile.Key + ext) {
				t.Errorf("tile %s has no %s", tile.Key, ext)
			}
		}
	}
}

func TestChooseLanguage(t *testing.T) {
	site := newSite(t, portal.Options{News: news})
	c := webtest.New(t, site)
	page := c.Post("/ngon-ngu", "nghe", "tyz", "tiep", "/tim?q=a")
	if page.Status != http.StatusSeeOther || page.Header.Get("Location") != "/tim?q=a" {
		t.Fatalf("choice: %d to %q", page.Status, page.Header.Get("Location"))
	}
	if page := c.Get("/"); !page.Has("Nghe: Tiếng Tày") {
		t.Errorf("the choice is forgotten: %s", page.Text())
	}
	c.Post("/ngon-ngu", "chu", "en")
	if page := c.Get("/"); !page.Has(`<html lang="en">`, "Nghe: Tiếng Tày") && !page.Has("Listen: Tiếng Tày") {
		t.Errorf("the interface changes the language heard: %s", page.Text())
	}
	c.Post("/ngon-ngu", "nghe", "xx", "nghe", `"><script>`, "chu", "de")
	if page := c.Get("/"); !page.Has(`<html lang="en">`, "Tày") {
		t.Errorf("an unknown language is taken: %s", page.Text())
	}
	c.Post("/ngon-ngu", "nghe[]", "nut", "nghe[]", "vi")
	if page := c.Get("/ngon-ngu"); strings.Count(page.Body, " checked") != 2 {
		t.Errorf("two languages are not kept: %s", page.Text())
	}
	if page := webtest.New(t, site).Get("/ngon-ngu"); page.Status != 200 || !page.Has("/static/sound/lang-tyz.") {
		t.Errorf("languages cannot be heard: %s", page.Text())
	}
}

func TestSearch(t *testing.T) {
	x := &index{answer: search.Result{Total: 45, Hits: []search.Hit{{
		Entry: search.Entry{Kind: "document", Title: "Kế hoạch <101>", URL: "/thu-vien/1", Number: "101/KH-UBND", Date: now}, ByNumber: true,
		TitleMarked: search.Text{{Text: "Kế hoạch "}, {Text: "<101>", Hit: true}},
		Snippet:     search.Text{{Text: "… thông tin "}, {Text: "dân tộc", Hit: true}},
	}}, Facets: []search.Facet{
		{Name: "entry", Values: []search.Count{{Value: "document", N: 40}, {Value: "bulletin", N: 5}}},
		{Name: "year", Values: []search.Count{{Value: "2021", N: 40}, {Value: "2025", N: 5}}},
		{Name: "topic", Values: []search.Count{{Value: "policy", N: 45}}},
	}}}
	c := webtest.New(t, newSite(t, portal.Options{Finder: x}))
	page := c.Get("/tim?q=101+kh&loai=document&nam=2021")
	if x.asked.Text != "101 kh" || x.asked.Kinds[0] != "document" || x.asked.Facets["year"] != "2021" {
		t.Errorf("asked %+v", x.asked)
	}
	if !page.Has(`Kế hoạch <mark>&lt;101&gt;</mark>`, `<mark>dân tộc</mark>`, "101/KH-UBND", "đúng số", "Trang 1 trong 3", `href="/tim?loai=document&amp;nam=2021&amp;q=101&#43;kh&amp;trang=2"`,
		`href="/tim?nam=2021&amp;q=101&#43;kh"`, `href="/tim?loai=bulletin&amp;nam=2021&amp;q=101&#43;kh"`, "45 kết quả") {
		t.Errorf("results: %s", page.Text())
	}
	if page.Has("Chủ đề</h3>") {
		t.Error("a facet that narrows nothing is offered")
	}
	x.answer = search.Result{}
	if page := c.Get("/tim?q=%3Cscript%3E"); !page.Has("Chưa có bài nào cho “&lt;script&gt;”", "gõ ngắn hơn") {
		t.Errorf("nothing found: %s", page.Text())
	}
}

func TestSiteMap(t *testing.T) {
	site := newSite(t, portal.Options{Maps: []portal.Mapped{func(*http.Request) ([]string, error) { return []string{"/ban-tin/1"}, nil }}})
	site.Origin = "https://banlang.example"
	if page := webtest.New(t, site).Get("/sitemap.xml"); !page.Has("<loc>https://banlang.example/ban-tin/1</loc>", "<loc>https://banlang.example/</loc>") {
		t.Errorf("map: %s", page.Text())
	}
	if page := webtest.New(t, site).Get("/robots.txt"); !page.Has("Sitemap: https://banlang.example/sitemap.xml") {
		t.Errorf("robots: %s", page.Text())
	}
}
