package plan

import (
	"context"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/search"
)

// A Desk answers for the ledger of one province.
type Desk struct {
	reference
	db     *db.DB
	policy *duty.Policy
	area   string // the province whose targets these are
	now    func() time.Time
}

// New opens the desk of a province, named by its place.
func New(d *db.DB, policy *duty.Policy, area string, now func() time.Time) *Desk {
	ref, err := read()
	if err != nil {
		panic(err) // the embedded reference was broken by an edit
	}
	return &Desk{reference: ref, db: d, policy: policy, area: area, now: now}
}

const columns = `id, target, version, wording, area, numerator, denominator, method, as_of, asked, low, high,
	evidence, evidence_url, note, state,
	measured_by, measured_name, measured_at, certified_by, certified_name, certified_at, demo`

// row is a measurement as the table keeps it.
type row struct {
	Measurement
	asOf, measuredAt, certifiedAt int64
}

func (r *row) fields() []any {
	m := &r.Measurement
	return []any{
		&m.ID, &m.Target, &m.Version, &m.Wording, &m.Area, &m.Numerator, &m.Denominator, &m.Method, &r.asOf, &m.Asked, &m.Low, &m.High,
		&m.Evidence, &m.EvidenceURL, &m.Note, &m.State,
		&m.MeasuredBy, &m.MeasuredName, &r.measuredAt, &m.CertifiedBy, &m.CertifiedName, &r.certifiedAt, &m.Demo,
	}
}

func (r row) measurement() Measurement {
	m := r.Measurement
	m.AsOf, m.MeasuredAt, m.CertifiedAt = db.Time(r.asOf), db.Time(r.measuredAt), db.Time(r.certifiedAt)
	return m
}

func measurements(rows []row) []Measurement {
	ms := make([]Measurement, len(rows))
	for i, r := range rows {
		ms[i] = r.measurement()
	}
	return ms
}

// certified reads the certified measurements of one target, or of all where target is empty.
func certified(ctx context.Context, c db.Conn, target string) ([]Measurement, error) {
	var w db.Where
	w.Add("state = $?", Approved)
	if target != "" {
		w.Add("target = $?", target)
	}
	rows, err := db.All(ctx, c, (*row).fields,
		"SELECT "+columns+" FROM plan_measurement"+w.SQL()+" ORDER BY target, version LIMIT 10000", w.Args()...)
	return measurements(rows), err
}

// versions reads every measurement of a target, newest first.
func (d *Desk) versions(ctx context.Context, target string) ([]Measurement, error) {
	rows, err := db.All(ctx, d.db, (*row).fields,
		"SELECT "+columns+" FROM plan_measurement WHERE target = $1 ORDER BY version DESC LIMIT 200", target)
	return measurements(rows), err
}

// waiting reads what has been measured and not yet certified, oldest first.
func (d *Desk) waiting(ctx context.Context) ([]Measurement, error) {
	rows, err := db.All(ctx, d.db, (*row).fields,
		"SELECT "+columns+" FROM plan_measurement WHERE state = $1 ORDER BY measured_at, id LIMIT 200", Measured)
	return measurements(rows), err
}

func byID(ctx context.Context, c db.Conn, id string) (Measurement, error) {
	r, err := db.One(ctx, c, (*row).fields, "SELECT "+columns+" FROM plan_measurement WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Measurement{}, fault.New(fault.NotFound, "plan.measurement.gone")
	}
	return r.measurement(), err
}

