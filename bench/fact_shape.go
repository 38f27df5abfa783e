package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// A shape is a question that officers ask, and the same as SQL over the table of figures.
type shape struct {
	name string
	ask  fact.Question
	sql  string
	sums bool // both give counts whose sum must be the same
}

// shapes are the 18 of S2.
func (h *statHouse) shapes() []shape {
	year := int(h.today)/10000 - 1
	home := h.places.HomeUnit().ID
	commune := h.places.Units(home, place.Commune, h.today)[0].ID
	for _, u := range h.places.Units(home, place.Commune, h.today) {
		if u.Code == "06325" {
			commune = u.ID
		}
	}
	one := func(kind fact.PeriodKind, n int) []fact.Period { return []fact.Period{fact.NewPeriod(kind, year, n)} }
	half, whole := one(fact.Half, 2), one(fact.Year, 0)
	var months, quarters []fact.Period
	for n := range 12 {
		months = append(months, fact.NewPeriod(fact.Month, year, n+1))
	}
	for n := range 4 {
		quarters = append(quarters, fact.NewPeriod(fact.Quarter, year, n+1))
	}
	var all []fact.Code
	for _, i := range h.facts.Indicators() {
		all = append(all, i.Code)
	}
	codes := func(c ...fact.Code) []fact.Code { return c }
	dims := func(d ...fact.Dim) []fact.Dim { return d }
	what, whose, when, who, sex := fact.ByIndicator, fact.ByPlace, fact.ByPeriod, fact.ByGroup, fact.BySex

	list := func(ps []fact.Period) string {
		var s []string
		for _, p := range ps {
			s = append(s, fmt.Sprint(int(p)))
		}
		return strings.Join(s, ",")
	}
	ids := func(cs ...fact.Code) string {
		var s []string
		for _, c := range cs {
			s = append(s, "'"+string(c)+"'")
		}
		return "(SELECT id FROM fact_code WHERE code IN (" + strings.Join(s, ",") + "))"
	}
	// from is the figures of indicators and periods with their place and cut; only cuts of the dimensions that are named.
	from := func(ps []fact.Period, cut string, cs ...fact.Code) string {
		return " FROM fact f JOIN bench_place p ON p.id = f.place JOIN fact_cut c ON c.id = f.cut WHERE f.replaced = 0 AND f.indicator IN " + ids(cs...) +
			" AND f.period IN (" + list(ps) + ") AND " + cut
	}
	const (
		plain   = "c.grp = '' AND c.sex = '' AND c.age = ''"
		byGroup = "c.grp <> '' AND c.sex = '' AND c.age = ''"
		bySex   = "c.grp <> '' AND c.sex <> ''"
		byAge   = "c.age <> ''"
	)
	inHome := " AND p.province = '" + string(home) + "'"
	rate := "SELECT p.own, 100.0 * sum(f.value) FILTER (WHERE f.indicator IN " + ids("POOR_HH") + ") / nullif(sum(f.value) FILTER (WHERE f.indicator IN " + ids("HH") + "), 0)"
	before := fact.NewPeriod(fact.Year, year-1, 0)
	five := codes("POOR_HH", "NEARPOOR_HH", "WATER_HH", "LATRINE_HH", "ELEC_HH")
	last := fact.NewPeriod(fact.Half, year-1, 2)
	return []shape{
		{"one indicator by month, country", fact.Question{Indicators: codes("ASK_IN"), Periods: months, Cols: dims(when)},
			"SELECT f.period, sum(f.value)" + from(months, plain, "ASK_IN") + " GROUP BY 1", true},
		{"all indicators by province by month", fact.Question{Indicators: all, Periods: months, Rows: dims(whose), Cols: dims(what, when)},
			"SELECT p.province, f.indicator, f.period, sum(f.value)" + from(months, plain, all...) + " GROUP BY 1, 2, 3", false},
		{"five indicators by commune", fact.Question{Indicators: five, Periods: whole, Rows: dims(whose), Cols: dims(what), Level: place.Commune},
			"SELECT p.own, f.indicator, sum(f.value)" + from(whole, byGroup, five...) + " GROUP BY 1, 2", true},
		{"one indicator by group by province", fact.Question{Indicators: codes("POP"), Periods: half, Rows: dims(whose), Cols: dims(who)},
			"SELECT p.province, c.grp, sum(f.value)" + from(half, byGroup, "POP") + " GROUP BY 1, 2", true},
		{"group x sex by commune of one province", fact.Question{Indicators: codes("POP"), Periods: half, Area: home, Rows: dims(whose), Cols: dims(who, sex)},
			"SELECT p.own, c.grp, c.sex, sum(f.value)" + from(half, bySex, "POP") + inHome + " GROUP BY 1, 2, 3", true},
		{"top 20 communes", fact.Question{Indicators: codes("POOR_HH"), Periods: whole, Rows: dims(whose), Level: place.Commune, Top: 20},
			"SELECT p.own, sum(f.value)" + from(whole, byGroup, "POOR_HH") + " GROUP BY 1 ORDER BY 2 DESC LIMIT 20", true},
		{"share of a total", fact.Question{Indicators: codes("POOR_HH"), Periods: whole, Rows: dims(whose), Show: fact.ShareTotal},
			"SELECT p.province, 100.0 * sum(f.value) / sum(sum(f.value)) OVER ()" + from(whole, byGroup, "POOR_HH") + " GROUP BY 1", false},
		{"ratio indicator by commune", fact.Question{Indicators: codes("POOR_RATE"), Periods: whole, Rows: dims(whose), Level: place.Commune},
			rate + from(append(half, whole...), byGroup, "POOR_HH", "HH") + " GROUP BY 1", false},
		{"year on year change", fact.Question{Indicators: codes("POOR_HH"), Periods: whole, Rows: dims(whose), Show: fact.ChangeYear, Geography: h.today},
			"SELECT p.today_province, sum(CASE WHEN f.period = " + list(whole) + " THEN f.value ELSE -f.value END)" + from(append([]fact.Period{before}, whole...), byGroup, "POOR_HH") + " GROUP BY 1", false},
		{"last year's units as of today's", fact.Question{Indicators: codes("POP"), Periods: []fact.Period{last}, Area: home, Rows: dims(whose), Geography: h.today},
			"SELECT p.today, sum(f.value)" + from([]fact.Period{last}, plain+" OR "+byAge, "POP") + inHome + " GROUP BY 1", false},
		{"by area class", fact.Question{Indicators: codes("POOR_HH"), Periods: whole, Rows: dims(fact.ByAreaClass)},
			"SELECT p.class, sum(f.value)" + from(whole, byGroup, "POOR_HH") + " GROUP BY 1", true},
		{"by village of one commune", fact.Question{Indicators: codes("VILLAGE_ROAD"), Periods: whole, Area: commune, Rows: dims(whose)},
			"SELECT p.village, sum(f.value)" + from(whole, plain, "VILLAGE_ROAD") + " AND p.own = '" + string(commune) + "' GROUP BY 1", true},
		{"completeness of reports", fact.Question{Indicators: codes("REPORT_ONTIME", "REPORT_DUE"), Periods: quarters, Rows: dims(whose), Cols: dims(what, when)},
			"SELECT p.province, f.indicator, f.period, sum(f.value), count(DISTINCT p.own)" + from(quarters, plain, "REPORT_ONTIME", "REPORT_DUE") + " GROUP BY 1, 2, 3", false},
		{"age group by half-year", fact.Question{Indicators: codes("POP"), Periods: append(one(fact.Half, 1), half...), Rows: dims(fact.ByAge), Cols: dims(when)},
			"SELECT c.age, f.period, sum(f.value)" + from(append(one(fact.Half, 1), half...), byAge, "POP") + " GROUP BY 1, 2", true},
		{"two indicators side by side", fact.Question{Indicators: codes("POOR_HH", "NEARPOOR_HH"), Periods: whole, Rows: dims(whose), Cols: dims(what)},
			"SELECT p.province, f.indicator, sum(f.value)" + from(whole, byGroup, "POOR_HH", "NEARPOOR_HH") + " GROUP BY 1, 2", true},
		{"one place's profile, all indicators", fact.Question{Indicators: all, Periods: whole, Area: commune, Rows: dims(what)},
			"SELECT indicator, sum(value) FROM (SELECT f.indicator, f.value, dense_rank() OVER (PARTITION BY f.indicator ORDER BY f.period DESC) AS age, " +
				"dense_rank() OVER (PARTITION BY f.indicator, f.period ORDER BY cast(c.grp <> '' AS int) + cast(c.sex <> '' AS int) + cast(c.age <> '' AS int)) AS dims " +
				"FROM fact f JOIN fact_cut c ON c.id = f.cut WHERE f.replaced = 0 AND f.period BETWEEN " + fmt.Sprint(year*1000) + " AND " + fmt.Sprint(year*1000+999) +
				" AND f.place IN (SELECT id FROM bench_place WHERE own = '" + string(commune) + "')) AS q WHERE age = 1 AND dims = 1 GROUP BY 1", false},
		{"map of every commune", fact.Question{Indicators: codes("HH"), Periods: half, Rows: dims(whose), Level: place.Commune},
			"SELECT p.own, sum(f.value)" + from(half, byGroup, "HH") + " GROUP BY 1", true},
		{"sums with missing parts marked", fact.Question{Indicators: codes("HI_PERSON"), Periods: whole, Rows: dims(whose)},
			"SELECT p.province, sum(f.value), count(DISTINCT p.own)" + from(whole, byGroup, "HI_PERSON") + " GROUP BY 1", false},
	}
}

