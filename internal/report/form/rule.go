package form

import (
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fault"
)

// A program is a cell's Rule, parsed. The language, statements parted by semicolons:
//
//	given                                the system says the value; it comes first and alone or with comparisons
//	calc male + female                   how the value is made; + - * / ( ), sum(col) and count(col = choice) over the
//	                                     members, rows (how many members), max(a, b), min(a, b)
//	poor + near <= hh                    what good values satisfy: < <= = != >= >
//	warn hhelec = 0 if elec = 0          what they usually satisfy, here only where a condition holds
//
// An operand is a number, a column of the same row (hh), a cell of another row (T.hh), one of another period (poor@prev,
// poor@year, paid@ytd: the period before in the same year), one of another form (@BM01.hh of the same row, @BM05.both.all), an
// indicator's last figure for the member or the unit (@HH), or the length of a text (words(why)).
type program struct {
	Given   bool        `json:"given,omitzero"`
	Formula *Expr       `json:"calc,omitzero"`
	Tests   []Statement `json:"tests,omitzero"`
}

// An Expr is an expression of the language of rules, the same tree in Go and in form.js.
type Expr struct {
	Op   string `json:"op"`            // "num", "cell", "sum", "count", "rows", "words", "max", "min", "+", "-", "*", "/"
	N    int64  `json:"n,omitzero"`    // of "num": thousandths; of "count": the place of the choice
	Form string `json:"form,omitzero"` // of "cell": another form, or the code of an indicator where Col is ""
	Row  string `json:"row,omitzero"`  // "" is the row at hand
	Col  string `json:"col,omitzero"`
	At   string `json:"at,omitzero"` // "prev", "year", "ytd"
	Args []Expr `json:"args,omitzero"`
}

// A Statement is a comparison.
type Statement struct {
	Warning bool       `json:"warn,omitzero"`
	Cmp     string     `json:"cmp"` // "lt", "le", "eq", "ne", "ge", "gt"
	Left    Expr       `json:"left"`
	Right   Expr       `json:"right"`
	If      *Statement `json:"if,omitzero"`
	Words   []string   `json:"words,omitzero"` // left, right and condition, in Vietnamese and then in English
}

var comparisons = map[string]string{"<": "lt", "<=": "le", "=": "eq", "!=": "ne", ">=": "ge", ">": "gt"}

// Compile parses the rules of every cell. It fails with a fault that names the cell and says what is not understood.
func (f *Form) Compile() error {
	f.Cells = slices.Clone(f.Cells)
	for i := range f.Cells {
		c := &f.Cells[i]
		p := parser{form: f, cell: *c, rest: c.Rule}
		program, err := p.program()
		if err != nil {
			return err
		}
		c.program = program
	}
	return f.acyclic()
}

// A parser reads one rule. Its methods panic with a fault, which program returns.
type parser struct {
	form *Form
	cell Cell
	rest string
}

func (p *parser) fail(key string, args ...any) {
	panic(fault.Field("rule", key, append([]any{"Cell", ID(p.cell.Row, p.cell.Col), "Rule", p.cell.Rule}, args...)...))
}

func (p *parser) program() (out program, err error) {
	defer func() {
		if r := recover(); r != nil {
			wrong, ok := r.(*fault.Fault)
			if !ok {
				panic(r)
			}
			err = wrong
		}
	}()
	if len(p.rest) > 1000 {
		p.fail("form.rule.long")
	}
	for p.space(); p.rest != ""; p.space() {
		switch {
		case p.word("given"):
			out.Given = true
		case p.word("calc"):
			e := p.sum()
			out.Formula = &e
		default:
			out.Tests = append(out.Tests, p.statement(p.word("warn"), true))
		}
		if !p.take(";") && p.rest != "" {
			p.fail("form.rule.rest", "Text", p.rest)
		}
	}
	switch computed := p.cell.Input != Typed; {
	case computed != (out.Given || out.Formula != nil), out.Given && out.Formula != nil:
		p.fail("form.rule.input")
	case out.Formula != nil && elsewhere(*out.Formula):
		p.fail("form.rule.elsewhere")
	case p.cell.Type == Text && out.Formula != nil, p.cell.Type == Choose && computed:
		p.fail("form.rule.input")
	}
	return out, nil
}

// elsewhere tells that an expression looks beyond the form, which a formula may not.
func elsewhere(e Expr) bool {
	return e.Form != "" || e.At != "" || slices.ContainsFunc(e.Args, elsewhere)
}

func (p *parser) statement(warning, conditional bool) Statement {
	s := Statement{Warning: warning, Left: p.sum()}
	for _, symbol := range []string{"<=", ">=", "!=", "<", ">", "="} {
		if p.take(symbol) {
			s.Cmp = comparisons[symbol]
			break
		}
	}
	if s.Cmp == "" {
		p.fail("form.rule.compare", "Text", p.rest)
	}
	s.Right = p.sum()
	if conditional {
		if p.word("if") {
			when := p.statement(false, false)
			s.If = &when
		}
		s.Words = append(p.form.words(p.cell, s, ""), p.form.words(p.cell, s, "en")...)
	}
	return s
}

func (p *parser) sum() Expr {
	e := p.product()
	for {
		switch {
		case p.take("+"):
			e = Expr{Op: "+", Args: []Expr{e, p.product()}}
		case p.take("-"):
			e = Expr{Op: "-", Args: []Expr{e, p.product()}}
		default:
			return e
		}
	}
}

