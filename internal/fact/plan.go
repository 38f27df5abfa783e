package fact

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
)

// A plan is a question made ready: what is counted, by which members, and which figures may be used.
type plan struct {
	Question
	cube     *cube
	geo      *geography
	asked    []asked
	level    level // of the rows or columns by place; of the area where there are none
	frontier level // figures of this level and below may be used
	members  map[Dim][]string
	only     map[Dim]map[string]bool // filters by stored dimensions
	filters  map[string]map[Dim]map[string]bool
	need     shape // dimensions that every cut must name
	dropped  []string
	every    []Period // see everyPeriod

	epoch   uint32
	taken   []uint32 // by place: the epoch in which its figure was used
	spoke   []uint32 // by place: the epoch in which that figure was known
	marks   [2][]uint32
	scratch [2][]use               // of numerators and denominators, for one period at a time
	grown   []int32                // by unit: villages that ever had figures
	class   map[place.Date][]int32 // by place: the member of ByAreaClass; -1 where filtered out
	classes map[place.Date]map[place.ID]string
}

// asked is an indicator of the question.
type asked struct {
	Indicator
	num, den part
	scale    int // decimals of the numerator less those of the denominator
}

// A part is a numerator or denominator that has figures of its own.
type part struct {
	code   uint32 // 0: nobody has reported any
	need   shape
	only   map[Dim]map[string]bool
	filter string // only as text
	before bool
}

const tooLarge = 300_000 // cells of an answer

// newPlan makes a question ready. What cannot be is dropped and named; a question of which nothing is left is a fault.
func newPlan(ctx context.Context, q Question, c *cube, k *catalogue, g *geography, minorities []string) (*plan, error) {
	p := &plan{Question: q, cube: c, geo: g, members: map[Dim][]string{}, only: map[Dim]map[string]bool{}, filters: map[string]map[Dim]map[string]bool{}}
	p.taken, p.spoke = make([]uint32, len(c.spots)), make([]uint32, len(c.spots))
	if err := p.read(k, minorities); err != nil {
		return nil, err
	}
	if err := p.setMembers(ctx); err != nil {
		return nil, err
	}
	cells := 1
	for _, d := range slices.Concat(p.Rows, p.Cols) {
		cells *= max(1, len(p.members[d]))
		if cells > tooLarge {
			return nil, fault.New(fault.TooLarge, "fact.question.too_large", "Cells", tooLarge)
		}
	}
	return p, nil
}

func (p *plan) drop(key string) {
	if !slices.Contains(p.dropped, key) {
		p.dropped = append(p.dropped, key)
	}
}

// read takes the question apart.
func (p *plan) read(k *catalogue, minorities []string) error {
	if p.Area != "" {
		if _, err := p.geo.places.ByID(p.Area); err != nil {
			return err
		}
	}
	p.Rows, p.Cols = p.dims(p.Rows, nil), p.dims(p.Cols, p.Rows)
	var codes []Code
	for _, code := range p.Indicators {
		i, ok := k.indicator(code)
		switch {
		case !ok:
			p.drop("fact.dropped.indicator")
		case !slices.Contains(codes, code) && keeps(p.Only[ByIndicator], string(code)):
			codes = append(codes, code)
			p.asked = append(p.asked, p.ask(k, i, minorities))
		}
	}
	p.Indicators = codes
	p.Periods = slices.DeleteFunc(slices.Compact(slices.SortedFunc(slices.Values(p.Periods), func(a, b Period) int {
		return cmp.Or(cmp.Compare(a.Last(), b.Last()), cmp.Compare(a, b))
	})), func(x Period) bool { return x == 0 || !keeps(p.Only[ByPeriod], x.String()) })
	switch {
	case len(codes) == 0:
		return fault.Field("indicators", "fact.question.indicators")
	case len(p.Periods) == 0:
		return fault.Field("periods", "fact.question.periods")
	case len(codes) > 1 && !p.laid(ByIndicator):
		p.Cols = append(p.Cols, ByIndicator)
	}
	for d, members := range p.Only {
		if !d.cut() {
			continue
		}
		p.only[d] = expand(members, minorities)
		p.need |= d.bit()
	}
	for _, d := range slices.Concat(p.Rows, p.Cols) {
		p.need |= d.bit()
	}
	for i := range p.asked {
		p.asked[i].num.need |= p.need
		p.asked[i].den.need |= p.need
	}
	p.setLevel()
	return nil
}

