package ethnic

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place/intake"
)

// Import takes in a file: "groups" (names and codes of the 54 groups) or "census" (1999 or 2019, whichever its columns are).
// dry tells what would happen and writes nothing. The same file again changes nothing. The actor must be allowed ethnic.edit.
func (d *Desk) Import(ctx context.Context, actor duty.Actor, kind, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	report := intake.Report{Name: name, Kind: kind, Dry: dry}
	if err := d.policy.Permit(actor, duty.EthnicEdit, d.thing("", nil)); err != nil {
		return report, err
	}
	t, err := intake.Read(name, r)
	if err != nil {
		return report, err
	}
	report.Name, report.Rows, report.Encoding = t.Name, len(t.Rows()), string(t.Encoding)
	switch kind {
	case "groups":
		err = d.importGroups(ctx, t, &report)
	case "census":
		err = d.importCensus(ctx, actor, t, &report)
	default:
		err = fault.New(fault.Invalid, "ethnic.import.kind_unknown", "Kind", kind)
	}
	progress(report.Rows, report.Rows)
	return report, err
}

// pick finds the one group that a cell of an official table names, or says why there is none. There a group's own name is meant
// even where it is also another's old name (Thổ, Lào); any other shared name is asked about.
func (d *Desk) pick(name string) (Slug, string, []any) {
	if other, ok := misspelt[fold.Key(name)]; ok {
		name = other
	}
	found := d.Find(name)
	if own := slices.IndexFunc(found, func(m Match) bool { return !m.Official }); own > 0 {
		found = found[:own]
	}
	switch {
	case len(found) == 0:
		return "", "ethnic.import.group", []any{"Name", name}
	case len(found) > 1 || found[0].Ambiguous && !found[0].Official:
		var slugs []string
		for _, m := range found {
			slugs = append(slugs, string(m.Group))
		}
		return "", "ethnic.import.ambiguous", []any{"Name", name, "Slugs", strings.Join(slugs, ", ")}
	}
	return found[0].Group, "", nil
}

// misspelt are English names as the tables of 1999 print them.
var misspelt = map[string]string{"nun": "nung", "khome": "khmer", "coho": "co ho", "raglai": "ra glai", "xodan": "xo dang", "khomu": "kho mu", "cotu": "co tu",
	"choro": "cho ro", "colao": "co lao", "taoi": "ta oi", "churu": "chu ru", "bana": "ba na", "odu": "o du"}

// importGroups checks a list of groups against the catalogue. It adds no group and changes no name: that needs a second person,
// see ProposeEdit. Every row that says something else is refused with what is recorded.
func (d *Desk) importGroups(_ context.Context, t *intake.Table, report *intake.Report) error {
	t.Alias("name", "name_vi", "ten", "dan_toc")
	t.Alias("code_1979", "code", "ma")
	if err := t.Need("name", "code_1979"); err != nil {
		return err
	}
	for _, r := range t.Rows() {
		name := r.Text("name")
		if slug := r.Text("slug"); slug != "" {
			name = slug
		}
		slug, key, args := d.pick(name)
		g, err := d.BySlug(slug)
		switch {
		case key == "ethnic.import.group":
			report.Refuse(r.N, "name", "ethnic.import.new", "Name", name)
		case key != "":
			report.Refuse(r.N, "name", key, args...)
		case err != nil:
			return err
		case r.Text("code_1979") != g.Code1979:
			report.Refuse(r.N, "code_1979", "ethnic.import.code", "Code", r.Text("code_1979"), "Known", g.Code1979, "Name", g.Name)
		case r.Text("code_2008") != "" && r.Text("code_2008") != g.Code2008:
			report.Refuse(r.N, "code_2008", "ethnic.import.code", "Code", r.Text("code_2008"), "Known", g.Code2008, "Name", g.Name)
		default:
			report.Same++
		}
	}
	return nil
}

// importCensus takes in counts: group, province and population of 2019, or table, group, column and value of 1999.
func (d *Desk) importCensus(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report) error {
	t.Alias("group", "ethnic", "ethnic_en", "dan_toc")
	t.Alias("province", "tinh")
	t.Alias("population", "dan_so")
	t.Alias("measure", "col")
	old := t.Has("table", "measure", "value")
	need := []string{"group", "province", "population"}
	if old {
		need = []string{"table", "group", "measure", "value"}
	}
	if err := t.Need(need...); err != nil {
		return err
	}
	var counts []count
	seen := map[count]int{}
	for _, r := range t.Rows() {
		n, ok := d.readCount(r, old, report)
		if !ok {
			continue
		}
		key := n
		key.Value = 0
		if first := seen[key]; first != 0 {
			report.Refuse(r.N, "group", "ethnic.import.twice", "First", first)
			continue
		}
		seen[key] = r.N
		counts = append(counts, n)
	}
	err := d.saveCounts(ctx, actor, counts, report)
	report.Same = len(counts) - report.Added - report.Changed
	return err
}

// everybody are the rows of 1999 that are no group.
var everybody = map[string]Slug{"whole country": "*", "total": "*", "foreigners": "foreign", "not stated": "unknown", "*": "*", "foreign": "foreign", "unknown": "unknown"}

// readCount reads one row; an empty cell was not counted, and is reported as blank.
func (d *Desk) readCount(r intake.Row, old bool, report *intake.Report) (n count, ok bool) {
	n = count{Year: 2019, Measure: "population"}
	column := "population"
	if old {
		n.Year, n.Measure, column = 1999, measure1999(r.Text("table"), r.Text("measure")), "value"
	}
	text := strings.TrimSuffix(r.Text(column), ".0")
	if text == "" {
		report.Blank++
		return n, false
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 || value > 200_000_000 {
		report.Refuse(r.N, column, "ethnic.import.number", "Text", r.Text(column))
		return n, false
	}
	n.Value = value
	name := r.Text("group")
	if slug, all := everybody[strings.ToLower(name)]; all && old {
		n.Group = slug
		return n, true
	}
	var key string
	var args []any
	if n.Group, key, args = d.pick(name); key != "" {
		report.Refuse(r.N, "group", key, args...)
		return n, false
	}
	if old {
		return n, true
	}
	if n.Province, ok = d.provinceOf(r.Text("province")); !ok {
		report.Refuse(r.N, "province", "ethnic.import.province", "Name", r.Text("province"))
	}
	return n, ok
}
