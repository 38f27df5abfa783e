package report

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/place/intake"
	"banlang/internal/release/dataset"
)

// A quoted value is one as a file tells it.
type quoted struct {
	row                        int
	indicator, place, value    string
	period                     fact.Period
	wide                       bool // a year may also stand for a survey or a term, which the format cannot tell from it
	status                     dataset.Status
	members                    map[fact.Dim]string // dataset.All is everybody
	loose                      []string            // members whose dimension the format does not name
	attribute                  string              // of DHIS2, which means nothing here unless it is "default"
	periodText, unknown, wrong string
}

var figureDims = []fact.Dim{fact.ByGroup, fact.BySex, fact.ByAge, fact.ByLanguage, fact.ByItem}

// readFigures reads a file and judges every value by itself.
func (d *Desk) readFigures(actor duty.Actor, name string, body []byte, locked map[asked]bool, report *intake.Report) ([]Imported, error) {
	if err := intake.Sniff(name, body, importLimit); err != nil {
		return nil, err
	}
	read := readTable
	if bytes.HasPrefix(bytes.TrimLeft(body, "\xEF\xBB\xBF \t\r\n"), []byte("{")) {
		read = readValues
	}
	all, err := read(name, body, report)
	if err != nil {
		return nil, err
	}
	if len(all) > importFigures {
		return nil, fault.New(fault.TooLarge, "report.import.large", "Most", importFigures)
	}
	var figures []Imported
	seen := map[fact.Key]int{}
	for _, t := range all {
		if t.status == dataset.Missing && t.value == "" {
			report.Blank++
			continue
		}
		f, err := d.figure(actor, t)
		if err == nil && locked[asked{f.Indicator, f.Period}] {
			err = fault.Field("period", "report.import.locked", "Text", t.periodText, "Code", t.indicator)
		}
		if first, twice := seen[f.Key]; err == nil && twice {
			err = fault.Field("indicator", "report.import.twice", "Row", first)
		}
		if err != nil {
			report.Refused = append(report.Refused, intake.Refusal{Row: t.row, Column: fault.All(err)[0].Field, Why: err})
			continue
		}
		seen[f.Key] = t.row
		figures = append(figures, f)
	}
	slices.SortStableFunc(report.Refused, func(a, b intake.Refusal) int { return a.Row - b.Row })
	return figures, nil
}