func keeps(only []string, member string) bool { return len(only) == 0 || slices.Contains(only, member) }

// filtered is the filter of a part, one for all parts that have the same.
func (p *plan) filtered(text string, only map[Dim][]string, minorities []string) map[Dim]map[string]bool {
	if known := p.filters[text]; known != nil {
		return known
	}
	sets := map[Dim]map[string]bool{}
	for d, members := range only {
		if d.cut() {
			sets[d] = expand(members, minorities)
		}
	}
	p.filters[text] = sets
	return sets
}

// expand is a set of members, the minorities one by one.
func expand(members, minorities []string) map[string]bool {
	set := map[string]bool{}
	for _, m := range members {
		if m == Minority {
			for _, slug := range minorities {
				set[slug] = true
			}
		}
		set[m] = true
	}
	return set
}

// dims keeps the dimensions that are known and not laid out already.
func (p *plan) dims(dims, other []Dim) (all []Dim) {
	for _, d := range dims {
		switch {
		case d != ByIndicator && d != ByPeriod && !slices.Contains(allDims, d):
			p.drop("fact.dropped.dimension")
		case !slices.Contains(all, d) && !slices.Contains(other, d):
			all = append(all, d)
		}
	}
	return all
}

func (p *plan) laid(d Dim) bool { return slices.Contains(p.Rows, d) || slices.Contains(p.Cols, d) }

// ask makes the parts of an indicator ready.
func (p *plan) ask(k *catalogue, i Indicator, minorities []string) asked {
	a := asked{Indicator: i}
	ready := func(t Term) (part, int) {
		t = k.stored(t)
		x := part{code: p.cube.codes[t.Code]}
		for d := range t.Only {
			if x.before = x.before || d == ByPeriod; d != ByPeriod {
				x.need |= d.bit()
			}
		}
		if x.need != 0 {
			x.filter = Term{Only: t.Only}.String()
			x.only = p.filtered(x.filter, t.Only, minorities)
		}
		stored, _ := k.indicator(t.Code)
		return x, stored.Decimals
	}
	if !i.Derived() {
		a.num, a.scale = ready(Term{Code: i.Code})
		return a
	}
	a.num, a.scale = ready(i.Numerator)
	if i.Kind != Count {
		var scale int
		a.den, scale = ready(i.Denominator)
		a.scale -= scale
	}
	return a
}

// setLevel decides which units the rows are of, and how high the figures may stand that are used.
func (p *plan) setLevel() {
	own := levelOf(p.Area)
	below := map[level]level{country: province, province: commune, district: commune, commune: village}[own]
	p.level = own
	if p.laid(ByPlace) {
		p.level = below
		switch asked := levelNamed(p.Level); {
		case p.Level == "":
		case asked < own || asked == country:
			p.drop("fact.dropped.level")
		default:
			p.level = asked
		}
	} else if len(p.Only[ByPlace]) > 0 {
		p.level = levelOf(place.ID(p.Only[ByPlace][0]))
		if !strings.Contains(p.Only[ByPlace][0], "@") {
			p.level = village
		}
	}
	p.Level = levelNames[p.level]
	p.frontier = p.level
	if p.laid(ByAreaClass) || len(p.Only[ByAreaClass]) > 0 {
		p.frontier = max(p.frontier, commune)
	}
}

// byPlaces tells whether single places are told apart: in rows and columns, or by a filter.
func (p *plan) byPlaces() bool { return p.laid(ByPlace) || len(p.Only[ByPlace]) > 0 }

