package fact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// inForce reads the newest version in force of every indicator, by code.
func inForce(ctx context.Context, c db.Conn) ([]Indicator, error) {
	type row struct {
		version    int64
		definition string
	}
	var all []Indicator
	err := db.Each(ctx, c, func(r *row) []any { return []any{&r.version, &r.definition} }, func(r row) error {
		var i Indicator
		if err := json.Unmarshal([]byte(r.definition), &i); err != nil {
			return err
		}
		i.Version = int(r.version)
		all = append(all, i)
		return nil
	}, `SELECT version, definition FROM fact_indicator AS f WHERE state = 'in_force' AND version =
		(SELECT max(version) FROM fact_indicator AS g WHERE g.code = f.code AND g.state = 'in_force') ORDER BY code`)
	return all, err
}

// byReference is who proposed what the program brought.
const byReference = "reference"

// loadReference takes in the indicators that the program brings: new ones, and new versions of those that no person has changed.
func (d *Desk) loadReference(ctx context.Context) error {
	brought, err := embedded()
	if err != nil {
		return err
	}
	type row struct {
		code             Code
		version          int64
		definition, from string
	}
	newest := map[Code]row{}
	err = db.Each(ctx, d.db, func(r *row) []any { return []any{&r.code, &r.version, &r.definition, &r.from} }, func(r row) error {
		newest[r.code] = r
		return nil
	}, "SELECT code, version, definition, proposed_by FROM fact_indicator ORDER BY code, version")
	if err != nil {
		return err
	}
	var rows [][]any
	for _, i := range brought {
		text, err := json.Marshal(i)
		if err != nil {
			return err
		}
		if had, ok := newest[i.Code]; !ok || had.from == byReference && had.definition != string(text) {
			at := db.Millis(d.now())
			rows = append(rows, []any{string(i.Code), had.version + 1, string(text), InForce, byReference, at, byReference, at})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		if err := db.Insert(ctx, tx, "fact_indicator", "code, version, definition, state, proposed_by, proposed, confirmed_by, confirmed", rows); err != nil {
			return err
		}
		return touch(ctx, tx)
	})
}

func touch(ctx context.Context, tx *db.Tx) error {
	_, err := db.Exec(ctx, tx, "UPDATE fact_revision SET n = n + 1 WHERE id = 1")
	return err
}

