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
	code   Code
	kind   PeriodKind
	groups bool
	sexes  bool
	most   int // of one figure
}

// kits are columns of the forms of issue: counts by group and sex, by group, and of the whole commune.
var kits = []kit{
	{"POP", Half, true, true, 400}, {"HH", Half, true, false, 120}, {"POP15", Half, true, false, 300},
	{"POOR_HH", Year, true, false, 30}, {"NEARPOOR_HH", Year, true, false, 25}, {"POOR_OUT", Year, true, false, 9}, {"POOR_IN", Year, true, false, 5},
	{"NO_RES_LAND", Year, true, false, 12}, {"NO_PROD_LAND", Year, true, false, 20}, {"TEMP_HOUSE", Year, true, false, 10},
	{"WATER_HH", Year, true, false, 110}, {"LATRINE_HH", Year, true, false, 90}, {"ELEC_HH", Year, true, false, 115},
	{"PUPIL", SchoolYear, true, true, 60}, {"PUPIL_PRE", SchoolYear, true, false, 20}, {"PUPIL_PRI", SchoolYear, true, false, 30},
	{"PUPIL_LOW", SchoolYear, true, false, 20}, {"DROPOUT", SchoolYear, true, false, 3}, {"HI_PERSON", Year, true, true, 350},
	{"CADRE_EM", Year, true, true, 6}, {"NCUT", Half, false, true, 12}, {"FUND_PLAN", Quarter, false, false, 4_000_000}, {"FUND_PAID", Quarter, false, false, 3_000_000},
	{"SPEAKER", Quarter, false, false, 12}, {"SPEAKER_OK", Quarter, false, false, 10}, {"VILLAGE", Year, false, false, 20}, {"VILLAGE_ROAD", Year, false, false, 18},
	{"ASK_IN", Month, false, false, 30}, {"ASK_DUE", Month, false, false, 25}, {"ASK_ONTIME", Month, false, false, 22},
}

// slots are how many periods of a kind a year has.
func (k kit) slots() int {
	return max(1, map[PeriodKind]int{Half: 2, Quarter: 4, Month: 12}[k.kind])
}

// chunk is how many figures the generator writes in one transaction.
const chunk = 60_000

// Generate makes n figures for demonstration, shaped like the forms: every commune of the country, by group and sex, year after
// year back from the last. Each says that a machine made it. The same seed makes the same. progress counts to n.
func (d *Desk) Generate(ctx context.Context, n int, seed uint64, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	communes := d.places.Units("", place.Commune, d.places.Today())
	groups := d.groups.Groups()
	r := rand.New(rand.NewPCG(seed, 414)) //nolint:gosec // made-up figures need no secret
	last := int(d.places.Today())/10000 - 1
	b := Batch{Origin: "demo", Title: DemoTitle, Method: "generated", Demo: true}
	var facts []Fact
	done, year := 0, 0
	write := func() error {
		b.ID = fmt.Sprintf("demo-%d-%d-%d", seed, year, done)
		facts = facts[:min(len(facts), n-done)]
		if err := d.insertGenerated(ctx, b, facts); err != nil {
			return err
		}
		done += len(facts)
		facts = facts[:0]
		progress(done, n)
		return nil
	}
	for year = last; done < n && year > last-60; year-- {
		b.AsOf, b.Standard = place.Date(year*10000+1231), "2022-2025"
		if year > 2026 {
			b.Standard = "2027-2030"
		}
		for _, k := range kits {
			for slot := range k.slots() {
				at := NewPeriod(k.kind, year, slot+1)
				if k.slots() == 1 {
					at = NewPeriod(k.kind, year, 0)
				}
				for _, u := range communes {
					facts = k.fill(facts, r, u.ID, at, groups)
					if len(facts) >= chunk || done+len(facts) >= n {
						if err := write(); err != nil || done >= n {
							return err
						}
					}
				}
			}
		}
	}
	return write()
}

// fill makes the figures of one column for one commune: some six groups live in one.
func (k kit) fill(facts []Fact, r *rand.Rand, unit place.ID, at Period, groups []ethnic.Group) []Fact {
	add := func(c Cut) int64 {
		v := int64(r.IntN(k.most))
		facts = append(facts, Fact{Key: Key{Indicator: k.code, Place: unit, Period: at, Cut: c}, Value: v, State: Known})
		return v
	}
	kinds := []ethnic.Slug{""}
	if k.groups {
		kinds = kinds[:0]
		first := int(unit[len(unit)-1]) + int(unit[1])*7 + int(unit[3]) // the same groups in every form of a commune
		for n := range 6 {
			kinds = append(kinds, groups[(first+n*n*5)%len(groups)].Slug)
		}
		kinds[0] = "kinh"
	}
	seen := map[ethnic.Slug]bool{}
	for _, g := range kinds {
		if seen[g] {
			continue
		}
		seen[g] = true
		if !k.sexes {
			add(Cut{Group: g})
			continue
		}
		both := add(Cut{Group: g, Sex: "male"}) + add(Cut{Group: g, Sex: "female"})
		facts = append(facts, Fact{Key: Key{Indicator: k.code, Place: unit, Period: at, Cut: Cut{Group: g}}, Value: both, State: Known})
	}
	return facts
}
