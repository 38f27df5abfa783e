package place

import (
	"context"
	"io"
	"path/filepath"
	"unicode/utf8"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
	"banlang/internal/place/outline"
)

// A Boundary is a unit's outline, ready for a map.
type Boundary struct {
	Unit ID
	outline.Outline
	Source string
}

// importBoundaries takes in the outlines of today's units from TopoJSON or GeoJSON.
func (d *Desk) importBoundaries(ctx context.Context, actor duty.Actor, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	name = filepath.Base(name)
	report := intake.Report{Name: name, Kind: kindBoundaries, Dry: dry}
	raw, err := io.ReadAll(io.LimitReader(r, outline.Limit+1))
	if err != nil {
		return report, err
	}
	if err := intake.Sniff(name, raw, outline.Limit); err != nil {
		return report, err
	}
	if !utf8.Valid(raw) {
		return report, fault.New(fault.Invalid, "place.boundary.json", "File", name, "At", 0)
	}
	shapes, err := outline.Read(name, raw)
	if err != nil {
		return report, err
	}
	report.Rows = len(shapes)
	var good []Boundary
	seen := map[ID]bool{}
	for i, s := range shapes {
		progress(i, report.Rows)
		u, err := d.At(s.Code, d.Today())
		if err != nil {
			report.Refuse(i+1, "code", "place.boundary.code", "Code", s.Code, "Name", s.Name)
			continue
		}
		if err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{Area: string(u.ID)}); err != nil {
			return report, err
		}
		drawn, key := s.Draw()
		if key == "" && seen[u.ID] {
			key = "place.boundary.twice"
		}
		if key != "" {
			report.Refuse(i+1, "geometry", key, "Code", s.Code, "Name", s.Name)
			continue
		}
		seen[u.ID] = true
		good = append(good, Boundary{u.ID, drawn, name})
	}
	err = d.saveBoundaries(ctx, actor, good, &report)
	report.Same = len(good) - report.Added - report.Changed
	progress(report.Rows, report.Rows)
	return report, err
}
