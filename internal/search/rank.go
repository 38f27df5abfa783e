package search

import (
	"bytes"
	"math"
	"math/bits"
	"slices"

	"banlang/internal/fold"
)

// The second stage: the best of the first are ranked again by the clause that answers best, where a word that was typed with
// marks must have these marks.

const (
	clauseNorm    = 20 // words of a clause from which on it is the worse for being longer
	headingWeight = .15
	readLimit     = 1 << 16 // words of an entry that are read; what is behind them is found, but not ranked by clause
)

// best is the clause of the body that answers best.
type best struct {
	start, length int // in characters
}

// rank puts the best of the first stage into the order of the second. Those found by number stay in front, and those beyond
// rankDepth behind; of both the first n are looked at for the clause to show.
func (q *question) rank(x *index, refs []ref, n int) {
	idf := map[string]float64{} // of the words of headings
	named := 0
	for named < len(refs) && refs[named].named {
		named++
	}
	ranked := refs[named:min(named+rankDepth, len(refs))]
	for i := range refs {
		if i < n || i >= named && i < named+len(ranked) {
			q.look(x, &refs[i], idf)
		}
	}
	slices.SortFunc(ranked, func(a, b ref) int { return a.compare(&b) })
}

// look reads an entry, finds its best clause and gives it its score.
func (q *question) look(x *index, r *ref, idf map[string]float64) {
	var c clause
	var inBody, inAny, about float64
	words, found := 0, false
	stream := r.view.stream(r.doc)
	for i := 0; words < readLimit && stream.next(&c); i++ {
		words += len(c.words)
		value := q.value(r.view, &c)
		inAny = max(inAny, value)
		switch {
		case i == titleClause, i == headingClause && len(c.words) > 0:
			about = q.heading(x, r.view, &c, idf) // what has no heading is about its title
		case i >= bodyClause && (value > inBody || !found):
			found, inBody, r.found = true, value, best{c.start, c.length}
		}
	}
	if q.allIDF > 0 {
		r.score = float32(float64(r.score)/q.keptIDF + inAny/q.allIDF + headingWeight*about)
	}
}

// value is the weight of the words and pairs of the question that stand in a clause, the less the longer it is.
func (q *question) value(v *view, c *clause) float64 {
	marks := v.wordMarks(q)
	var words, pairs, before uint64
	see := func(numbers []uint32) {
		before = 0
		for _, n := range numbers {
			now := uint64(0)
			if n >= firstWord {
				now = marks[n-firstWord]
			}
			words |= now
			for m := before; m != 0 && now != 0; m &= m - 1 {
				paired := &q.pairedAt[bits.TrailingZeros64(m)]
				for k := now; k != 0; k &= k - 1 {
					if p := paired[bits.TrailingZeros64(k)]; p != 0 {
						pairs |= 1 << (p - 1)
					}
				}
			}
			before = now
		}
	}
	see(c.words)
	see(c.also)
	sum := 0.0
	for ; words != 0; words &= words - 1 {
		sum += q.words[bits.TrailingZeros64(words)].idf
	}
	for ; pairs != 0; pairs &= pairs - 1 {
		sum += q.pairs[bits.TrailingZeros64(pairs)].idf
	}
	return sum / (1 + .2*max(0, math.Log2(float64(len(c.words))/clauseNorm)))
}

// heading is the share of a heading that the question is about, by weight.
func (q *question) heading(x *index, v *view, c *clause, idf map[string]float64) float64 {
	marks := v.wordMarks(q)
	var in, all float64
	for _, n := range c.words {
		folded, _ := cutWord(v.words.get(int(n - firstWord)))
		weight, known := idf[folded]
		if !known {
			weight = x.idf(wordUnit(folded))
			idf[folded] = weight
		}
		all += weight
		if marks[n-firstWord] != 0 {
			in += weight
		}
	}
	if all == 0 {
		return 0
	}
	return in / all
}

func cutWord(w []byte) (folded, toned string) {
	before, after, _ := bytes.Cut(w, []byte{0})
	return string(before), string(after)
}

// A wordRange is the numbers of the words of a segment that a word of the question means.
type wordRange struct{ from, to uint32 }

func (r wordRange) has(n uint32) bool { return n >= r.from && n < r.to }

// meaning finds the words that a typed word means: those with its marks, or whatever the marks where it has none.
func (s *segment) meaning(t fold.Token) wordRange {
	if t.Marked() {
		key := []byte(t.Folded + "\x00" + t.Toned)
		i := s.words.find(key)
		if i < s.words.len() && string(s.words.get(i)) == string(key) {
			return wordRange{uint32(i), uint32(i + 1)} //nolint:gosec // numbers of words
		}
		return wordRange{}
	}
	return wordRange{uint32(s.words.find([]byte(t.Folded + "\x00"))), uint32(s.words.find([]byte(t.Folded + "\x01")))} //nolint:gosec // numbers of words
}

// wordMarks tells by number of word which words of the question it is, one bit each.
func (v *view) wordMarks(q *question) map[uint32]uint64 {
	if v.marks == nil {
		v.marks = map[uint32]uint64{}
		for i, w := range q.words {
			for n, r := uint32(0), v.meaning(w.Token); r.from+n < r.to; n++ {
				v.marks[r.from+n] |= 1 << i
			}
		}
	}
	return v.marks
}

// holdsPhrases reads an entry for the phrases of the question: in order, side by side, in one clause.
func (q *question) holdsPhrases(v *view, doc uint32) bool {
	if v.phrases == nil {
		for _, phrase := range q.phrases {
			var ranges []wordRange
			for _, t := range phrase {
				ranges = append(ranges, v.meaning(t))
			}
			v.phrases = append(v.phrases, ranges)
		}
	}
	missing := slices.Clone(v.phrases)
	var c clause
	for stream := v.stream(doc); len(missing) > 0 && stream.next(&c); {
		missing = slices.DeleteFunc(missing, func(phrase []wordRange) bool { return stands(phrase, c.words) })
	}
	return len(missing) == 0
}

func stands(phrase []wordRange, words []uint32) bool {
	for ; len(words) >= len(phrase); words = words[1:] {
		i := 0
		for i < len(phrase) && phrase[i].has(words[i]-firstWord) {
			i++
		}
		if i == len(phrase) {
			return true
		}
	}
	return false
}
