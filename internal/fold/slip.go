package fold

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// A Term is a word of a query with what may stand in its place.
type Term struct {
	Token
	Or []Token // never instead of the word itself: undone typing keys, the value of a Roman numeral
}

// Query reads what a person typed: like Tokens, with legacy encodings decoded and alternatives added.
func Query(text string) []Term {
	decoded, _ := Decode(text)
	tokens := Tokens(decoded)
	terms := make([]Term, len(tokens))
	for i, t := range tokens {
		terms[i].Token = t
		if t.Digits != "" {
			terms[i].Or = append(terms[i].Or, Token{Toned: t.Digits, Folded: t.Digits, Start: t.Start, End: t.End})
		}
		if k, ok := undone(t); ok {
			terms[i].Or = append(terms[i].Or, Token{Toned: k.toned, Folded: k.folded, Start: t.Start, End: t.End})
		}
	}
	return terms
}

// undone reads a word as typed with the Telex or VNI keys in a field that did not understand them: ddoongf, d9o6ng2 for đồng.
// It holds only where the word as typed is no syllable and the undone one is.
func undone(t Token) (keys, bool) {
	if t.Marked() || IsSyllable(t.Toned) || len(t.Toned) > 10 {
		return keys{}, false
	}
	undo := undoTelex
	if strings.ContainsAny(t.Toned, "0123456789") {
		undo = undoVNI
	}
	word, ok := undo(t.Toned)
	if !ok {
		return keys{}, false
	}
	k := makeKeys(word)
	// nguoif: the tone was typed and the horns were not, so the letters alone must make a syllable too.
	return k, IsSyllable(word) || isLooseSyllable(k.folded)
}

const (
	acute, grave, hook, tilde, dot = '\u0301', '\u0300', '\u0309', '\u0303', '\u0323'
)

var telexTones = map[rune]rune{'s': acute, 'f': grave, 'r': hook, 'x': tilde, 'j': dot, 'z': 0}

func undoTelex(typed string) (string, bool) {
	var w []rune // letters
	var tone rune
	changed := false
	for _, r := range typed {
		last := rune(0)
		if len(w) > 0 {
			last = w[len(w)-1]
		}
		mark, isTone := telexTones[r]
		switch {
		case isTone && hasVowel(w):
			tone, changed = mark, true
		case r == 'd' && last == 'd' && len(w) == 1:
			w[0], changed = 'đ', true
		case r == last && (r == 'a' || r == 'e' || r == 'o'):
			w[len(w)-1], changed = map[rune]rune{'a': 'â', 'e': 'ê', 'o': 'ô'}[r], true
		case r == 'w':
			if !horn(w) {
				w = append(w, 'ư')
			}
			changed = true
		default:
			w = append(w, r)
		}
	}
	return withTone(w, tone), changed
}

// horn puts the horn or breve on the last vowel that takes one; uo takes two.
func horn(w []rune) bool {
	for i := len(w) - 1; i >= 0; i-- {
		switch w[i] {
		case 'a':
			w[i] = 'ă'
		case 'u':
			w[i] = 'ư'
		case 'o':
			w[i] = 'ơ'
			if i > 0 && w[i-1] == 'u' {
				w[i-1] = 'ư'
			}
		default:
			continue
		}
		return true
	}
	return false
}

var vniTones = map[rune]rune{'1': acute, '2': grave, '3': hook, '4': tilde, '5': dot, '0': 0}

func undoVNI(typed string) (string, bool) {
	var w []rune
	var tone rune
	for i, r := range typed {
		mark, isTone := vniTones[r]
		switch {
		case r < '0' || r > '9':
			w = append(w, r)
		case i == 0:
			return "", false
		case isTone:
			tone = mark
		case !vniQuality(w, r):
			return "", false
		}
	}
	return withTone(w, tone), len(w) >= 2
}

// vniQuality puts the mark of key 6 (circumflex), 7 (horn), 8 (breve) or 9 (đ) on the last letter that takes it.
func vniQuality(w []rune, key rune) bool {
	for i := len(w) - 1; i >= 0; i-- {
		switch {
		case key == '6' && w[i] == 'a':
			w[i] = 'â'
		case key == '6' && w[i] == 'e':
			w[i] = 'ê'
		case key == '6' && w[i] == 'o':
			w[i] = 'ô'
		case key == '7' && (w[i] == 'o' || w[i] == 'u'):
			return horn(w)
		case key == '8' && w[i] == 'a':
			w[i] = 'ă'
		case key == '9' && w[i] == 'd':
			w[i] = 'đ'
		default:
			continue
		}
		return true
	}
	return false
}

func hasVowel(w []rune) bool {
	return strings.ContainsAny(string(w), "aăâeêioôơuưy")
}

// withTone puts the tone behind the word, where the canonical key has it.
func withTone(w []rune, tone rune) string {
	if tone != 0 {
		w = append(w, tone)
	}
	return norm.NFC.String(string(w))
}
