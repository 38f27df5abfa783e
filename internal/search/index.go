package search

import (
	"math"
	"slices"
)

// segmentLimit keeps offsets within 32 bits, with room.
const segmentLimit = 1 << 30

// An index is one moment of the segments. It never changes: whoever holds it goes on reading it.
type index struct {
	segments []*segment
	dead     []bitset // entries that were changed or removed since, by segment
	sequence int64    // of the newest change in it
	last     string   // the entry that changed then
	origin   string   // the database it was made from
}

// with is the index after a batch of changes.
func (x *index) with(batch []change) *index {
	next := &index{segments: slices.Clone(x.segments), dead: slices.Clone(x.dead), sequence: x.sequence, last: x.last, origin: x.origin}
	own := make([]bool, len(next.dead))
	b := newBuilder()
	for _, c := range batch {
		for i, s := range next.segments {
			if doc, ok := s.lookup(c.ID); ok && !next.dead[i].has(doc) {
				if !own[i] {
					next.dead[i], own[i] = slices.Clone(next.dead[i]), true
				}
				next.dead[i].set(doc)
			}
		}
		if !c.removed {
			b.add(c.Entry)
		}
		next.sequence, next.last = c.sequence, c.ID
	}
	if b.docs > 0 {
		next.segments = append(next.segments, b.finish())
		next.dead = append(next.dead, newBitset(b.docs))
	}
	return next
}

// A place of merging holds segments of like size; so many of them become one.
const mergeAt = 8

// crowded picks segments to merge: eight of like size, or one that is mostly dead. It picks none above so many entries.
func (x *index) crowded(limit int) []*segment {
	sizes := map[int][]*segment{}
	for i, s := range x.segments {
		living := s.docs - x.dead[i].count()
		if s.docs <= limit && (living == 0 || s.docs > 2*living && s.docs > mergeAt) {
			return []*segment{s}
		}
		size := 0
		for n := living; n >= mergeAt; n /= mergeAt {
			size++
		}
		sizes[size] = append(sizes[size], s)
	}
	for size := range 16 {
		group := sizes[size]
		docs, bytes := 0, 0
		for _, s := range group {
			docs, bytes = docs+s.docs, bytes+len(s.raw)
		}
		if len(group) >= mergeAt && docs <= limit && bytes < segmentLimit {
			return group
		}
	}
	return nil
}

// merged is the index with some of its segments made one, as they were when merging began: what died since dies in the new one.
func (x *index) merged(parts []*segment, one *segment, moved [][]uint32) *index {
	next := &index{sequence: x.sequence, last: x.last, origin: x.origin}
	dead := newBitset(one.docs)
	for i, s := range x.segments {
		n := slices.Index(parts, s)
		if n < 0 {
			next.segments, next.dead = append(next.segments, s), append(next.dead, x.dead[i])
			continue
		}
		for doc, to := range moved[n] {
			if to != gone && x.dead[i].has(uint32(doc)) { //nolint:gosec // entries of a segment fit
				dead.set(to)
			}
		}
	}
	if one.docs > 0 {
		next.segments, next.dead = append(next.segments, one), append(next.dead, dead)
	}
	return next
}

// tidy is the index with segments of like size merged, none larger than so many entries together.
func (x *index) tidy(limit int) *index {
	for parts := x.crowded(limit); parts != nil; parts = x.crowded(limit) {
		one, moved := merge(parts, x.deadOf(parts))
		x = x.merged(parts, one, moved)
	}
	return x
}

// deadOf finds the dead of some segments.
func (x *index) deadOf(parts []*segment) []bitset {
	var dead []bitset
	for _, s := range parts {
		dead = append(dead, x.dead[slices.Index(x.segments, s)])
	}
	return dead
}

// holds tells whether all these segments are still in the index.
func (x *index) holds(parts []*segment) bool {
	for _, s := range parts {
		if !slices.Contains(x.segments, s) {
			return false
		}
	}
	return true
}

// loose is how many bytes of an index are in memory only.
func (x *index) loose() int {
	bytes := 0
	for _, s := range x.segments {
		if s.name == "" {
			bytes += len(s.raw)
		}
	}
	return bytes
}

// idf is the weight of a unit: the fewer entries have it, the more it tells.
func (x *index) idf(unit uint64) float64 {
	n, have := 0, 0
	for _, s := range x.segments {
		n += s.docs
		_, entries := s.find(unit)
		have += entries
	}
	if have == 0 {
		return 0
	}
	return math.Log(1 + (float64(n-have)+.5)/(float64(have)+.5))
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
