// Package intake reads a table that a person sent, a CSV file, and tells in plain words what is wrong with it and where.
// It knows nothing of what the table is about.
package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"banlang/internal/fault"
	"banlang/internal/fold"
)

// Limit is how large a table may be, in bytes; no real one has as many columns or rows as the others.
const (
	Limit   = 32 << 20
	widest  = 1000
	longest = 200_000
)

// A Report says what became of a table.
type Report struct {
	Name     string // of the file
	Kind     string // what it was taken for: "units", "lineage", "census" ...
	Dry      bool   // only tried: nothing was written
	Rows     int    // rows of data seen
	Added    int
	Changed  int
	Same     int       // rows that say what was known already
	Blank    int       // rows whose figure is empty: not counted is not zero
	Encoding string    // "tcvn3" or "vni" where the file was brought into Unicode
	Refused  []Refusal // rows that were not taken, in order
}

// A Refusal says why a row was not taken: the row as a spreadsheet counts, the column, and a fault that says what to do.
type Refusal struct {
	Row    int
	Column string
	Why    error
}

// Refuse adds a refusal.
func (r *Report) Refuse(row int, column, key string, args ...any) {
	r.Refused = append(r.Refused, Refusal{row, column, fault.Field(column, key, args...)})
}

// A Table is a file read whole, its header in canonical form.
type Table struct {
	Name     string
	Encoding fold.Encoding
	columns  map[string]int
	header   []string
	rows     []Row
}

// A Row is one row of data.
type Row struct {
	N     int // line of the file, the header being 1
	cells []string
	table *Table
}

// Read reads a CSV file with a header. Commas, semicolons and tabs are understood as they come.
func Read(name string, r io.Reader) (*Table, error) {
	name = filepath.Base(name)
	text, encoding, err := readText(name, r)
	if err != nil {
		return nil, err
	}
	comma := delimiter(text)
	if err := shaped(name, text, comma); err != nil {
		return nil, err
	}
	c := csv.NewReader(strings.NewReader(text))
	c.Comma = comma
	c.FieldsPerRecord = -1
	t := &Table{Name: name, Encoding: encoding, columns: map[string]int{}}
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, fault.New(fault.Invalid, "intake.quotes", "File", name, "Row", e.Line, "Column", e.Column)
		} else if err != nil {
			return nil, err
		}
		line, _ := c.FieldPos(0)
		if t.header == nil {
			t.setHeader(cells)
			continue
		}
		if !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			continue
		}
		t.rows = append(t.rows, Row{line, cells, t})
	}
	if len(t.rows) == 0 {
		return nil, fault.New(fault.Invalid, "intake.no_rows", "File", name)
	}
	return t, nil
}

// shaped refuses a text of nothing but separators before it is taken apart: each costs thirty times its size in memory.
func shaped(name, text string, comma rune) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.Count(line, string(comma)) > widest {
			return fault.New(fault.TooLarge, "intake.too_wide", "File", name, "Row", n, "Most", widest)
		}
	}
	if n > longest {
		return fault.New(fault.TooLarge, "intake.too_long", "File", name, "Most", longest)
	}
	return nil
}

// readText refuses what is no text at all and brings old Vietnamese encodings into Unicode.
func readText(name string, r io.Reader) (string, fold.Encoding, error) {
	raw, err := io.ReadAll(io.LimitReader(r, Limit+1))
	if err != nil {
		return "", "", err
	}
	if err := Sniff(name, raw, Limit); err != nil {
		return "", "", err
	}
	raw = bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(raw) {
		latin := make([]rune, len(raw))
		for i, b := range raw {
			latin[i] = rune(b)
		}
		text, encoding := decode(string(latin))
		if encoding == fold.Unicode {
			return "", "", fault.New(fault.Invalid, "intake.not_utf8", "File", name, "Row", 1+bytes.Count(raw[:firstInvalid(raw)], []byte("\n")))
		}
		return text, encoding, nil
	}
	text, encoding := decode(string(raw))
	return text, encoding, nil
}

// sample is as much of a text as fold.Decode looks at.
const sample = 1 << 16

