// Package outline reads boundaries from TopoJSON and GeoJSON and draws them as small SVG paths. It knows no units, only the codes
// that files give to shapes.
package outline

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"banlang/internal/fault"
)

// Limits of a boundary file. The largest province is 180 kB; the whole country is some 4 MB.
const (
	Limit      = 8 << 20
	pointLimit = 4_000_000
)

// Fine is the unit in which outlines are kept: a thousandth of a degree, some hundred metres. They are for maps of a province on a
// telephone, where that is half a dot.
const Fine = 1000

// tolerance is how far an outline may lie from the boundary that was imported, in degrees.
const tolerance = 0.002

// A Shape is one unit's boundary as a file gives it.
type Shape struct {
	Code, Name string
	polygons   orb.MultiPolygon
}

// An Outline is a shape ready for a map.
type Outline struct {
	Path                     string // SVG path data, east and south in thousandths of a degree
	West, North, East, South int    // the box around it, in the same measure
}

// Read reads a TopoJSON or GeoJSON file in longitude and latitude.
func Read(name string, raw []byte) ([]Shape, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fault.New(fault.Invalid, "place.boundary.json", "File", name, "At", jsonPlace(err))
	}
	switch head.Type {
	case "Topology":
		return readTopology(name, raw)
	case "FeatureCollection":
		return readFeatures(name, raw)
	}
	return nil, fault.New(fault.Unsupported, "place.boundary.type", "File", name, "Type", head.Type)
}

// Draw writes a shape as SVG path data. key names what is wrong with it, "" where nothing is.
func (s Shape) Draw() (b Outline, key string) {
	if len(s.polygons) == 0 {
		return b, "place.boundary.empty"
	}
	for _, p := range s.polygons {
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
	for _, p := range s.polygons {
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
func (b *Outline) write(path *strings.Builder, ring orb.Ring) {
	var lastX, lastY int
	for i, point := range ring[:len(ring)-1] {
		x, y := int(math.Round(point[0]*Fine)), int(math.Round(-point[1]*Fine))
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
