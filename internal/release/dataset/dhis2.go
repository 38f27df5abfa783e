package dataset

import (
	"cmp"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"banlang/internal/fault"
)

// A payload of DHIS2's dataValueSets (docs.dhis2.org, Web API, "Data values"): what is said once above holds for every value below.
type dhis2Payload struct {
	DataSet              string       `json:"dataSet,omitempty"`
	CompleteDate         string       `json:"completeDate,omitempty"`
	Period               string       `json:"period,omitempty"`
	OrgUnit              string       `json:"orgUnit,omitempty"`
	AttributeOptionCombo string       `json:"attributeOptionCombo,omitempty"`
	DataValues           []dhis2Value `json:"dataValues"`
}

type dhis2Value struct {
	DataElement          string  `json:"dataElement"`
	Period               string  `json:"period,omitempty"`
	OrgUnit              string  `json:"orgUnit,omitempty"`
	CategoryOptionCombo  string  `json:"categoryOptionCombo,omitempty"`
	AttributeOptionCombo string  `json:"attributeOptionCombo,omitempty"`
	Value                *string `json:"value,omitempty"`
	Comment              string  `json:"comment,omitempty"`
	Deleted              bool    `json:"deleted,omitempty"`
}

// writeDHIS2 writes data values by code (idScheme=CODE on import). A hidden cell is a value with a comment and no value, as DHIS2
// allows; a missing one is left out, as it would otherwise be a value of its own.
func writeDHIS2(w io.Writer, t Table, lang string) error {
	p := dhis2Payload{DataSet: t.ID, DataValues: []dhis2Value{}}
	geo, when, metric := t.Dim(Geo), t.Dim(Time), t.Dim(Metric)
	for at, c := range t.Dense() {
		if !c.Has && c.Status != Hidden {
			continue
		}
		v := dhis2Value{CategoryOptionCombo: t.combo(at), AttributeOptionCombo: "default"}
		if metric >= 0 {
			v.DataElement = t.Dims[metric].Members[at[metric]].Code
		}
		if geo >= 0 {
			v.OrgUnit = t.Dims[geo].Members[at[geo]].Code
		}
		if when >= 0 {
			v.Period = dhis2Period(t.Dims[when].Members[at[when]].Code)
		}
		if c.Has {
			v.Value = new(t.number(at, c))
		}
		if c.Status != Normal {
			v.Comment = string(c.Status) + ": " + c.Status.Text(lang)
		}
		p.DataValues = append(p.DataValues, v)
	}
	return writeJSON(w, p)
}

// combo joins the members of the dimensions without a role, "tay.female"; "default" where there are none.
func (t Table) combo(at []int) string {
	var parts []string
	for d, dim := range t.Dims {
		if dim.Role == "" && dim.Members[at[d]].Code != All {
			parts = append(parts, dim.Members[at[d]].Code)
		}
	}
	if parts == nil {
		return "default"
	}
	return strings.Join(parts, ".")
}

// dhis2Period writes a period ("2026H1") as DHIS2 does. It has no period of five years: the year by which it is named stands for it.
func dhis2Period(code string) string {
	if len(code) < 5 {
		return code
	}
	year, n := code[:4], code[5:]
	switch code[4] {
	case 'H':
		return year + "S" + n
	case 'M':
		return year + n
	case 'S':
		return year + "Sep" // financial year from September
	case 'F', 'T':
		return year
	}
	return code
}

// periodOf reads a period of DHIS2: a year, half-year, quarter, month or year from September. Others are not ours.
func periodOf(text string) (string, bool) {
	digits := func(s string, n int) bool {
		_, err := strconv.ParseUint(s, 10, 32)
		return err == nil && len(s) == n
	}
	if len(text) < 4 || !digits(text[:4], 4) {
		return "", false
	}
	year, rest := text[:4], text[4:]
	switch {
	case rest == "":
		return year, true
	case rest == "S1" || rest == "S2":
		return year + "H" + rest[1:], true
	case len(rest) == 2 && rest[0] == 'Q' && rest[1] >= '1' && rest[1] <= '4':
		return text, true
	case digits(rest, 2) && rest >= "01" && rest <= "12":
		return year + "M" + rest, true
	case rest == "Sep":
		return year + "S", true
	}
	return "", false
}

