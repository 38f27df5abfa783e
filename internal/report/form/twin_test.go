package form

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// A browser runs form.js as a page would, without a page.
type browser struct {
	parse, check func(string) string
}

func newBrowser(t testing.TB) browser {
	t.Helper()
	text, err := os.ReadFile("../../web/static/form.js")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile(`(?m)^export `).ReplaceAllString(string(text), "") + `
function twinParse(json) {
  const [text, cell] = JSON.parse(json)
  const { n, state, key } = parse(text, cell)
  return JSON.stringify([n, state, key])
}
function twinCheck(json) {
  const { grid, values, past } = JSON.parse(json)
  const findings = check(grid, values, past)
  const computed = {}
  for (const id of Object.keys(values).sort()) computed[id] = [values[id].n, values[id].state]
  return JSON.stringify({ computed, findings })
}`
	vm := goja.New()
	if _, err := vm.RunScript("form.js", script); err != nil {
		t.Fatal(err)
	}
	call := func(name string) func(string) string {
		f, ok := goja.AssertFunction(vm.Get(name))
		if !ok {
			t.Fatalf("form.js has no %s", name)
		}
		return func(in string) string {
			out, err := f(goja.Undefined(), vm.ToValue(in))
			if err != nil {
				t.Fatalf("%s(%s): %v", name, in, err)
			}
			return out.String()
		}
	}
	return browser{call("twinParse"), call("twinCheck")}
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

var typedByPeople = []string{"", "0", "1", "7", "12", "120", "1.234", "1,234", "1,5", "12,50", "1,2345", "-", "–", "-3", "chưa biết", "Chua biet", "có", "không",
	"x", "Có dữ liệu", "chi goi", "none", "１２", "1 234", "0,125", "99999999999", "đường xấu", "1.234,5", "1,234.5", "1'000", "٣", "Ⅷ", "ẤN ĐỘ", "ǅ",
	"\u200b5", "5\u0301", "+5", "--", "- 5", "1. 234", "İ", "ﬁ", "한", "1e3", "0x10", "００１", "1．5", "−2", "12\u00a0345", "a\U0001F600b", " \u0085 "}

func TestTwinsParseAlike(t *testing.T) {
	js := newBrowser(t)
	r := rand.New(rand.NewPCG(3, 101))
	letters := []rune("0123456789.,' -–+０５，aáđĐ\u00a0\u200bchưbiếtkông1230000")
	choices := []Choice{{"data", "", "Có dữ liệu", "Data"}, {"voice", "", "Chỉ gọi", "Calls only"}, {"none", "", "Không có sóng", ""}}
	for i := range 8000 {
		text := typedByPeople[i%len(typedByPeople)]
		if i > 5*len(typedByPeople) {
			var b strings.Builder
			for range r.IntN(12) {
				b.WriteRune(letters[r.IntN(len(letters))])
			}
			text = b.String()
		}
		c := Cell{Type: []Type{Int, Decimal, Bool, Choose, Text}[r.IntN(5)], Choices: choices}
		v := Parse(text, c)
		want := asJSON([]any{v.N, v.State, v.Key})
		if got := js.parse(asJSON([]any{text, map[string]any{"type": c.Type, "choices": c.Choices}})); got != want {
			t.Fatalf("parse(%q, %s): the browser says %s, the server %s", text, c.Type, got, want)
		}
	}
}

// TestTwinsCheckAlike holds the browser to the server's verdicts: over the forms that Banlang ships and over forms with rules at
// random, with figures at random.
func TestTwinsCheckAlike(t *testing.T) {
	js := newBrowser(t)
	r := rand.New(rand.NewPCG(101, 2026))
	verdicts := map[string]int{}
	for i := range 1500 {
		f := Reference()[i%11]
		if i%2 == 1 {
			f = shuffled(t, r, f)
		}
		var axis []Row
		for m := range r.IntN(5) {
			axis = append(axis, Row{Code: fmt.Sprintf("m%d", m), Label: "Dòng"})
		}
		g := f.Lay(axis)
		values, past := figures(r, g)
		in := asJSON(map[string]any{"grid": g, "values": values, "past": past})
		findings := g.Check(values, past)
		computed := map[string][]any{}
		for id, v := range values {
			computed[id] = []any{v.N, v.State}
		}
		if findings == nil {
			findings = []Finding{}
		}
		for _, f := range findings {
			verdicts[f.Key]++
		}
		want := ordered(t, asJSON(map[string]any{"computed": computed, "findings": findings}))
		if got := ordered(t, js.check(in)); got != want {
			t.Fatalf("form %d (%s): the browser says\n%s\nthe server\n%s\nof %s", i, f.Code, got, want, in)
		}
	}
	for _, key := range Messages() {
		if strings.HasPrefix(key, "form.page.") || key == "form.bad.long" {
			continue
		}
		if verdicts[key] == 0 {
			t.Errorf("no verdict %s among the random figures: the twins are not compared on it", key)
		}
	}
}

// TestMessages holds what the twins say to the table of messages.
func TestMessages(t *testing.T) {
	file, err := os.Open("../../i18n/message/form.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, row := range rows {
		text[row[0]] = row[1] + row[2]
	}
	names := Blanks()
	for _, key := range Messages() {
		if text[key] == "" {
			t.Errorf("%s has no message", key)
		}
		for _, found := range regexp.MustCompile(`{{\.(\w+)}}`).FindAllStringSubmatch(text[key], -1) {
			if !slices.Contains(names, any(found[1])) {
				t.Errorf("%s takes %s, which Blanks lacks", key, found[1])
			}
		}
	}
}

// ordered writes JSON with sorted keys and numbers as they came.
func ordered(t *testing.T, text string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return asJSON(v)
}

// figures are values and a past at random; many are plausible, so that rules are near their edges.
func figures(r *rand.Rand, g Grid) (Values, Past) {
	v := Values{}
	past := Past{Prev: map[string]int64{}, Year: map[string]int64{}, Other: map[string]int64{}, History: map[string]Spread{}, Near: map[string]Spread{},
		SameYear: r.IntN(2) == 0, People: int64(r.IntN(3) * 5000)}
	wild := r.IntN(3) == 0
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			c, ok := g.At(row.Code, col.Code)
			if !ok || c.Input != Typed && !c.Given() {
				continue
			}
			id := ID(row.Code, col.Code)
			text := fmt.Sprint(r.IntN(60))
			switch {
			case r.IntN(40) == 0:
				text = ""
			case wild && r.IntN(3) == 0:
				text = typedByPeople[r.IntN(len(typedByPeople))]
			case c.Type == Text:
				text = strings.Repeat("chữ ", r.IntN(4)*200)
			case c.Type == Bool:
				text = fmt.Sprint(r.IntN(2))
			case c.Type == Choose:
				text = c.Choices[r.IntN(len(c.Choices))].Code
			case c.Type == Decimal:
				text = fmt.Sprintf("%d,%03d", r.IntN(900), r.IntN(1000)) + pick(r, "0", "0", "0", "")
			}
			x := Parse(text, c)
			if r.IntN(30) == 0 {
				x.Note = []string{"sáp nhập", " \u00a0", "…"}[r.IntN(3)]
			}
			if text != "" || r.IntN(2) == 0 {
				v[id] = x
			}
			near := func() int64 { return max(0, x.N*int64(50+r.IntN(100))/100) }
			past.Prev[id], past.Year[id] = near(), near()
			if r.IntN(3) == 0 {
				delete(past.Year, id)
			}
			if r.IntN(3) == 0 {
				past.History[id] = SpreadOf([]float64{float64(near()), float64(near()), float64(near()), float64(near())}[:1+r.IntN(4)])
			}
			if r.IntN(3) == 0 {
				past.Near[id] = Spread{N: r.IntN(20), Median: r.Float64() * 20, MAD: r.Float64()}
			}
		}
	}
	for _, n := range g.Needs() {
		if r.IntN(3) > 0 {
			past.Other[n.Key] = int64(r.IntN(60))
		}
	}
	return v, past
}

