package form

import "slices"

// items are the dimensions of forms that figures call items.
var items = []string{"project", "topic", "culture_kind"}

// Facts is what the form says once it is certified: the cells that were typed, given or made in a row, known or said to be unknown.
// Totals are not said: they are summed again from their parts; nor are quotients. A choice says 1 for the indicator chosen and 0
// for the others.
func (g Grid) Facts(v Values) []Entry {
	g.Compute(v)
	var out []Entry
	for _, row := range g.Rows {
		if row.Kind == "total" {
			continue
		}
		for _, col := range g.Cols {
			c, ok := g.At(row.Code, col.Code)
			id := ID(row.Code, col.Code)
			value := v[id]
			if !ok || value.State != Known && value.State != Unknown || c.program.Formula != nil && quotient(*c.program.Formula) {
				continue
			}
			e := Entry{Indicator: c.Indicator, Only: c.only(row.Code), N: value.N, Decimals: c.Decimals(), Unknown: value.State == Unknown, CellID: id}
			if c.Indicator != "" {
				out = append(out, e)
			}
			for i, o := range c.Choices {
				if e.Indicator, e.N = o.Indicator, 0; value.N == int64(i+1) {
					e.N = 1
				}
				if o.Indicator != "" {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

func quotient(e Expr) bool { return e.Op == "/" || slices.ContainsFunc(e.Args, quotient) }

// only is the part of its indicator that a cell counts in a row.
func (c Cell) only(row string) map[string]string {
	out := map[string]string{}
	for dim, member := range c.Only {
		if member == Member {
			member = row
		}
		switch {
		case slices.Contains(items, dim):
			out["item"] = dim + ":" + member
		case dim == "minority":
			out["group"] = member
		default:
			out[dim] = member
		}
	}
	return out
}
