package form

// A State says what a cell holds.
type State string

// The states of a value. Empty is never 0.
const (
	Empty   State = ""
	Known   State = "known"
	Unknown State = "unknown" // asked, and the answer was "chưa biết"
	Bad     State = "bad"     // something was typed that is not understood
)

// A Value is what stands in a cell.
type Value struct {
	Text  string `json:"text"` // as typed; "" in computed cells
	N     int64  `json:"n"`    // scaled by the cell's decimals; 1 or 0 of a Bool, the place from 1 of a choice, the words of a text
	State State  `json:"state"`
	Key   string `json:"key"`  // why it is Bad: a message that takes Text
	Note  string `json:"note"` // the officer's explanation of an exception; it silences warnings
}

// Values are what stands in the cells of a grid, by their names.
type Values map[string]Value

// A Past is what the checks compare with. Any part may be missing: then its checks are left out. Whole numbers are scaled as the
// cell's own values are.
type Past struct {
	Prev     map[string]int64  `json:"prev"`      // by cell: the period before
	SameYear bool              `json:"same_year"` // the period before lies in the same year
	Year     map[string]int64  `json:"year"`      // by cell: the same period of the year before
	Other    map[string]int64  `json:"other"`     // by Need.Key: cells of other forms and figures of the unit or the village
	History  map[string]Spread `json:"history"`   // by cell: its own earlier values
	Near     map[string]Spread `json:"near"`      // by cell: the same cell of other communes, for 1,000 inhabitants
	People   int64             `json:"people"`    // inhabitants of the unit; 0 not known
}

// A Spread is the middle of a list of values and how far they lie from it.
type Spread struct {
	N      int     `json:"n"`      // how many values
	Median float64 `json:"median"` // the value in the middle
	MAD    float64 `json:"mad"`    // the median of the distances to it
}

// A Need names a figure beside the form that its rules look at; the report finds it and puts it into Past.Other under Key.
type Need struct {
	Key       string // "BM01.tay.hh", "HH.thon-1", "VILLAGE"
	Form      string // of another form's cell in the same unit and period; Row and Col name it
	Row, Col  string
	Indicator string // or of an indicator's last known figure: of the member named by Row, or of the unit
}

// A Severity says what a finding asks for.
type Severity string

// The severities. An error must be put right; a warning is put right or explained; what is empty must be filled, or said to be unknown.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Missing Severity = "empty"
)

// A Finding is one thing that the checks have to say about a cell. Key is a message, Args its names and values; words that
// depend on the language come twice: Left, LeftEN.
type Finding struct {
	Cell     string   `json:"cell"`
	Severity Severity `json:"severity"`
	Key      string   `json:"key"`
	Args     []any    `json:"args"`
}

// An Entry is one figure that a certified report says.
type Entry struct {
	Indicator string
	Only      map[string]string // "group": "tay", "sex": "male", "village": ID, "item": "project:P1"
	N         int64             // scaled by 10^Decimals
	Decimals  int
	Unknown   bool
	CellID    string
}
