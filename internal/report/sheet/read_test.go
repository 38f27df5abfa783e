package sheet

import (
	"bytes"
	"fmt"
	"testing"

	"banlang/internal/fault"
	"banlang/internal/report/form"
)

// table makes a sheet of rows; what looks like a number is one.
func table(name string, rows ...[]string) *paper {
	p := newPaper(name)
	for i, row := range rows {
		for j, said := range row {
			switch {
			case said == "":
			case said[0] >= '0' && said[0] <= '9':
				p.put(j+1, i+1, ofNumber(said))
			default:
				p.put(j+1, i+1, ofText(said))
			}
		}
	}
	return p
}

func values(got Reading) map[string]int64 {
	said := map[string]int64{}
	for _, c := range got.Cells {
		if !c.Stated {
			said[c.Unit+c.Row+"."+c.Col] = c.Value.N
		}
	}
	return said
}

// TestStranger asks the officer about a header that nobody knows, and reads it once it is explained, wherever its columns stand.
func TestStranger(t *testing.T) {
	known := Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match}
	first := workbookOf(t, table("A", []string{"TT", "Tên dân tộc", "Tổng số hộ", "Nam giới", "Nữ giới", "Trên 15 tuổi"}, []string{"1", "Tày", "10", "20", "21", "30"}))
	got := read(t, first, known)
	if got.How != Stranger || len(got.Cells) > 0 || len(got.Proposals) != 1 {
		t.Fatalf("Read recognised %q, %d cells, %d proposals; want a question", got.How, len(got.Cells), len(got.Proposals))
	}
	p := got.Proposals[0]
	guesses := map[string]string{}
	for _, g := range p.Columns {
		guesses[g.Shown] = string(g.Role) + " " + g.Col
	}
	want := map[string]string{"TT": " ", "Tên dân tộc": "label ", "Tổng số hộ": "value hh", "Nam giới": "value male", "Nữ giới": "value female", "Trên 15 tuổi": "value p15"}
	if fmt.Sprint(guesses) != fmt.Sprint(want) {
		t.Errorf("guesses are %v, want %v", guesses, want)
	}
	known.Mappings = []Mapping{p.Mapping()}
	if p.Mapping().Fingerprint != got.Fingerprint {
		t.Errorf("fingerprints differ: %s, %s", p.Mapping().Fingerprint, got.Fingerprint)
	}
	a := read(t, first, known)
	moved := workbookOf(t, table("B", []string{"Biểu của xã"}, nil, []string{"Nữ giới", "Nam giới", "Xếp loại", "Tên dân tộc", "Trên 15 tuổi", "Tổng số hộ"}, []string{"21", "20", "5", "Tày", "30", "10"}))
	b := read(t, moved, known)
	for _, got := range []Reading{a, b} {
		if fmt.Sprint(values(got)) != "map[tay.female:21 tay.hh:10 tay.male:20 tay.p15:30]" || got.How != ByMap {
			t.Errorf("Read by %q gave %v", got.How, values(got))
		}
	}
	if a.Digest != b.Digest {
		t.Errorf("the same figures have digests %s and %s", a.Digest, b.Digest)
	}
}

// TestTwoSheets does not choose between two sheets that may both be meant.
func TestTwoSheets(t *testing.T) {
	known := Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match}
	head := []string{"Dân tộc", "Số hộ", "Trong đó: nam", "Trong đó: nữ", "Từ đủ 15 tuổi"}
	row := []string{"Tày", "10", "20", "21", "30"}
	if got := read(t, workbookOf(t, table("Quý I", head, row), table("Quý II", head, row)), known); got.How != Stranger || len(got.Proposals) != 2 {
		t.Errorf("Read recognised %q on %q, want a question about two sheets", got.How, got.Sheet)
	}
	hidden := table("Cũ", head, row)
	hidden.state = "hidden"
	if got := read(t, workbookOf(t, hidden, table("Mới", head, row)), known); got.How != ByHeader || got.Sheet != "Mới" {
		t.Errorf("Read recognised %q on %q, want the sheet that is seen", got.How, got.Sheet)
	}
}

