package dataset

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"banlang/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files")

// sample has every status, two indicators of different precision, a place without a centre and a label that looks like a formula.
// The value of its hidden cells is one that no writer may let through.
func sample() Table {
	t := Table{
		ID: "ho-ngheo", Version: 2, Title: "Hộ nghèo theo dân tộc", TitleEN: "Poor households by group",
		Note: "Chuẩn nghèo 2022–2025.", NoteEN: "Poverty line of 2022 to 2025.",
		Dims: []Dimension{
			{Code: "place", Title: "Nơi", TitleEN: "Place", Role: Geo, Members: []Member{
				{Code: "20", Label: "tỉnh Lạng Sơn", Lon: 106.76, Lat: 21.85},
				{Code: "06325@20250701", Label: "xã Bắc Sơn", Parent: "20", Lon: 106.32, Lat: 21.9},
				{Code: "06040@20250701", Label: "=1+1 <xã>", Parent: "20"},
			}},
			{Code: "period", Title: "Kỳ", TitleEN: "Period", Role: Time, Members: []Member{{Code: "2026H1", Label: "6 tháng đầu năm 2026"}}},
			{Code: "group", Title: "Dân tộc", TitleEN: "Group", Members: []Member{{Code: All, Label: "Tất cả", LabelEN: "All"}, {Code: "tay", Label: "Tày"}}},
			{Code: "indicator", Title: "Chỉ tiêu", TitleEN: "Indicator", Role: Metric, Members: []Member{
				{Code: "POOR_HH", Label: "Hộ nghèo", Unit: "hộ", UnitEN: "households"},
				{Code: "POOR_RATE", Label: "Tỷ lệ hộ nghèo", Unit: "%", Decimals: 1},
			}},
		},
		Sources: []Source{{"Báo cáo của các xã", ""}}, License: License{"CC-BY-4.0", "Ghi công 4.0", "https://creativecommons.org/licenses/by/4.0/"},
		Publisher: "Ban Dân tộc", URL: "https://example.vn/so-lieu/ho-ngheo", Keywords: []string{"nghèo"},
		Issued: time.Date(2026, 7, 15, 2, 0, 0, 0, time.UTC), Modified: time.Date(2026, 7, 16, 2, 0, 0, 0, time.UTC), Demo: true,
	}
	for i, c := range []struct {
		value  float64
		status Status
	}{{1234, Normal}, {12.345, Partial}, {560, Estimated}, {9, Normal}, {-7, Normal}, {0, Normal}, {777777, Hidden}, {777777, Hidden}, {3, Normal}, {0, Missing}, {0, Incomparable}} {
		has := c.status != Missing && c.status != Incomparable
		t.Cells = append(t.Cells, Cell{At: []int{i / 4, 0, i / 2 % 2, i % 2}, Value: c.value, Has: has, Status: c.status})
	}
	return t // the twelfth cell is not held: missing
}

func written(t *testing.T, f Format, table Table) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, table, "vi"); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	files := map[string][]byte{}
	for _, f := range Formats {
		files["ho-ngheo"+f.Ext] = written(t, f, sample())
	}
	files["ho-ngheo.xlsx.txt"] = []byte(workbook(t, files["ho-ngheo.xlsx"]))
	delete(files, "ho-ngheo.xlsx") // a zip carries the program's own times
	var dcat bytes.Buffer
	c := Catalogue{URL: "https://example.vn/du-lieu-mo/dcat.jsonld", Title: "Dữ liệu mở", TitleEN: "Open data", Publisher: "Ban Dân tộc", Home: "https://example.vn/",
		Modified: sample().Modified, Tables: []Table{sample()}, Address: func(t Table, f Format) string { return "https://example.vn/so-lieu/" + t.ID + f.Ext }}
	if err := c.Write(&dcat); err != nil {
		t.Fatal(err)
	}
	files["dcat.jsonld"] = dcat.Bytes()
	for name, got := range files {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func workbook(t *testing.T, body []byte) string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, sheet := range f.GetSheetList() {
		fmt.Fprintf(&b, "[%s]\n", sheet)
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			fmt.Fprintln(&b, strings.Join(row, "\t"))
			for j := range row {
				cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
				if formula, _ := f.GetCellFormula(sheet, cell); formula != "" {
					t.Errorf("%s!%s is a formula: %s", sheet, cell, formula)
				}
			}
		}
	}
	return b.String()
}

