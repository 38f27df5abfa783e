package sheet

import (
	"slices"
	"strings"

	"banlang/internal/fold"
)

const (
	headRows    = 80      // rows at the top that are kept
	headBytes   = 4 << 20 // bytes of their texts
	headSearch  = 40      // of them, those in which a header may end
	headHeight  = 4       // rows of a header
	headColumns = 256
	maxWork     = 2_000_000 // columns that are compared with those of forms, in all sheets together
)

// A head is the top of a sheet, where its header is looked for.
type head struct {
	match   *matcher
	tab     tab
	frame   frame
	lines   []line
	legacy  fold.Encoding       // of most of its texts
	origin  map[[2]int][2]int   // row and column of the text of a merged area, for each cell of it
	right   map[int]int         // last column of merged areas, by row
	ways    map[string][]string // how texts may be read
	folded  map[string]string   // their toned keys
	columns map[[2]int][]column // by last row and height of a header
}

// readHead reads the first rows of a sheet.
func (b *book) readHead(t tab, m *matcher) (*head, error) {
	f, err := b.frame(t)
	if err != nil {
		return nil, err
	}
	h := &head{match: m, tab: t, frame: f, origin: map[[2]int][2]int{}, right: map[int]int{}, ways: map[string][]string{}, folded: map[string]string{}, columns: map[[2]int][]column{}}
	size := 0
	err = b.rows(t, func(l *line) (bool, error) {
		kept := *l
		kept.cells = slices.Clone(l.cells)
		h.lines = append(h.lines, kept)
		for _, c := range kept.cells {
			size += len(c.text)
		}
		return len(h.lines) < headRows && size < headBytes, nil
	})
	if err != nil || len(h.lines) == 0 {
		return h, err
	}
	h.legacy = legacyOf(h.lines)
	last := h.lines[len(h.lines)-1].no
	for _, m := range f.merges {
		for row := m.top; row <= min(m.bottom, last, m.top+headRows); row++ {
			for col := m.left; col <= min(m.right, headColumns) && len(h.origin) < 1<<16; col++ {
				h.origin[[2]int{row, col}] = [2]int{m.top, m.left}
			}
			h.right[row] = max(h.right[row], m.right)
		}
	}
	return h, nil
}

func (h *head) line(no int) *line {
	i, ok := slices.BinarySearchFunc(h.lines, no, func(l line, no int) int { return l.no - no })
	if !ok {
		return &line{no: no}
	}
	return &h.lines[i]
}

// said is the text over a column in a row, in the ways in which it may be read: that of a merged area stands over all its columns.
func (h *head) said(row, col int) (ways []string, origin [2]int) {
	origin = [2]int{row, col}
	if first, ok := h.origin[origin]; ok {
		origin = first
	}
	c := h.line(origin[0]).at(origin[1])
	if c.kind == wrong || c.kind == blank {
		return nil, origin
	}
	ways, ok := h.ways[c.text]
	if !ok {
		ways = h.match.readings(c.text, h.legacy)
		h.ways[c.text] = ways
	}
	return ways, origin
}

func (h *head) key(s string) string {
	k, ok := h.folded[s]
	if !ok {
		k = fold.Toned(s)
		h.folded[s] = k
	}
	return k
}

// A column is what stands over one column of a sheet, in the rows of a header.
type column struct {
	no     int
	ways   []way // how it may be read, the likeliest first
	before bool  // it is another period's, or a plan's: never taken for the figures themselves without being asked
	groups []group
}

// A group is a text that stands over several columns.
type group struct {
	said        []string // toned, in the ways in which it may be read
	left, right int
}

// A way is one reading of a header, from top to bottom and without repetitions.
type way struct {
	shown  []string
	levels []string // toned
}

func (w way) header() string { return strings.Join(w.levels, " > ") }

// header reads the header that ends in a row and has so many rows.
func (h *head) header(bottom, height int) []column {
	at := [2]int{bottom, height}
	if list, ok := h.columns[at]; ok {
		return list
	}
	last := 0
	for no := bottom - height + 1; no <= bottom; no++ {
		if cells := h.line(no).cells; len(cells) > 0 {
			last = max(last, cells[len(cells)-1].col)
		}
		last = max(last, h.right[no])
	}
	var list []column
	for col := 1; col <= min(last, headColumns); col++ {
		if c := h.over(col, bottom, height); len(c.ways) > 0 {
			list = append(list, c)
		}
	}
	h.columns[at] = list
	return list
}

// over reads what stands over one column.
func (h *head) over(col, bottom, height int) column {
	c := column{no: col}
	var texts [][]string
	var seen [][2]int
	for no := max(1, bottom-headHeight+1); no <= bottom; no++ {
		said, origin := h.said(no, col)
		if len(said) == 0 || slices.Contains(seen, origin) {
			continue
		}
		seen = append(seen, origin)
		c.before = c.before || slices.ContainsFunc(said, func(s string) bool { return otherPeriod(h.key(s)) })
		if g := h.group(said, origin); g.right > g.left {
			c.groups = append(c.groups, g)
		}
		if no > bottom-height || origin[0] != no {
			texts = append(texts, said)
		}
	}
	for i := range 5 {
		var w way
		more := i == 0
		for _, said := range texts {
			more = more || i < len(said)
			s := said[min(i, len(said)-1)]
			if k := h.key(s); k != "" {
				w.shown, w.levels = append(w.shown, s), append(w.levels, k)
			}
		}
		if !more || len(w.levels) == 0 {
			break
		}
		c.ways = append(c.ways, w)
	}
	return c
}

func (h *head) group(said []string, origin [2]int) group {
	g := group{left: origin[1], right: origin[1]}
	for h.origin[[2]int{origin[0], g.right + 1}] == origin && g.right < headColumns {
		g.right++
	}
	for _, s := range said {
		g.said = append(g.said, h.key(s))
	}
	return g
}

// others are words by which a column says that it is not of the period itself.
var others = func() (keys []string) {
	for _, words := range []string{"kỳ trước", "năm trước", "quý trước", "tháng trước", "cùng kỳ", "kế hoạch", "luỹ kế", "so sánh", "so với", "tỷ lệ", "tăng giảm"} {
		keys = append(keys, fold.Toned(words), fold.Key(words))
	}
	return keys
}()

func otherPeriod(key string) bool {
	return slices.ContainsFunc(others, func(words string) bool { return strings.Contains(key, words) })
}