// readValues reads data values of DHIS2. A row is the number of the value in the payload, from 1.
func readValues(_ string, body []byte, report *intake.Report) ([]quoted, error) {
	table, refused, err := dataset.ReadDHIS2(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	report.Rows = len(table.Cells) + len(refused)
	bad := map[int]bool{}
	for _, r := range refused {
		bad[r.Index] = true
		report.Refuse(r.Index+1, "value", r.Key, "Text", r.Text)
	}
	all := make([]quoted, 0, len(table.Cells))
	index := 0
	for _, c := range table.Cells {
		for bad[index] {
			index++
		}
		code := func(dim int) string { return table.Dims[dim].Members[c.At[dim]].Code }
		index++
		t := quoted{row: index, indicator: code(0), place: code(1), periodText: code(2), wide: true, status: c.Status, attribute: code(4)}
		t.period, _ = fact.ParsePeriod(t.periodText)
		if c.Has {
			t.value = strconv.FormatFloat(c.Value, 'f', -1, 64)
		}
		if combo := code(3); combo != "default" {
			t.loose = strings.Split(combo, ".")
		}
		all = append(all, t)
	}
	return all, nil
}

// observed are the statuses of SDMX.
var observed = map[string]dataset.Status{
	"A": dataset.Normal, "": dataset.Normal, "P": dataset.Partial, "E": dataset.Estimated, "Q": dataset.Hidden, "O": dataset.Missing, "D": dataset.Incomparable,
}

// readTable reads the CSV or SDMX-CSV of a release. A column that is not known could divide the figures: then nothing can be read.
func readTable(name string, body []byte, report *intake.Report) ([]quoted, error) {
	table, err := intake.Read(name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	report.Rows, report.Encoding = len(table.Rows()), string(table.Encoding)
	sdmx := table.Has("ref_area", "time_period")
	table.Alias("place", "ref_area")
	table.Alias("period", "time_period")
	table.Alias("value", "obs_value")
	table.Alias("status", "obs_status")
	if err := table.Need("indicator", "place", "period", "value"); err != nil {
		return nil, err
	}
	known := []string{"indicator", "place", "period", "value", "unit", "status", "ref_area", "time_period", "obs_value", "obs_status", "conf_status",
		"structure", "structure_id", "action"}
	var dims []fact.Dim
	for _, column := range table.Columns() {
		switch {
		case slices.Contains(figureDims, fact.Dim(column)):
			dims = append(dims, fact.Dim(column))
		case !slices.Contains(known, column) && !strings.HasSuffix(column, "_name"):
			return nil, fault.New(fault.Invalid, "report.import.column", "Column", column)
		}
	}
	all := make([]quoted, 0, len(table.Rows()))
	for _, row := range table.Rows() {
		t := quoted{row: row.N, indicator: row.Text("indicator"), place: row.Text("place"), value: row.Text("value"), periodText: row.Text("period"),
			members: map[fact.Dim]string{}, status: dataset.Status(row.Text("status"))}
		for _, dim := range dims {
			t.members[dim] = row.Text(string(dim))
		}
		t.period, _ = fact.ParsePeriod(t.periodText)
		if sdmx {
			t.sdmx(row)
		} else if !slices.Contains(dataset.Statuses, t.status) {
			t.unknown = string(t.status)
		}
		all = append(all, t)
	}
	return all, nil
}

var sdmxText = regexp.MustCompile(`^(\d{4})-(?:(S|Q)(\d)|(\d{2})|(09-01/P1Y)|(01-01/P5Y))$`)

// sdmx reads what SDMX-CSV writes otherwise: the period, the two statuses, and what is to be done with the value.
func (t *quoted) sdmx(row intake.Row) {
	t.wide = true
	if m := sdmxText.FindStringSubmatch(t.periodText); m != nil {
		text := m[1]
		switch {
		case m[2] != "":
			text += strings.Replace(m[2], "S", "H", 1) + m[3]
		case m[4] != "":
			text += "M" + m[4]
		case m[5] != "":
			text += "S"
		default:
			text += "T"
		}
		t.period, _ = fact.ParsePeriod(text)
	} else if len(t.periodText) != len("2026") {
		t.period = 0
	}
	status, ok := observed[string(t.status)]
	if !ok {
		t.unknown = string(t.status)
	}
	if t.status = status; row.Text("conf_status") == "C" {
		t.status = dataset.Hidden
	}
	if action := row.Text("action"); action != "" && action != "I" {
		t.wrong = action
	}
}

// why are the statuses whose values are no reported figures.
var why = map[dataset.Status]string{
	dataset.Hidden: "report.import.hidden", dataset.Missing: "report.import.missing", dataset.Incomparable: "report.import.incomparable",
	dataset.Partial: "report.import.partial", dataset.Estimated: "report.import.estimated",
}

// figure is a value as it would be recorded, or why it cannot be.
func (d *Desk) figure(actor duty.Actor, t quoted) (f Imported, err error) {
	switch key := why[t.status]; {
	case t.wrong != "":
		return f, fault.Field("action", "report.import.action", "Text", t.wrong)
	case t.unknown != "":
		return f, fault.Field("status", "report.import.status", "Text", t.unknown)
	case key != "":
		return f, fault.Field("status", key)
	case t.attribute != "" && t.attribute != "default" && d.knows(t.indicator):
		return f, fault.Field("attribute", "report.import.attribute", "Text", t.attribute)
	}
	i, err := d.facts.Indicator(fact.Code(t.indicator))
	switch {
	case err != nil:
		return f, fault.Field("indicator", "report.import.indicator", "Code", t.indicator)
	case i.Derived() || i.Kind != fact.Count:
		return f, fault.Field("indicator", "report.import.derived", "Code", t.indicator)
	}
	f.Indicator, f.Decimals, f.State, f.Cell = i.Code, i.Decimals, fact.Known, strconv.Itoa(t.row)
	if f.Period, err = d.periodOf(i, t); err != nil {
		return f, err
	}
	if f.Place, err = d.unitOf(actor, i, t.place, f.Period); err != nil {
		return f, err
	}
	if f.Cut, err = d.cutOf(i, t); err != nil {
		return f, err
	}
	f.Value, err = scaled(t.value, i.Decimals)
	return f, err
}

func (d *Desk) knows(code string) bool {
	_, err := d.facts.Indicator(fact.Code(code))
	return err == nil
}

// periodOf is the period of a value. A count that is no flow may also come from a survey or census, which is named by its year.
func (d *Desk) periodOf(i fact.Indicator, t quoted) (fact.Period, error) {
	p := t.period
	if p == 0 {
		return 0, fault.Field("period", "report.import.period", "Text", t.periodText)
	}
	if t.wide && p.Kind() == fact.Year && i.Period != fact.Year {
		switch {
		case i.Period == fact.Tenure:
			p = fact.NewPeriod(fact.Tenure, p.Year(), 0)
		case !i.Flow || i.Period == fact.FiveYear:
			p = fact.NewPeriod(fact.FiveYear, p.Year(), 0)
		}
	}
	switch {
	case p.Kind() != i.Period && (p.Kind() != fact.FiveYear || i.Flow):
		return 0, fault.Field("period", "report.import.period_kind", "Text", t.periodText, "Code", t.indicator)
	case p.First() > d.today():
		return 0, fault.Field("period", "report.import.future", "Text", t.periodText)
	}
	return p, nil
}

// levels are those of units, the higher first.
var levels = []string{"country", place.Province, place.District, place.Commune, fact.Village}

// unitOf is the unit that had the code when the period ended, or else when it began.
func (d *Desk) unitOf(actor duty.Actor, i fact.Indicator, code string, p fact.Period) (place.ID, error) {
	var u place.Unit
	var err error
	if strings.Contains(code, "@") {
		if u, err = d.places.ByID(place.ID(code)); err == nil && !u.In(p.Last()) && !u.In(p.First()) {
			return "", fault.Field("place", "report.import.place_then", "Code", code)
		}
	} else if u, err = d.places.At(code, p.Last()); err != nil {
		u, err = d.places.At(code, p.First())
	}
	switch {
	case err != nil:
		return "", fault.Field("place", "report.import.place", "Code", code)
	case d.policy.Permit(actor, duty.StatEnter, duty.Thing{Area: string(u.ID), State: string(Open)}) != nil:
		return "", fault.Field("place", "report.import.area", "Code", code)
	case slices.Index(levels, u.Level) > slices.Index(levels, i.Lowest):
		return "", fault.Field("place", "report.import.level", "Code", string(i.Code))
	}
	return u.ID, nil
}

// cutOf is the part of a population that a value is about.
func (d *Desk) cutOf(i fact.Indicator, t quoted) (fact.Cut, error) {
	members := map[fact.Dim]string{}
	for dim, member := range t.members {
		if member == dataset.All {
			continue
		}
		if !slices.Contains(i.Dims, dim) {
			return fact.Cut{}, fault.Field(string(dim), "report.import.dimension", "Text", member, "Code", t.indicator)
		}
		if !d.member(dim, member) {
			return fact.Cut{}, fault.Field(string(dim), "report.import.member", "Text", member)
		}
		members[dim] = member
	}
	for _, member := range t.loose {
		fits := slices.DeleteFunc(slices.Clone(i.Dims), func(dim fact.Dim) bool { return members[dim] != "" || !d.member(dim, member) })
		if len(fits) != 1 {
			return fact.Cut{}, fault.Field("categoryOptionCombo", "report.import.member", "Text", member)
		}
		members[fits[0]] = member
	}
	return fact.Cut{Group: ethnic.Slug(members[fact.ByGroup]), Sex: members[fact.BySex], Age: members[fact.ByAge], Language: members[fact.ByLanguage],
		Item: members[fact.ByItem]}, nil
}

var (
	ageText  = regexp.MustCompile(`^\d{1,3}(-\d{1,3}|\+)$`)
	itemText = regexp.MustCompile(`^[a-z_]{1,30}:[\w-]{1,60}$`)
)

// member tells whether a dimension has such a member.
func (d *Desk) member(dim fact.Dim, code string) bool {
	switch dim {
	case fact.ByGroup:
		_, err := d.groups.BySlug(ethnic.Slug(code))
		return err == nil || code == string(fact.OtherGroups)
	case fact.BySex:
		return code == "male" || code == "female"
	case fact.ByAge:
		return ageText.MatchString(code)
	case fact.ByLanguage:
		_, err := d.groups.Language(code)
		return err == nil
	case fact.ByItem:
		return itemText.MatchString(code)
	}
	return false
}

// scaled reads a number with a decimal point that has no more decimals than its indicator.
func scaled(text string, decimals int) (int64, error) {
	v, err := strconv.ParseFloat(text, 64)
	v *= math.Pow10(decimals)
	switch {
	case text == "":
		return 0, fault.Field("value", "report.import.missing")
	case err != nil || math.IsNaN(v) || v < 0 || v > 1e15:
		return 0, fault.Field("value", "report.import.number", "Text", text)
	case math.Abs(v-math.Round(v)) > 1e-6:
		return 0, fault.Field("value", "report.import.decimals", "Text", text, "N", decimals)
	}
	return int64(math.Round(v)), nil
}
