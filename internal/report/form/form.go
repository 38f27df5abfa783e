// Package form knows what a form of figures (biểu mẫu) is: its cells, what they count, how they are summed and which rules they
// must satisfy. The rules are data that two interpreters run: this package on the server and static/form.js in the browser; a
// test holds them to the same verdicts. It knows no report, no place, no page and no store.
package form

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Form is one version of a form. Codes are Banlang's own.
type Form struct {
	Code       string   `json:"code"` // "BM01"
	Version    int      `json:"version"`
	TitleVI    string   `json:"title_vi"`
	TitleEN    string   `json:"title_en"`
	Level      string   `json:"level"`  // who reports it: "commune", "province"
	Period     string   `json:"period"` // "month", "quarter", "half", "year", "school_year"
	Open       string   `json:"open"`   // when it is opened, due and final, in words
	Due        string   `json:"due"`
	Final      string   `json:"final"`
	Axis       string   `json:"axis"` // what its member rows are: "group", "minority", "village", "project", "topic", "culture_kind"; "fixed" for none
	Indicators []string `json:"indicators"`
	EnteredBy  string   `json:"entered_by"`
	Certifier  string   `json:"certifier"`
	SentTo     string   `json:"sent_to"`
	Basis      string   `json:"basis"`
	Source     string   `json:"source"`
	Certainty  string   `json:"certainty"` // "read", "memory" or "ours"
	Note       string   `json:"note"`
	Cells      []Cell   `json:"cells"` // in the order of the catalogue, which is the order of rows and columns
}

// UnmarshalJSON reads a stored form and parses its rules.
func (f *Form) UnmarshalJSON(data []byte) error {
	type plain Form
	if err := json.Unmarshal(data, (*plain)(f)); err != nil {
		return err
	}
	return f.Compile()
}

// Title is the form's name in a language of the interface.
func (f Form) Title(lang string) string { return either(lang, f.TitleVI, f.TitleEN) }

// Rows of a form that are not its own names.
const (
	Member = "*" // stands for every member of the axis
	Total  = "T" // the sums
)

// An Input says how a cell gets its value.
type Input string

// The inputs. What is not typed is computed, or given by the system where its rule says so.
const (
	Typed    Input = "input"
	Computed Input = "calc"
	Summed   Input = "sum"
)

// A Type says what a value is.
type Type string

// The types. A decimal is stored as thousandths.
const (
	Int     Type = "int"
	Decimal Type = "decimal"
	Bool    Type = "bool" // có or không: 1 or 0
	Choose  Type = "choice"
	Text    Type = "text"
)

// A Cell is one column of one row of a form; in the row Member it stands for one cell of every member.
type Cell struct {
	Row       string            `json:"row"` // "*", "T", "ncut"
	Col       string            `json:"col"`
	RowVI     string            `json:"row_vi"`
	RowEN     string            `json:"row_en"`
	RowKind   string            `json:"row_kind"` // "member", "total", "fixed"
	ColVI     string            `json:"col_vi"`
	ColEN     string            `json:"col_en"`
	Indicator string            `json:"indicator"` // "" where it counts nothing
	Only      map[string]string `json:"only"`      // the part of the indicator: sex=male; "*" stands for the member
	Input     Input             `json:"input"`
	Type      Type              `json:"type"`
	Choices   []Choice          `json:"choices"`
	Required  bool              `json:"required"`
	Watch     int               `json:"watch"` // percent of change that is asked about; 0 asks never
	Check     string            `json:"check"` // the rule as its author wrote it
	Rule      string            `json:"rule"`  // the same in the language of rules; see Compile

	program program // Rule, parsed
}

// A Choice is one of the answers to a cell of type Choose. Each may count an indicator of its own, as 1 or 0.
type Choice struct {
	Code      string `json:"code"`
	Indicator string `json:"indicator"`
	VI        string `json:"vi"`
	EN        string `json:"en"`
}

// Name is what the choice is called in a language of the interface.
func (o Choice) Name(lang string) string { return either(lang, o.VI, o.EN) }

