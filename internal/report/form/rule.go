package form

// A program is a cell's Rule, parsed.
type program struct {
	Given   bool        `json:"given,omitzero"`
	Formula *Expr       `json:"calc,omitzero"`
	Tests   []Statement `json:"tests,omitzero"`
}

// An Expr is an expression of the language of rules, the same tree in Go and in form.js.
type Expr struct {
	Op   string `json:"op"`            // "num", "cell", "sum", "count", "rows", "words", "max", "min", "+", "-", "*", "/"
	N    int64  `json:"n,omitzero"`    // of "num": thousandths; of "count": the choice
	Form string `json:"form,omitzero"` // of "cell": another form, or the code of an indicator where Col is ""
	Row  string `json:"row,omitzero"`  // "" is the row at hand
	Col  string `json:"col,omitzero"`
	At   string `json:"at,omitzero"` // "prev", "year", "ytd": the period before where it lies in the same year
	Args []Expr `json:"args,omitzero"`
}

// A Statement is a comparison that holds of good values.
type Statement struct {
	Warning bool       `json:"warn,omitzero"`
	Cmp     string     `json:"cmp"`
	Left    Expr       `json:"left"`
	Right   Expr       `json:"right"`
	If      *Statement `json:"if,omitzero"`
	Words   [6]string  `json:"words"` // left, right and condition, in Vietnamese and in English
}
