// Package gsm knows the alphabets of short messages: the default alphabet of GSM 03.38 (3GPP TS 23.038) with its extension table, and
// UCS-2, and how a text is divided into parts (3GPP TS 23.040). It sends nothing.
package gsm

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// alphabet is the default alphabet: the letter of code n stands at place n. Code 27 leads to the extension table.
var alphabet = []rune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")

// extension is the extension table, reached by code 27: two septets a letter.
var extension = map[rune]byte{'\f': 0x0a, '^': 0x14, '{': 0x28, '}': 0x29, '\\': 0x2f, '[': 0x3c, '~': 0x3d, ']': 0x3e, '|': 0x40, '€': 0x65}

const escape = 0x1b

var (
	codes   = map[rune]byte{}
	letters = map[byte]rune{}
)

func init() {
	for i, r := range alphabet {
		if r != escape {
			codes[r] = byte(i)
		}
	}
	for r, c := range extension {
		letters[c] = r
	}
}

// What one part holds, alone and among several, where six octets go to the header that joins them.
const (
	septets, septetsOf     = 160, 153
	letters16, letters16Of = 70, 67
)

// Encode gives the codes of a text in the default alphabet, one octet each; ok is false where a letter is not in it.
func Encode(text string) (octets []byte, ok bool) {
	for _, r := range text {
		if c, ok := codes[r]; ok {
			octets = append(octets, c)
		} else if c, ok := extension[r]; ok {
			octets = append(octets, escape, c)
		} else {
			return nil, false
		}
	}
	return octets, true
}

// Decode reads codes of the default alphabet. What is no code is a space, as the standard says.
func Decode(octets []byte) string {
	var b strings.Builder
	for i := 0; i < len(octets); i++ {
		c := octets[i]
		switch {
		case c == escape && i+1 < len(octets):
			i++
			if r, ok := letters[octets[i]]; ok {
				b.WriteRune(r)
			} else if int(octets[i]) < len(alphabet) {
				b.WriteRune(alphabet[octets[i]])
			}
		case int(c) < len(alphabet) && c != escape:
			b.WriteRune(alphabet[c])
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// EncodeUCS2 gives a text as UTF-16, big end first.
func EncodeUCS2(text string) []byte {
	units := utf16.Encode([]rune(text))
	octets := make([]byte, 0, 2*len(units))
	for _, u := range units {
		octets = append(octets, byte(u>>8), byte(u))
	}
	return octets
}

// DecodeUCS2 reads UTF-16, big end first; an odd octet at the end is left out.
func DecodeUCS2(octets []byte) string {
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
	}
	return string(utf16.Decode(units))
}

// Split divides a text into parts. latin says that they are codes of the default alphabet, one octet each; otherwise they are UCS-2.
// No letter is torn apart.
func Split(text string) (parts [][]byte, latin bool) {
	if octets, ok := Encode(text); ok {
		return cut(octets, septets, septetsOf, func(o []byte, at int) bool { return o[at-1] == escape }), true
	}
	octets := EncodeUCS2(text)
	return cut(octets, 2*letters16, 2*letters16Of, func(o []byte, at int) bool { return o[at-2]>>2 == 0xd8>>2 }), false
}

// cut divides octets so that nothing longer than of stands among several; torn says that a cut at a place would tear a letter.
func cut(octets []byte, alone, of int, torn func([]byte, int) bool) [][]byte {
	if len(octets) <= alone {
		return [][]byte{octets}
	}
	var parts [][]byte
	for len(octets) > of {
		at := of
		if torn(octets, at) {
			at -= 1 + (of+1)%2 // one septet, or the two octets of a unit
		}
		parts = append(parts, octets[:at])
		octets = octets[at:]
	}
	return append(parts, octets)
}

// Count tells how many parts a text takes, and whether the default alphabet has all its letters.
func Count(text string) (parts int, latin bool) {
	all, latin := Split(text)
	return len(all), latin
}

// Toneless writes a Vietnamese text without marks, so that the default alphabet has its letters: 160 in a part instead of 70.
func Toneless(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'đ':
			b.WriteByte('d')
		case r == 'Đ':
			b.WriteByte('D')
		default:
			if plain, ok := plainer[r]; ok {
				b.WriteString(plain)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// plainer are signs of print that the default alphabet has not, as it can write them.
var plainer = map[rune]string{'“': `"`, '”': `"`, '„': `"`, '‘': "'", '’': "'", '–': "-", '—': "-", '…': "...", '\u00a0': " ", '·': "-", '•': "-", '«': `"`, '»': `"`}
