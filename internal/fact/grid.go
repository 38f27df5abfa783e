package fact

import (
	"cmp"
	"math"
	"slices"
)

// A grid is an answer taking shape.
type grid struct {
	p          *plan
	rows, cols []Header
	cells      [][]Cell
	rowAt      []int // row and column of the layout that each came from
	colAt      []int
}

// headers lists the combinations of members along one side.
func (p *plan) headers(dims []Dim, total bool) []Header {
	all := []Header{{Total: total}}
	for _, d := range dims {
		var longer []Header
		for _, h := range all {
			for _, m := range p.members[d] {
				longer = append(longer, Header{Members: append(slices.Clip(h.Members), Member{d, m}), Total: total})
			}
		}
		all = longer
	}
	return all
}

// add fills the grid.
func (g *grid) add(cells []Cell, l *layout) {
	g.rows, g.cols = g.p.headers(l.rows, false), g.p.headers(l.cols, false)
	for i := range g.rows {
		g.cells = append(g.cells, cells[i*l.width:(i+1)*l.width])
		g.rowAt = append(g.rowAt, i)
	}
	for i := range g.cols {
		g.colAt = append(g.colAt, i)
	}
}

// prune leaves out the rows and columns of members nobody asked for by name and of which there is nothing.
func (g *grid) prune() {
	empty := func(c Cell) bool { return c.State == Missing || c.State == NotAsked }
	idle := func(h Header) bool {
		return slices.ContainsFunc(h.Members, func(m Member) bool {
			return len(g.p.Only[m.Dim]) == 0 && (m.Dim.cut() || m.Dim == ByAreaClass)
		})
	}
	keepRow := make([]bool, len(g.rows))
	keepCol := make([]bool, len(g.cols))
	for i, h := range g.rows {
		keepRow[i] = !idle(h) || slices.ContainsFunc(g.cells[i], func(c Cell) bool { return !empty(c) })
	}
	for j, h := range g.cols {
		keepCol[j] = !idle(h) || slices.ContainsFunc(g.cells, func(row []Cell) bool { return !empty(row[j]) })
	}
	g.choose(keepRow, keepCol)
}

func kept[T any](all []T, keep []bool) []T {
	var left []T
	for i, v := range all {
		if keep[i] {
			left = append(left, v)
		}
	}
	return left
}

func (g *grid) choose(rows, cols []bool) {
	g.rows, g.rowAt, g.cells = kept(g.rows, rows), kept(g.rowAt, rows), kept(g.cells, rows)
	g.cols, g.colAt = kept(g.cols, cols), kept(g.colAt, cols)
	if slices.Contains(cols, false) {
		for i, row := range g.cells {
			g.cells[i] = kept(row, cols)
		}
	}
}

// top keeps the rows with the largest first column.
func (g *grid) top() {
	if g.p.Top <= 0 || len(g.cols) == 0 {
		return
	}
	order, first := make([]int, len(g.rows)), make([]float64, len(g.rows))
	for i := range order {
		v, ok := g.cells[i][0].Value()
		if !ok {
			v = math.Inf(-1) // a row without a figure comes last
		}
		order[i], first[i] = i, v
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(first[b], first[a]) })
	order = order[:min(g.p.Top, len(order))]
	g.rows, g.rowAt, g.cells = picked(g.rows, order), picked(g.rowAt, order), picked(g.cells, order)
}

func picked[T any](all []T, order []int) []T {
	some := make([]T, len(order))
	for i, n := range order {
		some[i] = all[n]
	}
	return some
}

// below adds the rows of totals.
func (g *grid) below(cells []Cell, l *layout) {
	for i, h := range g.p.headers(l.rows, true) {
		row := make([]Cell, len(g.cols))
		for j, at := range g.colAt {
			row[j] = cells[i*l.width+at]
		}
		g.rows, g.cells = append(g.rows, h), append(g.cells, row)
		g.rowAt = append(g.rowAt, i)
	}
}

// beside adds the columns of totals; corner has those of the rows of totals, if there are any.
func (g *grid) beside(cells []Cell, l *layout, corner []Cell, c *layout, below bool) {
	for i, h := range g.rows {
		for j := range l.width {
			if h.Total && below {
				g.cells[i] = append(slices.Clip(g.cells[i]), corner[g.rowAt[i]*c.width+j])
			} else {
				g.cells[i] = append(slices.Clip(g.cells[i]), cells[g.rowAt[i]*l.width+j])
			}
		}
	}
	g.cols = append(g.cols, g.p.headers(l.cols, true)...)
}

// note marks the periods at which the definition changed that others fix.
func (g *grid) note() {
	for _, headers := range [][]Header{g.rows, g.cols} {
		last := map[Code]string{}
		for i, h := range headers {
			at := slices.IndexFunc(h.Members, func(m Member) bool { return m.Dim == ByPeriod })
			if at < 0 {
				continue
			}
			x, err := ParsePeriod(h.Members[at].Code)
			if err != nil {
				continue
			}
			for _, a := range g.p.asked {
				if a.Standard == "" || slices.ContainsFunc(h.Members, func(m Member) bool { return m.Dim == ByIndicator && m.Code != string(a.Code) }) {
					continue
				}
				now := g.p.standard(a, x)
				if before, ok := last[a.Code]; ok && before != now && now != "" {
					headers[i].Note = "fact.note.standard"
				}
				if now != "" {
					last[a.Code] = now
				}
			}
		}
	}
}
