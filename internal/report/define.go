package report

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// Ready makes sure that the program's forms and lists are in the tables, and that the daily work goes on.
func (d *Desk) Ready(ctx context.Context) error {
	lists, err := referenceMembers()
	if err != nil {
		return err
	}
	return d.change(ctx, func(tx writer) error {
		have, err := formsBy(ctx, tx, filter{})
		if err != nil {
			return err
		}
		at := Mark{At: d.now()}
		for _, f := range form.Reference() {
			if !slices.ContainsFunc(have, func(h Draft) bool { return h.Code == f.Code }) {
				if err := insertForm(ctx, tx, Draft{Form: f, State: FormInForce, Edited: at, Confirmed: at}); err != nil {
					return err
				}
			}
		}
		n, err := countMembers(ctx, tx)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := insertMembers(ctx, tx, lists); err != nil {
				return err
			}
		}
		return d.start(ctx, tx)
	})
}

// Versions lists every version of a form, newest first. Forms are no secret among officers.
func (d *Desk) Versions(ctx context.Context, code string) ([]Draft, error) {
	var w filter
	w.Add("code = $?", code)
	all, err := formsBy(ctx, d.db, w)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "report.form.gone")
	}
	return all, err
}

// home is the province as rights know it.
func (d *Desk) home() place.ID { return d.places.HomeUnit().ID }

// Proposed is the form as a table says that was changed in a spreadsheet, as the next version: nothing is kept yet.
func (d *Desk) Proposed(ctx context.Context, actor duty.Actor, code string, table io.Reader) (form.Form, error) {
	if err := d.policy.Permit(actor, duty.StatDefine, duty.Thing{Area: string(d.home())}); err != nil {
		return form.Form{}, err
	}
	versions, err := d.Versions(ctx, code)
	if err != nil {
		return form.Form{}, err
	}
	f, err := inForceOf(versions).WithCSV(table)
	f.Version = versions[0].Version + 1
	if err != nil {
		return f, err
	}
	return f, d.counted(f)
}

// counted refuses a form that counts what no indicator is.
func (d *Desk) counted(f form.Form) error {
	var wrong []error
	for _, c := range f.Cells {
		codes := []string{c.Indicator}
		for _, o := range c.Choices {
			codes = append(codes, o.Indicator)
		}
		for _, code := range codes {
			if _, err := d.facts.Indicator(fact.Code(code)); code != "" && err != nil {
				wrong = append(wrong, fault.Field("file", "report.form.indicator.none", "Code", code))
			}
		}
	}
	return errors.Join(wrong...)
}

func inForceOf(versions []Draft) form.Form {
	for _, v := range versions {
		if v.State == FormInForce {
			return v.Form
		}
	}
	return versions[0].Form
}

// Define keeps a table as a draft of the next version of a form. The actor must be allowed stat.define in the province; it comes
// into force when another person approves it. The same key again gives the version that it made.
func (d *Desk) Define(ctx context.Context, actor duty.Actor, key, code, table, note string) (int, error) {
	f, err := d.Proposed(ctx, actor, code, strings.NewReader(table))
	if err != nil {
		return 0, err
	}
	if current, err := d.inForce(ctx, code); err == nil && len(form.Diff(current, f)) == 0 {
		return 0, fault.Field("file", "report.form.same")
	}
	err = d.change(ctx, func(tx writer) error {
		prior, repeated, err := once(ctx, tx, key, encode(f.Version))
		if err != nil {
			return err
		}
		if repeated {
			return decode(prior, &f.Version)
		}
		by := Mark{actor.ID, actor.Name, d.now()}
		if err := insertForm(ctx, tx, Draft{Form: f, State: FormDraft, Note: clip(strings.TrimSpace(note), 1000), Edited: by}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.At, audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatDefine),
			Thing: formThing(f), Place: string(d.home()), After: FormDraft})
	})
	return f.Version, err
}

func formThing(f form.Form) string { return "report_form/" + f.Code + "/" + encode(f.Version) }

// mayApprove permits bringing a version of a form into force: a leader of the province, who certifies its figures, and not who wrote
// it. The catalogue of duties gives stat.define to the statistician alone and says that the leader confirms.
func (d *Desk) mayApprove(actor duty.Actor, v Draft) error {
	return d.policy.Permit(actor, duty.StatCertify, duty.Thing{Area: string(d.home()), Hands: []string{v.Edited.By}})
}

// Approve brings a draft of a form into force. Periods that were opened before keep the version that they were opened with.
func (d *Desk) Approve(ctx context.Context, actor duty.Actor, code string, version int) error {
	return d.change(ctx, func(tx writer) error {
		v, err := formOf(ctx, tx, code, version)
		if err != nil {
			return err
		}
		if v.State != FormDraft {
			return fault.New(fault.Conflict, "report.form.changed")
		}
		if err := d.mayApprove(actor, v); err != nil {
			return err
		}
		by := Mark{actor.ID, actor.Name, d.now()}
		var w filter
		w.Add("code = $?", code)
		w.Add("state = $?", FormInForce)
		old, err := formsBy(ctx, tx, w)
		if err != nil {
			return err
		}
		for _, o := range old {
			if err := setFormState(ctx, tx, code, o.Version, FormOld, o.Confirmed); err != nil {
				return err
			}
		}
		if err := setFormState(ctx, tx, code, version, FormInForce, by); err != nil {
			return err
		}
		return audit.Write(ctx, tx, by.At, audit.Entry{Actor: actor.ID, Second: v.Edited.By, Session: actor.Session, Act: string(duty.StatDefine),
			Thing: formThing(v.Form), Place: string(d.home()), Before: FormDraft, After: FormInForce})
	})
}

// Drafts lists the versions that wait for the actor's approval.
func (d *Desk) Drafts(ctx context.Context, actor duty.Actor) ([]Draft, error) {
	var w filter
	w.Add("state = $?", FormDraft)
	all, err := formsBy(ctx, d.db, w)
	return slices.DeleteFunc(all, func(v Draft) bool { return d.mayApprove(actor, v) != nil }), err
}
