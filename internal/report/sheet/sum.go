package sheet

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/report/form"
)

// compare refuses the sums of the workbook that its own figures do not add up to: then one of them is wrong or missing. It adds up
// the rows that the sheet has, a blank cell as nothing. Where a figure was refused or is unknown, nothing can be said of its sums.
func (r *reader) compare() {
	if !slices.ContainsFunc(r.out.Cells, func(c Cell) bool { return c.Stated }) {
		return
	}
	units := map[string]form.Values{}
	of := func(unit string) form.Values {
		if units[unit] == nil {
			units[unit] = form.Values{}
		}
		return units[unit]
	}
	for _, c := range r.out.Cells {
		of(c.Unit)[form.ID(c.Row, c.Col)] = c.Value
	}
	whole := map[string]bool{} // units all of whose rows were understood
	for unit := range units {
		whole[unit] = true
	}
	for _, f := range r.out.Refused {
		if f.Row == "" || f.Key == "sheet.row.twice" {
			whole[f.Unit] = false
		} else {
			of(f.Unit)[form.ID(f.Row, f.Col)] = form.Value{}
		}
	}
	for _, values := range units {
		r.computed(values)
	}
	for _, c := range r.out.Cells {
		if !c.Stated || c.Value.State != form.Known {
			continue
		}
		def := r.plan.grid.cell(c.Row, c.Col)
		want := units[c.Unit][form.ID(c.Row, c.Col)]
		if !whole[c.Unit] && r.plan.grid.rows[c.Row].Kind == "total" {
			continue
		}
		if want.State != form.Known || math.Abs(float64(c.Value.N-want.N)) <= slack(c.Value, def) {
			continue
		}
		if len(r.out.Refused) >= maxListed {
			r.out.More++
			continue
		}
		r.out.Refused = append(r.out.Refused, Refusal{Sheet: c.Sheet, Ref: c.Ref(), Unit: c.Unit, Row: c.Row, Col: c.Col, Text: c.Value.Text,
			Key: "sheet.sum.differs", Args: []any{"Text", c.Value.Text, "Want", shown(want.N, def)}})
	}
}

// computed adds up the rows of a unit.
func (r *reader) computed(values form.Values) {
	present := map[string]bool{}
	for id := range values {
		row, _ := form.Split(id)
		present[row] = true
	}
	all := r.plan.grid.grid
	var members []form.Row
	for _, row := range all.Rows {
		if row.Kind == "member" && !present[row.Code] {
			continue
		}
		if row.Kind == "member" {
			members = append(members, row)
		}
		for _, t := range r.plan.values {
			id := form.ID(row.Code, t.col)
			def := r.plan.grid.cell(row.Code, t.col)
			if _, there := values[id]; !there && def != nil && def.Input == form.Typed && (t.row == "" || t.row == row.Code) {
				values[id] = form.Value{State: form.Known}
			}
		}
	}
	all.Form.Lay(members).Compute(values)
}

// slack is how far a sum may be off since it is written with fewer decimals.
func slack(v form.Value, def *form.Cell) float64 {
	if def.Decimals() == 0 {
		return 0
	}
	_, decimals, _ := strings.Cut(v.Text, ",")
	return .5*math.Pow10(def.Decimals()-min(len(decimals), def.Decimals())) + .5
}

func shown(n int64, def *form.Cell) string {
	return strings.Replace(strconv.FormatFloat(float64(n)/math.Pow10(def.Decimals()), 'f', -1, 64), ".", ",", 1)
}
