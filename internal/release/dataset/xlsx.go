package dataset

import (
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// writeXLSX writes a workbook (ISO/IEC 29500) with two sheets: one line a cell with its status in words, and the notes. Every text is
// a text cell, so nothing that begins like a formula runs. What is hidden reads "…".
func writeXLSX(w io.Writer, t Table, lang string) (err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	data := pick(lang, "Số liệu", "Figures")
	if err := f.SetSheetName("Sheet1", data); err != nil {
		return err
	}
	if err := f.SetDocProps(&excelize.DocProperties{Title: t.Name(lang), Creator: t.Publisher, Description: t.About(lang)}); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := t.sheet(f, data, lang, bold); err != nil {
		return err
	}
	notes := pick(lang, "Ghi chú", "Notes")
	if _, err := f.NewSheet(notes); err != nil {
		return err
	}
	for i, line := range t.notes(lang) {
		for j, text := range line {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(notes, cell, inert(text)); err != nil {
				return err
			}
		}
	}
	if err := f.SetColWidth(notes, "A", "A", 24); err != nil {
		return err
	}
	if err := f.SetColWidth(notes, "B", "B", 90); err != nil {
		return err
	}
	_, err = f.WriteTo(w)
	return err
}

// sheet streams the cells: a release of the country has more than memory likes.
func (t Table) sheet(f *excelize.File, name, lang string, bold int) error {
	out, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, len(t.Dims), 24); err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	formats := map[int]int{}
	var head []any
	for _, d := range t.Dims {
		head = append(head, excelize.Cell{StyleID: bold, Value: inert(d.Name(lang))})
	}
	for _, f := range t.fields(lang)[2*len(t.Dims):] {
		head = append(head, excelize.Cell{StyleID: bold, Value: f.Title})
	}
	if err := out.SetRow("A1", head); err != nil {
		return err
	}
	metric, row := t.Dim(Metric), 1
	for at, c := range t.Dense() {
		row++
		var line []any
		for d, dim := range t.Dims {
			line = append(line, inert(dim.Members[at[d]].Name(lang)))
		}
		value, unit := excelize.Cell{}, ""
		if metric >= 0 {
			m := t.Dims[metric].Members[at[metric]]
			unit = pick(lang, m.Unit, m.UnitEN)
		}
		switch {
		case c.Has:
			value.Value = c.Value
			if value.StyleID, err = numberStyle(f, formats, t.decimals(at)); err != nil {
				return err
			}
		case c.Status == Hidden:
			value.Value = "…"
		}
		cell, err := excelize.CoordinatesToCellName(1, row)
		if err != nil {
			return err
		}
		if err := out.SetRow(cell, append(line, value, inert(unit), c.Status.Text(lang))); err != nil {
			return err
		}
	}
	return out.Flush()
}

func numberStyle(f *excelize.File, known map[int]int, decimals int) (int, error) {
	if id, ok := known[decimals]; ok {
		return id, nil
	}
	format := "#,##0"
	if decimals > 0 {
		format += "." + strings.Repeat("0", decimals)
	}
	id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	known[decimals] = id
	return id, err
}

// notes are the lines of the second sheet.
func (t Table) notes(lang string) [][2]string {
	lines := [][2]string{
		{pick(lang, "Tên", "Title"), t.Name(lang)},
		{pick(lang, "Ghi chú", "Note"), t.About(lang)},
		{pick(lang, "Phiên bản", "Version"), t.version()},
		{pick(lang, "Ngày phát hành", "Released"), t.Issued.Format(time.DateOnly)},
		{pick(lang, "Nơi phát hành", "Publisher"), t.Publisher},
		{pick(lang, "Giấy phép", "Licence"), strings.TrimSpace(t.License.Title + " " + t.License.URL)},
		{pick(lang, "Địa chỉ", "Address"), t.URL},
	}
	if t.Standard != "" {
		lines = append(lines, [2]string{pick(lang, "Chuẩn", "Standard"), t.Standard})
	}
	for _, s := range t.Sources {
		lines = append(lines, [2]string{pick(lang, "Nguồn", "Source"), strings.TrimSpace(s.Title + " " + s.URL)})
	}
	for _, s := range Statuses {
		lines = append(lines, [2]string{pick(lang, "Tình trạng ", "Status ") + string(s), s.Text(lang)})
	}
	return lines
}
