package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/report/form"
)

// Steps of reports that the catalogue of acts has no name of its own for, with the act that is asked for.
const (
	stepHandIn    = "report.hand_in"   // stat.enter
	stepTakeBack  = "report.take_back" // stat.enter: before the leader has certified
	stepGiveBack  = "report.give_back" // stat.certify: the leader hands it to the officer again
	stepUncertify = "report.uncertify" // stat.certify: to correct what was certified and is not sent, or was withdrawn
	stepGroup     = "report.add_group" // stat.enter
	stepFile      = "report.take_file" // stat.enter
)

// A move is one step of the workflow: from which state the act leads to which.
type move struct {
	act    string   // as it is recorded
	asks   duty.Act // what the actor must be allowed
	from   []State  // in which it is possible
	to     State    // after it
	free   bool     // the catalogue names no state for the act asked, or another: only from counts
	reason bool     // a written reason is kept
	check  bool     // there must be no finding left
	mark   func(r *Report, m Mark)
}

// moves are the steps that a button of a report's page takes, by the button's name.
var moves = map[string]move{
	"xong":       {act: stepHandIn, asks: duty.StatEnter, from: []State{Open, Returned}, to: Entered, check: true},
	"sua":        {act: stepTakeBack, asks: duty.StatEnter, from: []State{Entered}, to: Open, free: true},
	"tra-can-bo": {act: stepGiveBack, asks: duty.StatCertify, from: []State{Entered}, to: Open, reason: true},
	"xac-nhan": {act: string(duty.StatCertify), asks: duty.StatCertify, from: []State{Entered}, to: Certified, check: true,
		mark: func(r *Report, m Mark) { r.Certified, r.Version = m, r.Version+1 }},
	"bo-xac-nhan": {act: stepUncertify, asks: duty.StatCertify, from: []State{Certified}, to: Open, free: true, reason: true},
	"gui": {act: string(duty.StatSendUp), asks: duty.StatSendUp, from: []State{Certified}, to: Sent, mark: func(r *Report, m Mark) {
		r.Sent = m
		if r.FirstSent.IsZero() {
			r.FirstSent = m.At
		}
	}},
	"rut": {act: string(duty.StatWithdraw), asks: duty.StatWithdraw, from: []State{Sent}, to: Certified, reason: true,
		mark: func(r *Report, _ Mark) { r.Sent = Mark{} }},
	"nhan": {act: string(duty.StatAccept), asks: duty.StatAccept, from: []State{Sent}, to: Accepted, mark: func(r *Report, m Mark) { r.Accepted = m }},
}

// permits tells whether the actor may take a step of a report that stands as it does.
func (d *Desk) permits(actor duty.Actor, p Paper, m move) error {
	t := p.thing()
	if t.State == string(Locked) {
		return fault.New(fault.Conflict, "report.period.locked")
	}
	if !slices.Contains(m.from, p.State) {
		return fault.New(fault.Conflict, "report.state.changed")
	}
	if m.free {
		t.State = ""
	}
	if m.asks == duty.StatEnter {
		t.Hands = nil
	}
	return d.policy.Permit(actor, m.asks, t)
}

// Steps lists the buttons that a report has for the actor now.
func (d *Desk) Steps(actor duty.Actor, p Paper) map[string]bool {
	may := map[string]bool{}
	for name, m := range moves {
		may[name] = d.permits(actor, p, m) == nil
	}
	may["tra"] = d.mayReturn(actor, p) == nil
	t := p.thing()
	t.Hands = nil
	may["nhap"] = d.policy.Permit(actor, duty.StatEnter, t) == nil
	return may
}

// Move takes one step of the workflow, named by its button. Certifying and handing in need a report without findings: errors put
// right, empty cells filled, warnings explained. Who entered figures does not certify or accept them. To press the same button
// twice does nothing twice.
//
// Certifying is what makes figures hold: they are recorded as facts then, each with its cell, and stand until another certification
// of the same report replaces them. So a report that is returned, withdrawn or taken back for correction keeps its figures
// meanwhile: for every reader the last certified word counts, and a table does not lose a commune each time a digit is mended.
// Figures are taken back only where the province says so when it returns the report; see Return.
func (d *Desk) Move(ctx context.Context, actor duty.Actor, id, name, reason string) error {
	m, ok := moves[name]
	if !ok {
		return fault.New(fault.NotFound, "report.gone")
	}
	reason = strings.TrimSpace(reason)
	return d.change(ctx, func(tx writer) error {
		p, err := d.load(ctx, tx, id)
		if err != nil {
			return err
		}
		if again(p, name, actor) {
			return nil
		}
		if err := d.permits(actor, p, m); err != nil {
			return err
		}
		if m.reason {
			if err := needReason(reason); err != nil {
				return err
			}
		}
		if m.check {
			if err := d.sound(ctx, tx, &p); err != nil {
				return err
			}
		}
		before, by := p.State, Mark{actor.ID, actor.Name, d.now()}
		p.State = m.to
		if m.mark != nil {
			m.mark(&p.Report, by)
		}
		second := p.Entered.By
		if m.to == Certified && m.act == string(duty.StatCertify) {
			if err := d.certify(ctx, tx, p, by); err != nil {
				return err
			}
		}
		if err := setReport(ctx, tx, p.Report); err != nil {
			return err
		}
		return step(ctx, tx, by.At, actor, id, string(p.Report.Unit), Step{Act: m.act, After: p.State, Reason: reason}, before, second)
	})
}

