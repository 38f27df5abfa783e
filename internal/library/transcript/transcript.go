// Package transcript turns a file into the text that people read in it: headings, paragraphs, items and tables, in Unicode.
// It knows file formats, old Vietnamese encodings and the outside tools that read what it cannot read itself. It does not know
// what a document is about, and it keeps nothing.
//
// Whatever a file holds, the worst that comes of it is a fault that says what is wrong in the reader's language.
package transcript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/fold"
)

// A Format is a kind of file that can be read.
type Format string

// The formats, named by their usual ending.
const (
	Text     Format = "txt"
	Markdown Format = "md"
	HTML     Format = "html"
	PDF      Format = "pdf"
	DOCX     Format = "docx"
	DOC      Format = "doc"
)

// Formats lists what can be read.
var Formats = []Format{PDF, DOCX, DOC, HTML, Markdown, Text}

// MediaType is the format's name on the web.
func (f Format) MediaType() string {
	switch f {
	case PDF:
		return "application/pdf"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case DOC:
		return "application/msword"
	case HTML:
		return "text/html; charset=utf-8"
	case Markdown:
		return "text/markdown; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// A Kind is what a block of text is.
type Kind string

// The kinds of block.
const (
	Heading   Kind = "h"
	Paragraph Kind = "p"
	Item      Kind = "i"
	Table     Kind = "t"
)

// A Block is one heading, paragraph, item of a list or table.
type Block struct {
	Kind   Kind       `json:"k"`
	Level  int        `json:"l,omitzero"` // of a heading: 2 is the highest, 1 is the title's
	Anchor string     `json:"a,omitzero"` // of a heading: unique in the document and the same whenever it is read
	Text   string     `json:"t,omitzero"`
	Rows   [][]string `json:"r,omitzero"` // of a table
}

// Plain is the block's text alone, the cells of a table row by row.
func (b Block) Plain() string {
	if b.Kind != Table {
		return b.Text
	}
	rows := make([]string, len(b.Rows))
	for i, row := range b.Rows {
		rows[i] = strings.Join(row, " · ")
	}
	return strings.Join(rows, "\n")
}

// A Layer says whether what was found can be read as language.
type Layer string

// The layers.
const (
	Good    Layer = "good"
	Empty   Layer = "empty"   // no letters at all: a scan, a picture
	Garbled Layer = "garbled" // letters, but no words: written backwards, a watermark, a font without meaning
)

// A Transcript is what came out of a file.
type Transcript struct {
	Format   Format
	Encoding fold.Encoding // what the letters were before they became Unicode
	Layer    Layer
	Pages    int  // 0 where the format has none
	Scanned  bool // the letters were recognised in pictures of the pages: they may be wrong
	Blocks   []Block
}

// Plain is the whole text, one block a line.
func (t Transcript) Plain() string {
	var b strings.Builder
	for i, block := range t.Blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(block.Plain())
	}
	return b.String()
}

// Limits of what one file may cost.
const (
	maxUnpacked = 24 << 20 // bytes of XML in a packed file
	maxText     = 12 << 20 // bytes of text
	maxDepth    = 200      // of nested elements
	maxElements = 1 << 20
	maxPages    = 5000
)

// Sniff tells a file's format by its first bytes; the name decides only between kinds of plain text. It is fault.Unsupported
// when the file is none of Formats.
func Sniff(head []byte, name string) (Format, error) {
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	lower := strings.ToLower(name)
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return PDF, nil
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return DOC, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return DOCX, nil
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return Text, nil
	case len(start) == 0:
		return "", fault.New(fault.Invalid, "transcript.nothing")
	case bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f\v\x1a", r) }):
		return "", fault.New(fault.Unsupported, "transcript.unsupported")
	case hasPrefixFold(start, "<!doctype html"), hasPrefixFold(start, "<html"), strings.HasSuffix(lower, ".html"), strings.HasSuffix(lower, ".htm"):
		return HTML, nil
	case hasPrefixFold(start, "<?xml"), hasPrefixFold(start, "<svg"), hasPrefixFold(start, "{\\rtf"):
		return "", fault.New(fault.Unsupported, "transcript.unsupported")
	case strings.HasSuffix(lower, ".md"), strings.HasSuffix(lower, ".markdown"):
		return Markdown, nil
	}
	return Text, nil
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}

// A Reader reads files. The zero Reader has no outside tools and reads everything but PDF.
type Reader struct{ tools Tools }

// New makes a reader with the outside tools it may use.
func New(tools Tools) *Reader { return &Reader{tools} }

// Progress is told how many of the pages of a scan are read. It is called from several goroutines; nil tells nobody.
type Progress func(done, pages int)

// Read makes the transcript of a file. It is given whole, because most formats are read from their end; the caller has limited
// its size. A file that cannot be read is a fault: Unsupported, Invalid (broken, locked), TooLarge (unpacks to too much),
// Unavailable (a tool is missing on this machine). A scan whose letters could not be looked for still says how many pages it has.
func (r *Reader) Read(ctx context.Context, file []byte, name string, progress Progress) (t Transcript, err error) {
	defer func() { // a file made to break its reader must not stop the server
		if cause := recover(); cause != nil {
			t, err = Transcript{}, broken(t.Format, fmt.Errorf("reader stopped: %v", cause))
		}
	}()
	format, err := Sniff(file[:min(len(file), 4096)], name)
	if err != nil {
		return t, err
	}
	if len(file) > maxText && (format == HTML || format == Markdown || format == Text) {
		return t, tooLarge()
	}
	switch format {
	case PDF:
		t, err = r.pdf(ctx, file)
	case DOCX:
		t.Blocks, err = docx(file)
	case DOC:
		t.Blocks, err = doc(file)
	case HTML:
		t.Blocks, err = fromHTML(bytes.NewReader(utf8Text(file)))
	case Markdown:
		t.Blocks, err = markdown(utf8Text(file))
	default:
		t.Blocks = flow(string(utf8Text(file)))
	}
	if err != nil {
		return t, err
	}
	t.Format = format
	if err := t.finish(); err != nil || format != PDF || t.Layer == Good {
		return t, err
	}
	return r.scan(ctx, file, t, progress)
}

// finish brings what a format gave into Unicode, judges it and finds its headings.
func (t *Transcript) finish() error {
	if size(t.Blocks) > maxText {
		return tooLarge()
	}
	t.Blocks, t.Encoding = modern(t.Blocks)
	t.Layer = judge(t.Plain())
	t.Blocks = outline(t.Blocks)
	return nil
}

func size(blocks []Block) (n int) {
	for _, b := range blocks {
		n += len(b.Text)
		for _, row := range b.Rows {
			for _, cell := range row {
				n += len(cell)
			}
		}
	}
	return n
}

func broken(f Format, cause error) error {
	return errors.Join(fault.New(fault.Invalid, "transcript.broken", "Format", string(f)), cause)
}

func tooLarge() error {
	const mega = 1 << 20
	return fault.New(fault.TooLarge, "transcript.too_large", "MB", maxUnpacked/mega)
}

// bounded is a reader that fails, rather than ends, after n bytes.
type bounded struct {
	r io.Reader
	n int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.n -= int64(n); b.n < 0 {
		return 0, tooLarge()
	}
	return n, err
}
