package outline

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"

	"banlang/internal/fault"
)

// jsonPlace tells where a JSON file stops being one.
func jsonPlace(err error) int64 {
	switch e := err.(type) { //nolint:errorlint // json.Unmarshal does not wrap
	case *json.SyntaxError:
		return e.Offset
	case *json.UnmarshalTypeError:
		return e.Offset
	}
	return 0
}

// A feature is one shape of a GeoJSON file.
type feature struct {
	ID         any            `json:"id"`
	Properties map[string]any `json:"properties"`
	Geometry   struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

func readFeatures(name string, raw []byte) ([]Shape, error) {
	var file struct {
		Features []feature `json:"features"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fault.New(fault.Invalid, "place.boundary.json", "File", name, "At", jsonPlace(err))
	}
	var shapes []Shape
	for _, f := range file.Features {
		s := Shape{Code: codeOf(f.ID, f.Properties), Name: text(f.Properties["name"])}
		var err error
		switch f.Geometry.Type {
		case "Polygon":
			s.polygons = make(orb.MultiPolygon, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &s.polygons[0])
		case "MultiPolygon":
			err = json.Unmarshal(f.Geometry.Coordinates, &s.polygons)
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "place.boundary.arcs", "File", name)
		}
		s.polygons = simplify.DouglasPeucker(tolerance).MultiPolygon(s.polygons)
		shapes = append(shapes, s)
	}
	return shapes, nil
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// codeOf finds the code of a unit in an identifier or in the properties.
func codeOf(id any, properties map[string]any) string {
	for _, v := range []any{properties["code"], properties["ma"], id} {
		if s := text(v); digits.MatchString(s) {
			return s
		}
	}
	return ""
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// A topology is a TopoJSON file: lines that neighbours share, and shapes that are made of them.
type topology struct {
	Arcs      [][][]float64 `json:"arcs"`
	Transform *struct {
		Scale     [2]float64 `json:"scale"`
		Translate [2]float64 `json:"translate"`
	} `json:"transform"`
	Objects map[string]topoGeometry `json:"objects"`
}

type topoGeometry struct {
	Type       string          `json:"type"`
	ID         any             `json:"id"`
	Properties map[string]any  `json:"properties"`
	Arcs       json.RawMessage `json:"arcs"`
	Geometries []topoGeometry  `json:"geometries"`
}

// readTopology reads TopoJSON. An arc is a line of steps from its first point; ~n is arc n backwards; a ring is arcs end to end,
// each beginning where the one before ended.
func readTopology(name string, raw []byte) ([]Shape, error) {
	var t topology
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fault.New(fault.Invalid, "place.boundary.json", "File", name, "At", jsonPlace(err))
	}
	lines, ok := t.lines()
	if !ok {
		return nil, fault.New(fault.Invalid, "place.boundary.arcs", "File", name)
	}
	var shapes []Shape
	points := 0
	var walk func(g topoGeometry, depth int) bool
	walk = func(g topoGeometry, depth int) bool {
		if len(g.Geometries) > 0 {
			return depth <= 4 && !slices.ContainsFunc(g.Geometries, func(one topoGeometry) bool { return !walk(one, depth+1) })
		}
		s, ok := g.shape(lines, &points)
		shapes = append(shapes, s)
		return ok
	}
	for _, object := range t.Objects {
		if !walk(object, 0) {
			return nil, fault.New(fault.Invalid, "place.boundary.arcs", "File", name)
		}
	}
	return shapes, nil
}

// shape lays the arcs of one geometry end to end; false where they do not fit. points counts towards pointLimit.
func (g topoGeometry) shape(lines []orb.LineString, points *int) (Shape, bool) {
	s := Shape{Code: codeOf(g.ID, g.Properties), Name: text(g.Properties["name"])}
	var polygons [][][]int
	var err error
	switch g.Type {
	case "Polygon":
		polygons = make([][][]int, 1)
		err = json.Unmarshal(g.Arcs, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(g.Arcs, &polygons)
	}
	for _, rings := range polygons {
		var p orb.Polygon
		for _, arcs := range rings {
			ring, ok := join(lines, arcs)
			if *points += len(ring); !ok || *points > pointLimit {
				return s, false
			}
			p = append(p, ring)
		}
		s.polygons = append(s.polygons, p)
	}
	return s, err == nil
}

// lines turns the arcs into lines of longitude and latitude, simplified here, so that neighbours keep one border.
func (t *topology) lines() ([]orb.LineString, bool) {
	lines := make([]orb.LineString, len(t.Arcs))
	for i, arc := range t.Arcs {
		var x, y float64
		for _, step := range arc {
			if len(step) < 2 {
				return nil, false
			}
			if t.Transform == nil {
				lines[i] = append(lines[i], orb.Point{step[0], step[1]})
				continue
			}
			x, y = x+step[0], y+step[1]
			lines[i] = append(lines[i], orb.Point{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]})
		}
		lines[i] = simplify.DouglasPeucker(tolerance).LineString(lines[i])
	}
	return lines, true
}

// join lays arcs end to end into a ring.
func join(lines []orb.LineString, arcs []int) (orb.Ring, bool) {
	var ring orb.Ring
	for _, n := range arcs {
		backwards := n < 0
		if backwards {
			n = ^n
		}
		if n >= len(lines) {
			return nil, false
		}
		line := lines[n]
		if backwards {
			line = line.Clone()
			slices.Reverse(line)
		}
		if len(ring) > 0 && len(line) > 0 {
			line = line[1:]
		}
		ring = append(ring, line...)
	}
	return ring, true
}
