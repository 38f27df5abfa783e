package report

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
	"banlang/internal/report/form"
	"banlang/internal/report/sheet"
)

// A Part is what a workbook of many units says of one of them.
type Part struct {
	Unit    place.Unit
	Report  string
	File    string
	Rev     int64
	Changes int
	Same    int
	Refused int
	Closed  bool // its report takes no figures now
}

// A Bundle is a workbook that speaks of many units' reports in one period.
type Bundle struct {
	Period  Period
	Ref     string
	Name    string
	Parts   []Part
	Refused []sheet.Refusal // of no unit that is known
	Rev     int64           // of all parts together: another number, and somebody changed something
}

// Divide takes a workbook with a column of units apart: it is kept for each unit's report of the period that it speaks of. The actor
// must be allowed stat.enter in the whole area of the period. Where the heading is not understood the file is kept for one report
// only, whose page asks which column is which.
func (d *Desk) Divide(ctx context.Context, actor duty.Actor, period, name string, data []byte) (ref, one string, err error) {
	p, all, err := d.periodReports(ctx, actor, period)
	if err != nil {
		return "", "", err
	}
	blobRef, size, err := d.files.Put(ctx, bytes.NewReader(data), largestFile)
	if err != nil {
		return "", "", err
	}
	first, err := d.load(ctx, d.db, all[0].ID)
	if err != nil {
		return "", "", err
	}
	f := File{Ref: string(blobRef), Name: name, Size: size, By: Mark{actor.ID, actor.Name, d.now()}}
	reading, err := d.read(ctx, f, first)
	if err != nil {
		return "", "", err
	}
	named := map[string]bool{}
	for _, c := range reading.Cells {
		named[c.Unit] = true
	}
	if reading.How != sheet.Stranger && (named[""] || len(named) == 0) {
		return "", "", fault.Field("file", "report.bundle.one")
	}
	err = d.change(ctx, func(tx writer) error {
		for _, r := range all {
			if reading.How != sheet.Stranger && !named[r.Unit.Code()] {
				continue
			}
			f.ID, f.Report = newID(), r.ID
			if err := insertFile(ctx, tx, f); err != nil {
				return err
			}
			if reading.How == sheet.Stranger {
				one = root + "/" + r.ID + "/tep/" + f.ID
				break
			}
		}
		return step(ctx, tx, f.By.At, actor, p.ID, string(p.Area), Step{Act: stepFile, After: p.State, Reason: name}, p.State, "")
	})
	return f.Ref, one, err
}

// DivideAgain takes a workbook apart that was kept for one report only, now that its heading is understood.
func (d *Desk) DivideAgain(ctx context.Context, actor duty.Actor, file string) (period, ref string, err error) {
	f, err := fileByID(ctx, d.db, file)
	if err != nil {
		return "", "", err
	}
	r, err := reportByID(ctx, d.db, f.Report)
	if err != nil {
		return "", "", err
	}
	data, err := d.content(ctx, f)
	if err != nil {
		return "", "", err
	}
	ref, _, err = d.Divide(ctx, actor, r.Period, f.Name, data)
	return r.Period, ref, err
}

// periodReports is an open period with its reports, for who may enter figures in all of them.
func (d *Desk) periodReports(ctx context.Context, actor duty.Actor, id string) (Period, []Report, error) {
	p, err := periodByID(ctx, d.db, id)
	if err != nil {
		return p, nil, err
	}
	if err := d.policy.Permit(actor, duty.StatEnter, duty.Thing{Area: string(p.Area), State: string(p.State)}); err != nil {
		return p, nil, err
	}
	all, err := reportsIn(ctx, d.db, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "report.gone")
	}
	return p, all, err
}

// Bundle tells what a workbook of many units would change in each of their reports. Nothing is written.
func (d *Desk) Bundle(ctx context.Context, actor duty.Actor, period, ref string) (Bundle, error) {
	b, _, err := d.bundle(ctx, actor, period, ref)
	return b, err
}

func (d *Desk) bundle(ctx context.Context, actor duty.Actor, period, ref string) (Bundle, sheet.Reading, error) {
	p, all, err := d.periodReports(ctx, actor, period)
	if err != nil {
		return Bundle{}, sheet.Reading{}, err
	}
	files, err := filesByRef(ctx, d.db, period, ref)
	if err != nil {
		return Bundle{}, sheet.Reading{}, err
	}
	b := Bundle{Period: p, Ref: ref}
	var reading sheet.Reading
	for _, r := range all {
		f, ok := files[r.ID]
		if !ok {
			continue
		}
		paper, err := d.load(ctx, d.db, r.ID)
		if err != nil {
			return b, reading, err
		}
		if b.Name == "" {
			b.Name = f.Name
			if reading, err = d.read(ctx, f, paper); err != nil {
				return b, reading, err
			}
		}
		t := d.trial(f, paper, reading)
		if len(t.Reading.Cells)+len(t.Reading.Refused) == 0 {
			continue // kept there only to be asked about
		}
		s := effective(r, p)
		b.Parts = append(b.Parts, Part{Unit: paper.Unit, Report: r.ID, File: f.ID, Rev: r.Rev, Changes: len(t.Changes), Same: t.Same,
			Refused: len(refusedOf(t.Reading.Refused, r.Unit.Code())), Closed: s != Open && s != Returned})
		b.Rev += r.Rev
	}
	if len(b.Parts) == 0 {
		return b, reading, fault.New(fault.NotFound, "report.file.gone")
	}
	b.Refused = refusedOf(reading.Refused, "")
	slices.SortFunc(b.Parts, func(x, y Part) int { return strings.Compare(fold.Sort(x.Unit.Name), fold.Sort(y.Unit.Name)) })
	return b, reading, nil
}

// refusedOf are the refused cells of one unit.
func refusedOf(all []sheet.Refusal, unit string) []sheet.Refusal {
	return slices.DeleteFunc(slices.Clone(all), func(r sheet.Refusal) bool { return r.Unit != unit })
}

// TakeBundle writes the good cells of a workbook of many units into their reports, each report in a transaction of its own: one that
// was closed meanwhile does not keep the others back. rev is Bundle.Rev of what the actor saw.
func (d *Desk) TakeBundle(ctx context.Context, actor duty.Actor, period, ref string, rev int64) (cells, reports int, err error) {
	b, reading, err := d.bundle(ctx, actor, period, ref)
	if err != nil {
		return 0, 0, err
	}
	if b.Rev != rev {
		return 0, 0, fault.New(fault.Conflict, "report.file.changed")
	}
	for _, part := range b.Parts {
		if part.Closed || part.Changes == 0 {
			continue
		}
		f, err := fileByID(ctx, d.db, part.File)
		if err != nil {
			return cells, reports, err
		}
		n, err := d.takeRead(ctx, actor, f, of(reading, part.Unit.ID.Code()), part.Rev, true)
		if err != nil {
			return cells, reports, err
		}
		cells, reports = cells+n, reports+b2i(n > 0)
	}
	return cells, reports, nil
}

// divides tells whether a form's rows are the same for every unit, so that one workbook can speak of many.
func divides(f form.Form) bool { return f.Axis != byVillage && f.Level == place.Commune }
