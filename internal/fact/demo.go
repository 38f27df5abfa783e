package fact

import (
	"context"
	"fmt"
	"math/rand/v2"

	"banlang/internal/ethnic"
	"banlang/internal/place"
)

// DemoTitle is what figures that a machine made are called wherever they appear.
const DemoTitle = "Số minh hoạ, sinh bằng máy"

// A kit is one column of a form as the generator fills it.
type kit struct {
	code Code
	kind PeriodKind
	by   string // "", "group", "group sex", "sex", "age", or "village" of the home province
	most int    // of one figure
}

// kits are columns of the forms, and a few that forms do not ask for.
var kits = []kit{
	{"POP", Half, "group sex", 400}, {"POP", Half, "age", 900}, {"HH", Half, "group", 120}, {"POP15", Half, "group", 300},
	{"POOR_HH", Year, "group", 30}, {"NEARPOOR_HH", Year, "group", 25}, {"POOR_OUT", Year, "group", 9}, {"POOR_IN", Year, "group", 5},
	{"NO_RES_LAND", Year, "group", 12}, {"NO_PROD_LAND", Year, "group", 20}, {"TEMP_HOUSE", Year, "group", 10},
	{"WATER_HH", Year, "group", 110}, {"LATRINE_HH", Year, "group", 90}, {"ELEC_HH", Year, "group", 115},
	{"PUPIL", SchoolYear, "group sex", 60}, {"PUPIL_PRE", SchoolYear, "group", 20}, {"PUPIL_PRI", SchoolYear, "group", 30},
	{"PUPIL_LOW", SchoolYear, "group", 20}, {"DROPOUT", SchoolYear, "group", 3}, {"HI_PERSON", Year, "group sex", 350},
	{"CADRE_EM", Year, "group sex", 6}, {"NCUT", Half, "sex", 12}, {"FUND_PLAN", Quarter, "", 4_000_000}, {"FUND_PAID", Quarter, "", 3_000_000},
	{"SPEAKER", Quarter, "", 12}, {"SPEAKER_OK", Quarter, "", 10}, {"VILLAGE", Year, "", 20}, {"REPORT_DUE", Quarter, "", 9}, {"REPORT_ONTIME", Quarter, "", 8},
	{"ASK_IN", Month, "", 30}, {"ASK_DUE", Month, "", 25}, {"ASK_ONTIME", Month, "", 22},
	{"VILLAGE_ROAD", Year, "village", 2}, {"VILLAGE_ELEC", Year, "village", 2}, {"VILLAGE_HOUSE", Year, "village", 2},
}

// sparse is the indicator that one commune in nine has not reported.
const sparse = "HI_PERSON"

// slots are how many periods of a kind a year has.
func (k kit) slots() int {
	return max(1, map[PeriodKind]int{Half: 2, Quarter: 4, Month: 12}[k.kind])
}

// chunk is how many figures the generator writes in one transaction.
const chunk = 60_000

// Generate makes n figures for demonstration, shaped like the forms: every commune of the time, by group and sex, half a century
// back from last year if need be. Each says that a machine made it, and none replaces one that somebody reported. The same seed makes
// the same, and what is there already is not made again. progress counts to n.
func (d *Desk) Generate(ctx context.Context, n int, seed uint64, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	home := d.places.HomeUnit().ID
	villages, err := d.places.VillagesIn(ctx, home, d.places.Today())
	if err != nil {
		return err
	}
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 414)), groups: d.groups.Groups(), villages: villages} //nolint:gosec // made-up figures need no secret
	done := 0
	write := func(b Batch) error {
		facts := g.facts[:min(len(g.facts), n-done)]
		b.ID = fmt.Sprintf("demo-%d-%d", seed, done+len(facts)) // by its end: where more are asked for later, the last one grows
		if err := d.insertGenerated(ctx, b, facts); err != nil {
			return err
		}
		done, g.facts = done+len(facts), g.facts[:0]
		progress(done, n)
		return nil
	}
	last := int(d.places.Today())/10000 - 1
	for year := last; done < n && year > last-50; year-- {
		b := Batch{Origin: "demo", Title: DemoTitle, Method: "generated", Demo: true, AsOf: place.Date(year*10000 + 1231), Standard: "2022-2025"}
		if year > 2026 {
			b.Standard = "2027-2030"
		}
		for _, k := range kits {
			for slot := range k.slots() {
				at := NewPeriod(k.kind, year, slot+1)
				if k.slots() == 1 {
					at = NewPeriod(k.kind, year, 0)
				}
				for _, u := range d.places.Units("", place.Commune, at.Last()) {
					g.fill(k, u.ID, at)
					if len(g.facts) >= chunk || done+len(g.facts) >= n {
						if err := write(b); err != nil || done >= n {
							return err
						}
					}
				}
			}
		}
		if err := write(b); err != nil {
			return err
		}
	}
	return nil
}

// A generator makes figures up.
type generator struct {
	*rand.Rand
	groups   []ethnic.Group
	villages []place.Village
	facts    []Fact
}

// fill makes the figures of one column for one commune: six groups live in each.
func (g *generator) fill(k kit, unit place.ID, at Period) {
	add := func(village string, c Cut, v int64) int64 {
		g.facts = append(g.facts, Fact{Key: Key{Indicator: k.code, Place: unit, Village: village, Period: at, Cut: c}, Value: v, State: Known})
		return v
	}
	some := func() int64 { return int64(g.IntN(k.most)) }
	first := int(unit[4]) + 7*int(unit[3]) + 3*int(unit[2]) // the same groups in every form of a commune
	switch k.by {
	case "":
		add("", Cut{}, some())
	case "village":
		for _, v := range g.villages {
			if v.Unit == unit {
				add(v.ID, Cut{}, some())
			}
		}
	case "sex":
		add("", Cut{}, add("", Cut{Sex: "male"}, some())+add("", Cut{Sex: "female"}, some()))
	case "age":
		for _, age := range []string{"0-4", "5-14", "15-34", "35-59", "60+"} {
			add("", Cut{Age: age}, some())
		}
	default:
		if k.code == sparse && first%9 == 0 {
			return
		}
		for n := range 6 {
			slug := g.groups[(first+n*9)%len(g.groups)].Slug
			if k.by == "group" {
				add("", Cut{Group: slug}, some())
				continue
			}
			add("", Cut{Group: slug}, add("", Cut{Group: slug, Sex: "male"}, some())+add("", Cut{Group: slug, Sex: "female"}, some()))
		}
	}
}
