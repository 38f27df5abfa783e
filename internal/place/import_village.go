package place

import (
	"context"
	"errors"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place/intake"
)

// importVillages takes in villages as drafts: columns commune (code), name, kind, decision, decided, from, until.
func (d *Desk) importVillages(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report, progress func(int, int)) error {
	t.Alias("commune", "ma_xa", "xa", "code")
	aliasDecision(t)
	if err := t.Need("commune", "name", "decision", "decided"); err != nil {
		return err
	}
	return d.takeRows(ctx, actor, t, report, progress, func(r intake.Row) (entrant, error) {
		unit, decision, from, until, err := d.readEntry(r)
		if err != nil {
			return nil, err
		}
		v := Village{Unit: unit.ID, Kind: r.Text("kind"), Name: r.Text("name"), Decision: decision, From: from, Until: until}
		if err := d.checkVillage(&v); err != nil {
			return nil, err
		}
		if err := d.policy.Permit(actor, duty.PlaceEditVillage, duty.Thing{Area: string(v.Unit), State: Draft}); err != nil {
			return nil, err
		}
		v.Entry = d.draftBy(actor)
		return &v, nil
	})
}

// importClasses takes in area classes as drafts: columns commune (code), village (name, for DBKK), class, decision, decided, from, until.
func (d *Desk) importClasses(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report, progress func(int, int)) error {
	t.Alias("commune", "ma_xa", "xa", "code")
	t.Alias("village", "thon")
	t.Alias("class", "khu_vuc", "phan_loai")
	aliasDecision(t)
	if err := t.Need("commune", "class", "decision", "decided"); err != nil {
		return err
	}
	return d.takeRows(ctx, actor, t, report, progress, func(r intake.Row) (entrant, error) {
		unit, decision, from, until, err := d.readEntry(r)
		if err != nil {
			return nil, err
		}
		c := AreaClass{Unit: unit.ID, Class: classOf(r.Text("class")), Decision: decision, From: from, Until: until}
		if name := r.Text("village"); name != "" {
			if c.Village, err = d.villageByName(ctx, unit.ID, name); err != nil {
				return nil, err
			}
		}
		if err := d.checkClass(&c); err != nil {
			return nil, err
		}
		if err := d.policy.Permit(actor, duty.PlaceSetAreaClass, duty.Thing{Area: string(c.Unit), State: Draft}); err != nil {
			return nil, err
		}
		c.Entry = d.draftBy(actor)
		return &c, nil
	})
}

func aliasDecision(t *intake.Table) {
	t.Alias("decision", "so_van_ban", "so_quyet_dinh", "quyet_dinh")
	t.Alias("decided", "ngay_van_ban", "ngay_quyet_dinh")
	t.Alias("from", "tu_ngay", "hieu_luc")
	t.Alias("until", "den_ngay")
}

// classOf understands "khu vực III", "3" and "đặc biệt khó khăn".
func classOf(s string) string {
	switch key := fold.Key(s); key {
	case "1", "i", "khu vuc i", "khu vuc 1":
		return "I"
	case "2", "ii", "khu vuc ii", "khu vuc 2":
		return "II"
	case "3", "iii", "khu vuc iii", "khu vuc 3":
		return "III"
	case "dbkk", "dac biet kho khan", "thon dac biet kho khan":
		return "DBKK"
	}
	return s
}

// readEntry reads what villages and classes have in common. Without a day of its own a row holds from the day of the decision,
// or from the day its commune began if that is later.
func (d *Desk) readEntry(r intake.Row) (unit Unit, decision Decision, from, until Date, err error) {
	decision.Number = r.Text("decision")
	if decision.Day, err = ParseDate(r.Text("decided")); err != nil {
		return unit, decision, 0, 0, fault.Field("decided", "place.date.invalid", "Text", r.Text("decided"))
	}
	for column, day := range map[string]*Date{"from": &from, "until": &until} {
		if text := r.Text(column); text != "" {
			if *day, err = ParseDate(text); err != nil {
				return unit, decision, 0, 0, fault.Field(column, "place.date.invalid", "Text", text)
			}
		}
	}
	if unit, err = d.At(r.Text("commune"), max(from, decision.Day)); err != nil || unit.Level != Commune {
		return unit, decision, 0, 0, fault.Field("commune", "place.import.unknown_code", "Code", r.Text("commune"), "Date", max(from, decision.Day).String())
	}
	if from == 0 {
		from = max(decision.Day, unit.From)
	}
	return unit, decision, from, until, nil
}

// An entrant is a draft that is ready to be written.
type entrant interface {
	// insert writes the draft and gives its identifier, or "" if the like is there already.
	insert(ctx context.Context, tx *tx) (id string, err error)
}

// takeRows reads every row, then writes the good ones in one transaction. A row that is there already counts as the same.
func (d *Desk) takeRows(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report, progress func(int, int), read func(intake.Row) (entrant, error)) error {
	var good []entrant
	for i, r := range t.Rows() {
		one, err := read(r)
		if err == nil {
			good = append(good, one)
		} else if f, ok := errors.AsType[*fault.Fault](err); ok {
			report.Refused = append(report.Refused, intake.Refusal{Row: r.N, Column: f.Field, Why: err})
		} else {
			return err
		}
		progress(i+1, 2*report.Rows)
	}
	added, err := d.insertAll(ctx, actor, good, report.Dry)
	report.Added, report.Same = added, len(good)-added
	progress(report.Rows, report.Rows)
	return err
}
