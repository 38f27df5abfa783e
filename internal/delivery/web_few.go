package delivery

import (
	"net/http"

	"banlang/internal/i18n"
	"banlang/internal/web"
)

// least is the smallest count of persons that is told.
const least = 5

func isFew(n int64) bool { return n > 0 && n < least }

// few is a count as an officer may read it: below five it says no more than that.
func few(r *http.Request, n int64) string {
	if isFew(n) {
		return web.T(r, "delivery.few")
	}
	return i18n.Number(web.Reader(r).UI, n)
}

// masked is a count that another one below five could be found from: it says no more than the tens below it.
func masked(r *http.Request, n int64, hide bool) string {
	if !hide || isFew(n) {
		return few(r, n)
	}
	return web.T(r, "delivery.above", "N", i18n.Number(web.Reader(r).UI, max(least-1, (n-least)/10*10)))
}

// part is a count of a whole that is told too: what is left over stays hidden where it is below five.
func part(r *http.Request, n, whole int64) string { return masked(r, n, isFew(whole-n)) }

// hidden tells which counts are masked: those below five, and where their sum is told as many more, the smallest first, as it takes
// that none of them is found by subtraction. Where the sum is masked itself, one of them is at least.
func hidden(counts []int64, sumTold bool) []bool {
	hide := make([]bool, len(counts))
	var n, sum int64
	for i, c := range counts {
		if isFew(c) {
			hide[i], n, sum = true, n+1, sum+c
		}
	}
	for sumTold && n > 0 && (n == 1 || sum < least) || !sumTold && n == 0 {
		next := -1
		for i, c := range counts {
			if c > 0 && !hide[i] && (next < 0 || c < counts[next]) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		hide[next], n, sum = true, n+1, sum+counts[next]
	}
	return hide
}
