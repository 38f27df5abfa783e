package search

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"
	"sync"

	"banlang/internal/duty"
	"banlang/internal/fold"
)

// The first stage: which entries answer, and how well by their words alone (BM25).

const (
	k1        = .6
	b         = .75
	worthPart = .25 // of the best: entries below answer a long question too little to be counted
	rankDepth = 50  // entries that the second stage looks at
)

// A ref is an entry that answers.
type ref struct {
	view  *view
	doc   uint32
	score float32
	found best // filled in by the second stage
	named bool // by its number
}

// A view is a segment as one reader with one filter sees it.
type view struct {
	*segment
	dead   bitset
	seen   []bool     // by right
	wanted [][]uint32 // each holds values of which an entry must have one
	none   bool       // a value that no entry has is wanted

	marks   map[uint32]uint64 // words of the question by word number; made when first needed
	phrases [][]wordRange
}

// A filter is what an entry must have beside the words.
type filter struct {
	seen   func(act duty.Act, area string) bool
	wanted map[string][]string // facet: any of these values
}

func (q Query) filter(seen func(duty.Act, string) bool) filter {
	f := filter{seen, map[string][]string{}}
	for name, value := range q.Facets {
		if value != "" {
			f.wanted[name] = []string{value}
		}
	}
	if len(q.Kinds) > 0 {
		f.wanted[facetKind] = q.Kinds
	}
	if q.Lang != "" {
		f.wanted[facetLang] = []string{q.Lang}
	}
	return f
}

// views looks at the segments through a filter.
func (x *index) views(f filter) []*view {
	var views []*view
	rights := map[string]bool{}
	for i, s := range x.segments {
		v := &view{segment: s, dead: x.dead[i], seen: make([]bool, s.rights.len())}
		for r := range v.seen {
			right := string(s.rights.get(r))
			seen, known := rights[right]
			if !known {
				act, area, _ := bytes.Cut(s.rights.get(r), []byte{0})
				seen = f.seen(duty.Act(act), string(area))
				rights[right] = seen
			}
			v.seen[r] = seen
		}
		for name, values := range f.wanted {
			var numbers []uint32
			for n := range s.values.len() {
				facet, value, _ := bytes.Cut(s.values.get(n), []byte{0})
				if string(facet) == name && slices.Contains(values, string(value)) {
					numbers = append(numbers, uint32(n)) //nolint:gosec // a count of values
				}
			}
			v.none = v.none || len(numbers) == 0
			v.wanted = append(v.wanted, numbers)
		}
		views = append(views, v)
	}
	return views
}

// shows tells whether an entry is there for this reader.
func (v *view) shows(doc uint32) bool {
	if v.none || v.dead.has(doc) || !v.seen[u32(v.right, int(doc))] {
		return false
	}
	for _, numbers := range v.wanted {
		facets := v.facets.get(int(doc))
		ok := false
		for i := 0; i < len(facets)/4 && !ok; i++ {
			ok = slices.Contains(numbers, u32(facets, i))
		}
		if !ok {
			return false
		}
	}
	return true
}

// answers lists what answers the question. nearest tells that nothing holds all that was asked for, and these some of it.
func (q *question) answers(views []*view, average float32) (all []ref, nearest bool) {
	named := q.named(views)
	must := len(q.slots) <= fewWords
	all = q.scored(views, average, must, true)
	if len(all) == 0 && len(named) == 0 && (must || len(q.phrases) > 0) {
		all, nearest = q.scored(views, average, false, false), true
	}
	if !must || nearest {
		best := float32(0)
		for _, r := range all {
			best = max(best, r.score)
		}
		all = slices.DeleteFunc(all, func(r ref) bool { return r.score < worthPart*best })
	}
	if len(named) > 0 {
		all = slices.DeleteFunc(all, func(r ref) bool {
			return slices.ContainsFunc(named, func(n ref) bool { return n.view == r.view && n.doc == r.doc })
		})
	}
	return append(named, all...), nearest && len(all) > 0
}

// named lists the documents whose number the question gives: more parts equal first, then newer.
func (q *question) named(views []*view) []ref {
	if q.number.Num == "" {
		return nil
	}
	type match struct {
		ref
		parts int
	}
	var matches []match
	for _, v := range views {
		v.each(numberUnit(q.number.Num), func(doc, _ uint32) {
			n, _ := fold.ParseNumber(string(v.number(doc)))
			if v.shows(doc) && q.number.Finds(n, v.year(doc)) {
				matches = append(matches, match{ref{view: v, doc: doc, named: true}, q.number.Parts(n)})
			}
		})
	}
	slices.SortFunc(matches, func(a, b match) int { return cmp.Or(cmp.Compare(b.parts, a.parts), a.compare(&b.ref)) })
	var all []ref
	for _, m := range matches {
		all = append(all, m.ref)
	}
	return all
}

// scores are as long as a segment has entries; a reader takes one at a time.
var scorePool = sync.Pool{New: func() any { return new([]float32) }}

