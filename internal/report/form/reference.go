package form

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"banlang/internal/fault"
)

//go:embed reference/*.csv
var files embed.FS

var reference = sync.OnceValues(readReference)

// Reference is the forms that Banlang ships, of the first version each. Their codes, dates and most definitions are Banlang's own
// until the official annex is loaded: Certainty and Source say so. The rules are ours, made from the checks of the catalogue, but
// for one: the total of a rate is made from the totals of its parts, never added up.
func Reference() []Form {
	forms, err := reference()
	if err != nil {
		panic(err) // the embedded tables were broken by an edit
	}
	return slices.Clone(forms)
}

func readReference() ([]Form, error) {
	head, err := table("form")
	if err != nil {
		return nil, err
	}
	cells, err := table("form_cell")
	if err != nil {
		return nil, err
	}
	var forms []Form
	for _, row := range head[1:] {
		r := record(head[0], row)
		f := Form{Code: r["code"], Version: 1, TitleVI: r["title_vi"], TitleEN: r["title_en"], Level: r["level"], Period: r["period"],
			Open: r["open_rule"], Due: r["due_rule"], Final: r["final_rule"], Axis: r["row_axis"], Indicators: strings.Split(r["indicators"], ";"),
			EnteredBy: r["entered_by"], Certifier: r["certifier"], SentTo: r["sent_to"],
			Basis: r["basis"], Source: r["source"], Certainty: r["certainty"], Note: r["note"]}
		own := [][]string{cells[0]}
		for _, row := range cells[1:] {
			if record(cells[0], row)["form"] == f.Code {
				own = append(own, row)
			}
		}
		if f, err = f.WithTable(own); err != nil {
			return nil, fmt.Errorf("%s: %w", r["code"], err)
		}
		forms = append(forms, f)
	}
	return forms, nil
}

func table(name string) ([][]string, error) {
	data, err := files.ReadFile("reference/" + name + ".csv")
	if err != nil {
		return nil, err
	}
	return csv.NewReader(bytes.NewReader(data)).ReadAll()
}

func record(head, row []string) map[string]string {
	r := map[string]string{}
	for i, title := range head {
		if i < len(row) {
			r[title] = strings.TrimSpace(strings.TrimPrefix(row[i], "'")) // a spreadsheet's guard against formulas
		}
	}
	return r
}

// columns of a form's table of cells.
var columns = []string{"form", "row_code", "row_kind", "row_label_vi", "row_label_en", "col_code", "col_label_vi", "col_label_en",
	"indicator", "filter", "input", "value_type", "choices", "required", "watch", "check", "rule"}

// Table is the cells of the form as a table with a heading, for an officer's spreadsheet.
func (f Form) Table() [][]string {
	rows := [][]string{slices.Clone(columns)}
	for _, c := range f.Cells {
		watch := ""
		if c.Watch > 0 {
			watch = strconv.Itoa(c.Watch)
		}
		var choices []string
		for _, o := range c.Choices {
			choices = append(choices, strings.Join([]string{o.Code, o.Indicator, o.VI, o.EN}, ":"))
		}
		var only []string
		for dim, member := range c.Only {
			only = append(only, dim+"="+member)
		}
		slices.Sort(only)
		rows = append(rows, []string{f.Code, c.Row, c.RowKind, c.RowVI, c.RowEN, c.Col, c.ColVI, c.ColEN, c.Indicator,
			strings.Join(only, ";"), string(c.Input), string(c.Type), strings.Join(choices, ";"), flag(c.Required), watch, c.Check, c.Rule})
	}
	return rows
}

// mostCells is more than any form an officer can fill in.
const mostCells = 500

// WithCSV is the form with the cells of a table that was changed in a spreadsheet. What is not understood is told row by row, all
// of it at once.
func (f Form) WithCSV(r io.Reader) (Form, error) {
	data, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return f, err
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	in := csv.NewReader(bytes.NewReader(data))
	if line, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		in.Comma = ';' // Excel with Vietnamese settings
	}
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		return f, fault.New(fault.Invalid, "form.table.csv")
	}
	return f.WithTable(rows)
}

