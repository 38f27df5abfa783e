package transcript

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banlang/internal/fault"
	"banlang/internal/fold"
)

var update = flag.Bool("update", false, "write testdata anew")

const shared = "../../../../shared/data/docs"

// What came out of each of the 49 originals, read by a person and kept as a table.
func TestOriginals(t *testing.T) {
	files, err := filepath.Glob(shared + "/originals/*")
	if err != nil || len(files) == 0 {
		t.Skip("the originals are not beside this clone (../shared/data/docs/originals)")
	}
	needPDF(t)
	got := [][]string{{"file", "format", "encoding", "layer", "scanned", "pages", "headings", "tables", "letters", "first_line"}}
	for _, file := range files {
		tr := read(t, file)
		headings, tables := 0, 0
		for _, b := range tr.Blocks {
			switch b.Kind {
			case Heading:
				headings++
			case Table:
				tables++
			}
		}
		first, _, _ := strings.Cut(tr.Plain(), "\n")
		got = append(got, []string{filepath.Base(file), string(tr.Format), string(tr.Encoding), string(tr.Layer), strconv.FormatBool(tr.Scanned), strconv.Itoa(tr.Pages),
			strconv.Itoa(headings), strconv.Itoa(tables), strconv.Itoa(len([]rune(tr.Plain()))), first})
	}
	const table = "testdata/originals.csv"
	if *update {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(table, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what came out of the originals changed (-table +now):\n%s", diff)
	}
}

func read(t *testing.T, file string) Transcript {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(Tools{}).Read(t.Context(), content, filepath.Base(file), nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return tr
}

// needPDF skips a test where the outside tools are missing, and fails where CI is set.
func needPDF(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"pdftotext", "pdftoppm", "tesseract", "bwrap", "prlimit"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

func TestFormats(t *testing.T) {
	tcvn3 := "QuyÕt ®Þnh cña Uû ban nh©n d©n tØnh vÒ viÖc giao ®Êt, giao rõng cho hé gia ®×nh. N\u00adíc vµ rõng lµ tµi s¶n chung."
	latin := make([]byte, 0, len(tcvn3)) // as old programs saved it, one byte a letter
	for _, r := range tcvn3 {
		latin = append(latin, byte(r))
	}
	tests := []struct {
		name string
		file string
		text string
		want []Block
	}{
		{"plain text is cut at blank lines and joined where a line was broken", "a.txt", "Thông báo họp thôn về việc giữ rừng\nđầu nguồn\n\nĐiều 1. Thời gian\nSáng thứ bảy.\n",
			[]Block{{Kind: Paragraph, Text: "Thông báo họp thôn về việc giữ rừng đầu nguồn"}, {Kind: Heading, Level: 2, Anchor: "dieu-1", Text: "Điều 1. Thời gian"}, {Kind: Paragraph, Text: "Sáng thứ bảy."}}},
		{"an article spoken of is none", "a.txt", "Điều 5 của Luật này áp dụng cho mọi người.",
			[]Block{{Kind: Paragraph, Text: "Điều 5 của Luật này áp dụng cho mọi người."}}},
		{"a chapter takes its name from the next line, articles lie under it", "a.txt", "Chương I\n\nQUY ĐỊNH CHUNG\n\nĐiều 1. Phạm vi\n\nChương II\n\nTHI HÀNH\n\nĐiều 2: Hiệu lực\n\nĐiều 1. Lại một",
			[]Block{{Kind: Heading, Level: 2, Anchor: "chuong-i", Text: "Chương I. QUY ĐỊNH CHUNG"}, {Kind: Heading, Level: 3, Anchor: "dieu-1", Text: "Điều 1. Phạm vi"},
				{Kind: Heading, Level: 2, Anchor: "chuong-ii", Text: "Chương II. THI HÀNH"}, {Kind: Heading, Level: 3, Anchor: "dieu-2", Text: "Điều 2: Hiệu lực"},
				{Kind: Heading, Level: 3, Anchor: "dieu-1-2", Text: "Điều 1. Lại một"}}},
		{"Markdown keeps headings, items and both sorts of tables", "a.md", "# Giữ rừng\n\nKhông **đốt** nương.\n\n- một\n- hai\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n  ------- --------\n  **Số:**\\ *Ngày 1*\n  12\n\n  dưới    cuối\n  ------- --------\n",
			[]Block{{Kind: Heading, Level: 2, Anchor: "muc-giu-rung", Text: "Giữ rừng"}, {Kind: Paragraph, Text: "Không đốt nương."}, {Kind: Item, Text: "một"}, {Kind: Item, Text: "hai"},
				{Kind: Table, Rows: [][]string{{"a", "b"}, {"1", "2"}}}, {Kind: Table, Rows: [][]string{{"Số:\n12", "Ngày 1"}, {"dưới", "cuối"}}}}},
		{"HTML gives its words and no script", "a.html", `<html><head><title>x</title><style>p{}</style><script>alert("chào")</script></head><body onload=x><h2>Tin &amp; lời</h2><p>Nước <b>lên</b><br>nhanh</p><svg><script>1</script></svg><img src=x onerror=alert(1)><iframe src=//evil></iframe></body>`,
			[]Block{{Kind: Heading, Level: 2, Anchor: "muc-tin-loi", Text: "Tin & lời"}, {Kind: Paragraph, Text: "Nước lên\nnhanh"}}},
		{"a text of TCVN3 becomes Unicode", "a.txt", string(latin),
			[]Block{{Kind: Paragraph, Text: "Quyết định của Uỷ ban nhân dân tỉnh về việc giao đất, giao rừng cho hộ gia đình. Nước và rừng là tài sản chung."}}},
		{"UTF-16 is read", "a.txt", "\xff\xfeC\x00h\x00\xe0\x00o\x00",
			[]Block{{Kind: Paragraph, Text: "Chào"}}},
		{"signs that turn the writing round are dropped", "a.txt", "Bản \u202etin\u202c mới", []Block{{Kind: Paragraph, Text: "Bản tin mới"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, err := New(Tools{}).Read(t.Context(), []byte(test.text), test.file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, tr.Blocks); diff != "" {
				t.Errorf("Read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLayer(t *testing.T) {
	vietnamese := strings.Repeat("Bà con không đốt nương khi trời hanh khô, có gió to. ", 5)
	backwards := []rune(vietnamese)
	for i, j := 0, len(backwards)-1; i < j; i, j = i+1, j-1 {
		backwards[i], backwards[j] = backwards[j], backwards[i]
	}
	tests := []struct {
		name, text string
		want       Layer
	}{
		{"Vietnamese", vietnamese, Good},
		{"Vietnamese without marks", "Ba con khong dot nuong khi troi hanh kho, co gio to.", Good},
		{"English", "The people of the village are in the forest, and the water is on the road to the market.", Good},
		{"written backwards", string(backwards), Garbled},
		{"a watermark on its side", "n v . m a n t e i V t Lua\n. w w w", Garbled},
		{"a font without meaning", strings.Repeat("Wkrqj edr krs wkrq yh xlhf jlx uxqj ", 4), Garbled},
		{"figures alone", "1 2 3 4,5", Empty},
		{"nothing", "", Empty},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := judge(test.text); got != test.want {
				t.Errorf("judge(%q) = %s, want %s", test.text, got, test.want)
			}
		})
	}
}

// packed makes a Word file of 2007 around the body of its main part.
func packed(t testing.TB, body string) []byte {
	t.Helper()
	return zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "../../evil": "x", "word/document.xml": `<?xml version="1.0"?>` +
		`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>` + body + `</w:body></w:document>`})
}

func zipped(t testing.TB, members map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range members {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDOCX(t *testing.T) {
	p := func(props, text string) string {
		return "<w:p>" + props + "<w:r><w:t>" + text + "</w:t></w:r></w:p>"
	}
	cell := func(text string) string { return "<w:tc>" + p("", text) + "</w:tc>" }
	file := packed(t, p(`<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>`, "Quy ước thôn")+
		`<w:p><w:r><w:t>Giữ</w:t><w:tab/><w:t xml:space="preserve">nước </w:t></w:r><w:del><w:r><w:delText>đã xoá</w:delText></w:r></w:del><w:r><w:t>sạch</w:t></w:r></w:p>`+
		p(`<w:pPr><w:numPr/></w:pPr>`, "một việc")+
		"<w:tbl><w:tr>"+cell("Thôn")+cell("Số hộ")+"</w:tr><w:tr>"+cell("Nà Pàn")+cell("45")+"</w:tr></w:tbl>"+
		`<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>ô chữ</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>ô chữ</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>`)
	tr, err := New(Tools{}).Read(t.Context(), file, "quy-uoc.docx", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{{Kind: Heading, Level: 2, Anchor: "muc-quy-uoc-thon", Text: "Quy ước thôn"}, {Kind: Paragraph, Text: "Giữ nước sạch"}, {Kind: Item, Text: "một việc"},
		{Kind: Table, Rows: [][]string{{"Thôn", "Số hộ"}, {"Nà Pàn", "45"}}}, {Kind: Paragraph, Text: "ô chữ"}}
	if diff := cmp.Diff(want, tr.Blocks); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
}

// onePage makes a PDF whose page shows the line, in plain letters.
func onePage(line string) []byte {
	var b bytes.Buffer
	var at []int
	object := func(text string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), text)
	}
	b.WriteString("%PDF-1.4\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>")
	stream := "BT /F 12 Tf 72 700 Td (" + line + ") Tj ET"
	object(fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(stream), stream))
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func TestPDF(t *testing.T) {
	needPDF(t)
	tr, err := New(Tools{}).Read(t.Context(), onePage("Ba con khong dot nuong khi troi hanh kho"), "tin.pdf", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := tr.Plain(); got != "Ba con khong dot nuong khi troi hanh kho" || tr.Pages != 1 || tr.Layer != Good {
		t.Errorf("Read = %q, %d pages, layer %s", got, tr.Pages, tr.Layer)
	}
	if tr, err := New(Tools{}).Read(t.Context(), onePage(""), "anh.pdf", nil); err != nil || tr.Layer != Empty {
		t.Errorf("a page without letters gives layer %s, %v, want empty", tr.Layer, err)
	}
}

func TestMissingTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := New(Tools{}).Read(t.Context(), onePage("tin"), "tin.pdf", nil)
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "poppler-utils") {
		t.Errorf("Read without tools = %v, want an unavailable fault that names the package", err)
	}
	if tr, err := New(Tools{}).Read(t.Context(), []byte("Tin mới"), "tin.txt", nil); err != nil || tr.Plain() != "Tin mới" {
		t.Errorf("plain text needs no tool, but Read = %q, %v", tr.Plain(), err)
	}
}

func TestHostileFiles(t *testing.T) {
	deep := strings.Repeat("<w:p>", 100_000)
	tests := []struct {
		name string
		file string
		text []byte
		want fault.Kind
	}{
		{"an empty file", "a.txt", nil, fault.Invalid},
		{"a picture that is a program", "a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), fault.Unsupported},
		{"a program", "a.txt", []byte("\x7fELF\x02\x01\x01\x00\x00\x00"), fault.Unsupported},
		{"a packed file that is no document", "a.docx", zipped(t, map[string]string{"../../../etc/passwd": "root"}), fault.Unsupported},
		{"a packed file that is cut", "a.docx", packed(t, "<w:p/>")[:60], fault.Invalid},
		{"a packed file that unpacks to too much", "a.docx", packed(t, strings.Repeat(" ", maxUnpacked)), fault.TooLarge},
		{"elements nested too deep", "a.docx", packed(t, deep), fault.Invalid},
		{"elements nested too deep in what is skipped", "a.docx", packed(t, "<w:del>"+deep), fault.Invalid},
		{"an entity that would grow", "a.docx", zipped(t, map[string]string{"word/document.xml": `<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;">]><a>&d;</a>`}), fault.Invalid},
		{"an old container without a Word text", "a.doc", append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 2000)...), fault.Invalid},
		{"a PDF that is none", "a.pdf", []byte("%PDF-1.7\n" + strings.Repeat("x", 3000)), fault.Invalid},
		{"a text without end", "a.txt", bytes.Repeat([]byte("chữ "), maxText/4), fault.TooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if strings.HasSuffix(test.file, ".pdf") {
				needPDF(t)
			}
			if _, err := New(Tools{}).Read(t.Context(), test.text, test.file, nil); !fault.Is(err, test.want) {
				t.Errorf("Read = %v, want kind %d", err, test.want)
			}
		})
	}
}

// processor is the time that this process has had: unlike the clock's, a busy machine does not lengthen it.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Files of small size that would cost a naive reader minutes or all memory. Each once did, or does so to others.
func TestCostlyFiles(t *testing.T) {
	const n = 100_000
	tests := []struct {
		name, file string
		text       []byte
	}{
		{"links that are none", "a.md", bytes.Repeat([]byte("[a]("), n)},
		{"quotes in quotes", "a.md", bytes.Repeat([]byte(">"), n)},
		{"quotes in lists", "a.md", bytes.Repeat([]byte("> - "), n)},
		{"a table wider than its rows", "a.md", []byte("|" + strings.Repeat("a|", n/2) + "\n|" + strings.Repeat("-|", n/2) + "\n" + strings.Repeat("|a|\n", n/16))},
		{"emphasis without end", "a.md", bytes.Repeat([]byte("**a _b "), n/4)},
		{"tables in tables", "a.html", bytes.Repeat([]byte("<table><tr>"), n)},
		{"one element with all attributes", "a.html", []byte("<html><p " + strings.Repeat("a=b ", 2*n) + ">")},
		{"every line an article of the same number", "a.txt", bytes.Repeat([]byte("Điều 1. a\n\n"), n)},
		{"paragraphs without end", "a.docx", packed(t, strings.Repeat("<w:p/>", 20*n))},
		{"cells without end", "a.docx", packed(t, "<w:tbl><w:tr>"+strings.Repeat("<w:tc/>", 20*n))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := processor(t)
			_, err := New(Tools{}).Read(t.Context(), test.text, test.file, nil)
			if took := processor(t) - start; took > 20*time.Second { // a twentieth of that on the slowest machine tried; room for -race
				t.Errorf("Read took %v of the processor", took)
			}
			if err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("Read = %v", err)
			}
		})
	}
}

// The sandbox must hold: a program in it sees neither the network nor the files of this machine, and stops at its limits.
func TestSandbox(t *testing.T) {
	needPDF(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		program []string
		want    fault.Kind
	}{
		{"it answers", []string{"cat"}, fault.None},
		{"it does not see our files", []string{"cat", secret}, fault.Internal},
		{"it sees no network", []string{"sh", "-c", "test $(ls /sys/class/net 2>/dev/null | wc -l) -eq 0 && ! cat /proc/net/route 2>/dev/null | grep -q eth"}, fault.None},
		{"it writes nowhere", []string{"sh", "-c", "echo x > /usr/x"}, fault.Internal},
		{"too much output is cut off", []string{"cat", "/dev/zero"}, fault.TooLarge},
		{"too much memory is refused", []string{"sh", "-c", "head -c 900000000 /dev/zero | tail -c 900000000 > /dev/null"}, fault.Internal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Tools{}.run(t.Context(), []byte("tin"), "coreutils", test.program...)
			if got := fault.KindOf(err); got != test.want {
				t.Errorf("run(%v) = %v (kind %d), want kind %d", test.program, err, got, test.want)
			}
		})
	}
}

