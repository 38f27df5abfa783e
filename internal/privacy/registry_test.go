package privacy

import (
	"os"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
)

// A column that holds personal data and is not in the register must not be built: every column is named, one by one.
func TestRegistryNamesEveryColumn(t *testing.T) {
	entries, err := Registry()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		columns, err := Columns(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range Check(entries, columns) {
			t.Error(wrong)
		}
		if path := os.Getenv("BANLANG_COLUMNS"); path != "" { // lists the columns for who writes the register
			var b strings.Builder
			for _, c := range columns {
				b.WriteString(c.Table + "." + c.Name + "\n")
			}
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCheckFinds(t *testing.T) {
	full := Entry{"person", "phone", "to call", "consent", Basic, "1 year", "dpo"}
	bare := Entry{Table: "person", Column: "phone", Class: Sensitive}
	odd := full
	odd.Class = "funny"
	phone := []Column{{"person", "phone"}}
	for _, c := range []struct {
		name    string
		entries []Entry
		columns []Column
		want    string
	}{
		{"nothing wrong", []Entry{full}, phone, ""},
		{"a column nobody listed", []Entry{full}, append(phone, Column{"person", "born"}), "person.born is not in the registry"},
		{"a column that is gone", []Entry{full}, nil, "in no table"},
		{"a personal column without a purpose", []Entry{bare}, phone, "does not say purpose"},
		{"an unknown class", []Entry{odd}, phone, "funny"},
		{"a line twice", []Entry{full, full}, phone, "listed twice"},
	} {
		got := strings.Join(Check(c.entries, c.columns), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: Check = %q, want %q", c.name, got, c.want)
		}
	}
}
