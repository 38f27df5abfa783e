package report

import (
	"context"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// Steps of periods that the catalogue of acts has no name of their own for. Who receives the reports of an area opens its periods,
// sets their days and locks them: the act asked for is stat.accept.
const (
	stepOpen   = "report.open_period"
	stepDues   = "report.set_dues"
	stepLock   = "report.lock_period"
	stepAsk    = "report.ask_reopen"
	stepSubmit = "report.submit_ministry"
)

// An Opening is a period to be opened. Days that are zero are proposed.
type Opening struct {
	Form       string
	Period     fact.Period
	Area       place.ID
	CertifyDue place.Date
	SendDue    place.Date
	FinalDue   place.Date
}

// Forms lists the forms in force.
func (d *Desk) Forms(ctx context.Context) ([]Draft, error) {
	var w filter
	w.Add("state = $?", FormInForce)
	return formsBy(ctx, d.db, w)
}

func (d *Desk) inForce(ctx context.Context, code string) (form.Form, error) {
	all, err := d.Forms(ctx)
	if err != nil {
		return form.Form{}, err
	}
	i := slices.IndexFunc(all, func(f Draft) bool { return f.Code == code })
	if i < 0 {
		return form.Form{}, fault.Field("form", "report.form.gone")
	}
	return all[i].Form, nil
}

// OpenPeriod asks a form of every commune that the area has on the last day of the period, or today while that is to come; of the
// area itself where the form is the province's own. The actor must receive the area's reports. A period that is open already is
// given back.
func (d *Desk) OpenPeriod(ctx context.Context, actor duty.Actor, o Opening) (string, error) {
	if err := d.policy.Permit(actor, duty.StatAccept, duty.Thing{Area: string(o.Area)}); err != nil {
		return "", err
	}
	return d.open(ctx, actor, o)
}

// open makes the period and its empty reports.
func (d *Desk) open(ctx context.Context, actor duty.Actor, o Opening) (string, error) {
	f, err := d.inForce(ctx, o.Form)
	if err != nil {
		return "", err
	}
	p, all, err := d.plan(ctx, actor, f, o)
	if err != nil {
		return "", err
	}
	err = d.change(ctx, func(tx writer) error {
		prior, err := periodOf(ctx, tx, o.Form, o.Period, o.Area)
		if !fault.Is(err, fault.NotFound) {
			p.ID = prior.ID
			return err
		}
		if err := insertPeriod(ctx, tx, p, all); err != nil {
			return err
		}
		return step(ctx, tx, p.Opened.At, actor, p.ID, string(p.Area), Step{Act: stepOpen, After: Open}, "", "")
	})
	return p.ID, err
}

// plan lays out what opening a period would make.
func (d *Desk) plan(ctx context.Context, actor duty.Actor, f form.Form, o Opening) (Period, []Report, error) {
	if o.Period.Kind() != fact.PeriodKind(f.Period) {
		return Period{}, nil, fault.Field("period", "report.period.kind")
	}
	area, err := d.places.ByID(o.Area)
	if err != nil {
		return Period{}, nil, err
	}
	opens, certify, send, final := dues(f.Code, o.Period)
	p := Period{
		ID: newID(), Form: f.Code, Version: f.Version, Period: o.Period, Area: area.ID, Opens: min(opens, d.today()), CertifyDue: orDate(o.CertifyDue, certify),
		SendDue: orDate(o.SendDue, send), FinalDue: orDate(o.FinalDue, final), State: Open, Opened: Mark{By: actor.ID, At: d.now()}, Demo: actor.Demo,
	}
	if err := p.ordered(); err != nil {
		return p, nil, err
	}
	on := min(o.Period.Last(), d.today())
	units := []place.Unit{area}
	if f.Level == place.Commune {
		units = d.places.Units(area.ID, place.Commune, on)
	}
	added, err := d.addedBefore(ctx, f, p)
	if err != nil {
		return p, nil, err
	}
	var all []Report
	for _, u := range units {
		rows, err := d.axis(ctx, f, u.ID, on)
		if err != nil {
			return p, nil, err
		}
		for _, slug := range added[u.ID] {
			if with, err := d.withGroup(f, rows, slug); err == nil { // else it stands there already
				rows = with
			}
		}
		all = append(all, Report{ID: newID(), Period: p.ID, Unit: u.ID, State: Open, Axis: rows, Wanted: wanted(f.Lay(rows)), Demo: actor.Demo})
	}
	return p, all, nil
}

// addedBefore are the groups in the rows of the period before, by unit: what an officer added once stays asked for.
func (d *Desk) addedBefore(ctx context.Context, f form.Form, p Period) (map[place.ID][]string, error) {
	added := map[place.ID][]string{}
	if f.Axis != byGroup && f.Axis != byMinority {
		return added, nil
	}
	before, err := periodOf(ctx, d.db, p.Form, p.Period.Before(), p.Area)
	if fault.Is(err, fault.NotFound) {
		return added, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := reportsIn(ctx, d.db, before.ID)
	for _, r := range all {
		for _, row := range r.Axis {
			added[r.Unit] = append(added[r.Unit], row.Code)
		}
	}
	return added, err
}

func orDate(a, b place.Date) place.Date {
	if a != 0 {
		return a
	}
	return b
}

// ordered refuses days that do not follow each other.
func (p Period) ordered() error {
	switch {
	case p.CertifyDue > p.SendDue:
		return fault.Field("certify", "report.due.order")
	case p.SendDue > p.FinalDue:
		return fault.Field("final", "report.due.order")
	}
	return nil
}

// Periods lists the periods of the areas in which the actor may read exact figures.
func (d *Desk) Periods(ctx context.Context, actor duty.Actor) ([]Period, error) {
	areas := d.policy.Areas(actor, duty.StatReadExact)
	all, err := periodsBy(ctx, d.db, filter{})
	return slices.DeleteFunc(all, func(p Period) bool {
		return !slices.ContainsFunc(areas, func(a string) bool { return d.policy.Within(a, string(p.Area)) })
	}), err
}

// PeriodSteps is the history of a period, for who may read its area's exact figures.
func (d *Desk) PeriodSteps(ctx context.Context, actor duty.Actor, id string) (Period, []Step, error) {
	p, err := periodByID(ctx, d.db, id)
	if err != nil {
		return p, nil, err
	}
	if err := d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(p.Area)}); err != nil {
		return p, nil, err
	}
	steps, err := stepsOf(ctx, d.db, id)
	return p, steps, err
}

