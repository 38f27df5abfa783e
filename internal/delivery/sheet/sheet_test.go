package sheet

import (
	"bytes"
	"context"
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
	h.must(places.Ready(t.Context(), nil))
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
