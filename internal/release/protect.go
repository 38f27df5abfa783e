package release

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fact"
	"banlang/internal/fact/disclosure"
	"banlang/internal/release/dataset"
)

// sensitiveK is the smallest count that is shown of a sensitive trait, small a group of which nobody is told that all or none
// have it: ten times that.
const (
	sensitiveK = 10
	small      = 10 * sensitiveK
)

// minority is the member that stands for the 53 groups other than the Kinh.
const (
	minority = "minority"
	majority = "kinh"
)

// The first two axes of a sheet and its last; between them stand the ways to divide persons.
const (
	placeAxis = iota
	periodAxis
	cutAxis
)

// A sheet is the exact figures of a release before they are protected: one cell for every combination of members, the last axis,
// that of the indicators, running fastest. Folded members are counted in another one (Dân tộc khác) and are not shown.
type sheet struct {
	axes       []dataset.Dimension
	folded     []map[int]int // by axis: member to the one that stands for it
	cells      []fact.Cell
	indicators []fact.Indicator // of the last axis
	catalogue  []fact.Indicator // all there are
}

func newSheet(axes []dataset.Dimension, indicators []fact.Indicator) *sheet {
	s := &sheet{axes: axes, indicators: indicators, folded: make([]map[int]int, len(axes))}
	s.cells = make([]fact.Cell, dataset.Table{Dims: axes}.Size())
	for i := range s.cells {
		s.cells[i].State = fact.NotAsked
	}
	return s
}

func (s *sheet) index(at []int) int {
	n := 0
	for d, a := range s.axes {
		n = n*len(a.Members) + at[d]
	}
	return n
}

func (s *sheet) at(i int) []int {
	at := make([]int, len(s.axes))
	for d := len(s.axes) - 1; d >= 0; d-- {
		at[d] = i % len(s.axes[d].Members)
		i /= len(s.axes[d].Members)
	}
	return at
}

// fold counts members of an axis in another member of it, which must be there already.
func (s *sheet) fold(axis int, members []int, into int) {
	s.folded[axis] = map[int]int{}
	for _, m := range members {
		s.folded[axis][m] = into
	}
	for i := range s.cells {
		at := s.at(i)
		if _, is := s.folded[axis][at[axis]]; is {
			at[axis] = into
			add(&s.cells[s.index(at)], s.cells[i])
		}
	}
}

// add counts one cell in another. What has not been reported adds nothing, and is missing only where nothing else is known.
func add(to *fact.Cell, c fact.Cell) {
	_, ok := c.Value()
	switch {
	case !ok && (c.State != fact.Missing || to.State != fact.NotAsked):
		return
	case to.State == fact.NotAsked || to.State == fact.Missing:
		*to = c
		return
	case c.State == fact.Partial || c.State == fact.Estimated && to.State == fact.Whole:
		to.State = c.State
	}
	to.Num, to.Den, to.Have, to.Expected = to.Num+c.Num, to.Den+c.Den, to.Have+c.Have, to.Expected+c.Expected
}

// A measure is a count of persons or households that stands behind figures of a release: an indicator, or what a rate is made of.
type measure struct {
	term fact.Term
	name string
	k    int64
	uses []use
	of   []*measure // the denominators of sensitive rates whose numerator it is
}

// A use is an indicator that cannot be shown without the measure, which is its numerator, if it is one, or its denominator.
type use struct {
	indicator int
	den       bool
}

// measures lists what has to be protected. A figure with no persons behind it (K of 0) does not.
func (s *sheet) measures() []*measure {
	byName := map[string]*measure{}
	of := func(t fact.Term, u use, k int64) *measure {
		name := termName(t)
		m := byName[name]
		if m == nil {
			m = &measure{term: t, name: name}
			byName[name] = m
		}
		m.k = max(m.k, k)
		m.uses = append(m.uses, u)
		return m
	}
	for i, ind := range s.indicators {
		k := int64(ind.K)
		if ind.Sensitive && k > 0 {
			k = max(k, sensitiveK)
		}
		num, den := partsOf(ind)
		switch {
		case k == 0:
		case ind.Kind == fact.Count && ind.Derived():
			of(num, use{i, false}, k)
		case ind.Kind == fact.Count:
			of(fact.Term{Code: ind.Code}, use{i, false}, k)
		case ind.Kind != fact.Mean: // a rate, or growth
			of(num, use{i, false}, k)
			of(den, use{i, true}, 0)
		default: // a mean shows no count, but one of few persons says too much of each
			of(den, use{i, true}, k)
		}
	}
	for _, ind := range slices.Concat(s.indicators, s.catalogue) { // two counts tell a rate that is not in the release
		n, d := partsOf(ind)
		num, den := byName[termName(n)], byName[termName(d)]
		if ind.Sensitive && ind.Kind == fact.Ratio && num != nil && den != nil && !slices.Contains(num.of, den) {
			num.of = append(num.of, den)
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *measure) int { return cmp.Compare(a.name, b.name) })
}

