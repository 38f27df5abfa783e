package place

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
)

// fine is the unit in which outlines are kept: a thousandth of a degree, some hundred metres. They are for maps of a province on a
// telephone, where that is half a dot.
const fine = 1000

// tolerance is how far an outline may lie from the boundary that was imported, in degrees.
const tolerance = 0.002

// A Boundary is a unit's outline, ready for a map.
type Boundary struct {
	Unit                     ID
	Path                     string // SVG path data, east and south in thousandths of a degree
	West, North, East, South int    // the box around it, in the same measure
	Source                   string
}

// importBoundaries takes in the outlines of today's units from TopoJSON or GeoJSON.
func (d *Desk) importBoundaries(ctx context.Context, actor duty.Actor, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	name = filepath.Base(name)
	report := intake.Report{Name: name, Kind: kindBoundaries, Dry: dry}
	raw, err := io.ReadAll(io.LimitReader(r, boundaryLimit+1))
	if err != nil {
		return report, err
	}
	if err := intake.Sniff(name, raw, boundaryLimit); err != nil {
		return report, err
	}
	if !utf8.Valid(raw) {
		return report, fault.New(fault.Invalid, "place.boundary.json", "File", name, "At", 0)
	}
	shapes, err := readShapes(name, raw)
	if err != nil {
		return report, err
	}
	report.Rows = len(shapes)
	var good []Boundary
	seen := map[ID]bool{}
	for i, s := range shapes {
		progress(i, report.Rows)
		u, err := d.At(s.code, d.Today())
		if err != nil {
			report.Refuse(i+1, "code", "place.boundary.code", "Code", s.code, "Name", s.name)
			continue
		}
		if err := d.policy.Permit(actor, duty.PlaceRecordEvent, duty.Thing{Area: string(u.ID)}); err != nil {
			return report, err
		}
		b, key := outline(s.polygons)
		if key == "" && seen[u.ID] {
			key = "place.boundary.twice"
		}
		if key != "" {
			report.Refuse(i+1, "geometry", key, "Code", s.code, "Name", s.name)
			continue
		}
		b.Unit, b.Source = u.ID, name
		seen[u.ID] = true
		good = append(good, b)
	}
	err = d.saveBoundaries(ctx, actor, good, &report)
	report.Same = len(good) - report.Added - report.Changed
	progress(report.Rows, report.Rows)
	return report, err
}

// outline writes a shape as SVG path data. key says what is wrong with it.
func outline(polygons orb.MultiPolygon) (b Boundary, key string) {
	if len(polygons) == 0 {
		return b, "place.boundary.empty"
	}
	for _, p := range polygons {
		for _, ring := range p {
			for _, point := range ring {
				if !(point[0] > 95 && point[0] < 125 && point[1] > 0 && point[1] < 30) {
					return b, "place.boundary.outside"
				}
			}
		}
	}
	b.West, b.North, b.East, b.South = math.MaxInt, math.MaxInt, math.MinInt, math.MinInt
	var path strings.Builder
	for _, p := range polygons {
		for _, ring := range p {
			if len(ring) < 4 {
				continue
			}
			b.write(&path, ring)
		}
	}
	if path.Len() == 0 {
		return b, "place.boundary.empty"
	}
	b.Path = path.String()
	return b, ""
}

// write adds a ring as one absolute point and small steps, which keep the page light.
func (b *Boundary) write(path *strings.Builder, ring orb.Ring) {
	var lastX, lastY int
	for i, point := range ring[:len(ring)-1] {
		x, y := int(math.Round(point[0]*fine)), int(math.Round(-point[1]*fine))
		b.West, b.East = min(b.West, x), max(b.East, x)
		b.North, b.South = min(b.North, y), max(b.South, y)
		switch {
		case i == 0:
			fmt.Fprintf(path, "M%d %dl", x, y)
		case x != lastX || y != lastY:
			fmt.Fprintf(path, "%d %d ", x-lastX, y-lastY)
		}
		lastX, lastY = x, y
	}
	path.WriteByte('z')
}
