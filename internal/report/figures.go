package report

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/place/intake"
)

// An Import is a file of figures that was taken in. They count when another person, who may certify figures of its area, confirms it.
type Import struct {
	ID       string
	Area     place.ID
	File     blob.Ref
	FileName string
	Size     int // figures
	LeftOut  int // values of the file that were refused
	State    string
	Entered  Mark
	Decided  Mark
	Reason   string // of a refusal
	Demo     bool
}

// The states of an import.
const (
	ImportWaiting   = "waiting"
	ImportConfirmed = "confirmed"
	ImportRefused   = "refused"
)

// An Imported figure is one value of the file, as it will be recorded. Decimals are those of its indicator when it was read.
type Imported struct {
	fact.Fact
	Decimals int
}

const (
	kindFigures   = "figures"
	importLimit   = 16 << 20
	importFigures = 50_000 // more are several files
)

// Import takes in a file of kind "figures": the CSV or SDMX-CSV in which releases are published, or data values of DHIS2 (JSON). Every
// value is judged by itself. dry tells what would happen; otherwise what can be taken waits for a second person. The actor must be
// allowed stat.enter in the whole province.
func (d *Desk) Import(ctx context.Context, actor duty.Actor, kind, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	report := intake.Report{Name: name, Kind: kind, Dry: dry}
	if kind != kindFigures {
		return report, fault.New(fault.Invalid, "report.import.kind_unknown", "Kind", kind)
	}
	if err := d.policy.Permit(actor, duty.StatEnter, duty.Thing{Area: string(d.home()), State: string(Open)}); err != nil {
		return report, err
	}
	body, err := io.ReadAll(io.LimitReader(r, importLimit+1))
	if err != nil {
		return report, err
	}
	locked, err := d.locked(ctx, d.db)
	if err != nil {
		return report, err
	}
	figures, err := d.readFigures(actor, name, body, locked, &report)
	if err != nil {
		return report, err
	}
	changes, err := d.against(ctx, d.db, figures)
	if err != nil {
		return report, err
	}
	ref := blob.Ref(fmt.Sprintf("%x", sha256.Sum256(body)))
	waits, err := importWaits(ctx, d.db, ref)
	if err != nil {
		return report, err
	}
	for _, c := range changes {
		switch {
		case c.Same || waits: // sent already, which is no reason to send it again
			report.Same++
		case c.Had:
			report.Changed++
		default:
			report.Added++
		}
	}
	if progress != nil {
		progress(report.Rows, report.Rows)
	}
	if dry || report.Added+report.Changed == 0 {
		return report, nil
	}
	if _, _, err := d.files.Put(ctx, bytes.NewReader(body), importLimit); err != nil {
		return report, err
	}
	i := Import{ID: newID(), Area: d.home(), File: ref, FileName: clip(name, 200), Size: len(figures), LeftOut: len(report.Refused),
		State: ImportWaiting, Entered: Mark{actor.ID, actor.Name, d.now()}, Demo: actor.Demo}
	return report, d.keepImport(ctx, actor, i, figures)
}

// A FigureChange is an imported figure beside what holds for its key now.
type FigureChange struct {
	Imported
	Old  int64
	Had  bool // something holds
	Same bool
}

// against holds figures against what was recorded.
func (d *Desk) against(ctx context.Context, c reader, figures []Imported) ([]FigureChange, error) {
	keys := make([]fact.Key, len(figures))
	for i, f := range figures {
		keys[i] = f.Key
	}
	held, err := d.facts.Holding(ctx, c, keys)
	if err != nil {
		return nil, err
	}
	all := make([]FigureChange, len(figures))
	for i, f := range figures {
		h, had := held[f.Key]
		all[i] = FigureChange{Imported: f, Had: had && h.State == fact.Known, Old: h.Value, Same: had && h.State == fact.Known && h.Value == f.Value}
	}
	return all, nil
}

// mayDecide permits deciding on an import: who certifies figures of its area, and did not take it in.
func (d *Desk) mayDecide(actor duty.Actor, i Import) error {
	return d.policy.Permit(actor, duty.StatCertify, duty.Thing{Area: string(i.Area), State: string(Entered), Hands: []string{i.Entered.By}})
}

// Imports lists the imports of areas whose figures the actor may read, newest first, 100 at most; those that wait come before the others.
func (d *Desk) Imports(ctx context.Context, actor duty.Actor) ([]Import, error) {
	all, err := imports(ctx, d.db)
	return slices.DeleteFunc(all, func(i Import) bool { return d.mayRead(actor, i) != nil }), err
}

func (d *Desk) mayRead(actor duty.Actor, i Import) error {
	return d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(i.Area)})
}

// ImportByID is one import with its figures beside what holds now. The actor must be allowed to read those of its area;
// the reading is recorded, and so is a refused one.
func (d *Desk) ImportByID(ctx context.Context, actor duty.Actor, id string) (Import, []FigureChange, error) {
	i, figures, err := importByID(ctx, d.db, id)
	if err != nil {
		return i, nil, err
	}
	refused := d.mayRead(actor, i)
	if err := cmp.Or(d.recordImportRead(ctx, actor, i, refused != nil), refused); err != nil {
		return Import{}, nil, err
	}
	changes, err := d.against(ctx, d.db, figures)
	return i, changes, err
}

// ConfirmImport records the figures of an import as certified by the actor, who must be allowed stat.certify in its area and not have
// taken it in. They replace what held for their keys, all of them or none.
func (d *Desk) ConfirmImport(ctx context.Context, actor duty.Actor, id string) error {
	return d.decideImport(ctx, actor, id, func(tx writer, i *Import, figures []Imported) error {
		i.State = ImportConfirmed
		batches := map[string][]fact.Fact{}
		locked, err := d.locked(ctx, tx)
		if err != nil {
			return err
		}
		for _, f := range figures {
			now, err := d.facts.Indicator(f.Indicator)
			_, lost := d.places.ByID(f.Place)
			if err != nil || lost != nil || now.Derived() || now.Decimals != f.Decimals || locked[asked{f.Indicator, f.Period}] {
				return fault.New(fault.Conflict, "report.import.stale", "Code", string(f.Indicator))
			}
			standard := ""
			if now.Standard == "poverty" {
				standard = poverty(f.Period)
			}
			batches[standard] = append(batches[standard], f.Fact)
		}
		for standard, facts := range batches {
			b := fact.Batch{Origin: "import", Title: i.FileName, File: i.File, FileName: i.FileName, EnteredBy: i.Entered.By, EnteredName: i.Entered.Name,
				CertifiedBy: actor.ID, CertifiedName: actor.Name, Standard: standard, Demo: i.Demo}
			if _, err := fact.Record(ctx, tx, i.Decided.At, b, facts); err != nil {
				return err
			}
		}
		return nil
	})
}

// RefuseImport sets an import aside with a reason: none of its figures is recorded. Who may is as for ConfirmImport.
func (d *Desk) RefuseImport(ctx context.Context, actor duty.Actor, id, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 2000 {
		return fault.Field("reason", "report.import.reason")
	}
	return d.decideImport(ctx, actor, id, func(_ writer, i *Import, _ []Imported) error {
		i.State, i.Reason = ImportRefused, reason
		return nil
	})
}