// again tells that the actor's own button was pressed twice.
func again(p Paper, name string, actor duty.Actor) bool {
	switch name {
	case "xac-nhan":
		return p.State == Certified && p.Certified.By == actor.ID
	case "gui":
		return p.State == Sent && p.Sent.By == actor.ID
	case "nhan":
		return p.State == Accepted && p.Accepted.By == actor.ID
	}
	return false
}

// sound refuses a report that has findings.
func (d *Desk) sound(ctx context.Context, tx writer, p *Paper) error {
	var err error
	if p.Past, err = d.past(ctx, tx, *p); err != nil {
		return err
	}
	p.Findings = p.Grid.Check(p.Values, p.Past)
	if n := len(p.Findings); n > 0 {
		return fault.New(fault.Invalid, "report.findings", "N", n)
	}
	return nil
}

// certify freezes the report as its next version and records its figures. What the version before said and this one does not is
// withdrawn.
func (d *Desk) certify(ctx context.Context, tx writer, p Paper, by Mark) error {
	if onlyFile(p.Cells) == "" {
		all, err := filesOf(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		p.files = map[string]string{}
		for _, f := range all {
			p.files[f.ID] = f.Name
		}
	}
	facts, err := d.figures(p, p.Axis, p.Values)
	if err != nil {
		return err
	}
	old, err := versionsOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if len(old) > 0 {
		gone, err := d.figures(p, old[0].Axis, old[0].Values)
		if err != nil {
			return err
		}
		facts = append(facts, withdrawn(gone, facts)...)
	}
	b, err := d.batch(ctx, tx, p)
	if err != nil {
		return err
	}
	batch, err := fact.Record(ctx, tx, by.At, b, facts)
	if err != nil {
		return err
	}
	return addVersion(ctx, tx, p.ID, Version{Number: p.Report.Version, Axis: p.Axis, Values: p.Values, Batch: batch, Certified: by})
}

// withdrawn are the facts of one list that the other does not name, taken back.
func withdrawn(old, now []fact.Fact) []fact.Fact {
	said := map[fact.Key]bool{}
	for _, f := range now {
		said[f.Key] = true
	}
	var gone []fact.Fact
	for _, f := range old {
		if !said[f.Key] {
			f.State, f.Value = fact.Withdrawn, 0
			gone = append(gone, f)
		}
	}
	return gone
}

// figures are the facts that a report says with these rows and values.
func (d *Desk) figures(p Paper, axis []form.Row, values form.Values) ([]fact.Fact, error) {
	var all []fact.Fact
	for _, e := range p.Form.Lay(axis).Facts(values) {
		i, err := d.facts.Indicator(fact.Code(e.Indicator))
		if err != nil {
			return nil, err
		}
		f := fact.Fact{
			Key: fact.Key{
				Indicator: i.Code, Place: p.Report.Unit, Village: e.Only["village"], Period: p.Period.Period,
				Cut: fact.Cut{Group: ethnic.Slug(e.Only["group"]), Sex: e.Only["sex"], Age: e.Only["age"], Language: e.Only["language"], Item: e.Only["item"]},
			},
			Value: rescale(e.N, e.Decimals, i.Decimals), State: fact.Known, Cell: p.source(e.CellID),
		}
		if e.Unknown {
			f.Value, f.State = 0, fact.Unknown
		}
		all = append(all, f)
	}
	return all, nil
}

// source is where a value stood: "BM01!C7" of the workbook that all of them came in, "so.xlsx BM01!C7" where only some did, or the
// cell of the form.
func (p Paper) source(id string) string {
	switch c := p.Cells[id]; {
	case c.Source == "":
		return id
	case p.files[c.File] == "":
		return c.Source
	default:
		return p.files[c.File] + " " + c.Source
	}
}

// rescale moves a value from one number of decimals to another, rounding half away from zero.
func rescale(n int64, from, to int) int64 {
	for ; from < to; from++ {
		n *= 10
	}
	for ; from > to; from-- {
		half := int64(5)
		if n < 0 {
			half = -5
		}
		n = (n + half) / 10
	}
	return n
}

// poverty is the standard that poor households are counted by (chuẩn nghèo đa chiều). The one of 2022-2025 holds until the end of
// 2026, that of 2027-2030 from 1 January 2027 (huengaynay.vn 161540): figures before and after it do not compare, and say so.
func poverty(p fact.Period) string {
	if p.Last() < 20270101 {
		return "2022-2025"
	}
	return "2027-2030"
}

// batch is what the figures of a report name as their source.
func (d *Desk) batch(ctx context.Context, c reader, p Paper) (fact.Batch, error) {
	b := fact.Batch{
		Origin: "report", Title: p.Form.Code + " " + p.Form.TitleVI + ", " + p.Unit.FullName() + ", " + d.periodName(p.Period.Period),
		Report: p.ID, Version: int(p.Report.Version), Form: p.Form.Code, EnteredBy: p.Entered.By, EnteredName: p.Entered.Name,
		CertifiedBy: p.Certified.By, CertifiedName: p.Certified.Name, AsOf: p.Period.Period.Last(), Demo: p.Demo,
	}
	for _, code := range p.Form.Indicators {
		if i, err := d.facts.Indicator(fact.Code(code)); err == nil && i.Standard == "poverty" {
			b.Standard = poverty(p.Period.Period)
		}
	}
	if id := onlyFile(p.Cells); id != "" {
		f, err := fileByID(ctx, c, id)
		if err != nil {
			return b, err
		}
		b.File, b.FileName = blob.Ref(f.Ref), f.Name
	}
	return b, nil
}

// onlyFile is the workbook that every cell came in; "" where some were typed or several came.
func onlyFile(cells map[string]Cell) string {
	file := ""
	for _, c := range cells {
		if c.File == "" || file != "" && c.File != file {
			return ""
		}
		file = c.File
	}
	return file
}

// mayReturn permits returning a report: one that was sent, or, in a period that was opened again, one that had been accepted.
func (d *Desk) mayReturn(actor duty.Actor, p Paper) error {
	t := p.thing()
	t.Hands = nil
	if p.Period.State == Open && p.State == Accepted {
		t.State = string(Sent)
	}
	return d.policy.Permit(actor, duty.StatReturn, t)
}

// Return sends a report back to its unit with a reason and remarks by cell. Its figures stay as they were certified, unless wrong
// says that they must not be used any more: then they are withdrawn until the unit certifies again. Only the province decides that,
// because only a figure that the province has seen can have been used.
func (d *Desk) Return(ctx context.Context, actor duty.Actor, id, reason string, remarks map[string]string, wrong bool) error {
	reason = strings.TrimSpace(reason)
	return d.change(ctx, func(tx writer) error {
		p, err := d.load(ctx, tx, id)
		if err != nil {
			return err
		}
		if p.State == Returned && p.Effective() != Locked {
			return fault.New(fault.Conflict, "report.state.changed")
		}
		if err := d.mayReturn(actor, p); err != nil {
			return err
		}
		if err := needReason(reason); err != nil {
			return err
		}
		before, by := p.State, Mark{actor.ID, actor.Name, d.now()}
		var all []Remark
		for cell, text := range remarks {
			if _, ok := p.Grid.Cell(cell); ok && strings.TrimSpace(text) != "" {
				all = append(all, Remark{Cell: cell, Text: clip(strings.TrimSpace(text), 1000), By: by})
			}
		}
		if err := addRemarks(ctx, tx, id, all); err != nil {
			return err
		}
		if wrong {
			if err := d.withdraw(ctx, tx, p, by.At); err != nil {
				return err
			}
		}
		p.State, p.Sent, p.Accepted = Returned, Mark{}, Mark{}
		if err := setReport(ctx, tx, p.Report); err != nil {
			return err
		}
		return step(ctx, tx, by.At, actor, id, string(p.Report.Unit), Step{Act: string(duty.StatReturn), After: Returned, Reason: reason}, before, p.Certified.By)
	})
}

// withdraw takes back every figure of the version that holds.
func (d *Desk) withdraw(ctx context.Context, tx writer, p Paper, at time.Time) error {
	old, err := versionsOf(ctx, tx, p.ID)
	if err != nil || len(old) == 0 {
		return err
	}
	facts, err := d.figures(p, old[0].Axis, old[0].Values)
	if err != nil {
		return err
	}
	b, err := d.batch(ctx, tx, p)
	if err != nil {
		return err
	}
	_, err = fact.Record(ctx, tx, at, b, withdrawn(facts, nil))
	return err
}

// History is what was done to a report and its versions, newest first, for who may read its exact figures.
func (d *Desk) History(ctx context.Context, actor duty.Actor, id string) (Paper, []Step, []Version, error) {
	p, err := d.Paper(ctx, actor, id)
	if err != nil {
		return p, nil, nil, err
	}
	steps, err := stepsOf(ctx, d.db, id)
	if err != nil {
		return p, nil, nil, err
	}
	versions, err := versionsOf(ctx, d.db, id)
	return p, steps, versions, err
}
