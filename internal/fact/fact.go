// Package fact knows what is counted (indicators), the figures themselves with where each came from, and how to answer a
// question over them: by place, period, group, sex and the other dimensions, in the geography of any day. It knows no form, no
// report and no page, and it decides nothing about what may be published.
package fact

import (
	"time"

	"banlang/internal/blob"
	"banlang/internal/ethnic"
	"banlang/internal/place"
)

// A Code names an indicator (chỉ tiêu), "POOR_HH". The parts of a ratio that are no indicators of their own are named after it:
// "LIT_OWN_RATE.n" and "LIT_OWN_RATE.d".
type Code string

// A Kind is how values of an indicator combine.
type Kind string

// The kinds of indicators.
const (
	Count  Kind = "count"  // adds up
	Ratio  Kind = "ratio"  // percentage of two counts; always made again from its counts, never averaged
	Mean   Kind = "mean"   // quotient of two counts, such as persons a household
	Growth Kind = "growth" // mean annual growth between two counts, in percent
)

// A Dim is a way to divide figures.
type Dim string

// The dimensions, in the words of the catalogue. Item divides by the rows of a form that are none of the others: a project, a
// topic, a kind of culture; its members are written "project:P1".
const (
	ByIndicator Dim = "indicator"
	ByPlace     Dim = "place"
	ByPeriod    Dim = "period"
	ByGroup     Dim = "group"      // dân tộc
	BySex       Dim = "sex"        // "male", "female"
	ByAge       Dim = "age"        // "0-4", "5-14", "15-59", "60+" ...
	ByAreaClass Dim = "area_class" // khu vực I, II, III of the commune at the end of the period; not stored with a figure
	ByLanguage  Dim = "language"
	ByItem      Dim = "item"
)

// OtherGroups is the member of ByGroup that stands for the groups which are not shown one by one (Dân tộc khác).
const OtherGroups ethnic.Slug = "other"

// A Term is one part of an indicator that is made from others: a code, perhaps only of some members: POP of the minorities. Its text
// is "POP[group=minority]"; "POP[period=before]" is the figure of the period before for which there is one.
type Term struct {
	Code Code
	Only map[Dim][]string
}

// An Indicator is one version of what is counted. Codes and definitions are Banlang's own until the official annex is loaded.
type Indicator struct {
	Code                   Code
	Version                int
	NameVI, NameEN         string
	Definition, Unit       string
	Kind                   Kind
	Numerator, Denominator Term // of a ratio or mean; a count with a Numerator is derived from it and never stored
	Dims                   []Dim
	Lowest                 string // lowest level: "village", "commune", "province"
	Period                 PeriodKind
	Flow                   bool // adds up through time; a stock is the last value
	Topic                  string
	Sensitive              bool
	K                      int // smallest count that may be published; 0 where no persons stand behind it
	Decimals               int // stored values are integers scaled by 10^Decimals
	Method, Checks         string
	Standard               string // a definition that others fix and change, such as "poverty": figures under different ones do not compare
	NumeratorVI            string // what the parts count, in words
	DenominatorVI          string
	Basis, Source          string
	Certainty              string // "read", "memory" or "ours": how sure it is that the indicator exists so
}

// Derived tells that the indicator is made from others and never stored.
func (i Indicator) Derived() bool { return i.Numerator.Code != "" }

// Name is the indicator's name in a language of the interface.
func (i Indicator) Name(lang string) string {
	if lang == "en" && i.NameEN != "" {
		return i.NameEN
	}
	return i.NameVI
}

// A Cut is the part of a population that a figure is about: the members of every stored dimension but indicator, place and
// period. "" is everybody.
type Cut struct {
	Group    ethnic.Slug
	Sex      string
	Age      string
	Language string
	Item     string
}

// A Key names one figure: there is at most one that holds for it.
type Key struct {
	Indicator Code
	Place     place.ID
	Village   string // place.Village.ID where the figure is about a village of Place; "" otherwise
	Period    Period
	Cut       Cut
}

// A State says what is known of a figure.
type State int

// The states of a figure.
const (
	Withdrawn State = iota // said before and taken back: now as if never said
	Known                  // has a value
	Unknown                // asked, and the answer was "not known"
)

// A Fact is one figure.
type Fact struct {
	Key
	Value int64 // scaled by 10^Decimals of its indicator
	State State
	Cell  string // where it stood: "Biểu 1!C7" in a workbook, "tay.male" in a form
}

// A Batch is facts that came together, and where they came from: every figure names its batch.
type Batch struct {
	ID            string
	Origin        string // "report", "import", "census", "list", "demo"
	Title         string // what a person would call the source: "Biểu 01, xã Bắc Sơn, 2026"
	Report        string // report and Version where it came from one
	Version       int
	Form          string
	File          blob.Ref // the workbook, kept; "" where it was typed
	FileName      string
	EnteredBy     string // account
	EnteredName   string // public name
	CertifiedBy   string
	CertifiedName string
	AsOf          place.Date
	Method        string
	Standard      string // under which definition, such as "2022-2025" or "2027-" of poverty
	Demo          bool
	Recorded      time.Time
}
