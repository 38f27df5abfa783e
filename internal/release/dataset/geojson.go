package dataset

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// A Feature is a place with its figures (RFC 7946). Its geometry is the centre of the place: boundaries whose terms are unknown are
// not given away. A place without a known centre has no geometry. Properties are the place's code, name and parent, and for every
// combination of the other dimensions its value, named "POP_2019_tay", null where there is none and then with "…_status" beside it.
type Feature struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	Geometry   *Point `json:"geometry"`
	Properties Fields `json:"properties"`
	Links      []Link `json:"links,omitempty"`
}

// A Point is longitude and latitude in degrees (WGS 84).
type Point struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"`
}

// A Link leads from a document to another (RFC 8288).
type Link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// Fields are properties in their order.
type Fields []Field

// A Field is one property.
type Field struct {
	Name  string
	Value any
}

// MarshalJSON writes them as an object, in their order.
func (f Fields) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for i, each := range f {
		b.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(each.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(each.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	if len(f) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// A collection of features, with what readers of the file must know as further members, which the standard allows.
type collection struct {
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Note     string    `json:"note,omitempty"`
	Source   []Source  `json:"source,omitempty"`
	License  string    `json:"license,omitempty"`
	Updated  string    `json:"updated"`
	Features []Feature `json:"features"`
}

func writeGeoJSON(w io.Writer, t Table, lang string) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(collection{
		Type: "FeatureCollection", Name: t.ID, Title: t.Name(lang), Note: t.About(lang), Source: t.Sources, License: t.License.URL,
		Updated: t.Modified.UTC().Format(time.RFC3339), Features: t.Features(lang),
	})
}

// Features are the places of the table with their figures, in the table's order; none where it has no places.
func (t Table) Features(lang string) []Feature {
	geo := t.Dim(Geo)
	if geo < 0 {
		return []Feature{}
	}
	all := make([]Feature, len(t.Dims[geo].Members))
	for i, m := range t.Dims[geo].Members {
		all[i] = Feature{Type: "Feature", ID: m.Code, Properties: Fields{{"code", m.Code}, {"name", m.Name(lang)}}}
		if m.Parent != "" {
			all[i].Properties = append(all[i].Properties, Field{"parent", m.Parent})
		}
		if m.Located() {
			all[i].Geometry = &Point{"Point", [2]float64{m.Lon, m.Lat}}
		}
	}
	for at, c := range t.Dense() {
		f := &all[at[geo]]
		name := t.label(at, geo)
		f.Properties = append(f.Properties, Field{name, t.literal(at, c)})
		if c.Status != Normal {
			f.Properties = append(f.Properties, Field{name + "_status", c.Status})
		}
	}
	return all
}

// label joins the codes of a cell's members but those of one dimension: the metric first, what stands for all left out.
func (t Table) label(at []int, without int) string {
	var parts []string
	for d, dim := range t.Dims {
		code := dim.Members[at[d]].Code
		switch {
		case d == without || code == All:
		case dim.Role == Metric:
			parts = append([]string{code}, parts...)
		default:
			parts = append(parts, code)
		}
	}
	if len(parts) == 0 {
		return "value"
	}
	return strings.Join(parts, "_")
}
