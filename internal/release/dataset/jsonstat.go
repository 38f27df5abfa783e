package dataset

import (
	"encoding/json"
	"io"
	"strconv"
	"time"
)

// A dataset of JSON-stat 2.0 (json-stat.org/full). A cell without a value is null; its status, one of the letters of Status, says
// why. "extension" carries what the standard has no word for.
type jsonStat struct {
	Version   string                   `json:"version"`
	Class     string                   `json:"class"`
	Href      string                   `json:"href,omitempty"`
	Label     string                   `json:"label"`
	Source    string                   `json:"source,omitempty"`
	Updated   string                   `json:"updated"`
	Note      []string                 `json:"note,omitempty"`
	ID        []string                 `json:"id"`
	Size      []int                    `json:"size"`
	Role      map[Role][]string        `json:"role,omitempty"`
	Dimension map[string]statDimension `json:"dimension"`
	Value     []json.RawMessage        `json:"value"`
	Status    map[string]Status        `json:"status,omitempty"`
	Extension statExtension            `json:"extension"`
}

type statDimension struct {
	Label    string       `json:"label"`
	Category statCategory `json:"category"`
}

type statCategory struct {
	Index       []string              `json:"index"`
	Label       map[string]string     `json:"label"`
	Child       map[string][]string   `json:"child,omitempty"`
	Unit        map[string]statUnit   `json:"unit,omitempty"`
	Coordinates map[string][2]float64 `json:"coordinates,omitempty"`
}

type statUnit struct {
	Label    string `json:"label"`
	Decimals int    `json:"decimals"`
}

type statExtension struct {
	Status  map[Status]string `json:"status"` // what the letters mean
	License string            `json:"license,omitempty"`
	Version int               `json:"version"`
	Demo    bool              `json:"demo,omitempty"`
}

func writeJSONStat(w io.Writer, t Table, lang string) error {
	s := jsonStat{
		Version: "2.0", Class: "dataset", Href: t.URL, Label: t.Name(lang), Updated: t.Modified.UTC().Format(time.RFC3339),
		Role: map[Role][]string{}, Dimension: map[string]statDimension{}, Status: map[string]Status{},
		Extension: statExtension{Status: map[Status]string{}, License: t.License.URL, Version: t.Version, Demo: t.Demo},
	}
	if about := t.About(lang); about != "" {
		s.Note = []string{about}
	}
	for i, each := range t.Sources {
		if i > 0 {
			s.Source += "; "
		}
		s.Source += each.Title
	}
	for _, d := range t.Dims {
		s.ID, s.Size = append(s.ID, d.Code), append(s.Size, len(d.Members))
		if d.Role != "" {
			s.Role[d.Role] = append(s.Role[d.Role], d.Code)
		}
		s.Dimension[d.Code] = d.jsonStat(lang)
	}
	for _, each := range Statuses {
		if each != Normal {
			s.Extension.Status[each] = each.Text(lang)
		}
	}
	s.Value = make([]json.RawMessage, 0, t.Size())
	for at, c := range t.Dense() {
		if c.Status != Normal {
			s.Status[strconv.Itoa(len(s.Value))] = c.Status
		}
		s.Value = append(s.Value, t.literal(at, c))
	}
	return json.NewEncoder(w).Encode(s)
}

// literal is the value as JSON: null where there is none.
func (t Table) literal(at []int, c Cell) json.RawMessage {
	if !c.Has {
		return json.RawMessage("null")
	}
	return json.RawMessage(t.number(at, c))
}

func (d Dimension) jsonStat(lang string) statDimension {
	c := statCategory{Label: map[string]string{}, Child: map[string][]string{}, Unit: map[string]statUnit{}, Coordinates: map[string][2]float64{}}
	for _, m := range d.Members {
		c.Index = append(c.Index, m.Code)
		c.Label[m.Code] = m.Name(lang)
		if m.Parent != "" {
			c.Child[m.Parent] = append(c.Child[m.Parent], m.Code)
		}
		if m.Located() {
			c.Coordinates[m.Code] = [2]float64{m.Lon, m.Lat}
		}
		if d.Role == Metric {
			c.Unit[m.Code] = statUnit{pick(lang, m.Unit, m.UnitEN), m.Decimals}
		}
	}
	return statDimension{Label: d.Name(lang), Category: c}
}
