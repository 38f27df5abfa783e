package search

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"sort"
	"time"

	"banlang/internal/fold"
)

// recipe changes whenever the same entries would make another index. An index of another recipe is rebuilt. Raise the first
// number when the form of a file changes, or the way fold reads words; its list of aliases is counted in.
var recipe = 1<<32 | uint64(fold.Edition())

const magic = "banlang\x00"

// A segment is an immutable part of the index, one run of bytes on disk or in memory. Entries are numbered within it from 0.
type segment struct {
	raw    []byte
	name   string // on the shelf; "" while it is in memory only
	docs   int
	length uint64 // words of all entries together

	units    []byte // 16 bytes a unit, sorted: hash, where its postings begin, how many entries
	postings []byte // per entry: varint(distance from the one before << 4 | how often, at most 15)
	words    list   // "folded\x00toned", sorted
	streams  list   // per entry: its words in order (see stream)
	names    list   // per entry: "id\x00number"
	facets   list   // per entry: numbers of values, 4 bytes each
	lengths  []byte // per entry: 8*log2 of its words
	dates    []byte // per entry: milliseconds, 8 bytes
	right    []byte // per entry: number of the right it asks for, 4 bytes
	rights   list   // Entry.right, each once
	values   list   // "facet\x00value"
}

// A list holds strings of bytes by number.
type list struct{ at, bytes []byte }

func (l list) len() int { return max(0, len(l.at)/4-1) }

func (l list) get(i int) []byte { return l.bytes[u32(l.at, i):u32(l.at, i+1)] }

// find returns the first number whose string is not below key; the list must be sorted.
func (l list) find(key []byte) int {
	return sort.Search(l.len(), func(i int) bool { return bytes.Compare(l.get(i), key) >= 0 })
}

func (l *list) add(b []byte) {
	if len(l.at) == 0 {
		l.at = append(l.at, 0, 0, 0, 0)
	}
	l.bytes = append(l.bytes, b...)
	l.at = binary.LittleEndian.AppendUint32(l.at, uint32(len(l.bytes))) //nolint:gosec // segmentLimit keeps it below 4 GiB
}

func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
func u64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }

// sections are the parts of a segment in the order of the file.
func (s *segment) sections() []*[]byte {
	return []*[]byte{&s.units, &s.postings, &s.words.at, &s.words.bytes, &s.streams.at, &s.streams.bytes, &s.names.at, &s.names.bytes,
		&s.facets.at, &s.facets.bytes, &s.lengths, &s.dates, &s.right, &s.rights.at, &s.rights.bytes, &s.values.at, &s.values.bytes}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode lays the sections of a new segment into one run of bytes, with a head that names their lengths and a checksum behind.
func (s *segment) encode() []byte {
	size := 64 + 8*len(s.sections())
	for _, part := range s.sections() {
		size += len(*part)
	}
	raw := append(make([]byte, 0, size), magic...)
	raw = binary.LittleEndian.AppendUint64(raw, recipe)
	raw = binary.LittleEndian.AppendUint64(raw, uint64(s.docs)) //nolint:gosec // a count
	raw = binary.LittleEndian.AppendUint64(raw, s.length)
	for _, part := range s.sections() {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(len(*part)))
	}
	for _, part := range s.sections() {
		raw = append(raw, *part...)
	}
	return binary.LittleEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
}

var errUnreadable = errors.New("search index is unreadable")

// decode reads what encode wrote. Anything but that is errUnreadable.
func decode(raw []byte) (*segment, error) {
	s := &segment{raw: raw}
	head := len(magic) + 3*8 + 8*len(s.sections())
	if len(raw) < head+4 || string(raw[:len(magic)]) != magic ||
		binary.LittleEndian.Uint32(raw[len(raw)-4:]) != crc32.Checksum(raw[:len(raw)-4], castagnoli) {
		return nil, errUnreadable
	}
	numbers, rest := raw[len(magic):], raw[head:len(raw)-4]
	if u64(numbers, 0) != recipe {
		return nil, errUnreadable
	}
	s.docs, s.length = int(u64(numbers, 1)), u64(numbers, 2) //nolint:gosec // checksummed
	for i, part := range s.sections() {
		n := u64(numbers, 3+i)
		if n > uint64(len(rest)) {
			return nil, errUnreadable
		}
		*part, rest = rest[:n:n], rest[n:]
	}
	return s, nil
}

