package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/delivery"
	"banlang/internal/delivery/cap"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/subscriber"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// board is a source with what the tests put there: of each bulletin its issues.
type board struct {
	issues map[delivery.Ref][]delivery.Item
	now    func() time.Time
}

func (b board) Item(_ context.Context, ref delivery.Ref, version int64) (delivery.Item, error) {
	all := b.issues[ref]
	if len(all) == 0 || version > int64(len(all)) {
		return delivery.Item{}, fault.New(fault.NotFound, "bulletin.not_found")
	}
	newest := all[len(all)-1]
	if version == 0 {
		return newest, nil
	}
	i := all[version-1]
	i.Ended, i.Recalled, i.Reason, i.ReplacedBy = newest.Ended, newest.Recalled, newest.Reason, newest.ReplacedBy
	return i, nil
}

func (b board) Items(_ context.Context, f delivery.Filter) ([]delivery.Item, error) {
	var all []delivery.Item
	for _, issues := range b.issues {
		i := issues[len(issues)-1]
		_, in := i.In(f.Lang)
		holds := i.Ended.IsZero() && (i.Expires.IsZero() || i.Expires.After(b.now())) && !i.Published.Before(f.Since)
		ended := f.Ended && !i.Ended.IsZero() && !i.Ended.Before(f.Since)
		if (holds || ended) && (f.Class == "" || f.Class == i.Class) && (f.Topic == "" || f.Topic == i.Topic) && (f.Lang == "" || in) &&
			(f.Place == "" || f.Place == i.Place) {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b delivery.Item) int { return b.Published.Compare(a.Published) })
	return all[:min(len(all), f.Size)], nil
}

type house struct {
	*testing.T
	board  board
	places *place.Desk
	site   *web.Site
	key    cap.Key
	clock  time.Time
	base   delivery.Item
}

const (
	bacSon   = place.ID("06325@20250701")
	boundary = `{"type":"FeatureCollection","features":[{"type":"Feature","id":"06325","geometry":{"type":"Polygon",
		"coordinates":[[[106.1,21],[106.1,21.1],[106,21.1],[106,21],[106.1,21]]]}}]}`
)

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	h := &house{T: t, clock: time.Date(2026, 7, 5, 8, 0, 0, 0, i18n.Zone)}
	now := func() time.Time { return h.clock }
	h.board = board{map[delivery.Ref][]delivery.Item{}, now}
	places := place.New(d, now)
	places.Home = "20"
	h.places = places
	languages := ethnic.New(d, places, now)
	h.must(places.ReadyOnly(t.Context(), "20"))
	h.must(languages.Ready(t.Context()))
	_, err := places.Import(t.Context(), place.Operator(), "boundaries", "x.geojson", strings.NewReader(boundary), false, func(int, int) {})
	h.must(err)
	files, err := blob.Folder(t.TempDir())
	h.must(err)
	sound, size, err := files.Put(t.Context(), strings.NewReader("ID3 a sound"), 100)
	h.must(err)
	h.key, err = cap.OpenKey(t.TempDir())
	h.must(err)
	text, err := i18n.Load()
	h.must(err)
	h.site, err = web.New(web.Options{Text: text, Policy: duty.New(places, now), Now: now, Province: "Lạng Sơn", Agency: "Sở Dân tộc",
		Origin: "https://banlang.example", Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}}})
	h.must(err)
	Mount(h.site, New(Options{Files: files, Source: h.board, Places: places, Languages: languages, Key: h.key, Now: now,
		Topics: []subscriber.Topic{{Code: "disaster"}, {Code: "market"}}}))
	h.base = delivery.Item{Ref: "tin1", Version: 1, Place: bacSon, Topic: "disaster", Class: delivery.Emergency, URL: "/ban-tin/tin1", Published: h.clock.Add(-time.Hour),
		First: h.clock.Add(-time.Hour), Expires: h.clock.Add(24 * time.Hour), Editions: []delivery.Edition{
			{Lang: "vi", Title: "Lũ quét & sạt lở", Body: "Không lội qua suối.\n\nLên <chỗ cao>.", MP3: sound, MP3Size: size, Opus: sound, OpusSize: size, Length: 95 * time.Second, Machine: true},
			{Lang: "tyz", MP3: sound, MP3Size: size, Length: time.Minute},
		}}
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// publish puts an issue of h.base, changed, on the board and moves the clock, so that no kept page is shown.
func (h *house) publish(change func(i *delivery.Item)) {
	i := h.base
	change(&i)
	h.board.issues[i.Ref] = append(h.board.issues[i.Ref], i)
	h.clock = h.clock.Add(time.Minute)
}