// Every format hides the same cells: each is read back by its own rules, and none holds the hidden value.
func TestSamePattern(t *testing.T) {
	table := sample()
	var want []int
	n := 0
	for _, c := range table.Dense() {
		if c.Status == Hidden {
			want = append(want, n)
		}
		n++
	}
	if len(want) != 2 {
		t.Fatalf("the sample hides %d cells, want 2", len(want))
	}
	hidden := map[string]func([]byte) []int{
		"xlsx": func(b []byte) (got []int) {
			rows := strings.Split(workbook(t, b), "\n")
			for i, row := range rows[2:] { // name of the sheet, heading
				if strings.Contains(row, "\t…\t") {
					got = append(got, i)
				}
			}
			return got
		},
		"csv":  func(b []byte) []int { return hiddenLines(t, b, 8, "", 10, "C") },
		"sdmx": func(b []byte) []int { return hiddenLines(t, b, 7, "", 8, "Q") },
		"jsonstat": func(b []byte) (got []int) {
			var s struct {
				Value  []*float64
				Status map[string]Status
			}
			decode(t, b, &s)
			for i, v := range s.Value {
				if v == nil && s.Status[strconv.Itoa(i)] == Hidden {
					got = append(got, i)
				}
			}
			return got
		},
		"geojson": func(b []byte) (got []int) {
			var s struct {
				Features []struct{ Properties map[string]any }
			}
			decode(t, b, &s)
			for i, f := range s.Features {
				for j, name := range []string{"POOR_HH_2026H1", "POOR_RATE_2026H1", "POOR_HH_2026H1_tay", "POOR_RATE_2026H1_tay"} {
					if v, ok := f.Properties[name]; ok && v == nil && f.Properties[name+"_status"] == "C" {
						got = append(got, i*4+j)
					}
				}
			}
			return got
		},
		"dhis2": func(b []byte) (got []int) {
			var p dhis2Payload
			decode(t, b, &p)
			for _, v := range p.DataValues {
				if v.Value == nil && strings.HasPrefix(v.Comment, "C:") {
					i := slices.IndexFunc(table.Dims[0].Members, func(m Member) bool { return m.Code == v.OrgUnit })*4 + slices.Index([]string{"default", "tay"}, v.CategoryOptionCombo)*2
					if v.DataElement == "POOR_RATE" {
						i++
					}
					got = append(got, i)
				}
			}
			return got
		},
		"datapackage": func([]byte) []int { return want }, // no cells of its own
	}
	for _, f := range Formats {
		body := written(t, f, table)
		if got := hidden[f.Code](body); !slices.Equal(got, want) {
			t.Errorf("%s hides cells %v, want %v", f.Name, got, want)
		}
		if f.Code != "xlsx" && bytes.Contains(body, []byte("777777")) {
			t.Errorf("%s holds a hidden value", f.Name)
		}
	}
	if strings.Contains(workbook(t, written(t, Formats[0], table)), "777777") {
		t.Error("the workbook holds a hidden value")
	}
}

func hiddenLines(t *testing.T, body []byte, value int, empty string, status int, mark string) (got []int) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		for _, cell := range row {
			if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("line %d: %q is a live formula", i, cell)
			}
		}
		if row[value] == empty && row[status] == mark {
			got = append(got, i)
		}
	}
	return got
}

func decode(t *testing.T, body []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatal(err)
	}
}

// What is written for DHIS2 is read back to the same values and the same hidden cells.
func TestDHIS2RoundTrip(t *testing.T) {
	got, refused, err := ReadDHIS2(bytes.NewReader(written(t, Formats[6], sample())))
	if err != nil || len(refused) > 0 {
		t.Fatalf("ReadDHIS2 = %v, refused %v", err, refused)
	}
	values := func(table Table) map[string]string {
		all := map[string]string{}
		geo, metric := table.Dim(Geo), table.Dim(Metric)
		for at, c := range table.Dense() {
			combo, _, _ := strings.Cut(table.combo(at), ".default")
			key := table.Dims[metric].Members[at[metric]].Code + " " + table.Dims[geo].Members[at[geo]].Code + " " + combo
			if c.Has || c.Status == Hidden {
				all[key] = fmt.Sprintf("%.0f %s", c.Value, c.Status)
			}
		}
		return all
	}
	if diff := cmp.Diff(values(sample()), values(got)); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}

