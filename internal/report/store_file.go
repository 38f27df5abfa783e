package report

import (
	"context"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/report/sheet"
)

type fileRow struct {
	File
	at int64
}

const fileColumns = "id, report, ref, name, size, outcome, sent_by, sent_name, at"

func (r *fileRow) fields() []any {
	f := &r.File
	return []any{&f.ID, &f.Report, &f.Ref, &f.Name, &f.Size, &f.Outcome, &f.By.By, &f.By.Name, &r.at}
}

func fileByID(ctx context.Context, c db.Conn, id string) (File, error) {
	r, err := db.One(ctx, c, (*fileRow).fields, "SELECT "+fileColumns+" FROM report_file WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return File{}, fault.New(fault.NotFound, "report.file.gone")
	}
	r.By.At = db.Time(r.at)
	return r.File, err
}

// filesOf lists the workbooks of a report, the newest first.
func filesOf(ctx context.Context, c db.Conn, report string) ([]File, error) {
	rows, err := db.All(ctx, c, (*fileRow).fields, "SELECT "+fileColumns+" FROM report_file WHERE report = $1 ORDER BY at DESC, id DESC LIMIT 50", report)
	all := make([]File, len(rows))
	for i, r := range rows {
		all[i] = r.File
		all[i].By.At = db.Time(r.at)
	}
	return all, err
}

// filesByRef are the newest copies of one workbook that are kept for the reports of a period, by report.
func filesByRef(ctx context.Context, c db.Conn, period, ref string) (map[string]File, error) {
	files := map[string]File{}
	err := db.Each(ctx, c, (*fileRow).fields, func(r fileRow) error {
		r.By.At = db.Time(r.at)
		files[r.Report] = r.File
		return nil
	}, "SELECT "+fileColumns+" FROM report_file WHERE ref = $1 AND report IN (SELECT id FROM report WHERE period = $2) ORDER BY at, id LIMIT 5000", ref, period)
	return files, err
}

func insertFile(ctx context.Context, tx *db.Tx, f File) error {
	return db.Insert(ctx, tx, "report_file", fileColumns,
		[][]any{{f.ID, f.Report, f.Ref, f.Name, f.Size, f.Outcome, f.By.By, f.By.Name, db.Millis(f.By.At)}})
}

func setOutcome(ctx context.Context, tx *db.Tx, id, outcome string) error {
	_, err := db.Exec(ctx, tx, "UPDATE report_file SET outcome = $1 WHERE id = $2", outcome, id)
	return err
}

// Files lists what is kept of workbooks, for the check of the store of files.
func (d *Desk) Files(ctx context.Context) ([]blob.Ref, error) {
	return db.Values[blob.Ref](ctx, d.db, "SELECT DISTINCT ref FROM report_file")
}

// mappings are what officers said about headings that are not ours.
func mappings(ctx context.Context, c db.Conn) ([]sheet.Mapping, error) {
	texts, err := db.Values[string](ctx, c, "SELECT body FROM report_mapping ORDER BY at DESC LIMIT 1000")
	all := make([]sheet.Mapping, len(texts))
	for i := 0; i < len(texts) && err == nil; i++ {
		err = decode(texts[i], &all[i])
	}
	return all, err
}

func setMapping(ctx context.Context, tx *db.Tx, m sheet.Mapping, by Mark) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO report_mapping (fingerprint, form, body, made_by, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (fingerprint) DO UPDATE SET form = excluded.form, body = excluded.body, made_by = excluded.made_by, at = excluded.at`,
		m.Fingerprint, m.Form, encode(m), by.By, db.Millis(by.At))
	return err
}
