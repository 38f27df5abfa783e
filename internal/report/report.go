// Package report knows which figures are asked of whom and when: the forms in use, their periods, and each unit's report on its
// way from the first figure typed to the ministry. What a form is and checks is package form's, how a workbook is read package
// sheet's, and what a certified figure means afterwards package fact's.
package report

import (
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// A State says how far a report has come.
type State string

// The states of a report. Locked is the state of a period, and of every report in it.
const (
	Open      State = "open"      // đang mở: figures are entered
	Entered   State = "entered"   // đã nhập: handed in, waits for the leader of the unit
	Certified State = "certified" // đã xác nhận: its figures hold
	Sent      State = "sent"      // đã gửi: waits for the province
	Returned  State = "returned"  // trả lại, with remarks
	Accepted  State = "accepted"  // đã nhận
	Locked    State = "locked"    // đã khoá
)

// States lists the states in their order.
var States = []State{Open, Entered, Certified, Sent, Returned, Accepted}

// A Mark is who did something, and when. Zero: nobody yet.
type Mark struct {
	By   string // account
	Name string // public name at the time
	At   time.Time
}

// A Period (kỳ báo cáo) is a form asked of every unit of an area for a stretch of time.
type Period struct {
	ID         string
	Form       string
	Version    int
	Period     fact.Period
	Area       place.ID
	Opens      place.Date
	CertifyDue place.Date
	SendDue    place.Date // the last day that counts as in time
	FinalDue   place.Date
	State      State // Open or Locked
	Opened     Mark
	Locked     Mark
	Asked      Mark // for opening it again
	AskedWhy   string
	Submitted  Mark // by the statistician, for the ministry
	Ministry   Mark // sent on by the province's leader
	Demo       bool
}

// A Report (báo cáo) is what one unit says in one form of one period.
type Report struct {
	ID        string
	Period    string
	Unit      place.ID
	State     State
	Version   int64      // how often it was certified
	Rev       int64      // how often its cells were changed
	Axis      []form.Row // the member rows, as they were when it was opened and with those added since
	Hands     []string   // accounts that entered figures
	Entered   Mark       // the last hand
	Certified Mark
	Sent      Mark
	FirstSent time.Time // timeliness is judged by it: a correction later does not make a report late
	Accepted  Mark
	Filled    int // cells to be typed that are answered
	Wanted    int
	Demo      bool
}

// A Cell is what somebody typed into a cell of a report.
type Cell struct {
	Name   string
	Value  form.Value
	File   string // report_file it came in; "" typed
	Source string // sheet and cell in the file: "Biểu!C7"
	By     Mark
	Rev    int64
}

// A Remark is what the province says about a cell of a report that it returns; Cell "" is the whole report.
type Remark struct {
	ID   string
	Cell string
	Text string
	By   Mark
	Done bool // the cell was changed or explained since
}

// A Step is something done to a report or a period.
type Step struct {
	Act    string // act of the catalogue, or "report.…" where the catalogue has none
	By     Mark
	After  State
	Reason string
}

// A Version is a report as it was certified.
type Version struct {
	Number    int64
	Axis      []form.Row
	Values    form.Values
	Batch     string // of facts
	Certified Mark
}

// A File is a workbook that came in.
type File struct {
	ID, Report, Name string
	Ref              string
	Size             int64
	Outcome          string // "" tried only, "all", "good"
	By               Mark
}

// A Paper is a report laid out: everything that a page about it shows.
type Paper struct {
	Report
	Period   Period
	Form     form.Form
	Grid     form.Grid
	Unit     place.Unit
	Cells    map[string]Cell
	Values   form.Values // what was typed and what follows from it
	Past     form.Past
	Findings []form.Finding
	Remarks  []Remark
	Back     Step // who sent it back to be mended, and why; zero where nobody did

	files map[string]string // names of the workbooks that some of its cells came in
}

// Effective is the report's state as the rights know it: in a locked period everything is locked.
func (p Paper) Effective() State { return effective(p.Report, p.Period) }

func effective(r Report, p Period) State {
	if p.State == Locked {
		return Locked
	}
	return r.State
}

// thing is the report as rights know it.
func (p Paper) thing() duty.Thing {
	return duty.Thing{Area: string(p.Report.Unit), Hands: p.Hands, State: string(p.Effective())}
}

// Provincial says that the unit is the one that asks: its report is done when its leader has certified it.
func (p Period) Provincial(unit place.ID) bool { return unit == p.Area }

// Done says that nothing more is expected of the unit.
func Done(r Report, p Period) bool {
	switch r.State {
	case Sent, Accepted:
		return true
	case Certified:
		return p.Provincial(r.Unit)
	}
	return false
}

// InTime says that the report was first sent no later than its last day.
func InTime(r Report, p Period) bool {
	at := r.FirstSent
	if p.Provincial(r.Unit) {
		at = r.Certified.At
	}
	return !at.IsZero() && place.DateOf(at) <= p.SendDue
}

// Late says that the last day has passed and the report is not there.
func Late(r Report, p Period, today place.Date) bool { return today > p.SendDue && !Done(r, p) }