// partsOf are the counts that an indicator is made of. Those that are no indicators are named after it.
func partsOf(i fact.Indicator) (num, den fact.Term) {
	num, den = i.Numerator, i.Denominator
	num.Code, den.Code = cmp.Or(num.Code, i.Code+".n"), cmp.Or(den.Code, i.Code+".d")
	return num, den
}

// termName is the same for two terms that count the same.
func termName(t fact.Term) string {
	var name strings.Builder
	name.WriteString(string(t.Code))
	for _, dim := range slices.Sorted(maps.Keys(t.Only)) {
		name.WriteString(";" + string(dim) + "=" + strings.Join(t.Only[dim], ","))
	}
	return name.String()
}

// value is the measure's count at a coordinate, whatever its last member; ok is false where there is none.
func (s *sheet) value(m *measure, at []int) (n int64, ok bool) {
	own := slices.Clone(at)
	for _, u := range m.uses {
		own[len(own)-1] = u.indicator
		c := s.cells[s.index(own)]
		switch {
		case c.State != fact.Whole && c.State != fact.Partial && c.State != fact.Estimated:
		case u.den:
			return c.Den, true
		default:
			return c.Num, true
		}
	}
	return 0, false
}

// primary tells whether a count must not be shown: from 1 to k-1, or all or none of a small group where the trait is sensitive.
func (s *sheet) primary(m *measure, at []int, n int64) bool {
	if n > 0 && n < m.k {
		return true
	}
	for _, den := range m.of {
		if d, ok := s.value(den, at); ok && d > 0 && d < small && (n == 0 || n >= d) {
			return true
		}
	}
	return false
}

// A guard is what must be remembered of a release so that the next one does not give its secrets away. It never leaves the desk.
type guard struct {
	Cells []guarded
	Sums  []disclosure.Sum
}

// A guarded cell is named by its measure, period, place and cut.
type guarded struct {
	Key     string
	Value   int64
	Low     int64 `json:",omitempty"` // it is known not to be less
	K       int64 `json:",omitempty"`
	Primary bool  `json:",omitempty"`
	Shown   bool  `json:",omitempty"`
	Fixed   bool  `json:",omitempty"` // the rest of a sum that its parts do not fill: known, not a figure
}

const keyPart = "|"

// A protected is a release that may be shown.
type protected struct {
	dims    []dataset.Dimension
	cells   []dataset.Cell
	hidden  []bool // by cell of the sheet
	guard   guard
	loss    disclosure.Loss
	exposed []string // keys of the cells that earlier releases give away
}

// protect hides what must be hidden. Earlier are the guards of every release there was; splits tells what makes a unit.
func (s *sheet) protect(ctx context.Context, earlier []guard, splits func(place string) []split, progress func(done, total int)) (protected, error) {
	p := protector{sheet: s, measures: s.measures(), keys: map[string]int{}}
	if len(p.measures) > 0 {
		if err := p.cross(); err != nil {
			return protected{}, err
		}
		p.terms()
		p.own, p.ownSums = len(p.table.Cells), len(p.table.Sums)
		for _, g := range earlier {
			p.join(g)
		}
		p.between(splits)
		p.somebody()
	}
	res, err := disclosure.Protect(ctx, p.table, progress)
	if err != nil {
		return protected{}, err
	}
	return p.result(res), nil
}

// A protector lays the counts of a sheet and of earlier releases into one table of cells and sums.
type protector struct {
	*sheet
	measures []*measure
	spans    []spread // by axis but the last
	table    disclosure.Table
	guarded  []guarded
	own      int // cells of this release, and sums
	ownSums  int
	keys     map[string]int // cell
}

// A spread is an axis of the sheet as the cross has it: its members, and for each total one more, the rest that the parts leave.
type spread struct {
	disclosure.Dimension
	rests map[int]disclosure.Sum // rest: total, and parts without the rest
}