// TestOtherForm tells a workbook of one form from another's.
func TestOtherForm(t *testing.T) {
	_, file := written(t, Book{Grid: grid(t, "BM01"), Report: "r"})
	got, err := Read(bytes.NewReader(file), int64(len(file)), Known{Grids: []form.Grid{grid(t, "BM02")}, Match: match})
	if !fault.Is(err, fault.Invalid) || got.Stamp.Form != "BM01" {
		t.Errorf("Read = %+v, %v; want a fault that names BM01", got.Stamp, err)
	}
	stamp, ok, err := Peek(bytes.NewReader(file), int64(len(file)))
	if err != nil || !ok || stamp.Report != "r" {
		t.Errorf("Peek = %+v, %v, %v", stamp, ok, err)
	}
}

// TestDamagedStamp does not believe a hidden sheet that was changed.
func TestDamagedStamp(t *testing.T) {
	f, _ := written(t, Book{Grid: grid(t, "BM01"), Values: fill(grid(t, "BM01")), Report: "r", Unit: "06325"})
	if err := f.SetCellStr(stampTab, "B3", "06340"); err != nil {
		t.Fatal(err)
	}
	got := read(t, saved(t, f), Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match})
	if got.How != ByHeader || got.Stamp.Unit != "" {
		t.Errorf("Read recognised %q and believed %+v", got.How, got.Stamp)
	}
}

// TestShuffledTemplate reads a workbook of ours whose rows and columns an officer moved, and says what is missing.
func TestShuffledTemplate(t *testing.T) {
	g := grid(t, "BM01")
	f, _ := written(t, Book{Grid: g, Values: fill(g), Report: "r"})
	sheet := "BM01"
	for _, err := range []error{f.UnprotectSheet(sheet), f.InsertCols(sheet, "C", 1), f.InsertRows(sheet, 12, 2), f.SetSheetName(sheet, "Xã gửi")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	known := Known{Grids: []form.Grid{g}, Match: match}
	before := read(t, saved(t, f), known)
	if want := fill(g); len(values(before)) != len(want) || len(before.Refused) > 0 || before.How != ByStamp {
		t.Errorf("Read gave %d values by %q, refused %v; want %d", len(values(before)), before.How, before.Refused, len(want))
	}
	f.SetCellValue("Xã gửi", "D7", "Cột khác")
	after := read(t, saved(t, f), known)
	if len(after.Refused) != 1 || after.Refused[0].Key != "sheet.column.missing" || after.Refused[0].Col != "hh" {
		t.Errorf("refused %v, want the column that lost its name", after.Refused)
	}
}

// TestCSV reads text files as Excel writes them, and takes no number that was cut at its comma.
func TestCSV(t *testing.T) {
	known := Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match}
	head := "Dân tộc;Số hộ;Trong đó: nam;Trong đó: nữ;Từ đủ 15 tuổi\n"
	for name, file := range map[string]string{
		"with semicolons": head + "Tày;1.234;20;21;30\n",
		"with a mark":     "\ufeff" + head + "Tày;1234;20;21;30\n",
		"with tabs":       "Dân tộc\tSố hộ\tTrong đó: nam\tTrong đó: nữ\tTừ đủ 15 tuổi\nTày\t1.234\t20\t21\t30\n",
		"with commas":     "Dân tộc,Số hộ,Trong đó: nam,Trong đó: nữ,Từ đủ 15 tuổi\nTày,\"1,234\",20,21,30\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, []byte(file), known)
			if fmt.Sprint(values(got)) != "map[tay.female:21 tay.hh:1234 tay.male:20 tay.p15:30]" {
				t.Errorf("Read gave %v, refused %v", values(got), got.Refused)
			}
		})
	}
	got := read(t, []byte("Dân tộc,Số hộ,Trong đó: nam,Trong đó: nữ,Từ đủ 15 tuổi\nTày,1,234,20,21,30\nNùng,5,6,7,8\n"), known)
	if len(values(got)) != 4 || len(got.Refused) != 4 || got.Refused[0].Key != "sheet.value.torn" {
		t.Errorf("Read gave %v, refused %v; want the first row refused", values(got), got.Refused)
	}
}

