package report_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
	"banlang/internal/release/dataset"
	"banlang/internal/report"
	"banlang/internal/web/webtest"

	"github.com/google/go-cmp/cmp"
)

func (h house) takeIn(t testing.TB, by duty.Actor, name, body string, dry bool) intake.Report {
	t.Helper()
	r, err := h.desk.Import(t.Context(), by, "figures", name, strings.NewReader(body), dry, nil)
	if err != nil {
		t.Fatalf("Import(%s): %v", name, err)
	}
	return r
}

// refusedKeys are the reasons by row.
func refusedKeys(r intake.Report) map[int]string {
	keys := map[int]string{}
	for _, one := range r.Refused {
		keys[one.Row] = strings.TrimPrefix(fault.All(one.Why)[0].Key, "report.import.")
	}
	return keys
}

// waiting is the only import that waits.
func (h house) waiting(t testing.TB) string {
	t.Helper()
	all, err := h.desk.Imports(t.Context(), head)
	if err != nil || len(all) == 0 || all[0].State != report.ImportWaiting {
		t.Fatalf("Imports = %+v, %v; want one that waits", all, err)
	}
	return all[0].ID
}

func (h house) people(t testing.TB) fact.Answer {
	t.Helper()
	if err := h.facts.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := h.facts.Ask(t.Context(), fact.Question{Indicators: []fact.Code{"POP"}, Periods: []fact.Period{fact.NewPeriod(fact.FiveYear, 2019, 0)}, Area: home,
		Rows: []fact.Dim{fact.ByGroup}, Cols: []fact.Dim{fact.ByPeriod}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// census is the census of the province as a release lays it out, its small groups hidden.
func census(a fact.Answer) (table dataset.Table, hidden int) {
	table = dataset.Table{ID: "dan-so", Title: "Dân số", Dims: []dataset.Dimension{
		{Code: "place", Title: "Nơi", Role: dataset.Geo, Members: []dataset.Member{{Code: home, Label: "Lạng Sơn"}}},
		{Code: "period", Title: "Kỳ", Role: dataset.Time, Members: []dataset.Member{{Code: "2019F", Label: "2019"}}},
		{Code: "group", Title: "Dân tộc"},
		{Code: "indicator", Title: "Chỉ tiêu", Role: dataset.Metric, Members: []dataset.Member{{Code: "POP", Label: "Dân số", Unit: "người"}}},
	}}
	for n, row := range a.Rows {
		table.Dims[2].Members = append(table.Dims[2].Members, dataset.Member{Code: row.Members[0].Code, Label: row.Members[0].Code})
		c := dataset.Cell{At: []int{0, 0, n, 0}}
		if c.Value, c.Has = a.Cells[n][0].Value(); c.Value < 5 {
			c, hidden = dataset.Cell{At: c.At, Status: dataset.Hidden}, hidden+1
		}
		table.Cells = append(table.Cells, c)
	}
	return table, hidden
}

// The census goes out in each format and comes into a desk without figures: what is asked of it then is the same but for what was hidden.
func TestFiguresRoundTrip(t *testing.T) {
	for _, code := range []string{"dhis2", "csv", "sdmx"} {
		t.Run(code, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				full := open(t, d)
				before := full.people(t)
				table, hidden := census(before)
				var file bytes.Buffer
				for _, f := range dataset.Formats {
					if f.Code == code {
						if err := f.Write(&file, table, "vi"); err != nil {
							t.Fatal(err)
						}
					}
				}
				if _, err := db.Exec(t.Context(), d, "DELETE FROM fact"); err != nil {
					t.Fatal(err)
				}
				h := open(t, d)
				if h.people(t); len(table.Cells) < 20 || hidden == 0 {
					t.Fatalf("the census has %d cells, %d hidden", len(table.Cells), hidden)
				}
				r := h.takeIn(t, statistician, "dan-so", file.String(), false)
				if r.Added != len(table.Cells)-hidden || r.Changed+r.Same != 0 || len(r.Refused) != hidden {
					t.Fatalf("Import = %+v, want %d added and %d refused", r, len(table.Cells)-hidden, hidden)
				}
				if err := h.desk.ConfirmImport(t.Context(), head, h.waiting(t)); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(said(before, 5), said(h.people(t), 0)); diff != "" {
					t.Errorf("after the round trip (-want +got):\n%s", diff)
				}
				if again := h.takeIn(t, statistician, "dan-so", file.String(), true); again.Same != r.Added || again.Added+again.Changed != 0 {
					t.Errorf("the same file again = %+v, want all known", again)
				}
			})
		})
	}
}

