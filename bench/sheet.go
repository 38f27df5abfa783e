package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"banlang/internal/fold"
	reporting "banlang/internal/report/form"
	"banlang/internal/report/sheet"

	"github.com/xuri/excelize/v2"
)

// Of the workbook of S4: so many units, and a row for each group of each, make a million cells.
const (
	workbookUnits  = 2646
	workbookGroups = 54
)

// workbooks is S4: a workbook of a million cells is read, its names are matched and its values are checked; against excelize,
// which only reads the same file.
func workbooks(ctx context.Context) ([]figure, error) {
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	grid, err := workbookForm()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "ca-nuoc.xlsx")
	say("S4: writing a workbook of %d rows", workbookUnits*workbookGroups)
	cells, err := makeWorkbook(path, grid)
	if err != nil {
		return nil, err
	}
	var our, their []float64
	var space, theirSpace float64
	for range 3 { // in turn, so that a busy moment of the machine falls on both
		took, peak, err := measured(func() error { return readWorkbook(path, grid, cells) })
		if err != nil {
			return nil, err
		}
		our, space = append(our, took), max(space, peak)
		if took, peak, err = measured(func() error { return readPeer(path) }); err != nil {
			return nil, err
		}
		their, theirSpace = append(their, took), max(theirSpace, peak)
	}
	ours, peers := median(our), median(their)
	what := fmt.Sprintf("workbook of %d cells", cells)
	return []figure{
		{ID: "S4", Measure: what + " read, matched and checked, peer excelize reading only", Unit: "s", Ours: ours, Peer: peers, Bar: "<= 5 s", Met: ours <= 5},
		{ID: "S4", Measure: what + ", highest memory of the process", Unit: "MB", Ours: space, Peer: theirSpace, Bar: "<= 200 MB", Met: space <= 200},
	}, nil
}

// workbookForm is the form by group and sex for 54 groups.
func workbookForm() (reporting.Grid, error) {
	for _, f := range reporting.Reference() {
		if f.Code == "BM01" {
			var rows []reporting.Row
			for i := range workbookGroups {
				rows = append(rows, reporting.Row{Code: fmt.Sprint("g", i), Label: "Dân tộc minh hoạ " + strconv.Itoa(i+1)})
			}
			return f.Lay(rows), nil
		}
	}
	return reporting.Grid{}, fmt.Errorf("no form BM01")
}

func makeWorkbook(path string, grid reporting.Grid) (cells int, err error) {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return 0, err
	}
	head := []any{"Xã", "Dân tộc"}
	for _, c := range grid.Cols {
		head = append(head, c.Label)
	}
	if err := w.SetRow("A1", []any{"BIỂU TỔNG HỢP CẢ NƯỚC (số minh hoạ)"}); err != nil {
		return 0, err
	}
	if err := w.SetRow("A2", head); err != nil {
		return 0, err
	}
	row := 2
	for unit := range workbookUnits {
		for group := range workbookGroups {
			row++
			male, female := (unit*31+group*7)%4000, (unit*17+group*13)%4000
			values := []any{"Xã minh hoạ " + strconv.Itoa(unit+1), grid.Rows[group].Label, (male + female) / 4, male + female, male, female, (male + female) / 2}
			if err := w.SetRow(sheet.Ref(1, row), values); err != nil {
				return 0, err
			}
			cells += len(values)
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	return cells, f.SaveAs(path)
}

func readWorkbook(path string, grid reporting.Grid, cells int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	units := map[string]string{}
	for i := range workbookUnits {
		units[fold.Key("Xã minh hoạ "+strconv.Itoa(i+1))] = strconv.Itoa(i)
	}
	known := sheet.Known{Grids: []reporting.Grid{grid}, Unit: func(label string) (string, []string) { return units[fold.Key(label)], nil }}
	taken, unit, values := 0, "", reporting.Values{}
	var wrong []reporting.Finding
	known.Take = func(c sheet.Cell) error {
		if c.Unit != unit && unit != "" { // the rows of a unit stand together
			wrong = append(wrong, grid.Check(values, reporting.Past{})...)
			values = reporting.Values{}
		}
		unit = c.Unit
		values[reporting.ID(c.Row, c.Col)] = c.Value
		taken++
		return nil
	}
	got, err := sheet.Read(f, info.Size(), known)
	if err != nil {
		return err
	}
	if want := workbookUnits * workbookGroups * len(grid.Cols); taken != want || len(got.Refused) > 0 {
		return fmt.Errorf("read %d values, want %d; %d refused", taken, want, len(got.Refused))
	}
	return nil
}

func readPeer(path string) error {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := f.Rows("Sheet1")
	if err != nil {
		return err
	}
	for rows.Next() {
		if _, err := rows.Columns(); err != nil {
			return err
		}
	}
	return rows.Close()
}

// measured gives the seconds that f takes and the most megabytes that the process had meanwhile.
func measured(f func() error) (seconds, peak float64, err error) {
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the highest mark starts again
		return 0, 0, err
	}
	begin := time.Now()
	if err := f(); err != nil {
		return 0, 0, err
	}
	seconds = time.Since(begin).Seconds()
	after, err := highest()
	return seconds, after, err
}

// highest is the highest memory of the process so far, in megabytes.
func highest() (float64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kb / 1000, err
		}
	}
	return 0, fmt.Errorf("the system does not tell the memory of a process")
}
