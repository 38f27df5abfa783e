package place

import (
	"context"
	"errors"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
	"banlang/internal/place/outline"
)

const boundaryColumns = "unit, path, west, north, east, south, source"

func boundaryFields(b *Boundary) []any {
	return []any{&b.Unit, &b.Path, &b.West, &b.North, &b.East, &b.South, &b.Source}
}

// saveBoundaries writes outlines in one transaction and counts what was new and what is another than before.
func (d *Desk) saveBoundaries(ctx context.Context, actor duty.Actor, all []Boundary, report *intake.Report) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		known := map[string]string{}
		err := db.Each(ctx, tx, func(row *[2]string) []any { return []any{&row[0], &row[1]} },
			func(row [2]string) error { known[row[0]] = row[1]; return nil }, "SELECT unit, path FROM place_boundary")
		if err != nil {
			return err
		}
		for _, b := range all {
			path, ok := known[string(b.Unit)]
			switch {
			case !ok:
				report.Added++
			case path != b.Path:
				report.Changed++
			default:
				continue
			}
			if _, err := db.Exec(ctx, tx, `INSERT INTO place_boundary (unit, path, west, north, east, south, source, loaded)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT (unit) DO UPDATE SET path = excluded.path, west = excluded.west, north = excluded.north, east = excluded.east,
					south = excluded.south, source = excluded.source, loaded = excluded.loaded`,
				string(b.Unit), b.Path, int64(b.West), int64(b.North), int64(b.East), int64(b.South), b.Source, db.Millis(d.now())); err != nil {
				return err
			}
		}
		if report.Dry || report.Added+report.Changed == 0 {
			return errDry
		}
		return d.recordImport(ctx, tx, actor, report)
	})
	if errors.Is(err, errDry) {
		return nil
	}
	return err
}

// boundaries lists the outlines of what lies in an area, 4000 at most.
func (d *Desk) boundaries(ctx context.Context, area ID) (map[ID]Boundary, error) {
	all := map[ID]Boundary{}
	err := db.Each(ctx, d.db, boundaryFields, func(b Boundary) error { all[b.Unit] = b; return nil },
		"SELECT "+boundaryColumns+` FROM place_boundary WHERE EXISTS (SELECT 1 FROM place_within w WHERE w.area = $1 AND w.place = unit) LIMIT 4000`, string(area))
	return all, err
}

// Outline is the boundary of one unit; empty where none was imported.
func (d *Desk) Outline(ctx context.Context, id ID) (outline.Outline, error) {
	b, err := db.One(ctx, d.db, boundaryFields, "SELECT "+boundaryColumns+" FROM place_boundary WHERE unit = $1", string(id))
	if fault.Is(err, fault.NotFound) {
		return outline.Outline{}, nil
	}
	return b.Outline, err
}

// Rings are the lines around a unit: of its own boundary, or around all the communes of today that lie in it. Empty where one of them
// has none: who is told where something holds is not to be left out.
func (d *Desk) Rings(ctx context.Context, id ID) ([][][2]int, error) {
	own, err := d.Outline(ctx, id)
	if err != nil || own.Path != "" {
		return own.Rings(), err
	}
	held, err := d.boundaries(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []outline.Outline
	for _, u := range d.Units(id, Commune, d.Today()) {
		b, ok := held[u.ID]
		if !ok {
			return nil, nil
		}
		all = append(all, b.Outline)
	}
	return outline.Union(all...), nil
}

// centres lists the profiles of what lies in an area, 4000 at most.
func (d *Desk) centres(ctx context.Context, area ID) (map[ID]Profile, error) {
	all := map[ID]Profile{}
	err := db.Each(ctx, d.db, profileFields, func(p Profile) error { all[p.Unit] = p; return nil },
		"SELECT "+profileColumns+` FROM place_profile WHERE EXISTS (SELECT 1 FROM place_within w WHERE w.area = $1 AND w.place = unit) LIMIT 4000`, string(area))
	return all, err
}
