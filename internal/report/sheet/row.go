package sheet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"banlang/internal/fault"
)

// What stands in a cell.
const (
	blank kind = iota
	numeric
	text
	truth // TRUE or FALSE
	wrong // #REF!, #N/A and their kin
)

type kind uint8

// A raw is one cell as the file has it.
type raw struct {
	kind    kind
	formula bool // the text is what it gave when the file was last saved
	col     int  // from 1
	style   int
	text    string
}

// A line is one row as the file has it, with the cells that are there, from left to right.
type line struct {
	no     int // from 1
	hidden bool
	width  int // cells of its line, in a file of text that is parted by commas
	cells  []raw
}

// at is the cell of a column; a blank one where none is there.
func (l *line) at(col int) raw {
	i, ok := slices.BinarySearchFunc(l.cells, col, func(c raw, col int) int { return c.col - col })
	if !ok {
		return raw{col: col}
	}
	return l.cells[i]
}

// A span is an area of merged cells, first and last included.
type span struct{ top, left, bottom, right int }

// A frame is what a sheet says around its rows.
type frame struct {
	merges []span
	hidden []span // columns, by left and right
}

// frame reads what stands before and after the rows, and passes over them unread.
func (b *book) frame(t tab) (frame, error) {
	if b.table != nil {
		return frame{}, nil
	}
	s, c, err := b.part(t.part)
	if err != nil {
		return frame{}, err
	}
	defer c.Close()
	defer b.again(t.part)
	var f frame
	for {
		k, err := s.next()
		if err != nil {
			return f, damaged(err)
		}
		if k == end {
			return f, nil
		}
		if k != open {
			continue
		}
		switch string(s.name) {
		case "col":
			left, _ := strconv.Atoi(string(s.attr("min")))
			right, _ := strconv.Atoi(string(s.attr("max")))
			if yes(s.attr("hidden")) && left > 0 && len(f.hidden) < maxColumns {
				f.hidden = append(f.hidden, span{left: left, right: right})
			}
		case "sheetData":
			if !s.ended {
				if err := s.passRows(); err != nil {
					return f, err
				}
			}
		case "mergeCell":
			if area, ok := parseArea(s.attr("ref")); ok {
				f.merges = append(f.merges, area)
			}
			if len(f.merges) > maxMerges {
				return f, fault.New(fault.TooLarge, "sheet.merges", "N", maxMerges)
			}
		}
	}
}

// passRows goes to the end of the rows. No text of a cell can hold what ends them, since its < would be an entity.
func (s *scanner) passRows() error {
	last := append(append([]byte("</"), s.whole...), '>')
	for {
		if i := bytes.Index(s.window[s.at:s.full], last); i >= 0 {
			s.at += i + len(last)
			s.depth--
			return nil
		}
		s.at = max(s.at, s.full-len(last)+1) // this far nothing of it has begun
		if err := s.more(); err != nil {
			return errDamaged
		}
	}
}

func yes(b []byte) bool { return string(b) == "1" || string(b) == "true" }

// rows calls f for each row of a sheet that has cells, from top to bottom, until it gives false. The line is f's until it returns.
func (b *book) rows(t tab, f func(l *line) (bool, error)) error {
	for i := range b.table {
		if more, err := f(&b.table[i]); err != nil || !more {
			return err
		}
	}
	if b.table != nil {
		return nil
	}
	s, c, err := b.part(t.part)
	if err != nil {
		return err
	}
	defer c.Close()
	defer b.again(t.part)
	r := rowReader{b: b, s: s, last: 0}
	for {
		l, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		if more, err := f(l); err != nil || !more {
			return err
		}
	}
}

// A rowReader gives the rows of one sheet.
type rowReader struct {
	b     *book
	s     *scanner
	line  line
	last  int // number of the row before
	cells int // so far
	bytes int // of the texts of the line
	heap  []byte
}

func (r *rowReader) next() (*line, error) {
	for {
		t, err := r.s.next()
		if err != nil {
			return nil, err
		}
		switch {
		case t == end:
			return nil, io.EOF
		case t == open && string(r.s.name) == "row":
			if err := r.begin(); err != nil {
				return nil, err
			}
			if err := r.readCells(); err != nil {
				return nil, err
			}
			if len(r.line.cells) > 0 {
				return &r.line, nil
			}
		}
	}
}

func (r *rowReader) begin() error {
	no := r.last + 1
	if ref := r.s.attr("r"); ref != nil {
		n, err := strconv.Atoi(string(ref))
		if err != nil || n < no {
			return errDamaged // rows out of order, or twice
		}
		no = n
	}
	if no > maxRows {
		return errDamaged
	}
	r.last, r.bytes = no, 0
	r.line = line{no: no, hidden: yes(r.s.attr("hidden")), cells: r.line.cells[:0]}
	return nil
}