// turn loads a period, lets change permit, check and alter it, and records the step, in one transaction.
func (d *Desk) turn(ctx context.Context, actor duty.Actor, id, act, reason string, change func(tx writer, p *Period, by Mark) (second string, err error)) error {
	return d.change(ctx, func(tx writer) error {
		p, err := periodByID(ctx, tx, id)
		if err != nil {
			return err
		}
		before, by := p.State, Mark{actor.ID, actor.Name, d.now()}
		second, err := change(tx, &p, by)
		if err != nil {
			return err
		}
		if err := setPeriod(ctx, tx, p); err != nil {
			return err
		}
		return step(ctx, tx, by.At, actor, id, string(p.Area), Step{Act: act, After: p.State, Reason: reason}, before, second)
	})
}

// receives permits what falls to who receives the reports of an area.
func (d *Desk) receives(actor duty.Actor, p Period) error {
	return d.policy.Permit(actor, duty.StatAccept, duty.Thing{Area: string(p.Area)})
}

// SetDues moves the days of an open period.
func (d *Desk) SetDues(ctx context.Context, actor duty.Actor, id string, certify, send, final place.Date) error {
	return d.turn(ctx, actor, id, stepDues, "", func(_ writer, p *Period, _ Mark) (string, error) {
		if err := d.receives(actor, *p); err != nil {
			return "", err
		}
		if p.State == Locked {
			return "", fault.New(fault.Conflict, "report.period.locked")
		}
		p.CertifyDue, p.SendDue, p.FinalDue = certify, send, final
		return "", p.ordered()
	})
}

// Lock ends a period: nothing in it is entered, certified or sent any more. Reports that are not accepted stay as they are, and are
// counted as missing.
func (d *Desk) Lock(ctx context.Context, actor duty.Actor, id string) error {
	return d.turn(ctx, actor, id, stepLock, "", func(_ writer, p *Period, by Mark) (string, error) {
		if err := d.receives(actor, *p); err != nil {
			return "", err
		}
		if p.State == Locked {
			return "", fault.New(fault.Conflict, "report.period.locked")
		}
		p.State, p.Locked, p.Asked, p.AskedWhy = Locked, by, Mark{}, ""
		return "", nil
	})
}

