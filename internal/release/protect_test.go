package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"banlang/internal/fact"
	"banlang/internal/fact/disclosure"
	"banlang/internal/release/dataset"
)

var (
	pop  = fact.Indicator{Code: "POP", Kind: fact.Count, K: 5}
	poor = fact.Indicator{Code: "POOR", Kind: fact.Count, K: 5, Sensitive: true}
	rate = fact.Indicator{Code: "RATE", Kind: fact.Ratio, K: 5, Sensitive: true, Numerator: fact.Term{Code: "POOR"}, Denominator: fact.Term{Code: "POP"}}
	few  = fact.Indicator{Code: "FEW", Kind: fact.Count, K: 5, Numerator: fact.Term{Code: "POP", Only: map[fact.Dim][]string{fact.ByGroup: {"b", "c"}}}}
)

// laidOut makes a sheet of places (the last is the whole), one period and groups (the last is everybody).
func laidOut(places, groups []string, indicators ...fact.Indicator) *sheet {
	members := func(codes []string) (all []dataset.Member) {
		for _, code := range codes {
			m := dataset.Member{Code: code}
			if last := codes[len(codes)-1]; code != last {
				m.Parent = last
			}
			all = append(all, m)
		}
		return all
	}
	var metric []dataset.Member
	for _, i := range indicators {
		metric = append(metric, dataset.Member{Code: string(i.Code)})
	}
	return newSheet([]dataset.Dimension{
		{Code: "place", Role: dataset.Geo, Members: members(places)}, {Code: "period", Role: dataset.Time, Members: []dataset.Member{{Code: "2026"}}},
		{Code: "group", Members: members(groups)}, {Code: "indicator", Role: dataset.Metric, Members: metric},
	}, indicators)
}

// fill sets counts of an indicator by place and group, with their totals.
func (s *sheet) fill(indicator int, counts [][]int64) {
	places, groups := len(s.axes[placeAxis].Members), len(s.axes[cutAxis].Members)
	set := func(p, g int, n int64) {
		c := &s.cells[s.index([]int{p, 0, g, indicator})]
		c.State, c.Kind, c.Num = fact.Whole, fact.Count, c.Num+n
	}
	for p, row := range counts {
		for g, n := range row {
			set(p, g, n)
			set(p, groups-1, n)
			set(places-1, g, n)
			set(places-1, groups-1, n)
		}
	}
}

// divide makes the rates of two counts.
func (s *sheet) divide(rate, num, den int) {
	for i := range s.cells {
		if at := s.at(i); at[3] == rate {
			at[3] = num
			n := s.cells[s.index(at)].Num
			at[3] = den
			s.cells[i] = fact.Cell{State: fact.Whole, Kind: fact.Ratio, Num: n, Den: s.cells[s.index(at)].Num}
		}
	}
}

func (s *sheet) hiddenAt(p protected, at ...int) bool { return p.hidden[s.index(at)] }

