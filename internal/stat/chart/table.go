package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"banlang/internal/fact"
	"banlang/internal/i18n"
)

// Facts is what a chart asks about figures: what they are called.
type Facts interface {
	Indicator(code fact.Code) (fact.Indicator, error)
	Label(m fact.Member, lang string) string
}

// A Voice says things in the language of a reader.
type Voice struct {
	Facts Facts
	Lang  string
	T     func(key string, args ...any) string // the words of a message
}

// A Table is an answer, or some rows of one, in the reader's words.
type Table struct {
	Corner []string // what the columns that head the rows are
	Heads  [][]Head // rows of column heads, from the widest
	Lines  []Line
	States []fact.CellState // that occur and need a word
	Stack  bool             // few enough columns to be stacked on a telephone
	Title  string           // caption
	Source string           // start of the address of a cell's source; "" without links
}

// A Head is a column head, or several under one.
type Head struct {
	Text string
	Span int
	Note string
}

// A Line is a row of a table.
type Line struct {
	Heads []string
	Place string // the unit that the row begins with; "" for none
	Note  string
	Total bool
	Cells []TableCell
}

// A TableCell is a figure as a table shows it.
type TableCell struct {
	Text   string // the figure, or the word for its state
	Mark   string // how far it can be relied on: "62/65 nơi", "4% là ước"
	Column string
	At     string // names the cell among the answer's, for the page of its source; "" where there is nothing behind it
	State  fact.CellState
}

// Table shows rows from to up to (without) of an answer.
func (s Voice) Table(a fact.Answer, from, to int) Table {
	q := a.Question
	t := Table{Title: s.Title(q), Stack: len(a.Cols) <= 4}
	for _, dim := range q.Rows {
		t.Corner = append(t.Corner, s.T("stat.dim."+string(dim)))
	}
	if t.Corner == nil {
		t.Corner = []string{s.T("stat.dim.indicator")}
	}
	for depth := range max(1, len(q.Cols)) {
		t.Heads = append(t.Heads, s.heads(q, a.Cols, depth))
	}
	columns := make([]string, len(a.Cols))
	for i, col := range a.Cols {
		columns[i] = s.Label(q, col, q.Cols)
	}
	for i := from; i < min(to, len(a.Rows)); i++ {
		row := a.Rows[i]
		line := Line{Heads: s.labels(q, row, q.Rows), Note: row.Note, Total: row.Total}
		if !row.Total && len(row.Members) > 0 && row.Members[0].Dim == fact.ByPlace && strings.Contains(row.Members[0].Code, "@") {
			line.Place = row.Members[0].Code
		}
		for j, cell := range a.Cells[i] {
			c := s.Cell(q, row, a.Cols[j], cell)
			c.Column = columns[j]
			if line.Cells = append(line.Cells, c); cell.State != fact.Whole && !slices.Contains(t.States, cell.State) {
				t.States = append(t.States, cell.State)
			}
		}
		t.Lines = append(t.Lines, line)
	}
	slices.Sort(t.States)
	return t
}

// heads are the column heads at a depth: neighbours that share all members down to it stand under one.
func (s Voice) heads(q fact.Question, cols []fact.Header, depth int) (heads []Head) {
	for i, col := range cols {
		if i > 0 && !col.Total && !cols[i-1].Total && len(q.Cols) > 0 && slices.Equal(col.Members[:depth+1], cols[i-1].Members[:depth+1]) {
			heads[len(heads)-1].Span++
			continue
		}
		heads = append(heads, Head{Text: s.labels(q, col, q.Cols)[depth], Span: 1, Note: col.Note})
	}
	return heads
}

// labels are the names of a header's members, one for each dimension laid out. A sum has none for what it sums over.
func (s Voice) labels(q fact.Question, h fact.Header, dims []fact.Dim) []string {
	if len(dims) == 0 && !h.Total {
		return []string{s.Name(fact.Member{Dim: fact.ByIndicator, Code: string(q.Indicators[0])})}
	}
	texts := make([]string, max(1, len(dims)))
	for i := range texts {
		texts[i] = s.T("stat.total")
		if n := slices.IndexFunc(h.Members, func(m fact.Member) bool { return i < len(dims) && m.Dim == dims[i] }); n >= 0 {
			texts[i] = s.Name(h.Members[n])
		}
	}
	return texts
}

