package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"banlang/internal/fold"
	"banlang/internal/report/form"
)

// A plan is how one sheet is read as one form: which column holds what.
type plan struct {
	head    *head
	grid    *index
	bottom  int // last row of the header with names of columns
	last    int // last row of the header: merged cells may reach further down
	height  int
	width   int // cells of its line, in a file of text that is parted by commas
	columns []column
	values  []target
	label   int // column of the names of rows; 0 none
	unit    int // column of the names of units; 0 none
	exact   int // columns named as the form names them
	whole   bool
	rows    int             // rows of the top whose name was understood
	wide    map[[2]int]bool // first cells of merged areas that reach over the column of names
}

// A target is a column of figures and what it holds.
type target struct {
	column int
	row    string // where the column is of one row
	col    string
	header string
	score  float64
}

// plan sees a sheet as a form in every way that its top allows, and gives the best.
func (h *head) plan(x *index, w *matcher) *plan {
	var best *plan
	for i := range h.lines[:min(len(h.lines), headSearch)] {
		if textCells(&h.lines[i]) == 0 || w.work > maxWork {
			continue
		}
		bottom := h.lines[i].no
		for height := 1; height <= min(headHeight, bottom); height++ {
			columns := h.header(bottom, height)
			w.work += len(columns)
			p := &plan{head: h, grid: x, bottom: bottom, height: height, columns: columns, values: x.look(columns)}
			p.exact = len(p.values)
			if p.exact == 0 || best != nil && p.exact <= best.exact {
				continue
			}
			best = p
		}
	}
	if best != nil {
		best.reach()
		best.findLabels(w)
		best.whole = best.complete()
	}
	return best
}

func textCells(l *line) int {
	n := 0
	for _, c := range l.cells {
		if c.kind == text {
			n++
		}
	}
	return n
}

// typed adds the cells of a row that somebody fills in.
func (x *index) typed(row string, to map[[2]string]bool) {
	for col := range x.input {
		if c := x.cell(row, col); c != nil && c.Input == form.Typed {
			to[[2]string{row, col}] = true
		}
	}
}

// reach finds where the header ends.
func (p *plan) reach() {
	p.last = p.bottom
	for _, m := range p.head.frame.merges {
		if m.top > p.bottom || m.bottom <= p.last || m.bottom >= p.bottom+headHeight {
			continue
		}
		if slices.ContainsFunc(p.values, func(t target) bool { return m.left <= t.column && t.column <= m.right }) {
			p.last = m.bottom
		}
	}
}

// complete tells whether every column that somebody fills in has been found.
func (p *plan) complete() bool {
	if p.label == 0 && p.unit == 0 {
		return false
	}
	paired := false
	for _, t := range p.values {
		paired = paired || t.row != ""
	}
	if paired { // one row a unit: every row of the form, and of the members those that are named
		need := map[[2]string]bool{}
		for _, t := range p.values {
			if t.row == "" {
				return false
			}
			p.grid.typed(t.row, need)
		}
		for _, r := range p.grid.grid.Rows {
			if r.Kind != "member" {
				p.grid.typed(r.Code, need)
			}
		}
		for _, t := range p.values {
			delete(need, [2]string{t.row, t.col})
		}
		return len(need) == 0 && p.unit != 0
	}
	need := len(p.grid.input)
	for _, t := range p.values {
		if p.grid.input[t.col] {
			need--
		}
	}
	return need == 0 && p.label != 0
}

// findLabels finds the columns that name rows and units by what is understood of them.
func (p *plan) findLabels(w *matcher) {
	taken := map[int]bool{}
	for _, t := range p.values {
		taken[t.column] = true
	}
	rows, units := map[int]int{}, map[int]int{}
	for i := range p.head.lines {
		l := &p.head.lines[i]
		if l.no <= p.last {
			continue
		}
		for _, c := range l.cells {
			if taken[c.col] || c.kind != text {
				continue
			}
			if code, _ := w.row(p.grid, c.text, 0); code != "" {
				rows[c.col]++
			}
			if code, _ := w.unit(c.text); code != "" {
				units[c.col]++
			}
		}
	}
	p.unit, _ = most(units, 0)
	p.label, p.rows = most(rows, 0)
	if p.unit != 0 && p.unit == p.label {
		if rows[p.label] >= units[p.unit] {
			p.unit, _ = most(units, p.label)
		} else {
			p.label, p.rows = most(rows, p.unit)
		}
	}
	if p.unit != 0 && units[p.unit] < 2 && p.label != 0 {
		p.unit = 0 // a name of a unit in a remark
	}
}

// most is the column with the highest count, the leftmost of equals; but is left out.
func most(counts map[int]int, but int) (col, n int) {
	for c, count := range counts {
		if c != but && (count > n || count == n && c < col) {
			col, n = c, count
		}
	}
	return col, n
}