func TestReadDHIS2(t *testing.T) {
	tests := []struct {
		name, body string
		cells      int
		refused    []string
		want       fault.Kind
	}{
		{"takes what is said once for all", `{"period":"201911","orgUnit":"O","dataValues":[{"dataElement":"D","value":"1000"}]}`, 1, nil, 0},
		{"refuses one value, not the file", `{"orgUnit":"O","dataValues":[{"dataElement":"D","period":"2019W3","value":"1"},{"dataElement":"D","period":"2019","value":"abc"},{"dataElement":"D","period":"2019","value":"5"},{"period":"2019","value":"1"}]}`,
			1, []string{"stat.dhis2.period", "stat.dhis2.value", "stat.dhis2.incomplete"}, 0},
		{"refuses the second of two values of a cell", `{"dataValues":[{"dataElement":"D","orgUnit":"O","period":"2019S1","value":"1"},{"dataElement":"D","orgUnit":"O","period":"2019S1","value":"2"}]}`, 1, []string{"stat.dhis2.twice"}, 0},
		{"refuses an empty file", ``, 0, nil, fault.Invalid},
		{"refuses one without values", `{}`, 0, nil, fault.Invalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table, refused, err := ReadDHIS2(strings.NewReader(test.body))
			if fault.KindOf(err) != test.want || len(table.Cells) != test.cells {
				t.Fatalf("ReadDHIS2 = %d cells, %v; want %d, %v", len(table.Cells), err, test.cells, test.want)
			}
			var keys []string
			for _, r := range refused {
				keys = append(keys, r.Key)
			}
			if !slices.Equal(keys, test.refused) {
				t.Errorf("refused %v, want %v", keys, test.refused)
			}
		})
	}
}

// Payloads that another system's own tests import.
func TestReadDHIS2Real(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "..", "shared", "data", "formats", "dhis2", "aggregate")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the real payloads of DHIS2 are not beside the project: ../shared/data/formats/dhis2")
	}
	for name, want := range map[string]struct{ cells, refused int }{"dataValues_single_dataset.json": {2, 0}, "dataValues_bulk.json": {222, 9}} {
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		table, refused, err := ReadDHIS2(bytes.NewReader(body))
		if err != nil || len(refused) != want.refused || len(table.Cells) != want.cells {
			t.Errorf("%s: %d cells, refused %v, %v", name, len(table.Cells), refused, err)
		}
		if _, _, err := ReadDHIS2(bytes.NewReader(written(t, Formats[6], table))); err != nil {
			t.Errorf("%s written again: %v", name, err)
		}
	}
	if body, err := os.ReadFile(filepath.Join(folder, "empty_file.json")); err != nil {
		t.Fatal(err)
	} else if _, _, err := ReadDHIS2(bytes.NewReader(body)); !fault.Is(err, fault.Invalid) {
		t.Errorf("an empty file = %v, want Invalid", err)
	}
}

// A table that is released before seven in the morning in Vietnam is released that day, not the day before.
func TestDayOfRelease(t *testing.T) {
	table := sample()
	table.Issued = time.Date(2026, 7, 15, 0, 30, 0, 0, time.FixedZone("", 7*60*60))
	if text := workbook(t, written(t, Formats[0], table)); !strings.Contains(text, "Ngày phát hành\t2026-07-15") {
		t.Errorf("the workbook tells another day: %s", text)
	}
}

func TestSplit(t *testing.T) {
	tests := []struct{ file, id, code string }{
		{"dan-so.csv", "dan-so", "csv"},
		{"dan-so.sdmx.csv", "dan-so", "sdmx"},
		{"dan-so.jsonstat", "dan-so", "jsonstat"},
		{"dan-so", "", ""},
		{".csv", "", ""},
	}
	for _, test := range tests {
		if id, f, _ := Split(test.file); id != test.id || f.Code != test.code {
			t.Errorf("Split(%q) = %q, %q; want %q, %q", test.file, id, f.Code, test.id, test.code)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, test := range []struct{ ours, sdmx, dhis2 string }{
		{"2019", "2019", "2019"}, {"2026H1", "2026-S1", "2026S1"}, {"2026Q3", "2026-Q3", "2026Q3"}, {"2026M09", "2026-09", "202609"},
		{"2026S", "2026-09-01/P1Y", "2026Sep"}, {"2024F", "2024", "2024"}, {"2026T", "2026-01-01/P5Y", "2026"},
	} {
		if s, d := sdmxPeriod(test.ours), dhis2Period(test.ours); s != test.sdmx || d != test.dhis2 {
			t.Errorf("%s = %s, %s; want %s, %s", test.ours, s, d, test.sdmx, test.dhis2)
		}
		if back, ok := periodOf(test.dhis2); !ok || back != test.ours && test.ours != "2024F" && test.ours != "2026T" {
			t.Errorf("periodOf(%q) = %q, %v; want %q", test.dhis2, back, ok, test.ours)
		}
	}
}
