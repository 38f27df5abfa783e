package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
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
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// board is a source with what the tests put there.
type board map[delivery.Ref]delivery.Item

func (b board) Item(_ context.Context, ref delivery.Ref, _ int64) (delivery.Item, error) {
	i, ok := b[ref]
	if !ok {
		return i, fault.New(fault.NotFound, "bulletin.not_found")
	}
	return i, nil
}

func (b board) Items(context.Context, delivery.Filter) ([]delivery.Item, error) { return nil, nil }

// every has each letter of Vietnamese with each of its marks.
const every = "aàáảãạ ăằắẳẵặ âầấẩẫậ eèéẻẽẹ êềếểễệ iìíỉĩị oòóỏõọ ôồốổỗộ ơờớởỡợ uùúủũụ ưừứửữự yỳýỷỹỵ đ " +
	"AÀÁẢÃẠ ĂẰẮẲẴẶ ÂẦẤẨẪẬ EÈÉẺẼẸ ÊỀẾỂỄỆ IÌÍỈĨỊ OÒÓỎÕỌ ÔỒỐỔỖỘ ƠỜỚỞỠỢ UÙÚỦŨỤ ƯỪỨỬỮỰ YỲÝỶỸỴ Đ"

type house struct {
	*testing.T
	board board
	files blob.Store
	site  *web.Site
	clock time.Time
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	h := &house{T: t, board: board{}, clock: time.Date(2026, 7, 5, 8, 0, 0, 0, i18n.Zone)}
	now := func() time.Time { return h.clock }
	places := place.New(d, now)
	languages := ethnic.New(d, places, now)
	h.must(places.ReadyOnly(t.Context(), place.LangSon))
	h.must(languages.Ready(t.Context()))
	var err error
	h.files, err = blob.Folder(t.TempDir())
	h.must(err)
	sound, size, err := h.files.Put(t.Context(), strings.NewReader("ID3 a sound"), 100)
	h.must(err)
	text, err := i18n.Load()
	h.must(err)
	h.site, err = web.New(web.Options{Text: text, Policy: duty.New(places, now), Now: now, Commits: d.Commits, Province: "Lạng Sơn", Agency: "Ban Dân tộc tỉnh Lạng Sơn",
		Origin: "https://banlang.example", Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}}})
	h.must(err)
	Mount(h.site, New(Options{DB: d, Files: h.files, Source: h.board, Places: places, Languages: languages, Now: now,
		Picture: func(string) string { return "disaster-flood" }}))
	h.board["tin1"] = delivery.Item{Ref: "tin1", Version: 1, Topic: "disaster", Class: delivery.Emergency, URL: "/ban-tin/tin1", Published: h.clock.Add(-time.Hour),
		Expires: h.clock.Add(24 * time.Hour), Demo: true, Editions: []delivery.Edition{
			{Lang: "vi", Title: "Lũ quét ở suối Bắc Sơn", Body: "Không lội qua suối.\n\n" + every, MP3: sound, MP3Size: size, Machine: true},
			{Lang: "tyz", MP3: sound, MP3Size: size},
		}}
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) get(path string) webtest.Page { h.Helper(); return webtest.New(h.T, h.site).Get(path) }

// run hands bytes to a program and reads what it says.
func (h *house) run(in []byte, name string, args ...string) string {
	h.Helper()
	c := exec.CommandContext(h.Context(), name, args...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil {
		h.Fatalf("%s (package poppler-utils or zbar-tools): %v", name, err)
	}
	return string(out)
}

// squares reads the codes for telephones on the pages of a PDF, as a camera sees them.
func (h *house) squares(pdf []byte) []string {
	h.Helper()
	picture := filepath.Join(h.TempDir(), "page.png")
	h.must(os.WriteFile(picture, []byte(h.run(pdf, "pdftoppm", "-r", "120", "-png", "-f", "1", "-l", "1")), 0o600))
	found := strings.Fields(h.run(nil, "zbarimg", "--raw", "-q", picture))
	slices.Sort(found)
	return found
}

// What is printed can be read, and its codes lead to the page and the sound.
func TestPrint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		for _, c := range []struct {
			lang, note string
			want       []string
		}{
			{"vi", "", []string{"https://banlang.example/ban-tin/tin1", "https://banlang.example/ban-tin/tin1/vi.mp3"}},
			{"tyz", "Chưa có chữ tiếng Tày", []string{"https://banlang.example/ban-tin/tin1/tyz.mp3", "https://banlang.example/ban-tin/tin1?tieng=tyz"}},
		} {
			for _, paper := range []string{"a4", "a5"} {
				page := h.get("/to-tin/tin1.pdf?kho=" + paper + "&tieng=" + c.lang)
				if page.Status != http.StatusOK || page.Header.Get("Content-Type") != "application/pdf" {
					t.Fatalf("%s in %s: %d %s", paper, c.lang, page.Status, page.Text())
				}
				text := strings.Join(strings.Fields(h.run([]byte(page.Body), "pdftotext", "-layout", "-", "-")), " ")
				for _, want := range []string{every, "Lũ quét ở suối Bắc Sơn", "TIN KHẨN CẤP", "Minh hoạ", "Có hiệu lực đến", codeOf("tin1", 1), "Trang 1/1", "Ban Dân tộc", c.note} {
					if !strings.Contains(text, want) {
						t.Errorf("%s in %s lacks %q: %s", paper, c.lang, want, text)
					}
				}
				if got := h.squares([]byte(page.Body)); !slices.Equal(got, c.want) {
					t.Errorf("%s in %s leads to %q, want %q", paper, c.lang, got, c.want)
				}
			}
		}
	})
}