// mapped sees a sheet as an officer once said; nil where its header is another.
func (h *head) mapped(x *index, m Mapping, w *matcher) *plan {
	for i := range h.lines[:min(len(h.lines), headSearch)] {
		bottom := h.lines[i].no
		for height := 1; height <= min(headHeight, bottom); height++ {
			columns := h.header(bottom, height)
			if w.work += len(columns); w.work > maxWork {
				return nil
			}
			p := &plan{head: h, grid: x, bottom: bottom, height: height, columns: columns, whole: true}
			if p.apply(m) {
				p.reach()
				if p.label == 0 && p.unit == 0 {
					p.findLabels(w)
				}
				return p
			}
		}
	}
	return nil
}

// apply puts what was said of columns to those that are here. Each must be here once; where they stand does not matter.
func (p *plan) apply(m Mapping) bool {
	for _, said := range m.Columns {
		at := 0
		for _, c := range p.columns {
			if !slices.ContainsFunc(c.ways, func(w way) bool { return w.header() == said.Header }) {
				continue
			}
			if at != 0 {
				return false
			}
			at = c.no
		}
		if at == 0 {
			return false
		}
		switch said.Role {
		case Label:
			p.label = at
		case Unit:
			p.unit = at
		case Figures:
			if !slices.ContainsFunc(p.grid.grid.Cols, func(c form.Col) bool { return c.Code == said.Col }) {
				return false
			}
			p.values = append(p.values, target{at, said.Row, said.Col, said.Header, 1})
		}
	}
	return len(p.values) > 0
}

// scale finds a unit of measure over the table by which all its figures would be off: Đơn vị tính: nghìn người. A form that counts in
// such a unit says so in the names of its columns.
func (p *plan) scale() (said, ref string) {
	for i := range p.head.lines {
		l := &p.head.lines[i]
		if l.no > p.bottom {
			break
		}
		for _, c := range l.cells {
			for _, way := range p.head.match.readings(c.text, p.head.legacy) {
				unit, ok := measured(fold.Toned(way))
				if ok && scaled(unit) && !slices.ContainsFunc(p.grid.grid.Cols, func(c form.Col) bool { return strings.Contains(fold.Toned(c.Label), strings.TrimSpace(unit)) }) {
					return way, Ref(c.col, l.no)
				}
			}
		}
	}
	return "", ""
}

// measured is what a text says of the unit of measure.
func measured(key string) (unit string, ok bool) {
	for _, begin := range []string{measure, fold.Key(measure), "đvt", "dvt"} {
		if unit, ok = strings.CutPrefix(key, begin); ok {
			return unit, true
		}
	}
	return "", false
}

// proposal is the plan as a question to the officer: columns that were not found by name have the nearest name.
func (p *plan) proposal() Proposal {
	q := Proposal{Sheet: p.head.tab.name, Form: p.grid.grid.Form.Code, Top: p.bottom - p.height + 1, Bottom: p.bottom}
	byName := map[int]target{}
	for _, t := range p.values {
		byName[t.column] = t
	}
	for _, c := range p.columns {
		g := Guess{Before: c.before, Number: c.no, Shown: strings.Join(c.ways[0].shown, " > "), Header: c.ways[0].header(), Sample: p.head.sample(max(p.last, p.bottom), c.no)}
		if t, ok := byName[c.no]; ok {
			g.Role, g.Row, g.Col, g.Header, g.Score = Figures, t.row, t.col, t.header, 1
		}
		switch c.no {
		case p.label:
			g.Role = Label
		case p.unit:
			g.Role = Unit
		}
		q.Columns = append(q.Columns, g)
	}
	p.guess(q.Columns)
	for _, g := range q.Columns {
		q.Score += g.Score
	}
	q.Score /= float64(max(1, len(p.grid.grid.Cols)))
	return q
}

// guess gives each column of the form that was not found the free column that is named most like it.
func (p *plan) guess(columns []Guess) {
	found := map[string]bool{}
	for _, g := range columns {
		found[g.Col] = true
	}
	for _, col := range p.grid.grid.Cols {
		if found[col.Code] {
			continue
		}
		at, score := -1, .34
		for i, g := range columns {
			if g.Role != Ignored {
				continue
			}
			whole := fold.Key(strings.ReplaceAll(g.Header, " > ", " "))
			for _, said := range spellings(col.Label) {
				if s := .95 * near(whole, fold.Key(said)); s > score {
					at, score = i, s
				}
			}
		}
		if at >= 0 {
			columns[at].Role, columns[at].Col, columns[at].Score = Figures, col.Code, score
		}
	}
}

// sample is what stands under a header: the first few values.
func (h *head) sample(bottom, col int) []string {
	var list []string
	for i := range h.lines {
		if c := h.lines[i].at(col); h.lines[i].no > bottom && c.kind != blank && len(list) < 3 {
			list = append(list, decode(c.text))
		}
	}
	return list
}

func (p Proposal) fingerprint() string {
	headers := make([]string, len(p.Columns))
	for i, g := range p.Columns {
		headers[i] = g.Header
	}
	return fingerprint(headers)
}

// fingerprint names a header by what its columns say, in whatever order they stand.
func fingerprint(headers []string) string {
	slices.Sort(headers)
	sum := sha256.Sum256([]byte(strings.Join(headers, "\n")))
	return hex.EncodeToString(sum[:10])
}
