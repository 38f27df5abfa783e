package sheet

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fault"

	"github.com/xuri/excelize/v2"
)

// A Finding is what is said of one cell in a workbook that is given back. Texts are Vietnamese.
type Finding struct {
	Sheet, Ref string // "" where it is of no cell
	Stood      string // what stands there
	Why        string // what is wrong, and what to do
	Warning    bool   // to be looked at, and may be right
}

const (
	author      = "Bản Làng"
	faultsTab   = "Lỗi"
	faultsTitle = "Những ô cần xem lại"
	colourBad   = "FFC9C4" // no colour of Excel's own palette, so that it is known again
	colourLook  = "FFE79A"
	mended      = author + ": ô này không còn lỗi."
	added       = "\n— " + author + ": "

	maxMarked   = 96 << 20 // unpacked bytes of a workbook that is given back; excelize holds all of it in memory
	maxComments = 1000
	maxFaults   = 20_000
)

// Mark gives a workbook back as it came, with the cells of the findings coloured and commented, and a sheet "Lỗi" that lists them
// with links. What an earlier Mark did to it is taken away first.
func Mark(w io.Writer, r io.ReaderAt, size int64, findings []Finding) error {
	b, err := openBook(r, size)
	if err != nil {
		return err
	}
	if b.table != nil {
		if r, size, err = b.workbook(); err != nil {
			return err
		}
	}
	unpacked := int64(0)
	for _, p := range b.parts {
		unpacked += int64(p.UncompressedSize64)
	}
	if unpacked > maxMarked {
		return fault.New(fault.TooLarge, "sheet.mark.large")
	}
	f, err := excelize.OpenReader(io.NewSectionReader(r, 0, size), excelize.Options{UnzipSizeLimit: maxMarked, UnzipXMLSizeLimit: maxMarked})
	if err != nil {
		return errDamaged
	}
	defer f.Close()
	m := &marker{f: f, fills: map[[2]any]int{}, comments: map[string]map[string]int{}, paths: map[string]string{}}
	if m.silent, err = b.unpaired(); err != nil {
		return err
	}
	m.number()
	if err := m.clear(); err != nil {
		return err
	}
	if err := m.mark(findings); err != nil {
		return err
	}
	return f.Write(w)
}

// workbook makes a workbook of a file of text, whose cells have no colours.
func (b *book) workbook() (io.ReaderAt, int64, error) {
	f := excelize.NewFile()
	defer f.Close()
	for _, l := range b.table {
		for _, c := range l.cells {
			if err := f.SetCellStr(csvTab, Ref(c.col, l.no), c.text); err != nil {
				return nil, 0, err
			}
		}
	}
	made, err := f.WriteToBuffer()
	if err != nil {
		return nil, 0, err
	}
	return bytes.NewReader(made.Bytes()), int64(made.Len()), nil
}

// A marker is a workbook being marked.
type marker struct {
	f        *excelize.File
	fills    map[[2]any]int            // style by the style it was made of and its colour
	comments map[string]map[string]int // by sheet: where the comment of a cell stands in its list
	paths    map[string]string         // of the comments of a sheet
	made     int
	silent   bool // comments cannot be written without harm: the sheet "Lỗi" says it all
}

// unpaired tells of a workbook whose drawings of comments are not numbered as the comments are. excelize takes it that they are,
// and would write a comment to another sheet.
func (b *book) unpaired() (bool, error) {
	for _, t := range b.tabs {
		dir, base := path.Split(t.part)
		if b.parts[dir+"_rels/"+base+".rels"] == nil {
			continue
		}
		links, err := b.links(t.part)
		if err != nil {
			return false, err
		}
		drawing, comments := "", ""
		for _, l := range links {
			switch path.Base(l.kind) {
			case "vmlDrawing":
				drawing = strings.TrimSuffix(strings.TrimPrefix(l.part, "xl/drawings/vmlDrawing"), ".vml")
			case "comments":
				comments = strings.TrimSuffix(strings.TrimPrefix(l.part, "xl/comments"), ".xml")
			}
		}
		if drawing != comments {
			return true, nil
		}
	}
	return false, nil
}

// shapes are the names of drawn shapes.
var shapes = regexp.MustCompile(`(<v:shape\b[^>]*?\bid=")([^"]*)(")`)

// number gives drawn comments the names that excelize can count. LibreOffice calls all of them shape_0.
func (m *marker) number() {
	m.f.Pkg.Range(func(name, part any) bool {
		data, ok := part.([]byte)
		if !ok || !strings.HasPrefix(fmt.Sprint(name), "xl/drawings/vmlDrawing") {
			return true
		}
		n := 900 // above what Excel numbers in one sheet, below the next sheet's
		m.f.Pkg.Store(name, shapes.ReplaceAllFunc(data, func(tag []byte) []byte {
			at := shapes.FindSubmatchIndex(tag)
			if bytes.HasPrefix(tag[at[4]:at[5]], []byte("_x0000_s")) {
				return tag
			}
			n++
			return fmt.Appendf(nil, "%s_x0000_s%d%s", tag[:at[3]], n, tag[at[5]:])
		}))
		return true
	})
}

