package fact

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/place/intake"
)

// Minority is the member of ByGroup that stands for the 53 groups other than the Kinh.
const Minority = "minority"

// Before is the member of ByPeriod in a Term that stands for the period before for which there is a figure.
const Before = "before"

//go:embed reference/indicator.csv
var reference embed.FS

var (
	codeText = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}(\.[nd])?$`)
	termText = regexp.MustCompile(`^([A-Z][A-Z0-9_]{0,39}(?:\.[nd])?)(?:\[([^\]]+)\])?$`)
)

// ParseTerm reads the text of a term: "POP", "POP[group=minority]", "POP[sex=female;age=0-4,5-14]". "" is no term.
func ParseTerm(text string) (Term, error) {
	if text == "" {
		return Term{}, nil
	}
	m := termText.FindStringSubmatch(text)
	if m == nil {
		return Term{}, fault.New(fault.Invalid, "fact.term.invalid", "Text", text)
	}
	t := Term{Code: Code(m[1])}
	for filter := range strings.SplitSeq(m[2], ";") {
		if filter == "" {
			continue
		}
		dim, members, ok := strings.Cut(filter, "=")
		if d := Dim(dim); !ok || !d.cut() && (d != ByPeriod || members != Before) {
			return Term{}, fault.New(fault.Invalid, "fact.term.invalid", "Text", text)
		}
		if t.Only == nil {
			t.Only = map[Dim][]string{}
		}
		t.Only[Dim(dim)] = strings.Split(members, ",")
	}
	return t, nil
}

// String is the text that ParseTerm reads.
func (t Term) String() string {
	var filters []string
	for _, d := range slices.Sorted(maps.Keys(t.Only)) {
		filters = append(filters, string(d)+"="+strings.Join(t.Only[d], ","))
	}
	if len(filters) == 0 {
		return string(t.Code)
	}
	return string(t.Code) + "[" + strings.Join(filters, ";") + "]"
}

// columns of a catalogue file, in the order in which it is written.
var columns = []string{"code", "name_vi", "name_en", "definition_vi", "unit_vi", "kind", "numerator", "denominator", "numerator_vi", "denominator_vi",
	"dimensions", "lowest_level", "period", "time", "topic", "sensitive", "k", "decimals", "standard", "method", "checks", "basis", "source", "certainty"}

// row is the indicator as a line of a catalogue file.
func (i Indicator) row() []string {
	dims := make([]string, len(i.Dims))
	for n, d := range i.Dims {
		dims[n] = string(d)
	}
	yes := map[bool]string{true: "1", false: "0"}
	times := map[bool]string{true: "flow", false: "stock"}
	return []string{string(i.Code), i.NameVI, i.NameEN, i.Definition, i.Unit, string(i.Kind), i.Numerator.String(), i.Denominator.String(), i.NumeratorVI, i.DenominatorVI,
		strings.Join(dims, ","), i.Lowest, string(i.Period), times[i.Flow], i.Topic, yes[i.Sensitive], strconv.Itoa(i.K), strconv.Itoa(i.Decimals), i.Standard,
		i.Method, i.Checks, i.Basis, i.Source, i.Certainty}
}

// indicatorOf reads a line of a catalogue file.
func indicatorOf(r intake.Row) (Indicator, error) {
	i := Indicator{Code: Code(r.Text("code")), NameVI: r.Text("name_vi"), NameEN: r.Text("name_en"), Definition: r.Text("definition_vi"), Unit: r.Text("unit_vi"),
		Kind: Kind(r.Text("kind")), NumeratorVI: r.Text("numerator_vi"), DenominatorVI: r.Text("denominator_vi"), Lowest: r.Text("lowest_level"),
		Period: PeriodKind(r.Text("period")), Flow: r.Text("time") == "flow", Topic: r.Text("topic"), Sensitive: r.Text("sensitive") == "1", Standard: r.Text("standard"),
		Method: r.Text("method"), Checks: r.Text("checks"), Basis: r.Text("basis"), Source: r.Text("source"), Certainty: r.Text("certainty")}
	for d := range strings.SplitSeq(r.Text("dimensions"), ",") {
		i.Dims = append(i.Dims, Dim(strings.TrimSpace(d)))
	}
	var err error
	for column, n := range map[string]*int{"k": &i.K, "decimals": &i.Decimals} {
		if text := r.Text(column); text != "" {
			if *n, err = strconv.Atoi(text); err != nil {
				return i, fault.Field(column, "fact.define.number", "Text", text)
			}
		}
	}
	for column, t := range map[string]*Term{"numerator": &i.Numerator, "denominator": &i.Denominator} {
		if *t, err = ParseTerm(r.Text(column)); err != nil {
			return i, fault.Field(column, "fact.term.invalid", "Text", r.Text(column))
		}
	}
	return i, nil
}

// embedded is the catalogue that the program brings.
func embedded() ([]Indicator, error) {
	raw, err := reference.ReadFile("reference/indicator.csv")
	if err != nil {
		return nil, err
	}
	t, err := intake.Read("indicator.csv", bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var all []Indicator
	for _, r := range t.Rows() {
		i, err := indicatorOf(r)
		if err != nil {
			return nil, fmt.Errorf("indicator.csv row %d: %w", r.N, err)
		}
		all = append(all, i)
	}
	return all, nil
}

// A catalogue is the indicators in force at one moment.
type catalogue struct {
	indicators []Indicator // in the order of the reference, then by code
	byCode     map[Code]int
	revision   int64
}

func newCatalogue(indicators []Indicator) *catalogue {
	c := &catalogue{indicators: indicators, byCode: make(map[Code]int, len(indicators))}
	for n, i := range indicators {
		c.byCode[i.Code] = n
	}
	return c
}

// indicator is one by its code. The parts of a ratio that are no indicators of their own are counts with its other properties.
func (c *catalogue) indicator(code Code) (Indicator, bool) {
	if n, ok := c.byCode[code]; ok {
		return c.indicators[n], true
	}
	whole, part, _ := strings.Cut(string(code), ".")
	n, ok := c.byCode[Code(whole)]
	if !ok || part == "" {
		return Indicator{}, false
	}
	i := c.indicators[n]
	term, words := i.Numerator, i.NumeratorVI
	if part == "d" {
		term, words = i.Denominator, i.DenominatorVI
	}
	i.Code, i.Kind, i.NameVI, i.NameEN, i.Definition, i.Unit, i.Numerator, i.Denominator = code, Count, words, "", words, "", Term{}, Term{}
	return i, term.Code == code
}

// stored follows a term to the code that has figures, with everything that filters it on the way.
func (c *catalogue) stored(t Term) Term {
	only := maps.Clone(t.Only)
	for range 4 { // a definition that leads back to itself was refused
		i, ok := c.indicator(t.Code)
		if !ok || i.Kind != Count || !i.Derived() {
			break
		}
		t = i.Numerator
		for d, members := range t.Only {
			if had, both := only[d]; both {
				members = slices.DeleteFunc(slices.Clone(members), func(m string) bool { return !slices.Contains(had, m) })
			}
			if only == nil {
				only = map[Dim][]string{}
			}
			only[d] = members
		}
	}
	return Term{t.Code, only}
}

// Indicators lists the indicators in force in the order of the catalogue.
func (d *Desk) Indicators() []Indicator { return d.catalogue.Load().indicators }

// Indicator is the version in force of one indicator, or of a part of one.
func (d *Desk) Indicator(code Code) (Indicator, error) {
	if i, ok := d.catalogue.Load().indicator(code); ok {
		return i, nil
	}
	return Indicator{}, fault.New(fault.NotFound, "fact.indicator.not_found", "Code", string(code))
}

var (
	levelNames = []string{"country", place.Province, place.District, place.Commune, Village}
	allDims    = []Dim{ByPlace, ByGroup, BySex, ByAge, ByAreaClass, ByLanguage, ByItem}
)

// check refuses a definition that cannot be, field by field.
func (c *catalogue) check(i Indicator) error {
	switch {
	case !codeText.MatchString(string(i.Code)) || strings.Contains(string(i.Code), "."):
		return fault.Field("code", "fact.define.code", "Text", string(i.Code))
	case i.NameVI == "" || len(i.NameVI) > 500:
		return fault.Field("name_vi", "fact.define.name")
	case i.Definition == "" || len(i.Definition) > 4000:
		return fault.Field("definition_vi", "fact.define.definition")
	case i.Unit == "":
		return fault.Field("unit_vi", "fact.define.unit")
	case !slices.Contains([]Kind{Count, Ratio, Mean, Growth}, i.Kind):
		return fault.Field("kind", "fact.define.kind", "Text", string(i.Kind))
	case !slices.Contains(levelNames[1:], i.Lowest):
		return fault.Field("lowest_level", "fact.define.level", "Text", i.Lowest)
	case !slices.ContainsFunc(periodKinds, func(k periodKind) bool { return k.kind == i.Period }):
		return fault.Field("period", "fact.define.period", "Text", string(i.Period))
	case i.K < 0 || i.K > 1000 || i.Decimals < 0 || i.Decimals > 6:
		return fault.Field("k", "fact.define.number", "Text", strconv.Itoa(i.K))
	case (i.Kind == Count) != (i.Denominator.Code == ""), i.Kind != Count && i.Numerator.Code == "":
		return fault.Field("denominator", "fact.define.parts")
	}
	for _, d := range i.Dims {
		if !slices.Contains(allDims, d) {
			return fault.Field("dimensions", "fact.define.dimension", "Text", string(d))
		}
	}
	for field, t := range map[string]Term{"numerator": i.Numerator, "denominator": i.Denominator} {
		if err := c.checkTerm(field, i.Code, t); err != nil {
			return err
		}
	}
	return nil
}

// checkTerm refuses a part that nobody counts, or that is made from the indicator itself.
func (c *catalogue) checkTerm(field string, of Code, t Term) error {
	if t.Code == "" || t.Code == of+".n" || t.Code == of+".d" {
		return nil
	}
	for range 4 {
		i, ok := c.indicator(t.Code)
		switch {
		case t.Code == of || ok && i.Kind != Count:
			return fault.Field(field, "fact.define.circle", "Text", string(t.Code))
		case !ok:
			return fault.Field(field, "fact.define.part_unknown", "Text", string(t.Code))
		case !i.Derived():
			return nil
		}
		t = i.Numerator
	}
	return fault.Field(field, "fact.define.circle", "Text", string(t.Code))
}
