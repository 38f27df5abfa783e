package sheet

import (
	"regexp"
	"slices"
	"strings"

	"banlang/internal/fold"
	"banlang/internal/report/form"
)

// A matcher finds rows and units by what officers call them. It asks the caller once a label.
type matcher struct {
	known  Known
	stamp  map[string][]stamped // rows by toned label
	rows   map[matched]answer
	units  map[string]answer
	legacy fold.Encoding // of most texts of the sheet at hand
	forced int           // labels that were read in more ways than one
	work   int           // columns that were compared
}

type matched struct {
	form, label string
}

// An answer is a code, or what may be meant.
type answer struct {
	code       string
	candidates []string
	said       bool // the label has letters: it is a name at all
}

const (
	maxAnswers = 1 << 16 // labels that are remembered
	maxForced  = 6000    // labels that are read in more ways than one
)

func newMatcher(k Known, s Stamp) *matcher {
	m := &matcher{known: k, stamp: map[string][]stamped{}, rows: map[matched]answer{}, units: map[string]answer{}}
	for _, r := range s.rows {
		key := fold.Toned(r.label)
		m.stamp[key] = append(m.stamp[key], r)
	}
	return m
}

// readings are the ways of reading a label, one alone where so many have been read already that the file is no officer's.
func (m *matcher) readings(label string, sheet fold.Encoding) []string {
	if m.forced >= maxForced {
		return []string{decode(label)}
	}
	ways := readings(label, sheet)
	if len(ways) > 1 {
		m.forced++
	}
	return ways
}

// at turns to another sheet.
func (m *matcher) at(h *head) {
	if m.legacy != h.legacy {
		m.legacy = h.legacy
		clear(m.rows)
		clear(m.units)
	}
}

// totals are the names of the row of sums.
var totals = []string{"tong so", "tong cong", "tong", "cong", "toan xa", "toan tinh", "ca nuoc", "tong cong toan xa", "tong so toan xa", "total", "chung"}

// numbered is what stands before a name: 1. or I/ or a) or - or +.
var numbered = regexp.MustCompile(`^\s*(?:\(?(?:\d{1,3}|[IVX]{1,5}|[a-zđ])[.)/]|[-–+*•])\s*`)

func unnumbered(label string) string { return numbered.ReplaceAllString(label, "") }

// row finds the row of a label that stands in a line of the sheet.
func (m *matcher) row(x *index, label string, no int) (string, answer) {
	if len(m.stamp) > 0 {
		stamps := m.stamp[fold.Toned(label)]
		for _, s := range stamps {
			if len(stamps) == 1 || s.line == no {
				return s.code, answer{code: s.code, said: true}
			}
		}
	}
	key := matched{x.grid.Form.Code, label}
	a, ok := m.rows[key]
	if !ok {
		a = m.findRow(x, label)
		if len(m.rows) < maxAnswers {
			m.rows[key] = a
		}
	}
	return a.code, a
}

func (m *matcher) findRow(x *index, label string) answer {
	var none answer
	for _, name := range m.names(label) {
		none.said = none.said || hasLetter(name)
		if a := m.named(x, name); hasLetter(name) && (a.code != "" || len(a.candidates) > 0) {
			a.said = true
			return a
		}
	}
	if _, ok := x.rows[form.Total]; ok && m.total(label) {
		return answer{code: form.Total, said: true}
	}
	return none
}

// names are what a label may say, with and without the number before it.
func (m *matcher) names(label string) []string {
	var list []string
	for _, said := range m.readings(label, m.legacy) {
		list = append(list, said)
		if bare := unnumbered(said); bare != said {
			list = append(list, bare)
		}
	}
	return list
}

// total tells the row of sums.
func (m *matcher) total(label string) bool {
	return slices.ContainsFunc(m.names(label), func(name string) bool { return slices.Contains(totals, fold.Key(name)) })
}

// shown is a label as a message shows it.
func (m *matcher) shown(label string) string {
	if m.legacy == fold.Unicode {
		return clip(decode(label))
	}
	return clip(m.readings(label, m.legacy)[0])
}

// named asks in this order: rows that are no members, what the caller knows, labels of the grid with their marks, and without
// them where none were typed.
func (m *matcher) named(x *index, name string) answer {
	toned := fold.Toned(name)
	for _, code := range x.toned[toned] {
		if x.rows[code].Kind != "member" {
			return answer{code: code}
		}
	}
	if m.known.Match != nil {
		code, candidates := m.known.Match(name)
		if len(candidates) > 1 || code == "" && len(candidates) > 0 {
			return answer{candidates: candidates}
		}
		if _, ok := x.rows[code]; ok {
			return answer{code: code}
		}
	}
	codes := x.toned[toned]
	if len(codes) == 0 {
		if key := fold.Key(name); key == toned { // typed without marks
			codes = x.keys[key]
		} else if near := x.keys[key]; len(near) > 0 { // with others than ours
			return answer{candidates: near}
		}
	}
	if len(codes) == 1 {
		return answer{code: codes[0]}
	}
	return answer{candidates: codes}
}

// unit finds the unit of a label.
func (m *matcher) unit(label string) (string, answer) {
	if m.known.Unit == nil {
		return "", answer{}
	}
	a, ok := m.units[label]
	if !ok {
		for _, name := range m.names(label) {
			if !hasLetter(name) {
				continue
			}
			a.said = true
			a.code, a.candidates = m.known.Unit(name)
			if len(a.candidates) > 1 {
				a.code = ""
			}
			if a.code != "" || len(a.candidates) > 0 {
				break
			}
		}
		if len(m.units) < maxAnswers {
			m.units[label] = a
		}
	}
	return a.code, a
}

func hasLetter(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 0xBF }) >= 0
}
