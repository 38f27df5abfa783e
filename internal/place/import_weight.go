package place

import (
	"context"
	"errors"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
)

// importWeights takes in numbers of the parts of old units as drafts, one row a part: columns old and new (codes), number, source,
// as_of, and measure (population where it is left out). All parts of a unit by one measure make one draft.
func (d *Desk) importWeights(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report, progress func(int, int)) error {
	t.Alias("measure", "theo")
	t.Alias("number", "so")
	t.Alias("source", "nguon")
	t.Alias("as_of", "ngay")
	if err := t.Need("old", "new", "number", "source", "as_of"); err != nil {
		return err
	}
	type key struct {
		old     ID
		measure string
	}
	sets := map[key]*Weighing{}
	rows := map[key]int{}
	var order []key
	for _, r := range t.Rows() {
		w, err := d.readWeight(r)
		if f, ok := errors.AsType[*fault.Fault](err); ok {
			report.Refused = append(report.Refused, intake.Refusal{Row: r.N, Column: f.Field, Why: err})
			continue
		}
		k := key{w.Old, w.Measure}
		if sets[k] == nil {
			sets[k], rows[k] = &Weighing{Old: w.Old, Measure: w.Measure, Source: w.Source, AsOf: w.AsOf}, r.N
			order = append(order, k)
		}
		sets[k].Parts = append(sets[k].Parts, w.Parts...)
	}
	var good []entrant
	for i, k := range order {
		u, err := d.ByID(k.old)
		if err == nil {
			err = d.checkWeights(actor, u, sets[k])
		}
		if f, ok := errors.AsType[*fault.Fault](err); ok && fault.Is(err, fault.Invalid) {
			report.Refused = append(report.Refused, intake.Refusal{Row: rows[k], Column: f.Field, Why: err})
		} else if err != nil {
			return err
		} else {
			good = append(good, sets[k])
		}
		progress(i+1, 2*len(order))
	}
	added, err := d.insertAll(ctx, actor, good, report.Dry)
	report.Added, report.Same = added, len(good)-added
	progress(report.Rows, report.Rows)
	return err
}

// readWeight reads a row as weights of one part. The old unit is the last one of its code that went into the new one.
func (d *Desk) readWeight(r intake.Row) (w Weighing, err error) {
	w.Measure, w.Source = r.Text("measure"), r.Text("source")
	if w.Measure == "" {
		w.Measure = ByPopulation
	}
	for _, u := range d.Versions(r.Text("old")) {
		for _, s := range d.After(u.ID) {
			if s.Unit.Code == r.Text("new") {
				w.Old, w.Parts = u.ID, []Amount{{New: s.Unit.ID}}
			}
		}
	}
	if w.Old == "" {
		return w, fault.Field("old", "place.weight.import", "Code", r.Text("old"))
	}
	if w.Parts[0].Num, err = readAmount(r.Text("number"), w.Measure); err != nil {
		return w, fault.Field("number", "place.weight.number")
	}
	if w.AsOf, err = ParseDate(r.Text("as_of")); err != nil {
		return w, fault.Field("as_of", "place.date.invalid", "Text", r.Text("as_of"))
	}
	return w, nil
}
