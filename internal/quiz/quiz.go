// Package quiz knows the question that is asked of a sample of those whom a campaign reached, to learn whether its bulletin was
// understood (câu hỏi kiểm tra mức độ hiểu tin). It keeps who answered only until that is counted, and nothing of what a person knows
// or does not. It does not send: it asks the ledger.
package quiz

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/i18n"
)

const (
	openFor  = 7 * 24 * time.Hour // an answer counts for so long after the question
	worthFor = 24 * time.Hour     // a question that has not gone out by then is not asked any more

	leastShare, mostShare = 5, 10 // of a hundred of those whom the campaign reached
	mostParts             = 6     // of an SMS
	longestQuestion       = 160   // letters
	longestOption         = 60
)

// A State says how a quiz stands.
type State string

// The states of a quiz.
const (
	Draft   State = "draft"
	Asking  State = "asking" // its sample is being drawn, once the campaign is done
	Open    State = "open"   // asked; answers count until it closes
	Dropped State = "dropped"
)

// A Quiz is one question about the bulletin of a campaign.
type Quiz struct {
	Campaign string
	Answer   int64 // which option, as written, is right: 1 to 3
	Share    int64 // of a hundred
	State    State
	MadeBy   string
	Begun    time.Time // zero while a draft
	Closes   time.Time // zero until all are asked
	Words    []Words   // Vietnamese first

	reached string // the last message that the drawing has come to
	thinned Count
}

// Words are a quiz in one language.
type Words struct {
	Lang     string
	Question string
	Options  [3]string
	By       string
}

// In is the quiz in the first of the languages that it has, else in Vietnamese. missing is the language that was wanted most and is
// not there; empty where nothing is missing.
func (q Quiz) In(wanted []string) (w Words, missing string) {
	for _, lang := range wanted {
		if n := slices.IndexFunc(q.Words, func(w Words) bool { return w.Lang == lang }); n >= 0 {
			return q.Words[n], missing
		}
		if missing == "" {
			missing = lang
		}
	}
	return q.Words[0], missing
}

// check says what is wrong with words, field by field.
func (w Words) check() error {
	var wrong []error
	say := func(bad bool, field, key string, args ...any) {
		if bad {
			wrong = append(wrong, fault.Field(field, key, args...))
		}
	}
	n := len([]rune(w.Question))
	say(n < 10 || n > longestQuestion, "question", "quiz.question.length", "Most", longestQuestion)
	seen := map[string]bool{}
	for i, option := range w.Options {
		n := len([]rune(option))
		say(n < 1 || n > longestOption, fields[i], "quiz.option.length", "Most", longestOption)
		say(n > 0 && seen[fold.Key(option)], fields[i], "quiz.option.same")
		seen[fold.Key(option)] = true
	}
	return errors.Join(wrong...)
}

// fields name the options in forms.
var fields = [3]string{"first", "second", "third"}

// orders are the ways in which three options can stand.
var orders = [6][3]int64{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}

// order is how the options stand for one recipient: which of them, as written, is the first, the second and the third. draw is a number
// that only the installation can make, the same each time.
func order(draw []byte) [3]int64 { return orders[binary.BigEndian.Uint64(draw)%uint64(len(orders))] }

// drawn reports whether a recipient is in a sample of so many of a hundred.
func drawn(draw []byte, share int64) bool {
	return binary.BigEndian.Uint64(draw)%10_000 < uint64(share)*100 //nolint:gosec // a share is 5 to 10
}

// shown are the options in an order.
func (w Words) shown(order [3]int64) [3]string {
	var all [3]string
	for i, n := range order {
		all[i] = w.Options[n-1]
	}
	return all
}

// choice reads an answer: 1, 2, 3 or A, B, C, with marks, spaces and dots around it or without. ok is false for whatever else.
func choice(text string) (place int64, ok bool) {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n.,:;!?'\"()[]-/", r) {
			return -1
		}
		return r
	}, text)
	switch fold.Key(bare) {
	case "1", "a":
		return 1, true
	case "2", "b":
		return 2, true
	case "3", "c":
		return 3, true
	}
	return 0, false
}

// A Count is what came of a quiz.
type Count struct{ Asked, Answered, Correct int64 }

// least is the smallest count that is told; what lies below and is not zero is only said to be so small.
const least = 5

// A Span is a share that lies between two values, both of 0 to 1. They differ where a count is too small to be told: then the share
// says no more than "below 5" does.
type Span struct{ Low, High float64 }

// A Result says what the answers tell of those who were asked. Nothing of it holds for others without the bounds.
type Result struct {
	Count
	Enough   bool // of answers, to tell shares at all
	Rate     Span // of those asked who answered
	Right    Span // of the answers
	Known    Span // the same corrected for guessing
	Interval Span // in which Known lies for all who would answer, 95 times of a hundred
	Bounds   Span // of those asked, if all who were silent were wrong, and if all of them were right
}

// fewAnswers is the number of answers below which nothing can be concluded for a whole commune.
const fewAnswers = 30

// Few says that the answers are too few for conclusions.
func (r Result) Few() bool { return r.Answered < fewAnswers }

// result counts shares. Three options give a third of the guesses right, so what is known is (p - 1/3) / (1 - 1/3), and not below 0.
func (c Count) result() Result {
	r := Result{Count: c, Enough: c.Answered >= least}
	if !r.Enough {
		return r
	}
	asked, answered := float64(c.Asked), float64(c.Answered)
	low, high := hidden(c.Correct, c.Answered)
	r.Rate = Span{answered / asked, answered / asked}
	r.Right = Span{low / answered, high / answered}
	r.Known = Span{corrected(r.Right.Low), corrected(r.Right.High)}
	from, _ := wilson(r.Right.Low, answered)
	_, to := wilson(r.Right.High, answered)
	r.Interval = Span{corrected(from), corrected(to)}
	r.Bounds = Span{low / asked, (high + asked - answered) / asked}
	return r
}

// hidden is a part of a whole of 5 at least as it may be told: itself, or, where it or what is left is 1 to 4, all that it could be then.
// Of a whole in which one of the two is always so small it tells no more than that neither is none.
func hidden(part, whole int64) (low, high float64) {
	rest := whole - part
	switch {
	case part == 0 || rest == 0:
	case whole < 2*least-1:
		return 1, float64(whole - 1)
	case part < least:
		return 1, least - 1
	case rest < least:
		return float64(whole - least + 1), float64(whole - 1)
	}
	return float64(part), float64(part)
}

// wilson is the interval of Wilson at 95% for a share of n. It tells nothing that the share and n do not.
func wilson(p, n float64) (low, high float64) {
	const z = 1.959964
	middle, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	whole := 1 + z*z/n
	return max(0, (middle-half)/whole), min(1, (middle+half)/whole)
}

func corrected(p float64) float64 { return max(0, (p-1.0/3)/(1-1.0/3)) }

// source is the language in which every quiz is written.
const source = i18n.Default
