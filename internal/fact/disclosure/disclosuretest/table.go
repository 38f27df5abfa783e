package disclosuretest

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"banlang/internal/fact/disclosure"
)

// Random makes a small linked table: up to six places (in districts, perhaps, and in a second geography), six groups (perhaps
// with a sum of the minorities) and a trait that a person has or has not; perhaps with groups that some places fold into others,
// with bounds that everybody knows, and with cells that an earlier release published.
func Random(seed uint64) disclosure.Table {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // the same tables every time, nothing to guess
	places, groups := 2+r.IntN(5), 2+r.IntN(5)
	place, group := regions(r, places), disclosure.Flat(groups)
	if groups > 2 && r.IntN(3) == 0 {
		group = split(groups, []int{1 + r.IntN(groups-1)})
	}
	dims := []disclosure.Dimension{place, group, disclosure.Flat(2)}
	k, all := int64(5), r.IntN(2) == 0
	if r.IntN(4) == 0 {
		k = 10
	}
	counts := totals(dims, func([]int) int64 { return count(r) })
	t, err := disclosure.Cross(dims, func(at []int) disclosure.Cell {
		v := counts.at(at)
		c := disclosure.Cell{Value: v, K: k, Primary: v > 0 && v < k}
		if whole := counts.at([]int{at[0], at[1], 2}); all && at[2] == 0 && whole > 0 && whole < 3*k && (v == 0 || v == whole) {
			c.Primary = true
		}
		return c
	})
	if err != nil {
		panic(err)
	}
	if r.IntN(3) == 0 && groups > 2 {
		fold(r, &t, places, k)
	}
	if r.IntN(5) == 0 { // something is known of every cell beforehand
		for i := range t.Cells {
			c := &t.Cells[i]
			c.Low, c.High = max(0, c.Value-r.Int64N(40)), c.Value+1+r.Int64N(40)
		}
	}
	if r.IntN(2) == 0 {
		publish(r, &t, dims)
	}
	return t
}

// regions are places with their total, perhaps in districts, perhaps in other units besides.
func regions(r *rand.Rand, n int) disclosure.Dimension {
	d := disclosure.Flat(n)
	for range r.IntN(3) {
		if n < 3 {
			break
		}
		other := split(n, r.Perm(n - 1)[:1+r.IntN(min(2, n-1))])
		for _, s := range other.Sums { // the same parts and total, other members between
			moved := disclosure.Sum{Total: s.Total}
			shift := func(m int) int {
				if m > n {
					return m + d.Size - n - 1
				}
				return m
			}
			moved.Total = shift(s.Total)
			for _, p := range s.Parts {
				moved.Parts = append(moved.Parts, shift(p))
			}
			d.Sums = append(d.Sums, moved)
		}
		d.Size += other.Size - n - 1
	}
	return d
}

// split puts n parts, cut after some of them, into regions between them and the total, member n.
func split(n int, cuts []int) disclosure.Dimension {
	cut := map[int]bool{}
	for _, c := range cuts {
		cut[c] = true
	}
	d := disclosure.Dimension{Size: n + 1}
	whole := disclosure.Sum{Total: n}
	part := disclosure.Sum{Total: d.Size}
	for m := range n {
		part.Parts = append(part.Parts, m)
		if cut[m] || m == n-1 {
			d.Sums = append(d.Sums, part)
			whole.Parts = append(whole.Parts, part.Total)
			d.Size++
			part = disclosure.Sum{Total: d.Size}
		}
	}
	d.Sums = append(d.Sums, whole)
	return d
}

// count is how many people there are: often nobody, often few.
func count(r *rand.Rand) int64 {
	switch r.IntN(10) {
	case 0, 1, 2:
		return 0
	case 3, 4, 5:
		return 1 + r.Int64N(6)
	case 6, 7:
		return r.Int64N(30)
	}
	return r.Int64N(500)
}

// fold lets the smallest two groups of some places be part of "others" there.
func fold(r *rand.Rand, t *disclosure.Table, places int, k int64) {
	for p := range places {
		if r.IntN(2) == 0 {
			continue
		}
		for trait := range 3 {
			a, b := t.Index(p, 0, trait), t.Index(p, 1, trait)
			t.Cells[a].Withheld, t.Cells[b].Withheld = true, true
			v := t.Cells[a].Value + t.Cells[b].Value
			t.Add(disclosure.Cell{Value: v, K: k, Primary: v > 0 && v < k}, a, b)
		}
	}
}

// publish is an earlier release: every second slice of the table as it was protected by itself, or single cells by
// mistake.
func publish(r *rand.Rand, t *disclosure.Table, dims []disclosure.Dimension) {
	if r.IntN(4) == 0 {
		for i := range t.Cells {
			t.Cells[i].Published = r.IntN(25) == 0 && !t.Cells[i].Withheld
		}
		return
	}
	d, first := r.IntN(len(dims)), r.IntN(2)
	earlier := *t
	earlier.Cells = slices.Clone(t.Cells)
	i := 0
	each(dims, func(at []int) {
		earlier.Cells[i].Withheld = earlier.Cells[i].Withheld || at[d]%2 == first
		earlier.Cells[i].Primary = earlier.Cells[i].Primary && !earlier.Cells[i].Withheld
		i++
	})
	result, err := disclosure.Protect(context.Background(), earlier, nil)
	if err != nil {
		panic(err)
	}
	for i := range t.Cells {
		t.Cells[i].Published = !result.Hidden[i]
	}
}