// readCells reads to the end of the row.
func (r *rowReader) readCells() error {
	if r.s.ended {
		return nil
	}
	col := 0
	for {
		t, err := r.s.next()
		if err != nil {
			return err
		}
		if t == end {
			return errDamaged
		}
		if t == close && string(r.s.name) == "row" {
			return nil
		}
		if t != open || string(r.s.name) != "c" {
			continue
		}
		if r.cells++; r.cells > MaxCells {
			return fault.New(fault.TooLarge, "sheet.cells", "N", MaxCells)
		}
		c := raw{col: col + 1}
		if ref := r.s.attr("r"); ref != nil {
			n, _, ok := parseRef(ref)
			if !ok || n <= col {
				return errDamaged
			}
			c.col = n
		}
		col = c.col
		c.style = natural(r.s.attr("s"))
		kind := r.s.attr("t")
		var of [1]byte // the types that are read differ by their first letter, but for s and str
		if len(kind) > 0 {
			of[0] = kind[0]
		}
		if string(kind) == "str" {
			of[0] = 'f'
		}
		if err := r.readCell(&c, of[0]); err != nil {
			return err
		}
		if r.bytes += len(c.text); r.bytes > maxLine {
			return errDamaged
		}
		if (c.kind != blank || c.formula) && col <= maxColumns {
			r.line.cells = append(r.line.cells, c)
		}
	}
}

// readCell reads one cell to its end. of is the first letter of its type: n, s, f for str, i for inlineStr, b, e, d.
func (r *rowReader) readCell(c *raw, of byte) error {
	if r.s.ended {
		return nil
	}
	r.heap = r.heap[:0]
	take, spoken := false, 0
	for {
		t, err := r.s.next()
		if err != nil {
			return err
		}
		switch t {
		case end:
			return errDamaged
		case open:
			switch string(r.s.name) {
			case "f":
				c.formula = true
			case "v":
				take = true
			case "rPh":
				spoken++
			case "t":
				take = spoken == 0 && of == 'i'
			}
		case words:
			if take {
				r.heap = append(r.heap, r.s.text...)
			}
			if len(r.heap) > maxToken {
				return errDamaged
			}
		case close:
			switch string(r.s.name) {
			case "v", "t":
				take = false
			case "rPh":
				spoken--
			case "c":
				return r.settle(c, of)
			}
		}
	}
}

// settle makes the cell of what its element held.
func (r *rowReader) settle(c *raw, of byte) error {
	if len(r.heap) == 0 {
		return nil
	}
	switch of {
	case 's':
		i, err := strconv.Atoi(string(bytes.TrimSpace(r.heap)))
		if err != nil || i < 0 || i >= len(r.b.shared) {
			return errDamaged
		}
		c.kind, c.text = text, r.b.shared[i]
		if c.text == "" {
			c.kind = blank
		}
		return nil
	case 'f', 'i', 'd':
		c.kind = text
	case 'b':
		c.kind = truth
	case 'e':
		c.kind = wrong
	default:
		c.kind = numeric
	}
	c.text = r.b.keep(r.heap)
	if c.kind == text {
		c.text = unescaped(c.text)
	}
	return nil
}

// keep makes a string of a value. Values are short and come again, so each short one is kept once.
func (b *book) keep(value []byte) string {
	if len(value) > 12 {
		return string(value)
	}
	if known, ok := b.short[string(value)]; ok {
		return known
	}
	v := string(value)
	if len(b.short) < 1<<16 {
		b.short[v] = v
	}
	return v
}

// natural reads a whole number that is not negative; 0 where there is none.
func natural(digits []byte) int {
	n := 0
	for _, d := range digits {
		if d < '0' || d > '9' || n > 1<<30 {
			return 0
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// parseRef reads a cell's name: C5 is column 3, row 5.
func parseRef(ref []byte) (col, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20
		if ref[i] < 'A' || c < 'A' || c > 'Z' {
			break
		}
		col = col*26 + int(c-'A') + 1
	}
	row = natural(ref[i:])
	return col, row, col > 0 && col <= 16384 && row > 0 && row <= maxRows
}

// parseArea reads A1:C5.
func parseArea(ref []byte) (span, bool) {
	first, last, found := bytes.Cut(ref, []byte{':'})
	left, top, ok := parseRef(first)
	right, bottom, ok2 := parseRef(last)
	return span{top, left, bottom, right}, found && ok && ok2 && top <= bottom && left <= right
}

// Ref is the name of a cell: column 3, row 5 is C5.
func Ref(col, row int) string {
	var b [16]byte
	i := len(b)
	for ; col > 0; col = (col - 1) / 26 {
		i--
		b[i] = byte('A' + (col-1)%26)
	}
	return string(strconv.AppendInt(b[i:len(b):len(b)], int64(row), 10))
}
