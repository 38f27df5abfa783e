package sheet

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/report/form"
)

// maxListed is how many refusals, and how many skipped rows, are listed; the others are counted.
const maxListed = 10_000

// Read reads a workbook. What is wrong with single cells is in the Reading; an error says that the file as a whole cannot be read,
// and what to do. Reading.How is Stranger where the officer must first say which column is which.
func Read(r io.ReaderAt, size int64, known Known) (Reading, error) {
	b, err := openBook(r, size)
	if err != nil {
		return Reading{}, err
	}
	stamp, stamped, err := b.stamp()
	if err != nil {
		return Reading{}, err
	}
	grids := known.Grids
	if stamped {
		grids = slices.DeleteFunc(slices.Clone(grids), func(g form.Grid) bool { return g.Form.Code != stamp.Form })
		if len(grids) == 0 {
			return Reading{Stamp: stamp}, fault.New(fault.Invalid, "sheet.other_form", "Form", stamp.Form)
		}
	}
	read := reader{book: b, match: newMatcher(known, stamp), known: known, out: Reading{Stamp: stamp}}
	p, err := read.recognise(grids, stamped)
	if err != nil {
		return read.out, err
	}
	if p == nil {
		return read.out, nil
	}
	if err := read.table(p); err != nil {
		return read.out, err
	}
	read.compare()
	read.out.Digest = read.digest.text()
	return read.out, nil
}

// A reader is one reading under way.
type reader struct {
	book   *book
	match  *matcher
	known  Known
	out    Reading
	digest digest

	plan    *plan
	strict  bool
	merged  []span // areas that lie over figures
	doubled map[place][]int
	parsed  map[cached]verdict
}

// A place is a row of the form, of a unit.
type place struct{ unit, row string }

