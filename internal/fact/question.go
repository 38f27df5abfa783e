package fact

import (
	"math"

	"banlang/internal/place"
)

// A Show is what the cells of an answer say.
type Show string

// What cells can show.
const (
	Values     Show = ""             // the figures
	ShareRow   Show = "share_row"    // percent of the row's total
	ShareCol   Show = "share_column" // percent of the column's total
	ShareTotal Show = "share_total"  // percent of the whole
	Change     Show = "change"       // against the period before, absolute
	ChangeYear Show = "change_year"  // against the same period a year earlier, absolute
)

// A Question asks for figures. The zero value of a field asks for nothing special: no filter, the geography as reported.
type Question struct {
	Indicators []Code   // at least one
	Periods    []Period // at least one
	Area       place.ID // within it; "" is the whole country
	Rows, Cols []Dim    // what is laid out; a dimension in neither is summed over. ByIndicator and ByPeriod must stand in one of them when there are several
	Level      string   // of ByPlace: place.Province, place.District, place.Commune or Village; "" is the level below Area
	Only       map[Dim][]string
	Geography  place.Date // the units of that day; 0 as reported
	Show       Show
	Totals     bool // add a row and a column of sums
	Top        int  // keep the rows with the largest first column; 0 keeps all
}

// Village is the level below the commune.
const Village = "village"

// A Member is one value of a dimension: a place.ID, the text of a Period, a slug, a Code. "" is "all".
type Member struct {
	Dim  Dim
	Code string
}

// A Header heads one row or one column: a member of each dimension laid out there, in the question's order.
type Header struct {
	Members []Member
	Total   bool
	Note    string // message key of a remark, such as that the standard changed since the column before; "" for none
}

// A CellState says how far a figure can be relied on.
type CellState string

// The states of a cell. Missing is never 0.
const (
	Missing      CellState = "missing"      // nobody has reported
	Whole        CellState = "whole"        // every place that it sums has reported
	Partial      CellState = "partial"      // some have not: Have of Expected places
	Estimated    CellState = "estimated"    // divided units were shared out by weights
	Incomparable CellState = "incomparable" // a unit was divided and no weights are known, or a standard changed
	Hidden       CellState = "hidden"       // protected: only in releases
	NotAsked     CellState = "not_asked"    // the indicator does not exist so: wrong level, dimension or period
	NotKnown     CellState = "not_known"    // asked, and the answer was "not known"
)

// A Cell is one figure of an answer.
type Cell struct {
	State          CellState
	Kind           Kind    // how Num and Den make the value: Num; 100*Num/Den; Num/Den; growth from Den to Num over Years
	Num, Den       int64   // the sums themselves, scaled
	Scale          int     // decimals of Num less those of Den
	Years          int     // of growth
	Have, Expected int     // places that reported, of those that should have
	Estimated      float64 // part of the value, 0 to 1, that was shared out by weights
}

// An Answer is a table of cells with its headers.
type Answer struct {
	Question Question
	Rows     []Header
	Cols     []Header
	Cells    [][]Cell // by row, then column
	Sequence int64    // the last fact that it knows of
	Dropped  []string // message keys of what could not be answered and was left out
}

// Value is the figure; ok is false where there is none.
func (c Cell) Value() (v float64, ok bool) {
	switch c.State {
	case Whole, Partial, Estimated:
	default:
		return 0, false
	}
	v = float64(c.Num) / math.Pow10(c.Scale)
	switch c.Kind {
	case Ratio:
		v = 100 * v / float64(c.Den)
	case Mean:
		v /= float64(c.Den)
	case Growth:
		v = 100 * (math.Pow(v/float64(c.Den), 1/float64(c.Years)) - 1)
	}
	return v, (c.Kind == Count || c.Den != 0) && !math.IsInf(v, 0) && !math.IsNaN(v) // growth over no years is none
}
