package main

import (
	"context"
	"fmt"
	"strings"

	"banlang/internal/db"
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