// asPeer gives PostgreSQL what it needs to answer fast: where each place belongs, and an index that has the values.
func (h *statHouse) asPeer(ctx context.Context) error {
	type spot struct {
		id            int64
		unit, village string
	}
	spots, err := db.All(ctx, h.db, func(s *spot) []any { return []any{&s.id, &s.unit, &s.village} }, "SELECT id, unit, village FROM fact_place")
	if err != nil {
		return err
	}
	classes, err := h.places.AreaClasses(ctx, place.Date(int(h.today)/10000*10000-10000+1231))
	if err != nil {
		return err
	}
	var rows [][]any
	for _, s := range spots {
		to := func(level string, on place.Date) string {
			if flows, known := h.places.Flows(place.ID(s.unit), level, on); known && len(flows) == 1 {
				return string(flows[0].To)
			}
			return ""
		}
		own := h.today
		if u, err := h.places.ByID(place.ID(s.unit)); err == nil && u.Until != 0 {
			own = u.Until.Before()
		}
		rows = append(rows, []any{s.id, s.unit, s.village, to(place.Province, own), to(place.Commune, h.today), to(place.Province, h.today), classes[place.ID(s.unit)]})
	}
	return h.db.Tx(ctx, func(tx *db.Tx) error {
		for _, text := range []string{
			"DROP TABLE IF EXISTS bench_place",
			"CREATE TABLE bench_place (id bigint PRIMARY KEY, own text, village text, province text, today text, today_province text, class text)",
			"CREATE INDEX IF NOT EXISTS bench_fact ON fact (indicator, period, place, cut) INCLUDE (value) WHERE replaced = 0",
			"CREATE INDEX IF NOT EXISTS bench_fact_place ON fact (place, period, indicator, cut) INCLUDE (value) WHERE replaced = 0",
		} {
			if _, err := db.Exec(ctx, tx, text); err != nil {
				return err
			}
		}
		if err := db.Insert(ctx, tx, "bench_place", "id, own, village, province, today, today_province, class", rows); err != nil {
			return err
		}
		for _, table := range []string{"fact", "bench_place", "fact_cut", "fact_code"} {
			if _, err := db.Exec(ctx, tx, "ANALYZE "+table); err != nil {
				return err
			}
		}
		return nil
	})
}