func release(t *testing.T, s *sheet, splits func(string) []split, earlier ...guard) protected {
	t.Helper()
	p, err := s.protect(t.Context(), earlier, splits, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// attack checks every primary count against all that a series of releases tells together, by the cells and sums that they keep.
func attack(t *testing.T, guards ...guard) {
	t.Helper()
	attackLinked(t, nil, guards...)
}

// attackLinked is an attacker who also knows of which units some are the sum.
func attackLinked(t *testing.T, links map[string][]string, guards ...guard) {
	t.Helper()
	var table disclosure.Table
	var hidden []bool
	keys := map[string]int{}
	for _, g := range guards {
		index := make([]int, len(g.Cells))
		for i, c := range g.Cells {
			name := fmt.Sprint(c.Key, " ", c.Value, " ", c.Fixed) // a figure that was corrected is another cell
			at, known := keys[name]
			if !known {
				at = len(table.Cells)
				keys[name] = at
				table.Cells, hidden = append(table.Cells, disclosure.Cell{Value: c.Value, Low: min(c.Low, c.Value), K: c.K}), append(hidden, true)
			}
			index[i] = at
			table.Cells[at].Primary = table.Cells[at].Primary || c.Primary
			table.Cells[at].Low = max(table.Cells[at].Low, min(c.Low, c.Value))
			hidden[at] = hidden[at] && !c.Shown && !c.Fixed
		}
		for _, s := range g.Sums {
			sum := disclosure.Sum{Total: index[s.Total]}
			for _, part := range s.Parts {
				sum.Parts = append(sum.Parts, index[part])
			}
			table.Sums = append(table.Sums, sum)
		}
	}
	plain := map[string]int{}
	for _, g := range guards {
		for _, c := range g.Cells {
			plain[c.Key] = keys[fmt.Sprint(c.Key, " ", c.Value, " ", c.Fixed)]
		}
	}
	for key, at := range plain {
		parts := strings.SplitN(key, keyPart, 4)
		sum := disclosure.Sum{Total: at}
		for _, part := range links[parts[2]] {
			parts[2] = part
			sum.Parts = append(sum.Parts, plain[strings.Join(parts, keyPart)])
		}
		if sum.Parts != nil {
			table.Sums = append(table.Sums, sum)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		c := table.Cells[keys[key]]
		if !c.Primary {
			continue
		}
		if !hidden[keys[key]] {
			t.Errorf("%s is shown", key)
		} else if low, high, err := disclosure.Interval(table, hidden, keys[key]); err != nil || !c.Safe(low, high) {
			t.Errorf("%s is %d: an attacker finds %d to %d, %v", key, c.Value, low, high, err)
		}
	}
}

var counts = [][]int64{{900, 300, 3}, {800, 2, 40}, {700, 500, 60}}

func TestProtectHidesSmallCountsAndWhatTellsThem(t *testing.T) {
	s := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", "c", dataset.All}, pop)
	s.fill(0, counts)
	p := release(t, s, nil)
	attack(t, p.guard)
	for _, c := range p.cells {
		if (c.Status == dataset.Hidden) == c.Has {
			t.Errorf("cell %v: has a value %v, status %q", c.At, c.Has, c.Status)
		}
	}
	if p.loss.Hidden < 4 || p.loss.Primary != 2 || len(p.exposed) != 0 {
		t.Errorf("loss %+v, exposed %v; want two small counts and at least two more hidden", p.loss, p.exposed)
	}
}

// A count of nobody is always shown, so whoever reads dots knows that they stand for somebody: four of them in a row that has four
// persons left over would be one person each.
func TestProtectShowsNobody(t *testing.T) {
	s := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", "c", "d", "e", "f", dataset.All}, pop)
	s.fill(0, [][]int64{{900, 1, 1, 1, 1, 0}, {800, 4, 4, 4, 4, 70}, {700, 50, 60, 70, 80, 90}})
	p := release(t, s, nil)
	for i, c := range s.cells {
		if c.Num == 0 && p.hidden[i] {
			t.Errorf("nobody at %v is hidden", s.at(i))
		}
	}
	for i, c := range p.guard.Cells {
		if !c.Shown && !c.Fixed {
			p.guard.Cells[i].Low = max(1, c.Low)
		}
	}
	attack(t, p.guard)
}

func TestProtectRates(t *testing.T) {
	s := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", "c", dataset.All}, pop, poor, rate)
	s.fill(0, [][]int64{{900, 300, 30}, {800, 40, 400}, {700, 500, 600}})
	s.fill(1, [][]int64{{90, 7, 30}, {80, 0, 40}, {70, 50, 60}})
	s.divide(2, 1, 0)
	p := release(t, s, nil)
	attack(t, p.guard)
	tests := []struct {
		name         string
		place, group int
	}{
		{"the rate of a hidden numerator is hidden", 0, 1},
		{"all of a small group is not told", 0, 2},
		{"none of a small group is not told", 1, 1},
	}
	for _, test := range tests {
		if !s.hiddenAt(p, test.place, 0, test.group, 1) || !s.hiddenAt(p, test.place, 0, test.group, 2) {
			t.Errorf("%s: it is shown", test.name)
		}
	}
	for i := range s.cells {
		at := s.at(i)
		if at[3] == 1 && p.hidden[i] != s.hiddenAt(p, at[0], 0, at[2], 2) {
			t.Errorf("count and rate at %v are not hidden alike", at)
		}
	}
}

// Two counts tell a rate even where the release does not.
func TestProtectRatesThatReadersMake(t *testing.T) {
	s := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", "c", dataset.All}, pop, poor)
	s.catalogue = []fact.Indicator{rate}
	s.fill(0, [][]int64{{900, 300, 30}, {800, 40, 400}, {700, 500, 600}})
	s.fill(1, [][]int64{{90, 70, 30}, {80, 20, 40}, {70, 50, 60}})
	p := release(t, s, nil)
	attack(t, p.guard)
	if !s.hiddenAt(p, 0, 0, 2, 1) {
		t.Error("30 of 30 are shown")
	}
}

// Part of the minorities is published as an indicator of its own: it is a sum like any other.
func TestProtectDerivedCounts(t *testing.T) {
	s := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", "c", dataset.All}, pop, few)
	s.fill(0, counts)
	for i := range s.cells {
		at := s.at(i)
		if at[3] != 1 {
			continue
		}
		sum := func(groups ...int) (n int64) {
			for _, g := range groups {
				n += s.cells[s.index([]int{at[0], 0, g, 0})].Num
			}
			return n
		}
		switch at[2] {
		case 1, 2:
			s.cells[i] = fact.Cell{State: fact.Whole, Kind: fact.Count, Num: sum(at[2])}
		case 3:
			s.cells[i] = fact.Cell{State: fact.Whole, Kind: fact.Count, Num: sum(1, 2)}
		}
	}
	p := release(t, s, nil)
	attack(t, p.guard)
	for place := range 4 {
		for group := 1; group < 3; group++ {
			if s.hiddenAt(p, place, 0, group, 0) != s.hiddenAt(p, place, 0, group, 1) {
				t.Errorf("place %d, group %d: the same count is hidden once and shown once", place, group)
			}
		}
	}
}

func TestProtectFolds(t *testing.T) {
	s := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", "c", "d", "other", dataset.All}, pop)
	s.fill(0, [][]int64{{900, 300, 3, 9}, {800, 200, 40, 0}, {700, 500, 60, 2}})
	for p := range 4 {
		s.cells[s.index([]int{p, 0, 4, 0})] = fact.Cell{State: fact.NotAsked}
	}
	s.fold(cutAxis, []int{2, 3}, 4)
	p := release(t, s, nil)
	attack(t, p.guard)
	var groups []string
	for _, m := range p.dims[cutAxis].Members {
		groups = append(groups, m.Code)
	}
	if got := strings.Join(groups, " "); got != "a b other _T" {
		t.Errorf("groups shown: %s", got)
	}
	if c := s.cells[s.index([]int{0, 0, 4, 0})]; c.Num != 12 {
		t.Errorf("the others in A are %d, want 12", c.Num)
	}
	for _, c := range p.cells {
		if c.At[cutAxis] == 2 && c.At[placeAxis] == 1 && c.Has && c.Value == 40 {
			return // d has nobody in B: the others there are c alone, and 40 may be told
		}
	}
	t.Error("the others in B are hidden without need")
}

// The next release shows by itself what the first one folded: what remains of the others must not be worked out.
func TestProtectAgainstEarlierReleases(t *testing.T) {
	first := laidOut([]string{"A", "B", "all"}, []string{"a", "c", "d", "other", dataset.All}, pop)
	first.fill(0, [][]int64{{900, 40, 3, 0}, {800, 50, 20, 0}})
	for p := range 3 {
		first.cells[first.index([]int{p, 0, 3, 0})] = fact.Cell{State: fact.NotAsked}
	}
	first.fold(cutAxis, []int{1, 2}, 3)
	one := release(t, first, nil)
	attack(t, one.guard)
	if first.hiddenAt(one, 0, 0, 3, 0) {
		t.Fatal("43 others in A are hidden without need")
	}

	second := laidOut([]string{"A", "B", "all"}, []string{"a", "c", "d", "other", dataset.All}, pop)
	second.fill(0, [][]int64{{900, 40, 3, 0}, {800, 50, 20, 0}})
	for p := range 3 {
		second.cells[second.index([]int{p, 0, 3, 0})] = fact.Cell{State: fact.NotAsked}
	}
	second.fold(cutAxis, []int{2}, 3)
	two := release(t, second, nil, one.guard)
	attack(t, one.guard, two.guard)
	if !second.hiddenAt(two, 0, 0, 1, 0) {
		t.Error("c in A is shown: 43 others less 40 are 3")
	}
}

// A commune that reports later is the new total less the old one.
func TestProtectAgainstLaterReports(t *testing.T) {
	first, second := laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", dataset.All}, pop), laidOut([]string{"A", "B", "C", "all"}, []string{"a", "b", dataset.All}, pop)
	first.fill(0, [][]int64{{900, 300}, {800, 200}})
	for g := range 3 {
		first.cells[first.index([]int{2, 0, g, 0})] = fact.Cell{State: fact.Missing}
	}
	second.fill(0, [][]int64{{900, 300}, {800, 200}, {70, 3}})
	one := release(t, first, nil)
	two := release(t, second, nil, one.guard)
	attack(t, one.guard, two.guard)
	if len(two.exposed) > 0 || !second.hiddenAt(two, 3, 0, 1, 0) {
		t.Errorf("exposed %v; 503 of b less the 500 that were released are the 3 of C", two.exposed)
	}
}

// A merged commune less the old part that was published is the part that was not.
func TestProtectAgainstLineage(t *testing.T) {
	old := laidOut([]string{"old1", "old2", "old3", "old4", "all"}, []string{"a", "b", dataset.All}, pop)
	old.fill(0, [][]int64{{900, 300}, {700, 3}, {600, 70}, {500, 80}})
	one := release(t, old, nil)
	merged := laidOut([]string{"new1", "new2", "all"}, []string{"a", "b", dataset.All}, pop)
	merged.fill(0, [][]int64{{1600, 303}, {1100, 150}})
	olds := map[string][]string{"new1": {"old1", "old2"}, "new2": {"old3", "old4"}}
	two := release(t, merged, func(p string) []split { return []split{{olds[p], false}} }, one.guard)
	attackLinked(t, olds, one.guard, two.guard)
}

// A district less one of its two communes is the other.
func TestProtectAgainstOtherLevels(t *testing.T) {
	districts := laidOut([]string{"D1", "D2", "all"}, []string{"a", "b", dataset.All}, pop)
	districts.fill(0, [][]int64{{1600, 303}, {1100, 150}})
	one := release(t, districts, nil)
	communes := laidOut([]string{"c1", "c2", "c3", "c4", "all"}, []string{"a", "b", dataset.All}, pop)
	communes.fill(0, [][]int64{{900, 300}, {700, 3}, {600, 70}, {500, 80}})
	inside := map[string][]string{"D1": {"c1", "c2"}, "D2": {"c3", "c4"}}
	two := release(t, communes, func(p string) []split { return []split{{inside[p], true}} }, one.guard)
	attackLinked(t, inside, one.guard, two.guard)
	if !communes.hiddenAt(two, 0, 0, 1, 0) {
		t.Error("the 300 of c1 are shown: 303 of the district less 300 are 3")
	}
}
