package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

const wordingColumns = "target, number, definition, state, edited_by, edited_name, edited_at, approved_by, approved_name, approved_at"

type wordingRow struct {
	Wording
	code, definition     string
	number               int64
	editedAt, approvedAt int64
}

func (r *wordingRow) fields() []any {
	return []any{&r.code, &r.number, &r.definition, &r.State, &r.EditedBy, &r.EditedName, &r.editedAt, &r.ApprovedBy, &r.ApprovedName, &r.approvedAt}
}

func (r wordingRow) wording() (Wording, error) {
	w := r.Wording
	if err := json.Unmarshal([]byte(r.definition), &w.Target); err != nil {
		return w, fmt.Errorf("wording %s %d: %w", r.code, r.number, err)
	}
	w.Code, w.Number = r.code, r.number
	w.EditedAt, w.ApprovedAt = db.Time(r.editedAt), db.Time(r.approvedAt)
	return w, nil
}

func wordings(rows []wordingRow, err error) ([]Wording, error) {
	all := make([]Wording, len(rows))
	for i, r := range rows {
		if err == nil {
			all[i], err = r.wording()
		}
	}
	return all, err
}

// approved reads the wordings that are in force in place of the reference.
func approved(ctx context.Context, c db.Conn) ([]Target, error) {
	all, err := wordings(db.All(ctx, c, (*wordingRow).fields,
		"SELECT "+wordingColumns+" FROM plan_wording WHERE state = $1 ORDER BY target LIMIT 2000", Approved))
	targets := make([]Target, len(all))
	for i, w := range all {
		targets[i] = w.Target
	}
	return targets, err
}

func (d *Desk) drafts(ctx context.Context) ([]Wording, error) {
	return wordings(db.All(ctx, d.db, (*wordingRow).fields,
		"SELECT "+wordingColumns+" FROM plan_wording WHERE state = $1 ORDER BY edited_at, target LIMIT 200", Draft))
}

func (d *Desk) wording(ctx context.Context, code string, number int64) (Wording, error) {
	return oneWording(ctx, d.db, code, number)
}

func oneWording(ctx context.Context, c db.Conn, code string, number int64) (Wording, error) {
	r, err := db.One(ctx, c, (*wordingRow).fields,
		"SELECT "+wordingColumns+" FROM plan_wording WHERE target = $1 AND number = $2", code, number)
	if fault.Is(err, fault.NotFound) {
		return Wording{}, fault.New(fault.NotFound, "plan.wording.gone")
	}
	if err != nil {
		return Wording{}, err
	}
	return r.wording()
}

// draft writes the next wording of a target and sets drafts that still wait aside.
func (d *Desk) draft(ctx context.Context, actor duty.Actor, key string, w Wording) (number int64, err error) {
	definition, err := json.Marshal(w.Target)
	if err != nil {
		return 0, err
	}
	err = d.db.Tx(ctx, func(tx *db.Tx) error {
		last, err := db.Value[int64](ctx, tx, "SELECT coalesce(max(number), 0) FROM plan_wording WHERE target = $1", w.Code)
		if err != nil {
			return err
		}
		number = last + 1
		prior, repeated, err := db.Once(ctx, tx, scoped("plan.edit", actor, key), strconv.FormatInt(number, 10))
		if err != nil || repeated {
			number, _ = strconv.ParseInt(prior, 10, 64) // written four lines above
			return err
		}
		if _, err := db.Exec(ctx, tx, "UPDATE plan_wording SET state = $1 WHERE target = $2 AND state = $3", Replaced, w.Code, Draft); err != nil {
			return err
		}
		err = db.Insert(ctx, tx, "plan_wording", wordingColumns, [][]any{{
			w.Code, number, string(definition), w.State, w.EditedBy, w.EditedName, db.Millis(w.EditedAt), "", "", 0,
		}})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, w.EditedAt, audit.Entry{
			Actor: actor.ID, Session: actor.Session, Act: string(duty.PlanEdit), Thing: wordingThing(w.Code, number), Place: d.area, After: w.TextVI,
		})
	})
	return number, err
}

func wordingThing(code string, number int64) string {
	return fmt.Sprintf("plan_wording/%s/%d", code, number)
}

// approve loads a wording, lets rule check it and, in the same transaction, puts it into force by the actor.
func (d *Desk) approve(ctx context.Context, actor duty.Actor, code string, number int64, rule func(Wording) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		w, err := oneWording(ctx, tx, code, number)
		if err != nil {
			return err
		}
		if w.State == Approved && w.ApprovedBy == actor.ID {
			return nil // the same button pressed twice
		}
		if err := rule(w); err != nil {
			return err
		}
		at := d.now()
		if _, err := db.Exec(ctx, tx, "UPDATE plan_wording SET state = $1 WHERE target = $2 AND state = $3", Replaced, code, Approved); err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, "UPDATE plan_wording SET state = $1, approved_by = $2, approved_name = $3, approved_at = $4 WHERE target = $5 AND number = $6",
			Approved, actor.ID, actor.Name, db.Millis(at), code, number)
		if err != nil {
			return err
		}
		err = audit.Write(ctx, tx, at, audit.Entry{
			Actor: actor.ID, Second: w.EditedBy, Session: actor.Session, Act: string(duty.PlanCertify), Thing: wordingThing(code, number), Place: d.area,
			Before: string(Draft), After: string(Approved),
		})
		if err != nil {
			return err
		}
		return d.index(ctx, tx, code)
	})
}
