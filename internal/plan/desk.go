package plan

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// Plans lists the documents that promise.
func (d *Desk) Plans() []Plan { return d.plans }

// Targets lists every promise as it stands: as the reference has it, or as it was edited and approved here.
func (d *Desk) Targets(ctx context.Context) ([]Target, error) { return d.inForce(ctx, d.db) }

// Tasks lists the tasks, each followed by its parts.
func (d *Desk) Tasks() []Task { return d.tasks }

// Plan is the plan of that code; every target and task has one.
func (d *Desk) Plan(code string) Plan {
	for _, p := range d.plans {
		if p.Code == code {
			return p
		}
	}
	return Plan{}
}

// Target is the target of that code, as it stands.
func (d *Desk) Target(ctx context.Context, code string) (Target, error) {
	targets, err := d.Targets(ctx)
	if err != nil {
		return Target{}, err
	}
	for _, t := range targets {
		if t.Code == code {
			return t, nil
		}
	}
	return Target{}, fault.New(fault.NotFound, "plan.target.gone")
}

// Ledger is what the public sees: every target that the filter picks, judged by its latest certified measurement.
func (d *Desk) Ledger(ctx context.Context, f Filter) ([]Line, error) {
	ms, err := certified(ctx, d.db, "")
	if err != nil {
		return nil, err
	}
	of := map[string][]Measurement{}
	for _, m := range ms {
		of[m.Target] = append(of[m.Target], m)
	}
	targets, err := d.Targets(ctx)
	if err != nil {
		return nil, err
	}
	now := d.now()
	var lines []Line
	for _, t := range targets {
		if l := line(t, of[t.Code], now); f.picks(l) {
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// Line is one target as the public sees it.
func (d *Desk) Line(ctx context.Context, code string) (Line, error) {
	t, err := d.Target(ctx, code)
	if err != nil {
		return Line{}, err
	}
	ms, err := certified(ctx, d.db, code)
	if err != nil {
		return Line{}, err
	}
	return line(t, ms, d.now()), nil
}

// Published lists the certified measurements of a target, oldest first.
func (d *Desk) Published(ctx context.Context, code string) ([]Measurement, error) {
	return certified(ctx, d.db, code)
}

func line(t Target, ms []Measurement, now time.Time) Line {
	m := Latest(t, ms)
	return Line{Target: t, Measurement: m, Judgement: Judge(t, m, now)}
}

// Versions lists every measurement of a target, newest first, also those that are not certified. The actor must be
// allowed to measure or to certify.
func (d *Desk) Versions(ctx context.Context, actor duty.Actor, code string) ([]Measurement, error) {
	if err := d.insider(actor); err != nil {
		return nil, err
	}
	return d.versions(ctx, code)
}

// Measurement is one measurement, for those who may measure or certify.
func (d *Desk) Measurement(ctx context.Context, actor duty.Actor, id string) (Measurement, error) {
	if err := d.insider(actor); err != nil {
		return Measurement{}, err
	}
	return byID(ctx, d.db, id)
}

// Waiting lists what has been measured in the province and waits for a second person.
func (d *Desk) Waiting(ctx context.Context, actor duty.Actor) ([]Measurement, error) {
	if err := d.insider(actor); err != nil {
		return nil, err
	}
	return d.waiting(ctx)
}

// insider lets those see what is not public who may measure or certify here.
func (d *Desk) insider(actor duty.Actor) error {
	here := duty.Thing{Area: d.area}
	if d.policy.Permit(actor, duty.PlanMeasure, here) == nil {
		return nil
	}
	here.State = string(Measured)
	return d.policy.Permit(actor, duty.PlanCertify, here)
}

// MayMeasure says whether the actor may record a measurement here.
func (d *Desk) MayMeasure(actor duty.Actor) bool {
	return d.policy.Permit(actor, duty.PlanMeasure, duty.Thing{Area: d.area}) == nil
}

// Measure records a reading of a target as its next version, to be certified by somebody else. The actor must be allowed
// plan.measure in the province. A repeated key gives back the measurement that it made the first time.
func (d *Desk) Measure(ctx context.Context, actor duty.Actor, key string, m Measurement) (id string, err error) {
	t, err := d.Target(ctx, m.Target)
	if err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.PlanMeasure, duty.Thing{Area: d.area}); err != nil {
		return "", err
	}
	m.Area, m.State, m.Demo, m.Wording = d.area, Measured, actor.Demo, t.Number
	m.MeasuredBy, m.MeasuredName, m.MeasuredAt = actor.ID, actor.Name, d.now()
	m.Evidence, m.EvidenceURL, m.Note = strings.TrimSpace(m.Evidence), strings.TrimSpace(m.EvidenceURL), strings.TrimSpace(m.Note)
	if err := m.check(t); err != nil {
		return "", err
	}
	return d.record(ctx, actor, key, m)
}

// Certify makes a measurement public. The actor must be allowed plan.certify in the province and not have measured;
// a measurement without evidence cannot be certified.
func (d *Desk) Certify(ctx context.Context, actor duty.Actor, id string) error {
	return d.decide(ctx, actor, id, func(m Measurement) error {
		t, err := d.Target(ctx, m.Target)
		if err != nil {
			return err
		}
		if m.State != Measured || m.Wording != t.Number {
			return fault.New(fault.Conflict, "plan.certify.changed")
		}
		err = d.policy.Permit(actor, duty.PlanCertify, duty.Thing{Area: m.Area, Hands: []string{m.MeasuredBy}, State: string(m.State)})
		if err != nil {
			return err
		}
		if m.Evidence == "" {
			return fault.New(fault.Invalid, "plan.certify.evidence")
		}
		return nil
	})
}

// check tells everything that is wrong with a measurement about to be recorded.
func (m Measurement) check(t Target) error {
	var errs []error
	refuse := func(bad bool, field, key string, args ...any) {
		if bad {
			errs = append(errs, fault.Field(field, key, args...))
		}
	}
	if t.Cut() {
		return fault.New(fault.Invalid, "plan.measure.cut")
	}
	refuse(m.Denominator <= 0, "denominator", "plan.denominator.positive")
	refuse(m.Denominator > 0 && t.Part() && m.Numerator > m.Denominator, "numerator", "plan.numerator.above")
	refuse(!t.proves(m.Method), "method", "plan.method.required")
	refuse(m.AsOf.IsZero(), "as_of", "plan.as_of.required")
	refuse(m.AsOf.After(inVietnam(m.MeasuredAt)), "as_of", "plan.as_of.future")
	if m.Method == Survey {
		refuse(m.Asked <= 0, "asked", "plan.asked.required")
		refuse(!m.Interval(), "high", "plan.high.required")
	}
	if m.Interval() && m.Denominator > 0 {
		estimate := figure(t, m).rat
		refuse(rat(m.Low).Cmp(estimate) > 0, "low", "plan.low.above")
		refuse(rat(m.High).Cmp(estimate) < 0, "high", "plan.high.below")
		refuse(t.Unit == "%" && t.Part() && m.High > Whole(100), "high", "plan.high.hundred")
	}
	if m.EvidenceURL != "" {
		u, err := url.Parse(m.EvidenceURL)
		local := err == nil && u.Host == "" && u.Scheme == "" && strings.HasPrefix(u.Path, "/")
		refuse(err != nil || !local && u.Scheme != "https" && u.Scheme != "http", "evidence_url", "plan.evidence_url.form")
	}
	refuse(len(m.Evidence) > 2000, "evidence", "plan.text.long")
	refuse(len(m.Note) > 4000, "note", "plan.text.long")
	return errors.Join(errs...)
}

// summary tells a measurement in one line, for the record.
func (m Measurement) summary() string {
	return fmt.Sprintf("%s v%d: %s/%s, %s, %s", m.Target, m.Version, m.Numerator, m.Denominator, m.Method, m.AsOf.Format(time.DateOnly))
}
