package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"banlang/internal/report/form"
)

// Where a workbook that Write made says what it is: a sheet that Excel shows only to its own macro editor. Each line is a word and
// what it says; the last is the sum of those before, so that a sheet that was damaged or copied in half is not believed.
const (
	stampTab   = "_banlang"
	stampFirst = "banlang.form"
	maxStamp   = 4000 // lines
)

// lines are the stamp as its sheet holds it, without the sum.
func (s Stamp) lines(g form.Grid, first int) [][]string {
	list := [][]string{
		{stampFirst, s.Form, strconv.Itoa(s.Version)},
		{"report", s.Report},
		{"unit", s.Unit},
		{"period", s.Period},
		{"sheet", s.Sheet},
	}
	for i, c := range g.Cols {
		list = append(list, []string{"column", strconv.Itoa(firstValue + i), c.Code})
	}
	for i, r := range g.Rows {
		list = append(list, []string{"row", strconv.Itoa(first + i), r.Code, r.Label})
	}
	return list
}

// checksum is over every word of every line.
func checksum(lines [][]string) string {
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(strings.TrimRight(strings.Join(l, "\x1f"), "\x1f") + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// stamp reads the hidden sheet; false where there is none that can be believed.
func (b *book) stamp() (Stamp, bool, error) {
	var s Stamp
	for _, t := range b.tabs {
		if t.name != stampTab {
			continue
		}
		var lines [][]string
		good := false
		err := b.rows(t, func(l *line) (bool, error) {
			var said []string
			for _, c := range l.cells {
				said = append(said, make([]string, max(0, min(c.col, 8)-len(said)))...)
				said[len(said)-1] = c.text
			}
			if len(said) == 2 && said[0] == "sum" {
				good = said[1] == checksum(lines)
				return false, nil
			}
			lines = append(lines, said)
			return len(lines) < maxStamp, nil
		})
		if err != nil || !good {
			return Stamp{}, false, err
		}
		return s.read(lines)
	}
	return s, false, nil
}

func (s Stamp) read(lines [][]string) (Stamp, bool, error) {
	for _, l := range lines {
		l = append(l, "", "", "", "")
		switch l[0] {
		case stampFirst:
			s.Form = l[1]
			s.Version, _ = strconv.Atoi(l[2])
		case "report":
			s.Report = l[1]
		case "unit":
			s.Unit = l[1]
		case "period":
			s.Period = l[1]
		case "sheet":
			s.Sheet = l[1]
		case "row":
			no, _ := strconv.Atoi(l[1])
			s.rows = append(s.rows, stamped{no, l[2], l[3]})
		}
	}
	return s, s.Form != "", nil
}

// Peek reads only the stamp of a workbook, so that the caller can lay out the form that it is of. False: it has none.
func Peek(r io.ReaderAt, size int64) (Stamp, bool, error) {
	b, err := openBook(r, size)
	if err != nil {
		return Stamp{}, false, err
	}
	return b.stamp()
}
