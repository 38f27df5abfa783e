package search

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"sync"

	"banlang/internal/duty"
	"banlang/internal/fold"
)

// The first stage: which entries answer, and how well by their words alone (BM25).

const (
	bm25K1    = .6
	bm25B     = .75
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
	scores []float32  // of the first stage, by entry

	marks   map[uint32]uint64 // words of the question by word number; made when first needed
	phrases [][]wordRange
}

// A right is what one must be allowed to see an entry. Within the index it is text, "" for what is public.
type right struct {
	act        duty.Act
	area, lang string
}

func (e Entry) right() string {
	if e.Act == "" || e.Act == duty.Public {
		return ""
	}
	return string(e.Act) + "\x00" + e.Area + "\x00" + e.Lang
}

func rightOf(text string) right {
	parts := strings.Split(text, "\x00")
	return right{duty.Act(parts[0]), parts[1], parts[2]}
}

// A filter is what an entry must have beside the words.
type filter struct {
	seen   func(right) bool    // asked of what is not public
	wanted map[string][]string // facet: any of these values
}

func (q Query) filter(seen func(right) bool) filter {
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
				seen = right == "" || f.seen(rightOf(right))
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

// An answer is what was found: how many, counted by facet, and the best of them.
type answer struct {
	total   int
	best    []ref
	facets  []Facet
	nearest bool // nothing holds all that was asked for: these hold some of it
}

// answer finds what answers the question and sorts the n best: by number first, then by the first stage.
func (q *question) answer(views []*view, average float32, n int) answer {
	scores := scorePool.Get().(*[]float32)
	defer scorePool.Put(scores)
	defer func() {
		for _, v := range views {
			v.scores = nil
		}
	}()
	named := q.named(views)
	must := len(q.slots) <= fewWords
	best := q.score(views, scores, average, must, true)
	nearest := false
	if best == 0 && len(named) == 0 && (must || len(q.phrases) > 0) {
		best = q.score(views, scores, average, false, false)
		nearest = best > 0
	}
	least := float32(0)
	if !must || nearest {
		least = worthPart * best
	}
	a := gather(views, least, named, n)
	a.nearest = nearest
	return a
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

// scores are as long as there are entries; a reader takes them for the time of a question.
var scorePool = sync.Pool{New: func() any { return new([]float32) }}

// score gives each view the scores of its entries and returns the best: 0 for what the reader may not see, the filter leaves
// out, or lacks a word where it must hold all, or a phrase. A question without words gives all the same score.
func (q *question) score(views []*view, pooled *[]float32, average float32, must, phrases bool) (best float32) {
	docs := 0
	for _, v := range views {
		docs += v.docs
	}
	*pooled = slices.Grow((*pooled)[:0], docs)[:docs]
	clear(*pooled)
	var norms [256]float32
	for i := range norms {
		norms[i] = bm25K1 * (1 - bm25B + bm25B*lengthOf[i]/max(average, 1))
	}
	rest := *pooled
	for _, v := range views {
		v.scores, rest = rest[:v.docs], rest[v.docs:]
		if v.none {
			continue
		}
		for _, u := range q.kept {
			idf := float32(u.idf)
			v.each(u.hash, func(doc, often uint32) {
				tf := float32(often)
				v.scores[doc] += idf * tf * (bm25K1 + 1) / (tf + norms[v.lengths[doc]])
			})
		}
		need := q.needed(v, must, phrases)
		for i, score := range v.scores {
			if score == 0 && len(q.words) > 0 {
				continue
			}
			doc := uint32(i) //nolint:gosec // entries of a segment fit
			if need != nil && !need.has(doc) || !v.shows(doc) || phrases && len(q.phrases) > 0 && !q.holdsPhrases(v, doc) {
				v.scores[i] = 0
				continue
			}
			if len(q.words) == 0 {
				v.scores[i] = 1
			}
			best = max(best, v.scores[i])
		}
	}
	return best
}

// gather counts the entries that score at least so much, and the named ones, and keeps the n best, the named first.
func gather(views []*view, least float32, named []ref, n int) answer {
	var a answer
	counts := facetCounts{}
	for _, r := range named {
		r.view.scores[r.doc] = 0 // it is counted here
		counts.add(r.view, r.doc)
	}
	best := worstFirst(make([]ref, 0, n))
	for _, v := range views {
		for i, score := range v.scores {
			if score == 0 || score < least {
				continue
			}
			r := ref{view: v, doc: uint32(i), score: score} //nolint:gosec // entries of a segment fit
			a.total++
			counts.add(v, r.doc)
			switch {
			case len(best) < n:
				best = append(best, r)
				if len(best) == n {
					heap.Init(&best)
				}
			case n > 0 && r.compare(&best[0]) < 0:
				best[0] = r
				heap.Fix(&best, 0)
			}
		}
	}
	slices.SortFunc(best, func(a, b ref) int { return a.compare(&b) })
	a.total += len(named)
	a.best = append(named, best...)
	a.facets = counts.facets()
	return a
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

// worstFirst is a heap whose root is the worst.
type worstFirst []ref

func (w worstFirst) Len() int           { return len(w) }
func (w worstFirst) Less(i, j int) bool { return w[i].compare(&w[j]) > 0 }
func (w worstFirst) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *worstFirst) Push(x any)        { *w = append(*w, x.(ref)) }
func (w *worstFirst) Pop() any          { panic("search: nothing is popped") }

// facetValues bounds the values shown of a facet.
const facetValues = 100

// facetCounts counts by number of value in each view.
type facetCounts map[*view][]int

func (c facetCounts) add(v *view, doc uint32) {
	counts, ok := c[v]
	if !ok {
		counts = make([]int, v.values.len())
		c[v] = counts
	}
	facets := v.facets.get(int(doc))
	for i := range len(facets) / 4 {
		counts[u32(facets, i)]++
	}
}

// facets brings the counts of all views together.
func (c facetCounts) facets() []Facet {
	values := map[string]map[string]int{}
	for v, counts := range c {
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