// TestUnits reads one row a unit and group, takes cells as they come, and refuses what is there twice.
func TestUnits(t *testing.T) {
	p := table("A", []string{"Xã", "Dân tộc", "Số hộ", "Trong đó: nam", "Trong đó: nữ", "Từ đủ 15 tuổi"},
		[]string{"xã Bắc Sơn", "Tày", "1", "2", "3", "4"}, []string{"", "Nùng", "5", "6", "7", "8"}, []string{"Hưng Vũ", "Tày", "9", "10", "11", "12"},
		[]string{"", "Dao", "1", "1", "1", "1"}, []string{"Toàn tỉnh", "", "1", "2", "3", "4"}, []string{"TT Bắc Sơn", "Tày", "9", "9", "9", "9"})
	p.merge(1, 2, 1, 3)
	taken := map[string]int64{}
	got := read(t, workbookOf(t, p), Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match, Unit: unitOf, Take: func(c Cell) error {
		taken[c.Unit+"."+c.Row+"."+c.Col] = c.Value.N
		return nil
	}})
	if fmt.Sprint(taken) != "map[06325.nung.female:7 06325.nung.hh:5 06325.nung.male:6 06325.nung.p15:8 06340.tay.female:11 06340.tay.hh:9 06340.tay.male:10 06340.tay.p15:12]" {
		t.Errorf("Read gave %v", taken)
	}
	keys := map[string]int{}
	for _, r := range got.Refused {
		keys[r.Key]++
	}
	if fmt.Sprint(keys) != "map[sheet.row.twice:8 sheet.unit.missing:4]" {
		t.Errorf("refused %v", keys)
	}
	if len(got.Skipped) != 1 || got.Skipped[0].Key != "sheet.skip.total" {
		t.Errorf("skipped %v, want the row of the province", got.Skipped)
	}
}

// TestTraps holds headers that look like the form's and are not: the officer is asked, or told, and no figure is read.
func TestTraps(t *testing.T) {
	row := []string{"Tày", "10", "20", "21", "30"}
	group := table("A", []string{"Dân tộc", "Số hộ", "Người khuyết tật", "", "Từ đủ 15 tuổi"}, []string{"", "", "Nam", "Nữ", ""}, row)
	group.merge(3, 1, 4, 1)
	for _, at := range []int{1, 2, 5} {
		group.merge(at, 1, at, 2)
	}
	before := table("A", []string{"Dân tộc", "Số hộ", "Cùng kỳ năm trước", "", "Từ đủ 15 tuổi"}, []string{"", "", "Nam", "Nữ", ""}, row)
	before.merge(3, 1, 4, 1)
	twice := table("A", []string{"Dân tộc", "Số hộ", "Nam", "Nữ", "Từ đủ 15 tuổi", "Nam"}, append(row, "5"))
	for name, p := range map[string]*paper{
		"a year for males":            table("A", []string{"Dân tộc", "Số hộ", "Năm", "Nữ", "Từ đủ 15 tuổi"}, row),
		"males of another group":      group,
		"males of another period":     before,
		"two columns of males":        twice,
		"households by the thousand":  table("A", []string{"Dân tộc", "Số hộ (nghìn hộ)", "Nam", "Nữ", "Từ đủ 15 tuổi"}, row),
		"a table by the thousand":     table("A", []string{"Đơn vị tính: nghìn người"}, []string{"Dân tộc", "Số hộ", "Nam", "Nữ", "Từ đủ 15 tuổi"}, row),
		"shares of a hundred":         table("A", []string{"Dân tộc", "Số hộ", "Nam (%)", "Nữ (%)", "Từ đủ 15 tuổi"}, row),
		"a column that is not there":  table("A", []string{"Dân tộc", "Số hộ", "Nam", "Nữ"}, row[:4]),
		"no column of names":          table("A", []string{"", "Số hộ", "Nam", "Nữ", "Từ đủ 15 tuổi"}, []string{"Ất", "1", "2", "3", "4"}),
		"the same words in a message": table("A", []string{"Kính gửi: số hộ, nam, nữ"}, []string{"Từ đủ 15 tuổi"}),
	} {
		t.Run(name, func(t *testing.T) {
			file := workbookOf(t, p)
			got, err := Read(bytes.NewReader(file), int64(len(file)), Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match})
			if got.Count > 0 || err == nil && got.How != Stranger || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("Read by %q gave %v, %v; want a question", got.How, values(got), err)
			}
		})
	}
	plain := table("A", []string{"Đơn vị tính: hộ, người"}, []string{"DAN TOC", "SO HO", "NAM", "NU", "TU DU 15 TUOI"}, row)
	if got := read(t, workbookOf(t, plain), Known{Grids: []form.Grid{grid(t, "BM01")}, Match: match}); len(got.Cells) != 4 {
		t.Errorf("a header without marks gave %v by %q", values(got), got.How)
	}
}
