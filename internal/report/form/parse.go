package form

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	mostDigits  = 9    // before the decimal mark; sums of a thousand rows stay exact in the browser
	longestText = 2000 // characters
)

// blank is what counts as space, the same characters in form.js.
var blank = regexp.MustCompile("[\t-\r \u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+")

// tidy makes one space of every run of blanks and one form of the signs of numbers.
func tidy(text string) string {
	return strings.Trim(blank.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), " "), " ")
}

func sign(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	case r == '，':
		return ','
	case r == '．':
		return '.'
	case r >= '‐' && r <= '―' || r == '−' || r == '－':
		return '-'
	case r == '’':
		return '\''
	}
	return r
}

// plain is a text without marks, in small letters where they are of the Vietnamese alphabet.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x300 && r <= 0x36f:
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == 'đ' || r == 'Đ':
			return 'd'
		}
		return r
	}, norm.NFD.String(text))
}

var (
	notKnown = []string{"chua biet", "khong biet", "chua ro", "khong ro", "unknown", "not known"}
	yes      = []string{"1", "co", "yes", "true", "dung"}
	no       = []string{"0", "khong", "no", "false", "sai"}
)

// Parse reads what was typed into a cell. It never guesses: a dash, a fraction where persons are counted or a sign that may mean
// thousands or decimals is Bad, with the message that asks.
func Parse(text string, c Cell) Value {
	v := Value{Text: text}
	s := tidy(text)
	if s == "" {
		return v
	}
	if c.Type == Text {
		if utf8.RuneCountInString(s) > longestText {
			return v.bad("form.bad.long")
		}
		v.N, v.State = int64(strings.Count(s, " ")+1), Known
		return v
	}
	s = strings.Map(sign, s)
	word := plain(s)
	switch {
	case slices.Contains(notKnown, word):
		v.State = Unknown
		return v
	case strings.Trim(s, "-") == "":
		return v.bad("form.bad.dash")
	}
	switch c.Type {
	case Bool:
		if v.State = Known; slices.Contains(yes, word) {
			v.N = 1
		} else if !slices.Contains(no, word) {
			return v.bad("form.bad.bool")
		}
		return v
	case Choose:
		for i, o := range c.Choices {
			if word == plain(o.Code) || word == plain(tidy(o.VI)) || word == plain(tidy(o.EN)) {
				v.N, v.State = int64(i+1), Known
				return v
			}
		}
		return v.bad("form.bad.choice")
	}
	return v.number(s, c.Decimals())
}

func (v Value) bad(key string) Value {
	v.N, v.State, v.Key = 0, Bad, key
	return v
}

// number reads digits with Vietnamese or English marks: a point or a space between thousands and a comma before decimals, or the
// other way round where it is beyond doubt.
func (v Value) number(s string, decimals int) Value {
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	groups := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	marks := strings.FieldsFunc(s, func(r rune) bool { return r >= '0' && r <= '9' })
	if len(groups) == 0 || len(marks) != len(groups)-1 || s[0] < '0' || s[0] > '9' {
		return v.bad("form.bad.number")
	}
	for _, m := range marks {
		if len(m) > 1 || !strings.Contains("., '", m) {
			return v.bad("form.bad.number")
		}
	}
	whole, part, last := groups, "", len(marks)-1
	switch {
	case last < 0 || grouped(groups, marks):
		if last == 0 && marks[0] == "," && decimals > 0 {
			return v.bad("form.bad.comma")
		}
	case strings.Contains(".,", marks[last]) && (last == 0 || marks[last] != marks[0] && grouped(groups[:last+1], marks[:last])):
		whole, part = groups[:last+1], strings.TrimRight(groups[last+1], "0")
	default:
		return v.bad("form.bad.number")
	}
	digits := strings.TrimLeft(strings.Join(whole, ""), "0")
	switch {
	case part != "" && decimals == 0:
		return v.bad("form.bad.whole")
	case len(part) > decimals:
		return v.bad("form.bad.decimals")
	case len(digits) > mostDigits:
		return v.bad("form.bad.large")
	}
	v.N, _ = strconv.ParseInt("0"+digits+(part + "000")[:decimals], 10, 64)
	if negative {
		v.N = -v.N
	}
	v.State = Known
	return v
}

// grouped tells that a number is whole and written in groups of three, such as 1.234.567.
func grouped(groups, marks []string) bool {
	if len(groups[0]) > 3 || groups[0][0] == '0' {
		return false
	}
	for i, m := range marks {
		if m != marks[0] || len(groups[i+1]) != 3 {
			return false
		}
	}
	return true
}
