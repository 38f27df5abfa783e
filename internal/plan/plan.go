// Package plan knows what the plans promise to people of ethnic minorities, what has been measured of each promise and
// who certified the measurement. It does not collect figures, and it never fills in one that is missing.
package plan

import (
	"slices"
	"time"
)

// A Plan is a document that promises (kế hoạch, quyết định, chương trình).
type Plan struct {
	Code      string // ours: "KH101"
	ShortVI   string // "Kế hoạch 101"
	ShortEN   string
	NameVI    string
	NameEN    string
	MeaningVI string
	Source    string
	Certainty string
}

// Short is the name for a chip or a table: "Kế hoạch 101".
func (p Plan) Short(lang string) string {
	if lang == "en" {
		return p.ShortEN
	}
	return p.ShortVI
}

// Name is the full name with its date.
func (p Plan) Name(lang string) string {
	if lang == "en" {
		return p.NameEN
	}
	return p.NameVI
}

// A Target (mục tiêu) is one promise of a plan, with the way in which it can be judged.
type Target struct {
	Code          string // ours: "KH101-2023-1"
	Plan          string
	Section       string // where it stands in the document
	TextVI        string
	TextEN        string // our translation
	PopulationVI  string // of whom or what it speaks
	NumeratorVI   string
	DenominatorVI string
	Methods       []Method  // ways of measuring that can prove it
	Due           time.Time // the last day, midnight UTC
	Operator      Operator  // empty where the source was cut before it said what is promised
	Value         Amount    // what is promised, in Unit
	Unit          string    // "%", "thôn", "xã", "lần", "điểm %/năm"; empty for a thing to be done
	OtherValue    string    // what another source says instead; empty where none does
	OtherSource   string
	Indicator     string // code of the indicator that measures it
	Transform     string
	Binding       bool // on the province; false where it is the ministry's or another province's
	Source        string
	Certainty     string // "read", "memory" or "ours"
	Note          string
	Number        int64 // of its wording: 0 as the program's reference has it, then each edit
}

// Cut says that the source broke off before the promise: nothing can be measured against it.
func (t Target) Cut() bool { return t.Operator == "" }

// Text is the promise in the interface language, in Vietnamese where there is no translation.
func (t Target) Text(lang string) (text, written string) {
	if lang == "en" && t.TextEN != "" {
		return t.TextEN, "en"
	}
	return t.TextVI, "vi"
}

// Counted says that the figure is the numerator itself (so many villages) and not a share of the denominator.
func (t Target) Counted() bool { return t.Unit == "thôn" || t.Unit == "xã" }

// Part says that the numerator is counted within the denominator and so cannot exceed it.
func (t Target) Part() bool {
	return t.Counted() || t.Operator == Done || t.Unit == "%" && t.Transform == "none"
}

// Over says whether the last day has passed in Vietnam.
func (t Target) Over(now time.Time) bool { return !inVietnam(now).Before(t.Due.AddDate(0, 0, 1)) }

// inVietnam is the day and hour of a time in Vietnam, as UTC: so that it compares with days, which are kept as midnight UTC.
func inVietnam(t time.Time) time.Time { return t.UTC().Add(7 * time.Hour) }

// Year is the year in which the promise falls due.
func (t Target) Year() int { return t.Due.Year() }

// A Task (nhiệm vụ) is work that a plan gives to somebody.
type Task struct {
	Code          string
	Parent        string // empty for the tasks that the plan itself names
	Plan          string
	TextVI        string
	TextEN        string
	LeadToday     string // who leads since the departments were merged in March 2025
	PartnersToday string
	OutputVI      string
	EvidenceVI    string
	Source        string
	Certainty     string
	Note          string
}

// Text is the task in the interface language.
func (t Task) Text(lang string) string {
	if lang == "en" {
		return t.TextEN
	}
	return t.TextVI
}

// Method is a way of measuring.
type Method string

// The methods of the catalogue.
const (
	Count     Method = "count"     // everyone or everything was counted
	Survey    Method = "survey"    // a sample was asked; the figure has a margin
	Certified Method = "certified" // a paper says so
)

// Operator is how a figure is held against the promise.
type Operator string

// The operators. Done asks that everything on the list (the denominator) be there.
const (
	AtLeast  Operator = ">="
	MoreThan Operator = ">"
	AtMost   Operator = "<="
	LessThan Operator = "<"
	Done     Operator = "done"
)

// State is how far a measurement has come.
type State string

// The states of a measurement; only a certified one is ever shown to the public or judged.
const (
	Measured State = "measured"
	Approved State = "certified"
	Replaced State = "replaced" // a newer measurement was recorded before this one was certified
)

// A Measurement is one reading of a target. It is never changed: a correction is a new version.
type Measurement struct {
	ID            string // empty: there is none
	Target        string
	Version       int64 // 1, 2, 3 … within a target
	Wording       int64 // of the target, under which it was measured
	Area          string
	Numerator     Amount
	Denominator   Amount
	Method        Method
	AsOf          time.Time // the day of which it speaks
	Asked         int64     // people asked, for a survey
	Low, High     Amount    // 95% interval in the unit of the target; both zero where there is none
	Evidence      string    // the document, table or survey that proves it
	EvidenceURL   string
	Note          string
	State         State
	MeasuredBy    string // account
	MeasuredName  string // public name of the account at the time
	MeasuredAt    time.Time
	CertifiedBy   string
	CertifiedName string
	CertifiedAt   time.Time
	Demo          bool // made up for demonstration
}

// Interval says whether a margin was given.
func (m Measurement) Interval() bool { return m.High > 0 }

// A Line is a target as the ledger shows it.
type Line struct {
	Target      Target
	Measurement Measurement // the one that was judged; zero where there is none
	Judgement   Judgement
}

// Due says that the line waits for a measurement by the province: its day has passed and it cannot be judged.
func (l Line) Due(now time.Time) bool {
	return l.Judgement.Verdict == NotEnough && l.Target.Over(now) && l.Target.Binding && !l.Target.Cut()
}

// A Filter picks lines; the zero value picks all.
type Filter struct {
	Plan    string
	Year    int
	Verdict Verdict
}

func (f Filter) picks(l Line) bool {
	return (f.Plan == "" || f.Plan == l.Target.Plan) && (f.Year == 0 || f.Year == l.Target.Year()) &&
		(f.Verdict == "" || f.Verdict == l.Judgement.Verdict)
}

// Latest is the certified measurement of the target's present wording that speaks of the latest day, the newest version where
// two speak of the same.
func Latest(t Target, ms []Measurement) Measurement {
	var best Measurement
	for _, m := range ms {
		if m.State == Approved && m.Wording == t.Number && (best.ID == "" || m.AsOf.After(best.AsOf) || m.AsOf.Equal(best.AsOf) && m.Version > best.Version) {
			best = m
		}
	}
	return best
}

// Years lists the years in which targets fall due, in order.
func Years(lines []Line) []int {
	var years []int
	for _, l := range lines {
		years = append(years, l.Target.Year())
	}
	slices.Sort(years)
	return slices.Compact(years)
}