// ours asks a shape as an officer of the whole country, with rights and the record, and gives the sum of its counts.
func ours(ctx context.Context, d *fact.Desk, s shape) (seconds float64, sum int64, err error) {
	officer := duty.Actor{ID: "bench", Name: "bench", Grants: []duty.Grant{{Role: duty.Statistician}}}
	began := time.Now()
	a, err := d.AskAs(ctx, officer, s.ask)
	seconds = time.Since(began).Seconds()
	for _, row := range a.Cells {
		for _, c := range row {
			sum += c.Num
		}
	}
	return seconds, sum, err
}

// peer runs the SQL of a shape and reads its rows.
func (h *statHouse) peer(ctx context.Context, s shape) (seconds float64, sum int64, err error) {
	began := time.Now()
	sum, err = db.Value[int64](ctx, h.db, "SELECT count(*) FROM ("+s.sql+") AS q")
	return time.Since(began).Seconds(), sum, err
}

// sameSum checks that both answer the same.
func (h *statHouse) sameSum(ctx context.Context, d *fact.Desk, s shape) error {
	_, got, err := ours(ctx, d, s)
	if err != nil || !s.sums {
		return err
	}
	columns := strings.Count(s.sql[:strings.Index(s.sql, "sum(f.value)")], ",")
	names := []string{"a", "b", "c", "d"}[:columns+1]
	want, err := db.Value[int64](ctx, h.db, "SELECT cast(coalesce(sum("+names[columns]+"), 0) AS bigint) FROM ("+s.sql+") AS q ("+strings.Join(names, ", ")+")")
	if err == nil && got != want {
		err = fmt.Errorf("%s: the cube says %d, SQL %d", s.name, got, want)
	}
	return err
}