// find returns the postings of a unit and in how many entries it stands.
func (s *segment) find(unit uint64) (postings []byte, entries int) {
	n := len(s.units) / 16
	i := sort.Search(n, func(i int) bool { return u64(s.units, 2*i) >= unit })
	if i == n || u64(s.units, 2*i) != unit {
		return nil, 0
	}
	return s.postings[u32(s.units, 4*i+2):], int(u32(s.units, 4*i+3))
}

// each calls f for the entries of a unit, in order.
func (s *segment) each(unit uint64, f func(doc, often uint32)) {
	postings, n := s.find(unit)
	doc := ^uint32(0)
	for range n {
		v, size := binary.Uvarint(postings)
		postings = postings[size:]
		doc += uint32(v >> 4) //nolint:gosec // entries of a segment fit
		f(doc, uint32(v&15))
	}
}

var noDate = time.Time{}.UnixMilli()

func (s *segment) date(doc uint32) int64 { return int64(u64(s.dates, int(doc))) } //nolint:gosec // written from an int64

// year is 0 where an entry has no date.
func (s *segment) year(doc uint32) int {
	if ms := s.date(doc); ms > noDate {
		return time.UnixMilli(ms).UTC().Year()
	}
	return 0
}

func (s *segment) id(doc uint32) []byte {
	id, _, _ := bytes.Cut(s.names.get(int(doc)), []byte{0})
	return id
}

func (s *segment) number(doc uint32) []byte {
	_, number, _ := bytes.Cut(s.names.get(int(doc)), []byte{0})
	return number
}

// lookup finds an entry by its identifier.
func (s *segment) lookup(id string) (doc uint32, ok bool) {
	s.each(idUnit(id), func(d, _ uint32) {
		if string(s.id(d)) == id {
			doc, ok = d, true
		}
	})
	return doc, ok
}

// A stream is the words of an entry, clause by clause: numbers of words from firstWord on; alsoMark before words that an
// abbreviation or its like also says; clauseEnd, followed by where the clause stands in the body, in characters from the end of
// the one before, and its length (0 for the clauses that are not in the body).
type stream struct {
	bytes []byte
	end   int // of the clause before, in characters
}

const (
	clauseEnd = iota
	alsoMark
	firstWord
)

// The first clauses of every entry are its title, heading and number; what follows is its body.
const (
	titleClause = iota
	headingClause
	numberClause
	bodyClause
)

// A clause is one clause of a stream: numbers of its words, and of the words it also says, runs of them parted by alsoMark.
type clause struct {
	words, also   []uint32
	start, length int
}

func (s *segment) stream(doc uint32) stream { return stream{bytes: s.streams.get(int(doc))} }

// next reads a clause into c and tells whether there was one.
func (s *stream) next(c *clause) bool {
	if len(s.bytes) == 0 {
		return false
	}
	c.words, c.also = c.words[:0], c.also[:0]
	also := false
	for {
		v := s.varint()
		switch {
		case v == clauseEnd:
			c.start = s.end + int(s.varint())
			c.length = int(s.varint())
			s.end = c.start + c.length
			return true
		case v == alsoMark:
			also = true
			c.also = append(c.also, alsoMark)
		case also:
			c.also = append(c.also, v)
		default:
			c.words = append(c.words, v)
		}
	}
}

func (s *stream) varint() uint32 {
	v, n := binary.Uvarint(s.bytes)
	s.bytes = s.bytes[n:]
	return uint32(v) //nolint:gosec // numbers of words fit
}

// A bitset is a set of entries of a segment.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }

func (b bitset) and(c bitset) {
	for i := range b {
		b[i] &= c[i]
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Units are hashed so that the dictionary needs no strings. Two units with one hash would be taken for each other; among two
// million the chance of any such pair is one in ten million.
func wordUnit(word string) uint64 { return mix(hash(hashSeed, word)) }

func pairUnit(first, second string) uint64 {
	return mix(hash(hash(hash(hashSeed, first), " "), second))
}

// Units of identifiers and document numbers begin with a sign that no word has.
func idUnit(id string) uint64      { return mix(hash(hash(hashSeed, "\x00id "), id)) }
func numberUnit(num string) uint64 { return mix(hash(hash(hashSeed, "\x00no "), num)) }

const hashSeed = 14695981039346656037

// hash is FNV-1a.
func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix spreads the bits.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}