// Label is the name of a header in one: "2026, Tày".
func (s Voice) Label(q fact.Question, h fact.Header, dims []fact.Dim) string {
	return strings.Join(slices.Compact(s.labels(q, h, dims)), ", ")
}

// Name is what a member is called, an indicator with its unit.
func (s Voice) Name(m fact.Member) string {
	text := s.Facts.Label(m, s.Lang)
	if m.Dim == fact.ByIndicator {
		if i, err := s.Facts.Indicator(fact.Code(m.Code)); err == nil && i.Unit != "" {
			text = i.Name(s.Lang) + " (" + i.Unit + ")"
		}
	}
	return text
}

// codeOf is the indicator that a cell is about.
func codeOf(q fact.Question, row, col fact.Header) fact.Code {
	for _, m := range slices.Concat(row.Members, col.Members) {
		if m.Dim == fact.ByIndicator {
			return fact.Code(m.Code)
		}
	}
	return q.Indicators[0]
}

// Cell is a cell of an answer with how far it can be relied on.
func (s Voice) Cell(q fact.Question, row, col fact.Header, c fact.Cell) TableCell {
	v := TableCell{State: c.State, Text: s.Figure(q, c)}
	switch c.State {
	case fact.Partial:
		v.Mark = s.T("stat.mark.some") // a release says that places are missing, not how many
		if c.Expected > 0 {
			v.Mark = s.T("stat.mark.partial", "Have", c.Have, "Expected", c.Expected)
		}
	case fact.Estimated:
		v.Text = "≈ " + v.Text
		v.Mark = s.T("stat.mark.estimated", "Share", i18n.Percent(s.Lang, 100*c.Estimated))
	}
	if c.State != fact.Missing && c.State != fact.NotAsked && c.State != fact.Hidden {
		v.At = at(row, col)
	}
	return v
}

// Figure is a cell in words. What is not known is never a number.
func (s Voice) Figure(q fact.Question, c fact.Cell) string {
	v, ok := c.Value()
	if !ok {
		if c.State == fact.Whole || c.State == fact.Partial || c.State == fact.Estimated { // nothing to divide by
			return s.T("stat.cell.nothing")
		}
		return s.T("stat.cell." + string(c.State))
	}
	text := i18n.Number(s.Lang, Round(v, Decimals(c)))
	if c.Kind == fact.Ratio || c.Kind == fact.Growth {
		text = i18n.Percent(s.Lang, v)
	}
	if (q.Show == fact.Change || q.Show == fact.ChangeYear) && v > 0 {
		text = "+" + text
	}
	return text
}

// Decimals is how many a figure is written with.
func Decimals(c fact.Cell) int {
	if c.Kind == fact.Count {
		return c.Scale
	}
	return max(1, c.Scale)
}

// Round rounds a value to some decimals.
func Round(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}

// at names a cell by the members of its row and of its column: "06325@20250701,tay~2026H1". "*" stands for a sum, "-" for nothing
// laid out.
func at(row, col fact.Header) string { return HeaderText(row) + "~" + HeaderText(col) }

// HeaderText names a header by its members.
func HeaderText(h fact.Header) string {
	var codes []string
	if h.Total {
		codes = append(codes, "*")
	}
	for _, m := range h.Members {
		codes = append(codes, m.Code)
	}
	return cmp.Or(strings.Join(codes, ","), "-")
}

// Find looks a cell up by its name.
func Find(a fact.Answer, name string) (row, col int, ok bool) {
	r, c, _ := strings.Cut(name, "~")
	row = slices.IndexFunc(a.Rows, func(h fact.Header) bool { return HeaderText(h) == r })
	col = slices.IndexFunc(a.Cols, func(h fact.Header) bool { return HeaderText(h) == c })
	return row, col, row >= 0 && col >= 0
}

// Title names a question: its indicators, and by what they are laid out.
func (s Voice) Title(q fact.Question) string {
	var names []string
	for _, code := range q.Indicators[:min(len(q.Indicators), 3)] {
		i, _ := s.Facts.Indicator(code) //nolint:errcheck // the question's own
		names = append(names, i.Name(s.Lang))
	}
	text := strings.Join(names, "; ")
	if n := len(q.Indicators) - len(names); n > 0 {
		text += " " + s.T("stat.title.more", "N", n)
	}
	if len(q.Periods) == 1 {
		text += ", " + s.Name(fact.Member{Dim: fact.ByPeriod, Code: q.Periods[0].String()})
	}
	return text
}
