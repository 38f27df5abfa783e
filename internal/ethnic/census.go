package ethnic

import (
	"cmp"
	"slices"
)

// A count is one cell of a census as the table keeps it.
type count struct {
	Year     int
	Group    Slug // or "foreign", "unknown", "*" for all
	Province string
	Measure  string
	Value    int
}

// Small is the number below which a count of persons by group is not shown.
const Small = 5

// A Figure is a count that may be shown.
type Figure struct {
	Value   int
	Known   bool // there is a count at all
	Hidden  bool // not shown, because it is below Small or would give such a count away
	IsSmall bool // the count itself is from 1 to 4
}

// Shown tells whether the value may be read.
func (f Figure) Shown() bool { return f.Known && !f.Hidden }

// A census holds the counts of both years. Of 2019 it shows the cells protected: see protect.
type census struct {
	country   map[Slug]int // 2019, sum of the provinces
	provinces []string     // codes of 2019
	cells     map[Slug]map[string]Figure
	first     map[Slug]map[string]int // 1999, by measure
}

func newCensus(groups []Group, counts []count) *census {
	c := &census{country: map[Slug]int{}, cells: map[Slug]map[string]Figure{}, first: map[Slug]map[string]int{}}
	for _, g := range groups {
		c.cells[g.Slug], c.first[g.Slug] = map[string]Figure{}, map[string]int{}
	}
	seen := map[string]bool{}
	for _, n := range counts {
		if c.cells[n.Group] == nil {
			continue
		}
		if n.Year == 1999 {
			c.first[n.Group][n.Measure] = n.Value
			continue
		}
		c.country[n.Group] += n.Value
		c.cells[n.Group][n.Province] = Figure{Value: n.Value, Known: true}
		seen[n.Province] = true
	}
	for code := range seen {
		c.provinces = append(c.provinces, code)
	}
	slices.Sort(c.provinces)
	c.protect(groups)
	return c
}

// protect hides every count from 1 to 4, and then as many others, the smallest first, as keep it from being found by subtraction:
// in each row (a group, whose total is known) and each column (a province, whose total is known) either nothing is hidden, or two
// cells and more whose sum leaves at least Small open.
func (c *census) protect(groups []Group) {
	var rows, columns [][]*Figure
	column := map[string][]*Figure{}
	grid := map[Slug]map[string]*Figure{}
	for _, g := range groups {
		var row []*Figure
		grid[g.Slug] = map[string]*Figure{}
		for _, p := range c.provinces {
			f, ok := c.cells[g.Slug][p]
			if !ok {
				continue
			}
			f.IsSmall = f.Value > 0 && f.Value < Small
			f.Hidden = f.IsSmall
			row = append(row, &f)
			column[p] = append(column[p], &f)
			grid[g.Slug][p] = &f
		}
		rows = append(rows, row)
	}
	for _, p := range c.provinces {
		columns = append(columns, column[p])
	}
	for again := true; again; {
		again = false
		for _, line := range slices.Concat(rows, columns) {
			again = cover(line) || again
		}
	}
	for slug, row := range grid {
		for p, f := range row {
			c.cells[slug][p] = *f
		}
	}
}

// cover hides more of a line until its hidden cells keep their secret. It tells whether it hid any.
func cover(line []*Figure) (changed bool) {
	for {
		hidden, sum := 0, 0
		for _, f := range line {
			if f.Hidden {
				hidden++
				sum += f.Value
			}
		}
		if hidden == 0 || hidden > 1 && sum >= hidden+Small {
			return changed
		}
		var next *Figure
		for _, f := range line {
			if !f.Hidden && f.Value > 0 && (next == nil || f.Value < next.Value) {
				next = f
			}
		}
		if next == nil {
			return changed
		}
		next.Hidden, changed = true, true
	}
}

// Country2019 is the population of a group in the census of 1 April 2019.
func (d *Desk) Country2019(slug Slug) int { return d.current.Load().census.country[slug] }

// Country1999 is the population of a group in the census of 1 April 1999.
func (d *Desk) Country1999(slug Slug) int { return d.current.Load().census.first[slug]["population"] }

// In2019 is the population of a group in a province of 2019.
func (d *Desk) In2019(slug Slug, province string) Figure {
	return d.current.Load().census.cells[slug][province]
}

// Total2019 is the population of all 54 groups in the country, census of 2019.
func (d *Desk) Total2019() int {
	sum := 0
	for _, n := range d.current.Load().census.country {
		sum += n
	}
	return sum
}

// A Share is a group's population in one province.
type Share struct {
	Province string // code of 2019
	Figure
}

// Provinces2019 lists a group's population by province, the largest first; what is hidden comes last.
func (d *Desk) Provinces2019(slug Slug) []Share {
	c := d.current.Load().census
	var all []Share
	for _, p := range c.provinces {
		if f, ok := c.cells[slug][p]; ok {
			all = append(all, Share{p, f})
		}
	}
	slices.SortStableFunc(all, func(a, b Share) int {
		if a.Hidden != b.Hidden {
			if a.Hidden {
				return 1
			}
			return -1
		}
		return cmp.Or(-cmp.Compare(a.shownValue(), b.shownValue()), cmp.Compare(a.Province, b.Province))
	})
	return all
}

// shownValue keeps the order of hidden cells from telling their size.
func (s Share) shownValue() int {
	if s.Hidden {
		return 0
	}
	return s.Value
}

// InProvince2019 is the population of all 54 groups in a province of 2019; 0 for an unknown one.
func (d *Desk) InProvince2019(province string) int {
	sum := 0
	for _, row := range d.current.Load().census.cells {
		sum += row[province].Value
	}
	return sum
}

// Measure1999 is a count of the census of 1999, for the country. ok is false where it was not counted.
func (d *Desk) Measure1999(slug Slug, measure string) (n int, ok bool) {
	n, ok = d.current.Load().census.first[slug][measure]
	return n, ok
}