// said are the figures from a least one up, by group.
func said(a fact.Answer, least float64) map[string]float64 {
	all := map[string]float64{}
	for n, row := range a.Rows {
		if v, ok := a.Cells[n][0].Value(); ok && v >= least {
			all[row.Members[0].Code] = v
		}
	}
	return all
}

const figuresHead = "indicator,place,period,group,sex,value,status\n"

func TestFiguresRefusedOneByOne(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	lines := []struct{ line, want string }{
		{"POP,06325,2026H1,_T,_T,100,", ""},
		{"POP,06325,2026H1,tay,male,40,", ""},
		{"POP,06325,2026H1,tay,male,41,", "twice"},
		{"NONE,06325,2026H1,_T,_T,1,", "indicator"},
		{"LIT_OWN_RATE,06325,2026H1,_T,_T,1,", "derived"},
		{"POP,06325,2026Q1,_T,_T,1,", "period_kind"},
		{"POP,06325,2026W1,_T,_T,1,", "period"},
		{"POP,06325,2027H1,_T,_T,1,", "future"},
		{"POP,99999,2026H1,_T,_T,1,", "place"},
		{"POP,06325@20250701,2019F,_T,_T,1,", "place_then"},
		{"POP,04,2026H1,_T,_T,1,", "area"},
		{"POP,06325,2026H1,nobody,_T,1,", "member"},
		{"POP,06325,2026H1,,_T,1,", "member"},
		{"HH,06325,2026H1,tay,_T,1.5,", "decimals"},
		{"HH,06325,2026H1,nung,_T,-1,", "number"},
		{"HH,06325,2026H1,dao,_T,abc,", "number"},
		{"HH,06325,2026H1,hoa,_T,,C", "hidden"},
		{"HH,06325,2026H1,hmong,_T,,M", ""},
		{"HH,06325,2026H1,kinh,_T,12,E", "estimated"},
		{"HH,06325,2026H1,kinh,_T,12,P", "partial"},
		{"HH,06325,2026H1,kinh,_T,12,X", "status"},
	}
	body, want := figuresHead, map[int]string{}
	for n, l := range lines {
		body += l.line + "\n"
		if l.want != "" {
			want[n+2] = l.want
		}
	}
	r := h.takeIn(t, statistician, "so.csv", body, true)
	if diff := cmp.Diff(want, refusedKeys(r)); diff != "" || r.Added != 2 || r.Blank != 1 || r.Rows != len(lines) {
		t.Errorf("Import = %d added, %d blank of %d rows, refused (-want +got):\n%s", r.Added, r.Blank, r.Rows, diff)
	}
	period, _ := h.period(t)
	if err := h.desk.Lock(t.Context(), statistician, period); err != nil {
		t.Fatal(err)
	}
	if got := refusedKeys(h.takeIn(t, statistician, "so.csv", body, true)); got[2] != "locked" {
		t.Errorf("a figure of a locked period is refused for %q, want locked", got[2])
	}
	if all, err := h.desk.Imports(t.Context(), head); err != nil || len(all) > 0 {
		t.Errorf("a dry run left %v, %v", all, err)
	}
	for _, test := range []struct {
		name, body string
		by         duty.Actor
		want       fault.Kind
	}{
		{"a column nobody knows", "indicator,place,period,value,religion\nPOP,06325,2026H1,1,x\n", statistician, fault.Invalid},
		{"no figures", "a,b\n1,2\n", statistician, fault.Invalid},
		{"not JSON", "{", statistician, fault.Invalid},
		{"who may not enter", body, head, fault.Forbidden},
		{"who enters for one commune", body, officer, fault.Forbidden},
	} {
		if _, err := h.desk.Import(t.Context(), test.by, "figures", "so", strings.NewReader(test.body), true, nil); !fault.Is(err, test.want) {
			t.Errorf("%s = %v, want %v", test.name, err, test.want)
		}
	}
}

func TestFiguresNeedTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := open(t, d), t.Context()
		both := statistician
		both.Grants = append(both.Grants, head.Grants...)
		h.takeIn(t, both, "so.csv", figuresHead+"POP,06325,2026H1,_T,_T,100,\nPOP,06211,2026H1,_T,_T,7,\n", false)
		if r := h.takeIn(t, statistician, "so.csv", figuresHead+"POP,06325,2026H1,_T,_T,100,\nPOP,06211,2026H1,_T,_T,7,\n", false); r.Same != 2 || r.Added > 0 {
			t.Errorf("a file that waits, sent again = %+v", r)
		}
		id := h.waiting(t)
		for _, by := range []duty.Actor{statistician, leader, ministry} {
			if err := h.desk.ConfirmImport(ctx, by, id); !fault.Is(err, fault.Forbidden) {
				t.Errorf("ConfirmImport by %s = %v, want Forbidden", by.ID, err)
			}
		}
		both.Grants = head.Grants
		if err := h.desk.ConfirmImport(ctx, both, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("ConfirmImport by who took it in = %v, want Forbidden", err)
		}
		tasks, err := h.desk.Work(ctx, head)
		if err != nil || len(tasks) != 1 || tasks[0].Kind != "report.work.figures" {
			t.Errorf("Work of the leader = %v, %v", tasks, err)
		}
		if err := h.desk.RefuseImport(ctx, head, id, " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("RefuseImport without a reason = %v", err)
		}
		if err := h.desk.ConfirmImport(ctx, head, id); err != nil {
			t.Fatal(err)
		}
		if err := h.desk.RefuseImport(ctx, head, id, "sai"); !fault.Is(err, fault.Conflict) {
			t.Errorf("RefuseImport of a confirmed one = %v, want Conflict", err)
		}
		key := fact.Key{Indicator: "POP", Place: bacSon, Period: fact.NewPeriod(fact.Half, 2026, 1)}
		held, err := h.facts.Holding(ctx, d, []fact.Key{key})
		if err != nil || held[key].Value != 100 {
			t.Errorf("Holding = %v, %v; want 100", held, err)
		}
		b, err := db.Value[string](ctx, d, "SELECT entered_by || ' ' || certified_by || ' ' || file_name FROM fact_batch WHERE origin = 'import'")
		if err != nil || b != "statistician head so.csv" {
			t.Errorf("the batch says %q, %v", b, err)
		}

		r := h.takeIn(t, statistician, "sua.csv", figuresHead+"POP,06325,2026H1,_T,_T,101,\nPOP,06211,2026H1,_T,_T,7,\n", false)
		if r.Changed != 1 || r.Same != 1 {
			t.Errorf("a correction = %+v, want 1 changed and 1 known", r)
		}
		if err := h.desk.RefuseImport(ctx, head, h.waiting(t), "sai tệp"); err != nil {
			t.Fatal(err)
		}
		if held, _ := h.facts.Holding(ctx, d, []fact.Key{key}); held[key].Value != 100 {
			t.Errorf("after a refusal %v holds, want 100", held[key].Value)
		}
	})
}

// Real payloads of another system speak of what Banlang does not count: every value is refused, each with its sentence.
func TestFiguresOfDHIS2(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data", "formats", "dhis2", "aggregate")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the real payloads of DHIS2 are not beside the project: ../shared/data/formats/dhis2")
	}
	h := open(t, dbtest.SQLite(t))
	for _, name := range []string{"dataValues_single_dataset.json", "dataValues_bulk.json"} {
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		r := h.takeIn(t, statistician, name, string(body), false)
		if r.Rows == 0 || len(r.Refused) != r.Rows || r.Added+r.Changed+r.Same+r.Blank != 0 {
			t.Errorf("%s: %d refused of %d values, %d added", name, len(r.Refused), r.Rows, r.Added)
		}
		why := map[string]int{}
		for row, key := range refusedKeys(r) {
			if row < 1 || row > r.Rows {
				t.Errorf("%s: a refusal of value %d of %d", name, row, r.Rows)
			}
			why[key]++
		}
		if len(why) == 0 || why["indicator"] == 0 {
			t.Errorf("%s is refused for %v, want mostly unknown indicators", name, why)
		}
	}
}

func TestPagesOfFigures(t *testing.T) {
	const imports = "/ban-lam-viec/so-lieu-nhap"
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	webtest.Render(t, s, "head", imports)
	var body strings.Builder
	w := csv.NewWriter(&body)
	_ = w.Write(strings.Split(strings.TrimSpace(figuresHead), ","))
	for n := range 10 {
		_ = w.Write([]string{"POP", "06325", "2026H1", "tay", []string{"_T", "male", "female"}[n%3], fmt.Sprint(n), ""})
	}
	w.Flush()
	h.takeIn(t, statistician, "so.csv", body.String(), false)
	one := imports + "/" + h.waiting(t)
	webtest.Render(t, s, "head", imports, one)
	webtest.Render(t, s, "statistician", imports, one)
	if got := webtest.New(t, s).As("statistician").Post(one, "step", "xac-nhan").Status; got != 403 {
		t.Errorf("confirmed by the statistician = %d, want 403", got)
	}
	if got := webtest.New(t, s).As("head").Post(one, "step", "tu-choi").Status; got != 422 {
		t.Errorf("refused without a reason = %d, want 422", got)
	}
	if got := webtest.New(t, s).As("head").Post(one, "step", "xac-nhan").Status; got != 303 {
		t.Errorf("confirmed by the leader = %d, want 303", got)
	}
	webtest.Render(t, s, "head", imports, one)
}
