package transcript

import (
	"encoding/binary"
	"errors"
	"sort"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"banlang/internal/fault"
)

// errDamaged is what every reading outside of a binary file comes to.
var errDamaged = errors.New("points outside of the file")

// doc reads the main text of a Word file of 1997 to 2003 ([MS-DOC]): the pieces that its text lies in, and of the properties of
// paragraphs whether one stands in a table. Letters are kept as they are numbered, the soft hyphen too: in TCVN3 it is ư.
func doc(file []byte) (blocks []Block, err error) {
	storage, err := openCompound(file)
	if err != nil {
		return nil, broken(DOC, err)
	}
	main, err := storage.stream("WordDocument")
	if err != nil || len(main) < 32 {
		return nil, fault.New(fault.Unsupported, "transcript.unsupported") // a spreadsheet, slides, an installer
	}
	const encrypted, secondTable, word97 = 0x0100, 0x0200, 0xC1
	flags := u16(main, 0x0A)
	if flags&encrypted != 0 {
		return nil, fault.New(fault.Invalid, "transcript.locked")
	}
	var pieces []piece
	var papers []paper
	if u16(main, 2) < word97 {
		pieces = []piece{{start: u32(main, 0x18), length: u32(main, 0x1C) - u32(main, 0x18), narrow: true}}
	} else {
		name := "0Table"
		if flags&secondTable != 0 {
			name = "1Table"
		}
		tables, err := storage.stream(name)
		if err != nil {
			return nil, broken(DOC, err)
		}
		if pieces, err = readPieces(main, tables); err != nil {
			return nil, broken(DOC, err)
		}
		papers = readPapers(main, tables)
	}
	w := pages{papers: papers}
	for _, p := range pieces {
		if err := w.piece(main, p); fault.Is(err, fault.TooLarge) {
			return nil, err
		} else if err != nil {
			return nil, broken(DOC, err)
		}
	}
	w.end('\r', 0)
	w.endTable()
	return w.blocks, nil
}

// A piece is a run of text: narrow is one byte a letter (Windows-1252), otherwise two (UTF-16).
type piece struct {
	start, length int // bytes of the main stream, letters
	narrow        bool
}

