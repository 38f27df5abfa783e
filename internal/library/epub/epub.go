// Package epub writes books in EPUB 3.2 from the text of the library, for readers without a network and for reading programmes that
// speak and enlarge. It knows the format; what stands in a book is handed to it. The same book gives the same bytes.
package epub

import (
	"archive/zip"
	"cmp"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"banlang/internal/library/transcript"
)

// A Book is what is known of a book. What is not known is empty; ID, Title, Lang and Modified must be there.
type Book struct {
	ID          string // an address that stays, or a URN
	Title       string
	Lang        string // BCP 47
	Around      string // language of Facts, Notes and Contents; "" is Lang
	Creators    []string
	Publisher   string
	Date        string // 2006-01-02
	Modified    time.Time
	Description string
	Subjects    []string
	Rights      string
	Facts       [][2]string // name and value, on the first page
	Notes       []string    // what a reader must know before the first line, on the first page
	Contents    string      // heading of the list of contents
	Summary     string      // what reading programmes tell of how the book can be read
}

// A chapter ends before the next heading once it is as long as this, and anywhere once it is as long as a small reader bears.
const (
	shortChapter = 6 << 10
	longChapter  = 200 << 10
)

const mediaType = "application/epub+zip"

// A writer has one chapter in memory, and the headings.
type writer struct {
	zip      *zip.Writer
	book     Book
	chapters int
	blocks   []transcript.Block
	size     int
	contents []entry
}

// An entry is a heading in the list of contents.
type entry struct {
	text, address string
	level         int
}

// Write writes a book of the blocks.
func Write(to io.Writer, book Book, blocks iter.Seq2[transcript.Block, error]) error {
	w := writer{zip: zip.NewWriter(to), book: book}
	w.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	if err := w.begin(); err != nil {
		return err
	}
	for block, err := range blocks {
		if err != nil {
			return err
		}
		if err := w.add(block); err != nil {
			return err
		}
	}
	if err := w.endChapter(); err != nil {
		return err
	}
	if err := w.end(); err != nil {
		return err
	}
	return w.zip.Close()
}

// begin writes the mark by which programmes know the format: first, as it is, and with its length before it.
func (w *writer) begin() error {
	mark, err := w.zip.CreateRaw(&zip.FileHeader{Name: "mimetype", Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(mediaType)),
		CompressedSize64: uint64(len(mediaType)), UncompressedSize64: uint64(len(mediaType))})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(mark, mediaType); err != nil {
		return err
	}
	if err := w.file("META-INF/container.xml", `<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
`); err != nil {
		return err
	}
	if err := w.file("book/style.css", style); err != nil {
		return err
	}
	if err := w.file("book/cover.svg", w.cover()); err != nil {
		return err
	}
	return w.page("title.xhtml", w.around(), w.book.Title, w.titlePage())
}

const style = `body { line-height: 1.5; margin: 0 4%; }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; page-break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
td { border: 1px solid; padding: 0.25em; vertical-align: top; }
dt { font-weight: bold; }
.note { border: 1px solid; padding: 0.5em; }
`

func (w *writer) file(name, text string) error {
	f, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	return err
}

func (w *writer) around() string { return cmp.Or(w.book.Around, w.book.Lang) }

