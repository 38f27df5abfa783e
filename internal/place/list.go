package place

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"banlang/internal/fold"
	"banlang/internal/place/intake"
)

// A listed unit is one row of an official list.
type listed struct {
	code, level, kind, name, nameEN, parent string
}

// A share is one row of a lineage list: an old code, a new code, and whether the old unit went there whole.
type share struct {
	old, new string
	whole    bool
}

// A register is the units and their lineage while lists are being applied. It knows what it has added and changed.
type register struct {
	units   map[ID]*Unit
	byCode  map[string][]*Unit
	threads map[[2]ID]bool // and whether the old one went whole

	added, changed map[ID]bool
	joined         map[[2]ID]bool // threads to write, and whether they were known and now say something else

	removed map[ID]bool // by an event that was taken back
	parted  map[[2]ID]bool
}

func newRegister(units []Unit, threads []thread) *register {
	g := &register{map[ID]*Unit{}, map[string][]*Unit{}, map[[2]ID]bool{}, map[ID]bool{}, map[ID]bool{}, map[[2]ID]bool{}, map[ID]bool{}, map[[2]ID]bool{}}
	for _, u := range units {
		g.units[u.ID] = &u
		g.byCode[u.Code] = append(g.byCode[u.Code], &u)
	}
	for _, row := range threads {
		g.threads[[2]ID{row.Old, row.New}] = row.Whole
	}
	return g
}

func (g *register) at(code string, on Date) *Unit {
	for _, u := range g.byCode[code] {
		if u.In(on) {
			return u
		}
	}
	return nil
}

func (g *register) add(l listed, from Date) *Unit {
	u := &Unit{ID: NewID(l.code, from), Code: l.code, Level: l.level, Kind: l.kind, Name: l.name, NameEN: l.nameEN, ParentCode: l.parent,
		From: from, folded: fold.Key(l.name), sort: fold.Sort(l.name)}
	g.units[u.ID] = u
	g.byCode[u.Code] = append(g.byCode[u.Code], u)
	if g.removed[u.ID] { // it is there still
		delete(g.removed, u.ID)
		g.changed[u.ID] = true
		return u
	}
	g.added[u.ID] = true
	return u
}

// remove takes a version out that never should have begun.
func (g *register) remove(id ID) {
	u := g.units[id]
	delete(g.units, id)
	delete(g.changed, id)
	g.byCode[u.Code] = slices.DeleteFunc(g.byCode[u.Code], func(v *Unit) bool { return v == u })
	g.removed[id] = true
}

// part takes a thread out.
func (g *register) part(old, now ID) {
	delete(g.threads, [2]ID{old, now})
	g.parted[[2]ID{old, now}] = true
}

func (g *register) touch(u *Unit) {
	if !g.added[u.ID] {
		g.changed[u.ID] = true
	}
}

func (g *register) end(u *Unit, day Date) {
	u.Until = day
	g.touch(u)
}

// says tells whether a unit is already what a list says. Where a name puts its tone (Hòa, Hoà) is no difference.
func (u *Unit) says(l listed) bool {
	return u.Level == l.level && u.Kind == l.kind && u.ParentCode == l.parent && sameName(u.Name, l.name)
}

func sameName(a, b string) bool { return a == b || fold.Toned(a) == fold.Toned(b) }

// apply takes in a list as it stood on a day. The first list ever gives units whose start is not known. A list with more than
// one province is a list of the country; another speaks only of the units beside those it names. What a list leaves out ended.
func (g *register) apply(list []listed, day Date) {
	from := day
	if day <= FirstList {
		from = 0
	}
	seen := make(map[string]bool, len(list))
	var ended, began []*Unit
	for _, l := range list {
		seen[l.code] = true
		u := g.at(l.code, day)
		switch {
		case u != nil && u.says(l):
			if u.NameEN == "" && l.nameEN != "" {
				u.NameEN = l.nameEN
				g.touch(u)
			}
			continue
		case u != nil && u.From == from: // the same list again, corrected
			u.Level, u.Kind, u.Name, u.ParentCode = l.level, l.kind, l.name, l.parent
			u.folded, u.sort = fold.Key(l.name), fold.Sort(l.name)
			g.touch(u)
			continue
		case u != nil:
			g.end(u, day)
			ended = append(ended, u)
		}
		began = append(began, g.add(l, from))
	}
	within := scope(list)
	for _, u := range g.units {
		if u.In(day) && u.From < from && !seen[u.Code] && within(u) {
			g.end(u, day)
			ended = append(ended, u)
		}
	}
	g.continueUnits(ended, began)
}

