package sheet

import (
	"slices"
	"strings"

	"banlang/internal/fold"
	"banlang/internal/report/form"
)

// An index is a grid prepared for looking things up.
type index struct {
	grid    form.Grid
	rows    map[string]form.Row
	cells   map[[2]string]*form.Cell // by "*" or the code of a row that is not a member, and column
	toned   map[string][]string      // codes of rows by toned label
	keys    map[string][]string      // by folded label
	columns map[string]string        // column codes by what a header may say, toned; "" where it says several
	plain   map[string]string        // the same without marks, for headers that were typed without any
	beside  map[[2]string]string     // of columns that share a name: by the name and the column that stands before
	input   map[string]bool          // columns that somebody fills in
}

func newIndex(g form.Grid) *index {
	x := &index{grid: g, rows: map[string]form.Row{}, cells: map[[2]string]*form.Cell{}, toned: map[string][]string{}, keys: map[string][]string{}, columns: map[string]string{}, plain: map[string]string{}, beside: map[[2]string]string{}, input: map[string]bool{}}
	for _, r := range g.Rows {
		x.rows[r.Code] = r
		for _, label := range []string{r.Label, r.LabelEN} {
			add(x.toned, fold.Toned(label), r.Code)
			add(x.keys, fold.Key(label), r.Code)
		}
	}
	for i := range g.Form.Cells {
		c := &g.Form.Cells[i]
		x.cells[[2]string{c.Row, c.Col}] = c
		if c.Input == form.Typed {
			x.input[c.Col] = true
		}
	}
	for _, c := range g.Cols {
		for _, label := range []string{c.Label, c.LabelEN} {
			for _, said := range spellings(label) {
				if other, taken := x.columns[said]; taken && other != c.Code {
					x.columns[said] = ""
				} else {
					x.columns[said] = c.Code
				}
			}
		}
	}
	x.share()
	return x
}

// share gives a name that is one column's in full and another's in short to the first. Columns that share a name in full, such as
// Trong đó: nữ, are told apart by the column before them.
func (x *index) share() {
	full := map[string]int{}
	for _, c := range x.grid.Cols {
		full[fold.Toned(c.Label)]++
	}
	before := ""
	for _, c := range x.grid.Cols {
		key := fold.Toned(c.Label)
		if full[key] == 1 {
			x.columns[key], before = c.Code, c.Code
			if en := fold.Toned(c.LabelEN); en != "" && x.columns[en] == "" {
				x.columns[en] = c.Code
			}
			continue
		}
		for _, said := range append(spellings(c.Label), spellings(c.LabelEN)...) {
			x.columns[said] = ""
			x.beside[[2]string{said, before}] = c.Code
		}
	}
	for said, code := range x.columns {
		key := fold.Key(said)
		if other, taken := x.plain[key]; taken && other != code {
			code = ""
		}
		x.plain[key] = code
	}
}

// column is the column that a header names: with its marks, or without any. Năm is not nam.
func (x *index) column(said string) string {
	if code, ok := x.columns[said]; ok {
		return code
	}
	if fold.Key(said) == said {
		return x.plain[said]
	}
	return ""
}

func add(m map[string][]string, key, code string) {
	if key != "" && !slices.Contains(m[key], code) {
		m[key] = append(m[key], code)
	}
}

