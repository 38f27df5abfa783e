package epub_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banlang/internal/library/epub"
	"banlang/internal/library/transcript"
)

func book() epub.Book {
	return epub.Book{ID: "https://example.vn/thu-vien/a1", Title: "Nghị định <12> & quy định chi tiết một số điều của Luật về công tác dân tộc", Lang: "vi", Around: "en", Creators: []string{"Chính phủ"},
		Publisher: "Thư viện thử", Date: "2026-05-05", Modified: time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC), Description: "Tóm tắt", Subjects: []string{"Chính sách"},
		Rights: "Tự do", Facts: [][2]string{{"Số", "12/2026/NĐ-CP"}}, Notes: []string{"Tài liệu minh hoạ."}, Contents: "Mục lục", Summary: "Có mục lục."}
}

// law is a text with chapters, articles, items, tables and odd letters.
func law() []transcript.Block {
	blocks := []transcript.Block{{Kind: transcript.Paragraph, Text: "CHÍNH PHỦ\nĐộc lập"}}
	for c := 1; c <= 3; c++ {
		blocks = append(blocks, transcript.Block{Kind: transcript.Heading, Level: 2, Anchor: fmt.Sprintf("chuong-%d", c), Text: fmt.Sprintf("Chương %d. A & B", c)})
		for a := range 8 {
			blocks = append(blocks, transcript.Block{Kind: transcript.Heading, Level: 3, Anchor: fmt.Sprintf("dieu-%d", c*10+a), Text: fmt.Sprintf("Điều %d", c*10+a)},
				transcript.Block{Kind: transcript.Paragraph, Text: strings.Repeat("Đồng bào các dân tộc ", 100)}, transcript.Block{Kind: transcript.Item, Text: "a) <một>"},
				transcript.Block{Kind: transcript.Table, Rows: [][]string{{"1", "hai\nba"}, {"\x01"}}})
		}
	}
	return append(blocks, transcript.Block{Kind: transcript.Heading, Level: 5, Anchor: "lạ lùng", Text: " "}, transcript.Block{Kind: transcript.Heading, Level: 2, Anchor: "phụ-lục", Text: "Phụ lục"})
}

func each(blocks []transcript.Block) iter.Seq2[transcript.Block, error] {
	return func(yield func(transcript.Block, error) bool) {
		for _, b := range blocks {
			if !yield(b, nil) {
				return
			}
		}
	}
}

func write(t *testing.T, b epub.Book, blocks []transcript.Block) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := epub.Write(&out, b, each(blocks)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// epubcheck finds nothing, with much text and with none.
func TestBookIsValid(t *testing.T) {
	const checker = "/usr/share/java/epubcheck.jar"
	if _, err := os.Stat(checker); err != nil {
		t.Skip("epubcheck is not installed")
	}
	folder := t.TempDir()
	bare := epub.Book{ID: "urn:x:1", Title: "Trống", Lang: "tyz", Modified: time.Unix(0, 0), Contents: "Mục lục"}
	for name, content := range map[string][]byte{"a.epub": write(t, book(), law()), "b.epub": write(t, bare, nil)} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "java", "-jar", checker, "--failonwarnings", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "No errors or warnings detected") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestBookHasItsText(t *testing.T) {
	content := write(t, book(), law())
	if !bytes.Equal(content, write(t, book(), law())) {
		t.Error("the same book gives other bytes")
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	if z.File[0].Name != "mimetype" || z.File[0].Method != zip.Store || len(z.File[0].Extra) > 0 {
		t.Errorf("the first file is %+v", z.File[0].FileHeader)
	}
	var all strings.Builder
	for n := 1; files[fmt.Sprintf("book/text-%d.xhtml", n)] != ""; n++ {
		all.WriteString(files[fmt.Sprintf("book/text-%d.xhtml", n)])
	}
	if got := strings.Count(all.String(), "Đồng bào các dân tộc"); got != 24*100 {
		t.Errorf("the text stands there %d times, want %d", got, 24*100)
	}
	nav := files["book/nav.xhtml"]
	if strings.Count(nav, "Chương") != 3 || strings.Count(nav, "Điều ") != 24 || !strings.Contains(nav, "#dieu-37\">Điều 37</a>") {
		t.Errorf("the list of contents is %s", nav)
	}
	if !strings.Contains(files["book/title.xhtml"], "Tài liệu minh hoạ.") {
		t.Errorf("the first page does not say that it is a demonstration: %s", files["book/title.xhtml"])
	}
}

func TestBookOfBrokenText(t *testing.T) {
	broken := errors.New("broken")
	err := epub.Write(io.Discard, book(), func(yield func(transcript.Block, error) bool) { yield(transcript.Block{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