// spanOf finds the sums of an axis: what has a parent counts in it, what is folded in its stand-in.
func (s *sheet) spanOf(axis int) spread {
	members := s.axes[axis].Members
	parts := make(map[int][]int)
	for m := range members {
		into, folded := s.folded[axis][m]
		if !folded {
			into = slices.IndexFunc(members, func(o dataset.Member) bool { return o.Code == members[m].Parent })
		}
		if into >= 0 {
			parts[into] = append(parts[into], m)
		}
	}
	sp := spread{Dimension: disclosure.Dimension{Size: len(members)}, rests: map[int]disclosure.Sum{}}
	for _, total := range slices.Sorted(maps.Keys(parts)) {
		rest := sp.Size
		sp.Size++
		sp.rests[rest] = disclosure.Sum{Total: total, Parts: parts[total]}
		sp.Sums = append(sp.Sums, disclosure.Sum{Total: total, Parts: append(slices.Clone(parts[total]), rest)})
	}
	return sp
}

// cross makes the table of this release: places, periods, cuts and measures.
func (p *protector) cross() error {
	last := len(p.axes) - 1
	var dims []disclosure.Dimension
	for axis := range last {
		p.spans = append(p.spans, p.spanOf(axis))
		dims = append(dims, p.spans[axis].Dimension)
	}
	dims = append(dims, disclosure.Dimension{Size: len(p.measures)})
	t, err := disclosure.Cross(dims, func(at []int) disclosure.Cell {
		g, c := p.cell(at)
		p.keys[g.Key] = len(p.guarded)
		p.guarded = append(p.guarded, g)
		return c
	})
	p.table = t
	return err
}

// cell is a count of the cross. What has not been reported is 0 and known: it cannot be hidden. So is the rest of a sum, and a
// denominator that this release does not show: it may be known from elsewhere.
func (p *protector) cell(at []int) (guarded, disclosure.Cell) {
	last := len(p.axes) - 1
	m := p.measures[at[last]]
	g := guarded{Key: p.key(m, at)}
	for axis := range last {
		_, isRest := p.spans[axis].rests[at[axis]]
		g.Fixed = g.Fixed || isRest
	}
	if g.Fixed {
		g.Value = p.rest(m, at, 0)
	} else {
		n, ok := p.value(m, at)
		g.Value, g.Fixed = n, !ok || n < 0 || m.k == 0
	}
	if g.Fixed {
		return g, disclosure.Cell{Value: g.Value, Low: min(0, g.Value), Published: true}
	}
	g.Primary, g.K = p.primary(m, at, g.Value), m.k
	c := disclosure.Cell{Value: g.Value, Primary: g.Primary, K: g.K, Withheld: p.foldedAt(at)}
	if len(m.of) == 0 && !c.Withheld { // nobody is always shown, so everybody knows that somebody is hidden
		g.Low = min(1, g.Value)
		c.Low, c.Published = g.Low, g.Value == 0
	}
	return g, c
}

// terms adds that a measure that counts only some members is the sum of theirs: minorities, of all groups but one.
func (p *protector) terms() {
	last := len(p.axes) - 1
	for n, m := range p.measures {
		base := slices.IndexFunc(p.measures, func(b *measure) bool { return b.name == string(m.term.Code) })
		if base < 0 || len(m.term.Only) != 1 {
			continue
		}
		for dim, members := range m.term.Only {
			axis := slices.IndexFunc(p.axes, func(a dataset.Dimension) bool { return a.Code == string(dim) })
			if axis < cutAxis || axis == last {
				continue
			}
			for i := range p.cells {
				if at := p.at(i); at[last] == 0 {
					at[last] = n
					p.term(at, base, axis, members)
				}
			}
		}
	}
}

// term adds one sum: the count at the coordinate is that of the members of an axis, measured by the base.
func (p *protector) term(at []int, base, axis int, members []string) {
	total := p.table.Index(at...)
	own := p.axes[axis].Members[at[axis]].Code
	sum, left := disclosure.Sum{Total: total}, p.table.Cells[total].Value
	at[len(at)-1] = base
	for m, member := range p.axes[axis].Members {
		minor := slices.Contains(members, minority) && member.Code != dataset.All && member.Code != majority && member.Code != string(fact.OtherGroups)
		if (minor || slices.Contains(members, member.Code)) && (own == dataset.All || own == member.Code) {
			at[axis] = m
			part := p.table.Index(at...)
			sum.Parts, left = append(sum.Parts, part), left-p.table.Cells[part].Value
		}
	}
	if sum.Parts == nil {
		return
	}
	if left != 0 {
		sum.Parts = append(sum.Parts, p.fixed(p.guarded[total].Key, left))
	}
	p.table.Sums = append(p.table.Sums, sum)
}

// foldedAt tells whether the coordinate is counted in another and not shown.
func (s *sheet) foldedAt(at []int) bool {
	for axis := range len(s.axes) - 1 {
		if _, is := s.folded[axis][at[axis]]; is {
			return true
		}
	}
	return false
}