// Decimals is how many decimals of a value are stored: N is scaled by 10 to their power.
func (c Cell) Decimals() int {
	if c.Type == Decimal {
		return 3
	}
	return 0
}

// Given tells that the system says the value from a list or a journal: nobody types it and no rule computes it.
func (c Cell) Given() bool { return c.program.Given }

// A Row is a member of a form's axis, or a row of its own. Code must hold no line break.
type Row struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	LabelEN string `json:"label_en"` // "" where it is the same
	Kind    string `json:"kind"`     // "member", "total", "fixed"
}

// Name is what the row is called in a language of the interface.
func (r Row) Name(lang string) string { return either(lang, r.Label, r.LabelEN) }

// A Col is a column.
type Col struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	LabelEN string `json:"label_en"`
}

// Name is what the column is called in a language of the interface.
func (c Col) Name(lang string) string { return either(lang, c.Label, c.LabelEN) }

// A Grid is a form laid out for one unit: its axis replaced by the members that the unit has. Lay makes it.
type Grid struct {
	Form Form
	Rows []Row
	Cols []Col

	row  map[string]int  // place in Rows
	cell map[string]Cell // by the form's own row and column
}

// Lay puts the members in the place of the axis. A form whose axis is "fixed" takes none. A member whose code is that of a row of
// the form, or stands twice, is left out.
func (f Form) Lay(axis []Row) Grid {
	g := Grid{Form: f, row: map[string]int{}, cell: map[string]Cell{}}
	own := map[string]bool{}
	for _, c := range f.Cells {
		own[c.Row] = true
	}
	add := func(r Row) {
		if _, ok := g.row[r.Code]; !ok {
			g.row[r.Code] = len(g.Rows)
			g.Rows = append(g.Rows, r)
		}
	}
	for _, c := range f.Cells {
		if c.Row == Member {
			for _, m := range axis {
				if !own[m.Code] && m.Code != "" {
					m.Kind = "member"
					add(m)
				}
			}
		} else {
			add(Row{Code: c.Row, Label: c.RowVI, LabelEN: c.RowEN, Kind: c.RowKind})
		}
		if !slices.ContainsFunc(g.Cols, func(col Col) bool { return col.Code == c.Col }) {
			g.Cols = append(g.Cols, Col{Code: c.Col, Label: c.ColVI, LabelEN: c.ColEN})
		}
		g.cell[ID(c.Row, c.Col)] = c
	}
	return g
}

// At is the cell of a row and a column of the grid; false where the form has none there.
func (g Grid) At(row, col string) (Cell, bool) {
	i, ok := g.row[row]
	if !ok {
		return Cell{}, false
	}
	if g.Rows[i].Kind == "member" {
		row = Member
	}
	c, ok := g.cell[ID(row, col)]
	return c, ok
}

// ID names a cell of a grid: "tay.male".
func ID(row, col string) string { return row + "." + col }

// Split takes the name of a cell apart. A row's code may hold a dot, a column's may not.
func Split(id string) (row, col string) {
	i := strings.LastIndexByte(id, '.')
	if i < 0 {
		return "", id
	}
	return id[:i], id[i+1:]
}

// Cell is the cell of that name; false where the grid has none.
func (g Grid) Cell(id string) (Cell, bool) { return g.At(Split(id)) }

// Label is what a person calls a cell: "Tày, nam".
func (g Grid) Label(id, lang string) string {
	row, col := Split(id)
	c, ok := g.At(row, col)
	if !ok {
		return id
	}
	return g.Rows[g.row[row]].Name(lang) + ", " + bare(either(lang, c.ColVI, c.ColEN))
}

// bare is a column's label where it stands alone: of which: female, is female.
func bare(label string) string {
	label = strings.TrimPrefix(label, "Trong đó: ")
	return strings.TrimPrefix(label, "Of which: ")
}

func either(lang, vi, en string) string {
	if lang == "en" && en != "" {
		return en
	}
	return vi
}
