package ethnic_test

import (
	"os"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
)

func TestImportRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := ready(t, database)
		text, err := i18n.Load()
		if err != nil {
			t.Fatal(err)
		}
		const file = "ethnic,province,population\nTày,Lạng Sơn,282014\nMán,Lạng Sơn,1\nTầy,Nơi Khác,5\nNùng,Lạng Sơn,nhiều\nTày,Tỉnh Lạng Sơn,9\nNùng,Lạng Sơn,335317\nXxx,Lạng Sơn,1\n"
		wants := []string{"3 group: ethnic.import.ambiguous", "4 province: ethnic.import.province", "5 population: ethnic.import.number", "6 group: ethnic.import.twice", "8 group: ethnic.import.group"}
		last := false // written already
		for _, dry := range []bool{true, false, false} {
			report, err := d.Import(t.Context(), place.Operator(), "census", "census.csv", strings.NewReader(file), dry, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Refused) != len(wants) {
				t.Fatalf("%d rows refused, want %d: %v", len(report.Refused), len(wants), report.Refused)
			}
			for i, f := range report.Refused {
				one := fault.All(f.Why)[0]
				if got := i18n.Number("en", f.Row) + " " + f.Column + ": " + one.Key; got != wants[i] {
					t.Errorf("refused %q, want %q", got, wants[i])
				}
				if words := text.Text("vi", one.Key, one.Args...); strings.Contains(words, "⟦") || strings.Contains(words, "no value") {
					t.Errorf("row %d says %q", f.Row, words)
				}
			}
			changed := 1
			if last {
				changed = 0
			}
			last = !dry
			if report.Changed != changed || report.Same != 2-changed || report.Added != 0 {
				t.Errorf("dry %v: %d changed, %d same, %d added", dry, report.Changed, report.Same, report.Added)
			}
		}
		if got := d.In2019("nung", "20").Value; got != 335317 {
			t.Errorf("after the import Nùng in Lạng Sơn are %d, want 335317", got)
		}
		if _, err := d.Import(t.Context(), reviewer, "census", "census.csv", strings.NewReader(file), true, nil); !fault.Is(err, fault.Forbidden) {
			t.Errorf("import by a reviewer: %v, want forbidden", err)
		}
	})
}

// The files that the reference lists were made from say nothing new.
func TestImportFacts(t *testing.T) {
	d := ready(t, dbtest.SQLite(t))
	for _, c := range []struct {
		kind, file    string
		same, refused int
	}{
		{"census", "data/facts/census2019_ethnic_by_province.csv", 3402, 0},
		{"census", "data/facts/census1999_by_ethnic.csv", -1, 0},
		{"groups", "data/facts/ethnic_groups.csv", 54, 2}, // foreigners and not stated are no groups
		{"groups", "design/catalogue/groups.csv", 54, 0},
	} {
		f, err := os.Open("../../../shared/" + c.file)
		if err != nil {
			t.Skipf("%s is not here; this test reads it in place", c.file)
		}
		report, err := d.Import(t.Context(), place.Operator(), c.kind, c.file, f, false, nil)
		f.Close() //nolint:errcheck // only read
		if err != nil || report.Added+report.Changed != 0 || c.same >= 0 && report.Same != c.same || len(report.Refused) != c.refused {
			t.Errorf("%s: %d added, %d changed, %d same, %d refused (%v)", c.file, report.Added, report.Changed, report.Same, len(report.Refused), err)
		}
	}
}
