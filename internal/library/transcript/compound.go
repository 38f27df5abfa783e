package transcript

import (
	"strings"
	"unicode/utf16"
)

// A compound is a file of streams in sectors ([MS-CFB]), as Word wrote it until 2003.
type compound struct {
	file     []byte
	sector   int // bytes
	mini     int // bytes of a sector of a small stream
	next     []int
	nextMini []int
	small    []byte // the stream that small streams lie in
	cutoff   int
	entries  []entry
}

type entry struct {
	name        string
	kind        byte
	start, size int
}

const (
	kindStream, kindRoot = 2, 5
	endOfChain           = -2
)

func openCompound(file []byte) (*compound, error) {
	const header, inHeader = 512, 109
	if len(file) < header {
		return nil, errDamaged
	}
	shift, miniShift := u16(file, 0x1E), u16(file, 0x20)
	if shift != 9 && shift != 12 || miniShift != 6 {
		return nil, errDamaged
	}
	c := &compound{file: file, sector: 1 << shift, mini: 1 << miniShift, cutoff: u32(file, 0x38)}

	// The table of the table's own sectors: 109 of them in the header, the rest in a chain.
	var table []int
	for i := range inHeader {
		table = append(table, u32(file, 0x4C+4*i))
	}
	per := c.sector/4 - 1
	for s, seen := u32(file, 0x44), 0; s >= 0 && seen <= len(file)/c.sector; seen++ {
		b := c.at(s)
		for i := range per {
			table = append(table, u32(b, 4*i))
		}
		s = u32(b, 4*per)
		if len(b) < c.sector {
			break
		}
	}
	for _, s := range table {
		b := c.at(s)
		if len(b) < c.sector || len(c.next) > len(file)/c.sector { // a table larger than its file is a trick
			continue
		}
		for i := range c.sector / 4 {
			c.next = append(c.next, u32(b, 4*i))
		}
	}

	directory, err := c.chain(u32(file, 0x30), len(file))
	if err != nil {
		return nil, err
	}
	c.readDirectory(directory)
	for _, e := range c.entries {
		if e.kind == kindRoot {
			if c.small, err = c.chain(e.start, e.size); err != nil {
				return nil, err
			}
		}
	}
	if table, err := c.chain(u32(file, 0x3C), len(file)); err == nil {
		for i := range len(table) / 4 {
			c.nextMini = append(c.nextMini, u32(table, 4*i))
		}
	}
	return c, nil
}

func (c *compound) readDirectory(directory []byte) {
	const size = 128
	for ; len(directory) >= size; directory = directory[size:] {
		letters := make([]uint16, 0, 32)
		for i := range max(0, min(u16(directory, 0x40)/2-1, 31)) {
			letters = append(letters, uint16(u16(directory, 2*i))) //nolint:gosec // it was read from two bytes
		}
		c.entries = append(c.entries, entry{string(utf16.Decode(letters)), directory[0x42], u32(directory, 0x74), u32(directory, 0x78)})
	}
}

// at is one sector of the file; the header takes the place of the one before the first.
func (c *compound) at(sector int) []byte {
	if sector < 0 || sector > len(c.file)/c.sector {
		return nil
	}
	return part(c.file, (sector+1)*c.sector, c.sector)
}

// chain reads the sectors from start on, n bytes at most. A chain that runs in a circle ends with the file's size.
func (c *compound) chain(start, n int) ([]byte, error) {
	var out []byte
	for s := start; s != endOfChain && s >= 0 && len(out) < n; {
		b := c.at(s)
		if len(b) == 0 || len(out) > len(c.file) {
			return nil, errDamaged
		}
		out = append(out, b...)
		if s >= len(c.next) {
			break
		}
		s = c.next[s]
	}
	return part(out, 0, n), nil
}

// stream is the content of a named stream of the top.
func (c *compound) stream(name string) ([]byte, error) {
	for _, e := range c.entries {
		if e.kind != kindStream || !strings.EqualFold(e.name, name) || e.size < 0 {
			continue
		}
		if e.size >= c.cutoff {
			return c.chain(e.start, e.size)
		}
		var out []byte
		for s := e.start; s >= 0 && len(out) < e.size; {
			b := part(c.small, s*c.mini, c.mini)
			if len(b) == 0 {
				return nil, errDamaged
			}
			out = append(out, b...)
			if s >= len(c.nextMini) {
				break
			}
			s = c.nextMini[s]
		}
		return part(out, 0, e.size), nil
	}
	return nil, errDamaged
}
