// Package sheet knows workbooks: it makes one of a form, recognises what comes back, reads it cell by cell, and gives the same
// workbook back with the faulty cells coloured. What it does not understand it refuses cell by cell, with the place, what stood
// there, why, and what to do; it guesses nothing and passes over nothing in silence. It knows no report, no place, no group and no
// store: names of rows and units are matched by functions that the caller gives.
package sheet

import (
	"banlang/internal/report/form"
)

// Known is what a reader may recognise.
type Known struct {
	Grids    []form.Grid // the forms that may be meant, each laid out with all the rows it may have
	Mappings []Mapping   // what officers said earlier about headers that are not ours

	// Match finds a row by what officers call it: a code, or the codes that it may mean, or neither. Of what is ambiguous it gives
	// no code. Nil: rows are found by their labels in the grid only.
	Match func(label string) (code string, candidates []string)
	// Unit finds a unit in workbooks that have one row a unit. Nil: the workbook is of one unit.
	Unit func(label string) (code string, candidates []string)
	// Take is given each cell instead of Reading.Cells, for files too large to be held. What it returns ends the reading.
	Take func(Cell) error
}

// How tells by what a workbook was recognised.
type How string

// The ways of recognising, in the order in which they are tried.
const (
	Stranger How = ""        // not recognised: Reading.Proposals is what to ask the officer
	ByStamp  How = "stamp"   // by the hidden sheet of a workbook that Write made
	ByMap    How = "mapping" // by what an officer said earlier about this header
	ByHeader How = "header"  // every column that is to be filled is named as the form names it
)

// A Reading is what was understood of a workbook, and what was not.
type Reading struct {
	How         How
	Stamp       Stamp // where the workbook has one. It came with the file: the caller checks what the sender may do
	Form        string
	Version     int
	Sheet       string
	Cells       []Cell
	Count       int // of cells, also where Take took them
	Refused     []Refusal
	Skipped     []Skip // rows that hold no figures of the form, or that have a remark
	More        int    // refusals and skips beyond those that are listed
	Mapping     Mapping
	Proposals   []Proposal // best first
	Fingerprint string     // of the header
	Digest      string     // of what the cells say, whatever their order and look
}

// A Cell is one value that was read.
type Cell struct {
	Unit     string // code; "" where the workbook is of one unit
	Row, Col string
	Value    form.Value
	Stated   bool   // of a cell that the form computes: for comparing, never for storing
	Sheet    string // where it stands
	At       Pos
}

// A Pos is the place of a cell in its sheet, from 1.
type Pos struct{ Col, Line int32 }

// Ref is the name of the cell as Excel writes it: C5.
func (c Cell) Ref() string { return Ref(int(c.At.Col), int(c.At.Line)) }

// A Refusal is one cell that was not understood, or must not be believed.
type Refusal struct {
	Sheet, Ref string
	Unit       string // codes, as far as they were understood
	Row, Col   string
	Text       string // what stood there
	Key        string // why and what to do: a message
	Args       []any
}

// A Skip is a row that was not read, or was read and is remarkable.
type Skip struct {
	Sheet string
	Line  int
	Text  string // its first words
	Key   string // why: a message
	Args  []any
	Read  bool // it was read
}

// A Stamp is what the hidden sheet of a workbook says of it.
type Stamp struct {
	Form    string
	Version int
	Report  string // id of the report
	Unit    string // code
	Period  string // code
	Sheet   string // name of the sheet with the form
	rows    []stamped
}

type stamped struct {
	line        int
	code, label string
}

// A Mapping is what an officer said about a header that is not ours.
type Mapping struct {
	Fingerprint string   `json:"fingerprint"`
	Form        string   `json:"form"`
	Columns     []Mapped `json:"columns"`
}

// A Mapped says what one column is.
type Mapped struct {
	Header string `json:"header"` // its header, toned and in small letters: "dân số > nam"
	Role   Role   `json:"role"`
	Row    string `json:"row"` // code, where the column is of one row: in workbooks with one row a unit
	Col    string `json:"col"`
}

// A Role is what a column holds.
type Role string

// The roles.
const (
	Ignored Role = ""
	Label   Role = "label" // names of rows
	Unit    Role = "unit"  // names of units
	Figures Role = "value"
)

// A Proposal is one sheet seen as one form: what the officer is asked about.
type Proposal struct {
	Sheet       string
	Form        string
	Top, Bottom int // rows of the header
	Score       float64
	Columns     []Guess
}

// A Guess is what a column may be.
type Guess struct {
	Number int    // from 1
	Shown  string // its header as it stands: "Dân số > Nam"
	Header string // as in a Mapping
	Role   Role
	Row    string
	Col    string  // the best guess; "" where there is none
	Score  float64 // 1: named as in the form
	Sample []string
	Before bool // its header speaks of another period or of a plan
}

// Mapping is the proposal as it stands, or as the officer corrected it.
func (p Proposal) Mapping() Mapping {
	m := Mapping{Fingerprint: p.fingerprint(), Form: p.Form}
	for _, g := range p.Columns {
		if g.Role != Ignored {
			m.Columns = append(m.Columns, Mapped{g.Header, g.Role, g.Row, g.Col})
		}
	}
	return m
}