// rest is what a total has that its parts do not explain, for every axis on which the coordinate is a rest.
func (p *protector) rest(m *measure, at []int, axis int) int64 {
	last := len(p.axes) - 1
	for ; axis < last; axis++ {
		sum, is := p.spans[axis].rests[at[axis]]
		if !is {
			continue
		}
		at := slices.Clone(at)
		at[axis] = sum.Total
		n := p.rest(m, at, axis+1)
		for _, part := range sum.Parts {
			at[axis] = part
			n -= p.rest(m, at, axis+1)
		}
		return n
	}
	n, _ := p.value(m, at)
	return n
}

// somebody raises what is known of each sum to what is known of its parts: two cells with somebody in them are two persons at least.
func (p *protector) somebody() {
	raise := func(i int, low int64) bool {
		c := &p.table.Cells[i]
		if c.Published || low <= c.Low {
			return false
		}
		c.Low = low
		p.guarded[i].Low = low
		return true
	}
	for again := true; again; {
		again = false
		for _, s := range p.table.Sums {
			var low int64
			var some []int // parts that are not known to be nobody
			for _, part := range s.Parts {
				c := p.table.Cells[part]
				if low += c.Low; !c.Published || c.Value != 0 {
					some = append(some, part)
				}
			}
			if again = raise(s.Total, low) || again; len(some) == 1 {
				again = raise(some[0], p.table.Cells[s.Total].Low) || again
			}
		}
	}
}

// key names a count in every release alike. What stands for others names them: "khác" is not the same everywhere.
func (p *protector) key(m *measure, at []int) string {
	parts := []string{m.name, "", ""}
	for axis, a := range p.axes[:len(p.axes)-1] {
		var code string
		if at[axis] >= len(a.Members) {
			code = "rest." + strconv.Itoa(at[axis])
		} else if code = a.Members[at[axis]].Code; code == string(fact.OtherGroups) {
			var inside []string
			for member, into := range p.folded[axis] {
				if into == at[axis] {
					inside = append(inside, a.Members[member].Code)
				}
			}
			slices.Sort(inside)
			code += "{" + strings.Join(inside, ",") + "}"
		}
		switch {
		case axis == placeAxis:
			parts[2] = code
		case axis == periodAxis:
			parts[1] = code
		case code != dataset.All:
			parts = append(parts, a.Code+"="+code)
		}
	}
	slices.Sort(parts[3:])
	return strings.Join(parts, keyPart)
}

// join adds the cells and sums of an earlier release that has counts in common with this one. A figure that was corrected since
// is another cell.
func (p *protector) join(g guard) {
	common := slices.ContainsFunc(g.Cells, func(c guarded) bool { return p.knows(c.Key) })
	if !common {
		return
	}
	index := make([]int, len(g.Cells))
	for i, c := range g.Cells {
		at, known := p.keys[c.Key]
		if known && p.guarded[at].Value == c.Value && p.guarded[at].Fixed == c.Fixed {
			cell := &p.table.Cells[at]
			cell.Published = cell.Published || c.Shown
			cell.Primary = (cell.Primary || c.Primary) && !c.Fixed
			cell.K, cell.Low = max(cell.K, c.K), max(cell.Low, c.Low)
			index[i] = at
			continue
		}
		index[i] = len(p.table.Cells)
		p.table.Cells = append(p.table.Cells, disclosure.Cell{
			Value: c.Value, Low: min(c.Low, c.Value), K: c.K, Primary: c.Primary && !c.Shown, Published: c.Shown || c.Fixed, Withheld: !c.Shown && !c.Fixed,
		})
		p.guarded = append(p.guarded, c)
		if !known {
			p.keys[c.Key] = index[i]
		}
	}
	for _, s := range g.Sums {
		sum := disclosure.Sum{Total: index[s.Total]}
		for _, part := range s.Parts {
			sum.Parts = append(sum.Parts, index[part])
		}
		p.table.Sums = append(p.table.Sums, sum)
	}
}

// knows tells whether this release says something of the same measure and period.
func (p *protector) knows(key string) bool {
	parts := strings.SplitN(key, keyPart, 3)
	return slices.ContainsFunc(p.measures, func(m *measure) bool { return m.name == parts[0] }) &&
		slices.ContainsFunc(p.axes[periodAxis].Members, func(m dataset.Member) bool { return m.Code == parts[1] })
}

// A split is the units that make one: those before it, or those within it. What lies within a unit is part of it even where not all
// of it was reported; what was before it says nothing where the figures differ.
type split struct {
	parts  []string
	within bool
}

