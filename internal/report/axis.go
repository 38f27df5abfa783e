package report

import (
	"cmp"
	"context"
	"embed"
	"encoding/csv"
	"slices"

	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// The axes of forms whose members depend on the unit. Those of the others are a list of the province's own.
const (
	byGroup    = "group"
	byMinority = "minority" // groups without the Kinh
	byVillage  = "village"
	noAxis     = "fixed"
)

// common is how many people a group must have had in the province at the census of 2019 to stand in every commune's form; any other
// group is added to a report by its officer.
const common = 100

//go:embed reference/member.csv
var reference embed.FS

// referenceMembers are the projects, topics and kinds of culture that an installation begins with.
func referenceMembers() ([]member, error) {
	f, err := reference.Open("reference/member.csv")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []member
	for _, r := range rows[1:] {
		all = append(all, member{r[0], form.Row{Code: r[1], Label: r[2], LabelEN: r[3]}})
	}
	return all, nil
}

// axis lists the members of a form's rows for a unit on a day.
func (d *Desk) axis(ctx context.Context, f form.Form, unit place.ID, on place.Date) ([]form.Row, error) {
	switch f.Axis {
	case noAxis:
		return nil, nil
	case byGroup, byMinority:
		return d.groupRows(f), nil
	case byVillage:
		villages, err := d.places.VillagesIn(ctx, unit, on)
		rows := make([]form.Row, len(villages))
		for i, v := range villages {
			rows[i] = form.Row{Code: v.ID, Label: v.FullName()}
		}
		return rows, err
	}
	return members(ctx, d.db, f.Axis)
}

// groupRows are the groups of the province, the largest first, and one row for all others.
func (d *Desk) groupRows(f form.Form) []form.Row {
	groups := d.choices(f, nil)
	size := func(g ethnic.Group) int {
		if n := d.groups.In2019(g.Slug, d.places.Home); n.Shown() {
			return n.Value
		}
		return 0
	}
	groups = slices.DeleteFunc(groups, func(g ethnic.Group) bool { return size(g) < common })
	slices.SortStableFunc(groups, func(a, b ethnic.Group) int { return cmp.Compare(size(b), size(a)) })
	rows := make([]form.Row, 0, len(groups)+1)
	for _, g := range groups {
		rows = append(rows, groupRow(g))
	}
	return append(rows, form.Row{Code: string(fact.OtherGroups), Label: "Dân tộc khác", LabelEN: "Other groups"})
}

func groupRow(g ethnic.Group) form.Row {
	return form.Row{Code: string(g.Slug), Label: g.Name, LabelEN: g.NameEN}
}

// choices lists the groups that a form speaks of and that do not stand in its rows yet.
func (d *Desk) choices(f form.Form, rows []form.Row) []ethnic.Group {
	if f.Axis != byGroup && f.Axis != byMinority {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.groups.Groups()), func(g ethnic.Group) bool {
		return f.Axis == byMinority && !g.Minority || slices.ContainsFunc(rows, func(r form.Row) bool { return r.Code == string(g.Slug) })
	})
}

// withGroup puts a group into the rows, before that of all others.
func (d *Desk) withGroup(f form.Form, rows []form.Row, slug string) ([]form.Row, error) {
	for _, g := range d.choices(f, rows) {
		if string(g.Slug) == slug {
			at := slices.IndexFunc(rows, func(r form.Row) bool { return r.Code == string(fact.OtherGroups) })
			if at < 0 {
				at = len(rows)
			}
			return slices.Insert(slices.Clone(rows), at, groupRow(g)), nil
		}
	}
	return nil, fault.Field("group", "report.group.unknown")
}

// given are the values that the system knows by itself. What it has no source for is Unknown: nobody types it.
func (d *Desk) given(ctx context.Context, g form.Grid, unit place.ID, on place.Date) (form.Values, error) {
	v := form.Values{}
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			if c, ok := g.At(row.Code, col.Code); ok && c.Given() {
				v[form.ID(row.Code, col.Code)] = form.Value{State: form.Unknown}
			}
		}
	}
	if len(v) == 0 || g.Form.Axis != byVillage {
		return v, nil
	}
	villages, err := d.places.VillagesIn(ctx, unit, on)
	for _, village := range villages {
		if id := form.ID(village.ID, "ed"); v[id].State != form.Empty {
			v[id] = form.Value{State: form.Known, N: int64(b2i(village.Hard))}
		}
	}
	return v, err
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
