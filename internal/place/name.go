package place

import (
	"cmp"
	"slices"
	"strings"

	"banlang/internal/fold"
)

// A Found is a unit found by name or code. Where it no longer holds, Now tells where its territory lies today.
type Found struct {
	Unit Unit
	Now  []Step // empty if the unit itself holds
}

// short are the usual ways to shorten a kind before a name.
var short = map[string]string{"x": "xã", "p": "phường", "tt": "thị trấn", "h": "huyện", "q": "quận", "tx": "thị xã", "tp": "thành phố", "t": "tỉnh", "dk": "đặc khu"}

// nameQuery is what a person typed, understood.
type nameQuery struct {
	code  string   // alone, if it is a number
	kind  string   // "" where none was given
	name  string   // folded
	above []string // folded names of what it lies in
}

// readQuery understands "xã Mai Pha", "P. Vĩnh Trại, Lạng Sơn" and codes. A kind that is part of a name (phường 1) stays apart
// from it.
func readQuery(text string) nameQuery {
	parts := strings.Split(text, ",")
	if code := strings.TrimSpace(text); digits.MatchString(code) && len(code) > 1 {
		return nameQuery{code: code}
	}
	q := nameQuery{name: fold.Key(parts[0])}
	for _, part := range parts[1:] {
		if _, name := cutKind(fold.Key(part)); name != "" {
			q.above = append(q.above, name)
		}
	}
	q.kind, q.name = cutKind(q.name)
	return q
}

// cutKind takes a leading kind off a folded name, the longest that fits.
func cutKind(key string) (kind, name string) {
	longest := ""
	for word := range kinds {
		if rest, ok := strings.CutPrefix(key, word+" "); ok && rest != "" && len(word) > len(longest) {
			longest, kind, name = word, kinds[word].kind, rest
		}
	}
	if kind != "" {
		return kind, name
	}
	if word, rest, ok := strings.Cut(key, " "); ok && short[word] != "" {
		return short[word], rest
	}
	return "", key
}

// rank is how well a unit answers: 0 not at all, 3 by its whole name, 2 by how it begins, 1 by a word in it.
func (q nameQuery) rank(u *Unit) int {
	switch {
	case q.code != "":
		if u.Code == q.code {
			return 3
		}
		return 0
	case q.name == "" || q.kind != "" && u.Kind != q.kind:
		return 0
	case u.folded == q.name:
		return 3
	case strings.HasPrefix(u.folded, q.name):
		return 2
	case strings.Contains(" "+u.folded, " "+q.name):
		return 1
	}
	return 0
}

// Find looks for units by name or code as of a day, marks and case aside, Hòa and Hoà alike. Units that hold come before those
// that ended, those of the home province before others; an old name leads to today's unit.
func (d *Desk) Find(text string, on Date, limit int) []Found {
	t, q := d.tree.Load(), readQuery(text)
	home, _ := t.at(d.Home, on)
	type hit struct {
		i     int32
		order int // smaller is better
	}
	var hits []hit
	for _, i := range t.byName {
		u := &t.units[i]
		rank := q.rank(u)
		if rank == 0 || u.From > on || !t.under(i, q.above) {
			continue
		}
		order := (3 - rank) * 4
		if !u.In(on) {
			order += 2
		}
		if d.Home == "" || !t.covered(i)[t.units[home].ID] {
			order++
		}
		hits = append(hits, hit{i, order})
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.order, b.order) })
	var all []Found
	for _, h := range hits[:min(len(hits), limit)] {
		f := Found{Unit: t.last(h.i)}
		if !f.Unit.In(on) {
			f.Now = t.successors(h.i, on)
		}
		all = append(all, f)
	}
	return all
}

// under tells whether units of all these folded names are above a unit.
func (t *tree) under(i int32, names []string) bool {
	for _, name := range names {
		found := false
		for id := range t.covered(i) {
			found = found || t.units[t.byID[id]].folded == name && id != t.units[i].ID
		}
		if !found {
			return false
		}
	}
	return true
}
