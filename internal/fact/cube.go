package fact

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"slices"
	"sort"

	"banlang/internal/ethnic"
	"banlang/internal/place"
)

// A level of places, from the country (0) down; levelNames has their names.
type level uint8

const (
	country level = iota
	province
	district
	commune
	village
)

// levelOf is the level of a unit: codes of two digits are of provinces, of three of districts, of five of communes.
func levelOf(unit place.ID) level {
	switch len(unit.Code()) {
	case 0:
		return country
	case 2:
		return province
	case 3:
		return district
	}
	return commune
}

func levelNamed(name string) level { return level(max(0, slices.Index(levelNames, name))) } //nolint:gosec // five of them

// A shape is which dimensions the cut of a figure names, one bit each in the order of cutDims.
type shape uint8

var cutDims = []Dim{ByGroup, BySex, ByAge, ByLanguage, ByItem}

// cut tells whether figures are stored by the dimension.
func (d Dim) cut() bool { return d.bit() != 0 }

func (d Dim) bit() shape {
	if i := slices.Index(cutDims, d); i >= 0 {
		return 1 << i
	}
	return 0
}

// member is what the cut says of a dimension; "" is everybody.
func (c Cut) member(d Dim) string {
	switch d {
	case ByGroup:
		return string(c.Group)
	case BySex:
		return c.Sex
	case ByAge:
		return c.Age
	case ByLanguage:
		return c.Language
	}
	return c.Item
}

func (c Cut) shape() (s shape) {
	for _, d := range cutDims {
		if c.member(d) != "" {
			s |= d.bit()
		}
	}
	return s
}

func (s shape) dims() int { return bits.OnesCount8(uint8(s)) }

// A spot is a place that figures are about: a unit, or a village in it.
type spot struct {
	unit    place.ID
	village string
	of      uint32 // number of the unit
	level   level
}

// A dictionary gives the numbers of the tables their meaning. It is never changed but by being replaced. Number 0 is nothing.
type dictionary struct {
	codes  map[Code]uint32
	spots  []spot
	units  map[place.ID]uint32
	cuts   []Cut
	shapes []shape // of cuts
}

func newDictionary() *dictionary {
	return &dictionary{map[Code]uint32{}, make([]spot, 1), map[place.ID]uint32{}, make([]Cut, 1), make([]shape, 1)}
}

// A codeRow, spotRow or cutRow is a row of a dictionary's table.
type (
	codeRow struct {
		id   int64
		code Code
	}
	spotRow struct {
		id      int64
		unit    place.ID
		village string
	}
	cutRow struct {
		id                              int64
		group, sex, age, language, item string
	}
)

// codeOf is the code with a number.
func (d *dictionary) codeOf(n uint32) Code {
	for code, m := range d.codes {
		if m == n {
			return code
		}
	}
	return ""
}

func (r cutRow) cut() Cut { return Cut{ethnic.Slug(r.group), r.sex, r.age, r.language, r.item} }

// with is the dictionary and new rows, in the order of their numbers.
func (d *dictionary) with(codes []codeRow, spots []spotRow, cuts []cutRow) *dictionary {
	if len(codes)+len(spots)+len(cuts) == 0 {
		return d
	}
	n := *d
	if len(codes) > 0 {
		n.codes = maps.Clone(d.codes)
		for _, r := range codes {
			n.codes[r.code] = uint32(r.id) //nolint:gosec // hundreds
		}
	}
	if len(spots) > 0 {
		n.units = maps.Clone(d.units)
		n.spots = slices.Clone(d.spots)
		for _, r := range spots {
			s := spot{unit: r.unit, village: r.village, level: levelOf(r.unit)}
			if r.village == "" {
				n.units[r.unit] = uint32(r.id) //nolint:gosec // tens of thousands
			} else {
				s.level = village
			}
			for int(r.id) >= len(n.spots) {
				n.spots = append(n.spots, spot{})
			}
			n.spots[r.id] = s
		}
		for i := range n.spots {
			n.spots[i].of = n.units[n.spots[i].unit]
		}
	}
	if len(cuts) > 0 {
		n.cuts, n.shapes = slices.Clone(d.cuts), slices.Clone(d.shapes)
		for _, r := range cuts {
			for int(r.id) >= len(n.cuts) {
				n.cuts, n.shapes = append(n.cuts, Cut{}), append(n.shapes, 0)
			}
			n.cuts[r.id], n.shapes[r.id] = r.cut(), r.cut().shape()
		}
	}
	return &n
}

// notKnown is the value that stands for an answer "not known" in a block.
const notKnown = math.MinInt64

// A block is the figures of one indicator, period, level and shape as three columns, by place and then cut. It is never changed.
type block struct {
	place []uint32
	cut   []uint16
	value column
	cuts  []uint16 // that occur
}

// A column is values, in half the memory where all are small, which most are.
type column struct {
	small []int32 // smallNotKnown stands for notKnown
	large []int64
}

const smallNotKnown = math.MinInt32

func newColumn(values []int64) column {
	small := make([]int32, len(values))
	for i, v := range values {
		switch {
		case v == notKnown:
			small[i] = smallNotKnown
		case v <= smallNotKnown || v > math.MaxInt32:
			return column{large: slices.Clone(values)}
		default:
			small[i] = int32(v)
		}
	}
	return column{small: small}
}

