package search

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"banlang/internal/fold"
)

// A builder gathers entries into a new segment.
type builder struct {
	segment
	known   map[word]uint32 // numbers of words in the order they were met
	met     []word
	posted  []posting
	rightOf map[string]uint32
	valueOf map[string]uint32

	tokens []fold.Token
	found  []uint64
}

type word struct{ folded, toned string }

// before orders words as the list of a segment does.
func (w word) compare(v word) int {
	return cmp.Or(strings.Compare(w.folded, v.folded), strings.Compare(w.toned, v.toned))
}

type posting struct {
	unit  uint64
	doc   uint32
	often uint32
}

func newBuilder() *builder {
	return &builder{known: map[word]uint32{}, rightOf: map[string]uint32{}, valueOf: map[string]uint32{}}
}

// add takes an entry in.
func (b *builder) add(e Entry) {
	b.found = append(b.found[:0], idUnit(e.ID))
	if n, ok := fold.ParseNumber(e.Number); ok {
		b.found = append(b.found, numberUnit(n.Num))
	}
	var out []byte
	words := 0
	for _, text := range []string{e.Title, e.Heading, e.Number} {
		b.tokens = fold.AppendTokens(b.tokens[:0], text)
		words += len(b.tokens)
		out = b.clause(out, b.tokens)
		out = append(out, 0, 0)
	}
	end, at, chars := 0, 0, 0 // where the clause before ended, in characters; a place in bytes and in characters
	for text := range paragraphs(e.Body) {
		b.tokens = fold.AppendTokens(b.tokens[:0], text.of(e.Body))
		words += len(b.tokens)
		for part := range clauses(text.of(e.Body), b.tokens) {
			out = b.clause(out, part)
			from, to := text.start+part[0].Start, text.start+part[len(part)-1].End
			start := chars + utf8.RuneCountInString(e.Body[at:from])
			length := utf8.RuneCountInString(e.Body[from:to])
			out = binary.AppendUvarint(out, uint64(start-end)) //nolint:gosec // clauses follow each other
			out = binary.AppendUvarint(out, uint64(length))    //nolint:gosec // a length
			at, chars, end = to, start+length, start+length
		}
	}
	b.post()
	b.streams.add(out)
	b.names.add([]byte(e.ID + "\x00" + e.Number))
	b.lengths = append(b.lengths, lengthByte(words))
	b.dates = binary.LittleEndian.AppendUint64(b.dates, uint64(e.Date.UnixMilli())) //nolint:gosec // read back the same way
	b.right = binary.LittleEndian.AppendUint32(b.right, numberOf(b.rightOf, e.right()))
	b.facets.add(b.facetsOf(e))
	b.length += uint64(words) //nolint:gosec // a count
	b.docs++
}

// clause writes the words of a clause and what they also say, up to clauseEnd, and gathers their units.
func (b *builder) clause(out []byte, tokens []fold.Token) []byte {
	write := func(t fold.Token) {
		out = binary.AppendUvarint(out, uint64(b.wordNumber(t))+firstWord)
		b.found = append(b.found, wordUnit(t.Folded))
	}
	for i, t := range tokens {
		write(t)
		if i > 0 {
			b.found = append(b.found, pairUnit(tokens[i-1].Folded, t.Folded))
		}
	}
	for _, run := range alsoSaid(tokens) {
		out = append(out, alsoMark)
		for i, t := range run {
			write(t)
			if i > 0 {
				b.found = append(b.found, pairUnit(run[i-1].Folded, t.Folded))
			}
		}
	}
	return append(out, clauseEnd)
}

// alsoSaid lists what else the words of a clause say: the long form of an abbreviation or the short one of its words, and the
// value of a Roman numeral with the word that counts.
func alsoSaid(tokens []fold.Token) [][]fold.Token {
	var runs [][]fold.Token
	for _, a := range fold.Aliases(tokens) {
		runs = append(runs, a.Words)
	}
	for i, t := range tokens {
		if t.Digits != "" {
			runs = append(runs, []fold.Token{tokens[i-1], {Toned: t.Digits, Folded: t.Digits}})
		}
	}
	return runs
}

func (b *builder) wordNumber(t fold.Token) uint32 {
	w := word{t.Folded, t.Toned}
	n, ok := b.known[w]
	if !ok {
		n = uint32(len(b.met)) //nolint:gosec // fewer words than entries fit
		w = word{strings.Clone(t.Folded), strings.Clone(t.Toned)}
		b.known[w] = n
		b.met = append(b.met, w)
	}
	return n
}

