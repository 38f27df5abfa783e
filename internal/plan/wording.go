package plan

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// Draft is the state of a wording that waits for a second person.
const Draft State = "draft"

// A Wording is a target as a planner would have it: mended from the original, or new.
type Wording struct {
	Target
	State        State
	EditedBy     string
	EditedName   string
	EditedAt     time.Time
	ApprovedBy   string
	ApprovedName string
	ApprovedAt   time.Time
}

// Units in which a target may be promised.
var Units = []string{"%", "thôn", "xã", "lần", "điểm %/năm"}

// Operators by which a figure may be held against a promise, in the order in which they are offered.
var Operators = []Operator{AtLeast, MoreThan, AtMost, LessThan, Done}

// Methods of measuring, in the order in which they are offered.
var Methods = []Method{Count, Survey, Certified}

// Edit records a wording of a target, its own next version, to be approved by somebody else. The actor must be allowed
// plan.edit in the province. A code that is not in the ledger makes a new target.
func (d *Desk) Edit(ctx context.Context, actor duty.Actor, key string, t Target) (number int64, err error) {
	if err := d.policy.Permit(actor, duty.PlanEdit, duty.Thing{Area: d.area, State: string(Draft)}); err != nil {
		return 0, err
	}
	old, err := d.Target(ctx, t.Code)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	t.Indicator, t.Binding, t.Transform = old.Indicator, old.Code == "" || old.Binding, old.Transform
	if t.Transform == "" {
		t.Transform = "none"
	}
	if t.Operator == old.Operator && t.Value == old.Value && t.Unit == old.Unit { // the sources still differ over the same promise
		t.OtherValue, t.OtherSource = old.OtherValue, old.OtherSource
	}
	t.Certainty = "read" // whoever edits names the document in Source
	t.clean()
	if err := d.checkWording(t); err != nil {
		return 0, err
	}
	return d.draft(ctx, actor, key, Wording{Target: t, State: Draft, EditedBy: actor.ID, EditedName: actor.Name, EditedAt: d.now()})
}

// Approve puts a wording into force. The actor must be allowed plan.certify in the province and not have edited it. What was
// measured under another wording stays in the history and is judged no more.
func (d *Desk) Approve(ctx context.Context, actor duty.Actor, code string, number int64) error {
	return d.approve(ctx, actor, code, number, func(w Wording) error {
		if w.State != Draft {
			return fault.New(fault.Conflict, "plan.wording.changed")
		}
		return d.policy.Permit(actor, duty.PlanCertify, duty.Thing{Area: d.area, Hands: []string{w.EditedBy}})
	})
}

// Wording is one wording, for those who may edit, measure or certify.
func (d *Desk) Wording(ctx context.Context, actor duty.Actor, code string, number int64) (Wording, error) {
	if err := d.drafter(actor); err != nil {
		return Wording{}, err
	}
	return d.wording(ctx, code, number)
}

// Drafts lists the wordings that wait for a second person.
func (d *Desk) Drafts(ctx context.Context, actor duty.Actor) ([]Wording, error) {
	if err := d.drafter(actor); err != nil {
		return nil, err
	}
	return d.drafts(ctx)
}

// MayEdit says whether the actor may word a target here.
func (d *Desk) MayEdit(actor duty.Actor) bool {
	return d.policy.Permit(actor, duty.PlanEdit, duty.Thing{Area: d.area, State: string(Draft)}) == nil
}

func (d *Desk) drafter(actor duty.Actor) error {
	if d.MayEdit(actor) {
		return nil
	}
	return d.insider(actor)
}

func (t *Target) clean() {
	for _, s := range []*string{&t.Code, &t.Section, &t.TextVI, &t.TextEN, &t.PopulationVI, &t.NumeratorVI, &t.DenominatorVI, &t.Source, &t.Note, &t.OtherValue, &t.OtherSource} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
}

// codes are written PLAN-YEAR-NAME, as the catalogue does.
var codes = regexp.MustCompile(`^[A-Z0-9]{2,12}(-\d{4})?-[A-Z0-9]{1,6}$`)

// checkWording tells everything that keeps a wording from being judged later.
func (d *Desk) checkWording(t Target) error {
	var errs []error
	refuse := func(bad bool, field, key string) {
		if bad {
			errs = append(errs, fault.Field(field, key))
		}
	}
	refuse(!codes.MatchString(t.Code), "code", "plan.code.form")
	refuse(d.Plan(t.Plan).Code == "", "plan", "plan.plan.required")
	refuse(t.TextVI == "", "text_vi", "plan.text_vi.required")
	refuse(t.PopulationVI == "", "population", "plan.population.required")
	refuse(t.NumeratorVI == "", "numerator_vi", "plan.numerator_vi.required")
	refuse(t.DenominatorVI == "", "denominator_vi", "plan.denominator_vi.required")
	refuse(t.Source == "", "source", "plan.source.required")
	refuse(t.Due.IsZero(), "due", "plan.due.required")
	refuse(!slices.Contains(Operators, t.Operator), "operator", "plan.operator.required")
	refuse(len(t.Methods) == 0, "methods", "plan.methods.required")
	if t.Operator == Done {
		refuse(t.Unit != "", "unit", "plan.unit.done")
	} else {
		refuse(!slices.Contains(Units, t.Unit), "unit", "plan.unit.required")
		refuse(t.Unit == "%" && t.Part() && t.Value > Whole(100), "value", "plan.value.hundred")
	}
	for _, m := range t.Methods {
		refuse(!slices.Contains(Methods, m), "methods", "plan.methods.required")
	}
	for field, s := range map[string]string{"text_vi": t.TextVI, "text_en": t.TextEN, "population": t.PopulationVI, "source": t.Source, "note": t.Note} {
		refuse(len(s) > 2000, field, "plan.text.long")
	}
	return errors.Join(errs...)
}

// merge lays the wordings in force over the reference: the program's own targets keep their places, new ones follow.
func merge(reference []Target, inForce []Target) []Target {
	all := slices.Clone(reference)
	for _, t := range inForce {
		if i := slices.IndexFunc(all, func(r Target) bool { return r.Code == t.Code }); i >= 0 {
			all[i] = t
		} else {
			all = append(all, t)
		}
	}
	return all
}
