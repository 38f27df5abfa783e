package stat

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"banlang/internal/fact"
	"banlang/internal/i18n"
)

// A voice says things in the language of a reader.
type voice struct {
	facts Facts
	lang  string
	t     func(key string, args ...any) string
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

// table shows rows from to up to (without) of an answer.
func (s voice) table(a fact.Answer, from, to int) Table {
	q := a.Question
	t := Table{Title: s.title(q), Stack: len(a.Cols) <= 4}
	for _, dim := range q.Rows {
		t.Corner = append(t.Corner, s.t("stat.dim."+string(dim)))
	}
	if t.Corner == nil {
		t.Corner = []string{s.t("stat.dim.indicator")}
	}
	for depth := range max(1, len(q.Cols)) {
		t.Heads = append(t.Heads, s.heads(q, a.Cols, depth))
	}
	columns := make([]string, len(a.Cols))
	for i, col := range a.Cols {
		columns[i] = s.label(q, col, q.Cols)
	}
	for i := from; i < min(to, len(a.Rows)); i++ {
		row := a.Rows[i]
		line := Line{Heads: s.labels(q, row, q.Rows), Note: row.Note, Total: row.Total}
		if !row.Total && len(row.Members) > 0 && row.Members[0].Dim == fact.ByPlace && strings.Contains(row.Members[0].Code, "@") {
			line.Place = row.Members[0].Code
		}
		for j, cell := range a.Cells[i] {
			c := s.cell(q, row, a.Cols[j], cell)
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
func (s voice) heads(q fact.Question, cols []fact.Header, depth int) (heads []Head) {
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
func (s voice) labels(q fact.Question, h fact.Header, dims []fact.Dim) []string {
	if len(dims) == 0 && !h.Total {
		return []string{s.name(fact.Member{Dim: fact.ByIndicator, Code: string(q.Indicators[0])})}
	}
	texts := make([]string, max(1, len(dims)))
	for i := range texts {
		texts[i] = s.t("stat.total")
		if n := slices.IndexFunc(h.Members, func(m fact.Member) bool { return i < len(dims) && m.Dim == dims[i] }); n >= 0 {
			texts[i] = s.name(h.Members[n])
		}
	}
	return texts
}

// label is the name of a header in one: "2026, Tày".
func (s voice) label(q fact.Question, h fact.Header, dims []fact.Dim) string {
	return strings.Join(slices.Compact(s.labels(q, h, dims)), ", ")
}

func (s voice) name(m fact.Member) string {
	text := s.facts.Label(m, s.lang)
	if m.Dim == fact.ByIndicator {
		if i, err := s.facts.Indicator(fact.Code(m.Code)); err == nil && i.Unit != "" {
			text = i.Name(s.lang) + " (" + i.Unit + ")"
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

func (s voice) cell(q fact.Question, row, col fact.Header, c fact.Cell) TableCell {
	v := TableCell{State: c.State, Text: s.figure(q, c)}
	switch c.State {
	case fact.Partial:
		v.Mark = s.t("stat.mark.partial", "Have", c.Have, "Expected", c.Expected)
	case fact.Estimated:
		v.Text = "≈ " + v.Text
		v.Mark = s.t("stat.mark.estimated", "Share", i18n.Percent(s.lang, 100*c.Estimated))
	}
	if c.State != fact.Missing && c.State != fact.NotAsked && c.State != fact.Hidden {
		v.At = at(row, col)
	}
	return v
}

// figure is a cell in words. What is not known is never a number.
func (s voice) figure(q fact.Question, c fact.Cell) string {
	v, ok := c.Value()
	if !ok {
		if c.State == fact.Whole || c.State == fact.Partial || c.State == fact.Estimated { // nothing to divide by
			return s.t("stat.cell.nothing")
		}
		return s.t("stat.cell." + string(c.State))
	}
	text := i18n.Number(s.lang, round(v, decimals(c)))
	if c.Kind == fact.Ratio || c.Kind == fact.Growth {
		text = i18n.Percent(s.lang, v)
	}
	if (q.Show == fact.Change || q.Show == fact.ChangeYear) && v > 0 {
		text = "+" + text
	}
	return text
}

func decimals(c fact.Cell) int {
	if c.Kind == fact.Count {
		return c.Scale
	}
	return max(1, c.Scale)
}

func round(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}

// at names a cell by the members of its row and of its column: "06325@20250701,tay~2026H1". "*" stands for a sum, "-" for nothing
// laid out.
func at(row, col fact.Header) string { return headerText(row) + "~" + headerText(col) }

func headerText(h fact.Header) string {
	var codes []string
	if h.Total {
		codes = append(codes, "*")
	}
	for _, m := range h.Members {
		codes = append(codes, m.Code)
	}
	return cmp.Or(strings.Join(codes, ","), "-")
}

// find looks a cell up by its name.
func find(a fact.Answer, name string) (row, col int, ok bool) {
	r, c, _ := strings.Cut(name, "~")
	row = slices.IndexFunc(a.Rows, func(h fact.Header) bool { return headerText(h) == r })
	col = slices.IndexFunc(a.Cols, func(h fact.Header) bool { return headerText(h) == c })
	return row, col, row >= 0 && col >= 0
}

// plainRows is an answer as rows of a file: figures as machines read them, nothing where there is none, and what each row lacks in
// words at its end.
func (s voice) plainRows(a fact.Answer) [][]string {
	q := a.Question
	var head []string
	for _, dim := range q.Rows {
		head = append(head, s.t("stat.dim."+string(dim)))
	}
	if head == nil {
		head = []string{s.t("stat.dim.indicator")}
	}
	columns := make([]string, len(a.Cols))
	for i, col := range a.Cols {
		columns[i] = s.label(q, col, q.Cols)
	}
	rows := [][]string{append(append(head, columns...), s.t("stat.file.note"))}
	for i, row := range a.Rows {
		line := s.labels(q, row, q.Rows)
		var notes []string
		for j, c := range a.Cells[i] {
			text := ""
			if v, ok := c.Value(); ok {
				text = strconv.FormatFloat(round(v, max(decimals(c), 2)), 'f', -1, 64)
			}
			line = append(line, text)
			if c.State != fact.Whole {
				shown := s.cell(q, row, a.Cols[j], c)
				notes = append(notes, columns[j]+": "+cmp.Or(shown.Mark, shown.Text))
			}
		}
		rows = append(rows, append(line, strings.Join(notes, "; ")))
	}
	return rows
}

// workbook is an answer as a workbook: its title, where it comes from, and the table with numbers as numbers.
func (s voice) workbook(a fact.Answer, title, source string) (_ []byte, err error) {
	f := excelize.NewFile()
	defer f.Close() //nolint:errcheck // only in memory
	const sheet = "Sheet1"
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	heads := max(1, len(a.Question.Rows))
	widths := [][3]float64{{1, float64(heads), 28}, {float64(heads + 1), float64(heads + len(a.Cols)), 16}, {float64(heads + len(a.Cols) + 1), float64(heads + len(a.Cols) + 1), 40}}
	for _, width := range widths {
		if err := w.SetColWidth(int(width[0]), max(int(width[0]), int(width[1])), width[2]); err != nil {
			return nil, err
		}
	}
	if err := w.SetRow("A1", []any{excelize.Cell{StyleID: bold, Value: title}}); err != nil {
		return nil, err
	}
	if err := w.SetRow("A2", []any{source}); err != nil {
		return nil, err
	}
	for i, row := range s.plainRows(a) {
		cells := make([]any, len(row))
		for j, text := range row {
			cells[j] = text
			if v, err := strconv.ParseFloat(text, 64); err == nil && i > 0 && j >= heads && j < len(row)-1 {
				cells[j] = v
			}
			if i == 0 {
				cells[j] = excelize.Cell{StyleID: bold, Value: text}
			}
		}
		if err := w.SetRow("A"+strconv.Itoa(i+4), cells); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = f.Write(&b)
	return b.Bytes(), err
}

// exact is an answer in JSON: figures by row and column, null where there is none, and a remark for each that is not whole.
type exact struct {
	Question string          `json:"question"`
	Sequence int64           `json:"sequence"`
	Rows     []axis          `json:"rows"`
	Cols     []axis          `json:"columns"`
	Values   json.RawMessage `json:"values"` // [][]number, written by hand: an answer may have a hundred thousand
	Remarks  []remark        `json:"remarks"`
	Dropped  []string        `json:"dropped,omitzero"`
}

type axis struct {
	Code  []string `json:"code"`
	Label string   `json:"label"`
	Total bool     `json:"total,omitzero"`
	Note  string   `json:"note,omitzero"`
}

type remark struct {
	Row       int            `json:"row"`
	Column    int            `json:"column"`
	State     fact.CellState `json:"state"`
	Have      int            `json:"have,omitzero"`
	Expected  int            `json:"expected,omitzero"`
	Estimated float64        `json:"estimated,omitzero"`
}

func (s voice) exact(a fact.Answer, address string) exact {
	e := exact{Question: address, Sequence: a.Sequence, Remarks: []remark{}, Dropped: a.Dropped}
	axes := func(headers []fact.Header, dims []fact.Dim) []axis {
		all := make([]axis, len(headers))
		for i, h := range headers {
			all[i] = axis{Code: []string{}, Label: s.label(a.Question, h, dims), Total: h.Total, Note: h.Note}
			for _, m := range h.Members {
				all[i].Code = append(all[i].Code, m.Code)
			}
		}
		return all
	}
	e.Rows, e.Cols = axes(a.Rows, a.Question.Rows), axes(a.Cols, a.Question.Cols)
	b := []byte{'['}
	for i, cells := range a.Cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, c := range cells {
			if j > 0 {
				b = append(b, ',')
			}
			if v, ok := c.Value(); ok {
				b = strconv.AppendFloat(b, round(v, max(decimals(c), 4)), 'f', -1, 64)
			} else {
				b = append(b, "null"...)
			}
			if c.State != fact.Whole {
				e.Remarks = append(e.Remarks, remark{i, j, c.State, c.Have, c.Expected, round(c.Estimated, 4)})
			}
		}
		b = append(b, ']')
	}
	e.Values = append(b, ']')
	return e
}
