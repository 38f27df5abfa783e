// Package fold knows Vietnamese text: which spellings are one word, how words are sorted, how documents are numbered.
// It knows nothing of languages beyond their letters, and keeps nothing.
//
// A word has two keys. The toned key keeps every mark but forgets where the tone was put and how the letters were encoded
// (hoà = hòa, composed = decomposed, kỹ = kĩ). The folded key forgets the marks as well (hoà = hóa = hoa, đ = d).
// Marks are taken from Latin letters only: in every other script they are part of the word. A final letter is never taken:
// in Hmong it is a tone.
package fold

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Key is the folded form of a name for comparing and for SQL columns: its words in lower case without marks, one space
// between them. Hòa, Hoà and HOA give "hoa"; Đắk Lắk gives "dak lak"; Ba-na gives "ba na"; Kỳ and Kì give "ki".
func Key(s string) string {
	return join(s, func(t Token) string { return t.Folded })
}

// Toned is like Key, but keeps the marks, each tone moved to the end of its word: Hòa and Hoà are equal, Hòa and Hóa are not.
// It is for comparing, not for showing.
func Toned(s string) string {
	return join(s, func(t Token) string { return t.Toned })
}

func join(s string, key func(Token) string) string {
	var b strings.Builder
	for i, t := range Tokens(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(key(t))
	}
	return b.String()
}

// vanish holds the signs that may stand inside a word and mean nothing.
func vanish(r rune) bool {
	switch r {
	case '\u200B', '\u200C', '\u200D', '\u2060', '\uFEFF', '\u00AD':
		return true
	}
	return false
}

// clean brings the text into NFKC without vanishing signs. at tells for each byte of the result where it came from;
// it is nil where nothing changed.
func clean(text string) (cleaned string, at []int) {
	if norm.NFKC.IsNormalString(text) && strings.IndexFunc(text, vanish) < 0 && utf8.ValidString(text) {
		return text, nil
	}
	var out []byte
	add := func(b []byte, from int) {
		out = append(out, b...)
		for range len(b) {
			at = append(at, from)
		}
	}
	for i := 0; i < len(text); {
		if r, n := utf8.DecodeRuneInString(text[i:]); vanish(r) {
			i += n
			continue
		} else if r == utf8.RuneError && n <= 1 {
			add([]byte{' '}, i)
			i++
			continue
		}
		n := norm.NFKC.NextBoundaryInString(text[i:], true)
		add(norm.NFKC.Bytes([]byte(text[i:i+n])), i)
		i += n
	}
	at = append(at, len(text))
	return string(out), at
}

// Marks that are tones, and so move to the end of the word.
const tones = "\u0300\u0301\u0303\u0309\u0323"

type keys struct{ toned, folded string }

// known remembers the keys of words seen: a language has few words and texts repeat them. It is only a shortcut.
var known = struct {
	sync.RWMutex
	m map[string]keys
}{m: map[string]keys{}}

const (
	knownLimit  = 1 << 16 // words
	knownLength = 64      // bytes of a word; what is longer is no word that comes again
)

func keysOf(word string) keys {
	if len(word) > knownLength {
		return makeKeys(word)
	}
	known.RLock()
	k, ok := known.m[word]
	known.RUnlock()
	if ok {
		return k
	}
	k = makeKeys(word)
	known.Lock()
	if len(known.m) >= knownLimit {
		clear(known.m)
	}
	known.m[strings.Clone(word)] = k
	known.Unlock()
	return k
}

// makeKeys gives the two keys of one Latin word.
func makeKeys(word string) keys {
	var base, tone, plain []rune
	for _, r := range norm.NFD.String(strings.Map(lower, word)) {
		switch {
		case strings.ContainsRune(tones, r):
			tone = append(tone, r)
		case unicode.Is(unicode.Mn, r):
			base = append(base, r)
		case r == 'đ':
			base, plain = append(base, r), append(plain, 'd')
		default:
			base, plain = append(base, r), append(plain, r)
		}
	}
	k := keys{toned: norm.NFC.String(string(base)), folded: string(plain)}
	if isWholeY(k.toned) {
		k.toned = k.toned[:len(k.toned)-1] + "i"
		k.folded = k.toned
	}
	k.toned = norm.NFC.String(k.toned + string(tone))
	if k.toned == k.folded {
		k.toned = k.folded // one string, not two
	}
	return k
}

// isWholeY tells where y is the whole rime and i an accepted spelling of it: kỹ = kĩ, but not uý, tay, y.
func isWholeY(base string) bool {
	switch base {
	case "hy", "ky", "ly", "my", "sy", "ty", "vy", "quy":
		return true
	}
	return false
}

// lower is Unicode lower case; the letters typed in place of đ become đ.
func lower(r rune) rune {
	switch r {
	case 'Ð', 'ð', 'Ɖ', 'ɖ':
		return 'đ'
	}
	return unicode.ToLower(r)
}

// Plain takes the marks off and lowers the case, and leaves everything else where it stands: for patterns over text.
func Plain(s string) string {
	cleaned, _ := clean(s)
	var b strings.Builder
	for _, r := range norm.NFD.String(cleaned) {
		switch r = lower(r); {
		case unicode.Is(unicode.Mn, r):
		case r == 'đ':
			b.WriteByte('d')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