func (p *parser) product() Expr {
	e := p.operand()
	for {
		switch {
		case p.take("*"):
			e = Expr{Op: "*", Args: []Expr{e, p.operand()}}
		case p.take("/"):
			e = Expr{Op: "/", Args: []Expr{e, p.operand()}}
		default:
			return e
		}
	}
}

func (p *parser) operand() Expr {
	if p.take("(") {
		e := p.sum()
		p.must(")")
		return e
	}
	if p.take("@") {
		return p.elsewhere()
	}
	if n := p.digits(); n != "" {
		whole, _ := strconv.ParseInt(n, 10, 64)
		e := Expr{Op: "num", N: whole * 1000}
		if p.rest != "" && p.rest[0] == '.' {
			p.rest = p.rest[1:]
			part := (p.digits() + "000")[:3]
			thousandths, _ := strconv.ParseInt(part, 10, 64)
			e.N += thousandths
		}
		return e
	}
	name := p.name()
	if p.take("(") {
		return p.call(name)
	}
	if name == "rows" {
		return Expr{Op: "rows"}
	}
	e := Expr{Op: "cell", Col: name}
	if p.dot() {
		e.Row, e.Col = name, p.name()
	}
	p.known(e.Row, e.Col)
	if p.take("@") {
		if e.At = p.name(); !slices.Contains([]string{"prev", "year", "ytd"}, e.At) {
			p.fail("form.rule.period", "Text", e.At)
		}
	}
	return e
}

// elsewhere reads what follows an @: a cell of another form or an indicator.
func (p *parser) elsewhere() Expr {
	e := Expr{Op: "cell", Form: p.name()}
	if p.dot() {
		e.Col = p.name()
		if p.dot() {
			e.Row, e.Col = e.Col, p.name()
		}
	}
	return e
}

func (p *parser) call(name string) Expr {
	var e Expr
	switch name {
	case "sum", "words", "count":
		e = Expr{Op: name, Col: p.name()}
		row := p.cell.Row
		if name != "words" {
			row = Member
		}
		c := p.known(row, e.Col)
		if name == "count" {
			p.must("=")
			choice := p.name()
			e.N = 1 + int64(slices.IndexFunc(c.Choices, func(o Choice) bool { return o.Code == choice }))
			if e.N == 0 {
				p.fail("form.rule.unknown", "Text", choice)
			}
		}
	case "max", "min":
		e = Expr{Op: name, Args: []Expr{p.sum()}}
		p.must(",")
		e.Args = append(e.Args, p.sum())
	default:
		p.fail("form.rule.unknown", "Text", name+"()")
	}
	p.must(")")
	return e
}

// known is the cell of a row and column, which must be there; row "" is the row of the rule.
func (p *parser) known(row, col string) Cell {
	if row == "" {
		row = p.cell.Row
	}
	i := slices.IndexFunc(p.form.Cells, func(c Cell) bool { return c.Row == row && c.Col == col })
	if i < 0 {
		p.fail("form.rule.unknown", "Text", ID(row, col))
	}
	return p.form.Cells[i]
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *parser) take(symbol string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, symbol)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) must(symbol string) {
	if !p.take(symbol) {
		p.fail("form.rule.want", "Want", symbol, "Text", p.rest)
	}
}

// word takes a keyword.
func (p *parser) word(keyword string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, keyword)
	if !ok || rest != "" && !strings.ContainsRune(" \t\r\n;", rune(rest[0])) {
		return false
	}
	p.rest = rest
	return true
}

func (p *parser) dot() bool {
	rest, ok := strings.CutPrefix(p.rest, ".")
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) digits() string {
	p.space()
	i := 0
	for i < len(p.rest) && p.rest[i] >= '0' && p.rest[i] <= '9' {
		i++
	}
	if i > 9 {
		p.fail("form.rule.long")
	}
	n := p.rest[:i]
	p.rest = p.rest[i:]
	return n
}

func (p *parser) name() string {
	p.space()
	i := 0
	for i < len(p.rest) && nameByte(p.rest[i]) {
		i++
	}
	if i == 0 {
		p.fail("form.rule.want", "Want", "a-z", "Text", p.rest)
	}
	n := p.rest[:i]
	p.rest = p.rest[i:]
	return n
}

func nameByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// acyclic refuses formulas that need each other.
func (f *Form) acyclic() error {
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(row, col string) error
	var walk func(e Expr, row string) error
	walk = func(e Expr, row string) error {
		if e.Op == "sum" || e.Op == "count" {
			return visit(Member, e.Col)
		}
		if e.Op == "cell" && e.Form == "" && e.At == "" {
			if e.Row != "" {
				row = e.Row
			}
			return visit(row, e.Col)
		}
		for _, a := range e.Args {
			if err := walk(a, row); err != nil {
				return err
			}
		}
		return nil
	}
	visit = func(row, col string) error {
		i := slices.IndexFunc(f.Cells, func(c Cell) bool { return c.Row == row && c.Col == col })
		if i < 0 || f.Cells[i].program.Formula == nil || state[ID(row, col)] == done {
			return nil
		}
		if state[ID(row, col)] == open {
			return fault.Field("rule", "form.rule.circle", "Cell", ID(row, col), "Rule", f.Cells[i].Rule)
		}
		state[ID(row, col)] = open
		if err := walk(*f.Cells[i].program.Formula, row); err != nil {
			return err
		}
		state[ID(row, col)] = done
		return nil
	}
	for _, c := range f.Cells {
		if err := visit(c.Row, c.Col); err != nil {
			return err
		}
	}
	return nil
}