// end changes what is newest of a bulletin.
func (h *house) end(ref delivery.Ref, change func(i *delivery.Item)) {
	all := h.board.issues[ref]
	change(&all[len(all)-1])
	h.clock = h.clock.Add(time.Minute)
}

func (h *house) get(path string) webtest.Page { h.Helper(); return webtest.New(h.T, h.site).Get(path) }

func (h *house) ok(path string) string {
	h.Helper()
	p := h.get(path)
	if p.Status != http.StatusOK {
		h.Fatalf("GET %s = %d", path, p.Status)
	}
	return p.Body
}

func (h *house) alert(path string) cap.Alert {
	h.Helper()
	body := h.ok(path)
	a, err := cap.Read([]byte(body))
	if err != nil {
		h.Fatalf("GET %s: %v\n%s", path, err, body)
	}
	h.valid(path, "CAP-v1.2.xsd")
	public := filepath.Join(h.TempDir(), "key.pem")
	h.must(os.WriteFile(public, []byte(h.ok("/nguon/khoa.pem")), 0o600))
	h.run([]byte(body), "xmlsec1", "--verify", "--enabled-reference-uris", "empty", "--pubkey-pem:"+h.key.Name(), public, "-")
	return a
}

// valid holds what is at an address against a schema that stands beside the sources.
func (h *house) valid(path, schema string) {
	h.Helper()
	schema = filepath.Join("../../../../shared/data/formats/cap", schema)
	if _, err := os.Stat(schema); err != nil {
		h.Logf("the schemas are not beside the sources: %s is not checked", path)
		return
	}
	h.run([]byte(h.ok(path)), "xmllint", "--noout", "--nonet", "--schema", schema, "-")
}

// run hands bytes to a program that must be there.
func (h *house) run(in []byte, name string, args ...string) []byte {
	h.Helper()
	c := exec.CommandContext(h.Context(), name, args...)
	c.Stdin = bytes.NewReader(in)
	var mistakes bytes.Buffer
	c.Stderr = &mistakes
	out, err := c.Output()
	if err != nil {
		h.Fatalf("%s: %v: %s (see scripts/install-test-deps)", name, err, mistakes.String())
	}
	return out
}