// clear takes away the list of faults of an earlier Mark and gives its cells their colours back.
func (m *marker) clear() error {
	for _, name := range m.f.GetSheetList() {
		if title, err := m.f.GetCellValue(name, "A1"); err != nil || title != faultsTitle {
			continue
		}
		rows, err := m.f.GetRows(name)
		if err != nil {
			return errDamaged
		}
		for _, row := range rows {
			if len(row) < 7 || !slices.Contains(m.f.GetSheetList(), row[1]) {
				continue
			}
			if _, _, ok := parseRef([]byte(row[2])); !ok {
				continue
			}
			if err := m.uncolour(row[1], row[2], strings.TrimPrefix(row[6], "#")); err != nil {
				return err
			}
			if err := m.uncomment(row[1], row[2]); err != nil {
				return err
			}
		}
		return m.f.DeleteSheet(name)
	}
	return nil
}

// colour gives the cell a fill and leaves everything else of its look. It tells which colour was there.
func (m *marker) colour(sheet, ref, colour string) (before string, err error) {
	id, err := m.f.GetCellStyle(sheet, ref)
	if err != nil {
		return "", errDamaged
	}
	before = m.fillOf(id)
	key := [2]any{id, colour}
	style, ok := m.fills[key]
	if !ok {
		style = 0
		if colour != "" {
			if style, err = m.f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}}); err != nil {
				return "", err
			}
		}
		xfs := m.f.Styles.CellXfs
		if id >= len(xfs.Xf) || style >= len(xfs.Xf) {
			return "", errDamaged
		}
		made := xfs.Xf[id]
		made.FillID, made.ApplyFill = new(0), new(colour != "")
		if colour != "" {
			made.FillID = xfs.Xf[style].FillID
		}
		xfs.Xf = append(xfs.Xf, made)
		xfs.Count = len(xfs.Xf)
		style = len(xfs.Xf) - 1
		m.fills[key] = style
	}
	return before, m.f.SetCellStyle(sheet, ref, ref, style)
}

// fillOf is the plain colour of a style; "" where it has none.
func (m *marker) fillOf(id int) string {
	styles := m.f.Styles
	if id < 0 || id >= len(styles.CellXfs.Xf) {
		return ""
	}
	fill := styles.CellXfs.Xf[id].FillID
	if fill == nil || styles.Fills == nil || *fill < 0 || *fill >= len(styles.Fills.Fill) {
		return ""
	}
	p := styles.Fills.Fill[*fill].PatternFill
	if p == nil || p.PatternType != "solid" || p.FgColor == nil {
		return ""
	}
	rgb := p.FgColor.RGB
	return strings.ToUpper(rgb[max(0, len(rgb)-6):])
}

// uncolour gives a cell its colour back, unless the officer has given it another since.
func (m *marker) uncolour(sheet, ref, before string) error {
	id, err := m.f.GetCellStyle(sheet, ref)
	if err != nil {
		return errDamaged
	}
	if now := m.fillOf(id); now != colourBad && now != colourLook {
		return nil
	}
	if len(before) != 6 {
		before = ""
	}
	_, err = m.colour(sheet, ref, before)
	return err
}

// list reads the comments of a sheet once. excelize names the part that holds them nowhere, but keeps what it has read by that name.
func (m *marker) list(sheet string) (map[string]int, error) {
	if known, ok := m.comments[sheet]; ok {
		return known, nil
	}
	before := map[string]bool{}
	for path := range m.f.Comments {
		before[path] = true
	}
	if _, err := m.f.GetComments(sheet); err != nil {
		return nil, errDamaged
	}
	known := map[string]int{}
	for path, c := range m.f.Comments {
		if before[path] || c == nil {
			continue
		}
		m.paths[sheet] = path
		for i := range c.CommentList.Comment {
			known[c.CommentList.Comment[i].Ref] = i
		}
	}
	m.comments[sheet] = known
	return known, nil
}

// comment says why beside the cell. A comment that is there stays, and ours is added to it.
func (m *marker) comment(sheet, ref, why string) error {
	known, err := m.list(sheet)
	if err != nil {
		return err
	}
	i, ok := known[ref]
	if !ok {
		m.made++
		known[ref] = -1
		height := uint(40 + 18*(len([]rune(why))/38))
		return m.f.AddComment(sheet, excelize.Comment{Cell: ref, Author: author, Text: author + ": " + why, Width: 300, Height: min(height, 260)})
	}
	if i < 0 {
		return nil
	}
	c := &m.f.Comments[m.paths[sheet]].CommentList.Comment[i]
	if c.Text.T != nil {
		*c.Text.T = resay(*c.Text.T, why)
		return nil
	}
	if n := len(c.Text.R); n > 0 && c.Text.R[n-1].T != nil {
		c.Text.R[n-1].T.Val = resay(c.Text.R[n-1].T.Val, why)
	}
	return nil
}

