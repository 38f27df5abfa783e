package form

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"banlang/internal/fault"
)

// byCode is a reference form.
func byCode(t *testing.T, code string) Form {
	t.Helper()
	for _, f := range Reference() {
		if f.Code == code {
			return f
		}
	}
	t.Fatalf("no form %s", code)
	return Form{}
}

func TestReference(t *testing.T) {
	forms, err := readReference()
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, f := range forms {
		cells += len(f.Cells)
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var back Form
		if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(f, back) {
			t.Errorf("%s does not come back from JSON: %v", f.Code, err)
		}
		var b strings.Builder
		for _, row := range f.Table() {
			b.WriteString(quoted(row) + "\r\n")
		}
		if back, err = f.WithCSV(strings.NewReader("\uFEFF" + b.String())); err != nil || !reflect.DeepEqual(f, back) {
			t.Errorf("%s does not come back from its table: %v", f.Code, err)
		}
	}
	if len(forms) != 11 || cells != 128 {
		t.Errorf("Reference has %d forms and %d cells, want 11 and 128", len(forms), cells)
	}
}

func quoted(row []string) string {
	for i := range row {
		if row[i] != "" && strings.ContainsRune("=+-@", rune(row[i][0])) {
			row[i] = "'" + row[i]
		}
		row[i] = `"` + strings.ReplaceAll(row[i], `"`, `""`) + `"`
	}
	return strings.Join(row, ",")
}

func TestParse(t *testing.T) {
	whole, money := Cell{Type: Int}, Cell{Type: Decimal}
	yesno := Cell{Type: Bool}
	signal := Cell{Type: Choose, Choices: []Choice{{"data", "", "Có dữ liệu", "Data"}, {"none", "", "Không có sóng", "No signal"}}}
	cases := []struct {
		text  string
		cell  Cell
		state State
		n     int64
		key   string
	}{
		{"", whole, Empty, 0, ""},
		{" \u00a0 ", whole, Empty, 0, ""},
		{"0", whole, Known, 0, ""},
		{"1.234", whole, Known, 1234, ""},
		{"1 234", whole, Known, 1234, ""},
		{"1\u00a0234\u202f567", whole, Known, 1234567, ""},
		{"1,234", whole, Known, 1234, ""},
		{"1,5", whole, Bad, 0, "form.bad.whole"},
		{"1.23", whole, Bad, 0, "form.bad.whole"},
		{"0.123", whole, Bad, 0, "form.bad.whole"},
		{"12,00", whole, Known, 12, ""},
		{"１２３", whole, Known, 123, ""},
		{"-", whole, Bad, 0, "form.bad.dash"},
		{"–", whole, Bad, 0, "form.bad.dash"},
		{"−5", whole, Known, -5, ""},
		{"Chưa biết", whole, Unknown, 0, ""},
		{"chua biet", money, Unknown, 0, ""},
		{"12 người", whole, Bad, 0, "form.bad.number"},
		{"1..2", whole, Bad, 0, "form.bad.number"},
		{"1.234.56", whole, Bad, 0, "form.bad.number"},
		{"1234567890", whole, Bad, 0, "form.bad.large"},
		{"12,5", money, Known, 12500, ""},
		{"12,50", money, Known, 12500, ""},
		{"12.5", money, Known, 12500, ""},
		{"1.234,5", money, Known, 1234500, ""},
		{"1,234.5", money, Known, 1234500, ""},
		{"1.234", money, Known, 1234000, ""},
		{"1,234", money, Bad, 0, "form.bad.comma"},
		{"0,125", money, Known, 125, ""},
		{"1,2345", money, Bad, 0, "form.bad.decimals"},
		{"Có", yesno, Known, 1, ""},
		{"khong", yesno, Known, 0, ""},
		{"x", yesno, Bad, 0, "form.bad.bool"},
		{"không có sóng", signal, Known, 2, ""},
		{"data", signal, Known, 1, ""},
		{"có", signal, Bad, 0, "form.bad.choice"},
		{"thiếu  đất", Cell{Type: Text}, Known, 2, ""},
	}
	for _, c := range cases {
		got := Parse(c.text, c.cell)
		if want := (Value{Text: c.text, N: c.n, State: c.state, Key: c.key}); got != want {
			t.Errorf("Parse(%q, %s) = %+v, want %+v", c.text, c.cell.Type, got, want)
		}
	}
}

// population is BM01 of a commune, with what an officer typed.
func population(t *testing.T, typed map[string]string) (Grid, Values) {
	g := byCode(t, "BM01").Lay([]Row{{Code: "tay", Label: "Tày"}, {Code: "nung", Label: "Nùng"}})
	v := Values{}
	for id, text := range typed {
		c, ok := g.Cell(id)
		if !ok {
			t.Fatalf("no cell %s", id)
		}
		v[id] = Parse(text, c)
	}
	return g, v
}