// A warning goes out as an alert, a newer issue refers to it, a recall takes both back; each stays at its address.
func TestAlerts(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.publish(func(*delivery.Item) {})
	first := h.alert("/cap/tin1.xml")
	if first.Identifier != "tin1-1" || first.Type != cap.New || first.Status != cap.Actual || first.Sender != "banlang.example" || first.Sent != "2026-07-05T07:00:00+07:00" {
		t.Errorf("the first issue: %+v", first)
	}
	if len(first.Informations) != 2 {
		t.Fatalf("%d languages, want 2", len(first.Informations))
	}
	vi, tyz := first.Informations[0], first.Informations[1]
	if vi.Headline != "Khẩn cấp: Lũ quét & sạt lở" || vi.Urgency != "Immediate" || len(vi.Resources) != 2 || vi.Resources[0].URI != "https://banlang.example/ban-tin/tin1/vi.mp3" ||
		vi.Resources[0].Size != 11 || vi.Resources[0].Digest != "0f245ad5566bd839fed62012e127d1579d951d7c" {
		t.Errorf("in Vietnamese: %+v", vi)
	}
	if tyz.Language != "tyz" || !strings.Contains(tyz.Headline, "(chữ tiếng Việt)") || !strings.Contains(tyz.Description, "Chưa có bản chữ tiếng Tày") {
		t.Errorf("in Tày, of which there is a sound only: %+v", tyz)
	}
	if a := vi.Areas[0]; a.Geocodes[0] != (cap.Pair{Name: "VN:GSO", Value: "06325"}) || len(a.Polygons) != 1 || a.Polygons[0] != "21.000,106.100 21.100,106.100 21.100,106.000 21.000,106.000 21.000,106.100" {
		t.Errorf("the area: %+v", a)
	}
	h.publish(func(i *delivery.Item) { i.Version, i.Published = 2, h.clock })
	second := h.alert("/cap/tin1.xml")
	if second.Identifier != "tin1-2" || second.Type != cap.Update || len(second.References) != 1 || second.References[0] != (cap.Reference{Sender: first.Sender, Identifier: first.Identifier, Sent: first.Sent}) {
		t.Errorf("the second issue: %+v", second)
	}
	if again := h.alert("/cap/tin1-1.xml"); again.Identifier != "tin1-1" || again.Type != cap.New {
		t.Errorf("the first issue afterwards: %+v", again)
	}
	// Another bulletin, which is no warning by itself, takes its place: an update still, for receivers hold the warning.
	h.publish(func(i *delivery.Item) {
		i.Ref, i.URL, i.Replaces, i.Class, i.Published, i.Expires = "tin2", "/ban-tin/tin2", "tin1", delivery.Normal, h.clock, time.Time{}
	})
	h.end("tin1", func(i *delivery.Item) { i.Ended, i.ReplacedBy = h.clock, "tin2" })
	if p := h.get("/cap/tin1.xml"); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/cap/tin2.xml" {
		t.Errorf("the replaced one: %d %s", p.Status, p.Header.Get("Location"))
	}
	if third := h.alert("/cap/tin2.xml"); third.Type != cap.Update || len(third.References) != 2 || third.Informations[0].Severity != "Minor" {
		t.Errorf("the one in its place: %+v", third)
	}
	h.end("tin2", func(i *delivery.Item) { i.Ended, i.Recalled, i.Reason = h.clock, true, "Nhầm xã" })
	gone := h.alert("/cap/tin2.xml")
	if gone.Identifier != "tin2-thu-hoi" || gone.Type != cap.Cancel || len(gone.References) != 3 || gone.Informations[0].Description != "Nhầm xã" || strings.Contains(h.ok("/cap/tin2-thu-hoi.xml"), "sạt lở") {
		t.Errorf("the recall: %+v", gone)
	}
	if p := h.get("/cap/tin2-1.xml"); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/cap/tin2-thu-hoi.xml" {
		t.Errorf("the recalled issue: %d %s", p.Status, p.Header.Get("Location"))
	}
	for _, path := range []string{"/cap/tin9.xml", "/cap/tin1-9.xml", "/cap/tin1-01.xml", "/cap/tin1-thu-hoi.xml", "/cap/tin1"} {
		if p := h.get(path); p.Status != http.StatusNotFound {
			t.Errorf("GET %s = %d", path, p.Status)
		}
	}
}

// A warning for the whole province has the line around its communes; while the boundary of one of them is missing it has none, for whoever
// lives there would be told nothing.
func TestAlertForTheProvince(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.publish(func(i *delivery.Item) { i.Place = h.places.HomeUnit().ID })
	if a := h.alert("/cap/tin1.xml").Informations[0].Areas[0]; a.Geocodes[0].Value != "20" || len(a.Polygons) != 0 {
		t.Errorf("with one boundary of many: %+v", a)
	}
	var shapes []string // squares side by side, from west to east
	for n, u := range h.places.Units(h.places.HomeUnit().ID, place.Commune, h.places.Today()) {
		w, e := 105+float64(n)/100, 105+float64(n+1)/100
		shapes = append(shapes, fmt.Sprintf(`{"type":"Feature","id":%q,"geometry":{"type":"Polygon","coordinates":[[[%[2]g,21],[%[3]g,21],[%[3]g,21.1],[%[2]g,21.1],[%[2]g,21]]]}}`, u.Code, w, e))
	}
	report, err := h.places.Import(t.Context(), place.Operator(), "boundaries", "x.geojson", strings.NewReader(`{"type":"FeatureCollection","features":[`+strings.Join(shapes, ",")+`]}`), false, func(int, int) {})
	h.must(err)
	h.clock = h.clock.Add(time.Minute)
	east := fmt.Sprintf("%.3f", 105+float64(len(shapes))/100)
	for _, i := range h.alert("/cap/tin1.xml").Informations {
		if p := i.Areas[0].Polygons; len(p) != 1 || len(strings.Fields(p[0])) != 5 || !strings.Contains(p[0], "21.100,"+east) || !strings.Contains(p[0], "21.000,105.000") {
			t.Errorf("of %d communes (%+v) in %s: %v", len(shapes), report, i.Language, p)
		}
	}
}