// pivots is S2: the 18 shapes, and the same as SQL on PostgreSQL, both warm.
//
// It asks the desk in the process; over HTTP the same question is GET /api/v1/so-lieu/chinh-xac.
func pivots(ctx context.Context) ([]figure, error) {
	url, stop, err := postgres(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	h, err := openStat(ctx, url)
	if err != nil {
		return nil, err
	}
	defer h.db.Close()
	if err := h.fill(ctx, loaded); err != nil {
		return nil, err
	}
	if err := h.asPeer(ctx); err != nil {
		return nil, err
	}
	d, _, _, err := h.rebuild(ctx)
	if err != nil {
		return nil, err
	}
	var took, ratios []float64
	var wrong []error
	slower := 0
	for _, s := range h.shapes() {
		if err := h.sameSum(ctx, d, s); err != nil { // and warms both
			wrong = append(wrong, err)
			continue
		}
		var us, them []float64
		for range 15 {
			seconds, _, err := ours(ctx, d, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			us = append(us, seconds)
		}
		for range 5 {
			seconds, _, err := h.peer(ctx, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			them = append(them, seconds)
		}
		took = append(took, us...)
		ratio := median(them) / median(us)
		ratios = append(ratios, ratio)
		if ratio < 1 {
			slower++
		}
		say("S2: %-40s %7.1f ms, SQL %8.1f ms, %5.1f times", s.name, 1000*median(us), 1000*median(them), ratio)
	}
	if len(took) == 0 {
		return nil, errors.Join(wrong...)
	}
	p95, worst := 1000*percentile(took, 0.95), 0.0
	for _, s := range took {
		worst = math.Max(worst, 1000*s)
	}
	return []figure{
		{ID: "S2", Measure: "18 pivot shapes in the process with rights and record, 3.8 M figures, p95", Unit: "ms", Ours: p95, Bar: "<= 100 ms", Met: p95 <= 100},
		{ID: "S2", Measure: "the slowest", Unit: "ms", Ours: worst, Bar: "<= 250 ms", Met: worst <= 250},
		{ID: "S2", Measure: "times faster than SQL on PostgreSQL, median of the shapes", Ours: median(ratios), Bar: ">= 10", Met: median(ratios) >= 10},
		{ID: "S2", Measure: "shapes slower than SQL", Ours: float64(slower), Bar: "0", Met: slower == 0},
		{ID: "S2", Measure: "shapes that disagree with SQL", Ours: float64(len(wrong)), Bar: "0", Met: len(wrong) == 0},
	}, errors.Join(wrong...)
}

// growth is S3: the same shapes with ten and fifty times the figures.
func growth(ctx context.Context) ([]figure, error) {
	url, stop, err := postgres(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	h, err := openStat(ctx, url)
	if err != nil {
		return nil, err
	}
	defer h.db.Close()
	var figures []figure
	var first float64
	for _, n := range []int{400_000, 4_000_000, 20_000_000} {
		if err := h.fill(ctx, n); err != nil {
			return figures, err
		}
		all, err := h.figures(ctx)
		if err != nil {
			return figures, err
		}
		d, seconds, bytes, err := h.rebuild(ctx)
		if err != nil {
			return figures, err
		}
		var sum float64
		for _, s := range h.shapes() {
			var us []float64
			for range 6 {
				took, _, err := ours(ctx, d, s)
				if err != nil {
					return figures, err
				}
				us = append(us, took)
			}
			sum += 1000 * median(us)
		}
		if first == 0 {
			first = sum
		}
		limit := first * float64(n) / 400_000
		figures = append(figures,
			figure{ID: "S3", Measure: fmt.Sprintf("18 shapes together, %.1f M figures", all/1e6), Unit: "ms", Ours: sum, Bar: fmt.Sprintf("<= %.0f ms", limit), Met: sum <= limit},
			figure{ID: "S3", Measure: fmt.Sprintf("memory a figure, %.1f M", all/1e6), Unit: "bytes", Ours: bytes / all, Bar: "<= 16", Met: bytes/all <= 16},
			figure{ID: "S3", Measure: fmt.Sprintf("reading %.1f M figures anew, per million", all/1e6), Unit: "s", Ours: seconds / (all / 1e6), Bar: "<= 2 s", Met: seconds/(all/1e6) <= 2})
	}
	return figures, nil
}