// A text that does not fit goes on, and nothing of it is lost; every page carries the code.
func TestLong(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	i := h.board["tin1"]
	var body strings.Builder
	for n := range 120 {
		fmt.Fprintf(&body, "Điều %d. Bà con giữ nước sạch, không thả trâu bò vào rừng mới trồng, báo trưởng thôn khi thấy người lạ hỏi mua đất.\n", n)
	}
	i.Editions[0].Body = body.String() + strings.Repeat("dài", 300) // a word wider than the paper
	i.Editions[0].Title = strings.Repeat("Phòng chống lũ quét, sạt lở đất mùa mưa bão ", 5)
	i.Drill = true
	h.board["tin1"] = i
	for _, paper := range []string{"a4", "a5"} {
		text := h.run([]byte(h.get("/to-tin/tin1.pdf?kho="+paper).Body), "pdftotext", "-layout", "-", "-")
		sheets := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
		if len(sheets) < 4 {
			t.Fatalf("%s has %d pages", paper, len(sheets))
		}
		for n, one := range sheets {
			if !strings.Contains(one, codeOf("tin1", 1)) || !strings.Contains(one, fmt.Sprintf("Trang %d/%d", n+1, len(sheets))) {
				t.Errorf("page %d of %s lacks its footer: %s", n+1, paper, one)
			}
		}
		if !strings.HasPrefix(strings.TrimSpace(sheets[0]), "DIỄN TẬP") {
			t.Errorf("the mark of a drill is not first: %.60s", sheets[0])
		}
		for n := range 120 {
			if !strings.Contains(text, fmt.Sprintf("Điều %d. ", n)) {
				t.Errorf("%s lost paragraph %d", paper, n)
			}
		}
		if n := strings.Count(strings.Join(strings.Fields(text), ""), "dài"); n < 290 {
			t.Errorf("%s has %d of 300 syllables of the long word", paper, n)
		}
	}
}

// What does not hold any more is not handed out, and its paper says so to whoever asks.
func TestEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		code := codeOf("tin1", 1)
		asked := func(want string, texts ...string) {
			t.Helper()
			for _, typed := range []string{code, strings.ToLower(strings.ReplaceAll(code, "-", ""))} {
				if p := h.get("/to-tin/ma?ma=" + typed); p.Status != http.StatusOK || !p.Has(append(texts, want)...) {
					t.Errorf("the code %s: %d, want %q %q: %s", typed, p.Status, want, texts, p.Text())
				}
			}
		}
		if p := h.get("/to-tin/ma?ma=" + code); p.Status != 422 || !p.Has("Không có tờ tin nào") {
			t.Errorf("a code that nobody printed: %d %s", p.Status, p.Text())
		}
		if p := h.get("/to-tin/ma?ma=%3Cb%3E"); p.Status != 422 || !p.Has("tám chữ") || p.Has("<b>") {
			t.Errorf("no code at all: %d %s", p.Status, p.Text())
		}
		if p := h.get("/to-tin/tin1.pdf"); p.Status != http.StatusOK {
			t.Fatalf("printing: %d %s", p.Status, p.Text())
		}
		asked("Tờ tin này còn hiệu lực", "/ban-tin/tin1", "Lũ quét ở suối Bắc Sơn", "Minh hoạ")
		first := h.board["tin1"]
		for name, c := range map[string]struct {
			change func(*delivery.Item)
			want   string
		}{
			"recalled": {func(i *delivery.Item) { i.Recalled, i.Ended, i.Reason = true, h.clock, "Nước đã rút" }, "đã được thu hồi"},
			"replaced": {func(i *delivery.Item) { i.Ended, i.ReplacedBy = h.clock, "tin2" }, "đã có tin khác thay"},
			"expired":  {func(i *delivery.Item) { i.Expires = h.clock }, "đã hết hiệu lực"},
		} {
			i := first
			c.change(&i)
			h.board["tin1"] = i
			for _, path := range []string{"/to-tin/tin1", "/to-tin/tin1.pdf?kho=a5", "/to-tin/tin1/nhom.zip", "/to-tin/tin1/anh.png", "/to-tin/tin1/loi-nhan.txt"} {
				if p := h.get(path); p.Status != http.StatusGone || !p.Has(c.want, i.Reason) || p.Header.Get("Content-Type") == "application/pdf" {
					t.Errorf("%s of what is %s: %d %s", path, name, p.Status, p.Text())
				}
			}
			asked(c.want, i.Reason)
		}
		renewed := first
		renewed.Version = 2
		h.board["tin1"] = renewed
		asked("đã có bản mới", "/ban-tin/tin1")
		if got := h.run([]byte(h.get("/to-tin/tin1.pdf").Body), "pdftotext", "-layout", "-", "-"); !strings.Contains(got, "Bản thứ 2") || !strings.Contains(got, codeOf("tin1", 2)) {
			t.Errorf("the newer sheet says %s", got)
		}
	})
}

