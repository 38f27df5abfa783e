package place

import (
	"context"
	"fmt"
	"strings"

	"banlang/internal/db"
	"banlang/internal/search"
)

// publish makes the units of the home province and all provinces findable, old ones with what became of them, once for each
// revision of the tree. The other 13,000 units are found on the page of places.
func (d *Desk) publish(ctx context.Context) error {
	name, state := "search "+d.Home, fmt.Sprintf("2.%d", d.tree.Load().revision)
	was, err := db.Values[string](ctx, d.db, "SELECT digest FROM place_list WHERE name = $1", name)
	if err != nil || len(was) == 1 && was[0] == state {
		return err
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		for _, e := range d.entries() {
			if err := search.Put(ctx, tx, e); err != nil {
				return err
			}
		}
		return setList(ctx, tx, name, d.Today(), state, "", d.now())
	})
}

// entries are what search knows of places.
func (d *Desk) entries() []search.Entry {
	t, today := d.tree.Load(), d.Today()
	home, ok := t.at(d.Home, today)
	var all []search.Entry
	for _, i := range t.byName {
		u := t.last(i)
		if !(u.Level == Province && u.In(today)) && !(ok && t.covered(i)[t.units[home].ID]) {
			continue
		}
		all = append(all, search.Entry{ID: "place/" + string(u.ID), Kind: "place", Title: u.Title(), Body: d.story(u, today), Lang: "vi",
			URL: d.pageOf(u), Number: u.Code, Facets: map[string][]string{"kind": {"place"}, "place": {string(u.ID)}}})
	}
	return all
}

// summary tells in one line where a unit lies, or that it ended.
func (d *Desk) summary(u Unit, today Date) string {
	if u.From > today {
		return "Từ ngày " + written(u.From)
	}
	if !u.In(today) {
		return "Đến hết ngày " + written(u.Until.Before()) + nowIn(d.Successors(u.ID, today))
	}
	if parents := d.Parents(u.ID, today); len(parents) > 0 {
		return "Thuộc " + parents[0].FullName()
	}
	return ""
}

// story tells where a unit lies or that it ended, its code, and what it was before.
func (d *Desk) story(u Unit, today Date) string {
	var lines []string
	if summary := d.summary(u, today); summary != "" {
		lines = append(lines, summary+".")
	}
	lines = append(lines, "Mã "+u.Code+".")
	if u.NameEN != "" {
		lines = append(lines, u.NameEN+".")
	}
	if steps, _ := d.Before(u.ID); len(steps) > 0 {
		lines = append(lines, "Trước đây là "+namesOf(steps)+".")
	}
	return strings.Join(lines, "\n\n")
}

func nowIn(steps []Step) string {
	if len(steps) == 0 {
		return ""
	}
	return "; nay thuộc " + namesOf(steps)
}

// namesOf names the units of steps, and those that went or came in part.
func namesOf(steps []Step) string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Unit.FullName()
		if !s.Whole {
			names[i] += " (một phần)"
		}
	}
	return strings.Join(names, ", ")
}

// written is a day as Vietnamese text: 30/6/2025.
func written(d Date) string { return fmt.Sprintf("%d/%d/%d", d%100, d/100%100, d/10000) }