// The list of alerts names what holds and, for a month, what was taken back.
func TestIndex(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.publish(func(i *delivery.Item) { i.Drill = true })
	h.publish(func(i *delivery.Item) {
		i.Ref, i.Class, i.Demo, i.Place = "tin2", delivery.Priority, true, "06364@20250701"
	})
	h.publish(func(i *delivery.Item) { i.Ref, i.Class = "tin3", delivery.Normal })
	h.publish(func(i *delivery.Item) { i.Ref, i.Expires = "tin4", h.clock.Add(-time.Minute) })
	titles := func(path string) []string {
		var all []string
		for _, i := range h.read(h.ok(path)).Items {
			all = append(all, i.Title)
			if !strings.HasPrefix(i.Link, "https://banlang.example/cap/tin") {
				t.Errorf("an alert at %s", i.Link)
			}
		}
		slices.Sort(all)
		return all
	}
	if got, want := titles("/cap.xml"), []string{"DIỄN TẬP: Khẩn cấp: Lũ quét & sạt lở", "Minh hoạ: Lũ quét & sạt lở"}; !slices.Equal(got, want) {
		t.Errorf("what holds: %q, want %q", got, want)
	}
	if got := titles("/cap.xml?dia-ban=06325"); len(got) != 1 {
		t.Errorf("in one commune: %q", got)
	}
	if a := h.alert("/cap/tin1.xml"); a.Status != cap.Exercise {
		t.Errorf("a drill is %s", a.Status)
	}
	if a := h.alert("/cap/tin2.xml"); a.Status != cap.Test {
		t.Errorf("a demonstration is %s", a.Status)
	}
	if a := h.alert("/cap/tin4.xml"); a.Identifier != "tin4-1" {
		t.Errorf("what has run out is not at its address: %+v", a)
	}
	h.end("tin1", func(i *delivery.Item) { i.Ended, i.Recalled = h.clock, true })
	if got, want := titles("/cap.xml"), []string{"DIỄN TẬP: Đã thu hồi một cảnh báo về: Thiên tai. Không dùng cảnh báo đó nữa.", "Minh hoạ: Lũ quét & sạt lở"}; !slices.Equal(got, want) {
		t.Errorf("after the recall: %q, want %q", got, want)
	}
	h.clock = h.clock.Add(40 * 24 * time.Hour)
	if got := titles("/cap.xml"); len(got) != 0 {
		t.Errorf("long afterwards: %q", got)
	}
}

// However long a warning is, its alert is small.
func TestLong(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.publish(func(i *delivery.Item) {
		long := strings.Repeat("Nước suối đang lên. ", 3000)
		i.Editions = nil
		for _, lang := range []string{"vi", "tyz", "nut", "ium", "hmn", "en"} {
			i.Editions = append(i.Editions, delivery.Edition{Lang: lang, Title: "Lũ", Body: long})
		}
	})
	a := h.alert("/cap/tin1.xml")
	if d := a.Informations[5].Description; !strings.HasSuffix(d, "… https://banlang.example/ban-tin/tin1?tieng=en") {
		t.Errorf("the end of a text that was cut: %q", d[len(d)-80:])
	}
}

// A reading is what rss-parser makes of a feed.
type reading struct {
	Title, Language string
	Itunes          struct{ Image, Explicit, Author string }
	Items           []entry
}

type entry struct {
	Title, Link, GUID, ID, ISODate, Content string
	Enclosure                               struct{ URL, Length, Type string }
	Itunes                                  struct{ Duration, Explicit string }
}

func (h *house) read(feed string) reading {
	h.Helper()
	modules, err := filepath.Abs("../../../e2e")
	h.must(err)
	var r reading
	h.must(json.Unmarshal(h.run([]byte(feed), "node", "testdata/read.mjs", modules), &r))
	return r
}

