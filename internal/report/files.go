package report

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
	"banlang/internal/report/form"
	"banlang/internal/report/sheet"
)

// largestFile is the largest workbook that is taken for one report, in bytes. An officer's form has some twenty thousand.
const largestFile = 10 << 20

// Template writes the report as a workbook to be filled in, and gives the file's name. The actor must be allowed to read the unit's
// exact figures.
func (d *Desk) Template(ctx context.Context, actor duty.Actor, id string, w io.Writer) (name string, err error) {
	p, err := d.Paper(ctx, actor, id)
	if err != nil {
		return "", err
	}
	b := sheet.Book{
		Grid: p.Grid, Values: p.Values, Report: p.ID, Unit: p.Unit.ID.Code(), Period: p.Period.Period.String(),
		UnitName: p.Unit.FullName(), PeriodName: d.periodName(p.Period.Period), LastName: d.periodName(p.Period.Period.Before()),
	}
	if home := d.places.HomeUnit(); home.ID != p.Report.Unit {
		b.Above = home.FullName()
	}
	if p.Demo {
		b.Note = "Số minh hoạ"
	}
	earlier, err := certifiedBefore(ctx, d.db, p.Form.Code, p.Report.Unit, p.Period.Period, 1)
	if err != nil {
		return "", err
	}
	b.Last = earlier[p.Period.Period.Before()]
	return p.name(), sheet.Write(w, b)
}

// Receive keeps a workbook that somebody sends for a report. Nothing of it is in the report yet: see Try and Take. The actor must be
// allowed stat.enter there, now. The same file again is the same file.
func (d *Desk) Receive(ctx context.Context, actor duty.Actor, id, name string, r io.Reader) (string, error) {
	// Before a byte is kept: asked again with the row, in case the report was closed meanwhile.
	if err := d.change(ctx, func(tx writer) error { _, err := d.enter(ctx, tx, actor, id); return err }); err != nil {
		return "", err
	}
	ref, size, err := d.files.Put(ctx, r, largestFile)
	if err != nil {
		return "", err
	}
	f := File{ID: newID(), Report: id, Ref: string(ref), Name: name, Size: size, By: Mark{actor.ID, actor.Name, d.now()}}
	err = d.change(ctx, func(tx writer) error {
		if _, err := d.enter(ctx, tx, actor, id); err != nil {
			return err
		}
		return insertFile(ctx, tx, f)
	})
	return f.ID, err
}

// ReportFiles lists the workbooks that came in for a report, for who may read its exact figures.
func (d *Desk) ReportFiles(ctx context.Context, actor duty.Actor, r Report) ([]File, error) {
	if err := d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(r.Unit)}); err != nil {
		return nil, err
	}
	return filesOf(ctx, d.db, r.ID)
}

// A Trial is what a workbook would do to a report.
type Trial struct {
	File    File
	Paper   Paper
	Reading sheet.Reading
	Changes []Changed
	Same    int      // cells that say what stands there already
	Missing []string // groups whose rows would be added
}

// A Changed is one cell that a workbook would change.
type Changed struct {
	Cell     string
	Old, New form.Value
	Source   string
}

// Try reads a workbook and tells what it would change. Nothing is written.
func (d *Desk) Try(ctx context.Context, actor duty.Actor, file string) (Trial, error) {
	f, err := fileByID(ctx, d.db, file)
	if err != nil {
		return Trial{}, err
	}
	p, err := d.Paper(ctx, actor, f.Report)
	if err != nil {
		return Trial{}, err
	}
	reading, err := d.read(ctx, f, p)
	if err != nil {
		return Trial{File: f, Paper: p}, err
	}
	return d.trial(f, p, reading), nil
}

// read reads the workbook for one report: its form, with every row that it may have.
func (d *Desk) read(ctx context.Context, f File, p Paper) (sheet.Reading, error) {
	data, err := d.content(ctx, f)
	if err != nil {
		return sheet.Reading{}, err
	}
	headings, err := mappings(ctx, d.db)
	if err != nil {
		return sheet.Reading{}, err
	}
	known := sheet.Known{Grids: []form.Grid{d.widest(p)}, Mappings: headings, Unit: d.unitCalled(p.Period)}
	if p.Form.Axis == byGroup || p.Form.Axis == byMinority {
		known.Match = d.groupCalled
	}
	return sheet.Read(bytes.NewReader(data), int64(len(data)), known)
}

// of leaves of a reading what is said of one unit; a workbook that names no unit is of the one that it was sent for.
func of(reading sheet.Reading, unit string) sheet.Reading {
	reading.Cells = slices.DeleteFunc(slices.Clone(reading.Cells), func(c sheet.Cell) bool { return c.Unit != "" && c.Unit != unit })
	reading.Refused = slices.DeleteFunc(slices.Clone(reading.Refused), func(r sheet.Refusal) bool { return r.Unit != "" && r.Unit != unit })
	return reading
}

