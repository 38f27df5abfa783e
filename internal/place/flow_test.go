package place

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestShare(t *testing.T) {
	half := []Flow{{Num: 1, Den: 2}, {Num: 1, Den: 2}}
	thirds := []Flow{{Num: 1, Den: 3}, {Num: 2, Den: 3}}
	for _, c := range []struct {
		name  string
		total int64
		flows []Flow
		want  []int64
	}{
		{"whole", 150, []Flow{{Num: 1, Den: 1, Whole: true}}, []int64{150}},
		{"the first of two equal remainders takes the odd one", 5, half, []int64{3, 2}},
		{"the larger remainder takes it", 100, thirds, []int64{33, 67}},
		{"less than nothing", -100, thirds, []int64{-33, -67}},
		{"the largest number", 1<<63 - 1, half, []int64{1 << 62, 1<<62 - 1}},
		{"nothing", 0, thirds, []int64{0, 0}},
		{"not known", 7, []Flow{{}, {}}, []int64{0, 0}},
		{"no share takes no remainder", 1, []Flow{{Num: 0, Den: 5}, {Num: 1, Den: 1}}, []int64{0, 1}},
		{"nowhere", 7, nil, []int64{}},
	} {
		if got := Share(c.total, c.flows); !slices.Equal(got, c.want) {
			t.Errorf("%s: Share(%d) = %v, want %v", c.name, c.total, got, c.want)
		}
	}
}

// Whatever the shares, they add up to what was shared.
func TestShareConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 8).Draw(t, "numbers")
		sum := int64(0)
		for _, n := range numbers {
			sum += n
		}
		if sum == 0 {
			return
		}
		var flows []Flow
		for _, n := range numbers {
			flows = append(flows, Flow{Num: n, Den: sum})
		}
		total := rapid.Int64().Draw(t, "total")
		got := int64(0)
		for i, n := range Share(total, flows) {
			got += n
			if numbers[i] == 0 && n != 0 {
				t.Fatalf("no share got %d", n)
			}
		}
		if got != total {
			t.Fatalf("%d arrived of %d", got, total)
		}
	})
}

// small is a tree of a province with communes and threads "a>b" (whole) or "a~b" (a part).
func small(units map[string][2]Date, threads []string, weights ...Weight) *Desk {
	all := []Unit{{ID: "20@0", Code: "20", Level: Province, Name: "P"}}
	for code, days := range units {
		all = append(all, Unit{ID: NewID(code, days[0]), Code: code, Level: Commune, Name: code, ParentCode: "20", From: days[0], Until: days[1], sort: code})
	}
	var rows []thread
	for _, s := range threads {
		var a, b string
		var arrow rune
		if _, err := fmt.Sscanf(s, "%2s%c%2s", &a, &arrow, &b); err != nil {
			panic(err)
		}
		rows = append(rows, thread{NewID(a, units[a][0]), NewID(b, units[b][0]), arrow == '>'})
	}
	d := &Desk{}
	d.tree.Store(newTree(all, rows, weights))
	return d
}

func TestFlows(t *testing.T) {
	// a1 and a2 merged into b1; a3 was divided between b1 and b2, which is otherwise a4; later b2 was renamed c2 and b1 split
	// into c3 and c4.
	units := map[string][2]Date{"a1": {0, 10}, "a2": {0, 10}, "a3": {0, 10}, "a4": {0, 10}, "a5": {0, 10}, "a6": {0, 10}, "b5": {10, 0},
		"b1": {10, 20}, "b2": {10, 20}, "c2": {20, 0}, "c3": {20, 0}, "c4": {20, 0}}
	threads := []string{"a1>b1", "a2>b1", "a3~b1", "a3~b2", "a4>b2", "a5>b5", "a6>b5", "b2>c2", "b1~c3", "b1~c4"}
	weights := []Weight{
		{"a3@0", "b1@10", ByPopulation, 25, 100}, {"a3@0", "b2@10", ByPopulation, 75, 100},
		{"a3@0", "b1@10", "tay", 0, 9}, {"a3@0", "b2@10", "tay", 9, 9},
		{"a4@0", "b2@10", ByPopulation, 225, 225},
		{"b1@10", "c3@20", ByPercent, 40, 100}, {"b1@10", "c4@20", ByPercent, 60, 100},
	}
	with, without := small(units, threads, weights...), small(units, threads)
	for _, c := range []struct {
		desk    *Desk
		from    ID
		level   string
		on      Date
		measure string
		want    string
	}{
		{without, "a1@0", Commune, 9, "", "[a1@0 1/1]"},
		{without, "a1@0", Commune, 15, "", "[b1@10 1/1]"},
		{without, "a3@0", Commune, 15, "", "? [b1@10 0/0] [b2@10 0/0]"},
		{without, "a3@0", Province, 15, "", "[20@0 1/1]"},
		{without, "a5@0", Commune, 25, "", "[b5@10 1/1]"},
		{without, "b5@10", Commune, 5, "", "? [a5@0 0/0] [a6@0 0/0]"},
		{without, "b5@10", Province, 5, "", "[20@0 1/1]"},
		{without, "c2@20", Commune, 12, "", "[b2@10 1/1]"},
		{without, "c3@20", Commune, 12, "", "[b1@10 1/1]"}, // all of a piece lies in what it was cut from
		{without, "c3@20", Commune, 5, "", "? [a1@0 0/0] [a2@0 0/0] [a3@0 0/0]"},
		{without, "20@0", Province, 5, "", "[20@0 1/1]"},
		{without, "a1@0", District, 15, "", "?"},
		{without, "none", Commune, 15, "", "?"},
		{with, "a3@0", Commune, 15, "", "[b1@10 1/4 ~] [b2@10 3/4 ~]"},
		{with, "a3@0", Commune, 25, "", "[c2@20 3/4 ~] [c3@20 1/10 ~] [c4@20 3/20 ~]"},
		{with, "a3@0", Commune, 25, "tay", "[c2@20 1/1 ~]"},
		{with, "a3@0", Commune, 25, "dao", "[c2@20 3/4 ~] [c3@20 1/10 ~] [c4@20 3/20 ~]"},
		{with, "a1@0", Commune, 25, "", "[c3@20 2/5 ~] [c4@20 3/5 ~]"},
		{with, "c2@20", Commune, 5, "", "[a3@0 1/4 ~] [a4@0 3/4 ~]"},
		{with, "c3@20", Commune, 5, "", "? [a1@0 0/0] [a2@0 0/0] [a3@0 0/0]"}, // numbers of a1 and a2 are missing
		{with, "a3@0", Province, 25, "", "[20@0 1/1]"},
	} {
		flows, known := c.desk.FlowsOf(c.from, c.level, c.on, c.measure)
		got := ""
		if !known {
			got = "? "
		}
		for _, f := range flows {
			mark := ""
			if f.Estimated {
				mark = " ~"
			}
			got += fmt.Sprintf("[%s %d/%d%s] ", f.To, f.Num, f.Den, mark)
		}
		if len(got) > 0 {
			got = got[:len(got)-1]
		}
		if got != c.want {
			t.Errorf("FlowsOf(%s, %s, %d, %q) = %s, want %s", c.from, c.level, c.on, c.measure, got, c.want)
		}
	}
}
