package sheet

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/report/form"

	"github.com/xuri/excelize/v2"
)

// A Book is what a workbook is made of. Text is Vietnamese: workbooks are for offices.
type Book struct {
	Grid   form.Grid
	Values form.Values // what has been entered; nil for an empty form
	Last   form.Values // of the period before, shown beside; nil where there is none

	Report string // its id, which comes back with the workbook
	Unit   string // code
	Period string // code

	Above      string // "UBND tỉnh Lạng Sơn"; may be empty
	UnitName   string // "UBND xã Bắc Sơn"
	PeriodName string // "6 tháng đầu năm 2026"
	LastName   string // "6 tháng cuối năm 2025"
	Note       string // shown over the table: "số minh hoạ"
}

// Where the table stands.
const (
	headTop    = 7 // first of the two rows of the header
	firstRow   = 10
	firstValue = 3 // column
	stub       = 2 // column of the names of rows
)

// Answers to a cell that is có or không.
const (
	answerYes = "có"
	answerNo  = "không"
)

// A writer is a workbook being made. The first error stays.
type writer struct {
	f      *excelize.File
	book   Book
	sheet  string
	styles map[string]int
	err    error
	lists  int // columns used on the sheet of choices
}

const listTab = "_danh_muc"

// Write makes the form as a workbook: cells to fill in are open, all others are locked, and a hidden sheet says what it is.
func Write(w io.Writer, b Book) error {
	if len(b.Grid.Cols) == 0 || len(b.Grid.Rows) == 0 {
		return fault.New(fault.Invalid, "sheet.no_rows")
	}
	f := excelize.NewFile()
	defer f.Close()
	t := &writer{f: f, book: b, sheet: b.Grid.Form.Code, styles: map[string]int{}}
	t.do(f.SetSheetName("Sheet1", t.sheet))
	t.title()
	t.header()
	t.rows()
	t.signatures()
	t.page()
	t.stamp()
	if t.err != nil {
		return t.err
	}
	return f.Write(w)
}

func (t *writer) do(err error) {
	if t.err == nil && err != nil {
		t.err = fmt.Errorf("make workbook of %s: %w", t.sheet, err)
	}
}

// text writes words. They are never a formula, whatever they begin with.
func (t *writer) text(col, row int, said, look string) {
	t.do(t.f.SetCellStr(t.sheet, Ref(col, row), said))
	t.style(col, row, col, row, look)
}

func (t *writer) merge(left, top, right, bottom int, said, look string) {
	t.text(left, top, said, look)
	t.style(left, top, right, bottom, look)
	if left != right || top != bottom {
		t.do(t.f.MergeCell(t.sheet, Ref(left, top), Ref(right, bottom)))
	}
}

func (t *writer) style(left, top, right, bottom int, look string) {
	id, ok := t.styles[look]
	if !ok {
		var err error
		id, err = t.f.NewStyle(looks(look))
		t.do(err)
		t.styles[look] = id
	}
	t.do(t.f.SetCellStyle(t.sheet, Ref(left, top), Ref(right, bottom), id))
}

// looks makes a style of words: "head", "in int", "sum decimal", "title".
func looks(look string) *excelize.Style {
	s := &excelize.Style{
		Font:       &excelize.Font{Family: "Times New Roman", Size: 12},
		Alignment:  &excelize.Alignment{Vertical: "center", WrapText: true},
		Protection: &excelize.Protection{Locked: true},
	}
	box := func() {
		for _, side := range []string{"left", "top", "right", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Color: "8A8A8A", Style: 1})
		}
	}
	fill := func(colour string) {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	for word := range strings.FieldsSeq(look) {
		switch word {
		case "title":
			s.Font.Bold, s.Font.Size, s.Alignment.Horizontal = true, 14, "center"
		case "centre":
			s.Alignment.Horizontal = "center"
		case "right":
			s.Alignment.Horizontal = "right"
		case "bold":
			s.Font.Bold = true
		case "loose":
			s.Alignment.WrapText = false
		case "italic":
			s.Font.Italic = true
		case "head":
			box()
			fill("E6EDF2")
			s.Font.Bold, s.Alignment.Horizontal = true, "center"
		case "stub":
			box()
		case "link":
			s.Font.Color, s.Font.Underline = "0B57A4", "single"
		case "in": // to be filled in
			box()
			fill("FFF9E3")
			s.Protection.Locked = false
		case "sum", "last":
			box()
			fill("F1F1F1")
		case "none": // the form has no such cell
			box()
			fill("D9D9D9")
		case "int":
			s.CustomNumFmt, s.Alignment.Horizontal = new("#,##0"), "right"
		case "decimal":
			s.CustomNumFmt, s.Alignment.Horizontal = new("#,##0.###"), "right"
		case "bool", "choice":
			s.Alignment.Horizontal = "center"
		}
	}
	return s
}

