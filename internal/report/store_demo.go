package report

import (
	"context"
	"slices"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/fact"
)

// write puts the cells, versions, figures and steps of a period's reports into the tables, many rows at a time.
func (s seeder) write(ctx context.Context, tx *db.Tx, p Period, sheets []filledReport) error {
	var cells, versions, steps [][]any
	for _, f := range sheets {
		for _, name := range sortedCells(f.Cells) {
			c := f.Cells[name]
			cells = append(cells, []any{f.ID, name, c.Value.Text, c.Value.N, c.Value.State, c.Value.Note, "", "", c.By.By, c.By.Name, db.Millis(c.By.At), c.Rev})
		}
		for _, st := range f.steps() {
			steps = append(steps, []any{db.NewID(), f.ID, st.Act, st.By.By, st.By.Name, st.After, st.Reason, db.Millis(st.By.At)})
		}
		if f.Report.Version == 0 {
			continue
		}
		facts, err := s.figures(f.Paper, f.Axis, f.Values)
		if err != nil {
			return err
		}
		b, err := s.batch(ctx, tx, f.Paper)
		if err != nil {
			return err
		}
		b.Method = "Số minh hoạ, máy sinh theo dân số xã và tỷ lệ dân tộc năm 2019"
		id, err := fact.Record(ctx, tx, f.Certified.At, b, facts)
		if err != nil {
			return err
		}
		versions = append(versions, []any{f.ID, 1, encode(frozen{f.Axis, f.Values}), id, f.Certified.By, f.Certified.Name, db.Millis(f.Certified.At)})
	}
	if err := db.Insert(ctx, tx, "report_cell", "report, "+cellColumns, cells); err != nil {
		return err
	}
	if err := db.Insert(ctx, tx, "report_version", "report, version, cells, batch, certified_by, certified_name, at", versions); err != nil {
		return err
	}
	for _, st := range []Step{{stepOpen, p.Opened, Open, ""}, {stepLock, p.Locked, Locked, ""}, {stepAsk, p.Asked, Locked, p.AskedWhy}, {stepSubmit, p.Submitted, Locked, ""}} {
		if !st.By.At.IsZero() {
			steps = append(steps, []any{db.NewID(), p.ID, st.Act, st.By.By, st.By.Name, st.After, st.Reason, db.Millis(st.By.At)})
		}
	}
	if err := db.Insert(ctx, tx, "report_step", "id, thing, act, actor, actor_name, after, reason, at", steps); err != nil {
		return err
	}
	if err := s.remark(ctx, tx, sheets); err != nil {
		return err
	}
	return audit.Write(ctx, tx, s.now(), audit.Entry{Actor: s.statistician.ID, Session: s.statistician.Session, Act: stepOpen, Thing: "report/" + p.ID,
		Place: string(p.Area), After: string(p.State), Note: "demonstration"})
}

func sortedCells(cells map[string]Cell) []string {
	var names []string
	for name := range cells {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