// readPieces finds where the main text lies; notes, headers and comments follow it and are left out.
func readPieces(main, tables []byte) ([]piece, error) {
	letters := u32(main, 0x4C)
	clx := part(tables, u32(main, 0x01A2), u32(main, 0x01A6))
	for len(clx) > 3 && clx[0] == 1 { // formatting that some pieces share
		clx = part(clx, 3+u16(clx, 1), len(clx))
	}
	if len(clx) < 5 || clx[0] != 2 {
		return nil, errDamaged
	}
	plc := part(clx, 5, u32(clx, 1))
	n := (len(plc) - 4) / 12
	var pieces []piece
	for i := range n {
		from, to := u32(plc, 4*i), min(u32(plc, 4*i+4), letters)
		if from >= to {
			continue
		}
		start := u32(plc, 4*(n+1)+8*i+2)
		p := piece{start: start, length: to - from}
		if start&(1<<30) != 0 {
			p.narrow, p.start = true, (start&^(1<<30))/2
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

// A paper tells of the paragraphs whose marks lie before end whether they stand in a table and whether they close a row.
type paper struct {
	end             int
	inTable, rowEnd bool
}

// readPapers reads the properties of paragraphs. A damaged entry is left out: the text is worth more than its tables.
func readPapers(main, tables []byte) []paper {
	const page = 512
	plc := part(tables, u32(main, 0x0102), u32(main, 0x0106))
	n := min((len(plc)-4)/8, len(main)/page)
	var papers []paper
	for i := range n {
		fkp := part(main, u32(plc, 4*(n+1)+4*i)*page, page)
		if len(fkp) < page {
			continue
		}
		runs := int(fkp[page-1])
		for r := range runs {
			p := paper{end: u32(fkp, 4*(r+1))}
			at := 4*(runs+1) + 13*r
			if at >= page {
				break
			}
			if offset := 2 * int(fkp[at]); offset > 0 {
				p.inTable, p.rowEnd = tableMarks(fkp, offset)
			}
			papers = append(papers, p)
		}
	}
	sort.SliceStable(papers, func(i, j int) bool { return papers[i].end < papers[j].end })
	return papers
}

// tableMarks reads the two properties among all that a paragraph has.
func tableMarks(fkp []byte, offset int) (inTable, rowEnd bool) {
	const (
		sprmInTable, sprmRowEnd     = 0x2416, 0x2417
		sprmTableDef, sprmChangeTab = 0xD608, 0xC615
	)
	size := 2*int(at(fkp, offset)) - 1
	offset++
	if size < 0 { // a zero: the size follows in a byte of its own
		size = 2 * int(at(fkp, offset))
		offset++
	}
	props := part(fkp, offset+2, size-2) // after the style
	for len(props) > 2 {
		code := u16(props, 0)
		operand := 0
		switch code >> 13 {
		case 0, 1:
			operand = 1
		case 2, 4, 5:
			operand = 2
		case 3:
			operand = 4
		case 6:
			operand = 1 + int(props[2])
			if code == sprmTableDef {
				operand = 1 + u16(props, 2)
			}
			if code == sprmChangeTab && props[2] == 255 {
				return inTable, rowEnd // too long to say how long, and never before the two that are sought
			}
		case 7:
			operand = 3
		}
		switch code {
		case sprmInTable:
			inTable = props[2] != 0
		case sprmRowEnd:
			rowEnd = props[2] != 0
		}
		props = part(props, 2+operand, len(props))
	}
	return inTable, rowEnd
}

// pages gathers the blocks of an old Word file.
type pages struct {
	papers  []paper
	letters int
	blocks  []Block
	text    strings.Builder
	fields  int // how deep in the command of a field
	rows    [][]string
	row     []string
	cell    []string
}

func (w *pages) piece(main []byte, p piece) error {
	width := 2
	if p.narrow {
		width = 1
	}
	if p.length < 0 || p.start < 0 || p.length > maxText {
		return errDamaged
	}
	if w.letters += p.length; w.letters > maxText { // pieces may overlap
		return tooLarge()
	}
	raw := part(main, p.start, p.length*width)
	if len(raw) < p.length*width {
		return errDamaged
	}
	var high rune
	for i := range p.length {
		var r rune
		if p.narrow {
			r = charmap.Windows1252.DecodeByte(raw[i])
		} else if r = rune(u16(raw, 2*i)); utf16.IsSurrogate(r) {
			if high == 0 {
				high = r
				continue
			}
			r, high = utf16.DecodeRune(high, r), 0
		}
		w.letter(r, p.start+i*width)
	}
	return nil
}

// letter takes one letter, or one of the signs that Word gave a meaning of its own.
func (w *pages) letter(r rune, offset int) {
	const fieldBegin, fieldText, fieldEnd = 0x13, 0x14, 0x15
	switch {
	case r == fieldBegin:
		w.fields++
	case r == fieldText || r == fieldEnd:
		w.fields = max(0, w.fields-1)
		if r == fieldText {
			w.fields = 0
		}
	case r == '\r' || r == '\a' || r == '\f':
		w.end(r, offset)
	case w.fields > 0:
	case r == '\v':
		w.text.WriteByte('\n')
	case r == '\t':
		w.text.WriteByte(' ')
	case r == 0x1E: // a hyphen that does not break
		w.text.WriteByte('-')
	case r >= ' ':
		w.text.WriteRune(r)
	}
}

// end closes a paragraph, a cell or a row.
func (w *pages) end(mark rune, offset int) {
	text := strings.TrimSpace(w.text.String())
	w.text.Reset()
	at := sort.Search(len(w.papers), func(i int) bool { return w.papers[i].end > offset })
	var p paper
	if at < len(w.papers) {
		p = w.papers[at]
	}
	switch {
	case mark == '\a' && p.rowEnd, mark == '\a' && len(w.papers) == 0 && text == "" && len(w.row) > 0:
		w.rows = append(w.rows, w.row)
		w.row, w.cell = nil, nil
	case mark == '\a':
		w.row = append(w.row, strings.Join(append(w.cell, text), "\n"))
		w.cell = nil
	case p.inTable:
		w.cell = append(w.cell, text)
	default:
		w.endTable()
		if text != "" {
			w.blocks = append(w.blocks, Block{Kind: Paragraph, Text: text})
		}
	}
}

func (w *pages) endTable() {
	if row := append(w.row, w.cell...); len(row) > 0 {
		w.rows = append(w.rows, row)
	}
	w.blocks = append(w.blocks, table(w.rows)...)
	w.rows, w.row, w.cell = nil, nil, nil
}

// part is the bytes from offset on, as many as there are up to n; nothing where the offset lies outside.
func part(b []byte, offset, n int) []byte {
	if offset < 0 || offset > len(b) || n < 0 {
		return nil
	}
	return b[offset:min(len(b), offset+min(n, len(b)))]
}

// at, u16 and u32 read a number, zero where there is none.
func at(b []byte, offset int) byte {
	if p := part(b, offset, 1); len(p) == 1 {
		return p[0]
	}
	return 0
}

func u16(b []byte, offset int) int {
	if p := part(b, offset, 2); len(p) == 2 {
		return int(binary.LittleEndian.Uint16(p))
	}
	return 0
}

func u32(b []byte, offset int) int {
	if p := part(b, offset, 4); len(p) == 4 {
		return int(int32(binary.LittleEndian.Uint32(p))) //nolint:gosec // what is too large becomes negative, and is refused as such
	}
	return 0
}