// last column of the table itself.
func (t *writer) lastColumn() int { return firstValue + len(t.book.Grid.Cols) - 1 }

func (t *writer) lastRow() int { return firstRow + len(t.book.Grid.Rows) - 1 }

func (t *writer) title() {
	b, last := t.book, t.lastColumn()
	half := max(stub, (last+1)/2)
	t.merge(1, 1, half, 1, b.Above, "centre")
	t.merge(1, 2, half, 2, b.UnitName, "centre bold")
	t.merge(half+1, 1, max(last, half+1), 1, "Biểu "+b.Grid.Form.Code, "right bold")
	t.merge(1, 3, last, 3, strings.ToUpper(b.Grid.Form.TitleVI), "title")
	t.merge(1, 4, last, 4, joined("Kỳ báo cáo: "+b.PeriodName, b.Note), "centre italic")
	t.merge(1, 5, last, 5, "Chỉ ghi vào ô nền vàng. Không có thì ghi 0; chưa có số thì ghi: chưa biết. Ô xám tự tính.", "italic")
	t.merge(1, 6, last, 6, "Đơn vị tính: theo tên cột; tên cột không ghi là số đếm", "right italic")
	t.do(t.f.SetRowHeight(t.sheet, 3, 28))
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " – ")
}

func (t *writer) header() {
	g := t.book.Grid
	t.merge(1, headTop, 1, headTop+1, "STT", "head")
	t.merge(stub, headTop, stub, headTop+1, stubLabel(g.Form.Axis), "head")
	t.text(1, headTop+2, "A", "head")
	t.text(stub, headTop+2, "B", "head")
	for i, c := range g.Cols {
		col := firstValue + i
		t.merge(col, headTop, col, headTop+1, c.Label, "head")
		t.text(col, headTop+2, strconv.Itoa(i+1), "head")
	}
	t.do(t.f.SetRowHeight(t.sheet, headTop, 32))
	t.do(t.f.SetRowHeight(t.sheet, headTop+1, 32))
	t.width(1, 1, 6)
	t.width(stub, stub, 34)
	t.width(firstValue, t.lastColumn(), 14)
	if t.book.Last == nil {
		return
	}
	from := t.lastColumn() + 2
	t.merge(from, headTop, from+len(g.Cols)-1, headTop, joined("Kỳ trước, chỉ để đối chiếu", t.book.LastName), "head")
	for i, c := range g.Cols {
		t.text(from+i, headTop+1, c.Label, "head")
	}
	t.width(from-1, from-1, 3)
	t.width(from, from+len(g.Cols)-1, 12)
}

func (t *writer) width(from, to int, width float64) {
	name := func(col int) string { return strings.TrimSuffix(Ref(col, 1), "1") }
	t.do(t.f.SetColWidth(t.sheet, name(from), name(to), width))
}

// stubLabel is what the rows are.
func stubLabel(axis string) string {
	switch axis {
	case "group", "minority":
		return "Dân tộc"
	case "village":
		return "Thôn"
	case "project":
		return "Dự án"
	case "topic":
		return "Chủ đề"
	case "culture_kind":
		return "Loại"
	}
	return "Nội dung"
}