// uncomment takes back what an earlier Mark said.
func (m *marker) uncomment(sheet, ref string) error {
	if m.silent {
		return nil
	}
	known, err := m.list(sheet)
	if err != nil {
		return err
	}
	if i, ok := known[ref]; !ok || i < 0 {
		return nil
	}
	return m.comment(sheet, ref, "")
}

// resay puts what is said now in the place of what we said before, after what others said.
func resay(said, why string) string {
	others, _, _ := strings.Cut(said, added)
	ours := strings.HasPrefix(others, author+": ")
	switch {
	case ours && why == "":
		return mended
	case ours:
		return author + ": " + why
	case why == "":
		return others
	}
	return others + added + why
}

// mark colours and lists.
func (m *marker) mark(findings []Finding) error {
	if len(findings) == 0 {
		return nil
	}
	sheets := m.f.GetSheetList()
	findings = slices.Clone(findings)
	order := func(f Finding) int { return slices.Index(sheets, f.Sheet) }
	slices.SortStableFunc(findings, func(a, b Finding) int {
		ac, ar, _ := parseRef([]byte(a.Ref))
		bc, br, _ := parseRef([]byte(b.Ref))
		return cmp.Or(order(a)-order(b), ar-br, ac-bc)
	})
	before := make([]string, len(findings))
	for i := 0; i < len(findings); {
		f := findings[i]
		n := i + 1
		for n < len(findings) && f.Ref != "" && findings[n].Sheet == f.Sheet && findings[n].Ref == f.Ref {
			n++
		}
		if _, _, ok := parseRef([]byte(f.Ref)); ok && order(f) >= 0 {
			was, err := m.one(f.Sheet, f.Ref, findings[i:n])
			if err != nil {
				return err
			}
			before[i] = "#" + was
		}
		i = n
	}
	return m.faults(findings, before)
}

// one marks a cell with all that is said of it.
func (m *marker) one(sheet, ref string, all []Finding) (before string, err error) {
	colour := colourLook
	var why []string
	for _, f := range all {
		if !f.Warning {
			colour = colourBad
		}
		why = append(why, f.Why)
	}
	if before, err = m.colour(sheet, ref, colour); err != nil || m.silent || m.made >= maxComments {
		return before, err
	}
	return before, m.comment(sheet, ref, strings.Join(why, "\n"))
}

// faults writes the sheet "Lỗi": one line a finding, with a link to its cell.
func (m *marker) faults(findings []Finding, before []string) error {
	name := faultsTab
	for i := 2; slices.Contains(m.f.GetSheetList(), name); i++ {
		name = fmt.Sprintf("%s (%d)", faultsTab, i)
	}
	at, err := m.f.NewSheet(name)
	if err != nil {
		return err
	}
	t := &writer{f: m.f, sheet: name, styles: map[string]int{}}
	t.text(1, 1, faultsTitle, "bold loose")
	t.text(1, 2, "Bấm vào tên ô để đến ô đó. Sửa xong, lưu rồi gửi lại chính tệp này. Ô đỏ phải sửa; ô vàng cần xem lại.", "loose")
	for i, said := range []string{"STT", "Trang", "Ô", "Đang ghi", "Vì sao, làm gì", "Mức"} {
		t.text(i+1, 3, said, "head")
	}
	for i, f := range findings {
		row := i + 4
		if i == maxFaults {
			t.text(1, row, fmt.Sprintf("Còn %d chỗ nữa. Hãy sửa những chỗ trên rồi gửi lại để xem tiếp.", len(findings)-i), "bold")
			break
		}
		level := "Phải sửa"
		if f.Warning {
			level = "Xem lại"
		}
		for j, said := range []string{strconv.Itoa(i + 1), f.Sheet, f.Ref, clip(f.Stood), f.Why, level, before[i]} {
			t.text(j+1, row, said, "stub")
		}
		if before[i] != "" {
			t.do(m.f.SetCellHyperLink(name, Ref(3, row), quoted(f.Sheet)+"!"+f.Ref, "Location"))
			t.text(3, row, f.Ref, "stub link")
		}
	}
	for i, width := range []float64{6, 22, 9, 26, 80, 12} {
		t.width(i+1, i+1, width)
	}
	t.do(m.f.SetColVisible(name, "G", false))
	t.do(m.f.SetPageLayout(name, &excelize.PageLayoutOptions{Size: new(9), Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: new(0)}))
	t.do(m.f.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: new(true)}))
	m.f.SetActiveSheet(at)
	return t.err
}

// quoted is the name of a sheet as a formula writes it.
func quoted(sheet string) string { return "'" + strings.ReplaceAll(sheet, "'", "''") + "'" }