// setMembers finds the members of every dimension that is laid out.
func (p *plan) setMembers(ctx context.Context) error {
	for _, i := range p.asked {
		p.members[ByIndicator] = append(p.members[ByIndicator], string(i.Code))
	}
	for _, x := range p.Periods {
		p.members[ByPeriod] = append(p.members[ByPeriod], x.String())
	}
	if p.byPlaces() {
		rows, err := p.places(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if keeps(p.Only[ByPlace], string(r)) {
				p.members[ByPlace] = append(p.members[ByPlace], string(r))
			}
		}
	}
	p.members[ByAreaClass] = []string{"I", "II", "III", ""}
	if only := p.Only[ByAreaClass]; len(only) > 0 {
		p.members[ByAreaClass] = only
	}
	if p.laid(ByAreaClass) || len(p.Only[ByAreaClass]) > 0 {
		p.class, p.classes = map[place.Date][]int32{}, map[place.Date]map[place.ID]string{}
		for _, x := range p.everyPeriod() {
			if err := p.setClasses(ctx, x.Last()); err != nil {
				return err
			}
		}
	}
	for _, d := range cutDims {
		if p.laid(d) {
			p.members[d] = p.observed(d)
		}
	}
	return nil
}

// everyPeriod is every period of which figures may be read.
func (p *plan) everyPeriod() []Period {
	if p.every != nil {
		return p.every
	}
	var all []Period
	for _, a := range p.asked {
		for _, x := range p.Periods {
			for _, y := range []Period{x, p.shift(x)} {
				all = append(all, p.cube.spread(a.num.code, a.Indicator, y)...)
				if a.Kind != Count {
					all = append(all, p.cube.spread(a.den.code, a.Indicator, y)...)
				}
				if a.den.before {
					all = append(all, p.cube.earlier(a.den.code, y))
				}
			}
		}
	}
	slices.Sort(all)
	p.every = slices.DeleteFunc(slices.Compact(all), func(x Period) bool { return x == 0 })
	return p.every
}

// shift is the period with which one is compared; itself where nothing is.
func (p *plan) shift(x Period) Period {
	switch p.Show {
	case Change:
		return x.Before()
	case ChangeYear:
		return x.YearBefore()
	}
	return x
}

// observed lists the members of a stored dimension that the figures at hand have, within the filters.
func (p *plan) observed(d Dim) []string {
	set := map[string]bool{}
	look := func(x part, at Period) {
		for _, s := range p.cube.sources[slot{x.code, at}] {
			if s.level < p.frontier || s.shape&x.need != x.need {
				continue
			}
			for _, c := range s.cuts {
				if m := p.cube.cuts[c].member(d); (p.only[d] == nil || p.only[d][m]) && (x.only[d] == nil || x.only[d][m]) {
					set[m] = true
				}
			}
		}
	}
	for _, at := range p.everyPeriod() {
		for _, a := range p.asked {
			look(a.num, at)
			if a.den.code != 0 {
				look(a.den, at)
			}
		}
	}
	for m := range p.only[d] { // what was asked for by name is shown even where there is nothing
		if m != Minority && !slices.Contains(p.Only[d], Minority) {
			set[m] = true
		}
	}
	all := make([]string, 0, len(set))
	for m := range set {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(memberOrder(d, a), memberOrder(d, b)), strings.Compare(a, b))
	})
	return all
}

// memberOrder sorts men before women, ages by their first number, and what is left over behind the groups that have a name.
func memberOrder(d Dim, m string) int {
	switch d {
	case ByGroup:
		return map[string]int{string(OtherGroups): 1, "foreign": 2, "unknown": 3}[m]
	case BySex:
		return map[string]int{"male": 1, "female": 2}[m]
	case ByAge:
		n := 0
		for _, r := range m {
			if r < '0' || r > '9' {
				break
			}
			n = n*10 + int(r-'0')
		}
		return n
	}
	return 0
}

// spread lists the periods whose figures make up those of an asked period: itself; or the parts of it, of which a stock counts
// only the last that has any.
func (c *cube) spread(code uint32, i Indicator, asked Period) []Period {
	have := c.periods[code]
	if _, ok := slices.BinarySearch(have, asked); ok || len(have) == 0 {
		return []Period{asked}
	}
	for _, kind := range []PeriodKind{i.Period, Half, Quarter, Month, SchoolYear, FiveYear} {
		parts := asked.within(kind)
		for n := len(parts) - 1; n >= 0; n-- {
			if _, ok := slices.BinarySearch(have, parts[n]); !ok {
				continue
			}
			if i.Flow {
				return parts
			}
			return parts[n : n+1]
		}
	}
	return []Period{asked}
}

// earlier is the last period before one for which there are figures, of the same kind.
func (c *cube) earlier(code uint32, than Period) Period {
	best := Period(0)
	for _, x := range c.periods[code] {
		if x.Kind() == than.Kind() && x < than {
			best = x
		}
	}
	return best
}

