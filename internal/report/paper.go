package report

import (
	"cmp"
	"context"
	"slices"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// remembered is how many earlier periods the checks look at.
const remembered = 8

// Paper is a report laid out, for who may read the unit's exact figures. The reading is recorded, and so is a refused one.
func (d *Desk) Paper(ctx context.Context, actor duty.Actor, id string) (Paper, error) {
	var p Paper
	var refused error
	err := d.change(ctx, func(tx writer) error {
		var err error
		if p, err = d.load(ctx, tx, id); err != nil {
			return err
		}
		entry := audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatReadExact), Thing: "report/" + id, Place: string(p.Report.Unit)}
		if refused = d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(p.Report.Unit)}); refused != nil {
			entry.After = "refused"
			return audit.Write(ctx, tx, d.now(), entry)
		}
		if p.Back, err = back(ctx, tx, p.Report); err != nil {
			return err
		}
		return audit.Write(ctx, tx, d.now(), entry)
	})
	if err := cmp.Or(err, refused); err != nil {
		return Paper{}, err
	}
	return p, d.check(ctx, &p)
}

// back is the step by which a report that is being entered was sent back.
func back(ctx context.Context, c reader, r Report) (Step, error) {
	if r.State != Open && r.State != Returned {
		return Step{}, nil
	}
	steps, err := stepsOf(ctx, c, r.ID)
	for _, s := range steps {
		switch s.Act {
		case string(duty.StatReturn), stepGiveBack, stepUncertify:
			return s, err
		case stepHandIn, stepTakeBack:
			return Step{}, err
		}
	}
	return Step{}, err
}

// load reads a report with its form and its cells; nothing is checked yet.
func (d *Desk) load(ctx context.Context, c reader, id string) (Paper, error) {
	r, err := reportByID(ctx, c, id)
	if err != nil {
		return Paper{}, err
	}
	p := Paper{Report: r}
	if p.Period, err = periodByID(ctx, c, r.Period); err != nil {
		return p, err
	}
	f, err := formOf(ctx, c, p.Period.Form, p.Period.Version)
	if err != nil {
		return p, err
	}
	p.Form = f.Form
	if err := d.grow(ctx, &p); err != nil {
		return p, err
	}
	p.Grid = f.Lay(p.Axis)
	if p.Report.Wanted == 0 {
		p.Wanted = wanted(p.Grid)
	}
	if p.Unit, err = d.places.ByID(r.Unit); err != nil {
		return p, err
	}
	if p.Cells, err = cellsOf(ctx, c, id); err != nil {
		return p, err
	}
	if p.Values, err = d.given(ctx, p.Grid, r.Unit, p.Period.Period.Last()); err != nil {
		return p, err
	}
	for name, cell := range p.Cells {
		v := cell.Value
		if c, ok := p.Grid.Cell(name); ok && v.State == form.Bad {
			v.Key = form.Parse(v.Text, c).Key
			cell.Value = v
			p.Cells[name] = cell
		}
		if given, ok := p.Values[name]; ok {
			given.Note = v.Note
			v = given
		}
		p.Values[name] = v
	}
	p.Grid.Compute(p.Values)
	p.Remarks, err = remarksOf(ctx, c, id)
	return p, err
}

// grow adds the rows that have come since a report was opened, while figures are entered into it: a village that was confirmed, a
// project. They are kept with the next change.
func (d *Desk) grow(ctx context.Context, p *Paper) error {
	if s := p.Effective(); s != Open && s != Returned || p.Form.Axis == byGroup || p.Form.Axis == byMinority {
		return nil
	}
	rows, err := d.axis(ctx, p.Form, p.Report.Unit, min(p.Period.Period.Last(), d.today()))
	for _, row := range rows {
		if !slices.ContainsFunc(p.Axis, func(r form.Row) bool { return r.Code == row.Code }) {
			p.Axis, p.Report.Wanted = append(slices.Clip(p.Axis), row), 0
		}
	}
	return err
}

// check finds what the report is compared with, and compares.
func (d *Desk) check(ctx context.Context, p *Paper) error {
	var err error
	if p.Past, err = d.past(ctx, d.db, *p); err != nil {
		return err
	}
	p.Findings = p.Grid.Check(p.Values, p.Past)
	return nil
}

// typed tells whether a person fills in the cell.
func typed(c form.Cell) bool { return c.Input == form.Typed }

// wanted counts the cells that a person must fill in.
func wanted(g form.Grid) (n int) {
	for _, row := range g.Rows {
		for _, col := range g.Cols {
			if c, ok := g.At(row.Code, col.Code); ok && typed(c) && c.Required {
				n++
			}
		}
	}
	return n
}

// filled counts those that are answered.
func filled(g form.Grid, v form.Values) (n int) {
	for id, value := range v {
		if c, ok := g.Cell(id); ok && typed(c) && c.Required && (value.State == form.Known || value.State == form.Unknown) {
			n++
		}
	}
	return n
}

