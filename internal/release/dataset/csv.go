package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"time"
)

// writeCSV writes one line a cell (RFC 4180, UTF-8, no mark): of each dimension the code and the label, then value, unit and
// status. Where there is no value the field is empty and the status says why. The data package describes the columns.
func writeCSV(w io.Writer, t Table, lang string) error {
	out := csv.NewWriter(w)
	var head []string
	for _, f := range t.fields(lang) {
		head = append(head, f.Name)
	}
	if err := out.Write(head); err != nil {
		return err
	}
	metric := t.Dim(Metric)
	for at, c := range t.Dense() {
		line := make([]string, 0, len(head))
		for d, dim := range t.Dims {
			m := dim.Members[at[d]]
			line = append(line, inert(m.Code), inert(m.Name(lang)))
		}
		unit := ""
		if metric >= 0 {
			m := t.Dims[metric].Members[at[metric]]
			unit = pick(lang, m.Unit, m.UnitEN)
		}
		if err := out.Write(append(line, t.number(at, c), inert(unit), string(c.Status))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// A field is a column of the CSV, as Table Schema describes it.
type field struct {
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Type        string       `json:"type"`
	Description string       `json:"description,omitempty"`
	Categories  []category   `json:"categories,omitempty"`
	Constraints *constraints `json:"constraints,omitempty"`
}

type constraints struct {
	Required bool     `json:"required,omitempty"`
	Enum     []string `json:"enum,omitempty"`
}

type category struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func (t Table) fields(lang string) []field {
	var all []field
	for _, d := range t.Dims {
		code := field{Name: d.Code, Title: d.Name(lang), Type: "string", Constraints: &constraints{Required: true}}
		if len(d.Members) <= 200 { // places of the whole country would make the description larger than the data
			for _, m := range d.Members {
				code.Categories = append(code.Categories, category{inert(m.Code), m.Name(lang)})
			}
		}
		all = append(all, code, field{Name: d.Code + "_name", Title: d.Name(lang) + pick(lang, ", tên", ", name"), Type: "string"})
	}
	var legend []string
	var enum []string
	for _, s := range Statuses {
		if s != Normal {
			enum = append(enum, string(s))
			legend = append(legend, string(s)+": "+s.Text(lang))
		}
	}
	return append(all,
		field{Name: "value", Title: pick(lang, "Giá trị", "Value"), Type: "number"},
		field{Name: "unit", Title: pick(lang, "Đơn vị", "Unit"), Type: "string"},
		field{Name: "status", Title: pick(lang, "Tình trạng", "Status"), Type: "string", Description: strings.Join(legend, "; "),
			Constraints: &constraints{Enum: enum}},
	)
}

// Data Package v2 (datapackage.org, 2024): the CSV beside it with its columns, terms and sources.
type dataPackage struct {
	Schema       string        `json:"$schema"`
	Name         string        `json:"name"`
	Title        string        `json:"title"`
	Description  string        `json:"description,omitempty"`
	Homepage     string        `json:"homepage,omitempty"`
	Version      string        `json:"version"`
	Created      string        `json:"created"`
	Keywords     []string      `json:"keywords,omitempty"`
	Licenses     []license     `json:"licenses,omitempty"`
	Sources      []source      `json:"sources,omitempty"`
	Contributors []contributor `json:"contributors,omitempty"`
	Resources    []resource    `json:"resources"`
}

type license struct {
	Name  string `json:"name,omitempty"`
	Path  string `json:"path,omitempty"`
	Title string `json:"title,omitempty"`
}

type source struct {
	Title string `json:"title"`
	Path  string `json:"path,omitempty"`
}

type contributor struct {
	Title string   `json:"title"`
	Roles []string `json:"roles"`
}

type resource struct {
	Schema    string      `json:"$schema"`
	Name      string      `json:"name"`
	Path      string      `json:"path"`
	Type      string      `json:"type"`
	Format    string      `json:"format"`
	MediaType string      `json:"mediatype"`
	Encoding  string      `json:"encoding"`
	Bytes     int         `json:"bytes"`
	Hash      string      `json:"hash"`
	Columns   tableSchema `json:"schema"`
}

type tableSchema struct {
	Schema        string   `json:"$schema"`
	Fields        []field  `json:"fields"`
	MissingValues []string `json:"missingValues"`
	PrimaryKey    []string `json:"primaryKey"`
}

var notName = regexp.MustCompile(`[^-a-z0-9._/]+`)

func writePackage(w io.Writer, t Table, lang string) error {
	var body bytes.Buffer
	if err := writeCSV(&body, t, lang); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	name := notName.ReplaceAllString(strings.ToLower(t.ID), "-")
	file := t.ID + ".csv"
	if lang == "en" {
		file += "?lang=en"
	}
	p := dataPackage{
		Schema: "https://datapackage.org/profiles/2.0/datapackage.json",
		Name:   name, Title: t.Name(lang), Description: t.About(lang), Homepage: t.URL, Version: t.version(),
		Created: t.Issued.UTC().Format(time.RFC3339), Keywords: t.Keywords,
		Contributors: []contributor{{t.Publisher, []string{"publisher"}}},
		Resources: []resource{{
			Schema: "https://datapackage.org/profiles/2.0/dataresource.json",
			Name:   name, Path: file, Type: "table", Format: "csv", MediaType: "text/csv", Encoding: "utf-8",
			Bytes: body.Len(), Hash: "sha256:" + hex.EncodeToString(sum[:]),
			Columns: tableSchema{Schema: "https://datapackage.org/profiles/2.0/tableschema.json", Fields: t.fields(lang), MissingValues: []string{""}},
		}},
	}
	for _, d := range t.Dims {
		p.Resources[0].Columns.PrimaryKey = append(p.Resources[0].Columns.PrimaryKey, d.Code)
	}
	if t.License != (License{}) {
		p.Licenses = []license{{t.License.ID, t.License.URL, t.License.Title}}
	}
	for _, s := range t.Sources {
		p.Sources = append(p.Sources, source{s.Title, s.URL})
	}
	return writeJSON(w, p)
}

func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	return out.Encode(v)
}
