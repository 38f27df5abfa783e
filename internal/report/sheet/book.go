package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"banlang/internal/fault"
)

// Limits of a workbook that is read. A national file of a form has some 180,000 rows; nothing an officer sends comes near.
const (
	MaxSize  = 64 << 20 // bytes of the file
	MaxCells = 2_000_000

	maxUnpacked = 128 << 20 // bytes of all the parts that are read
	maxShared   = 32 << 20  // bytes of the texts that cells share
	maxLine     = 4 << 20   // bytes of the texts of one row
	maxIndex    = 1 << 20   // bytes of the list of parts
	maxLinks    = 10_000
	maxTabs     = 100
	maxParts    = 4096
	maxColumns  = 1024
	maxRows     = 1 << 20 // Excel's own
	maxMerges   = 100_000
	maxStyles   = 65_536
)

// errDamaged is what stands for any way in which a file is not what it should be.
var errDamaged = fault.New(fault.Invalid, "sheet.damaged")

// A book is a workbook that is read tab by tab, row by row. Its texts and styles are in memory, its cells are not.
type book struct {
	parts  map[string]*zip.File
	tabs   []tab
	shared []string
	styles []style
	since  int    // days by which dates are later: in a workbook that counts from 1904
	table  []line // of a file of text, instead of parts
	left   int64  // bytes that may yet be unpacked
	short  map[string]string
}

// A tab is one sheet of a workbook.
type tab struct {
	name   string
	hidden bool
	part   string
}

// A style is what the look of a cell says of its value.
type style struct {
	date    bool
	percent bool
}