// decode brings an old encoding into Unicode. A table is mostly codes and English words, which say nothing about its letters: so
// the words that have marks are put before it, as many times as fill what is looked at, and cut off again.
func decode(text string) (string, fold.Encoding) {
	var marked strings.Builder
	for word := range strings.FieldsFuncSeq(text[:min(len(text), sample)], func(r rune) bool { return strings.ContainsRune(",;\t\r\n \"", r) }) {
		if strings.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) {
			marked.WriteString(word + " ")
		}
	}
	probe := marked.String()
	if _, encoding := fold.Decode(probe); encoding == fold.Unicode {
		return text, encoding
	}
	const end = "\x00" // Sniff lets none through
	decoded, encoding := fold.Decode(strings.Repeat(probe, 1+sample/len(probe)) + end + text)
	_, decoded, _ = strings.Cut(decoded, end)
	return decoded, encoding
}

func firstInvalid(raw []byte) int {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(raw)
}

// Sniff refuses a file that cannot be what is asked for: empty, too large, a web page, or not text.
func Sniff(name string, raw []byte, limit int) error {
	head := bytes.ToLower(bytes.TrimLeft(raw[:min(len(raw), 1024)], "\xEF\xBB\xBF \t\r\n"))
	switch {
	case len(raw) > limit:
		return fault.New(fault.TooLarge, "intake.too_large", "File", name, "MB", limit>>20)
	case len(head) == 0:
		return fault.New(fault.Invalid, "intake.empty", "File", name)
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return fault.New(fault.Unsupported, "intake.html", "File", name)
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")), bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")):
		return fault.New(fault.Unsupported, "intake.workbook", "File", name)
	case bytes.HasPrefix(raw, []byte("\xFF\xFE")), bytes.HasPrefix(raw, []byte("\xFE\xFF")):
		return fault.New(fault.Unsupported, "intake.utf16", "File", name)
	case bytes.IndexByte(raw, 0) >= 0, bytes.HasPrefix(head, []byte("%pdf")):
		return fault.New(fault.Unsupported, "intake.binary", "File", name)
	}
	return nil
}

// delimiter is the sign that parts most cells of the first line.
func delimiter(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	best, most := ',', strings.Count(line, ",")
	for _, r := range ";\t" {
		if n := strings.Count(line, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

func (t *Table) setHeader(cells []string) {
	t.header = []string{}
	for i, cell := range cells {
		name := strings.ReplaceAll(fold.Key(cell), " ", "_")
		t.header = append(t.header, name)
		if _, twice := t.columns[name]; !twice {
			t.columns[name] = i
		}
	}
}

// Alias lets a column be found under other headings as well.
func (t *Table) Alias(name string, others ...string) {
	for _, other := range others {
		if i, ok := t.columns[other]; ok && !t.Has(name) {
			t.columns[name] = i
		}
	}
}

// Has tells whether the table has all these columns.
func (t *Table) Has(names ...string) bool {
	for _, name := range names {
		if _, ok := t.columns[name]; !ok {
			return false
		}
	}
	return true
}

// Need refuses a table that lacks one of the columns, and says which it has.
func (t *Table) Need(names ...string) error {
	for _, name := range names {
		if !t.Has(name) {
			return fault.New(fault.Invalid, "intake.header", "File", t.Name, "Column", name, "Found", strings.Join(t.header, ", "))
		}
	}
	return nil
}

// Columns are the headings in canonical form, in their order.
func (t *Table) Columns() []string { return t.header }

// Rows are the rows of data.
func (t *Table) Rows() []Row { return t.rows }

// Text is a cell without the blanks around it; "" where the row is short or the table has no such column.
func (r Row) Text(column string) string {
	i, ok := r.table.columns[column]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

// List is a cell whose several values are parted by semicolons.
func (r Row) List(column string) []string {
	var all []string
	for one := range strings.SplitSeq(r.Text(column), ";") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// Keep drops the rows that do not belong.
func (t *Table) Keep(belongs func(Row) bool) {
	t.rows = slices.DeleteFunc(t.rows, func(r Row) bool { return !belongs(r) })
}
