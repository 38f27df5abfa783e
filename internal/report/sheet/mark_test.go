package sheet

import (
	"archive/zip"
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"banlang/internal/report/form"

	"github.com/xuri/excelize/v2"
)

func marked(t *testing.T, file []byte, findings ...Finding) (*excelize.File, []byte) {
	t.Helper()
	var w bytes.Buffer
	if err := Mark(&w, bytes.NewReader(file), int64(len(file)), findings); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(w.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, w.Bytes()
}

func fillOf(t *testing.T, f *excelize.File, sheet, ref string) string {
	t.Helper()
	id, err := f.GetCellStyle(sheet, ref)
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	if len(style.Fill.Color) == 0 {
		return ""
	}
	return strings.TrimPrefix(style.Fill.Color[0], "#")
}

func comments(t *testing.T, f *excelize.File, sheet string) map[string]string {
	t.Helper()
	list, err := f.GetComments(sheet)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, c := range list {
		var text strings.Builder
		text.WriteString(c.Text)
		for _, run := range c.Paragraph {
			text.WriteString(run.Text)
		}
		said[c.Cell] = text.String()
	}
	return said
}

// TestMark follows a workbook of the officer's own through two rounds of putting right.
func TestMark(t *testing.T) {
	own := excelize.NewFile()
	defer own.Close()
	green, err := own.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"C6E0B4"}}, Font: &excelize.Font{Bold: true, Family: ".VnTime", Size: 13}})
	if err != nil {
		t.Fatal(err)
	}
	for ref, v := range map[string]any{"A1": "Dân tộc", "B1": "Số hộ", "A2": "Tày", "B2": "mười", "A3": "Nùng", "B3": 7} {
		own.SetCellValue("Sheet1", ref, v)
	}
	own.SetCellStyle("Sheet1", "B2", "B2", green)
	own.AddComment("Sheet1", excelize.Comment{Cell: "B3", Author: "Lan", Text: "chờ thôn báo"})
	own.NewSheet("Lỗi")
	own.SetCellValue("Lỗi", "A1", "Lỗi của tôi")
	own.NewSheet("Khác")
	own.SetCellFormula("Khác", "A1", "Sheet1!B3*2")

	f, file := marked(t, saved(t, own), Finding{"Sheet1", "B2", "mười", "Ô này cần số nguyên.", false}, Finding{"Sheet1", "B3", "7", "Giảm nhiều.", true}, Finding{Why: "Thiếu cột."})
	if got := fillOf(t, f, "Sheet1", "B2"); got != colourBad {
		t.Errorf("the wrong cell is %q, want %q", got, colourBad)
	}
	if got := fillOf(t, f, "Sheet1", "B3"); got != colourLook {
		t.Errorf("the odd cell is %q, want %q", got, colourLook)
	}
	said := comments(t, f, "Sheet1")
	if said["B2"] != "Bản Làng: Ô này cần số nguyên." || said["B3"] != "chờ thôn báo\n— Bản Làng: Giảm nhiều." {
		t.Errorf("comments are %q", said)
	}
	if id, _ := f.GetCellStyle("Sheet1", "B2"); id != 0 {
		if style, _ := f.GetStyle(id); !style.Font.Bold || style.Font.Family != ".VnTime" {
			t.Errorf("the font of the officer is lost: %+v", style.Font)
		}
	}
	if got := f.GetSheetList(); strings.Join(got, ",") != "Sheet1,Lỗi,Khác,Lỗi (2)" {
		t.Errorf("sheets are %q", got)
	}
	if formula, _ := f.GetCellFormula("Khác", "A1"); formula != "Sheet1!B3*2" {
		t.Errorf("the officer's other tab has %q", formula)
	}
	if link, target, _ := f.GetCellHyperLink("Lỗi (2)", "C5"); !link || target != "'Sheet1'!B2" {
		t.Errorf("link %v %q, want 'Sheet1'!B2", link, target)
	}

	again, _ := marked(t, file, Finding{"Sheet1", "B3", "7", "Vẫn giảm.", true})
	if got := fillOf(t, again, "Sheet1", "B2"); got != "C6E0B4" {
		t.Errorf("the mended cell is %q, want the officer's colour", got)
	}
	said = comments(t, again, "Sheet1")
	if said["B2"] != mended || said["B3"] != "chờ thôn báo\n— Bản Làng: Vẫn giảm." {
		t.Errorf("comments are %q", said)
	}
	if got := again.GetSheetList(); strings.Join(got, ",") != "Sheet1,Lỗi,Khác,Lỗi (2)" {
		t.Errorf("sheets are %q", got)
	}
}

// TestMarkedComesBack sends a marked workbook again: the list of faults is no sheet of figures.
func TestMarkedComesBack(t *testing.T) {
	g := grid(t, "BM02")
	_, file := written(t, Book{Grid: g, Values: fill(g), Report: "r"})
	known := Known{Grids: []form.Grid{g}, Match: match}
	before := read(t, file, known)
	_, file = marked(t, file, Finding{"BM02", "C12", "5", "Lớn hơn số hộ.", false})
	after := read(t, file, known)
	if after.Digest != before.Digest || after.Count != before.Count || after.How != ByStamp {
		t.Errorf("read %d cells by %q, digest %s; want %d, %s", after.Count, after.How, after.Digest, before.Count, before.Digest)
	}
}

// TestNoLiveFormula is R8: what people wrote is never a formula in a workbook that we make.
func TestNoLiveFormula(t *testing.T) {
	g := gridOf(t, "BM07", []form.Row{{Code: "p1", Label: "=HYPERLINK(\"http://a\")"}, {Code: "p2", Label: "@SUM(A1)"}, {Code: "p3", Label: "-1+1"}})
	evil := form.Value{Text: "=cmd|' /C calc'!A0", N: 1, State: form.Known}
	values := form.Values{"p1.why": evil, "p2.plan": {Text: "+1", State: form.Bad}, "p3.why": {Text: "\t=1", N: 1, State: form.Known}}
	_, file := written(t, Book{Grid: g, Values: values, Last: values, UnitName: "=1+1", PeriodName: "@a", Note: "-2", Above: "+3", LastName: "=4"})
	var w bytes.Buffer
	if err := Mark(&w, bytes.NewReader(file), int64(len(file)), []Finding{{"BM07", "C10", "=1", "=2+2", false}}); err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`^IF\(OR\(COUNTA?\(`)
	for _, file := range [][]byte{file, w.Bytes()} {
		z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range z.File {
			r, err := part.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`<f[^>]*>([^<]*)</f>`).FindAllSubmatch(text, -1) {
				if !ours.Match(m[1]) {
					t.Errorf("%s has the formula %s", part.Name, m[1])
				}
			}
			if bytes.Contains(text, []byte("calc'!A0</f>")) || bytes.Contains(text, []byte(`TargetMode="External"`)) {
				t.Errorf("%s leads outside", part.Name)
			}
		}
	}
}
