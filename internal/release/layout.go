package release

import (
	"math"
	"net/url"
	"slices"
	"strings"

	"banlang/internal/fact"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
)

// A layout of a table: two dimensions laid out, a member of each other one.
type layout struct {
	table    dataset.Table
	row, col int // col is -1 where one dimension is all there is
	at       []int
}

// newCut reads what is laid out; what the address does not say is chosen so that most is to be seen at once.
func newCut(t dataset.Table, q url.Values) layout {
	c := layout{table: t, row: -1, col: -1, at: make([]int, len(t.Dims))}
	find := func(code string) int {
		return slices.IndexFunc(t.Dims, func(d dataset.Dimension) bool { return d.Code == code })
	}
	wide := func(taken int, codes ...fact.Dim) int {
		for _, code := range codes {
			if d := find(string(code)); d >= 0 && d != taken && len(t.Dims[d].Members) > 1 {
				return d
			}
		}
		return -1
	}
	c.row = find(q.Get("hang"))
	if c.row < 0 {
		c.row = max(0, wide(-1, fact.ByGroup, fact.ByPlace, fact.ByIndicator, fact.ByPeriod, fact.BySex))
	}
	switch c.col = find(q.Get("cot")); {
	case q.Get("cot") == "khong" || c.col == c.row:
		c.col = -1
	case c.col < 0 && q.Get("hang") == "":
		c.col = wide(c.row, fact.BySex, fact.ByIndicator, fact.ByPeriod)
	}
	for d, dim := range t.Dims {
		if dim.Role == dataset.Time {
			c.at[d] = len(dim.Members) - 1
		}
		if m := slices.IndexFunc(dim.Members, func(m dataset.Member) bool { return m.Code == q.Get(dim.Code) }); m >= 0 && q.Get(dim.Code) != "" {
			c.at[d] = m
		}
	}
	return c
}

// answer is the cut as the charts and tables of questions take it.
func (c layout) answer() fact.Answer {
	dim := func(axis int) fact.Dim { return fact.Dim(c.table.Dims[axis].Code) }
	metric := c.table.Dim(dataset.Metric)
	a := fact.Answer{Question: fact.Question{Rows: []fact.Dim{dim(c.row)}}}
	for _, m := range c.table.Dims[metric].Members {
		a.Question.Indicators = append(a.Question.Indicators, fact.Code(m.Code))
	}
	a.Question.Indicators[0], a.Question.Indicators[c.at[metric]] = a.Question.Indicators[c.at[metric]], a.Question.Indicators[0]
	if area := c.table.Dims[placeAxis].Members[0].Code; area != country {
		a.Question.Area = place.ID(area)
	}
	head := func(axis, m int) fact.Header {
		code := c.table.Dims[axis].Members[m].Code
		all := code == dataset.All || axis == placeAxis && m == 0 && len(c.table.Dims[axis].Members) > 1
		h := fact.Header{Members: []fact.Member{{Dim: dim(axis), Code: code}}, Total: all}
		if code == dataset.All || code == country {
			h.Members[0].Code = ""
		}
		return h
	}
	cols := 1
	if c.col >= 0 {
		a.Question.Cols = []fact.Dim{dim(c.col)}
		cols = len(c.table.Dims[c.col].Members)
		for m := range cols {
			a.Cols = append(a.Cols, head(c.col, m))
		}
	} else {
		a.Cols = []fact.Header{{}}
	}
	held := map[int]dataset.Cell{}
	for _, cell := range c.table.Cells {
		if n, ok := c.holds(cell.At, cols); ok {
			held[n] = cell
		}
	}
	for m := range c.table.Dims[c.row].Members {
		cells := make([]fact.Cell, cols)
		found := false
		for j := range cells {
			cell, ok := held[m*cols+j]
			cells[j] = c.cell(cell, ok)
			found = found || ok
		}
		if found {
			a.Rows, a.Cells = append(a.Rows, head(c.row, m)), append(a.Cells, cells)
		}
	}
	return a
}

// holds tells whether a cell lies in the cut, and where.
func (c layout) holds(at []int, cols int) (n int, ok bool) {
	for axis, m := range at {
		if axis != c.row && axis != c.col && m != c.at[axis] {
			return 0, false
		}
	}
	if n = at[c.row] * cols; c.col >= 0 {
		n += at[c.col]
	}
	return n, true
}

// states are the states of cells by their status.
var states = map[dataset.Status]fact.CellState{
	dataset.Normal: fact.Whole, dataset.Partial: fact.Partial, dataset.Estimated: fact.Estimated, dataset.Hidden: fact.Hidden,
	dataset.Missing: fact.Missing, dataset.Incomparable: fact.Incomparable,
}

func (c layout) cell(cell dataset.Cell, ok bool) fact.Cell {
	if !ok {
		return fact.Cell{State: fact.NotAsked, Kind: fact.Count}
	}
	m := c.table.Dims[c.table.Dim(dataset.Metric)].Members[cell.At[c.table.Dim(dataset.Metric)]]
	return fact.Cell{State: states[cell.Status], Kind: fact.Count, Num: int64(math.Round(cell.Value * math.Pow10(m.Decimals))), Scale: m.Decimals}
}

// caption says what is shown beyond the laid out dimensions: "Dân số (người), tỉnh Lạng Sơn, năm 2019".
func (c layout) caption(lang string) string {
	var parts []string
	for axis, d := range c.table.Dims {
		m := d.Members[c.at[axis]]
		switch {
		case axis == c.row || axis == c.col || m.Code == dataset.All:
		case d.Role == dataset.Metric:
			parts = append([]string{m.Name(lang) + " (" + m.Unit + ")"}, parts...)
		default:
			parts = append(parts, m.Name(lang))
		}
	}
	if parts == nil {
		return c.table.Name(lang)
	}
	return strings.Join(parts, ", ")
}