func (c *column) at(i int) int64 {
	switch {
	case c.small == nil:
		return c.large[i]
	case c.small[i] == smallNotKnown:
		return notKnown
	}
	return int64(c.small[i])
}

// An entry is one figure on its way into a block.
type entry struct {
	place uint32
	cut   uint16
	gone  bool // withdrawn
	value int64
}

func (e entry) key() uint64 { return uint64(e.place)<<16 | uint64(e.cut) }

// newBlock makes a block of a former one, which may be nil, and entries in the order in which they were said: the last counts.
func newBlock(old *block, entries []entry) *block {
	byKey := func(a, b entry) int { return cmp.Compare(a.key(), b.key()) }
	if !slices.IsSortedFunc(entries, byKey) {
		slices.SortStableFunc(entries, byKey)
	}
	var n int
	for i, e := range entries { // keep the last of each key
		if i+1 < len(entries) && entries[i+1].key() == e.key() {
			continue
		}
		entries[n] = e
		n++
	}
	entries = entries[:n]
	if old == nil {
		old = &block{}
	}
	size := len(old.place) + len(entries)
	b, values := &block{place: make([]uint32, 0, size), cut: make([]uint16, 0, size)}, make([]int64, 0, size)
	seen := map[uint16]bool{}
	add := func(p uint32, c uint16, v int64) {
		b.place, b.cut, values = append(b.place, p), append(b.cut, c), append(values, v)
		if !seen[c] {
			seen[c] = true
			b.cuts = append(b.cuts, c)
		}
	}
	i := 0
	for _, e := range entries {
		for ; i < len(old.place) && uint64(old.place[i])<<16|uint64(old.cut[i]) < e.key(); i++ {
			add(old.place[i], old.cut[i], old.value.at(i))
		}
		if i < len(old.place) && old.place[i] == e.place && old.cut[i] == e.cut {
			i++
		}
		if !e.gone {
			add(e.place, e.cut, e.value)
		}
	}
	for ; i < len(old.place); i++ {
		add(old.place[i], old.cut[i], old.value.at(i))
	}
	slices.Sort(b.cuts)
	if b.value = newColumn(values); len(b.place) < size {
		b.place, b.cut = slices.Clip(slices.Clone(b.place)), slices.Clip(slices.Clone(b.cut))
	}
	return b
}

// runs calls f with the stretch of each place. Where few places are wanted, only theirs are looked up; they are sorted.
func (b *block) runs(wanted []uint32, f func(place uint32, from, to int)) {
	if len(wanted)*16 < len(b.place) {
		from := 0
		for _, p := range wanted {
			from += sort.Search(len(b.place)-from, func(i int) bool { return b.place[from+i] >= p })
			to := from
			for to < len(b.place) && b.place[to] == p {
				to++
			}
			if to > from {
				f(p, from, to)
			}
			from = to
		}
		return
	}
	for from := 0; from < len(b.place); {
		p, to := b.place[from], from+1
		for to < len(b.place) && b.place[to] == p {
			to++
		}
		for len(wanted) > 0 && wanted[0] < p {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 {
			return
		}
		if wanted[0] == p {
			f(p, from, to)
		}
		from = to
	}
}

// A slot is where the blocks of an indicator and a period are found.
type slot struct {
	code   uint32
	period Period
}

// A source is a block with its level and shape.
type source struct {
	level level
	shape shape
	*block
}

// A cube is all figures that hold at one moment, in memory. It is never changed: a change makes a new one that shares what stayed.
type cube struct {
	*dictionary
	seq       int64
	sources   map[slot][]source   // by level from the top, then by how many dimensions they have
	periods   map[uint32][]Period // that an indicator has figures of, in order
	standards map[slot]string
}

func newCube() *cube {
	return &cube{newDictionary(), 0, map[slot][]source{}, map[uint32][]Period{}, map[slot]string{}}
}

// A home is the block that a figure belongs into.
type home struct {
	slot
	level level
	shape shape
}

// parts are entries by the block that they belong into.
type parts map[home]*[]entry

// with is the cube and what was said after it.
func (c *cube) with(d *dictionary, p parts, seq int64, standards map[slot]string) *cube {
	n := &cube{d, seq, c.sources, c.periods, standards}
	if len(p) == 0 {
		return n
	}
	n.sources, n.periods = maps.Clone(c.sources), maps.Clone(c.periods)
	for h, entries := range p {
		n.put(h.slot, source{h.level, h.shape, nil}, *entries)
	}
	return n
}

// put brings entries into the block of a slot with that level and shape. The cube must not be in use yet.
func (c *cube) put(at slot, s source, entries []entry) {
	sources := slices.Clone(c.sources[at])
	order := func(a, b source) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.shape.dims(), b.shape.dims()), cmp.Compare(a.shape, b.shape))
	}
	i, found := slices.BinarySearchFunc(sources, s, order)
	if !found {
		sources = slices.Insert(sources, i, s)
	}
	if sources[i].block = newBlock(sources[i].block, entries); len(sources[i].place) == 0 {
		sources = slices.Delete(sources, i, i+1)
	}
	c.sources[at] = sources
	periods := slices.DeleteFunc(slices.Clone(c.periods[at.code]), func(p Period) bool { return p == at.period })
	if len(sources) > 0 {
		periods = append(periods, at.period)
		slices.Sort(periods)
	}
	c.periods[at.code] = periods
}
