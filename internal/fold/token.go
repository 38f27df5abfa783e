package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Token is one word of a text: a syllable, a number, or a cluster (a letter with its signs) of a script written without spaces.
type Token struct {
	Toned, Folded string
	Start, End    int    // bytes of the text it was read from
	Joined        bool   // goes on the run of clusters of the token before: nothing stands between them
	Digits        string // the value of a Roman numeral after a counting word: "15" for khoá XV
}

// Marked tells whether the word carries marks, so that a reader who typed it meant them.
func (t Token) Marked() bool { return t.Toned != t.Folded }

// Tokens reads a text into words. Apostrophes inside a word vanish, groups of thousands join, leading zeros go;
// everything that is no letter, digit or mark separates, and so does a change of script.
func Tokens(text string) []Token { return AppendTokens(nil, text) }

// AppendTokens is Tokens into a slice of the caller.
func AppendTokens(tokens []Token, text string) []Token {
	cleaned, at := clean(text)
	s := scanner{text: cleaned, tokens: tokens, first: len(tokens)}
	for s.pos < len(s.text) {
		s.next()
	}
	if at != nil {
		for i := s.first; i < len(s.tokens); i++ {
			t := &s.tokens[i]
			t.Start, t.End = at[t.Start], at[t.End]
		}
	}
	return s.tokens
}

// scanner walks over cleaned text.
type scanner struct {
	text   string
	pos    int
	tokens []Token
	first  int
	runEnd int // where the last cluster ended
}

func (s *scanner) next() {
	r, n := utf8.DecodeRuneInString(s.text[s.pos:])
	switch {
	case isDigit(r):
		s.number()
	case !unicode.IsLetter(r), isApostrophe(r):
		s.pos += n
	default:
		if script := scriptOf(r); script.clusters() {
			s.cluster(script)
		} else {
			s.word(script, s.pos)
		}
	}
}

// number reads digits. 1.000.000 is one number, 12,5 and 1.2.2025 are not; letters that follow make it a word: 12a.
func (s *scanner) number() {
	start := s.pos
	end := digits(s.text, start)
	if end-start <= 3 && s.text[start] != '0' && !touches(s.text, start) {
		if grouped := thousands(s.text, end); grouped > end {
			s.addNumber(strings.NewReplacer(".", "", ",", "").Replace(s.text[start:grouped]), start, grouped)
			return
		}
	}
	if r, _ := utf8.DecodeRuneInString(s.text[end:]); unicode.IsLetter(r) && !isApostrophe(r) && !scriptOf(r).clusters() {
		s.word(scriptOf(r), start)
		return
	}
	s.addNumber(s.text[start:end], start, end)
}

func (s *scanner) addNumber(number string, start, end int) {
	number = strings.TrimLeft(strings.Map(digit, number), "0")
	if number == "" {
		number = "0"
	}
	s.add(Token{Toned: number, Folded: number, Start: start, End: end})
	s.pos = end
}

// thousands returns the end of the groups of three that follow a number at end, or end where they are no such groups.
func thousands(text string, end int) int {
	if end >= len(text) || text[end] != '.' && text[end] != ',' {
		return end
	}
	sign, i := text[end], end
	for i < len(text) && text[i] == sign {
		next := digits(text, i+1)
		if next-i-1 != 3 {
			if next == i+1 {
				break // a full stop or comma behind the number
			}
			return end
		}
		i = next
	}
	if r, _ := utf8.DecodeRuneInString(text[i:]); unicode.IsLetter(r) {
		return end
	}
	return i
}

// touches tells whether a number goes on from digits and a sign before it.
func touches(text string, start int) bool {
	return start >= 2 && (text[start-1] == '.' || text[start-1] == ',') && text[start-2] >= '0' && text[start-2] <= '9'
}

func digits(text string, i int) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !isDigit(r) {
			break
		}
		i += n
	}
	return i
}

// word reads letters of one script with their marks, digits between them, and apostrophes between letters.
func (s *scanner) word(script script, start int) {
	i, apostrophe, seen := start, false, false
	for i < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case isDigit(r), unicode.Is(unicode.M, r):
		case unicode.IsLetter(r) && !isApostrophe(r) && scriptOf(r) == script:
			seen = true
		case isApostrophe(r) && seen && s.letterAt(i+n, script):
			apostrophe = true
		default:
			n = 0
		}
		if n == 0 {
			break
		}
		i += n
	}
	s.pos = i
	word := s.text[start:i]
	if apostrophe {
		word = strings.Map(func(r rune) rune {
			if isApostrophe(r) {
				return -1
			}
			return r
		}, word)
	}
	t := Token{Start: start, End: i}
	if script == latin {
		k := keysOf(word)
		t.Toned, t.Folded = k.toned, k.folded
	} else {
		t.Toned = strings.ToLower(word)
		t.Folded = t.Toned
	}
	if value, ok := roman(t.Toned); ok && s.counted() {
		t.Digits = value
	}
	s.add(t)
}

func (s *scanner) letterAt(i int, script script) bool {
	r, _ := utf8.DecodeRuneInString(s.text[i:])
	return unicode.IsLetter(r) && scriptOf(r) == script
}

// cluster reads one letter with its signs. The Khmer coeng binds the next letter.
func (s *scanner) cluster(script script) {
	start := s.pos
	_, n := utf8.DecodeRuneInString(s.text[s.pos:])
	i := s.pos + n
	bound := false
	for i < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		if !unicode.Is(unicode.M, r) && !(bound && unicode.IsLetter(r)) {
			break
		}
		bound = r == '\u17D2'
		i += n
	}
	key := strings.Clone(s.text[start:i])
	joined := len(s.tokens) > s.first && s.runEnd == start
	s.add(Token{Toned: key, Folded: key, Start: start, End: i, Joined: joined})
	s.pos, s.runEnd = i, i
}

func (s *scanner) add(t Token) { s.tokens = append(s.tokens, t) }

// counted tells whether the word before is one that Roman numerals follow: khoá XV, khu vực III, phụ lục II.
func (s *scanner) counted() bool {
	n := len(s.tokens)
	if n == s.first {
		return false
	}
	switch s.tokens[n-1].Folded {
	case "khoa", "chuong", "phan", "muc", "qui", "ki", "thu", "vuc", "cap", "hang", "loai", "nhom", "bac":
		return true
	case "luc":
		return n-s.first > 1 && s.tokens[n-2].Folded == "phu"
	}
	return false
}

// roman reads I to XXXIX in small letters.
func roman(word string) (string, bool) {
	value, ok := romans[word]
	return value, ok
}

var romans = func() map[string]string {
	ones := []string{"", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"}
	m := map[string]string{}
	for n := 1; n < 40; n++ {
		value := string(rune('0' + n%10))
		if n >= 10 {
			value = string(rune('0'+n/10)) + value
		}
		m[strings.Repeat("x", n/10)+ones[n%10]] = value
	}
	return m
}()

func isDigit(r rune) bool {
	return r >= '0' && r <= '9' || r > 127 && unicode.IsDigit(r)
}

// digit maps the digits of every script to 0 to 9, whose value is their place in a block of ten.
func digit(r rune) rune {
	if r <= 127 || !unicode.IsDigit(r) {
		return r
	}
	zero := r
	for r-zero < 9 && unicode.IsDigit(zero-1) {
		zero--
	}
	return '0' + r - zero
}

// isApostrophe holds the signs people type between the letters of K'Ho and Cư M'gar.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '`', '´':
		return true
	}
	return false
}
