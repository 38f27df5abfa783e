package release

import (
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fact/disclosure"
	"banlang/internal/place"
)

// census is what the pages of the ethnic groups have always shown of the census of 2019: whatever is released later is read beside
// them.
func (d *Desk) census() guard {
	var g guard
	provinces := map[string]place.ID{}
	for _, u := range d.places.Units("", place.Province, place.FirstList) {
		provinces[u.Code] = u.ID
	}
	at := fact.NewPeriod(fact.FiveYear, 2019, 0).String()
	add := func(code string, group ethnic.Slug, f ethnic.Figure) int {
		key := "POP" + keyPart + at + keyPart + code
		if group != "" {
			key += keyPart + string(fact.ByGroup) + "=" + string(group)
		}
		g.Cells = append(g.Cells, guarded{Key: key, Value: int64(f.Value), K: ethnic.Small, Primary: f.IsSmall, Shown: f.Shown()})
		return len(g.Cells) - 1
	}
	total := func(n int) ethnic.Figure { return ethnic.Figure{Value: n, Known: true} }
	all := disclosure.Sum{Total: add(country, "", total(d.groups.Total2019()))}
	here := map[string][]int{} // cells of a province
	for _, each := range d.groups.Groups() {
		row := disclosure.Sum{Total: add(country, each.Slug, total(d.groups.Country2019(each.Slug)))}
		all.Parts = append(all.Parts, row.Total)
		for _, s := range d.groups.Provinces2019(each.Slug) {
			if id, ok := provinces[s.Province]; ok && s.Known {
				cell := add(string(id), each.Slug, s.Figure)
				row.Parts, here[s.Province] = append(row.Parts, cell), append(here[s.Province], cell)
			}
		}
		g.Sums = append(g.Sums, row)
	}
	g.Sums = append(g.Sums, all)
	for code, cells := range here {
		g.Sums = append(g.Sums, disclosure.Sum{Total: add(string(provinces[code]), "", total(d.groups.InProvince2019(code))), Parts: cells})
	}
	return g
}