// WithTable is the form with the cells of a table like Table's.
func (f Form) WithTable(rows [][]string) (Form, error) {
	if len(rows) < 2 {
		return f, fault.New(fault.Invalid, "form.table.empty")
	}
	if len(rows) > mostCells+1 {
		return f, fault.New(fault.Invalid, "form.table.long", "Most", mostCells)
	}
	for _, want := range []string{"row_code", "col_code", "input", "value_type", "rule"} {
		if !slices.Contains(rows[0], want) {
			return f, fault.New(fault.Invalid, "form.table.column", "Column", want)
		}
	}
	f.Cells = nil
	var wrong []error
	seen := map[string]bool{}
	for i, row := range rows[1:] {
		r := record(rows[0], row)
		if r["row_code"] == "" && r["col_code"] == "" {
			continue
		}
		c, key := cellOf(r)
		if key == "" && seen[ID(c.Row, c.Col)] {
			key = "form.table.twice"
		}
		if key != "" {
			wrong = append(wrong, fault.New(fault.Invalid, key, "Row", i+2, "Cell", ID(c.Row, c.Col)))
			continue
		}
		seen[ID(c.Row, c.Col)] = true
		f.Cells = append(f.Cells, c)
	}
	if len(wrong) > 0 {
		return f, errors.Join(wrong...)
	}
	return f, f.Compile()
}

// cellOf reads a row of a table; key says what is wrong with it.
func cellOf(r map[string]string) (c Cell, key string) {
	c = Cell{Row: r["row_code"], Col: r["col_code"], RowKind: r["row_kind"], RowVI: r["row_label_vi"], RowEN: r["row_label_en"],
		ColVI: r["col_label_vi"], ColEN: r["col_label_en"], Indicator: r["indicator"], Input: Input(r["input"]), Type: Type(r["value_type"]),
		Required: r["required"] == "1", Check: r["check"], Rule: r["rule"]}
	if c.RowKind == "" {
		c.RowKind = map[string]string{Member: "member", Total: "total"}[c.Row]
	}
	if c.RowKind == "" {
		c.RowKind = "fixed"
	}
	if r["watch"] != "" {
		n, err := strconv.Atoi(r["watch"])
		if err != nil || n < 0 || n > 1000 {
			return c, "form.table.watch"
		}
		c.Watch = n
	}
	for _, part := range parts(r["filter"]) {
		dim, member, ok := strings.Cut(part, "=")
		if !ok || dim == "" || member == "" {
			return c, "form.table.filter"
		}
		if c.Only == nil {
			c.Only = map[string]string{}
		}
		c.Only[dim] = member
	}
	for _, part := range parts(r["choices"]) {
		words := strings.Split(part, ":")
		if len(words) < 3 || words[0] == "" || words[2] == "" {
			return c, "form.table.choices"
		}
		words = append(words, "")
		c.Choices = append(c.Choices, Choice{words[0], words[1], words[2], words[3]})
	}
	good := func(code string) bool {
		return code != "" && !strings.ContainsFunc(code, func(r rune) bool { return r > 127 || !nameByte(byte(r)) })
	}
	switch {
	case c.Row != Member && !good(c.Row), !good(c.Col), (c.Row == Member) != (c.RowKind == "member"):
		return c, "form.table.code"
	case c.ColVI == "":
		return c, "form.table.label"
	case !slices.Contains([]Input{Typed, Computed, Summed}, c.Input):
		return c, "form.table.input"
	case !slices.Contains([]Type{Int, Decimal, Bool, Choose, Text}, c.Type):
		return c, "form.table.type"
	case (c.Type == Choose) != (len(c.Choices) > 0):
		return c, "form.table.choices"
	}
	return c, ""
}

func parts(list string) (out []string) {
	for part := range strings.SplitSeq(list, ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
