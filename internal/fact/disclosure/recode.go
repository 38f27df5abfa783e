package disclosure

import (
	"cmp"
	"slices"
)

// A Recoding says which groups (dân tộc) are shown one by one in a place; the rest are folded into others (Dân tộc khác).
type Recoding struct {
	Country int64 // a group with fewer people in the whole country is never shown by itself; 1,000 if zero
	Here    int64 // a group with fewer people in the place is not shown there; 20 if zero
}

// Fold tells for each place, then group, whether the group is folded there. counts are people by place and group, country the
// people of each group in the whole country. Where anything is folded it is at least two groups: others that are one group
// only would be that group by another name.
//
// In a table the folded cells are Withheld, and Table.Add makes the cell of the others from them.
func (r Recoding) Fold(counts [][]int64, country []int64) [][]bool {
	few, rare := cmp.Or(r.Here, 20), cmp.Or(r.Country, 1000)
	folded := make([][]bool, len(counts))
	for p, here := range counts {
		folded[p] = make([]bool, len(here))
		bySize := make([]int, len(here))
		n := 0
		for g := range here {
			bySize[g] = g
			if country[g] < rare || here[g] < few {
				folded[p][g] = true
				n++
			}
		}
		if n != 1 {
			continue
		}
		slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(here[a], here[b]) })
		for _, g := range bySize {
			if !folded[p][g] {
				folded[p][g] = true
				break
			}
		}
	}
	return folded
}