// shuffled is a form with other rules, at random.
func shuffled(t *testing.T, r *rand.Rand, f Form) Form {
	t.Helper()
	f.Cells = slices.Clone(f.Cells)
	for i := range f.Cells {
		c := &f.Cells[i]
		if c.Input != Typed || c.Type == Text {
			c.Required = true
			continue
		}
		c.Watch = r.IntN(3) * 10
		var rules []string
		for range r.IntN(3) {
			rule := expression(r, f, *c, 3) + " " + pick(r, "<", "<=", "=", "!=", "!=", "!=", ">=", ">") + " " +
				pick(r, expression(r, f, *c, r.IntN(3)), fmt.Sprint(r.IntN(40)), fmt.Sprint(r.IntN(2)))
			if r.IntN(2) == 0 {
				rule = "warn " + rule
			}
			if r.IntN(4) == 0 {
				rule += " if " + expression(r, f, *c, 1) + pick(r, " < ", " >= ") + expression(r, f, *c, 1)
			}
			rules = append(rules, rule)
		}
		c.Rule = strings.Join(rules, "; ")
	}
	if err := f.Compile(); err != nil {
		t.Fatalf("a random rule does not compile: %v", err)
	}
	return f
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func expression(r *rand.Rand, f Form, c Cell, depth int) string {
	cell := func(row string) string {
		var cols []string
		for _, x := range f.Cells {
			if x.Row == row && x.Type != Text {
				cols = append(cols, x.Col)
			}
		}
		if len(cols) == 0 {
			return "2"
		}
		return pick(r, cols...)
	}
	if depth == 0 {
		return pick(r, fmt.Sprint(r.IntN(90)), "0.5", cell(c.Row), cell(c.Row)+pick(r, "@prev", "@year", "@ytd"), "@HH", "@BM01."+cell(c.Row), "rows")
	}
	a, b := expression(r, f, c, r.IntN(depth)), expression(r, f, c, r.IntN(depth))
	switch r.IntN(4) {
	case 0:
		return pick(r, "max(", "min(") + a + ", " + b + ")"
	case 1:
		if s := cell(Member); s != "2" {
			return "sum(" + s + ")"
		}
	}
	return "(" + a + pick(r, " + ", " - ", " * ", " / ") + b + ")"
}
