package sheet

import (
	"math"
	"strconv"
	"strings"

	"banlang/internal/report/form"
)

// compare refuses the sums of the workbook that its own figures do not add up to: then one of them is wrong, missing or was refused.
// Where the figures of a sum are not all there, nothing can be said.
func (r *reader) compare() {
	byUnit := map[string]form.Values{}
	for _, c := range r.out.Cells {
		values := byUnit[c.Unit]
		if values == nil {
			values = form.Values{}
			byUnit[c.Unit] = values
		}
		values[form.ID(c.Row, c.Col)] = c.Value
	}
	for _, values := range byUnit {
		r.plan.grid.grid.Compute(values)
	}
	for _, c := range r.out.Cells {
		if !c.Stated || c.Value.State != form.Known {
			continue
		}
		def := r.plan.grid.cell(c.Row, c.Col)
		want := byUnit[c.Unit][form.ID(c.Row, c.Col)]
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