// between adds the sums between units of which both are known: a merged commune less its old parts, a district less its communes.
func (p *protector) between(splits func(place string) []split) {
	if splits == nil {
		return
	}
	known := map[string][]split{}
	for _, key := range slices.Sorted(maps.Keys(p.keys)) {
		parts := strings.SplitN(key, keyPart, 4)
		of, asked := known[parts[2]]
		if !asked {
			of = splits(parts[2])
			known[parts[2]] = of
		}
		for _, each := range of {
			if !p.hasSum(parts[2], each) {
				p.split(key, each)
			}
		}
	}
}

// hasSum tells whether the release itself has the sum already.
func (p *protector) hasSum(place string, s split) bool {
	return slices.ContainsFunc(p.axes[placeAxis].Members, func(m dataset.Member) bool { return m.Parent == place && slices.Contains(s.parts, m.Code) })
}

func (p *protector) split(key string, s split) {
	total := p.keys[key]
	sum, left := disclosure.Sum{Total: total}, p.table.Cells[total].Value
	parts := strings.SplitN(key, keyPart, 4)
	for _, part := range s.parts {
		parts[2] = part
		i, ok := p.keys[strings.Join(parts, keyPart)]
		if !ok {
			return
		}
		sum.Parts, left = append(sum.Parts, i), left-p.table.Cells[i].Value
	}
	switch {
	case len(s.parts) == 0 || left != 0 && !s.within:
		return
	case left != 0:
		sum.Parts = append(sum.Parts, p.fixed(key, left))
	}
	p.table.Sums = append(p.table.Sums, sum)
}

// fixed adds what a sum has beyond its parts: known, and no figure.
func (p *protector) fixed(of string, value int64) int {
	p.table.Cells = append(p.table.Cells, disclosure.Cell{Value: value, Low: min(0, value), Published: true})
	p.guarded = append(p.guarded, guarded{Key: of + keyPart + "rest", Value: value, Fixed: true})
	return len(p.table.Cells) - 1
}

// result shows the cells of the sheet that may be shown.
func (p *protector) result(r disclosure.Result) protected {
	out := protected{hidden: make([]bool, len(p.cells)), loss: r.Loss}
	for _, i := range r.Exposed {
		out.exposed = append(out.exposed, p.guarded[i].Key)
	}
	last := len(p.axes) - 1
	for n, m := range p.measures {
		for i := range p.cells {
			at := p.at(i)
			if slices.ContainsFunc(m.uses, func(u use) bool { return u.indicator == at[last] }) {
				at[last] = n
				out.hidden[i] = out.hidden[i] || r.Hidden[p.table.Index(at...)]
			}
		}
	}
	var index []map[int]int
	out.dims, index = p.shownAxes()
	for i, c := range p.cells {
		at := p.at(i)
		if p.foldedAt(at) || c.State == fact.NotAsked {
			continue
		}
		for axis := range at {
			at[axis] = index[axis][at[axis]]
		}
		out.cells = append(out.cells, shown(at, c, out.hidden[i]))
	}
	for i, g := range p.guarded[:p.own] {
		g.Shown = !g.Fixed && !r.Hidden[i]
		out.guard.Cells = append(out.guard.Cells, g)
	}
	out.guard.Sums = p.table.Sums[:p.ownSums]
	return out
}

// shownAxes are the axes without what is folded, and where their members went.
func (s *sheet) shownAxes() (dims []dataset.Dimension, index []map[int]int) {
	for axis, a := range s.axes {
		moved, members := map[int]int{}, []dataset.Member(nil)
		for m, member := range a.Members {
			if _, folded := s.folded[axis][m]; !folded {
				moved[m] = len(members)
				members = append(members, member)
			}
		}
		a.Members = members
		dims, index = append(dims, a), append(index, moved)
	}
	return dims, index
}

var statuses = map[fact.CellState]dataset.Status{
	fact.Whole: dataset.Normal, fact.Partial: dataset.Partial, fact.Estimated: dataset.Estimated, fact.Hidden: dataset.Hidden,
	fact.Incomparable: dataset.Incomparable,
}

func shown(at []int, c fact.Cell, hidden bool) dataset.Cell {
	out := dataset.Cell{At: at, Status: dataset.Missing}
	if s, ok := statuses[c.State]; ok {
		out.Status = s
	}
	switch v, ok := c.Value(); {
	case hidden && ok:
		out.Status = dataset.Hidden
	case ok:
		out.Value, out.Has = v, true
	case out.Status == dataset.Normal: // a rate of nobody
		out.Status = dataset.Missing
	}
	return out
}