// record writes a new version of a target's measurement and sets those that still wait aside.
func (d *Desk) record(ctx context.Context, actor duty.Actor, key string, m Measurement) (string, error) {
	m.ID = db.NewID()
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		prior, repeated, err := db.Once(ctx, tx, scoped("plan.measure", actor, key), m.ID)
		if err != nil || repeated {
			m.ID = prior
			return err
		}
		last, err := db.Value[int64](ctx, tx, "SELECT coalesce(max(version), 0) FROM plan_measurement WHERE target = $1", m.Target)
		if err != nil {
			return err
		}
		m.Version = last + 1
		if _, err := db.Exec(ctx, tx, "UPDATE plan_measurement SET state = $1 WHERE target = $2 AND state = $3", Replaced, m.Target, Measured); err != nil {
			return err
		}
		err = db.Insert(ctx, tx, "plan_measurement", columns, [][]any{{
			m.ID, m.Target, m.Version, m.Wording, m.Area, m.Numerator, m.Denominator, m.Method, db.Millis(m.AsOf), m.Asked, m.Low, m.High,
			m.Evidence, m.EvidenceURL, m.Note, m.State, m.MeasuredBy, m.MeasuredName, db.Millis(m.MeasuredAt), "", "", 0, m.Demo,
		}})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, m.MeasuredAt, audit.Entry{
			Actor: actor.ID, Session: actor.Session, Act: string(duty.PlanMeasure), Thing: "plan_measurement/" + m.ID, Place: m.Area,
			After: m.summary(),
		})
	})
	return m.ID, err
}

// scoped makes a request's key the actor's own for one use case; no key stays none.
func scoped(use string, actor duty.Actor, key string) string {
	if key == "" {
		return ""
	}
	return use + "/" + actor.ID + "/" + key
}

// decide loads a measurement, lets rule check it and, in the same transaction, certifies it by the actor.
func (d *Desk) decide(ctx context.Context, actor duty.Actor, id string, rule func(Measurement) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		m, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.State == Approved && m.CertifiedBy == actor.ID {
			return nil // the same button pressed twice
		}
		if err := rule(m); err != nil {
			return err
		}
		at := d.now()
		n, err := db.Exec(ctx, tx, "UPDATE plan_measurement SET state = $1, certified_by = $2, certified_name = $3, certified_at = $4 WHERE id = $5 AND state = $6",
			Approved, actor.ID, actor.Name, db.Millis(at), id, Measured)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "plan.certify.changed")
		}
		err = audit.Write(ctx, tx, at, audit.Entry{
			Actor: actor.ID, Second: m.MeasuredBy, Session: actor.Session, Act: string(duty.PlanCertify), Thing: "plan_measurement/" + id, Place: m.Area,
			Before: string(Measured), After: string(Approved) + ": " + m.summary(),
		})
		if err != nil {
			return err
		}
		return d.index(ctx, tx, m.Target)
	})
}

// Index puts every target into the search. It is run at the start, when the program's reference may be new.
func (d *Desk) Index(ctx context.Context) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		targets, err := d.inForce(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if err := d.put(ctx, tx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// inForce is the ledger's targets as they stand: the reference, and over it what was edited and approved.
func (d *Desk) inForce(ctx context.Context, c db.Conn) ([]Target, error) {
	edited, err := approved(ctx, c)
	return merge(d.targets, edited), err
}

// index brings the search up to what a target says now.
func (d *Desk) index(ctx context.Context, tx *db.Tx, code string) error {
	targets, err := d.inForce(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if t.Code == code {
			return d.put(ctx, tx, t)
		}
	}
	return nil
}

func (d *Desk) put(ctx context.Context, tx *db.Tx, t Target) error {
	p := d.Plan(t.Plan)
	return search.Put(ctx, tx, search.Entry{
		ID: "target/" + t.Code, Kind: "target", Title: t.TextVI, Heading: p.NameVI, Lang: "vi", URL: "/muc-tieu/" + t.Code,
		Body:   strings.Join([]string{"Nói về: " + t.PopulationVI, "Tử số: " + t.NumeratorVI, "Mẫu số: " + t.DenominatorVI, t.TextEN}, ".\n\n"),
		Facets: map[string][]string{"kind": {"target"}, "year": {t.Due.Format("2006")}, "lang": {"vi"}},
	})
}