func (t *writer) rows() {
	g := t.book.Grid
	no := 0
	for i, r := range g.Rows {
		row := firstRow + i
		number, look := "", "stub"
		if r.Kind == "total" {
			look = "stub bold"
		} else {
			no++
			number = strconv.Itoa(no)
		}
		t.text(1, row, number, look+" centre")
		t.text(stub, row, r.Label, look)
		for j, c := range g.Cols {
			cell, ok := g.At(r.Code, c.Code)
			if !ok {
				t.style(firstValue+j, row, firstValue+j, row, "none")
				continue
			}
			id := form.ID(r.Code, c.Code)
			t.cell(firstValue+j, row, cell, t.book.Values[id])
			if t.book.Last != nil {
				t.value(t.lastColumn()+2+j, row, cell, t.book.Last[id], "last "+string(cell.Type))
			}
		}
	}
}

// cell writes one cell of the table: open and checked where it is typed, locked where it is computed.
func (t *writer) cell(col, row int, c form.Cell, v form.Value) {
	if c.Input == form.Typed {
		t.value(col, row, c, v, "in "+string(c.Type))
		t.check(col, row, c)
		return
	}
	t.value(col, row, c, v, "sum "+string(c.Type))
	if formula := t.formula(col, row, c); formula != "" {
		t.do(t.f.SetCellFormula(t.sheet, Ref(col, row), formula))
	}
}

func (t *writer) value(col, row int, c form.Cell, v form.Value, look string) {
	ref := Ref(col, row)
	t.style(col, row, col, row, look)
	switch {
	case v.State == form.Empty:
	case v.State == form.Unknown:
		t.do(t.f.SetCellStr(t.sheet, ref, "chưa biết"))
	case v.State == form.Bad || c.Type == form.Text:
		t.do(t.f.SetCellStr(t.sheet, ref, v.Text))
	case c.Type == form.Bool:
		t.do(t.f.SetCellStr(t.sheet, ref, yesNo(v.N)))
	case c.Type == form.Choose:
		if v.N > 0 && int(v.N) <= len(c.Choices) {
			t.do(t.f.SetCellStr(t.sheet, ref, c.Choices[v.N-1].VI))
		}
	case c.Decimals() > 0:
		t.do(t.f.SetCellFloat(t.sheet, ref, float64(v.N)/1000, -1, 64))
	default:
		t.do(t.f.SetCellInt(t.sheet, ref, v.N))
	}
}

func yesNo(n int64) string {
	if n == 0 {
		return answerNo
	}
	return answerYes
}

// check has Excel ask at once. It asks and does not forbid: chưa biết is an answer too.
func (t *writer) check(col, row int, c form.Cell) {
	dv := excelize.NewDataValidation(true)
	dv.SetSqref(Ref(col, row))
	var ask string
	switch c.Type {
	case form.Int:
		t.do(dv.SetRange(0, 999_999_999, excelize.DataValidationTypeWhole, excelize.DataValidationOperatorBetween))
		ask = "Ô này cần số nguyên, từ 0 trở lên."
	case form.Decimal:
		t.do(dv.SetRange(0, 999_999_999, excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorBetween))
		ask = "Ô này cần một số, từ 0 trở lên."
	case form.Bool:
		t.do(dv.SetDropList([]string{answerYes, answerNo}))
		ask = "Hãy chọn có hoặc không."
	case form.Choose:
		dv.SetSqrefDropList(t.list(c))
		ask = "Hãy chọn một câu trong danh sách."
	default:
		return
	}
	dv.SetError(excelize.DataValidationErrorStyleWarning, "Xem lại ô này", ask+" Nếu chưa có số, ghi: chưa biết.")
	t.do(t.f.AddDataValidation(t.sheet, dv))
}

