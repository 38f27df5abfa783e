package quiz

import (
	"crypto/sha256"
	"math"
	"strconv"
	"strings"
	"testing"

	"banlang/internal/fault"
)

func TestChoice(t *testing.T) {
	tests := []struct {
		text string
		want int64 // 0: no answer
	}{
		{"1", 1}, {" 2 ", 2}, {"3.", 3}, {"(1)", 1}, {"A", 1}, {"b", 2}, {"c)", 3}, {"Á", 1}, {"B .", 2}, {"\"C\"", 3}, {"- 2 -", 2},
		{"", 0}, {"4", 0}, {"0", 0}, {"12", 0}, {"1 2", 0}, {"d", 0}, {"có", 0}, {"1 là gì?", 0}, {"ba", 0}, {"a b", 0}, {"1a", 0}, {"Cầu còn đi được không?", 0},
	}
	for _, test := range tests {
		got, ok := choice(test.text)
		if got != test.want || ok != (test.want > 0) {
			t.Errorf("choice(%q) = %d, %v, want %d", test.text, got, ok, test.want)
		}
	}
}

func draw(n int) []byte {
	sum := sha256.Sum256([]byte(strconv.Itoa(n)))
	return sum[:]
}

// Every order holds each option once, all six come up alike, and the share that is drawn is the one that was asked for.
func TestDraw(t *testing.T) {
	const n = 60_000
	seen := map[[3]int64]int{}
	in := map[int64]int{}
	for i := range n {
		o := order(draw(i))
		if o[0]+o[1]+o[2] != 6 || o[0]*o[1]*o[2] != 6 {
			t.Fatalf("order %v does not hold each option once", o)
		}
		seen[o]++
		for share := range int64(11) {
			if drawn(draw(i), share) {
				in[share]++
			}
		}
	}
	for o, times := range seen {
		if len(seen) != 6 || math.Abs(float64(times)-n/6) > 500 {
			t.Errorf("%d orders, %v came up %d times of %d", len(seen), o, times, n)
		}
	}
	for share := range int64(11) {
		if want := n * float64(share) / 100; math.Abs(float64(in[share])-want) > 400 {
			t.Errorf("a share of %d%% drew %d of %d", share, in[share], n)
		}
	}
}

func TestResult(t *testing.T) {
	exact := func(v float64) Span { return Span{v, v} }
	tests := []struct {
		name string
		Count
		right, known, bounds Span
	}{
		{"all right is all known", Count{60, 30, 30}, exact(1), exact(1), Span{0.5, 1}},
		{"a third right is nothing known", Count{60, 30, 10}, exact(1.0 / 3), exact(0), Span{10.0 / 60, 40.0 / 60}},
		{"less than a third is nothing and not less", Count{60, 30, 5}, exact(5.0 / 30), exact(0), Span{5.0 / 60, 35.0 / 60}},
		{"none right is told", Count{60, 30, 0}, exact(0), exact(0), Span{0, 0.5}},
		{"two thirds right are half known", Count{30, 30, 20}, exact(2.0 / 3), exact(0.5), exact(2.0 / 3)},
		{"few right are hidden", Count{60, 30, 2}, Span{1.0 / 30, 4.0 / 30}, exact(0), Span{1.0 / 60, 34.0 / 60}},
		{"few wrong are hidden", Count{60, 30, 28}, Span{26.0 / 30, 29.0 / 30}, Span{0.8, 0.95}, Span{26.0 / 60, 59.0 / 60}},
	}
	for _, test := range tests {
		got := test.result()
		if !got.Enough || !near(got.Right, test.right) || !near(got.Known, test.known) || !near(got.Bounds, test.bounds) {
			t.Errorf("%s: %+v, want right %v, known %v, bounds %v", test.name, got, test.right, test.known, test.bounds)
		}
	}
	if got := (Count{9, 4, 4}).result(); got.Enough || got.Right != (Span{}) {
		t.Errorf("shares of 4 answers are told: %+v", got)
	}
}

// What is shown of few answers is the same whatever the hidden count is.
func TestHiddenTellsNothing(t *testing.T) {
	for answered := int64(least); answered < 40; answered++ {
		by := map[Span][]int64{}
		for correct := range answered + 1 {
			r := Count{100, answered, correct}.result()
			by[r.Right] = append(by[r.Right], correct)
			if p := float64(correct) / float64(answered); p < r.Right.Low-1e-9 || p > r.Right.High+1e-9 {
				t.Errorf("%d right of %d are not within %v", correct, answered, r.Right)
			}
		}
		for span, all := range by {
			for _, correct := range all {
				if small := correct > 0 && correct < least || answered-correct > 0 && answered-correct < least; small && len(all) < 3 {
					t.Errorf("%d answers: %v says that %v are right", answered, span, all)
				}
			}
		}
	}
}

func near(a, b Span) bool { return math.Abs(a.Low-b.Low)+math.Abs(a.High-b.High) < 1e-9 }

func TestWordsAreChecked(t *testing.T) {
	good := Words{Question: "Bà con lên chỗ cao trước mấy giờ?", Options: [3]string{"22 giờ", "24 giờ", "Sáng mai"}}
	tests := []struct {
		name   string
		change func(*Words)
		field  string // that is wrong; empty for none
	}{
		{"a question with three answers", func(*Words) {}, ""},
		{"no question", func(w *Words) { w.Question = "Sao?" }, "question"},
		{"a long question", func(w *Words) { w.Question = strings.Repeat("dài ", 41) }, "question"},
		{"an empty answer", func(w *Words) { w.Options[1] = "" }, "second"},
		{"a long answer", func(w *Words) { w.Options[2] = strings.Repeat("đ", 61) }, "third"},
		{"two answers that are the same but for the marks", func(w *Words) { w.Options[2] = "22 gio" }, "third"},
	}
	for _, test := range tests {
		w := good
		test.change(&w)
		field := ""
		if all := fault.All(w.check()); len(all) > 0 {
			field = all[0].Field
		}
		if field != test.field {
			t.Errorf("%s: wrong is %q, want %q", test.name, field, test.field)
		}
	}
}