// post counts the units gathered for the entry.
func (b *builder) post() {
	slices.Sort(b.found)
	for i := 0; i < len(b.found); {
		n := 1
		for i+n < len(b.found) && b.found[i+n] == b.found[i] {
			n++
		}
		b.posted = append(b.posted, posting{b.found[i], uint32(b.docs), uint32(min(n, 15))}) //nolint:gosec // a batch is small
		i += n
	}
}

// facetsOf gives the numbers of an entry's facets, its kind and language among them.
func (b *builder) facetsOf(e Entry) []byte {
	var out []byte
	add := func(name, value string) {
		if value != "" {
			out = binary.LittleEndian.AppendUint32(out, numberOf(b.valueOf, name+"\x00"+value))
		}
	}
	add(facetKind, e.Kind)
	add(facetLang, e.Lang)
	for name, values := range e.Facets {
		if name == facetKind || name == facetLang {
			continue
		}
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			add(name, value)
		}
	}
	return out
}

// The facets that every entry has.
const (
	facetKind = "entry"
	facetLang = "lang"
)

// numberOf numbers strings in the order they are met.
func numberOf(m map[string]uint32, s string) uint32 {
	n, ok := m[s]
	if !ok {
		n = uint32(len(m)) //nolint:gosec // fewer than entries fit
		m[s] = n
	}
	return n
}

func inOrder(m map[string]uint32) list {
	all := make([]string, len(m))
	for s, n := range m {
		all[n] = s
	}
	var l list
	for _, s := range all {
		l.add([]byte(s))
	}
	return l
}

// finish makes the segment. The builder is of no use afterwards.
func (b *builder) finish() *segment {
	order := make([]uint32, len(b.met))
	for i := range order {
		order[i] = uint32(i) //nolint:gosec // numbers of words
	}
	slices.SortFunc(order, func(x, y uint32) int { return b.met[x].compare(b.met[y]) })
	renumbered := make([]uint32, len(b.met))
	for i, n := range order {
		renumbered[n] = uint32(i) //nolint:gosec // numbers of words
		b.words.add([]byte(b.met[n].folded + "\x00" + b.met[n].toned))
	}
	var streams list
	for i := range b.docs {
		streams.add(renumber(nil, b.streams.get(i), renumbered))
	}
	b.streams = streams
	b.rights, b.values = inOrder(b.rightOf), inOrder(b.valueOf)

	slices.SortFunc(b.posted, func(x, y posting) int { return cmp.Or(cmp.Compare(x.unit, y.unit), cmp.Compare(x.doc, y.doc)) })
	for i := 0; i < len(b.posted); {
		n := i
		for n < len(b.posted) && b.posted[n].unit == b.posted[i].unit {
			n++
		}
		b.unit(b.posted[i].unit, b.posted[i:n])
		i = n
	}
	return b.segment.sealed()
}

// unit writes a unit and its postings. Units come in order.
func (s *segment) unit(unit uint64, postings []posting) {
	s.units = binary.LittleEndian.AppendUint64(s.units, unit)
	s.units = binary.LittleEndian.AppendUint32(s.units, uint32(len(s.postings))) //nolint:gosec // segmentLimit keeps it below 4 GiB
	s.units = binary.LittleEndian.AppendUint32(s.units, uint32(len(postings)))   //nolint:gosec // a count of entries
	before := ^uint32(0)
	for _, p := range postings {
		s.postings = binary.AppendUvarint(s.postings, uint64(p.doc-before)<<4|uint64(p.often))
		before = p.doc
	}
}

// sealed is the segment as it would be read.
func (s *segment) sealed() *segment {
	sealed, err := decode(s.encode())
	if err != nil {
		panic("search: a segment cannot read itself")
	}
	return sealed
}

// renumber copies a stream with other numbers of words.
func renumber(out, in []byte, renumbered []uint32) []byte {
	for len(in) > 0 {
		v, n := binary.Uvarint(in)
		in = in[n:]
		if v >= firstWord {
			v = uint64(renumbered[v-firstWord]) + firstWord
		}
		out = binary.AppendUvarint(out, v)
		if v != clauseEnd {
			continue
		}
		for range 2 { // where the clause stands
			_, n := binary.Uvarint(in)
			out, in = append(out, in[:n]...), in[n:]
		}
	}
	return out
}

// lengthByte is the length of an entry to within a twelfth, as ranking needs it.
func lengthByte(words int) byte {
	return byte(min(255, math.Round(8*math.Log2(float64(words+1)))))
}

var lengthOf = func() (of [256]float32) {
	for i := range of {
		of[i] = float32(math.Exp2(float64(i)/8) - 1)
	}
	return of
}()
