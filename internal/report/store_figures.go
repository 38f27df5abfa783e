package report

import (
	"context"
	"encoding/json"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
)

type importRow struct {
	Import
	figures                             string
	size, leftOut, enteredAt, decidedAt int64
}

const importColumns = `id, area, file, file_name, size, left_out, state, entered_by, entered_name, entered_at, decided_by, decided_name,
	decided_at, reason, demo`

func (r *importRow) fields() []any {
	return []any{&r.ID, &r.Area, &r.File, &r.FileName, &r.size, &r.leftOut, &r.State, &r.Entered.By, &r.Entered.Name, &r.enteredAt, &r.Decided.By,
		&r.Decided.Name, &r.decidedAt, &r.Reason, &r.Demo}
}

func (r *importRow) value() Import {
	i := r.Import
	i.Size, i.LeftOut, i.Entered.At, i.Decided.At = int(r.size), int(r.leftOut), db.Time(r.enteredAt), db.Time(r.decidedAt)
	return i
}

// imports lists those that wait, then the newest of the others.
func imports(ctx context.Context, c db.Conn) ([]Import, error) {
	rows, err := db.All(ctx, c, (*importRow).fields, "SELECT "+importColumns+
		" FROM report_import ORDER BY CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, entered_at DESC, id LIMIT 100")
	all := make([]Import, len(rows))
	for n := range rows {
		all[n] = rows[n].value()
	}
	return all, err
}

// importByID reads one with its figures.
func importByID(ctx context.Context, c db.Conn, id string) (Import, []Imported, error) {
	r, err := db.One(ctx, c, func(r *importRow) []any { return append(r.fields(), &r.figures) },
		"SELECT "+importColumns+", figures FROM report_import WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Import{}, nil, fault.New(fault.NotFound, "report.import.gone")
	} else if err != nil {
		return Import{}, nil, err
	}
	var figures []Imported
	return r.value(), figures, json.Unmarshal([]byte(r.figures), &figures)
}

// importWaits tells whether a batch of the same file waits.
func importWaits(ctx context.Context, c db.Conn, file blob.Ref) (bool, error) {
	n, err := db.Value[int64](ctx, c, "SELECT count(*) FROM report_import WHERE file = $1 AND state = 'waiting'", string(file))
	return n > 0, err
}

// keepImport writes a batch that waits, unless one of the same file waits already.
func (d *Desk) keepImport(ctx context.Context, actor duty.Actor, i Import, figures []Imported) error {
	text, err := json.Marshal(figures)
	if err != nil {
		return err
	}
	return d.change(ctx, func(tx writer) error {
		waits, err := importWaits(ctx, tx, i.File)
		switch {
		case err != nil:
			return err
		case waits:
			return fault.New(fault.Conflict, "report.import.waiting")
		}
		err = db.Insert(ctx, tx, "report_import", `id, area, file, file_name, figures, size, left_out, state, entered_by, entered_name, entered_at, demo`,
			[][]any{{i.ID, string(i.Area), string(i.File), i.FileName, string(text), int64(i.Size), int64(i.LeftOut), i.State, i.Entered.By, i.Entered.Name,
				db.Millis(i.Entered.At), i.Demo}})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, i.Entered.At, audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatEnter),
			Thing: "report_import/" + i.ID, Place: string(i.Area), After: i.State, Note: i.FileName})
	})
}

// recordImportRead records that somebody read an import, or was refused to.
func (d *Desk) recordImportRead(ctx context.Context, actor duty.Actor, i Import, refused bool) error {
	e := audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatReadExact), Thing: "report_import/" + i.ID, Place: string(i.Area)}
	if refused {
		e.After = "refused"
	}
	return d.change(ctx, func(tx writer) error { return audit.Write(ctx, tx, d.now(), e) })
}

// asked is an indicator in a period.
type asked struct {
	code   fact.Code
	period fact.Period
}

// locked are what the forms of locked periods ask: it changes only when the period is opened again.
func (d *Desk) locked(ctx context.Context, c db.Conn) (map[asked]bool, error) {
	type row struct {
		form            string
		version, period int64
	}
	rows, err := db.All(ctx, c, func(r *row) []any { return []any{&r.form, &r.version, &r.period} },
		"SELECT DISTINCT form, version, period FROM report_period WHERE state = 'locked'")
	if err != nil {
		return nil, err
	}
	all := map[asked]bool{}
	for _, r := range rows {
		f, err := formOf(ctx, c, r.form, int(r.version))
		if err != nil {
			return nil, err
		}
		for _, code := range f.Indicators {
			all[asked{fact.Code(code), fact.Period(r.period)}] = true
		}
	}
	return all, nil
}

// decideImport moves an import on in one transaction, unless somebody was faster.
func (d *Desk) decideImport(ctx context.Context, actor duty.Actor, id string, decide func(tx writer, i *Import, figures []Imported) error) error {
	return d.change(ctx, func(tx writer) error {
		i, figures, err := importByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := d.mayDecide(actor, i); err != nil {
			return err
		}
		i.Decided = Mark{actor.ID, actor.Name, d.now()}
		if err := decide(tx, &i, figures); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `UPDATE report_import SET state = $2, decided_by = $3, decided_name = $4, decided_at = $5, reason = $6
			WHERE id = $1 AND state = 'waiting'`, id, i.State, i.Decided.By, i.Decided.Name, db.Millis(i.Decided.At), i.Reason)
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.Conflict, "report.import.decided")
		}
		return audit.Write(ctx, tx, i.Decided.At, audit.Entry{Actor: actor.ID, Session: actor.Session, Second: i.Entered.By, Act: string(duty.StatCertify),
			Thing: "report_import/" + id, Place: string(i.Area), Before: ImportWaiting, After: i.State, Reason: i.Reason})
	})
}