// A program that is not ours reads the feeds.
func TestFeeds(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.publish(func(i *delivery.Item) { i.Drill, i.Demo = true, true })
	h.publish(func(i *delivery.Item) {
		i.Ref, i.URL, i.Topic, i.Class, i.Place, i.Editions = "tin2", "/ban-tin/tin2", "market", delivery.Normal, "20@0", i.Editions[:1]
	})
	rss := h.read(h.ok("/nguon/rss.xml"))
	if rss.Title != "Bản tin Lạng Sơn (tiếng Việt)" || rss.Language != "vi" || len(rss.Items) != 2 {
		t.Fatalf("RSS: %+v", rss)
	}
	n := slices.IndexFunc(rss.Items, func(i entry) bool { return i.GUID == "urn:banlang:bulletin:tin1:vi:1" })
	if n < 0 {
		t.Fatalf("RSS: %+v", rss.Items)
	}
	if i := rss.Items[n]; i.Title != "DIỄN TẬP: Minh hoạ: Khẩn cấp: Lũ quét & sạt lở" || i.Link != "https://banlang.example/ban-tin/tin1" ||
		i.Content != "<p>Không lội qua suối.</p><p>Lên &lt;chỗ cao&gt;.</p>" || i.ISODate != "2026-07-05T00:00:00.000Z" {
		t.Errorf("an item of RSS: %+v", i)
	}
	podcast := h.read(h.ok("/nguon/podcast.xml?tieng=tyz&chu-de=disaster&dia-ban=06325"))
	if len(podcast.Items) != 1 || podcast.Language != "tyz" || podcast.Itunes.Image != "https://banlang.example/nguon/bia.png" || podcast.Itunes.Explicit != "false" ||
		podcast.Title != "Nghe tin Lạng Sơn (tiếng Tày) · Thiên tai · xã Bắc Sơn" {
		t.Fatalf("the podcast: %+v", podcast)
	}
	if i := podcast.Items[0]; i.Enclosure.URL != "https://banlang.example/ban-tin/tin1/tyz.mp3" || i.Enclosure.Length != "11" || i.Enclosure.Type != "audio/mpeg" ||
		i.Itunes.Duration != "60" || i.Itunes.Explicit != "false" || !strings.HasPrefix(i.Title, "DIỄN TẬP: Minh hoạ: ") {
		t.Errorf("an episode: %+v", i)
	}
	if atom := h.read(h.ok("/nguon/atom.xml?chu-de=market")); len(atom.Items) != 1 || atom.Items[0].ID != "urn:banlang:bulletin:tin2:vi" {
		t.Errorf("Atom: %+v", atom)
	}
	h.valid("/nguon/rss.xml", "feed/rss-2_0.xsd")
	h.valid("/nguon/podcast.xml", "feed/rss-2_0.xsd")
	page := h.get("/nguon/rss.xml")
	again := func() webtest.Page {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/nguon/rss.xml", nil)
		h.must(err)
		r.Header.Set("If-None-Match", page.Header.Get("Etag"))
		return webtest.New(t, h.site).Do(r)
	}
	if p := again(); p.Status != http.StatusNotModified {
		t.Errorf("what the reader has already is sent again: %d", p.Status)
	}
	h.end("tin1", func(i *delivery.Item) { i.Ended, i.Recalled = h.clock, true })
	if p := again(); p.Status != http.StatusOK || strings.Contains(p.Body, "tin1") {
		t.Errorf("after a recall: %d, still there: %v", p.Status, strings.Contains(p.Body, "tin1"))
	}
	for _, path := range []string{"/nguon/x.xml", "/nguon/rss", "/nguon/rss.xml?tieng=xx", "/nguon/rss.xml?chu-de=x", "/nguon/atom.xml?dia-ban=1", "/nguon?dia-ban=1"} {
		if p := h.get(path); p.Status != http.StatusNotFound {
			t.Errorf("GET %s = %d", path, p.Status)
		}
	}
}

func TestPages(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	webtest.Render(t, h.site, "", "/nguon", "/nguon?tieng=tyz&chu-de=disaster&dia-ban=06325")
	p := webtest.New(t, h.site).Get("/nguon?tieng=tyz&chu-de=disaster&dia-ban=06325")
	if !p.Has("https://banlang.example/nguon/podcast.xml?chu-de=disaster&amp;dia-ban=06325&amp;tieng=tyz", "https://banlang.example/cap.xml?dia-ban=06325", h.key.Name()) {
		t.Errorf("the addresses are not on the page: %s", p.Body)
	}
	drawn, err := png.DecodeConfig(strings.NewReader(h.ok("/nguon/bia.png")))
	if err != nil || drawn.Width != coverSize || drawn.Height != coverSize {
		t.Errorf("the cover: %+v, %v", drawn, err)
	}
}
