package form

import (
	"fmt"
	"slices"
	"strings"
)

// A Change is one difference between two versions of a form, as a message with its arguments.
type Change struct {
	Key  string
	Args []any
}

// Diff says in words what a new version of a form changes, for the page that asks whether to take it into use.
func Diff(from, to Form) []Change {
	var out []Change
	differ := func(key, cell, was, is string) {
		if was != is {
			out = append(out, Change{"form.diff." + key, []any{"Cell", cell, "Old", was, "New", is}})
		}
	}
	differ("title", "", from.TitleVI, to.TitleVI)
	differ("title", "", from.TitleEN, to.TitleEN)
	differ("period", "", from.Period, to.Period)
	differ("dates", "", strings.Join([]string{from.Open, from.Due, from.Final}, "; "), strings.Join([]string{to.Open, to.Due, to.Final}, "; "))
	differ("axis", "", from.Axis, to.Axis)
	for _, was := range from.Cells {
		if !slices.ContainsFunc(to.Cells, same(was)) {
			differ("removed", ID(was.Row, was.Col), was.name(), "")
		}
	}
	var kept, before []string
	for _, is := range to.Cells {
		id := ID(is.Row, is.Col)
		i := slices.IndexFunc(from.Cells, same(is))
		if i < 0 {
			differ("added", id, "", is.name())
			continue
		}
		was := from.Cells[i]
		kept = append(kept, id)
		differ("label", id, was.name(), is.name())
		differ("label", id, was.RowEN+", "+was.ColEN, is.RowEN+", "+is.ColEN)
		differ("indicator", id, was.counts(), is.counts())
		differ("kind", id, string(was.Input)+", "+string(was.Type), string(is.Input)+", "+string(is.Type))
		differ("required", id, flag(was.Required), flag(is.Required))
		differ("rule", id, was.Rule, is.Rule)
		differ("watch", id, fmt.Sprint(was.Watch)+"%", fmt.Sprint(is.Watch)+"%")
	}
	for _, was := range from.Cells {
		if id := ID(was.Row, was.Col); slices.Contains(kept, id) {
			before = append(before, id)
		}
	}
	if !slices.Equal(before, kept) {
		differ("order", "", "-", "+")
	}
	return out
}

func same(c Cell) func(Cell) bool {
	return func(o Cell) bool { return o.Row == c.Row && o.Col == c.Col }
}

// name is what a person calls the cell.
func (c Cell) name() string {
	if c.Row == Member {
		return c.ColVI
	}
	return c.RowVI + ", " + c.ColVI
}

// counts is what the cell counts: POP, sex=male.
func (c Cell) counts() string {
	only := make([]string, 0, len(c.Only)+len(c.Choices))
	for dim, member := range c.Only {
		only = append(only, dim+"="+member)
	}
	slices.Sort(only)
	for _, o := range c.Choices {
		only = append(only, o.Code+"="+o.Indicator)
	}
	return strings.Join(append([]string{c.Indicator}, only...), ", ")
}

// flag is yes or no as the table of a form writes it.
func flag(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}