func (w *writer) page(name, lang, title, body string) error {
	lang = transcript.Escape(lang)
	return w.file("book/"+name, fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="%s" lang="%s">
<head><title>%s</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
%s</body>
</html>
`, lang, lang, transcript.Escape(title), body))
}

func (w *writer) titlePage() string {
	var b strings.Builder
	lang := transcript.Escape(w.book.Lang)
	fmt.Fprintf(&b, "<h1 xml:lang=\"%s\" lang=\"%s\">%s</h1>\n", lang, lang, transcript.Escape(w.book.Title))
	for _, n := range w.book.Notes {
		fmt.Fprintf(&b, "<p class=\"note\">%s</p>\n", transcript.Escape(n))
	}
	if len(w.book.Facts) > 0 {
		b.WriteString("<dl>\n")
		for _, f := range w.book.Facts {
			fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>\n", transcript.Escape(f[0]), transcript.Escape(f[1]))
		}
		b.WriteString("</dl>\n")
	}
	return b.String()
}

// add takes the next block. A chapter begins with the widest headings, and with an article once the one before is long enough.
func (w *writer) add(b transcript.Block) error {
	opens := b.Kind == transcript.Heading && (b.Level <= 2 && w.size > 0 || w.size >= shortChapter)
	if opens || w.size >= longChapter {
		if err := w.endChapter(); err != nil {
			return err
		}
	}
	if b.Kind == transcript.Heading {
		if !sound(b.Anchor) {
			b.Anchor = fmt.Sprintf("heading-%d", len(w.contents)+1)
		}
		address := chapterName(w.chapters+1) + "#" + url.PathEscape(b.Anchor)
		w.contents = append(w.contents, entry{b.Text, address, b.Level})
	}
	w.blocks, w.size = append(w.blocks, b), w.size+len(b.Plain())+1
	return nil
}

// sound tells whether a name may stand in an address and in an attribute.
func sound(name string) bool {
	for i, r := range name {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.') {
			return false
		}
	}
	return name != ""
}

func chapterName(n int) string { return fmt.Sprintf("text-%d.xhtml", n) }

func (w *writer) endChapter() error {
	if len(w.blocks) == 0 {
		return nil
	}
	w.chapters++
	title := w.book.Title
	if w.blocks[0].Kind == transcript.Heading {
		title = w.blocks[0].Text
	}
	body := transcript.Markup(w.blocks)
	w.blocks, w.size = nil, 0
	return w.page(chapterName(w.chapters), w.book.Lang, title, body)
}

// end writes the list of contents and the list of files.
func (w *writer) end() error {
	if err := w.page("nav.xhtml", w.around(), w.book.Contents, w.nav()); err != nil {
		return err
	}
	return w.file("book/book.opf", w.pack())
}

// nav is the list of contents in two levels.
func (w *writer) nav() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<nav epub:type=\"toc\" id=\"toc\"><h1>%s</h1>\n<ol xml:lang=\"%s\" lang=\"%s\">\n<li><a href=\"title.xhtml\">%s</a>",
		transcript.Escape(w.book.Contents), transcript.Escape(w.book.Lang), transcript.Escape(w.book.Lang), transcript.Escape(w.book.Title))
	link := func(e entry) string {
		text := strings.TrimSpace(strings.ReplaceAll(e.text, "\n", " "))
		if text == "" {
			text = "…"
		}
		return fmt.Sprintf("<a href=\"%s\">%s</a>", transcript.Escape(e.address), transcript.Escape(text))
	}
	within := false
	for i, e := range w.contents {
		switch {
		case e.level <= 2 || i == 0:
			if within {
				b.WriteString("</ol>")
			}
			b.WriteString("</li>\n<li>" + link(e))
			within = false
		default:
			if !within {
				b.WriteString("<ol>")
			}
			b.WriteString("<li>" + link(e) + "</li>\n")
			within = true
		}
	}
	if within {
		b.WriteString("</ol>")
	}
	b.WriteString("</li>\n</ol></nav>\n")
	return b.String()
}

// pack is the package document: what the book is, its files and their order.
func (w *writer) pack() string {
	var b strings.Builder
	lang := transcript.Escape(w.book.Lang)
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="%s">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">%s</dc:identifier>
<dc:title>%s</dc:title>
<dc:language>%s</dc:language>
<meta property="dcterms:modified">%s</meta>
`, lang, transcript.Escape(w.book.ID), transcript.Escape(w.book.Title), lang, w.book.Modified.UTC().Format("2006-01-02T15:04:05Z"))
	element := func(name string, values ...string) {
		for _, v := range values {
			if strings.TrimSpace(v) != "" {
				fmt.Fprintf(&b, "<dc:%s>%s</dc:%s>\n", name, transcript.Escape(v), name)
			}
		}
	}
	element("creator", w.book.Creators...)
	element("publisher", w.book.Publisher)
	element("date", w.book.Date)
	element("description", append([]string{w.book.Description}, w.book.Notes...)...)
	element("subject", w.book.Subjects...)
	element("rights", w.book.Rights)
	for _, m := range [][2]string{{"accessMode", "textual"}, {"accessModeSufficient", "textual"}, {"accessibilityFeature", "structuralNavigation"},
		{"accessibilityFeature", "tableOfContents"}, {"accessibilityFeature", "readingOrder"}, {"accessibilityHazard", "none"}, {"accessibilitySummary", w.book.Summary}} {
		if m[1] != "" {
			fmt.Fprintf(&b, "<meta property=\"schema:%s\">%s</meta>\n", m[0], transcript.Escape(m[1]))
		}
	}
	b.WriteString(`</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
<item id="cover" href="cover.svg" media-type="image/svg+xml" properties="cover-image"/>
<item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>
`)
	for n := 1; n <= w.chapters; n++ {
		fmt.Fprintf(&b, "<item id=\"text-%d\" href=\"%s\" media-type=\"application/xhtml+xml\"/>\n", n, chapterName(n))
	}
	b.WriteString("</manifest>\n<spine>\n<itemref idref=\"title\"/>\n<itemref idref=\"nav\"/>\n")
	for n := 1; n <= w.chapters; n++ {
		fmt.Fprintf(&b, "<itemref idref=\"text-%d\"/>\n", n)
	}
	b.WriteString("</spine>\n</package>\n")
	return b.String()
}

// cover is a picture of our own: the title in as many lines as there is room for.
func (w *writer) cover() string {
	const perLine, most = 22, 9
	var rows []string
	row := ""
	for word := range strings.FieldsSeq(w.book.Title) {
		if row != "" && utf8.RuneCountInString(row+" "+word) > perLine {
			rows, row = append(rows, row), ""
		}
		row = strings.TrimSpace(row + " " + word)
	}
	rows = append(rows, row)
	if len(rows) > most {
		rows = append(rows[:most-1], rows[most-1]+" …")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 800" xml:lang="%s"><title>%s</title>
<rect width="600" height="800" fill="#fff"/><rect width="600" height="24" fill="#14532d"/><rect y="776" width="600" height="24" fill="#14532d"/>
<g font-family="sans-serif" font-size="42" fill="#111">
`, transcript.Escape(w.book.Lang), transcript.Escape(w.book.Title))
	for i, r := range rows {
		fmt.Fprintf(&b, "<text x=\"48\" y=\"%d\">%s</text>\n", 150+i*60, transcript.Escape(r))
	}
	b.WriteString("</g>\n")
	if len(w.book.Creators) > 0 {
		fmt.Fprintf(&b, "<text x=\"48\" y=\"730\" font-family=\"sans-serif\" font-size=\"24\" fill=\"#111\">%s</text>\n", transcript.Escape(w.book.Creators[0]))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
