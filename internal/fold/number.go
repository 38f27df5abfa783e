package fold

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// A Number is the number of a document taken apart: 05/2011/NĐ-CP is 5, 2011, [nd cp]. The zero Number is none.
type Number struct {
	Num   string   // without leading zeros, with its letter: "12a"
	Year  int      // zero where the number has none
	Codes []string // folded, in order: type, bodies
}

// String is the normal form: 5/2011/nd-cp.
func (n Number) String() string {
	var b strings.Builder
	b.WriteString(n.Num)
	if n.Year != 0 {
		b.WriteString("/" + strconv.Itoa(n.Year))
	}
	if len(n.Codes) > 0 {
		b.WriteString("/" + strings.Join(n.Codes, "-"))
	}
	return b.String()
}

// Finds tells whether a document numbered d, of that year by its date (zero: not known), is one that the query n means: the same
// number, the same year where the query has one, and the query's codes among the document's, in order.
func (n Number) Finds(d Number, year int) bool {
	if n.Num == "" || n.Num != d.Num {
		return false
	}
	if n.Year != 0 && n.Year != cmp.Or(d.Year, year) {
		return false
	}
	codes := d.Codes
	for _, code := range n.Codes {
		for len(codes) > 0 && codes[0] != code {
			codes = codes[1:]
		}
		if len(codes) == 0 {
			return false
		}
		codes = codes[1:]
	}
	return true
}

// Parts counts what the query says and the document says too, for ordering: more parts equal first.
func (n Number) Parts(d Number) int {
	parts := len(n.Codes)
	if n.Year != 0 && n.Year == d.Year {
		parts++
	}
	return parts
}

// typeCodes are the words for kinds of documents, longest first, and their codes. A law (luật) has none in its number.
var typeCodes = []struct{ words, code string }{
	{"van ban hop nhat", "vbhn"}, {"thong tu lien tich", "ttlt"}, {"nghi dinh", "nd"}, {"thong tu", "tt"}, {"quyet dinh", "qd"}, {"nghi quyet", "nq"},
	{"chi thi", "ct"}, {"ke hoach", "kh"}, {"cong van", "cv"}, {"sac lenh", "sl"}, {"huong dan", "hd"}, {"bao cao", "bc"}, {"to trinh", "ttr"},
	{"thong bao", "tb"}, {"phap lenh", "pl"}, {"ket luan", "kl"}, {"chuong trinh", "ctr"}, {"bo luat", ""}, {"luat", ""},
}

const (
	numPattern  = `(\d{1,6}[a-e]?)`
	yearPattern = `((?:19|20)\d\d)`
	codePattern = `([a-z]{1,6}\d{0,2}(?:[-/][a-z]{1,8}\d{0,2}){0,4})`
)

var (
	fullNumber  = regexp.MustCompile(numPattern + `(?:[/-]` + yearPattern + `|/([4-9]\d))?[/-]` + codePattern)
	yearNumber  = regexp.MustCompile(numPattern + `/` + yearPattern)
	yearBehind  = regexp.MustCompile(`^ nam ` + yearPattern + `\b`)
	bareNumber  = regexp.MustCompile(`^(?:so )?` + numPattern + `$`)
	wordsNumber = func() *regexp.Regexp {
		var words []string
		for _, t := range typeCodes {
			words = append(words, t.words)
		}
		return regexp.MustCompile(`\b(` + strings.Join(words, "|") + `) (?:so )?` + numPattern + `\b(?:[/ ](?:nam )?` + yearPattern + `\b)?`)
	}()
	shortTypes  = `(?:nd|ttlt|ttr|tt|qd|nq|ct|kh|cv|bc|tb|hd|pl|sl|kl|vbhn)`
	looseNumber = regexp.MustCompile(`^(?:so )?` + numPattern + `(?: ` + yearPattern + `)? (` + shortTypes + `(?: [a-z]{2,8}\d{0,2}){0,2})$`)
	shortNumber = regexp.MustCompile(`^(` + shortTypes + `) (?:so )?` + numPattern + `(?:[/ ](?:nam )?` + yearPattern + `)?$`)

	besideSign   = regexp.MustCompile(` *([/-]) *`)
	letterBehind = regexp.MustCompile(`\b(\d{1,6})-([a-e])\b`)
	spaces       = regexp.MustCompile(`[\s:;,.()"“”]+`)
	dashes       = strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-", `\`, "/")
)