// places lists the places that the rows are of, by name.
func (p *plan) places(ctx context.Context) ([]place.ID, error) {
	if p.level == levelOf(p.Area) && p.level != village {
		return []place.ID{p.Area}, nil
	}
	days := []place.Date{p.Geography}
	if p.Geography == 0 {
		days = nil
		for _, x := range slices.Concat(p.Periods, p.everyPeriod()) {
			days = append(days, x.Last())
		}
		slices.Sort(days)
		days = slices.Compact(days)
	}
	var all []unit
	var seen map[place.ID]bool
	add := func(units []unit) {
		if len(units) > 0 && seen == nil { // which is seldom
			seen = make(map[place.ID]bool, len(all)+len(units))
			for _, u := range all {
				seen[u.ID] = true
			}
		}
		for _, u := range units {
			if !seen[u.ID] {
				seen[u.ID] = true
				all = append(all, u)
			}
		}
	}
	for _, day := range days {
		units, err := p.unitsOn(ctx, day)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = slices.Clip(units)
		} else {
			add(units)
		}
	}
	sorted := len(all)
	if p.Geography == 0 {
		for _, x := range p.everyPeriod() {
			add(p.reported(x))
		}
	}
	if len(days) > 1 || len(all) > sorted {
		all = slices.SortedFunc(slices.Values(all), func(a, b unit) int { // the list of a day is not ours
			return cmp.Or(strings.Compare(a.sort, b.sort), strings.Compare(string(a.ID), string(b.ID)))
		})
	}
	ids := make([]place.ID, len(all))
	for i, u := range all {
		ids[i] = u.ID
	}
	return ids, nil
}

// unitsOn lists the units of the rows' level on a day.
func (p *plan) unitsOn(ctx context.Context, day place.Date) ([]unit, error) {
	if p.level < village {
		return p.geo.unitsIn(p.Area, p.level, day), nil
	}
	if p.Area == "" { // of the country, only those with figures
		return nil, nil
	}
	found, err := p.geo.places.VillagesIn(ctx, p.Area, day)
	var all []unit
	for _, v := range found {
		p.geo.names.Store(v.ID, v.FullName())
		all = append(all, unit{place.ID(v.ID), fold.Sort(v.Name)})
	}
	return all, err
}

// reported lists the units of the level that have figures of a period though they were gone at its end or came later, some of
// them several times; and villages whenever they were there.
func (p *plan) reported(at Period) (all []unit) {
	r := p.geo.route(p.level, 0, at.Last())
	to, targets := p.geo.routesOf(p.cube.dictionary, r).to, p.geo.known()
	strays := p.geo.straysIn(p.cube.dictionary, p.Area, r)
	if len(strays) == 0 {
		return nil
	}
	for _, s := range p.sourcesAt(at) {
		s.runs(strays, func(n uint32, _, _ int) {
			u := unit{ID: targets[to[n]]}
			u.sort = string(u.ID)
			if known, err := p.geo.places.ByID(u.ID); err == nil {
				u.sort = fold.Sort(known.Name)
			}
			all = append(all, u)
		})
	}
	return all
}

// sourcesAt lists the blocks of a period that may be used.
func (p *plan) sourcesAt(at Period) (all []source) {
	look := func(x part) {
		for _, s := range p.cube.sources[slot{x.code, at}] {
			if s.level >= p.frontier && s.shape&x.need == x.need {
				all = append(all, s)
			}
		}
	}
	for _, a := range p.asked {
		look(a.num)
		if a.den.code != 0 {
			look(a.den)
		}
	}
	return all
}

// setClasses finds the member of ByAreaClass of every place at the end of a period.
func (p *plan) setClasses(ctx context.Context, on place.Date) error {
	if p.class[on] != nil {
		return nil
	}
	classes, err := p.geo.classesOn(ctx, on)
	if err != nil {
		return err
	}
	all := make([]int32, len(p.cube.spots))
	for i, s := range p.cube.spots {
		all[i] = int32(slices.Index(p.members[ByAreaClass], classes[s.unit])) //nolint:gosec // four of them
	}
	p.class[on], p.classes[on] = all, classes
	return nil
}