// openBook reads everything but the cells.
func openBook(r io.ReaderAt, size int64) (*book, error) {
	if err := workbook(r, size); err != nil {
		if fault.KindOf(err) == fault.Unsupported {
			if b, ok, wrong := openCSV(r, size); ok {
				return b, wrong
			}
		}
		return nil, err
	}
	if !smallIndex(r, size) {
		return nil, errDamaged
	}
	z, err := zip.NewReader(r, size)
	if err != nil || len(z.File) > maxParts {
		return nil, errDamaged
	}
	b := &book{parts: map[string]*zip.File{}, left: maxUnpacked, short: map[string]string{}}
	for _, f := range z.File {
		name := strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(f.Name, `\`, "/")), "/")
		if _, twice := b.parts[name]; twice {
			return nil, errDamaged
		}
		b.parts[name] = f
	}
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	links, err := b.links(main)
	if err != nil {
		return nil, err
	}
	if err := b.readTabs(main, links); err != nil {
		return nil, err
	}
	for _, l := range links {
		var err error
		switch path.Base(l.kind) {
		case "sharedStrings":
			err = b.readShared(l.part)
		case "styles":
			err = b.readStyles(l.part)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// workbook tells by its first bytes whether a file is a workbook, and what to do where it is another.
func workbook(r io.ReaderAt, size int64) error {
	head := make([]byte, 8)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch head = head[:n]; {
	case size == 0 || n == 0:
		return fault.New(fault.Invalid, "sheet.empty")
	case size > MaxSize:
		return fault.New(fault.TooLarge, "sheet.large", "MB", MaxSize>>20)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return fault.New(fault.Unsupported, "sheet.old") // .xls, and .xlsx with a password
	case !bytes.HasPrefix(head, []byte("PK")):
		return fault.New(fault.Unsupported, "sheet.not_workbook")
	}
	return nil
}

// smallIndex tells whether the list of parts at the end of the file is no longer than a workbook's: archive/zip reads all of it,
// whatever it says of its own length.
func smallIndex(r io.ReaderAt, size int64) bool {
	const record = 22
	tail := make([]byte, min(size, record+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || i+record > len(tail) {
		return false
	}
	begin := int64(binary.LittleEndian.Uint32(tail[i+16:]))
	return size-int64(len(tail)-i)-begin <= maxIndex
}

// mainPart finds the workbook in the package.
func (b *book) mainPart() (string, error) {
	if b.parts["mimetype"] != nil && b.parts["content.xml"] != nil {
		return "", fault.New(fault.Unsupported, "sheet.opendocument")
	}
	links, err := b.links("")
	if err != nil {
		return "", err
	}
	for _, l := range links {
		if path.Base(l.kind) == "officeDocument" && strings.HasSuffix(l.part, ".bin") {
			return "", fault.New(fault.Unsupported, "sheet.old") // .xlsb
		}
		if path.Base(l.kind) == "officeDocument" && b.parts[l.part] != nil {
			return l.part, nil
		}
	}
	return "", fault.New(fault.Unsupported, "sheet.not_workbook")
}

// part opens one part for scanning. It unpacks no more than the part says, nor than all parts may have together.
func (b *book) part(name string) (*scanner, io.Closer, error) {
	f := b.parts[name]
	if f == nil {
		return nil, nil, errDamaged
	}
	size := int64(f.UncompressedSize64)
	if size < 0 || size > b.left {
		return nil, nil, fault.New(fault.TooLarge, "sheet.unpacked", "MB", maxUnpacked>>20)
	}
	b.left -= size
	r, err := f.Open()
	if err != nil {
		return nil, nil, errDamaged
	}
	return newScanner(io.LimitReader(r, size)), r, nil
}

// again gives back what a part took of the limit: it will be read once more.
func (b *book) again(name string) { b.left += int64(b.parts[name].UncompressedSize64) }

// walk calls f for each element of a part that opens.
func (b *book) walk(part string, f func(s *scanner) error) error {
	s, c, err := b.part(part)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		switch t, err := s.next(); {
		case err != nil:
			return damaged(err)
		case t == end:
			return nil
		case t == open:
			if err := f(s); err != nil {
				return err
			}
		}
	}
}

// damaged is what a person is told where a part cannot be read to its end.
func damaged(err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return errDamaged
}

type link struct{ id, kind, part string }

// links are the relationships of a part, in its order.
func (b *book) links(part string) ([]link, error) {
	dir, base := path.Split(part)
	name := dir + "_rels/" + base + ".rels"
	if b.parts[name] == nil {
		if part == "" {
			return nil, fault.New(fault.Unsupported, "sheet.not_workbook")
		}
		return nil, errDamaged
	}
	var list []link
	err := b.walk(name, func(s *scanner) error {
		if string(s.name) != "Relationship" || string(s.attr("TargetMode")) == "External" {
			return nil
		}
		if len(list) == maxLinks {
			return errDamaged
		}
		target := s.said("Target")
		if !strings.HasPrefix(target, "/") {
			target = dir + target
		}
		list = append(list, link{s.said("Id"), s.said("Type"), strings.TrimPrefix(path.Clean("/"+target), "/")})
		return nil
	})
	return list, err
}

// readTabs lists the sheets in their order. Charts and macros are none.
func (b *book) readTabs(main string, links []link) error {
	total, seen := int64(0), map[string]bool{}
	parts := map[string]link{}
	for _, l := range links {
		parts[l.id] = l
	}
	err := b.walk(main, func(s *scanner) error {
		if string(s.name) == "workbookPr" && yes(s.attr("date1904")) {
			b.since = 1462
		}
		if string(s.name) != "sheet" {
			return nil
		}
		l, ok := parts[relation(s)]
		if !ok || path.Base(l.kind) != "worksheet" || b.parts[l.part] == nil {
			return nil
		}
		if total += int64(b.parts[l.part].UncompressedSize64); total > maxUnpacked || total < 0 {
			return fault.New(fault.TooLarge, "sheet.unpacked", "MB", maxUnpacked>>20)
		}
		if seen[l.part] {
			return errDamaged // one part as many sheets
		}
		seen[l.part] = true
		state := string(s.attr("state"))
		b.tabs = append(b.tabs, tab{s.said("name"), state == "hidden" || state == "veryHidden", l.part})
		if len(b.tabs) > maxTabs {
			return fault.New(fault.TooLarge, "sheet.tabs", "N", maxTabs)
		}
		return nil
	})
	if err == nil && len(b.tabs) == 0 {
		return fault.New(fault.Invalid, "sheet.empty")
	}
	return err
}

// relation is the r:id of an element, whatever stands before the colon.
func relation(s *scanner) string {
	for _, name := range []string{"r:id", "d3p1:id", "relationships:id"} {
		if id := s.attr(name); id != nil {
			return string(id)
		}
	}
	if i := bytes.Index(s.attrs, []byte(":id=\"")); i >= 0 {
		rest := s.attrs[i+5:]
		if before, _, ok := bytes.Cut(rest, []byte{'"'}); ok {
			return string(before)
		}
	}
	return ""
}

// readShared reads the texts that cells share. How a word is spoken (rPh) is no part of its text.
func (b *book) readShared(part string) error {
	s, c, err := b.part(part)
	if err != nil {
		return err
	}
	defer c.Close()
	var text []byte
	spoken, inText, total := 0, false, 0
	for {
		t, err := s.next()
		if err != nil {
			return damaged(err)
		}
		switch t {
		case end:
			return nil
		case open:
			switch string(s.name) {
			case "si":
				text = text[:0]
			case "rPh":
				spoken++
			case "t":
				inText = spoken == 0
			}
		case words:
			if inText {
				text = append(text, s.text...)
			}
			if len(text) > maxToken {
				return errDamaged
			}
		case close:
			switch string(s.name) {
			case "si":
				if total += len(text) + 16; total > maxShared {
					return fault.New(fault.TooLarge, "sheet.unpacked", "MB", maxShared>>20)
				}
				b.shared = append(b.shared, unescaped(string(text)))
			case "rPh":
				spoken--
			case "t":
				inText = false
			}
		}
	}
}

// hidden are signs that a workbook writes by their number, such as the end of a line: _x000D_.
var hidden = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescaped(said string) string {
	if !strings.Contains(said, "_x") {
		return said
	}
	return hidden.ReplaceAllStringFunc(said, func(sign string) string {
		n, err := strconv.ParseUint(sign[2:6], 16, 16)
		switch {
		case err != nil || n >= 0xD800 && n < 0xE000:
			return sign
		case n == 0: // no sign of a text, and not every database keeps it
			return ""
		}
		return string(rune(n))
	})
}

// readStyles reads which of the looks show a number as a date or as a share of a hundred.
func (b *book) readStyles(part string) error {
	formats := map[string]style{}
	inCells := false
	return b.walk(part, func(s *scanner) error {
		switch string(s.name) {
		case "numFmt":
			if len(formats) < maxStyles {
				formats[s.said("numFmtId")] = styleOf(s.said("formatCode"))
			}
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if !inCells || len(b.styles) == maxStyles {
				return nil
			}
			id := string(s.attr("numFmtId"))
			look, own := formats[id]
			if n, err := strconv.Atoi(id); err == nil && !own {
				look = style{date: n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58, percent: n == 9 || n == 10}
			}
			b.styles = append(b.styles, look)
		}
		return nil
	})
}

// styleOf reads a number format: what stands in quotes or brackets, or after a backslash, is only shown.
func styleOf(format string) style {
	var look style
	var quoted, bracket bool
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == '%':
			look.percent = true
		case strings.IndexByte("dDmMyYhH", c) >= 0:
			look.date = true
		}
	}
	return look
}
