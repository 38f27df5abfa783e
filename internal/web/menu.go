package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
)

// A MenuItem is a place in the officers' menu, shown to who may do its act somewhere.
type MenuItem struct {
	Group string // message key of the heading: desk.daily, desk.data, desk.content, desk.admin
	Key   string // message key of the name
	URL   string
	Act   duty.Act
	Order int
}

// A Task is something that waits for the actor, as "my work" lists it.
type Task struct {
	Title string
	Kind  string // message key: what sort of work
	URL   string
	Due   time.Time // zero: no date
	State string    // ok, go, late or unk
	Word  string    // the state in words, already in Vietnamese
}

// Menu adds a place to the officers' menu. At start-up only.
func (s *Site) Menu(m MenuItem) {
	s.menu = append(s.menu, m)
	slices.SortStableFunc(s.menu, func(a, b MenuItem) int { return cmp.Compare(a.Order, b.Order) })
}

type menuGroup struct {
	Key   string
	Items []menuEntry
}

type menuEntry struct {
	Key, URL string
	Current  bool
}

// menuFor is the menu of the one who asks. The place with the longest address that leads to this page is the current one.
func (s *Site) menuFor(v *visit) []menuGroup {
	var groups []menuGroup
	here, best := v.request.URL.Path, ""
	for _, m := range s.menu {
		inside := here == m.URL || strings.HasPrefix(here, strings.TrimSuffix(m.URL, "/")+"/")
		if inside && len(m.URL) > len(best) && s.Policy.May(v.actor, m.Act) {
			best = m.URL
		}
	}
	for _, m := range s.menu {
		if !s.Policy.May(v.actor, m.Act) {
			continue
		}
		i := slices.IndexFunc(groups, func(g menuGroup) bool { return g.Key == m.Group })
		if i < 0 {
			groups = append(groups, menuGroup{Key: m.Group})
			i = len(groups) - 1
		}
		groups[i].Items = append(groups[i].Items, menuEntry{m.Key, m.URL, m.URL == best})
	}
	return groups
}