// scored lists the entries that hold words of the question: all its words where must says so, and its phrases.
func (q *question) scored(views []*view, average float32, must, phrases bool) []ref {
	var all []ref
	pooled := scorePool.Get().(*[]float32)
	defer scorePool.Put(pooled)
	var norms [256]float32
	for i := range norms {
		norms[i] = k1 * (1 - b + b*lengthOf[i]/max(average, 1))
	}
	for _, v := range views {
		need := q.needed(v, must, phrases)
		if v.none {
			continue
		}
		scores := slices.Grow((*pooled)[:0], v.docs)[:v.docs]
		*pooled = scores
		clear(scores)
		for _, u := range q.kept {
			idf := float32(u.idf)
			v.each(u.hash, func(doc, often uint32) {
				tf := float32(often)
				scores[doc] += idf * tf * (k1 + 1) / (tf + norms[v.lengths[doc]])
			})
		}
		for i, score := range scores {
			doc := uint32(i) //nolint:gosec // entries of a segment fit
			if (score > 0 || len(q.words) == 0) && (need == nil || need.has(doc)) && v.shows(doc) &&
				(!phrases || len(q.phrases) == 0 || q.holdsPhrases(v, doc)) {
				all = append(all, ref{view: v, doc: doc, score: score})
			}
		}
	}
	return all
}

// needed is the set of entries that hold every word, and every word and pair of the phrases; nil where nothing is needed.
func (q *question) needed(v *view, must, phrases bool) bitset {
	var need bitset
	both := func(units ...uint64) {
		have := newBitset(v.docs)
		for _, u := range units {
			v.each(u, func(doc, _ uint32) { have.set(doc) })
		}
		if need == nil {
			need = have
		} else {
			need.and(have)
		}
	}
	if must {
		for _, slot := range q.slots {
			var units []uint64
			for _, i := range slot {
				units = append(units, q.words[i].hash)
			}
			both(units...)
		}
	}
	if phrases {
		for _, phrase := range q.phrases {
			for i := range phrase {
				if i == 0 {
					both(wordUnit(phrase[0].Folded))
				} else {
					both(pairUnit(phrase[i-1].Folded, phrase[i].Folded))
				}
			}
		}
	}
	return need
}

// average is the length of an entry.
func (x *index) average() float32 {
	var length uint64
	docs := 0
	for _, s := range x.segments {
		length, docs = length+s.length, docs+s.docs
	}
	return float32(length) / float32(max(docs, 1))
}

// compare puts the better entry first: by score, then newer, then by identifier.
func (r *ref) compare(o *ref) int {
	if c := cmp.Compare(o.score, r.score); c != 0 {
		return c
	}
	if c := cmp.Compare(o.view.date(o.doc), r.view.date(r.doc)); c != 0 {
		return c
	}
	return bytes.Compare(r.view.id(r.doc), o.view.id(o.doc))
}

// top sorts the n best to the front and returns them.
func top(all []ref, n int) []ref {
	if n < len(all) {
		h := worstFirst(all[:n:n])
		heap.Init(&h)
		for i := n; i < len(all); i++ {
			if all[i].compare(&h[0]) < 0 {
				all[i], h[0] = h[0], all[i]
				heap.Fix(&h, 0)
			}
		}
		all = all[:n]
	}
	slices.SortFunc(all, func(a, b ref) int { return a.compare(&b) })
	return all
}

// worstFirst is a heap whose root is the worst.
type worstFirst []ref

func (w worstFirst) Len() int           { return len(w) }
func (w worstFirst) Less(i, j int) bool { return w[i].compare(&w[j]) > 0 }
func (w worstFirst) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *worstFirst) Push(x any)        { *w = append(*w, x.(ref)) }
func (w *worstFirst) Pop() any          { panic("search: nothing is popped") }

// facetValues bounds the values shown of a facet.
const facetValues = 100

// count counts the answers by facet.
func count(all []ref) []Facet {
	bySegment := map[*view][]int{}
	for _, r := range all {
		counts := bySegment[r.view]
		if counts == nil {
			counts = make([]int, r.view.values.len())
			bySegment[r.view] = counts
		}
		facets := r.view.facets.get(int(r.doc))
		for i := range len(facets) / 4 {
			counts[u32(facets, i)]++
		}
	}
	values := map[string]map[string]int{}
	for v, counts := range bySegment {
		for n, c := range counts {
			if c == 0 {
				continue
			}
			name, value, _ := bytes.Cut(v.values.get(n), []byte{0})
			if values[string(name)] == nil {
				values[string(name)] = map[string]int{}
			}
			values[string(name)][string(value)] += c
		}
	}
	var facets []Facet
	for name, of := range values {
		f := Facet{Name: name}
		for value, n := range of {
			f.Values = append(f.Values, Count{value, n})
		}
		slices.SortFunc(f.Values, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
		f.Values = f.Values[:min(facetValues, len(f.Values))]
		facets = append(facets, f)
	}
	slices.SortFunc(facets, func(a, b Facet) int { return cmp.Compare(a.Name, b.Name) })
	return facets
}