// past gathers what the checks compare with: the unit's own certified reports of earlier periods, its other forms of the same time,
// and the same form of the other units in the period before.
func (d *Desk) past(ctx context.Context, c reader, p Paper) (form.Past, error) {
	now := p.Period.Period
	past := form.Past{SameYear: now.Before().Year() == now.Year()}
	earlier, err := certifiedBefore(ctx, c, p.Form.Code, p.Report.Unit, now, remembered)
	if err != nil {
		return past, err
	}
	past.Prev, past.Year = known(earlier[now.Before()]), known(earlier[now.YearBefore()])
	past.History = spreads(func(yield func(form.Values, float64)) {
		for _, v := range earlier {
			yield(v, 1)
		}
	})
	if past.Other, err = d.others(ctx, c, p); err != nil {
		return past, err
	}
	if past.People = d.people(ctx, p.Report.Unit); past.People == 0 || p.Period.Provincial(p.Report.Unit) {
		return past, nil
	}
	past.Near, err = d.near(ctx, c, p)
	return past, err
}

// near is how the same cells of the other units in the period before lie, in values for 1,000 inhabitants.
func (d *Desk) near(ctx context.Context, c reader, p Paper) (map[string]form.Spread, error) {
	before, err := periodOf(ctx, c, p.Form.Code, p.Period.Period.Before(), p.Period.Area)
	if fault.Is(err, fault.NotFound) {
		return map[string]form.Spread{}, nil
	}
	if err != nil {
		return nil, err
	}
	around, err := neighbours(ctx, c, before.ID, p.Report.Unit)
	return spreads(func(yield func(form.Values, float64)) {
		for unit, v := range around {
			if n := d.people(ctx, unit); n > 0 {
				yield(v, 1000/float64(n))
			}
		}
	}), err
}

// people is the population of a unit by its list; 0 is not known.
func (d *Desk) people(ctx context.Context, unit place.ID) int64 {
	profile, err := d.places.Profile(ctx, unit)
	if n, ok := profile.People(); err == nil && ok {
		return int64(n)
	}
	return 0
}

// known are the values that say a number.
func known(v form.Values) map[string]int64 {
	out := map[string]int64{}
	for id, value := range v {
		if value.State == form.Known {
			out[id] = value.N
		}
	}
	return out
}

// spreads tells for each cell how the values lie that each yields, times a factor.
func spreads(each func(yield func(v form.Values, times float64))) map[string]form.Spread {
	lists := map[string][]float64{}
	each(func(v form.Values, times float64) {
		for id, n := range known(v) {
			lists[id] = append(lists[id], float64(n)*times)
		}
	})
	out := map[string]form.Spread{}
	for id, list := range lists {
		out[id] = form.SpreadOf(list)
	}
	return out
}

// others finds the figures beside the form that its rules look at: cells of the unit's other forms in the same time, certified or
// as they stand, and what the lists of places know.
func (d *Desk) others(ctx context.Context, c reader, p Paper) (map[string]int64, error) {
	out := map[string]int64{}
	laid := map[string]form.Values{}
	for _, need := range p.Grid.Needs() {
		if need.Form == "" {
			n, ok, err := d.listed(ctx, p, need)
			if err != nil {
				return nil, err
			}
			if ok {
				out[need.Key] = n
			}
			continue
		}
		v, ok := laid[need.Form]
		if !ok {
			var err error
			if v, err = d.standing(ctx, c, need.Form, p); err != nil {
				return nil, err
			}
			laid[need.Form] = v
		}
		if value := v[form.ID(need.Row, need.Col)]; value.State == form.Known {
			out[need.Key] = value.N
		}
	}
	return out, nil
}

// listed is a figure that lists of places know. The households of single villages are in no form yet.
func (d *Desk) listed(ctx context.Context, p Paper, need form.Need) (int64, bool, error) {
	if need.Indicator != "VILLAGE" || need.Row != "" {
		return 0, false, nil
	}
	villages, err := d.places.VillagesIn(ctx, p.Report.Unit, p.Period.Period.Last())
	return int64(len(villages)), len(villages) > 0, err
}

// standing is what the unit says in another form for the same time: of a shorter kind of period, the last that lies in this one.
func (d *Desk) standing(ctx context.Context, c reader, code string, p Paper) (form.Values, error) {
	var w filter
	w.Add("form = $?", code)
	w.Add("area = $?", p.Period.Area)
	periods, err := periodsBy(ctx, c, w)
	if err != nil {
		return nil, err
	}
	var same Period
	for _, q := range periods {
		if q.Period.First() >= p.Period.Period.First() && q.Period.Last() <= p.Period.Period.Last() && q.Period > same.Period {
			same = q
		}
	}
	if same.ID == "" {
		return form.Values{}, nil
	}
	r, err := reportOf(ctx, c, same.ID, p.Report.Unit)
	if fault.Is(err, fault.NotFound) {
		return form.Values{}, nil
	}
	if err != nil {
		return nil, err
	}
	other, err := d.load(ctx, c, r.ID)
	return other.Values, err
}
