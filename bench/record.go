package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
)

// records is R11: whatever is done to a record of 100,000 acts behind the program's back is found against the signed
// head that was kept outside, and how long the walk takes.
func records(ctx context.Context) ([]figure, error) {
	const acts = 100_000
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	d, err := migrated(ctx, "sqlite:"+filepath.Join(dir, "banlang.db"))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	say("R11: writing %d acts", acts)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for done := 0; done < acts; done += 5000 {
		err := d.Tx(ctx, func(tx *db.Tx) error {
			for i := done; i < done+5000; i++ {
				entry := audit.Entry{Actor: "editor", Act: "bulletin.write", Thing: fmt.Sprintf("bulletin/%d", i), Before: "draft", After: "draft"}
				if err := audit.Write(ctx, tx, at.Add(time.Duration(i)*time.Second), entry); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	key, err := audit.OpenKey(filepath.Join(dir, "keys"))
	if err != nil {
		return nil, err
	}
	head, err := audit.SignedHead(ctx, d, key, at)
	if err != nil {
		return nil, err
	}

	tampering := []struct{ name, sql string }{
		{"whole", ""},
		{"edited", "UPDATE audit SET actor = 'someone' WHERE seq = 50000"},
		{"dropped", "DELETE FROM audit WHERE seq = 50000"},
		{"cut short", "DELETE FROM audit WHERE seq > 99990"},
	}
	var figures []figure
	for _, way := range tampering {
		right, times := true, []float64{}
		for range 3 {
			report, took, err := tampered(ctx, d, way.sql, &head)
			if err != nil {
				return figures, fmt.Errorf("%s: %w", way.name, err)
			}
			right = right && report.Whole() == (way.sql == "")
			times = append(times, took.Seconds())
		}
		f := figure{ID: "R11", Measure: "record of 100,000 acts, " + way.name, Unit: "s", Ours: median(times), Bar: "told right, <= 1 s"}
		f.Met = right && f.Ours <= 1
		figures = append(figures, f)
	}
	return figures, nil
}

// errUndo ends a transaction that must leave nothing behind.
var errUndo = errors.New("undo")

// tampered is what Verify reports, and how long it takes, after the statement, which is undone.
func tampered(ctx context.Context, d *db.DB, sql string, head *audit.Head) (report audit.Report, took time.Duration, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		if sql != "" {
			if n, err := db.Exec(ctx, tx, sql); err != nil || n == 0 {
				return errors.Join(err, fmt.Errorf("%d rows touched", n))
			}
		}
		begin := time.Now()
		var err error
		report, err = audit.Verify(ctx, tx, head)
		took = time.Since(begin)
		if err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		err = nil
	}
	return report, took, err
}