// unitCalled finds a unit that reports in the period by its code or by what officers call it.
func (d *Desk) unitCalled(p Period) func(string) (string, []string) {
	on := min(p.Period.Last(), d.today())
	return func(name string) (string, []string) {
		var codes []string
		for _, f := range d.places.Find(name, on, 8) {
			if u := f.Unit; u.Level == place.Commune && u.In(on) && d.policy.Within(string(p.Area), string(u.ID)) {
				if fold.Key(u.Name) == fold.Key(name) || fold.Key(u.FullName()) == fold.Key(name) || u.Code == name {
					return u.Code, nil
				}
				codes = append(codes, u.Code)
			}
		}
		if len(codes) == 1 {
			return codes[0], nil
		}
		return "", codes
	}
}

func (d *Desk) content(ctx context.Context, f File) ([]byte, error) {
	r, size, err := d.files.Open(ctx, blob.Ref(f.Ref))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, size)
	_, err = io.ReadFull(r, data)
	return data, err
}

// widest is the report's grid with every row that its form could have.
func (d *Desk) widest(p Paper) form.Grid {
	rows := slices.Clone(p.Axis)
	for _, g := range d.choices(p.Form, rows) {
		rows = append(rows, groupRow(g))
	}
	return p.Form.Lay(rows)
}

// groupCalled finds an ethnic group by what officers call it.
func (d *Desk) groupCalled(name string) (string, []string) {
	var codes []string
	for _, m := range d.groups.Find(name) {
		if m.Official && !m.Ambiguous {
			return string(m.Group), nil
		}
		codes = append(codes, string(m.Group))
	}
	if len(codes) == 1 {
		return codes[0], nil
	}
	return "", codes
}

func (d *Desk) trial(f File, p Paper, reading sheet.Reading) Trial {
	reading = of(reading, p.Unit.ID.Code())
	t := Trial{File: f, Paper: p, Reading: reading}
	grid := d.widest(p)
	for _, c := range reading.Cells {
		id := form.ID(c.Row, c.Col)
		if cell, ok := grid.Cell(id); !ok || c.Stated || !typed(cell) {
			continue
		}
		now := p.Cells[id].Value
		if now.State == c.Value.State && now.N == c.Value.N && (now.State != form.Known || c.Value.Text == now.Text || !worded(grid, id)) {
			t.Same++
			continue
		}
		if _, shown := p.Grid.Cell(id); !shown {
			if c.Value.N == 0 {
				continue // a group that nobody belongs to needs no row
			}
			if !slices.Contains(t.Missing, c.Row) {
				t.Missing = append(t.Missing, c.Row)
			}
		}
		t.Changes = append(t.Changes, Changed{Cell: id, Old: now, New: c.Value, Source: c.Sheet + "!" + c.Ref()})
	}
	return t
}

func worded(g form.Grid, id string) bool {
	c, _ := g.Cell(id)
	return c.Type == form.Text
}

// Take writes what a workbook changes into its report: everything, or nothing where a cell was refused; or only what is good. rev is
// the revision of the report that the trial was shown over: somebody's change in between asks for another look. To ask again is
// harmless: what stands there already is not written twice.
func (d *Desk) Take(ctx context.Context, actor duty.Actor, file string, rev int64, good bool) (int, error) {
	f, err := fileByID(ctx, d.db, file)
	if err != nil {
		return 0, err
	}
	before, err := d.Paper(ctx, actor, f.Report)
	if err != nil {
		return 0, err
	}
	reading, err := d.read(ctx, f, before) // outside of the transaction: a large file takes its time
	if err != nil {
		return 0, err
	}
	if reading.How == sheet.Stranger {
		return 0, fault.New(fault.Invalid, "report.file.stranger")
	}
	return d.takeRead(ctx, actor, f, of(reading, before.Unit.ID.Code()), rev, good)
}

// takeRead writes what was read of a workbook. Both who sent it and who takes it in have entered its figures.
func (d *Desk) takeRead(ctx context.Context, actor duty.Actor, f File, reading sheet.Reading, rev int64, good bool) (int, error) {
	if !good && len(reading.Refused) > 0 {
		return 0, fault.New(fault.Invalid, "report.file.refused", "N", len(reading.Refused)+reading.More)
	}
	n := 0
	err := d.change(ctx, func(tx writer) error {
		p, err := d.enter(ctx, tx, actor, f.Report)
		if err != nil {
			return err
		}
		t := d.trial(f, p, reading)
		if len(t.Changes) == 0 {
			return nil
		}
		if p.Rev != rev {
			return fault.New(fault.Conflict, "report.file.changed")
		}
		for _, slug := range t.Missing {
			if p.Axis, err = d.withGroup(p.Form, p.Axis, slug); err != nil {
				return err
			}
		}
		p.Grid = p.Form.Lay(p.Axis)
		changes := make([]Change, len(t.Changes))
		for i, c := range t.Changes {
			changes[i] = Change{Cell: c.Cell, Text: c.New.Text, Base: p.Cells[c.Cell].Rev, File: f.ID, Source: c.Source, value: &t.Changes[i].New}
		}
		if !slices.Contains(p.Hands, f.By.By) { // whose figures these are
			p.Hands = append(p.Hands, f.By.By)
		}
		saved, err := d.write(ctx, tx, actor, &p, changes)
		if err != nil {
			return err
		}
		n = len(saved.Revs)
		outcome := "all"
		if good && len(reading.Refused) > 0 {
			outcome = "good"
		}
		if err := setOutcome(ctx, tx, f.ID, outcome); err != nil {
			return err
		}
		return step(ctx, tx, d.now(), actor, p.ID, string(p.Report.Unit), Step{Act: stepFile, After: p.State, Reason: f.Name}, p.State, "")
	})
	return n, err
}