// A Refusal is a data value that was not taken, and why.
type Refusal struct {
	Index int    // in the payload, from 0
	Key   string // message
	Text  string // what stood there
}

// ReadDHIS2 reads a payload of dataValueSets (JSON) into a table with the dimensions indicator, place, period, combo and attribute,
// coded as they are there. Each value that is not a number of a known period, or a second one of its cell, is refused by itself. A
// deleted value is a missing cell. The cells stand in the order of the values that were not refused.
func ReadDHIS2(r io.Reader) (Table, []Refusal, error) {
	var p dhis2Payload
	switch err := json.NewDecoder(r).Decode(&p); {
	case err != nil:
		return Table{}, nil, fault.New(fault.Invalid, "stat.dhis2.json")
	case len(p.DataValues) == 0:
		return Table{}, nil, fault.New(fault.Invalid, "stat.dhis2.empty")
	}
	in := newReader(p.DataSet)
	for i, v := range p.DataValues {
		in.take(i, v, p)
	}
	return in.table, in.refused, nil
}

type reader struct {
	table   Table
	refused []Refusal
	members []map[string]int
	cells   map[[5]int]bool
}

func newReader(id string) *reader {
	in := &reader{table: Table{ID: id, Dims: []Dimension{
		{Code: "indicator", Role: Metric}, {Code: "place", Role: Geo}, {Code: "period", Role: Time}, {Code: "combo"}, {Code: "attribute"},
	}}, cells: map[[5]int]bool{}}
	for range in.table.Dims {
		in.members = append(in.members, map[string]int{})
	}
	return in
}

func (in *reader) take(i int, v dhis2Value, p dhis2Payload) {
	refuse := func(key, text string) { in.refused = append(in.refused, Refusal{i, key, text}) }
	period, ok := periodOf(cmp.Or(v.Period, p.Period))
	place, text := cmp.Or(v.OrgUnit, p.OrgUnit), ""
	if v.Value != nil {
		text = *v.Value
	}
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case v.DataElement == "" || place == "":
		refuse("stat.dhis2.incomplete", v.DataElement+" "+place)
		return
	case !ok:
		refuse("stat.dhis2.period", cmp.Or(v.Period, p.Period))
		return
	case err != nil && !v.Deleted && (v.Value != nil || v.Comment == ""):
		refuse("stat.dhis2.value", text)
		return
	}
	codes := [5]string{v.DataElement, place, period, cmp.Or(v.CategoryOptionCombo, "default"), cmp.Or(v.AttributeOptionCombo, p.AttributeOptionCombo, "default")}
	var key [5]int
	for d, code := range codes {
		key[d] = in.member(d, code)
	}
	c := Cell{At: key[:], Value: value, Has: err == nil && !v.Deleted}
	if mark, _, ok := strings.Cut(v.Comment, ":"); ok && statusText[Status(mark)] != [2]string{} {
		c.Status = Status(mark)
	}
	if !c.Has {
		c.Value = 0
		if c.Status == Normal {
			c.Status = Missing
		}
	}
	if in.cells[key] {
		refuse("stat.dhis2.twice", text)
		return
	}
	in.cells[key] = true
	in.table.Cells = append(in.table.Cells, c)
}

func (in *reader) member(d int, code string) int {
	n, ok := in.members[d][code]
	if !ok {
		n = len(in.table.Dims[d].Members)
		in.members[d][code] = n
		in.table.Dims[d].Members = append(in.table.Dims[d].Members, Member{Code: code, Label: code})
	}
	return n
}