// table reads the rows under the header: once for their names, since what is there twice is refused both times, and once for
// their figures.
func (r *reader) table(p *plan) error {
	r.parsed = map[cached]verdict{}
	r.merged = p.over()
	seen := map[place]int{}
	r.doubled = map[place][]int{}
	units := p.carried()
	err := r.book.rows(p.head.tab, func(l *line) (bool, error) {
		if l.no <= p.last {
			return true, nil
		}
		at := r.name(l, units)
		if at.key != "" || at.code == "" || !r.holds(l) {
			return true, nil
		}
		k := place{at.unit, at.code}
		if first, twice := seen[k]; twice {
			if len(r.doubled[k]) == 0 {
				r.doubled[k] = append(r.doubled[k], first)
			}
			r.doubled[k] = append(r.doubled[k], l.no)
		} else {
			seen[k] = l.no
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if r.known.Take == nil {
		r.out.Cells = make([]Cell, 0, len(seen)*len(p.values))
	}
	units = p.carried()
	return r.book.rows(p.head.tab, func(l *line) (bool, error) {
		if l.no <= p.last {
			return true, nil
		}
		return true, r.row(l, units)
	})
}

// holds tells whether a row has anything in the columns of figures.
func (r *reader) holds(l *line) bool {
	for _, t := range r.plan.values {
		if c := l.at(t.column); c.kind != blank || c.formula {
			return true
		}
	}
	return false
}

// over are the merged areas under the header that lie over figures, from top to bottom.
func (p *plan) over() []span {
	var list []span
	for _, m := range p.head.frame.merges {
		if m.bottom <= p.last {
			continue
		}
		for _, t := range p.values {
			if m.left <= t.column && t.column <= m.right {
				list = append(list, m)
				break
			}
		}
	}
	slices.SortFunc(list, func(a, b span) int { return cmp.Or(a.top-b.top, a.left-b.left) })
	return list
}

// A carry knows which unit's name stands in a merged area beside several rows.
type carry struct {
	merges []span
	names  map[int]string // by top
}

func (p *plan) carried() *carry {
	c := &carry{names: map[int]string{}}
	for _, m := range p.head.frame.merges {
		if m.left <= p.unit && p.unit <= m.right && m.bottom > m.top && m.bottom > p.last {
			c.merges = append(c.merges, m)
		}
	}
	slices.SortFunc(c.merges, func(a, b span) int { return b.top - a.top })
	return c
}

// at is the name beside a row: its own, or that of the merged area that it lies in.
func (c *carry) at(no int, own string) string {
	for len(c.merges) > 0 && c.merges[len(c.merges)-1].bottom < no {
		c.merges = c.merges[:len(c.merges)-1]
	}
	if len(c.merges) == 0 || c.merges[len(c.merges)-1].top > no {
		return own
	}
	m := c.merges[len(c.merges)-1]
	if no == m.top {
		c.names[m.top] = own
	}
	return c.names[m.top]
}

// A named row is what its names say: the codes, or why there are none.
type namedRow struct {
	unit, code string
	label      string
	key        string
	args       []any
}

// name reads the names of a row.
func (r *reader) name(l *line, units *carry) namedRow {
	p := r.plan
	var at namedRow
	if p.label != 0 {
		at.label = nameIn(l.at(p.label))
	}
	if at.label == "" {
		at.label = r.leftmost(l)
	}
	if p.unit != 0 {
		said := units.at(l.no, nameIn(l.at(p.unit)))
		code, a := r.match.unit(said)
		switch {
		case code != "":
			at.unit = code
		case r.match.total(said) || p.label != 0 && said == "" && r.match.total(at.label):
			at.key = "sheet.skip.total"
		case len(a.candidates) > 0:
			at.key, at.args = "sheet.unit.which", []any{"Text", r.match.shown(said), "Candidates", strings.Join(a.candidates, ", ")}
		case said == "":
			at.key = "sheet.unit.missing"
		default:
			at.key, at.args = "sheet.unit.unknown", []any{"Text", r.match.shown(said)}
		}
		if p.label == 0 {
			at.code, at.label = "", said
			return at
		}
		if at.key != "" { // the row is named so that a refusal can say which it is
			at.code, _ = r.match.row(p.grid, at.label, l.no)
			return at
		}
	}
	code, a := r.match.row(p.grid, at.label, l.no)
	switch {
	case code != "":
		at.code = code
	case len(a.candidates) > 0:
		at.key, at.args = "sheet.row.which", []any{"Text", r.match.shown(at.label), "Candidates", r.labels(a.candidates)}
	case !a.said && strings.TrimSpace(at.label) == "":
		at.key = "sheet.row.nameless"
	case r.match.total(at.label):
		at.key = "sheet.skip.total"
	default:
		at.key, at.args = "sheet.row.unknown", []any{"Text", r.match.shown(at.label)}
	}
	return at
}

func nameIn(c raw) string {
	if c.kind == text {
		return c.text
	}
	return ""
}

// leftmost is the name of a row that stands before the column of names: a total, or what is merged with it.
func (r *reader) leftmost(l *line) string {
	for _, c := range l.cells {
		if len(r.plan.values) > 0 && c.col >= r.plan.values[0].column {
			break
		}
		if c.kind == text && c.col != r.plan.unit && hasLetter(c.text) && (r.match.total(c.text) || r.plan.reaches(l.no, c.col)) {
			return c.text
		}
	}
	return ""
}

// reaches tells whether the cell is merged with the column of names.
func (p *plan) reaches(no, col int) bool {
	if p.wide == nil {
		p.wide = map[[2]int]bool{}
		for _, m := range p.head.frame.merges {
			if m.left < p.label && p.label <= m.right {
				p.wide[[2]int{m.top, m.left}] = true
			}
		}
	}
	return p.wide[[2]int{no, col}]
}

func (r *reader) labels(codes []string) string {
	list := make([]string, len(codes))
	for i, code := range codes {
		list[i] = code
		if row, ok := r.plan.grid.rows[code]; ok {
			list[i] = row.Label
		}
	}
	return strings.Join(list, ", ")
}

// row reads the figures of one row.
func (r *reader) row(l *line, units *carry) error {
	at := r.name(l, units)
	if at.key == "" && len(r.doubled) > 0 {
		if twice := r.doubled[place{at.unit, at.code}]; len(twice) > 0 && r.holds(l) {
			at.key, at.args = "sheet.row.twice", []any{"Text", r.match.shown(at.label), "Lines", numbers(twice)}
		}
	}
	if l.hidden && r.holds(l) {
		r.skip(Skip{Sheet: r.out.Sheet, Line: l.no, Text: r.match.shown(at.label), Key: "sheet.note.hidden", Read: at.key == ""})
	}
	if at.key != "" {
		r.refuseRow(l, at)
		return nil
	}
	for _, t := range r.plan.values {
		c := l.at(t.column)
		if c.kind == blank && !c.formula && len(r.merged) == 0 {
			continue
		}
		if err := r.cell(l, at, t, c); err != nil {
			return err
		}
	}
	return nil
}

// cell reads one figure.
func (r *reader) cell(l *line, at namedRow, t target, c raw) error {
	code := cmp.Or(at.code, t.row)
	def := r.plan.grid.cell(code, t.col)
	if m, ok := r.under(l.no, t.column); ok {
		head := m.top == l.no && m.left == t.column
		if head && c.kind == blank {
			return nil
		}
		r.refuse(l, at, t, c, "sheet.value.merged", "Area", Ref(m.left, m.top)+":"+Ref(m.right, m.bottom))
		return nil
	}
	switch {
	case l.width > r.plan.width: // a comma within a number was taken for the end of its cell, so nothing here stands where it should
		if c.kind != blank {
			r.refuse(l, at, t, c, "sheet.value.torn")
		}
		return nil
	case c.kind == blank && !c.formula:
		return nil
	case def == nil:
		r.refuse(l, at, t, c, "sheet.value.nowhere")
		return nil
	}
	stated := def.Input != form.Typed
	if stated && c.kind == blank {
		return nil // a sum that was never computed; it will be
	}
	v := r.value(c, def)
	if v.key != "" {
		r.refuse(l, at, t, c, v.key, v.args...)
		return nil
	}
	if v.value.State == form.Empty {
		return nil
	}
	cell := Cell{Unit: at.unit, Row: code, Col: t.col, Value: v.value, Stated: stated, Sheet: r.out.Sheet, At: Pos{int32(t.column), int32(l.no)}}
	r.out.Count++
	r.digest.add(cell, def.Type == form.Text)
	if r.known.Take != nil {
		return r.known.Take(cell)
	}
	r.out.Cells = append(r.out.Cells, cell)
	return nil
}

// under finds the merged area over a figure.
func (r *reader) under(no, col int) (span, bool) {
	for len(r.merged) > 0 && r.merged[0].bottom < no {
		r.merged = r.merged[1:]
	}
	for _, m := range r.merged {
		if m.top > no {
			break
		}
		if no <= m.bottom && m.left <= col && col <= m.right {
			return m, true
		}
	}
	return span{}, false
}

// A cached verdict saves reading the same number twice.
type cached struct {
	cell    *form.Cell
	kind    kind
	style   int
	formula bool
	text    string
}

type verdict struct {
	value form.Value
	key   string
	args  []any
}

func (r *reader) value(c raw, def *form.Cell) verdict {
	k := cached{def, c.kind, c.style, c.formula, c.text}
	v, ok := r.parsed[k]
	if !ok {
		v.value, v.key, v.args = r.book.value(c, def, r.strict)
		if len(r.parsed) < maxAnswers && len(c.text) <= 16 {
			r.parsed[k] = v
		}
	}
	return v
}

// refuseRow says of each figure of a row why it is not taken. A row without figures is only skipped.
func (r *reader) refuseRow(l *line, at namedRow) {
	if at.key == "sheet.skip.total" || at.code == "" && r.ruled(l, at.label) {
		key := "sheet.skip.heading"
		if at.key == "sheet.skip.total" {
			key = at.key
		}
		r.skip(Skip{Sheet: r.out.Sheet, Line: l.no, Text: r.first(l), Key: key})
		return
	}
	figures := at.code != "" || slices.ContainsFunc(r.plan.values, func(t target) bool { return figure(l.at(t.column)) })
	for _, t := range r.plan.values {
		if c := l.at(t.column); figures && (c.kind != blank || c.formula) {
			r.refuse(l, at, t, c, at.key, at.args...)
		}
	}
	if !figures {
		r.skip(Skip{Sheet: r.out.Sheet, Line: l.no, Text: r.first(l), Key: "sheet.skip.words"})
	}
}

// ruled tells a row that belongs to the header: the numbers of the columns, or the header once more on a new page. A row with a
// name is neither, so that no figure is taken for a number of a column.
func (r *reader) ruled(l *line, label string) bool {
	same, count, before := 0, 0, 0
	for _, t := range r.plan.values {
		c := l.at(t.column)
		if c.kind == blank {
			continue
		}
		count++
		if levels := strings.Split(t.header, " > "); slices.ContainsFunc(r.match.readings(c.text, r.match.legacy), func(said string) bool { return fold.Toned(said) == levels[len(levels)-1] }) {
			same++
			continue
		}
		made, _, _ := strings.Cut(c.text, "=") // 3=4+5 says how column 3 is made
		n := natural([]byte(strings.Trim(made, "()[] ")))
		if n <= before || before == 0 && n > 4 {
			return false
		}
		before = n
	}
	numbered := before > 0 && l.no <= r.plan.last+2 && len([]rune(strings.TrimSpace(label))) <= 3
	return count > 1 && (same == count || numbered)
}

func (r *reader) first(l *line) string {
	for _, c := range l.cells {
		if c.kind == text {
			return r.match.shown(c.text)
		}
	}
	if len(l.cells) > 0 {
		return clip(l.cells[0].text)
	}
	return ""
}

func numbers(list []int) string {
	if len(list) > 5 {
		return numbers(list[:5]) + ", …"
	}
	said := make([]string, len(list))
	for i, n := range list {
		said[i] = Ref(0, n)
	}
	return strings.Join(said, ", ")
}

func (r *reader) refuse(l *line, at namedRow, t target, c raw, key string, args ...any) {
	if len(r.out.Refused) >= maxListed {
		r.out.More++
		return
	}
	r.out.Refused = append(r.out.Refused, Refusal{Sheet: r.out.Sheet, Ref: Ref(t.column, l.no), Unit: at.unit, Row: cmp.Or(at.code, t.row), Col: t.col,
		Text: clip(c.text), Key: key, Args: args})
}

func (r *reader) skip(s Skip) {
	if len(r.out.Skipped) >= maxListed {
		r.out.More++
		return
	}
	r.out.Skipped = append(r.out.Skipped, s)
}

// A digest names a set of cells, in whatever order they came.
type digest struct {
	sums [4]uint64
	heap []byte
}

// add takes a cell; words: its text is its value.
func (d *digest) add(c Cell, words bool) {
	d.heap = d.heap[:0]
	for _, s := range []string{c.Unit, c.Row, c.Col, string(c.Value.State)} {
		d.heap = append(append(d.heap, s...), 0)
	}
	d.heap = binary.BigEndian.AppendUint64(d.heap, uint64(c.Value.N))
	if c.Stated {
		d.heap = append(d.heap, 1)
	}
	if words {
		d.heap = append(d.heap, c.Value.Text...)
	}
	sum := sha256.Sum256(d.heap)
	for i := range d.sums {
		d.sums[i] += binary.BigEndian.Uint64(sum[8*i:])
	}
}

func (d *digest) text() string {
	var b []byte
	for _, s := range d.sums {
		b = binary.BigEndian.AppendUint64(b, s)
	}
	return hex.EncodeToString(b[:16])
}
