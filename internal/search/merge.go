package search

import (
	"encoding/binary"
	"slices"
)

// merge makes one segment of several, without their dead entries. moved tells for each of their entries its number in the new
// segment, gone where it is dead.
func merge(parts []*segment, dead []bitset) (merged *segment, moved [][]uint32) {
	m := &merger{rights: map[string]uint32{}, values: map[string]uint32{}}
	for i, part := range parts {
		moved = append(moved, m.number(part, dead[i]))
	}
	words := m.mergeWords(parts)
	for i, part := range parts {
		m.copyEntries(part, moved[i], words[i])
	}
	m.out.rights, m.out.values = inOrder(m.rights), inOrder(m.values)
	m.mergeUnits(parts, moved)
	return m.out.sealed(), moved
}

const gone = ^uint32(0)

type merger struct {
	out            segment
	rights, values map[string]uint32
}

// number gives the living entries of a part their numbers.
func (m *merger) number(part *segment, dead bitset) []uint32 {
	moved := make([]uint32, part.docs)
	for i := range moved {
		moved[i] = gone
		if !dead.has(uint32(i)) { //nolint:gosec // entries of a segment fit
			moved[i] = uint32(m.out.docs) //nolint:gosec // entries of a segment fit
			m.out.docs++
		}
	}
	return moved
}

// mergeWords makes the sorted list of all words and tells for each part the new numbers of its own.
func (m *merger) mergeWords(parts []*segment) [][]uint32 {
	renumbered := make([][]uint32, len(parts))
	at := make([]int, len(parts))
	for i, part := range parts {
		renumbered[i] = make([]uint32, part.words.len())
	}
	for n := uint32(0); ; n++ {
		var least []byte
		for i, part := range parts {
			if at[i] < part.words.len() {
				if w := part.words.get(at[i]); least == nil || string(w) < string(least) {
					least = w
				}
			}
		}
		if least == nil {
			return renumbered
		}
		m.out.words.add(least)
		for i, part := range parts {
			if at[i] < part.words.len() && string(part.words.get(at[i])) == string(least) {
				renumbered[i][at[i]] = n
				at[i]++
			}
		}
	}
}

// copyEntries copies what stands by entry.
func (m *merger) copyEntries(part *segment, moved, words []uint32) {
	var buffer []byte
	for i := range part.docs {
		if moved[i] == gone {
			continue
		}
		buffer = renumber(buffer[:0], part.streams.get(i), words)
		m.out.streams.add(buffer)
		m.out.names.add(part.names.get(i))
		buffer = buffer[:0]
		facets := part.facets.get(i)
		for j := range len(facets) / 4 {
			buffer = binary.LittleEndian.AppendUint32(buffer, number(m.values, string(part.values.get(int(u32(facets, j))))))
		}
		m.out.facets.add(buffer)
		m.out.lengths = append(m.out.lengths, part.lengths[i])
		m.out.length += uint64(lengthOf[part.lengths[i]])
		m.out.dates = append(m.out.dates, part.dates[8*i:8*i+8]...)
		m.out.right = binary.LittleEndian.AppendUint32(m.out.right, number(m.rights, string(part.rights.get(int(u32(part.right, i))))))
	}
}

// mergeUnits walks the sorted units of all parts at once.
func (m *merger) mergeUnits(parts []*segment, moved [][]uint32) {
	at := make([]int, len(parts))
	var postings []posting
	for {
		least, left := uint64(0), false
		for i, part := range parts {
			if 16*at[i] < len(part.units) {
				if u := u64(part.units, 2*at[i]); !left || u < least {
					least, left = u, true
				}
			}
		}
		if !left {
			return
		}
		postings = postings[:0]
		for i, part := range parts {
			if 16*at[i] == len(part.units) || u64(part.units, 2*at[i]) != least {
				continue
			}
			at[i]++
			part.each(least, func(doc, often uint32) {
				if n := moved[i][doc]; n != gone {
					postings = append(postings, posting{least, n, often})
				}
			})
		}
		if len(postings) > 0 {
			m.out.unit(least, postings)
		}
	}
}

// segmentLimit keeps offsets within 32 bits, with room.
const segmentLimit = 1 << 30

// An index is one moment of the segments. It never changes: whoever holds it goes on reading it.
type index struct {
	segments []*segment
	dead     []bitset // entries that were changed or removed since, by segment
	sequence int64    // of the newest change in it
	last     string   // the entry that changed then
}

// with is the index after a batch of changes.
func (x *index) with(batch []change) *index {
	next := &index{segments: slices.Clone(x.segments), dead: slices.Clone(x.dead), sequence: x.sequence, last: x.last}
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
	next := &index{sequence: x.sequence, last: x.last}
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
