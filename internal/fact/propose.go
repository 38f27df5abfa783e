package fact

import (
	"context"
	"io"
	"reflect"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
)

// The states of a version of an indicator.
const (
	Draft   = "draft"
	InForce = "in_force"
	Refused = "refused"
)

// thing is what the policy is asked about: the catalogue is kept by the home province.
func (d *Desk) thing(hands ...string) duty.Thing {
	return duty.Thing{Area: string(d.places.HomeUnit().ID), Hands: hands}
}

// Propose asks for a new indicator, or for another version of one, and gives the number of the version. It comes into force when
// another person confirms it. The actor must be allowed stat.define and give a reason.
func (d *Desk) Propose(ctx context.Context, actor duty.Actor, i Indicator, reason string) (version int, err error) {
	if err := d.policy.Permit(actor, duty.StatDefine, d.thing()); err != nil {
		return 0, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 2000 {
		return 0, fault.Field("reason", "fact.define.reason")
	}
	if err := d.checkNew(i); err != nil {
		return 0, err
	}
	return d.insertOne(ctx, actor, i, reason)
}

// checkNew refuses what cannot be and what is so already.
func (d *Desk) checkNew(i Indicator) error {
	c := d.catalogue.Load()
	if err := c.check(i); err != nil {
		return err
	}
	if was, ok := c.indicator(i.Code); ok && same(was, i) {
		return fault.Field("code", "fact.define.same")
	}
	return nil
}

// same tells whether two versions say the same.
func same(a, b Indicator) bool {
	return reflect.DeepEqual(a.row(), b.row())
}

// Waiting lists the versions that the actor may decide on, oldest first, 200 at most.
func (d *Desk) Waiting(ctx context.Context, actor duty.Actor) ([]Proposal, error) {
	all, err := d.drafts(ctx)
	return slices.DeleteFunc(all, func(p Proposal) bool { return d.mayDecide(actor, p) != nil }), err
}

func (d *Desk) mayDecide(actor duty.Actor, p Proposal) error {
	return d.policy.Permit(actor, duty.StatCertify, d.thing(p.ProposedBy))
}

// Confirm brings a version into force at once, or sets it aside. stat.define is the statistician's alone, and the leader of the
// province confirms what it made: the actor must be allowed stat.certify over the whole province and not have proposed it.
func (d *Desk) Confirm(ctx context.Context, actor duty.Actor, code Code, version int, yes bool) error {
	all, err := d.Versions(ctx, code)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(p Proposal) bool { return p.Indicator.Version == version })
	if n < 0 {
		return fault.New(fault.NotFound, "fact.indicator.not_found", "Code", string(code))
	}
	if err := d.mayDecide(actor, all[n]); err != nil {
		return err
	}
	state := Refused
	if yes {
		state = InForce
		if err := d.catalogue.Load().check(all[n].Indicator); err != nil { // what it is made from may have changed meanwhile
			return err
		}
	}
	if err := d.setDecided(ctx, actor, all[n], state); err != nil {
		return err
	}
	return d.reload(ctx)
}

// Import takes in a file of "indicators" with the columns of an exported catalogue: every row that says something new becomes a
// version that waits for a second person. dry tells what would happen and writes nothing. The actor must be allowed stat.define.
func (d *Desk) Import(ctx context.Context, actor duty.Actor, kind, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	report := intake.Report{Name: name, Kind: kind, Dry: dry}
	if kind != "indicators" {
		return report, fault.New(fault.Invalid, "fact.import.kind_unknown", "Kind", kind)
	}
	if err := d.policy.Permit(actor, duty.StatDefine, d.thing()); err != nil {
		return report, err
	}
	t, err := intake.Read(name, r)
	if err != nil {
		return report, err
	}
	report.Name, report.Rows, report.Encoding = t.Name, len(t.Rows()), string(t.Encoding)
	if err := t.Need("code", "name_vi", "definition_vi", "unit_vi", "kind", "dimensions", "lowest_level", "period"); err != nil {
		return report, err
	}
	waiting, err := d.drafts(ctx)
	if err != nil {
		return report, err
	}
	var fresh []Indicator
	var rows []int
	for _, row := range t.Rows() {
		i, err := indicatorOf(row)
		if was, ok := d.catalogue.Load().indicator(i.Code); ok && err == nil && same(was, i) {
			report.Same++
			continue
		}
		if err == nil && slices.ContainsFunc(waiting, func(p Proposal) bool { return same(p.Indicator, i) }) { // sent before
			report.Same++
			continue
		}
		if err == nil {
			err = d.checkNew(i)
		}
		if err != nil {
			report.Refused = append(report.Refused, refusal(row.N, err))
			continue
		}
		if _, known := d.catalogue.Load().indicator(i.Code); known {
			report.Changed++
		} else {
			report.Added++
		}
		fresh, rows = append(fresh, i), append(rows, row.N)
	}
	err = d.insertDrafts(ctx, actor, fresh, t.Name, dry, func(n int, err error) { report.Refused = append(report.Refused, refusal(rows[n], err)) })
	if progress != nil {
		progress(report.Rows, report.Rows)
	}
	return report, err
}

func refusal(row int, err error) intake.Refusal {
	column := "code"
	if all := fault.All(err); len(all) > 0 && all[0].Field != "" {
		column = all[0].Field
	}
	return intake.Refusal{Row: row, Column: column, Why: err}
}

// Export is the catalogue in force as the lines of a file that Import reads, the names of the columns first.
func (d *Desk) Export() [][]string {
	lines := [][]string{columns}
	for _, i := range d.Indicators() {
		lines = append(lines, i.row())
	}
	return lines
}
