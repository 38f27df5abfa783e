package chart

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"banlang/internal/fact"
)

// Rows is an answer as rows of a file: figures as machines read them, nothing where there is none, and what each row lacks in
// words at its end.
func (s Voice) Rows(a fact.Answer) [][]string {
	q := a.Question
	var head []string
	for _, dim := range q.Rows {
		head = append(head, s.T("stat.dim."+string(dim)))
	}
	if head == nil {
		head = []string{s.T("stat.dim.indicator")}
	}
	columns := make([]string, len(a.Cols))
	for i, col := range a.Cols {
		columns[i] = s.Label(q, col, q.Cols)
	}
	rows := [][]string{append(append(head, columns...), s.T("stat.file.note"))}
	for i, row := range a.Rows {
		line := s.labels(q, row, q.Rows)
		var notes []string
		for j, c := range a.Cells[i] {
			text := ""
			if v, ok := c.Value(); ok {
				text = strconv.FormatFloat(Round(v, max(Decimals(c), 2)), 'f', -1, 64)
			}
			line = append(line, text)
			if c.State != fact.Whole {
				shown := s.Cell(q, row, a.Cols[j], c)
				notes = append(notes, columns[j]+": "+cmp.Or(shown.Mark, shown.Text))
			}
		}
		rows = append(rows, append(line, strings.Join(notes, "; ")))
	}
	return rows
}

// Workbook is an answer as a workbook: its title, where it comes from, and the table with numbers as numbers.
func (s Voice) Workbook(a fact.Answer, title, source string) (_ []byte, err error) {
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
	for i, row := range s.Rows(a) {
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
