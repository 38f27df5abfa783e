package place

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// A Weight says how much of an old unit went to a new one, by one measure.
type Weight struct {
	Old, New ID
	Measure  string
	Num, Den int64
}

// A Weighing is the weights of one unit that was divided, entered together and confirmed by another person. The numbers of a unit
// that went whole can be entered too: with those of all its old parts a new unit can be led back to them.
type Weighing struct {
	ID      string
	Old     ID
	Measure string   // ByPopulation (persons), ByArea (hectares), ByPercent (hundredths of a percent) or a group's slug (persons)
	Parts   []Amount // one for each unit it went to
	Source  string
	AsOf    Date
	Entry
}

// An Amount is what went to one new unit.
type Amount struct {
	New ID
	Num int64
}

// Total is the whole of which the amounts are parts.
func (w Weighing) Total() int64 {
	sum := int64(0)
	for _, a := range w.Parts {
		sum += a.Num
	}
	return sum
}

// Percent is the part of one new unit in tenths of a percent, for pages.
func (w Weighing) Percent(id ID) float64 {
	for n, share := range Share(1000, w.flows()) {
		if w.Parts[n].New == id {
			return float64(share) / 10
		}
	}
	return 0
}

func (w Weighing) flows() []Flow {
	var flows []Flow
	for _, a := range w.Parts {
		flows = append(flows, Flow{To: a.New, Num: a.Num, Den: w.Total()})
	}
	return flows
}

var slug = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// hundred is all of a unit in hundredths of a percent.
const hundred = 10_000

// EnterWeights records the weights of a unit as a draft. They come into force when another person confirms them: see Decide.
func (d *Desk) EnterWeights(ctx context.Context, actor duty.Actor, key string, w Weighing) (string, error) {
	u, err := d.ByID(w.Old)
	if err != nil {
		return "", err
	}
	if err := d.checkWeights(actor, u, &w); err != nil {
		return "", err
	}
	return d.insertOne(ctx, actor, key, &w, u.FullName())
}

// checkWeights refuses weights that cannot be, and makes those that can a draft of the actor's.
func (d *Desk) checkWeights(actor duty.Actor, u Unit, w *Weighing) error {
	if err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{Area: string(d.provinceOf(u)), State: Draft}); err != nil {
		return err
	}
	var steps, given []ID
	for _, s := range d.After(w.Old) {
		steps = append(steps, s.Unit.ID)
	}
	for _, a := range w.Parts {
		if a.Num < 0 || a.Num > 1e12 {
			return fault.Field("part", "place.weight.number")
		}
		given = append(given, a.New)
	}
	slices.Sort(steps)
	slices.Sort(given)
	w.Source = strings.TrimSpace(w.Source)
	switch {
	case len(steps) == 0 || !slices.Equal(steps, given):
		return fault.Field("part", "place.weight.parts", "Name", u.FullName())
	case !slug.MatchString(w.Measure):
		return fault.Field("measure", "place.weight.measure")
	case w.Measure == ByPercent && w.Total() != hundred:
		return fault.Field("part", "place.weight.percent")
	case w.Total() == 0:
		return fault.Field("part", "place.weight.nothing")
	case w.Source == "" || len(w.Source) > 300:
		return fault.Field("source", "place.weight.source")
	case w.AsOf == 0 || w.AsOf > d.Today():
		return fault.Field("as_of", "place.weight.as_of")
	}
	w.Entry = d.draftBy(actor)
	return nil
}

// Merged finds the one unit of an area that ended and is called so, or has the code, by its name and the names above it.
func (d *Desk) Merged(area ID, text string) (Unit, error) {
	t, q := d.tree.Load(), readQuery(text)
	var found []Unit
	for _, i := range t.byName {
		if len(t.after[i]) > 0 && q.rank(&t.units[i]) == 3 && t.covered(i)[area] && t.under(i, q.above) {
			found = append(found, t.last(i))
		}
	}
	if len(found) != 1 {
		return Unit{}, fault.Field("don-vi", "place.weight.other.none", "Name", text)
	}
	return found[0], nil
}

// Divided lists the units of an area that were divided, by name.
func (d *Desk) Divided(area ID) []Unit {
	t := d.tree.Load()
	var all []Unit
	for _, i := range t.byName {
		if len(t.after[i]) > 1 && t.covered(i)[area] {
			all = append(all, t.last(i))
		}
	}
	return all
}

// readAmount reads a typed number as the measure counts: persons whole, hectares out of square kilometres and percent with two
// digits behind the comma. "1.234" is a thousand, "12,5" and "12.5" are twelve and a half.
func readAmount(text, measure string) (int64, error) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "%", "").Replace(text)
	whole, digitsAfter, point := strings.Cut(text, ",")
	if !point {
		if last := strings.LastIndexByte(text, '.'); last >= 0 && len(text)-last != 4 {
			whole, digitsAfter = text[:last], text[last+1:]
		}
	}
	whole = strings.ReplaceAll(whole, ".", "")
	scale := 0
	if measure == ByArea || measure == ByPercent {
		scale = 2
	}
	if len(digitsAfter) > scale {
		return 0, fault.Field("part", "place.weight.number")
	}
	n, err := strconv.ParseInt(whole+digitsAfter+strings.Repeat("0", scale-len(digitsAfter)), 10, 64)
	if err != nil || n < 0 || whole == "" {
		return 0, fault.Field("part", "place.weight.number")
	}
	return n, nil
}
