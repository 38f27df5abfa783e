package sheet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"banlang/internal/fold"
	"banlang/internal/report/form"

	"github.com/xuri/excelize/v2"
)

// groups are the rows of a form by ethnic group, as far as the tests need them.
var groups = []form.Row{
	{Code: "kinh", Label: "Kinh"}, {Code: "tay", Label: "Tày"}, {Code: "nung", Label: "Nùng"}, {Code: "dao", Label: "Dao"},
	{Code: "hoa", Label: "Hoa"}, {Code: "mong", Label: "Mông"}, {Code: "san-chay", Label: "Sán Chay"}, {Code: "tho", Label: "Thổ"},
	{Code: "san-diu", Label: "Sán Dìu"}, {Code: "khac", Label: "Dân tộc khác"},
}

// match knows the groups by the names that files have for them. Thổ may mean Tày.
func match(label string) (string, []string) {
	names := map[string]string{"h mong": "mong", "hmong": "mong", "meo": "mong", "cao lan": "san-chay", "san chi": "san-chay", "nung": "nung", "tay": "tay"}
	key := fold.Key(strings.TrimPrefix(label, "Dân tộc "))
	if key == "tho" {
		return "", []string{"tho", "tay"}
	}
	if code := names[key]; code != "" {
		return code, nil
	}
	for _, g := range groups {
		if fold.Key(g.Label) == key {
			return g.Code, nil
		}
	}
	return "", nil
}

func grid(t testing.TB, code string) form.Grid {
	t.Helper()
	for _, f := range form.Reference() {
		if f.Code == code {
			return f.Lay(groups)
		}
	}
	t.Fatalf("no form %s", code)
	return form.Grid{}
}

func read(t testing.TB, file []byte, known Known) Reading {
	t.Helper()
	got, err := Read(bytes.NewReader(file), int64(len(file)), known)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return got
}

// written makes the workbook of a form and opens it, as an officer does.
func written(t testing.TB, b Book) (*excelize.File, []byte) {
	t.Helper()
	var w bytes.Buffer
	if err := Write(&w, b); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(w.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, w.Bytes()
}

func saved(t testing.TB, f *excelize.File) []byte {
	t.Helper()
	var w bytes.Buffer
	if err := f.Write(&w); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

// fill makes values for every cell that is typed.
func fill(g form.Grid) form.Values {
	v := form.Values{}
	n := int64(1)
	for _, r := range g.Rows {
		for _, c := range g.Cols {
			cell, ok := g.At(r.Code, c.Code)
			if !ok || cell.Input != form.Typed {
				continue
			}
			n = n*7%10007 + 1
			value := form.Value{N: n, State: form.Known}
			switch cell.Type {
			case form.Bool:
				value.N = n % 2
			case form.Choose:
				value.N = 1 + n%int64(len(cell.Choices))
			case form.Text:
				value = form.Value{Text: "chờ phê duyệt", N: 3, State: form.Known}
			}
			if n%11 == 0 && cell.Type != form.Text {
				value = form.Value{State: form.Unknown}
			}
			v[form.ID(r.Code, c.Code)] = value
		}
	}
	return v
}

// TestEveryFormComesBack writes each form of the catalogue with values in it and reads the same values from it.
func TestEveryFormComesBack(t *testing.T) {
	for _, f := range form.Reference() {
		t.Run(f.Code, func(t *testing.T) {
			g := f.Lay(groups)
			want := fill(g)
			_, file := written(t, Book{Grid: g, Values: want, Last: want, Report: "r1", Unit: "06325", Period: "2026H1", UnitName: "UBND xã Bắc Sơn", PeriodName: "6 tháng đầu năm 2026"})
			got := read(t, file, Known{Grids: []form.Grid{g}, Match: match})
			if got.How != ByStamp || got.Stamp.Report != "r1" || got.Stamp.Unit != "06325" || got.Stamp.Period != "2026H1" || got.Version != f.Version {
				t.Errorf("Read recognised %q, %+v", got.How, got.Stamp)
			}
			for _, r := range got.Refused {
				t.Errorf("refused %s %q: %s %v", r.Ref, r.Text, r.Key, r.Args)
			}
			seen := 0
			for _, c := range got.Cells {
				if c.Stated {
					continue
				}
				seen++
				id := form.ID(c.Row, c.Col)
				if w := want[id]; w.N != c.Value.N || w.State != c.Value.State {
					t.Errorf("%s at %s = %+v, want %+v", id, c.Ref(), c.Value, w)
				}
			}
			if seen != len(want) {
				t.Errorf("Read found %d cells, want %d", seen, len(want))
			}
		})
	}
}

// TestFilledByOfficer fills an empty form in, in the ways in which people do.
func TestFilledByOfficer(t *testing.T) {
	g := grid(t, "BM01")
	f, _ := written(t, Book{Grid: g, Report: "r1", Unit: "06325", Period: "2026H1"})
	sheet := "BM01"
	put := func(ref string, v any) {
		if err := f.SetCellValue(sheet, ref, v); err != nil {
			t.Fatal(err)
		}
	}
	put("C10", 12)
	put("C11", "1.234")
	put("C12", "1,234")
	put("C13", " 1 234\u00a0")
	put("C14", 0)
	put("C15", "-")
	put("C16", 1.234)
	put("C17", "chưa biết")
	put("C18", "30/06/2026")
	put("E10", true)
	if err := f.SetCellFormula(sheet, "E11", "1+1"); err != nil {
		t.Fatal(err)
	}
	got := read(t, saved(t, f), Known{Grids: []form.Grid{g}, Match: match})
	want := map[string]string{"C10": "12", "C11": "1234", "C12": "1234", "C13": "1234", "C14": "0", "C15": "form.bad.dash", "C16": "sheet.value.thousands",
		"C17": "unknown", "C18": "sheet.value.date", "E10": "sheet.value.truth", "E11": "sheet.value.uncalculated"}
	said := map[string]string{}
	for _, c := range got.Cells {
		said[c.Ref()] = fmt.Sprint(c.Value.N)
		if c.Value.State == form.Unknown {
			said[c.Ref()] = "unknown"
		}
	}
	for _, r := range got.Refused {
		said[r.Ref] = r.Key
	}
	for ref, w := range want {
		if said[ref] != w {
			t.Errorf("%s = %q, want %q", ref, said[ref], w)
		}
	}
	if len(said) != len(want) {
		t.Errorf("Read said %v, want only %v", said, want)
	}
}