func TestCheck(t *testing.T) {
	typed := map[string]string{"tay.hh": "30", "tay.male": "60", "tay.female": "64", "tay.p15": "90",
		"nung.hh": "20", "nung.male": "40", "nung.female": "41", "nung.p15": "70"}
	cases := []struct {
		name string
		edit map[string]string
		note string
		past Past
		want []string
	}{
		{"all is well", nil, "", Past{}, nil},
		{"a part is more than the whole", map[string]string{"tay.p15": "125"}, "", Past{}, []string{"tay.p15 error form.rule.le"}},
		{"a hole is asked for, not counted as 0", map[string]string{"nung.female": ""}, "", Past{}, []string{"nung.female empty form.empty"}},
		{"unknown is an answer", map[string]string{"nung.female": "chưa biết"}, "", Past{}, nil},
		{"a jump is asked about", nil, "", Past{Year: map[string]int64{"nung.female": 30, "nung.male": 39}}, []string{"nung.female warning form.jump.more.year"}},
		{"and silent once explained", nil, "Sáp nhập thôn", Past{Year: map[string]int64{"nung.female": 30}}, nil},
		{"a long history is the better judge", nil, "", Past{Year: map[string]int64{"nung.female": 30},
			History: map[string]Spread{"nung.female": SpreadOf([]float64{30, 40, 44, 38, 42})}}, nil},
		{"unlike its history", nil, "", Past{History: map[string]Spread{"tay.male": SpreadOf([]float64{31, 30, 29, 30})}},
			[]string{"tay.male warning form.history.more"}},
		{"unlike the neighbours", nil, "", Past{People: 1000, Near: map[string]Spread{"tay.hh": {N: 10, Median: 300, MAD: 20}}},
			[]string{"tay.hh warning form.near.less"}},
	}
	for _, c := range cases {
		g, v := population(t, typed)
		for id, text := range c.edit {
			cell, _ := g.Cell(id)
			v[id] = Parse(text, cell)
		}
		if c.note != "" {
			x := v["nung.female"]
			x.Note = c.note
			v["nung.female"] = x
		}
		var got []string
		for _, f := range g.Check(v, c.past) {
			got = append(got, f.Cell+" "+string(f.Severity)+" "+f.Key)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: Check = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCompute(t *testing.T) {
	g, v := population(t, map[string]string{"tay.male": "60", "tay.female": "64", "nung.male": "1", "nung.female": "chưa biết", "tay.hh": "3"})
	g.Compute(v)
	for id, want := range map[string]Value{
		"tay.pop": {N: 124, State: Known}, "nung.pop": {State: Unknown}, "T.male": {N: 61, State: Known}, "T.pop": {State: Unknown}, "T.hh": {State: Empty},
	} {
		if v[id] != want {
			t.Errorf("Compute: %s = %+v, want %+v", id, v[id], want)
		}
	}
	money := byCode(t, "BM07").Lay([]Row{{Code: "P1"}, {Code: "P2"}})
	w := Values{"P1.plan": {N: 3000, State: Known}, "P1.paid": {N: 1000, State: Known}, "P2.plan": {N: 100, State: Known}, "P2.paid": {State: Known}}
	money.Compute(w)
	if w["P1.rate"].N != 33333 || w["T.rate"].N != 32258 || w["P2.rate"].N != 0 {
		t.Errorf("rates = %d, %d, %d, want 33333, 0 and 32258 of the totals", w["P1.rate"].N, w["P2.rate"].N, w["T.rate"].N)
	}
}

func TestFacts(t *testing.T) {
	villages := byCode(t, "BM06").Lay([]Row{{Code: "v1", Label: "Bản Một"}})
	v := Values{}
	for id, text := range map[string]string{"v1.spk": "2", "v1.ok": "chưa biết", "v1.sig": "Chỉ gọi"} {
		c, _ := villages.Cell(id)
		v[id] = Parse(text, c)
	}
	place := map[string]string{"village": "v1"}
	want := []Entry{{"SPEAKER", place, 2, 0, false, "v1.spk"}, {"SPEAKER_OK", place, 0, 0, true, "v1.ok"},
		{"VILLAGE_SIGNAL", place, 0, 0, false, "v1.sig"}, {"VILLAGE_VOICE", place, 1, 0, false, "v1.sig"}, {"VILLAGE_NOSIGNAL", place, 0, 0, false, "v1.sig"}}
	if got := villages.Facts(v); !reflect.DeepEqual(got, want) {
		t.Errorf("Facts = %+v, want %+v", got, want)
	}
	g, v := population(t, map[string]string{"tay.hh": "30", "tay.male": "60", "tay.female": "64"})
	var got []string
	for _, e := range g.Facts(v) {
		got = append(got, e.CellID+" "+e.Indicator+" "+e.Only["group"]+" "+e.Only["sex"])
	}
	if want := []string{"tay.hh HH tay ", "tay.pop POP tay ", "tay.male POP tay male", "tay.female POP tay female"}; !slices.Equal(got, want) {
		t.Errorf("Facts = %v, want %v", got, want)
	}
	funds := byCode(t, "BM07").Lay([]Row{{Code: "P1"}})
	w := Values{"P1.plan": {N: 3000, State: Known}, "P1.paid": {N: 1000, State: Known}}
	if got := funds.Facts(w); len(got) != 2 || got[0].Only["item"] != "project:P1" || got[0].Decimals != 3 {
		t.Errorf("Facts of funds = %+v, want plan and paid of project:P1 and no rate", got)
	}
}

func TestCompileRefuses(t *testing.T) {
	cases := []struct{ name, rule, key string }{
		{"a column that is not there", "hh <= people", "form.rule.unknown"},
		{"half a comparison", "hh <=", "form.rule.want"},
		{"no comparison", "hh", "form.rule.compare"},
		{"too many brackets", "hh <= (pop))", "form.rule.rest"},
		{"a formula in a cell that is typed", "calc male + female", "form.rule.input"},
		{"a period nobody knows", "hh <= pop@ever", "form.rule.period"},
		{"a function nobody knows", "hh <= most(pop)", "form.rule.unknown"},
	}
	for _, c := range cases {
		f := byCode(t, "BM01")
		f.Cells = slices.Clone(f.Cells)
		f.Cells[0].Rule = c.rule
		err := f.Compile()
		if all := fault.All(err); len(all) != 1 || all[0].Key != c.key {
			t.Errorf("%s: Compile(%q) = %v, want %s", c.name, c.rule, err, c.key)
		}
	}
	f := byCode(t, "BM01")
	f.Cells = slices.Clone(f.Cells)
	f.Cells[1].Rule = "calc T.pop"
	if all := fault.All(f.Compile()); len(all) != 1 || all[0].Key != "form.rule.circle" {
		t.Errorf("Compile of a circle = %v", all)
	}
}

func TestNeeds(t *testing.T) {
	g := byCode(t, "BM04").Lay([]Row{{Code: "v1"}})
	if got := g.Needs(); len(got) != 1 || got[0] != (Need{Key: "HH.v1", Indicator: "HH", Row: "v1"}) {
		t.Errorf("Needs = %+v", got)
	}
	var keys []string
	for _, n := range byCode(t, "BM10").Lay(nil).Needs() {
		keys = append(keys, n.Key)
	}
	if want := []string{"BM11.T.ea", "BM05.both.all", "BM05.both.trained"}; !slices.Equal(keys, want) {
		t.Errorf("Needs = %v, want %v", keys, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.234", "1,5", "-", "chưa biết", "１２", "1 234 567,89", "0,1", "++1", "1'000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []Type{Int, Decimal, Bool, Choose, Text} {
			v := Parse(s, Cell{Type: typ, Choices: []Choice{{Code: "a", VI: "Á"}}})
			if (v.State == Bad) != (v.Key != "") || v.State != Known && v.N != 0 || v.N > largest || v.N < -largest {
				t.Errorf("Parse(%q, %s) = %+v", s, typ, v)
			}
		}
	})
}

func TestDiff(t *testing.T) {
	from := byCode(t, "BM01")
	if got := Diff(from, from); len(got) > 0 {
		t.Errorf("Diff with itself = %v", got)
	}
	to := from
	to.TitleVI = "Dân số"
	to.Cells = slices.Clone(from.Cells)
	to.Cells[0].Rule = "warn hh <= pop"
	to.Cells = slices.Delete(to.Cells, 4, 5)
	to.Cells = append(to.Cells, Cell{Row: Member, Col: "new", RowVI: "", ColVI: "Mới", RowKind: "member", Input: Typed, Type: Int})
	var got []string
	for _, c := range Diff(from, to) {
		got = append(got, c.Key+" "+c.Args[1].(string))
	}
	want := []string{"form.diff.title ", "form.diff.removed *.p15", "form.diff.rule *.hh", "form.diff.added *.new"}
	if !slices.Equal(got, want) {
		t.Errorf("Diff = %v, want %v", got, want)
	}
}

// A table that an officer changed is told about row by row.
func TestWithTableRefuses(t *testing.T) {
	rows := byCode(t, "BM01").Table()
	rows[1][11] = "number"
	rows[3][9] = "group"
	rows[5] = slices.Clone(rows[4])
	_, err := byCode(t, "BM01").WithTable(rows)
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, f.Key)
	}
	if want := []string{"form.table.type", "form.table.filter", "form.table.twice"}; !slices.Equal(got, want) {
		t.Errorf("WithTable = %v, want %v", got, want)
	}
}

// FuzzCompile: whatever an officer writes as a rule, it is parsed or told about.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{"hh <= pop", "warn a.b = @BM01.T.hh if rows > 2", "calc sum(hh) / 0.5; given", "count(hh = data) != max(1, (2))", "words(hh)@", "@.", ";;", "if"} {
		f.Add(s)
	}
	form := Reference()[0]
	f.Fuzz(func(t *testing.T, rule string) {
		form := form
		form.Cells = slices.Clone(form.Cells)
		form.Cells[0].Rule = rule
		if err := form.Compile(); err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("Compile(%q) = %v", rule, err)
			}
			return
		}
		g := form.Lay([]Row{{Code: "tay"}})
		g.Check(Values{"tay.hh": {N: 3, State: Known}, "tay.male": {N: 1, State: Known}}, Past{})
		g.Needs()
	})
}
