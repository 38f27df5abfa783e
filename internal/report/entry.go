package report

import (
	"context"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// A Change is what somebody typed into one cell, over the revision of the cell that they had before them.
type Change struct {
	Cell   string
	Text   string
	Note   *string // why an exception is right; nil: as it was
	Base   int64   // 0: the cell was empty
	File   string  // report_file and place in it, where it came in a workbook
	Source string
	value  *form.Value // what was read there
}

// A Conflict is a cell that somebody else changed in between. Theirs stays; nothing is overwritten.
type Conflict struct {
	Cell  string
	Text  string // what stands there now
	Note  string
	By    Mark
	Rev   int64
	Yours string
}

// Saved is what became of some changes.
type Saved struct {
	Rev       int64
	Revs      map[string]int64 // of every cell that was asked about and stands as asked
	Conflicts []Conflict
	Refused   []form.Finding // cells that the form does not have, or that nobody types
	Paper     Paper          // the report as it stands then, checked
}

// Save writes what was typed into cells. The actor must be allowed stat.enter for the unit, in a report that is open or returned, in
// an open period. Each cell is written only over the revision that its writer saw: of two who changed the same cell the second is
// told so, cell by cell, and the rest is saved. To ask the same again is harmless: a cell that already stands so is no conflict. So
// the request needs no key.
func (d *Desk) Save(ctx context.Context, actor duty.Actor, id string, changes []Change) (Saved, error) {
	var saved Saved
	err := d.change(ctx, func(tx writer) error {
		p, err := d.enter(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		saved, err = d.write(ctx, tx, actor, &p, changes)
		saved.Paper = p
		return err
	})
	if err != nil {
		return saved, err
	}
	return saved, d.check(ctx, &saved.Paper)
}

// enter loads a report that the actor may enter figures into now.
func (d *Desk) enter(ctx context.Context, tx writer, actor duty.Actor, id string) (Paper, error) {
	p, err := d.load(ctx, tx, id)
	if err != nil {
		return p, err
	}
	t := p.thing()
	t.Hands = nil
	return p, d.policy.Permit(actor, duty.StatEnter, t)
}

// write puts the changes into a report that was loaded in the same transaction.
func (d *Desk) write(ctx context.Context, tx writer, actor duty.Actor, p *Paper, changes []Change) (Saved, error) {
	by := Mark{actor.ID, actor.Name, d.now()}
	saved := Saved{Rev: p.Rev, Revs: map[string]int64{}}
	var written []string
	for _, ch := range changes {
		c, ok := p.Grid.Cell(ch.Cell)
		if !ok || !typed(c) && ch.Note == nil {
			saved.Refused = append(saved.Refused, form.Finding{Cell: ch.Cell, Severity: form.Error, Key: "report.cell.none"})
			continue
		}
		now := p.Cells[ch.Cell]
		next := ch.cell(c, now, by)
		if now.Value == next.Value {
			saved.Revs[ch.Cell] = now.Rev
			continue
		}
		if now.Rev != ch.Base {
			saved.Conflicts = append(saved.Conflicts, Conflict{
				Cell: ch.Cell, Text: now.Value.Text, Note: now.Value.Note, By: now.By, Rev: now.Rev, Yours: ch.Text,
			})
			continue
		}
		next.Rev = p.Rev + 1
		if err := setCell(ctx, tx, p.ID, next); err != nil {
			return saved, err
		}
		p.Cells[ch.Cell], p.Values[ch.Cell] = next, next.Value
		saved.Revs[ch.Cell] = next.Rev
		written = append(written, ch.Cell)
	}
	if len(written) == 0 {
		return saved, nil
	}
	if err := settleRemarks(ctx, tx, p.ID, written); err != nil {
		return saved, err
	}
	p.Rev++
	saved.Rev = p.Rev
	p.Entered = by
	if !slices.Contains(p.Hands, actor.ID) {
		p.Hands = append(p.Hands, actor.ID)
	}
	p.Report.Wanted, p.Report.Filled = wanted(p.Grid), filled(p.Grid, p.Values)
	return saved, setReport(ctx, tx, p.Report)
}

// cell is what a cell holds after the change. A note stands apart from the value: it is kept until it is changed itself.
func (ch Change) cell(c form.Cell, now Cell, by Mark) Cell {
	next := Cell{Name: ch.Cell, File: ch.File, Source: ch.Source, By: by}
	switch {
	case !typed(c):
	case ch.value != nil:
		next.Value = *ch.value
	default:
		next.Value = form.Parse(clip(ch.Text, 4000), c)
	}
	next.Value.Note = now.Value.Note
	if ch.Note != nil {
		next.Value.Note = clip(strings.TrimSpace(*ch.Note), 1000)
	}
	return next
}

// clip is at most n characters of a text, without NUL, which not every database keeps: a browser's JSON may bring it.
func clip(text string, n int) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// AddGroup puts an ethnic group that the form does not show into the rows of a report. The actor must be allowed stat.enter.
func (d *Desk) AddGroup(ctx context.Context, actor duty.Actor, id, slug string) error {
	return d.change(ctx, func(tx writer) error {
		p, err := d.enter(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		rows, err := d.withGroup(p.Form, p.Axis, slug)
		if err != nil {
			return err
		}
		p.Axis = rows
		p.Report.Wanted, p.Report.Filled = wanted(p.Form.Lay(rows)), filled(p.Grid, p.Values)
		if err := setReport(ctx, tx, p.Report); err != nil {
			return err
		}
		return step(ctx, tx, d.now(), actor, id, string(p.Report.Unit), Step{Act: stepGroup, After: p.State, Reason: slug}, p.State, "")
	})
}

// Mine lists the newest reports of the units that the actor answers for, 200 at most, with their periods. Where the duty reaches over
// a whole province, only the province's own are listed, and what waits to be accepted.
func (d *Desk) Mine(ctx context.Context, actor duty.Actor) ([]Assignment, error) {
	var units []string
	var wide bool
	for _, area := range d.policy.Areas(actor, duty.StatReadExact) {
		u, err := d.places.ByID(place.ID(area))
		if area == "" || err == nil && u.Level != place.Commune {
			wide = true
			continue
		}
		units = append(units, area)
		for _, s := range d.places.Successors(place.ID(area), d.today()) {
			if s.Whole {
				units = append(units, string(s.Unit.ID))
			}
		}
	}
	var w filter
	if wide {
		w.Add("(state = $? OR unit = $?)", Sent, d.home())
	} else {
		w.In("unit", units...)
	}
	all, err := reportsBy(ctx, d.db, w, 200)
	if err != nil {
		return nil, err
	}
	periods := map[string]Period{}
	var mine []Assignment
	for _, r := range all {
		if d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(r.Unit)}) != nil {
			continue
		}
		m := Assignment{Report: r}
		if _, ok := periods[r.Period]; !ok {
			if periods[r.Period], err = periodByID(ctx, d.db, r.Period); err != nil {
				return nil, err
			}
		}
		m.Period = periods[r.Period]
		if m.Unit, err = d.places.ByID(r.Unit); err != nil {
			return nil, err
		}
		m.Late = Late(r, m.Period, d.today())
		mine = append(mine, m)
	}
	slices.SortStableFunc(mine, func(a, b Assignment) int { return a.rank() - b.rank() })
	return mine, nil
}

// An Assignment is a report that is asked of a unit, with what it is asked by.
type Assignment struct {
	Report Report
	Period Period
	Unit   place.Unit
	Late   bool
}

// rank puts what was returned first, then what is late, then what is to be done, then what is done.
func (m Assignment) rank() int {
	switch {
	case m.Period.State == Locked:
		return 5
	case m.Report.State == Returned:
		return 0
	case m.Late:
		return 1
	case m.Report.State == Open || m.Report.State == Entered || m.Report.State == Certified:
		return 2
	case m.Report.State == Sent:
		return 3
	}
	return 4
}

// Timeliness (tính kịp thời) is how many reports were due by their last day, and how many of them were there in time.
type Timeliness struct{ Due, InTime int }

func (t Timeliness) with(r Report, p Period) Timeliness {
	return Timeliness{t.Due + 1, t.InTime + b2i(InTime(r, p))}
}

// Timeliness counts, of one's own list, the reports of communes whose last day fell into the twelve months before today.
func (d *Desk) Timeliness(mine []Assignment) Timeliness {
	var t Timeliness
	year := place.DateOf(d.now().AddDate(-1, 0, 0))
	for _, m := range mine {
		if m.Unit.Level == place.Commune && m.Period.SendDue < d.today() && m.Period.SendDue >= year {
			t = t.with(m.Report, m.Period)
		}
	}
	return t
}