// spellings are the ways in which a header may say a label.
func spellings(label string) []string {
	list := []string{fold.Toned(label)}
	for _, part := range []string{fold.Toned("trong đó") + " ", "of which "} {
		if bare, ok := strings.CutPrefix(list[0], part); ok {
			list = append(list, bare)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// cell is the cell of a row and a column; nil where the form has none.
func (x *index) cell(row, col string) *form.Cell {
	r, ok := x.rows[row]
	if !ok {
		return nil
	}
	if r.Kind == "member" {
		row = form.Member
	}
	return x.cells[[2]string{row, col}]
}

// look matches a header with the form's columns by their names. Where two columns answer to one name, neither is taken.
func (x *index) look(columns []column) []target {
	type found struct {
		target
		level int
	}
	best := map[[2]string][]found{}
	for _, c := range columns {
		for _, w := range c.ways {
			row, col, level := x.name(w)
			if col == "" || x.strange(c, w, row, col, columns) || c.before && !otherPeriod(fold.Toned(x.labelOf(col))) {
				continue
			}
			best[[2]string{row, col}] = append(best[[2]string{row, col}], found{target{c.no, row, col, w.header(), 1}, level})
			break
		}
	}
	var list []target
	for _, all := range best {
		top := slices.MaxFunc(all, func(a, b found) int { return a.level - b.level }).level
		all = slices.DeleteFunc(all, func(f found) bool { return f.level < top })
		if len(all) == 1 {
			list = append(list, all[0].target)
		}
	}
	slices.SortFunc(list, func(a, b target) int { return a.column - b.column })
	return x.lookBeside(columns, list)
}

// name finds the column that a header names: in full, as a row over a column, or only with its last words.
func (x *index) name(w way) (row, col string, level int) {
	const full, partly = 2, 1
	if col = x.column(strings.Join(w.levels, " ")); col != "" {
		return "", col, full
	}
	if col = x.column(unbracketed(w.shown)); col != "" {
		return "", col, full
	}
	if row, col = x.pair(w); col != "" {
		return row, col, full
	}
	for i := 1; i < len(w.levels); i++ {
		if col = x.column(strings.Join(w.levels[i:], " ")); col != "" {
			return "", col, partly
		}
	}
	if len(w.levels) > 1 {
		col = x.column(unbracketed(w.shown[len(w.shown)-1:]))
	}
	return "", col, partly
}

// strange tells that a column is not what its last words say: it is a share of a hundred, or stands in a group that has nothing to do
// with the form, as Nam under Người khuyết tật.
// A title, over most columns or from the first on, is no group.
func (x *index) strange(c column, w way, row, col string, columns []column) bool {
	if share := func(s string) bool { return strings.ContainsAny(s, "%‰") }; slices.ContainsFunc(w.shown, share) && !share(x.labelOf(col)) {
		return true
	}
	label := fold.Toned(x.labelOf(col))
	for _, g := range c.groups {
		if width := g.right - g.left + 1; 4*width > 3*len(columns) || width > 3 && g.left <= columns[0].no {
			continue
		}
		own := slices.ContainsFunc(g.said, func(s string) bool {
			return s == "" || slices.Contains(neutral, s) || x.column(s) != "" || strings.HasPrefix(label, s+" ") || strings.HasPrefix(s, measure) ||
				row != "" && slices.Contains(x.toned[s], row)
		})
		if !own {
			return true
		}
	}
	return false
}

// measure begins what is said of the unit of measure.
var measure = fold.Toned("đơn vị tính")

// neutral are groups that say nothing of their own.
var neutral = func() (keys []string) {
	for _, words := range []string{"trong đó", "chia ra", "bao gồm", "gồm", "tổng số", "số lượng", "số liệu", "kết quả", "of which"} {
		keys = append(keys, fold.Toned(words), fold.Key(words))
	}
	return keys
}()

// lookBeside finds the columns that share a name, by the column that stands before them.
func (x *index) lookBeside(columns []column, list []target) []target {
	if len(x.beside) == 0 {
		return list
	}
	named := map[int]string{}
	for _, t := range list {
		named[t.column] = t.col
	}
	found := map[string][]target{}
	before := ""
	for _, c := range columns {
		if code := named[c.no]; code != "" {
			before = code
			continue
		}
		if code, w := x.besideOf(c, before); code != "" && !c.before && !x.strange(c, w, "", code, columns) {
			found[code] = append(found[code], target{c.no, "", code, w.header(), 1})
		}
	}
	for _, all := range found {
		if len(all) == 1 {
			list = append(list, all[0])
		}
	}
	slices.SortFunc(list, func(a, b target) int { return a.column - b.column })
	return list
}

func (x *index) besideOf(c column, before string) (string, way) {
	for _, w := range c.ways {
		for i := range w.levels {
			if code := x.beside[[2]string{strings.Join(w.levels[i:], " "), before}]; code != "" {
				return code, w
			}
		}
	}
	return "", way{}
}

// pair reads a header that names a row over a column: Tày over Nam.
func (x *index) pair(w way) (row, col string) {
	if len(w.levels) < 2 {
		return "", ""
	}
	for i := range w.levels {
		codes := x.toned[fold.Toned(w.shown[i])]
		if len(codes) != 1 {
			continue
		}
		rest := slices.Concat(w.levels[:i], w.levels[i+1:])
		for j := range rest {
			if col := x.column(strings.Join(rest[j:], " ")); col != "" {
				return codes[0], col
			}
		}
	}
	return "", ""
}

func (x *index) labelOf(col string) string {
	for _, c := range x.grid.Cols {
		if c.Code == col {
			return c.Label
		}
	}
	return ""
}

// unbracketed is a header without what stands in brackets: Số hộ (hộ) is Số hộ. Số hộ (nghìn hộ) is not.
func unbracketed(shown []string) string {
	whole := strings.Join(shown, " ")
	before, after, ok := strings.Cut(whole, "(")
	if !ok {
		return ""
	}
	inside, rest, found := strings.Cut(after, ")")
	if !found || scaled(inside) {
		return ""
	}
	return fold.Toned(before + " " + rest)
}

// scaled tells that a unit of measure is so many, or a part of a whole.
func scaled(unit string) bool {
	if strings.ContainsAny(unit, "%‰0123456789") {
		return true
	}
	for word := range strings.FieldsSeq(fold.Toned(unit)) {
		if slices.Contains(scales, word) {
			return true
		}
	}
	return false
}

// scales are words for so many; without marks those that mean nothing else then.
var scales = func() (keys []string) {
	for word := range strings.FieldsSeq("trăm nghìn ngàn vạn triệu tỷ nghin ngan trieu") {
		keys = append(keys, fold.Toned(word))
	}
	return keys
}()

// near is how much alike two folded texts are, by their words: 0 to 1.
func near(a, b string) float64 {
	left, right := strings.Fields(a), strings.Fields(b)
	if len(left) == 0 || len(right) == 0 {
		return 0
	}
	same := 0
	for _, w := range left {
		if slices.Contains(right, w) {
			same++
		}
	}
	return 2 * float64(same) / float64(len(left)+len(right))
}
