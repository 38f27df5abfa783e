package search

import (
	"encoding/binary"
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
			buffer = binary.LittleEndian.AppendUint32(buffer, numberOf(m.values, string(part.values.get(int(u32(facets, j))))))
		}
		m.out.facets.add(buffer)
		m.out.lengths = append(m.out.lengths, part.lengths[i])
		m.out.length += uint64(lengthOf[part.lengths[i]])
		m.out.dates = append(m.out.dates, part.dates[8*i:8*i+8]...)
		m.out.right = binary.LittleEndian.AppendUint32(m.out.right, numberOf(m.rights, string(part.rights.get(int(u32(part.right, i))))))
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