// queryLimit is as much of a query as is read for a number.
const queryLimit = 300

// ParseNumber reads the number of a document, or what a person typed to find one: as written, with other signs, without marks, in
// words (nghị định 05 năm 2011), loosely (101 kh ubnd), or the bare number.
func ParseNumber(text string) (Number, bool) {
	if len(text) > queryLimit {
		text = text[:queryLimit]
	}
	s := normalNumber(text)
	if m := whole(fullNumber, s, 0); m != nil {
		n := number(m.group(1), cmp.Or(m.group(2), century(m.group(3))), m.group(4))
		if y := yearBehind.FindStringSubmatch(s[m.at[1]:]); y != nil && n.Year == 0 {
			n.Year, _ = strconv.Atoi(y[1])
		}
		return n, true
	}
	if m := wordsNumber.FindStringSubmatch(s); m != nil {
		return number(m[2], m[3], typeCode(m[1])), true
	}
	if m := looseNumber.FindStringSubmatch(s); m != nil {
		return number(m[1], m[2], m[3]), true
	}
	if m := shortNumber.FindStringSubmatch(s); m != nil {
		return number(m[2], m[3], m[1]), true
	}
	if m := whole(yearNumber, s, 0); m != nil {
		return number(m.group(1), m.group(2), ""), true
	}
	if m := bareNumber.FindStringSubmatch(s); m != nil {
		return number(m[1], "", ""), true
	}
	return Number{}, false
}

// Citations lists the numbers of documents that a text cites in their full form, each once.
func Citations(text string) []Number {
	s := normalNumber(text)
	var cited []Number
	seen := map[string]bool{}
	for at := 0; at < len(s); {
		m := whole(fullNumber, s, at)
		if m == nil {
			break
		}
		at = m.at[1]
		n := number(m.group(1), cmp.Or(m.group(2), century(m.group(3))), m.group(4))
		if len(n.Codes) > 1 && !seen[n.String()] { // one code alone is as often a fraction: 5/ha
			seen[n.String()] = true
			cited = append(cited, n)
		}
	}
	return cited
}

func normalNumber(text string) string {
	s := Plain(dashes.Replace(text))
	s = besideSign.ReplaceAllString(s, "$1")
	s = strings.TrimSpace(spaces.ReplaceAllString(s, " "))
	return letterBehind.ReplaceAllString(s, "$1$2")
}

func number(num, year, codes string) Number {
	n := Number{Num: strings.TrimLeft(num, "0")}
	if n.Num == "" || n.Num[0] > '9' {
		n.Num = "0" + n.Num
	}
	n.Year, _ = strconv.Atoi(year)
	if codes != "" {
		n.Codes = strings.FieldsFunc(codes, func(r rune) bool { return r == '-' || r == '/' || r == ' ' })
	}
	return n
}

func century(year string) string {
	if year == "" {
		return ""
	}
	return "19" + year
}

func typeCode(words string) string {
	for _, t := range typeCodes {
		if t.words == words {
			return t.code
		}
	}
	return ""
}

// found is a match and where it stands.
type found struct {
	s  string
	at []int
}

func (f *found) group(i int) string {
	if f.at[2*i] < 0 {
		return ""
	}
	return f.s[f.at[2*i]:f.at[2*i+1]]
}

// whole finds the first match from i on that has no letter, digit or slash before it and no letter or digit behind:
// Go's expressions cannot look behind.
func whole(re *regexp.Regexp, s string, i int) *found {
	for i < len(s) {
		at := re.FindStringSubmatchIndex(s[i:])
		if at == nil {
			return nil
		}
		for j := range at {
			if at[j] >= 0 {
				at[j] += i
			}
		}
		start, end := at[0], at[1]
		if (start == 0 || !isWord(s[start-1]) && s[start-1] != '/') && (end == len(s) || !isWord(s[end])) {
			return &found{s, at}
		}
		i = start + 1
	}
	return nil
}

func isWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b == '_' || b >= 0x80
}