// list writes the choices of a cell on a sheet of their own, since a list in the cell ends at 255 signs and at commas.
func (t *writer) list(c form.Cell) string {
	if t.lists == 0 {
		_, err := t.f.NewSheet(listTab)
		t.do(err)
		t.do(t.f.SetSheetVisible(listTab, false, true))
	}
	key := "list " + c.Row + "." + c.Col
	col, ok := t.styles[key]
	if !ok {
		t.lists++
		col = t.lists
		t.styles[key] = col
		for i, o := range c.Choices {
			t.do(t.f.SetCellStr(listTab, Ref(col, i+1), o.VI))
		}
	}
	name := strings.TrimSuffix(Ref(col, 1), "1")
	return fmt.Sprintf("'%s'!$%s$1:$%s$%d", listTab, name, name, max(1, len(c.Choices)))
}

// Words of a rule that are cells: sum(hh), count(sig = data), T.hh, male; not male@year and not @HH.
var operand = regexp.MustCompile(`sum\((\w+)\)|count\((\w+)\s*=\s*(\w+)\)|@?[A-Za-z_][\w.]*(?:@\w+)?`)

// formula is the rule of a computed cell as Excel writes it; empty where it looks beyond this sheet.
func (t *writer) formula(col, row int, c form.Cell) string {
	rule, ok := strings.CutPrefix(strings.TrimSpace(c.Rule), "calc ")
	rule, _, _ = strings.Cut(rule, ";")
	if !ok && c.Input == form.Summed {
		rule, ok = "sum("+c.Col+")", true
	}
	if !ok || strings.ContainsAny(rule, `"'!&`) {
		return ""
	}
	beyond := false
	var areas, parts []string
	said := operand.ReplaceAllStringFunc(rule, func(word string) string {
		m := operand.FindStringSubmatch(word)
		ref := ""
		switch {
		case m[1] != "":
			if area := t.members(m[1]); area != "" {
				areas = append(areas, area)
				ref = "SUM(" + area + ")"
				if of, _ := t.book.Grid.At(t.member(), m[1]); of.Type == form.Bool {
					ref = fmt.Sprintf(`(COUNTIF(%s,"%s")+COUNTIF(%s,1))`, area, answerYes, area)
				}
			}
		case m[2] != "":
			area := t.members(m[2])
			of, _ := t.book.Grid.At(t.member(), m[2])
			i := slices.IndexFunc(of.Choices, func(o form.Choice) bool { return o.Code == m[3] })
			if area != "" && i >= 0 {
				areas = append(areas, area)
				ref = fmt.Sprintf("COUNTIF(%s,%q)", area, of.Choices[i].VI)
			}
		case word == "max" || word == "min":
			ref = strings.ToUpper(word)
		case word == "rows":
			ref = strconv.Itoa(t.count())
		default:
			if ref = t.ref(word, row); ref != "" {
				parts = append(parts, ref)
			}
		}
		beyond = beyond || ref == ""
		return ref
	})
	// What has no parts yet is empty, and not 0.
	var missing []string
	if len(parts) > 0 {
		missing = append(missing, fmt.Sprintf("COUNT(%s)<%d", strings.Join(parts, ","), len(parts)))
	}
	if len(areas) > 0 {
		missing = append(missing, fmt.Sprintf("COUNTA(%s)=0", strings.Join(areas, ",")))
	}
	if beyond || len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf(`IF(OR(%s),"",IFERROR(%s,""))`, strings.Join(missing, ","), strings.TrimSpace(said))
}

// member is the code of the first row that is a member.
func (t *writer) member() string {
	for _, r := range t.book.Grid.Rows {
		if r.Kind == "member" {
			return r.Code
		}
	}
	return ""
}

func (t *writer) count() int {
	n := 0
	for _, r := range t.book.Grid.Rows {
		if r.Kind == "member" {
			n++
		}
	}
	return n
}

// members is the area of a column beside the members, which stand together.
func (t *writer) members(code string) string {
	j := slices.IndexFunc(t.book.Grid.Cols, func(c form.Col) bool { return c.Code == code })
	i := slices.IndexFunc(t.book.Grid.Rows, func(r form.Row) bool { return r.Kind == "member" })
	if i < 0 || j < 0 {
		return ""
	}
	return Ref(firstValue+j, firstRow+i) + ":" + Ref(firstValue+j, firstRow+i+t.count()-1)
}