// Map keeps what an officer says the columns of a foreign workbook are: the next workbook with this heading is understood.
func (d *Desk) Map(ctx context.Context, actor duty.Actor, file string, m sheet.Mapping) error {
	f, err := fileByID(ctx, d.db, file)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(m.Columns, func(c sheet.Mapped) bool { return c.Role == sheet.Label || c.Role == sheet.Unit }) ||
		!slices.ContainsFunc(m.Columns, func(c sheet.Mapped) bool { return c.Role == sheet.Figures }) {
		return fault.New(fault.Invalid, "report.map.incomplete")
	}
	return d.change(ctx, func(tx writer) error {
		p, err := d.enter(ctx, tx, actor, f.Report)
		if err != nil {
			return err
		}
		for _, c := range m.Columns {
			if c.Role == sheet.Figures && !slices.ContainsFunc(p.Grid.Cols, func(x form.Col) bool { return x.Code == c.Col }) {
				return fault.New(fault.Invalid, "report.map.incomplete")
			}
		}
		m.Form = p.Form.Code
		return setMapping(ctx, tx, m, Mark{actor.ID, actor.Name, d.now()})
	})
}

// ReportFor finds the report that a workbook is for, among those that the actor fills in: by the hidden sheet, else by its heading. A
// workbook that says neither, or that several reports may be meant by, is asked about.
func (d *Desk) ReportFor(ctx context.Context, actor duty.Actor, data []byte) (string, error) {
	stamp, ok, err := sheet.Peek(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", err
	}
	if ok && stamp.Report != "" {
		return stamp.Report, nil // who may enter there is asked when it is received
	}
	mine, err := d.Mine(ctx, actor)
	if err != nil {
		return "", err
	}
	headings, err := mappings(ctx, d.db)
	if err != nil {
		return "", err
	}
	reports := map[string][]string{} // by form
	known := sheet.Known{Mappings: headings, Match: d.groupCalled}
	for _, m := range mine {
		if m.Period.State == Locked || m.Report.State != Open && m.Report.State != Returned {
			continue
		}
		p, err := d.load(ctx, d.db, m.Report.ID)
		if err != nil {
			return "", err
		}
		if reports[p.Form.Code] = append(reports[p.Form.Code], p.ID); len(reports[p.Form.Code]) == 1 {
			known.Grids = append(known.Grids, d.widest(p))
		}
	}
	if len(known.Grids) == 0 {
		return "", fault.Field("file", "report.file.none_open")
	}
	reading, err := sheet.Read(bytes.NewReader(data), int64(len(data)), known)
	if err != nil {
		return "", err
	}
	if found := reports[reading.Form]; reading.How != sheet.Stranger && len(found) == 1 {
		return found[0], nil
	}
	return "", fault.Field("file", "report.file.which")
}

// name is a file's name for a report's workbook: "BM01-06325-2026H1.xlsx".
func (p Paper) name() string {
	return strings.Join([]string{p.Form.Code, p.Report.Unit.Code(), p.Period.Period.String()}, "-") + ".xlsx"
}

// groupNames are the names of groups, for a page that says which rows a workbook adds.
func (d *Desk) groupNames(codes []string) []string {
	var names []string
	for _, c := range codes {
		if g, err := d.groups.BySlug(ethnic.Slug(c)); err == nil {
			names = append(names, g.Name)
		}
	}
	return names
}

// Findings are what the checks would say if the workbook's changes were taken, and where each cell stands in the workbook.
func (t Trial) Findings() (findings []form.Finding, at map[string]sheet.Cell) {
	values, at := form.Values{}, map[string]sheet.Cell{}
	maps.Copy(values, t.Paper.Values)
	for _, c := range t.Reading.Cells {
		at[form.ID(c.Row, c.Col)] = c
	}
	for _, c := range t.Changes {
		v := c.New
		v.Note = values[c.Cell].Note
		values[c.Cell] = v
	}
	return t.Paper.Grid.Check(values, t.Paper.Past), at
}
