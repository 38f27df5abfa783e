package form

import (
	"slices"
	"strconv"
	"strings"
)

// spoken are indicators that rules name, in words.
var spoken = map[string][2]string{
	"HH":      {"số hộ đã biết", "the known households"},
	"POP":     {"dân số đã biết", "the known population"},
	"VILLAGE": {"số thôn của xã", "the villages of the commune"},
}

// symbols are the comparisons in a condition.
var symbols = map[string]string{"lt": "<", "le": "≤", "eq": "=", "ne": "≠", "ge": "≥", "gt": ">"}

// words are the two sides of a statement and its condition as a person would say them.
func (f *Form) words(c Cell, s Statement, lang string) []string {
	when := ""
	if s.If != nil {
		when = either(lang, " khi ", " when ") + f.say(c, s.If.Left, lang) + " " + symbols[s.If.Cmp] + " " + f.say(c, s.If.Right, lang)
	}
	return []string{f.say(c, s.Left, lang), f.say(c, s.Right, lang), when}
}

func (f *Form) say(c Cell, e Expr, lang string) string {
	switch e.Op {
	case "num":
		return number(e.N, lang)
	case "rows":
		return either(lang, "số dòng", "the number of rows")
	case "sum":
		return either(lang, "tổng ", "the sum of ") + f.call(Member, e.Col, lang)
	case "words":
		return either(lang, "số chữ của ", "the number of words of ") + f.call(c.Row, e.Col, lang)
	case "count":
		for _, cell := range f.Cells {
			if cell.Row == Member && cell.Col == e.Col {
				choice := cell.Choices[e.N-1]
				return either(lang, "số dòng chọn “", "rows that say “") + choice.Name(lang) + "”"
			}
		}
	case "max", "min":
		sides := f.say(c, e.Args[0], lang) + either(lang, " và ", " and ") + f.say(c, e.Args[1], lang)
		if e.Op == "max" {
			return either(lang, "số lớn hơn trong ", "the larger of ") + sides
		}
		return either(lang, "số nhỏ hơn trong ", "the smaller of ") + sides
	case "cell":
		return f.sayCell(c, e, lang)
	}
	symbol := strings.NewReplacer("*", "×", "/", "÷", "-", "−").Replace(e.Op)
	left, right := f.say(c, e.Args[0], lang), f.say(c, e.Args[1], lang)
	if additive(e.Args[0]) && !additive(e) {
		left = "(" + left + ")"
	}
	if additive(e.Args[1]) && e.Op != "+" || e.Args[1].Op == "*" && e.Op == "/" || e.Args[1].Op == "/" && !additive(e) {
		right = "(" + right + ")"
	}
	return left + " " + symbol + " " + right
}

func additive(e Expr) bool { return e.Op == "+" || e.Op == "-" }

func (f *Form) sayCell(c Cell, e Expr, lang string) string {
	switch {
	case e.Form != "" && e.Col != "":
		return either(lang, "số ở biểu ", "the figure in form ") + e.Form
	case e.Form != "":
		if w, ok := spoken[e.Form]; ok {
			return either(lang, w[0], w[1])
		}
		return either(lang, "chỉ tiêu ", "indicator ") + e.Form
	}
	row := e.Row
	if row == "" {
		row = c.Row
	}
	text := f.call(row, e.Col, lang)
	if e.Row != "" && e.Row != c.Row {
		i := slices.IndexFunc(f.Cells, func(x Cell) bool { return x.Row == row })
		text = either(lang, f.Cells[i].RowVI, f.Cells[i].RowEN) + ": " + text
	}
	switch e.At {
	case "prev", "ytd":
		text += either(lang, " kỳ trước", " of the period before")
	case "year":
		text += either(lang, " năm trước", " of the year before")
	}
	return text
}

// call is the label of a column, quoted.
func (f *Form) call(row, col, lang string) string {
	for _, c := range f.Cells {
		if c.Row == row && c.Col == col {
			return "“" + bare(either(lang, c.ColVI, c.ColEN)) + "”"
		}
	}
	return col
}

// number writes thousandths.
func number(n int64, lang string) string {
	text := strconv.FormatFloat(float64(n)/1000, 'f', -1, 64)
	if lang != "en" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}
