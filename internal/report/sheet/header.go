package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"banlang/internal/fold"
	"banlang/internal/report/form"
)

const (
	headRows    = 80      // rows at the top that are kept
	headBytes   = 4 << 20 // bytes of their texts
	headSearch  = 40      // of them, those in which a header may end
	headHeight  = 4       // rows of a header
	headColumns = 256
	maxWork     = 2_000_000 // columns that are compared with those of forms, in all sheets together
)

// A head is the top of a sheet, where its header is looked for.
type head struct {
	match   *matcher
	tab     tab
	frame   frame
	lines   []line
	legacy  fold.Encoding       // of most of its texts
	origin  map[[2]int][2]int   // row and column of the text of a merged area, for each cell of it
	right   map[int]int         // last column of merged areas, by row
	ways    map[string][]string // how texts may be read
	folded  map[string]string   // their toned keys
	columns map[[2]int][]column // by last row and height of a header
}

// readHead reads the first rows of a sheet.
func (b *book) readHead(t tab, m *matcher) (*head, error) {
	f, err := b.frame(t)
	if err != nil {
		return nil, err
	}
	h := &head{match: m, tab: t, frame: f, origin: map[[2]int][2]int{}, right: map[int]int{}, ways: map[string][]string{}, folded: map[string]string{}, columns: map[[2]int][]column{}}
	size := 0
	err = b.rows(t, func(l *line) (bool, error) {
		kept := *l
		kept.cells = slices.Clone(l.cells)
		h.lines = append(h.lines, kept)
		for _, c := range kept.cells {
			size += len(c.text)
		}
		return len(h.lines) < headRows && size < headBytes, nil
	})
	if err != nil || len(h.lines) == 0 {
		return h, err
	}
	h.legacy = legacyOf(h.lines)
	last := h.lines[len(h.lines)-1].no
	for _, m := range f.merges {
		for row := m.top; row <= min(m.bottom, last, m.top+headRows); row++ {
			for col := m.left; col <= min(m.right, headColumns) && len(h.origin) < 1<<16; col++ {
				h.origin[[2]int{row, col}] = [2]int{m.top, m.left}
			}
			h.right[row] = max(h.right[row], m.right)
		}
	}
	return h, nil
}

func (h *head) line(no int) *line {
	i, ok := slices.BinarySearchFunc(h.lines, no, func(l line, no int) int { return l.no - no })
	if !ok {
		return &line{no: no}
	}
	return &h.lines[i]
}

// said is the text over a column in a row, in the ways in which it may be read: that of a merged area stands over all its columns.
func (h *head) said(row, col int) (ways []string, origin [2]int) {
	origin = [2]int{row, col}
	if first, ok := h.origin[origin]; ok {
		origin = first
	}
	c := h.line(origin[0]).at(origin[1])
	if c.kind == wrong || c.kind == blank {
		return nil, origin
	}
	ways, ok := h.ways[c.text]
	if !ok {
		ways = h.match.readings(c.text, h.legacy)
		h.ways[c.text] = ways
	}
	return ways, origin
}

func (h *head) key(s string) string {
	k, ok := h.folded[s]
	if !ok {
		k = fold.Toned(s)
		h.folded[s] = k
	}
	return k
}

// A column is what stands over one column of a sheet, in the rows of a header.
type column struct {
	no     int
	ways   []way // how it may be read, the likeliest first
	before bool  // it is another period's, or a plan's: never taken for the figures themselves without being asked
	groups []group
}

// A group is a text that stands over several columns.
type group struct {
	said        []string // toned, in the ways in which it may be read
	left, right int
}

// A way is one reading of a header, from top to bottom and without repetitions.
type way struct {
	shown  []string
	levels []string // toned
}

func (w way) header() string { return strings.Join(w.levels, " > ") }

// header reads the header that ends in a row and has so many rows.
func (h *head) header(bottom, height int) []column {
	at := [2]int{bottom, height}
	if list, ok := h.columns[at]; ok {
		return list
	}
	last := 0
	for no := bottom - height + 1; no <= bottom; no++ {
		if cells := h.line(no).cells; len(cells) > 0 {
			last = max(last, cells[len(cells)-1].col)
		}
		last = max(last, h.right[no])
	}
	var list []column
	for col := 1; col <= min(last, headColumns); col++ {
		if c := h.over(col, bottom, height); len(c.ways) > 0 {
			list = append(list, c)
		}
	}
	h.columns[at] = list
	return list
}

// over reads what stands over one column.
func (h *head) over(col, bottom, height int) column {
	c := column{no: col}
	var texts [][]string
	var seen [][2]int
	for no := max(1, bottom-headHeight+1); no <= bottom; no++ {
		said, origin := h.said(no, col)
		if len(said) == 0 || slices.Contains(seen, origin) {
			continue
		}
		seen = append(seen, origin)
		c.before = c.before || slices.ContainsFunc(said, func(s string) bool { return otherPeriod(h.key(s)) })
		if g := h.group(said, origin); g.right > g.left {
			c.groups = append(c.groups, g)
		}
		if no > bottom-height || origin[0] != no {
			texts = append(texts, said)
		}
	}
	for i := 0; i < 5; i++ {
		var w way
		more := i == 0
		for _, said := range texts {
			more = more || i < len(said)
			s := said[min(i, len(said)-1)]
			if k := h.key(s); k != "" {
				w.shown, w.levels = append(w.shown, s), append(w.levels, k)
			}
		}
		if !more || len(w.levels) == 0 {
			break
		}
		c.ways = append(c.ways, w)
	}
	return c
}

func (h *head) group(said []string, origin [2]int) group {
	g := group{left: origin[1], right: origin[1]}
	for h.origin[[2]int{origin[0], g.right + 1}] == origin && g.right < headColumns {
		g.right++
	}
	for _, s := range said {
		g.said = append(g.said, h.key(s))
	}
	return g
}

// others are words by which a column says that it is not of the period itself.
var others = func() (keys []string) {
	for _, words := range []string{"kỳ trước", "năm trước", "quý trước", "tháng trước", "cùng kỳ", "kế hoạch", "luỹ kế", "so sánh", "so với", "tỷ lệ", "tăng giảm"} {
		keys = append(keys, fold.Toned(words), fold.Key(words))
	}
	return keys
}()

func otherPeriod(key string) bool {
	return slices.ContainsFunc(others, func(words string) bool { return strings.Contains(key, words) })
}

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
	i := strings.IndexByte(whole, '(')
	if i < 0 {
		return ""
	}
	inside, rest, found := strings.Cut(whole[i+1:], ")")
	if !found || scaled(inside) {
		return ""
	}
	return fold.Toned(whole[:i] + " " + rest)
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

// plans sees a sheet as a form in every way that its top allows, and gives the best.
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
