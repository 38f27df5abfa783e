// Package ethnic knows the 54 ethnic groups of Vietnam: their names and the two official lists of codes, the languages they speak,
// which language helps where another is missing, and what the censuses counted. It knows nothing of single persons.
package ethnic

import (
	"context"
	"slices"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
)

// A Slug names a group for good: "tay". Codes do not: the lists of 1979 and of 2008 number 37 of the 54 differently.
type Slug string

// A Group is an ethnic group (dân tộc).
type Group struct {
	Slug              Slug
	Code1979          string // list of 1979 (121-TCTK/PPCĐ), used by the censuses
	Code2008          string // list of 2008 (1019/QĐ-TCTK)
	Code2008Certainty string // "read" or "inferred"
	Name              string // as Banlang writes it
	Name1979          string
	Name2008          string
	NameEN            string
	Aliases           []string // other names that may be shown
	Family            string   // of languages
	Languages         []string // BCP 47, the likeliest first; a group is not its language
	Minority          bool     // all but the Kinh
	Note              string
	Source            string
	Certainty         string

	searchOnly []string // names that hurt or confuse: a group is found by them, they are never shown
	ambiguous  []string // names that several groups share: never guessed
}

// A Language is a language spoken by one or more of the groups.
type Language struct {
	Tag            string // BCP 47; tags "x-…" are this system's own and stay inside it
	ISO            string // ISO 639-3, "" where there is none
	Macrolanguage  string
	Scope          string
	Name           string // "Tiếng Tày"
	NameEN         string
	Groups         []Slug
	Scripts        []string
	Direction      string
	WhereSpoken    string
	Heard          []string // what to offer in its place to a listener, best first; not followed further
	Read           []string // the same for a reader
	FallbackStatus string   // "chờ người nói tiếng xác nhận" until speakers confirmed the two orders
	LangSon        bool     // spoken in Lạng Sơn
	Note           string
	Source         string
	CodeCertainty  string
	Certainty      string
}

// Unconfirmed is the status of an order of languages that no two speakers have confirmed yet.
const Unconfirmed = "chờ người nói tiếng xác nhận"

// Confirmed tells whether speakers have confirmed the order in which other languages help.
func (l Language) Confirmed() bool { return l.FallbackStatus != Unconfirmed }

// A catalogue is a picture of all groups and languages at one moment.
type catalogue struct {
	groups    []Group
	bySlug    map[Slug]int
	languages []Language
	byTag     map[string]int
	byName    map[string][]Match // by folded name
	census    *census
	revision  int64
}

// A Match is a group found by a name.
type Match struct {
	Group     Slug
	Ambiguous bool // the name belongs to other groups too
	Official  bool // it is the group's own name in an official list, or its slug
}

func newCatalogue(groups []Group, languages []Language, counts []count) *catalogue {
	c := &catalogue{groups: groups, bySlug: map[Slug]int{}, languages: languages, byTag: map[string]int{}, byName: map[string][]Match{}}
	add := func(g Group, official bool, names ...string) {
		for _, name := range names {
			key := fold.Key(name)
			known := slices.IndexFunc(c.byName[key], func(m Match) bool { return m.Group == g.Slug })
			if key != "" && known < 0 {
				c.byName[key] = append(c.byName[key], Match{g.Slug, slices.Contains(g.ambiguous, name), official})
			}
		}
	}
	for i, g := range groups {
		c.bySlug[g.Slug] = i
		add(g, true, string(g.Slug), g.Name, g.Name1979, g.Name2008, g.NameEN)
		add(g, false, g.Aliases...)
		add(g, false, g.searchOnly...)
		add(g, false, g.ambiguous...)
		c.groups[i].Name2008 = withoutHurt(g)
	}
	for _, found := range c.byName {
		slices.SortStableFunc(found, func(a, b Match) int { return b2i(b.Official) - b2i(a.Official) })
	}
	for i, l := range languages {
		c.byTag[l.Tag] = i
	}
	c.census = newCensus(groups, counts)
	return c
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// withoutHurt is the name of the list of 2008, which for one group adds a name that is never shown.
func withoutHurt(g Group) string {
	name := g.Name2008
	for _, hurt := range g.searchOnly {
		name = strings.ReplaceAll(name, " ("+hurt+")", "")
	}
	return name
}

// Groups lists the 54 groups in the order of the list of 1979.
func (d *Desk) Groups() []Group { return d.current.Load().groups }

// BySlug is one group.
func (d *Desk) BySlug(slug Slug) (Group, error) {
	c := d.current.Load()
	if i, ok := c.bySlug[slug]; ok {
		return c.groups[i], nil
	}
	return Group{}, fault.New(fault.NotFound, "ethnic.group.not_found", "Slug", string(slug))
}

// Find lists the groups that bear a name, marks and case aside, those whose own name it is first. More than one, or one that is ambiguous, must be asked about.
func (d *Desk) Find(name string) []Match {
	return slices.Clone(d.current.Load().byName[fold.Key(name)])
}

// SearchNames lists every name a group may be found by, those that are never shown among them.
func (d *Desk) SearchNames(g Group) []string {
	return slices.Concat([]string{g.Name, g.Name1979, g.Name2008, g.NameEN}, g.Aliases, g.searchOnly, g.ambiguous)
}

// Languages lists the languages, those of Lạng Sơn first.
func (d *Desk) Languages() []Language { return d.current.Load().languages }

// Language is one language.
func (d *Desk) Language(tag string) (Language, error) {
	c := d.current.Load()
	if i, ok := c.byTag[tag]; ok {
		return c.languages[i], nil
	}
	return Language{}, fault.New(fault.NotFound, "ethnic.language.not_found", "Tag", tag)
}

// HeardFallback lists what to offer a listener where nothing is there in a language, best first. The list is not followed
// further: Nùng falls to Tày and Tày to Nùng. An unknown language falls to Vietnamese.
func (d *Desk) HeardFallback(tag string) []string {
	l, err := d.Language(tag)
	if err != nil {
		return []string{"vi"}
	}
	return slices.Clone(l.Heard)
}

// ReadFallback is the same for a reader.
func (d *Desk) ReadFallback(tag string) []string {
	l, err := d.Language(tag)
	if err != nil {
		return []string{"vi"}
	}
	return slices.Clone(l.Read)
}

// Ready makes sure that the reference lists are in the tables and reads the catalogue from them.
func (d *Desk) Ready(ctx context.Context) error {
	if err := d.loadReference(ctx); err != nil {
		return err
	}
	return d.renew(ctx)
}

func split(s string) []string {
	var all []string
	for one := range strings.SplitSeq(s, ";") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// provinceOf finds the province of 2019 that a census row names, by name or by code.
func (d *Desk) provinceOf(name string) (code string, ok bool) {
	key := fold.Key(name)
	for _, kind := range []string{"tinh ", "thanh pho ", "tp "} {
		key = strings.TrimPrefix(key, kind)
	}
	if key == "thua thien hue" {
		key = "hue" // so called until 31 December 2024
	}
	for _, u := range d.places.Units("", place.Province, place.FirstList) {
		if fold.Key(u.Name) == key || u.Code == name {
			return u.Code, true
		}
	}
	return "", false
}