// loadBatches records what the program's own lists give, once.
func (d *Desk) loadBatches(ctx context.Context, all ...func(context.Context) (brought, error)) error {
	have, err := db.Values[string](ctx, d.db, "SELECT id FROM fact_batch WHERE origin IN ('census', 'list')")
	if err != nil {
		return err
	}
	for _, f := range all {
		b, err := f(ctx)
		if err != nil {
			return err
		}
		if len(b.facts) == 0 || slices.Contains(have, b.ID) {
			continue
		}
		err = d.db.Tx(ctx, func(tx *db.Tx) error {
			_, err := Record(ctx, tx, d.now(), b.Batch, b.facts)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A Proposal is a version of an indicator that waits for a second person, or was decided on.
type Proposal struct {
	Indicator   Indicator
	State       string
	Reason      string
	ProposedBy  string
	Proposed    time.Time
	ConfirmedBy string // or who refused it
}

type proposalRow struct {
	Proposal
	version, proposed int64
	definition        string
}

const proposalColumns = "version, definition, state, reason, proposed_by, proposed, confirmed_by"

func (r *proposalRow) fields() []any {
	return []any{&r.version, &r.definition, &r.State, &r.Reason, &r.ProposedBy, &r.proposed, &r.ConfirmedBy}
}

func (r *proposalRow) read() (Proposal, error) {
	r.Proposed = db.Time(r.proposed)
	err := json.Unmarshal([]byte(r.definition), &r.Indicator)
	r.Indicator.Version = int(r.version)
	return r.Proposal, err
}

func proposals(rows []proposalRow) ([]Proposal, error) {
	all := make([]Proposal, len(rows))
	for i := range rows {
		var err error
		if all[i], err = rows[i].read(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Versions lists every version of an indicator, newest first, 200 at most.
func (d *Desk) Versions(ctx context.Context, code Code) ([]Proposal, error) {
	rows, err := db.All(ctx, d.db, (*proposalRow).fields, "SELECT "+proposalColumns+" FROM fact_indicator WHERE code = $1 ORDER BY version DESC LIMIT 200", string(code))
	if err != nil {
		return nil, err
	}
	return proposals(rows)
}

// drafts lists what waits, oldest first.
func (d *Desk) drafts(ctx context.Context) ([]Proposal, error) {
	rows, err := db.All(ctx, d.db, (*proposalRow).fields, "SELECT "+proposalColumns+" FROM fact_indicator WHERE state = 'draft' ORDER BY proposed, code LIMIT 200")
	if err != nil {
		return nil, err
	}
	return proposals(rows)
}

// insertDraft writes a version that waits for a second person.
func (d *Desk) insertDraft(ctx context.Context, tx *db.Tx, actor duty.Actor, i Indicator, reason string) (int, error) {
	type row struct{ version, drafts, figures int64 }
	r, err := db.One(ctx, tx, func(r *row) []any { return []any{&r.version, &r.drafts, &r.figures} }, `SELECT
		(SELECT coalesce(max(version), 0) + 1 FROM fact_indicator WHERE code = $1),
		(SELECT count(*) FROM fact_indicator WHERE code = $1 AND state = 'draft'),
		(SELECT count(*) FROM fact_code WHERE code = $1)`, string(i.Code))
	switch was, ok := d.catalogue.Load().indicator(i.Code); {
	case err != nil:
		return 0, err
	case r.drafts > 0:
		return 0, fault.New(fault.Conflict, "fact.define.waiting", "Code", string(i.Code))
	case ok && r.figures > 0 && (was.Kind != i.Kind || was.Decimals != i.Decimals || was.Flow != i.Flow || i.Derived()):
		return 0, fault.Field("kind", "fact.define.figures", "Code", string(i.Code))
	}
	i.Version = 0
	text, err := json.Marshal(i)
	if err != nil {
		return 0, err
	}
	err = db.Insert(ctx, tx, "fact_indicator", "code, version, definition, state, reason, proposed_by, proposed",
		[][]any{{string(i.Code), r.version, string(text), Draft, reason, actor.ID, db.Millis(d.now())}})
	if err != nil {
		return 0, err
	}
	return int(r.version), d.recordDefine(ctx, tx, actor, i.Code, int(r.version), "", Draft, reason, "")
}

func (d *Desk) recordDefine(ctx context.Context, tx *db.Tx, actor duty.Actor, code Code, version int, before, after, reason, second string) error {
	return audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(duty.StatDefine),
		Thing: fmt.Sprintf("fact/indicator/%s/%d", code, version), Place: string(d.places.HomeUnit().ID), Before: before, After: after, Reason: reason})
}

// insertOne writes one draft in a transaction of its own.
func (d *Desk) insertOne(ctx context.Context, actor duty.Actor, i Indicator, reason string) (version int, err error) {
	err = d.db.Tx(ctx, func(tx *db.Tx) error {
		version, err = d.insertDraft(ctx, tx, actor, i, reason)
		return err
	})
	return version, err
}

// setDecided moves a version on unless somebody was faster.
func (d *Desk) setDecided(ctx context.Context, actor duty.Actor, p Proposal, state string) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, "UPDATE fact_indicator SET state = $3, confirmed_by = $4, confirmed = $5 WHERE code = $1 AND version = $2 AND state = 'draft'",
			string(p.Indicator.Code), int64(p.Indicator.Version), state, actor.ID, db.Millis(d.now()))
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.Conflict, "fact.define.decided")
		}
		if err := touch(ctx, tx); err != nil {
			return err
		}
		return d.recordDefine(ctx, tx, actor, p.Indicator.Code, p.Indicator.Version, Draft, state, p.Reason, p.ProposedBy)
	})
}

// errDry ends a transaction that was only a trial.
var errDry = errors.New("dry run")

// insertDrafts writes drafts in one transaction; where it is only a trial nothing stays. refuse is told of each that cannot be.
func (d *Desk) insertDrafts(ctx context.Context, actor duty.Actor, all []Indicator, reason string, dry bool, refuse func(n int, err error)) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		for n, i := range all {
			_, err := d.insertDraft(ctx, tx, actor, i, reason)
			switch kind := fault.KindOf(err); {
			case err == nil:
			case kind == fault.Conflict || kind == fault.Invalid:
				refuse(n, err)
			default:
				return err
			}
		}
		if dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		return nil
	}
	return err
}
