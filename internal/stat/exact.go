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
	Values   json.RawMessage `json:"values"`  // [][]number, written by hand: an answer may have a hundred thousand
	Remarks  json.RawMessage `json:"remarks"` // []remark, by hand too
	Dropped  []string        `json:"dropped,omitzero"`
}

type axis struct {
	Code  []string `json:"code"`
	Label string   `json:"label"`
	Total bool     `json:"total,omitzero"`
	Note  string   `json:"note,omitzero"`
}

// remark appends what there is to say of a cell that is not whole.
func remark(b []byte, row, column int, c fact.Cell) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, `{"row":`...), int64(row), 10)
	b = strconv.AppendInt(append(b, `,"column":`...), int64(column), 10)
	b = strconv.AppendQuote(append(b, `,"state":`...), string(c.State))
	if c.Have != 0 {
		b = strconv.AppendInt(append(b, `,"have":`...), int64(c.Have), 10)
	}
	if c.Expected != 0 {
		b = strconv.AppendInt(append(b, `,"expected":`...), int64(c.Expected), 10)
	}
	if share := chart.Round(c.Estimated, 4); share != 0 {
		b = strconv.AppendFloat(append(b, `,"estimated":`...), share, 'f', -1, 64)
	}
	return append(b, '}')
}

func (s voice) exact(a fact.Answer, address string) exact {
	e := exact{Question: address, Sequence: a.Sequence, Dropped: a.Dropped}
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
	b, remarks := []byte{'['}, []byte{'['}
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
				remarks = remark(remarks, i, j, c)
			}
		}
		b = append(b, ']')
	}
	e.Values, e.Remarks = append(b, ']'), append(remarks, ']')
	return e
}
