package outline

import "slices"

// Union draws the line around areas that lie side by side: what two of them share is inside. Points are as those of Rings. Areas cut
// out of one file meet exactly; where those of two files do not, what lies between them is left out when it is small.
func Union(areas ...Outline) [][][2]int {
	type edge [2][2]int
	once := map[edge]bool{}
	var order []edge // so that the same areas give the same line
	for _, a := range areas {
		for _, ring := range a.Rings() {
			for n, from := range ring {
				to := ring[(n+1)%len(ring)]
				e := edge{from, to}
				if slices.Compare(from[:], to[:]) > 0 {
					e = edge{to, from}
				}
				if from == to {
					continue
				}
				if once[e] {
					delete(once, e) // passed from both sides
					continue
				}
				once[e] = true
				order = append(order, e)
			}
		}
	}
	next := map[[2]int][]edge{}
	for _, e := range order {
		if once[e] {
			next[e[0]], next[e[1]] = append(next[e[0]], e), append(next[e[1]], e)
		}
	}
	var rings [][][2]int
	for _, e := range order {
		if !once[e] {
			continue
		}
		// Every point has an even number of edges, so that a walk ends where it began; where it comes to a point again, a ring is closed.
		walk := [][2]int{e[0]}
		for at := e[0]; ; {
			n := slices.IndexFunc(next[at], func(e edge) bool { return once[e] })
			if n < 0 {
				break
			}
			step := next[at][n]
			delete(once, step)
			if at == step[0] {
				at = step[1]
			} else {
				at = step[0]
			}
			if began := slices.Index(walk, at); began >= 0 {
				if ring := slices.Clone(walk[began:]); size(ring) >= least {
					rings = append(rings, straighten(ring))
				}
				walk = walk[:began]
			}
			walk = append(walk, at)
		}
	}
	return rings
}

// least is the size of what is left out of a union, twice the area: half a square kilometre.
const least = 100

// size is twice the area of a ring.
func size(ring [][2]int) int {
	sum := 0
	for n, p := range ring {
		q := ring[(n+1)%len(ring)]
		sum += p[0]*q[1] - q[0]*p[1]
	}
	return max(sum, -sum)
}

// straighten leaves out the points that lie on the way between their neighbours.
func straighten(ring [][2]int) [][2]int {
	var kept [][2]int
	for n, p := range ring {
		before, after := ring[(n+len(ring)-1)%len(ring)], ring[(n+1)%len(ring)]
		if size([][2]int{before, p, after}) != 0 {
			kept = append(kept, p)
		}
	}
	return kept
}
