package fold

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// onsets and rimes of Vietnamese; not every pair is a word, but nearly every word is a pair.
var (
	onsets = []string{"", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p", "ph",
		"qu", "r", "s", "t", "th", "tr", "v", "x"}
	rimes = rimesOf("a: - c ch i m n ng nh o p t u y; ă: c m n ng p t; â: c m n ng p t u y; e: - c m n ng o p t;" +
		"ê: - ch m n nh p t u; i: - a ch m n nh p t u; iê: c m n ng p t u; o: - c i m n ng p t; oa: - c ch i m n ng nh o p t y;" +
		"oă: c m n ng t; oe: - n o t; oo: c ng; ô: - c i m n ng p t; ơ: - i m n p t; u: - a c i m n ng p t; uâ: n ng t y;" +
		"uê: - ch nh; uơ: -; uô: c i m n ng t; uy: - a ch nh p t u; uyê: n t; ư: - a c i m ng t u; ươ: c i m n ng p t u")
	// y alone and yê stand without an onset; y for i after some (kỹ); qu keeps its own.
	bareRimes = rimesOf("y: -; yê: m n ng t u")
	quRimes   = rimesOf("a: - c ch i m n ng nh o p t u y; ă: c m n ng p t; â: c m n ng p t u y; e: - c m n ng o p t; ê: - ch n nh t u;" +
		"i: - ch n nh t; ơ: - n t i; ô: c; y: - ch nh n t; yê: n t")
)

func rimesOf(table string) []string {
	var all []string
	for line := range strings.SplitSeq(table, ";") {
		head, ends, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for end := range strings.FieldsSeq(ends) {
			all = append(all, head+strings.TrimPrefix(end, "-"))
		}
	}
	return all
}

// syllables holds every valid syllable without its tone; the value tells whether the rime is stopped (ends in c ch p t),
// so that only sắc and nặng may stand on it.
var syllables = func() map[string]bool {
	m := map[string]bool{}
	add := func(syllable string) {
		m[syllable] = strings.HasSuffix(syllable, "c") || strings.HasSuffix(syllable, "ch") ||
			strings.HasSuffix(syllable, "p") || strings.HasSuffix(syllable, "t")
	}
	for _, onset := range onsets {
		list := rimes
		if onset == "qu" {
			list = quRimes
		}
		for _, rime := range list {
			if fits(onset, rime) {
				add(onset + rime)
			}
		}
	}
	for _, rime := range bareRimes {
		add(rime)
	}
	for _, whole := range []string{"hy", "ky", "ly", "my", "sy", "ty", "vy", "gi", "gin", "giêng"} {
		add(whole)
	}
	return m
}()

// looseSyllables holds the syllables without any mark.
var looseSyllables = func() map[string]bool {
	m := map[string]bool{}
	for syllable := range syllables {
		m[makeKeys(syllable).folded] = true
	}
	return m
}()

func isLooseSyllable(folded string) bool { return looseSyllables[folded] }

// fits tells the spelling rules: k gh ngh before i e ê y, c g ng before the others, gi before no i.
func fits(onset, rime string) bool {
	front := strings.HasPrefix(rime, "i") || strings.HasPrefix(rime, "e") || strings.HasPrefix(rime, "ê") || strings.HasPrefix(rime, "y")
	switch onset {
	case "k", "gh", "ngh":
		return front
	case "c", "g", "ng":
		return !front
	case "gi":
		return !strings.HasPrefix(rime, "i")
	}
	return true
}

// IsSyllable tells whether a word in small letters is spelled as Vietnamese spells, wherever its tone was put.
func IsSyllable(word string) bool {
	base, tone := splitTone(word)
	stopped, ok := syllables[base]
	return ok && len(tone) <= 2 && (!stopped || tone == "\u0301" || tone == "\u0323" || tone == "")
}

// splitTone takes the tone marks out of a word.
func splitTone(word string) (base, tone string) {
	ascii := true
	for i := range len(word) {
		ascii = ascii && word[i] < 0x80
	}
	if ascii {
		return word, ""
	}
	var letters, marks strings.Builder
	for _, r := range norm.NFD.String(word) {
		if strings.ContainsRune(tones, r) {
			marks.WriteRune(r)
		} else {
			letters.WriteRune(r)
		}
	}
	return norm.NFC.String(letters.String()), marks.String()
}