// ref is the cell that a rule names: a column of the same row, or row and column.
func (t *writer) ref(word string, row int) string {
	if strings.Contains(word, "@") {
		return ""
	}
	if other, code, found := strings.Cut(word, "."); found {
		i := slices.IndexFunc(t.book.Grid.Rows, func(r form.Row) bool { return r.Code == other })
		if i < 0 {
			return ""
		}
		word, row = code, firstRow+i
	}
	j := slices.IndexFunc(t.book.Grid.Cols, func(c form.Col) bool { return c.Code == word })
	if j < 0 {
		return ""
	}
	return Ref(firstValue+j, row)
}

// signatures is who answers for the figures, under the table.
func (t *writer) signatures() {
	row, last := t.lastRow()+2, t.lastColumn()
	half := max(stub, (last+1)/2)
	right := max(last, half+1)
	t.merge(half+1, row, right, row, "Ngày ….. tháng ….. năm ………", "centre italic")
	t.merge(1, row+1, half, row+1, "NGƯỜI LẬP BIỂU", "centre bold")
	t.merge(half+1, row+1, right, row+1, "LÃNH ĐẠO XÁC NHẬN", "centre bold")
	t.merge(1, row+2, half, row+2, "(Ký, ghi rõ họ tên)", "centre italic")
	t.merge(half+1, row+2, right, row+2, "(Ký, đóng dấu)", "centre italic")
}

// page sets how the sheet is protected, scrolled and printed: A4, landscape, one page wide, the header on each.
func (t *writer) page() {
	f, last := t.f, t.lastColumn()
	t.do(f.ProtectSheet(t.sheet, &excelize.SheetProtectionOptions{
		SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true,
	}))
	t.do(f.SetPanes(t.sheet, &excelize.Panes{
		Freeze: true, XSplit: stub, YSplit: firstRow - 1, TopLeftCell: Ref(firstValue, firstRow), ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: Ref(firstValue, firstRow), ActiveCell: Ref(firstValue, firstRow), Pane: "bottomRight"}},
	}))
	t.do(f.SetPageLayout(t.sheet, &excelize.PageLayoutOptions{Size: new(9), Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: new(0)}))
	t.do(f.SetSheetProps(t.sheet, &excelize.SheetPropsOptions{FitToPage: new(true)}))
	t.do(f.SetPageMargins(t.sheet, &excelize.PageLayoutMarginsOptions{Left: new(.5), Right: new(.5), Top: new(.6), Bottom: new(.6)}))
	t.do(f.SetHeaderFooter(t.sheet, &excelize.HeaderFooterOptions{OddFooter: "&L" + t.sheet + "&RTrang &P/&N"}))
	name := strings.TrimSuffix(Ref(last, 1), "1")
	area := fmt.Sprintf("'%s'!$A$1:$%s$%d", t.sheet, name, t.lastRow()+6)
	t.do(f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: area, Scope: t.sheet}))
	titles := fmt.Sprintf("'%s'!$%d:$%d", t.sheet, headTop, headTop+2)
	t.do(f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: t.sheet}))
	t.do(f.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: new(true)}))
	t.do(f.SetDocProps(&excelize.DocProperties{Title: t.book.Grid.Form.TitleVI, Creator: author, Language: "vi"}))
}

// stamp writes the hidden sheet.
func (t *writer) stamp() {
	_, err := t.f.NewSheet(stampTab)
	t.do(err)
	g, b := t.book.Grid, t.book
	s := Stamp{Form: g.Form.Code, Version: g.Form.Version, Report: b.Report, Unit: b.Unit, Period: b.Period, Sheet: t.sheet}
	lines := s.lines(g, firstRow)
	lines = append(lines, []string{"sum", checksum(lines)})
	for i, l := range lines {
		for j, word := range l {
			t.do(t.f.SetCellStr(stampTab, Ref(j+1, i+1), word))
		}
	}
	t.do(t.f.SetSheetVisible(stampTab, false, true))
}
