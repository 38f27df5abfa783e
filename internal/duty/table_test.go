package duty

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
)

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

// The catalogue shortens some duties in its conditions; people are shown whole words.
var whole = strings.NewReplacer("co và ed", "cán bộ xã và biên tập", "ed không", "biên tập không", "cl chỉ", "lãnh đạo xã chỉ",
	"co chỉ", "cán bộ xã chỉ", "dpo và", "người bảo vệ dữ liệu và")

func TestTableIsTheCatalogue(t *testing.T) {
	rows := readCSV(t, "../app/testdata/duties.csv")
	text := map[string]map[string]string{}
	for _, m := range readCSV(t, "../i18n/message/duty.csv") {
		text[m["key"]] = m
	}
	if want := len(Acts()) * len(Roles()); len(rows) != want || want != 1472 {
		t.Fatalf("catalogue has %d rows, table %d, want 1472", len(rows), want)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		act, role := Act(row["action"]), Role(row["role"])
		rule, name := RuleOf(act, role), row["action"]+" "+row["role"]
		if seen[name] {
			t.Errorf("%s: twice in the catalogue", name)
		}
		seen[name] = true
		if act.Room() != row["room"] {
			t.Errorf("%s: room %q, want %q", name, act.Room(), row["room"])
		}
		want := Rule{Scope: Scope(row["scope"]), State: row["state"], Log: row["log"], Reason: row["reason"] == "1"}
		want.Persons, _ = strconv.Atoi(row["persons"])
		if row["condition_vi"] != "" {
			want.Condition = "duty.condition." + row["action"]
			if got := text[want.Condition]["vi"]; got != whole.Replace(row["condition_vi"]) {
				t.Errorf("%s: condition %q, want %q", name, got, row["condition_vi"])
			}
		}
		if rule != want {
			t.Errorf("RuleOf(%s) = %+v, want %+v", name, rule, want)
		}
		a := text["duty.act."+row["action"]]
		if a["vi"] != row["action_vi"] || a["en"] != row["action_en"] || text["duty.role."+row["role"]] == nil {
			t.Errorf("%s: named %q, %q", name, a["vi"], a["en"])
		}
	}
}

func TestUnknownIsRefused(t *testing.T) {
	if r := RuleOf("bulletin.invent", Editor); r.Scope != ScopeNone {
		t.Errorf("unknown act: %+v", r)
	}
	if r := RuleOf(BulletinApprove, "king"); r.Scope != ScopeNone {
		t.Errorf("unknown duty: %+v", r)
	}
}