// Cut and bent originals must be refused or read, never more.
func TestBentOriginals(t *testing.T) {
	for _, name := range []string{"1945-0be3bb.doc", "1945-e6f970.doc", "2010-62ae15.doc", "2010-92cf1a.docx"} {
		whole, err := os.ReadFile(filepath.Join(shared, "originals", name))
		if err != nil {
			t.Skip("the originals are not beside this clone (../shared/data/docs/originals)")
		}
		for i := range 40 {
			bent := bytes.Clone(whole[:len(whole)*(i+1)/40])
			for j := i * 7; j < len(bent); j += 1009 {
				bent[j] ^= byte(i + 1)
			}
			if _, err := New(Tools{}).Read(t.Context(), bent, name, nil); err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("%s bent the %dth way: %v", name, i, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Điều 1. Tin\n\n- một"), "a.txt")
	f.Add([]byte("# Tin\n\n  ---- ----\n  a    b\n  ---- ----\n"), "a.md")
	f.Add([]byte("<table><tr><td>1<table><td>2</table></table>"), "a.html")
	f.Add(packed(f, "<w:p><w:r><w:t>Tin</w:t></w:r></w:p>"), "a.docx")
	f.Add(append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 1500)...), "a.doc")
	f.Fuzz(func(t *testing.T, file []byte, name string) {
		if format, err := Sniff(file, name); err != nil || format == PDF {
			return // an outside program's affair
		}
		tr, err := New(Tools{}).Read(t.Context(), file, name, nil)
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("Read = %v, which is no fault", err)
		}
		if err != nil && strings.Contains(err.Error(), "reader stopped") {
			t.Errorf("Read stopped: %v", err)
		}
		seen := map[string]bool{}
		for _, b := range tr.Blocks {
			if b.Kind == Heading && (seen[b.Anchor] || b.Anchor == "") {
				t.Errorf("anchor %q is not the heading's own", b.Anchor)
			}
			seen[b.Anchor] = true
		}
		if tr.Encoding != fold.Unicode && len(tr.Blocks) == 0 {
			t.Error("nothing has an encoding")
		}
	})
}
