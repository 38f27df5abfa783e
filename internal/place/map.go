package place

import (
	"context"
	"math"

	"banlang/internal/place/outline"
)

// A Map is a drawing of the communes of a province in thousandths of a degree: their outlines where they were imported, else
// their centres.
type Map struct {
	Left, Top, Width, Height int     // of the drawing, before Narrow
	Narrow                   float64 // how much narrower a degree of longitude is than one of latitude here
	Marks                    []Mark
	Outlines                 bool // drawn from imported boundaries
}

// Scaled is the width of the drawing.
func (m Map) Scaled() int { return int(math.Round(float64(m.Width) * m.Narrow)) }

// ScaledLeft is its left edge.
func (m Map) ScaledLeft() int { return int(math.Round(float64(m.Left) * m.Narrow)) }

// A Mark is one unit on a map.
type Mark struct {
	Unit  Unit
	Path  string // outline, "" for a centre
	X, Y  int
	R     int
	Class string // c1 to c4 by the number of people on a square kilometre, c0 where that is not known
	Here  bool   // the one the page is about
	Dense int    // people on a square kilometre; 0 where not known
}

// The steps of a map, in people on a square kilometre.
var mapSteps = [3]int{50, 100, 200}

// density is how many people live on a square kilometre, where both figures can be relied on.
func (p Profile) density() (n int, class string) {
	area, ok1 := p.Area()
	people, ok2 := p.People()
	if !ok1 || !ok2 || area <= 0 {
		return 0, "c0"
	}
	n = int(math.Round(float64(people) / area))
	class = "c1"
	for i, step := range mapSteps {
		if n >= step {
			class = [3]string{"c2", "c3", "c4"}[i]
		}
	}
	return n, class
}

// Draw makes the map of the communes of an area on a day. Without an outline or a centre a commune is left out.
func (d *Desk) Draw(ctx context.Context, area ID, here ID, on Date) (Map, error) {
	profiles, err := d.centres(ctx, area)
	if err != nil {
		return Map{}, err
	}
	outlines, err := d.boundaries(ctx, area)
	if err != nil {
		return Map{}, err
	}
	m := Map{Outlines: len(outlines) > 0}
	west, north, east, south := math.MaxInt, math.MaxInt, math.MinInt, math.MinInt
	for _, u := range d.Units(area, Commune, on) {
		p := profiles[u.ID]
		mark := Mark{Unit: u, Here: u.ID == here}
		mark.Dense, mark.Class = p.density()
		b, drawn := outlines[u.ID]
		switch {
		case drawn:
			mark.Path = b.Path
		case p.Longitude == 0:
			continue
		default:
			mark.X, mark.Y = int(p.Longitude*outline.Fine), int(-p.Latitude*outline.Fine)
			mark.R = map[string]int{"c0": 16, "c1": 14, "c2": 18, "c3": 22, "c4": 26}[mark.Class]
			b = Boundary{Outline: outline.Outline{West: mark.X - 30, East: mark.X + 30, North: mark.Y - 30, South: mark.Y + 30}}
		}
		west, east = min(west, b.West), max(east, b.East)
		north, south = min(north, b.North), max(south, b.South)
		m.Marks = append(m.Marks, mark)
	}
	if len(m.Marks) == 0 {
		return m, nil
	}
	m.Left, m.Top, m.Width, m.Height = west-10, north-10, east-west+20, south-north+20
	m.Narrow = math.Cos(float64(north+south) / 2 / outline.Fine * math.Pi / 180)
	return m, nil
}