// scope tells of which units a list speaks.
func scope(list []listed) func(*Unit) bool {
	provinces := 0
	beside := map[[2]string]bool{}
	for _, l := range list {
		if l.level == Province {
			provinces++
		}
		beside[[2]string{l.level, l.parent}] = true
	}
	return func(u *Unit) bool {
		return provinces > 1 || u.Level != Province && beside[[2]string{u.Level, u.ParentCode}]
	}
}

// continueUnits joins a unit to the one that plainly goes on from it: the same code, name and parent with another kind, or the
// same name, kind and parent with another code.
func (g *register) continueUnits(ended, began []*Unit) {
	type key struct{ level, parent, name string }
	of := func(u *Unit) key { return key{u.Level, u.ParentCode, fold.Toned(u.Name)} }
	next := map[key]*Unit{}
	for _, u := range began {
		next[of(u)] = u
	}
	for _, old := range ended {
		u := next[of(old)]
		if u != nil && (u.Code == old.Code || u.Kind == old.Kind && g.at(u.Code, u.From.Before()) == nil) {
			g.join(old.ID, u.ID, true)
		}
	}
}

func (g *register) join(old, now ID, whole bool) {
	key := [2]ID{old, now}
	if was, known := g.threads[key]; !known || was != whole {
		g.threads[key] = whole
		g.joined[key] = known
	}
}

// link takes in the lineage of a day. A unit that kept its code, kind, name and parent but took in another is a new version.
func (g *register) link(shares []share, day Date, report *intake.Report, rows []int) {
	sources := map[string]int{}
	for _, s := range shares {
		sources[s.new]++
	}
	for i, s := range shares {
		old, now := g.at(s.old, day.Before()), g.at(s.new, day)
		switch {
		case old == nil:
			report.Refuse(rows[i], "old", "place.import.unknown_code", "Code", s.old, "Date", day.Before().String())
			continue
		case now == nil:
			report.Refuse(rows[i], "new", "place.import.unknown_code", "Code", s.new, "Date", day.String())
			continue
		case old.Level != now.Level && (old.Level != District || now.Level != Commune): // five island districts became đặc khu
			report.Refuse(rows[i], "new", "place.import.level_differs", "Code", s.new)
			continue
		}
		if now.From < day && (sources[s.new] > 1 || !s.whole) {
			g.end(now, day)
			now = g.add(listed{now.Code, now.Level, now.Kind, now.Name, now.NameEN, now.ParentCode}, day)
		}
		if old.ID != now.ID {
			g.join(old.ID, now.ID, s.whole)
		}
	}
}

// moved are the old units that go elsewhere since an event was taken back or corrected.
func (g *register) moved() map[ID]bool {
	all := map[ID]bool{}
	for key := range g.parted {
		if _, again := g.threads[key]; !again {
			all[key[0]] = true
		}
	}
	for key := range g.joined {
		if !g.parted[key] {
			all[key[0]] = true
		}
	}
	return all
}

func (g *register) dirty() bool { return len(g.added)+len(g.changed)+len(g.joined) > 0 }

// tree makes the tree of what is in the register.
func (g *register) tree() *tree { return g.weighedTree(nil) }

func (g *register) weighedTree(weights []Weight) *tree {
	var units []Unit
	for _, u := range g.units {
		units = append(units, *u)
	}
	var threads []thread
	for key, whole := range g.threads {
		threads = append(threads, thread{key[0], key[1], whole})
	}
	return newTree(units, threads, weights)
}