// The files for a chat group: a picture, the sound, the words.
func TestGroup(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	page := h.get("/to-tin/tin1/nhom.zip?tieng=tyz")
	if page.Status != http.StatusOK {
		t.Fatalf("the pack: %d %s", page.Status, page.Text())
	}
	pack, err := zip.NewReader(strings.NewReader(page.Body), int64(len(page.Body)))
	h.must(err)
	got := map[string][]byte{}
	for _, f := range pack.File {
		r, err := f.Open()
		h.must(err)
		got[f.Name], err = io.ReadAll(r)
		h.must(err)
	}
	if string(got["2-nghe-tyz.mp3"]) != "ID3 a sound" || len(got) != 3 {
		t.Errorf("the pack holds %d files", len(got))
	}
	words := string(got["3-loi-nhan.txt"])
	for _, want := range []string{"Minh hoạ: Lũ quét ở suối Bắc Sơn\n", "Không lội qua suối.", "https://banlang.example/ban-tin/tin1?tieng=tyz", "tin1/tyz.mp3", "Chưa có chữ tiếng Tày", codeOf("tin1", 1)} {
		if !strings.Contains(words, want) {
			t.Errorf("the message lacks %q:\n%s", want, words)
		}
	}
	card, err := png.Decode(bytes.NewReader(got["1-anh.png"]))
	h.must(err)
	if size := card.Bounds().Size(); size != image.Pt(1080, 1080) {
		t.Errorf("the picture is %v", size)
	}
	// A title of any length stays above the lines at the foot.
	i := h.board["tin1"]
	i.Editions[0].Title = strings.Repeat("Nghiêng Ngả Ướt Sũng ", 40)
	s := sheet{Item: i, Text: i.Editions[0], Picture: picture("health"), Words: plain}
	body, err := s.card()
	h.must(err)
	card, err = png.Decode(bytes.NewReader(body))
	h.must(err)
	for x := range 1080 {
		if r, _, _, _ := card.At(x, 1080-3*56-30).RGBA(); r < 0x8000 {
			t.Fatalf("the title runs into the foot at %d", x)
		}
	}
}

var plain = words{Class: "TIN", Topic: "Sức khoẻ", Marks: []string{"DIỄN TẬP", "Minh hoạ"}}

// The letters of the picture are where the font says: o is a ring, l a bar.
func TestDraw(t *testing.T) {
	f, err := readFace("NotoSans-Bold.ttf")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range every {
		if _, ok := f.glyphs[r]; !ok {
			t.Errorf("no outline for %q", r)
		}
	}
	m := f.draw("o", 10, 90, 100, image.Rect(0, 0, 100, 100))
	middle, wide := 10+int(f.width("o", 100)/2), f.width("o", 100)
	if m.AlphaAt(middle, 62).A != 0 || m.AlphaAt(10+int(wide*0.12), 62).A < 200 || m.AlphaAt(1, 1).A != 0 {
		t.Errorf("o is no ring: %d in the middle, %d at its side", m.AlphaAt(middle, 62).A, m.AlphaAt(10+int(wide*0.12), 62).A)
	}
	if got := wrap("a bb ccc dddddd", 4, func(s string) float64 { return float64(len(s)) }); !slices.Equal(got, []string{"a bb", "ccc", "dddd", "dd"}) {
		t.Errorf("wrapped to %q", got)
	}
}

// Everything is public and stands in both languages.
func TestGuard(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	webtest.Guard(t, h.site, []webtest.Person{{Name: "visitor"}}, nil, func(web.Route, webtest.Person, string) webtest.Answer { return webtest.Enters })
	webtest.Render(t, h.site, "", "/to-tin/tin1", "/to-tin/ma")
	for path, want := range map[string]int{"/to-tin/tin9": 404, "/to-tin/tin1.pdf?kho=a0": 404, "/to-tin/tin1.pdf?tieng=xx": 200} {
		if p := h.get(path); p.Status != want {
			t.Errorf("%s: %d, want %d", path, p.Status, want)
		}
	}
}
