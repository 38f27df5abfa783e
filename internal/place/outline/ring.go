package outline

import (
	"strconv"
	"strings"
)

// Rings are the closed lines of an outline, each point east and south in thousandths of a degree, without the first one again. Holes
// are rings like others.
func (o Outline) Rings() [][][2]int {
	var rings [][][2]int
	for part := range strings.SplitSeq(o.Path, "z") {
		start, steps, ok := strings.Cut(strings.TrimPrefix(part, "M"), "l")
		if !ok {
			continue
		}
		var ring [][2]int
		var x, y int
		for n, one := range strings.Fields(start + " " + steps) {
			step, err := strconv.Atoi(one)
			if err != nil {
				return nil // not a path of ours
			}
			if n%2 == 0 {
				x += step
				continue
			}
			y += step
			ring = append(ring, [2]int{x, y})
		}
		rings = append(rings, ring)
	}
	return rings
}
