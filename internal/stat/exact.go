package stat

import (
	"encoding/json"
	"strconv"

	"banlang/internal/fact"
	"banlang/internal/stat/chart"
)

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
			all[i] = axis{Code: []string{}, Label: s.Label(a.Question, h, dims), Total: h.Total, Note: h.Note}
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
				b = strconv.AppendFloat(b, chart.Round(v, max(chart.Decimals(c), 4)), 'f', -1, 64)
			} else {
				b = append(b, "null"...)
			}
			if c.State != fact.Whole {
				e.Remarks = append(e.Remarks, remark{i, j, c.State, c.Have, c.Expected, chart.Round(c.Estimated, 4)})
			}
		}
		b = append(b, ']')
	}
	e.Values = append(b, ']')
	return e
}
