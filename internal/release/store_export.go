package release

import (
	"context"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

const exportColumns = "id, area, title, question, reason, state, asked_by, asked_name, asked_at, decided_by, decided_name, decided_at, until"

type exportRow struct {
	Export
	asked, decided, until int64
}

func (r *exportRow) fields() []any {
	return []any{&r.ID, &r.Area, &r.Title, &r.Question, &r.Reason, &r.State, &r.AskedBy, &r.AskedName, &r.asked, &r.DecidedBy, &r.DecidedName, &r.decided, &r.until}
}

func (r exportRow) export() Export {
	e := r.Export
	e.AskedAt, e.DecidedAt, e.Until = db.Time(r.asked), db.Time(r.decided), db.Time(r.until)
	return e
}

func (d *Desk) exports(ctx context.Context) ([]Export, error) {
	rows, err := db.All(ctx, d.db, (*exportRow).fields, "SELECT "+exportColumns+" FROM stat_export ORDER BY asked_at DESC LIMIT 200")
	var all []Export
	for _, r := range rows {
		all = append(all, r.export())
	}
	return all, err
}

func exportByID(ctx context.Context, c db.Conn, id string) (Export, error) {
	r, err := db.One(ctx, c, (*exportRow).fields, "SELECT "+exportColumns+" FROM stat_export WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Export{}, fault.New(fault.NotFound, "stat.export.none")
	}
	return r.export(), err
}

func (d *Desk) insertExport(ctx context.Context, actor duty.Actor, key string, e Export) (string, error) {
	e.ID = db.NewID()
	if key != "" {
		key = "stat.export/" + actor.ID + "/" + key
	}
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		prior, repeated, err := db.Once(ctx, tx, key, e.ID)
		if err != nil || repeated {
			e.ID = prior
			return err
		}
		err = db.Insert(ctx, tx, "stat_export", exportColumns, [][]any{{e.ID, e.Area, e.Title, e.Question, e.Reason, e.State, e.AskedBy, e.AskedName,
			db.Millis(e.AskedAt), "", "", int64(0), int64(0)}})
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, e.AskedAt, exportEntry(actor, e, string(Asked)))
	})
	return e.ID, err
}

func exportEntry(actor duty.Actor, e Export, after string) audit.Entry {
	return audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatExportExact), Thing: "stat_export/" + e.ID, Place: e.Area, Reason: e.Reason,
		After: after + ": " + e.Question}
}

func (d *Desk) decideExport(ctx context.Context, actor duty.Actor, id string, grant bool, rule func(Export) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		e, err := exportByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := rule(e); err != nil {
			return err
		}
		at, to, until := d.now(), Refused, int64(0)
		if grant {
			to, until = Granted, db.Millis(at.AddDate(0, 0, exportDays))
		}
		n, err := db.Exec(ctx, tx, "UPDATE stat_export SET state = $1, decided_by = $2, decided_name = $3, decided_at = $4, until = $5 WHERE id = $6 AND state = $7",
			to, actor.ID, actor.Name, db.Millis(at), until, id, Asked)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "stat.export.state")
		}
		entry := exportEntry(actor, e, string(to))
		entry.Second = e.AskedBy
		return audit.Write(ctx, tx, at, entry)
	})
}

func (d *Desk) recordExport(ctx context.Context, actor duty.Actor, e Export, what string) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error { return audit.Write(ctx, tx, d.now(), exportEntry(actor, e, what)) })
}
