// Package disclosuretest makes tables with small groups in them, and attacks protected ones with a solver of linear programs that
// is not our own: glpsol, of Debian's glpk-utils.
package disclosuretest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"banlang/internal/fact/disclosure"
)

// A Case is a table with a pattern of hidden cells that is said to protect its primary cells.
type Case struct {
	Table  disclosure.Table
	Hidden []bool
	Spared []int // primary cells that nobody claims to be protected
}

// A Leak is a primary cell of which an attacker learns too much: no less than Low and no more than High.
type Leak struct {
	Case, Cell int
	Low, High  int64
}

// far is beyond every value that matters; without it a program could have no greatest answer.
const far = 100_000

// A siege is what is known so far of one case.
type siege struct {
	Case
	at        int           // which case
	open      map[int]reach // primary cells that are not yet known to be safe
	cell      int           // the one asked about by itself; -1 while all are asked about together
	direction float64
}

// A reach is the least and the greatest value that a cell was seen to have in tables that agree with all that is published.
type reach struct{ low, high int64 }

// Attack finds the leaks of the cases. A table that the solver finds while it asks about one cell shows how far the others can
// go, too, so most cells need no program of their own; a cell is called a leak only after programs of its own.
func Attack(ctx context.Context, cases []Case) ([]Leak, error) {
	var sieges []*siege
	for i, c := range cases {
		s := &siege{Case: c, at: i, open: map[int]reach{}, cell: -1}
		for cell, v := range c.Table.Cells {
			if v.Primary {
				s.open[cell] = reach{v.Value, v.Value}
			}
		}
		for _, cell := range c.Spared {
			delete(s.open, cell)
		}
		s.settle()
		sieges = append(sieges, s)
	}
	var leaks []Leak
	for round := 0; ; round++ {
		var left []*siege
		for _, s := range sieges {
			if s.cell >= 0 && s.direction < 0 { // asked both ways by itself, and still open
				if r, ok := s.open[s.cell]; ok {
					leaks = append(leaks, Leak{s.at, s.cell, r.low, r.high})
					delete(s.open, s.cell)
				}
			}
			if len(s.open) > 0 {
				s.aim(round)
				left = append(left, s)
			}
		}
		if sieges = left; len(left) == 0 {
			return leaks, nil
		}
		for len(left) > 0 {
			n, size := 0, 0
			for n < len(left) && size < 4000 {
				size += len(left[n].Table.Cells)
				n++
			}
			if err := solve(ctx, left[:n]); err != nil {
				return nil, err
			}
			left = left[n:]
		}
	}
}

// aim chooses what to ask next: all open cells up, all down, then one by one, up and down.
func (s *siege) aim(round int) {
	switch {
	case round == 0:
		s.direction = 1
	case round == 1:
		s.direction = -1
	case s.cell >= 0 && s.direction > 0 && s.has(s.cell):
		s.direction = -1
	default:
		s.direction = 1
		s.cell = -1
		for cell := range s.open {
			if s.cell < 0 || cell < s.cell {
				s.cell = cell
			}
		}
	}
}

func (s *siege) has(cell int) bool {
	_, ok := s.open[cell]
	return ok
}

// settle drops the cells that are known to be safe.
func (s *siege) settle() {
	for cell, r := range s.open {
		if s.Table.Cells[cell].Safe(r.low, r.high) {
			delete(s.open, cell)
		}
	}
}

// aimed is what a cell counts in the question.
func (s *siege) aimed(cell int) float64 {
	if s.cell >= 0 && cell != s.cell || !s.has(cell) {
		return 0
	}
	return s.direction
}

// solve asks the questions of several cases as one program, which falls apart into them.
func solve(ctx context.Context, sieges []*siege) error {
	answer, err := glpsol(ctx, write(sieges))
	if err != nil {
		return err
	}
	return read(answer, sieges)
}

// glpsol solves a program in the format MPS. Its answer is one line for the whole, and one for each row and column.
func glpsol(ctx context.Context, model []byte, options ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "attack")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "model.mps"), filepath.Join(dir, "answer")
	if err := os.WriteFile(in, model, 0o600); err != nil {
		return nil, err
	}
	args := append([]string{"--freemps", in, "--write", out}, options...)
	if said, err := exec.CommandContext(ctx, "glpsol", args...).CombinedOutput(); err != nil { //nolint:gosec // our own files and options
		return nil, fmt.Errorf("glpsol: %w: %s", err, said)
	}
	return os.ReadFile(out)
}

// write is the program in the format MPS: the sums are its rows, the cells its columns, and what everybody knows its bounds.
func write(sieges []*siege) []byte {
	var rows, columns, bounds bytes.Buffer
	for n, s := range sieges {
		in := make([][]string, len(s.Table.Cells))
		for i, sum := range s.Table.Sums {
			fmt.Fprintf(&rows, " E r%d_%d\n", n, i)
			in[sum.Total] = append(in[sum.Total], fmt.Sprintf("r%d_%d -1", n, i))
			for _, p := range sum.Parts {
				in[p] = append(in[p], fmt.Sprintf("r%d_%d 1", n, i))
			}
		}
		for i, c := range s.Table.Cells {
			fmt.Fprintf(&columns, " c%d_%d o %g\n", n, i, -s.aimed(i))
			for _, entry := range in[i] {
				fmt.Fprintf(&columns, " c%d_%d %s\n", n, i, entry)
			}
			if c.Published || !s.Hidden[i] {
				fmt.Fprintf(&bounds, " FX b c%d_%d %d\n", n, i, c.Value)
				continue
			}
			high := c.Value + far
			if c.High > 0 {
				high = c.High
			}
			fmt.Fprintf(&bounds, " LO b c%d_%d %d\n UP b c%d_%d %d\n", n, i, c.Low, n, i, high)
		}
	}
	return fmt.Appendf(nil, "NAME attack\nROWS\n N o\n%sCOLUMNS\n%sRHS\nBOUNDS\n%sENDATA\n", &rows, &columns, &bounds)
}

// read takes the values of the columns out of the solver's answer: lines "j column status value …".
func read(text []byte, sieges []*siege) error {
	values := map[int]float64{}
	optimal := false
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) >= 6 && f[0] == "s" && f[1] == "bas":
			optimal = f[4] == "f" && f[5] == "f"
		case len(f) >= 4 && f[0] == "j":
			column, err := strconv.Atoi(f[1])
			if err != nil {
				return err
			}
			if values[column-1], err = strconv.ParseFloat(f[3], 64); err != nil {
				return err
			}
		}
	}
	if !optimal {
		return fmt.Errorf("glpsol found no best answer: %.80s", text)
	}
	first := 0
	for _, s := range sieges {
		for cell, r := range s.open {
			v := values[first+cell]
			r.low, r.high = min(r.low, int64(v+1-1e-6)), max(r.high, int64(v+1e-6)) // never further than what was seen
			s.open[cell] = r
		}
		s.settle()
		first += len(s.Table.Cells)
	}
	return lines.Err()
}