// AskReopen asks the leader of the area to open a locked period again, and says why.
func (d *Desk) AskReopen(ctx context.Context, actor duty.Actor, id, reason string) error {
	reason = strings.TrimSpace(reason)
	return d.turn(ctx, actor, id, stepAsk, reason, func(_ writer, p *Period, by Mark) (string, error) {
		if err := d.receives(actor, *p); err != nil {
			return "", err
		}
		if p.State != Locked {
			return "", fault.New(fault.Conflict, "report.period.open.already")
		}
		p.Asked, p.AskedWhy = by, reason
		return "", needReason(reason)
	})
}

// Reopen opens a locked period again, as somebody else asked. Versions that were certified stay as they are; what was accepted may
// be returned now.
func (d *Desk) Reopen(ctx context.Context, actor duty.Actor, id, reason string) error {
	reason = strings.TrimSpace(reason)
	return d.turn(ctx, actor, id, string(duty.StatReopen), reason, func(_ writer, p *Period, _ Mark) (string, error) {
		if p.Asked.By == "" && p.State == Locked {
			return "", fault.New(fault.Conflict, "report.reopen.nobody")
		}
		err := d.policy.Permit(actor, duty.StatReopen, duty.Thing{Area: string(p.Area), State: string(p.State), Hands: []string{p.Asked.By}})
		if err != nil {
			return "", err
		}
		p.State, p.Submitted, p.Ministry = Open, Mark{}, Mark{}
		return p.Asked.By, needReason(reason)
	})
}

// Submit lays a locked period before the leader, to be sent to the ministry.
func (d *Desk) Submit(ctx context.Context, actor duty.Actor, id string) error {
	return d.turn(ctx, actor, id, stepSubmit, "", func(_ writer, p *Period, by Mark) (string, error) {
		if err := d.receives(actor, *p); err != nil {
			return "", err
		}
		if p.State != Locked {
			return "", fault.New(fault.Conflict, "report.period.open.already")
		}
		p.Submitted = by
		return "", nil
	})
}

// SendMinistry sends a locked period that somebody else submitted on to the ministry. There is no line to the ministry yet: what is
// kept is that, when and by whom it was sent, and the figures are those of the locked reports.
func (d *Desk) SendMinistry(ctx context.Context, actor duty.Actor, id string) error {
	return d.turn(ctx, actor, id, string(duty.StatSendMinistry), "", func(_ writer, p *Period, by Mark) (string, error) {
		if p.Submitted.By == "" {
			return "", fault.New(fault.Conflict, "report.ministry.nobody")
		}
		err := d.policy.Permit(actor, duty.StatSendMinistry, duty.Thing{Area: string(p.Area), State: string(p.State), Hands: []string{p.Submitted.By}})
		p.Ministry = by
		return p.Submitted.By, err
	})
}

func needReason(reason string) error {
	if reason == "" {
		return fault.Field("reason", "report.reason.required")
	}
	if len(reason) > 2000 {
		return fault.Field("reason", "report.reason.long")
	}
	return nil
}

// A Line is one unit on the status board.
type Line struct {
	Report
	Unit   place.Unit
	Late   bool
	InTime bool // first sent by its last day
	Done   bool
}

// A Board is a period with every unit's state, sorted by name, and how far it has come.
type Board struct {
	Period Period
	Form   form.Form
	Lines  []Line
	Done   int // reports that are there: completeness is Done of len(Lines)
	InTime int // of them in time: timeliness
	Late   int
}

// Board is the state of a period in the area, for who may read its exact figures.
func (d *Desk) Board(ctx context.Context, actor duty.Actor, id string) (Board, error) {
	b := Board{}
	var err error
	if b.Period, err = periodByID(ctx, d.db, id); err != nil {
		return b, err
	}
	if err := d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(b.Period.Area)}); err != nil {
		return b, err
	}
	f, err := formOf(ctx, d.db, b.Period.Form, b.Period.Version)
	if err != nil {
		return b, err
	}
	b.Form = f.Form
	all, err := reportsIn(ctx, d.db, id)
	if err != nil {
		return b, err
	}
	for _, r := range all {
		l := Line{Report: r, Late: Late(r, b.Period, d.today()), InTime: InTime(r, b.Period), Done: Done(r, b.Period)}
		if l.Unit, err = d.places.ByID(r.Unit); err != nil {
			return b, err
		}
		b.Done, b.InTime, b.Late = b.Done+b2i(l.Done), b.InTime+b2i(l.InTime), b.Late+b2i(l.Late)
		b.Lines = append(b.Lines, l)
	}
	slices.SortStableFunc(b.Lines, func(x, y Line) int { return strings.Compare(fold.Sort(x.Unit.Name), fold.Sort(y.Unit.Name)) })
	return b, nil
}
