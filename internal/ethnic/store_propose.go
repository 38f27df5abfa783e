package ethnic

import (
	"context"
	"fmt"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

const proposalColumns = "id, kind, subject, field, value, before, reason, state, proposed_by, proposed, first_by, second_by"

type proposalRow struct {
	Proposal
	proposed int64
}

func (r *proposalRow) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Subject, &r.Field, &r.Value, &r.Before, &r.Reason, &r.State, &r.ProposedBy, &r.proposed, &r.FirstBy, &r.SecondBy}
}

func (r proposalRow) read() Proposal {
	r.Proposed = db.Time(r.proposed)
	return r.Proposal
}

func (d *Desk) insertProposal(ctx context.Context, actor duty.Actor, act duty.Act, p Proposal) (string, error) {
	p.ID = db.NewID()
	return p.ID, d.db.Tx(ctx, func(tx *db.Tx) error {
		same, err := db.Value[int64](ctx, tx, "SELECT count(*) FROM ethnic_proposal WHERE state = 'draft' AND subject = $1 AND field = $2 AND value = $3", p.Subject, p.Field, p.Value)
		switch {
		case err != nil:
			return err
		case same > 0:
			return fault.New(fault.Conflict, "ethnic.proposed_already")
		}
		if err := db.Insert(ctx, tx, "ethnic_proposal", proposalColumns, [][]any{{p.ID, p.Kind, p.Subject, p.Field, p.Value, p.Before, p.Reason, Draft, actor.ID, db.Millis(d.now()), "", ""}}); err != nil {
			return err
		}
		return d.record(ctx, tx, actor, act, p, "", Draft, "")
	})
}

func (d *Desk) record(ctx context.Context, tx *db.Tx, actor duty.Actor, act duty.Act, p Proposal, before, after, second string) error {
	return audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(act), Thing: "ethnic/" + p.Kind + "/" + p.Subject + "/" + p.ID,
		Place: string(d.places.HomeUnit().ID), Before: before, After: after, Reason: p.Reason, Note: p.Field + ": " + p.Before + " → " + p.Value})
}

func (d *Desk) drafts(ctx context.Context) ([]Proposal, error) {
	rows, err := db.All(ctx, d.db, (*proposalRow).fields, "SELECT "+proposalColumns+" FROM ethnic_proposal WHERE state = 'draft' ORDER BY proposed, id LIMIT 200")
	all := make([]Proposal, len(rows))
	for i, r := range rows {
		all[i] = r.read()
	}
	return all, err
}

func (d *Desk) proposal(ctx context.Context, id string) (Proposal, error) {
	row, err := db.One(ctx, d.db, (*proposalRow).fields, "SELECT "+proposalColumns+" FROM ethnic_proposal WHERE id = $1", id)
	return row.read(), err
}

// setProposal moves a proposal on unless somebody was faster, and carries out what is in force now. firstBy is who had confirmed
// when it was read.
func (d *Desk) setProposal(ctx context.Context, actor duty.Actor, p Proposal, firstBy string) error {
	act := duty.EthnicConfirm
	if p.Kind == fallbackKind {
		act = duty.EthnicConfirmFallback
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, "UPDATE ethnic_proposal SET state = $2, first_by = $3, second_by = $4, decided = $5 WHERE id = $1 AND state = 'draft' AND first_by = $6",
			p.ID, p.State, p.FirstBy, p.SecondBy, db.Millis(d.now()), firstBy)
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.Conflict, "ethnic.decided_already")
		}
		if p.State == InForce {
			if err := d.carryOut(ctx, tx, p); err != nil {
				return err
			}
		}
		return d.record(ctx, tx, actor, act, p, Draft, p.State, p.ProposedBy)
	})
}

// fieldSQL writes one field of a group.
var fieldSQL = map[string]string{
	"name":                "UPDATE ethnic_group SET name = $2 WHERE slug = $1",
	"aliases":             "UPDATE ethnic_group SET aliases = $2 WHERE slug = $1",
	"aliases_search_only": "UPDATE ethnic_group SET aliases_search_only = $2 WHERE slug = $1",
	"note":                "UPDATE ethnic_group SET note = $2 WHERE slug = $1",
}

func (d *Desk) carryOut(ctx context.Context, tx *db.Tx, p Proposal) error {
	if p.Kind == fallbackKind {
		heard, read := ordersOf(p.Value)
		status := fmt.Sprintf("người nói tiếng xác nhận ngày %s", d.places.Today())
		if _, err := db.Exec(ctx, tx, "UPDATE ethnic_language SET heard_fallback = $2, read_fallback = $3, fallback_status = $4 WHERE tag = $1", p.Subject, heard, read, status); err != nil {
			return err
		}
	} else if _, err := db.Exec(ctx, tx, fieldSQL[p.Field], p.Subject, p.Value); err != nil {
		return err
	}
	return touch(ctx, tx)
}