// A grid is counts of all combinations of members, totals among them.
type grid struct {
	dims   []disclosure.Dimension
	values []int64
}

func (g *grid) index(at []int) int {
	i := 0
	for d, m := range at {
		i = i*g.dims[d].Size + m
	}
	return i
}

func (g *grid) at(at []int) int64 { return g.values[g.index(at)] }

// each goes through the combinations of members in the order of disclosure.Cross.
func each(dims []disclosure.Dimension, f func(at []int)) {
	at := make([]int, len(dims))
	for {
		f(at)
		d := len(dims) - 1
		for d >= 0 {
			if at[d]++; at[d] < dims[d].Size {
				break
			}
			at[d] = 0
			d--
		}
		if d < 0 {
			return
		}
	}
}

// totals counts the smallest parts and adds them up, dimension by dimension.
func totals(dims []disclosure.Dimension, count func(at []int) int64) *grid {
	g := &grid{dims: dims}
	n := 1
	for _, d := range dims {
		n *= d.Size
	}
	g.values = make([]int64, n)
	made := func(d, m int) bool {
		for _, s := range dims[d].Sums {
			if s.Total == m {
				return true
			}
		}
		return false
	}
	each(dims, func(at []int) {
		for d, m := range at {
			if made(d, m) {
				return
			}
		}
		g.values[g.index(at)] = count(at)
	})
	for d := range dims {
		for range dims[d].Size { // as deep as sums are nested
			for _, s := range dims[d].Sums {
				each(dims, func(at []int) {
					if at[d] != s.Total {
						return
					}
					var v int64
					for _, p := range s.Parts {
						at[d] = p
						v += g.at(at)
					}
					at[d] = s.Total
					g.values[g.index(at)] = v
				})
			}
		}
	}
	return g
}

// Province makes the full table of a province: communes, groups and sexes with all their totals, of a population that is as
// unevenly spread as that of Lạng Sơn: eight groups of hundreds to hundreds of thousands, and dozens of a few people.
func Province(seed uint64, communes, groups int) disclosure.Table {
	r := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // the same tables every time, nothing to guess
	people := []float64{335316, 282014, 125740, 28225, 4942, 1786, 1551, 457}
	for len(people) < groups {
		people = append(people, 400*math.Pow(.88, float64(len(people)-8)))
	}
	share := make([][]float64, groups) // of a group in each commune
	for g := range share {
		var sum float64
		for range communes {
			w := math.Exp(1.5 * r.NormFloat64())
			share[g] = append(share[g], w)
			sum += w
		}
		for p := range share[g] {
			share[g][p] /= sum
		}
	}
	dims := []disclosure.Dimension{disclosure.Flat(communes), disclosure.Flat(groups), disclosure.Flat(2)}
	counts := totals(dims, func(at []int) int64 {
		mean := people[at[1]] * share[at[1]][at[0]] / 2
		return max(0, int64(math.Floor(mean+math.Sqrt(mean)*r.NormFloat64()+r.Float64())))
	})
	t, err := disclosure.Cross(dims, func(at []int) disclosure.Cell {
		v := counts.at(at)
		return disclosure.Cell{Value: v, Primary: v > 0 && v < disclosure.UsualK}
	})
	if err != nil {
		panic(err)
	}
	return t
}

// Naive is the rule that most tables are protected by: hide what is small, and in every sum with one hidden cell a second one.
func Naive(t disclosure.Table) []bool {
	hidden := make([]bool, len(t.Cells))
	for i, c := range t.Cells {
		hidden[i] = (c.Primary || c.Withheld) && !c.Published
	}
	for changed := true; changed; {
		changed = false
		for _, s := range t.Sums {
			n, cheapest := 0, -1
			for _, i := range append([]int{s.Total}, s.Parts...) {
				switch c := t.Cells[i]; {
				case hidden[i]:
					n++
				case !c.Published && (cheapest < 0 || c.Value < t.Cells[cheapest].Value):
					cheapest = i
				}
			}
			if n == 1 && cheapest >= 0 {
				hidden[cheapest], changed = true, true
			}
		}
	}
	return hidden
}

// Lost is the case in which everything is hidden that can still be hidden: the cells that leak even so are lost. Only the
// exposed cells are attacked.
func Lost(t disclosure.Table, exposed []int) Case {
	c := Case{Table: t, Hidden: make([]bool, len(t.Cells))}
	for i, cell := range t.Cells {
		c.Hidden[i] = !cell.Published
		if cell.Primary && !slices.Contains(exposed, i) {
			c.Spared = append(c.Spared, i)
		}
	}
	return c
}