// kinds maps the words of the lists to the kinds of units, and each to the levels it may have.
var kinds = map[string]struct {
	kind   string
	levels []string
}{
	"tinh":                            {"tỉnh", []string{Province}},
	"thanh pho":                       {"thành phố", []string{Province, District}},
	"thanh pho trung uong":            {"thành phố", []string{Province}},
	"thanh pho truc thuoc trung uong": {"thành phố", []string{Province}},
	"quan":                            {"quận", []string{District}},
	"huyen":                           {"huyện", []string{District}},
	"thi xa":                          {"thị xã", []string{District}},
	"xa":                              {"xã", []string{Commune}},
	"phuong":                          {"phường", []string{Commune}},
	"thi tran":                        {"thị trấn", []string{Commune}},
	"dac khu":                         {"đặc khu", []string{Commune}},
	"dac khu tai hai dao":             {"đặc khu", []string{Commune}},
}

// codeWidth is how many digits a code has at each level.
var codeWidth = map[string]int{Province: 2, District: 3, Commune: 5}

var digits = regexp.MustCompile(`^[0-9]+$`)

// readList reads a list of units and refuses, row by row, what cannot be one.
func readList(t *intake.Table, known func(code string) bool, report *intake.Report) []listed {
	var list []listed
	inList := map[string]bool{}
	for _, r := range t.Rows() {
		inList[r.Text("code")] = true
	}
	seen := map[string]int{}
	for _, r := range t.Rows() {
		l := listed{code: r.Text("code"), level: strings.ToLower(r.Text("level")), name: r.Text("name"), nameEN: r.Text("name_en"), parent: r.Text("parent")}
		kind := kinds[fold.Key(r.Text("kind"))]
		l.kind = kind.kind
		switch {
		case codeWidth[l.level] == 0:
			report.Refuse(r.N, "level", "place.import.level", "Text", r.Text("level"))
		case len(l.code) != codeWidth[l.level] || !digits.MatchString(l.code):
			report.Refuse(r.N, "code", "place.import.code", "Text", l.code, "Digits", codeWidth[l.level])
		case seen[l.code] != 0:
			report.Refuse(r.N, "code", "place.import.twice", "Code", l.code, "First", seen[l.code])
		case !slices.Contains(kind.levels, l.level):
			report.Refuse(r.N, "kind", "place.import.kind", "Text", r.Text("kind"))
		case fold.Key(l.name) == "":
			report.Refuse(r.N, "name", "place.import.name")
		case (l.parent == "") != (l.level == Province), l.parent != "" && !inList[l.parent] && !known(l.parent):
			report.Refuse(r.N, "parent", "place.import.parent", "Text", l.parent)
		default:
			seen[l.code] = r.N
			list = append(list, l)
		}
	}
	return list
}

// readShares reads a lineage list.
func readShares(t *intake.Table, report *intake.Report) (shares []share, rows []int) {
	words := map[string]bool{"whole": true, "full": true, "part": false, "partial": false, "toan_bo": true, "mot_phan": false}
	for _, r := range t.Rows() {
		whole, ok := words[strings.ReplaceAll(fold.Key(r.Text("share")), " ", "_")]
		if !ok {
			report.Refuse(r.N, "share", "place.import.share", "Text", r.Text("share"))
			continue
		}
		shares = append(shares, share{r.Text("old"), r.Text("new"), whole})
		rows = append(rows, r.N)
	}
	return shares, rows
}

// sortedIDs makes writing repeatable.
func sortedIDs(set map[ID]bool) []ID { return slices.Sorted(maps.Keys(set)) }

// knows tells whether a code is given to a unit on a day.
func (g *register) knows(day Date) func(code string) bool {
	return func(code string) bool { return g.at(code, day) != nil }
}

// unit is the unit that has a code on a day.
func (g *register) unit(code string, day Date) (Unit, bool) {
	if u := g.at(code, day); u != nil {
		return *u, true
	}
	return Unit{}, false
}
