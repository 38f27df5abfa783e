package plan

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
)

// Verdict says how a promise stands.
type Verdict string

// The verdicts of the vocabulary measure_verdict.
const (
	Met       Verdict = "met"        // the figure and its whole margin lie on the good side
	LikelyMet Verdict = "likely_met" // the figure does, its margin touches the promise
	NotMet    Verdict = "not_met"    // the figure and its whole margin lie on the wrong side
	NotEnough Verdict = "not_enough" // something that is needed to judge is missing
	NotDue    Verdict = "not_due"    // measured, not reached yet, and the day lies ahead
)

// Verdicts in the order in which they are shown.
var Verdicts = []Verdict{Met, LikelyMet, NotDue, NotMet, NotEnough}

// Shape is the mark that stands before the word: ok, go, late or unk.
func (v Verdict) Shape() string {
	switch v {
	case Met:
		return "ok"
	case LikelyMet, NotDue:
		return "go"
	case NotMet:
		return "late"
	}
	return "unk"
}

// Gap is something that is missing to judge a target.
type Gap string

// The gaps, in the order in which they are told.
const (
	GapPromise     Gap = "promise"     // the source was cut: what is promised is not known
	GapNumerator   Gap = "numerator"   //
	GapDenominator Gap = "denominator" //
	GapMethod      Gap = "method"      // none, or one that cannot prove this target
	GapDate        Gap = "date"        //
	GapMargin      Gap = "margin"      // a survey without its margin
	GapEvidence    Gap = "evidence"    //
	GapCertifier   Gap = "certifier"   // nobody, or the person who measured
	GapPrecision   Gap = "precision"   // the margin lies on both sides of the promise
)

// A Judgement is what can honestly be said of a target.
type Judgement struct {
	Verdict Verdict
	Missing []Gap  // empty unless the verdict is NotEnough
	Figure  Figure // zero where nothing may be shown
}

// Judge holds a measurement against its target at a moment. Where anything is missing it says NotEnough and shows no
// figure, neither 0 nor 100, whether or not the day has come (bar T4).
func Judge(t Target, m Measurement, now time.Time) Judgement {
	if missing := gaps(t, m); len(missing) > 0 {
		return Judgement{Verdict: NotEnough, Missing: missing}
	}
	j := Judgement{Figure: figure(t, m)}
	estimate, worst, best := j.Figure.rat, j.Figure.rat, j.Figure.rat
	if m.Interval() {
		worst, best = rat(m.Low), rat(m.High)
		if t.Operator == AtMost || t.Operator == LessThan {
			worst, best = best, worst
		}
	}
	switch {
	case t.meets(estimate) && t.meets(worst):
		j.Verdict = Met
	case t.meets(estimate):
		j.Verdict = LikelyMet
	case !t.Over(now):
		j.Verdict = NotDue
	case t.meets(best):
		j.Verdict, j.Missing = NotEnough, []Gap{GapPrecision}
	default:
		j.Verdict = NotMet
	}
	return j
}

// gaps lists what is missing. An empty measurement lacks its figures, its proof and its certifier; the day and the
// method come with the figures.
func gaps(t Target, m Measurement) []Gap {
	var gs []Gap
	add := func(missing bool, g Gap) {
		if missing {
			gs = append(gs, g)
		}
	}
	none := m.ID == ""
	add(t.Cut(), GapPromise)
	add(none || m.Numerator < 0 || t.Part() && m.Numerator > m.Denominator, GapNumerator)
	add(none || m.Denominator <= 0, GapDenominator)
	add(t.Cut() || !none && !t.proves(m.Method), GapMethod)
	add(!none && m.AsOf.IsZero(), GapDate)
	add(!none && m.Method == Survey && !m.Interval(), GapMargin)
	add(m.Evidence == "", GapEvidence)
	add(m.State != Approved || m.CertifiedBy == "" || m.CertifiedBy == m.MeasuredBy, GapCertifier)
	return gs
}

// proves says whether a method is one that can prove the target.
func (t Target) proves(m Method) bool {
	return slices.Contains(t.Methods, m)
}

func (t Target) meets(x *big.Rat) bool {
	c := x.Cmp(rat(t.Value))
	switch t.Operator {
	case AtLeast:
		return c >= 0
	case MoreThan:
		return c > 0
	case AtMost:
		return c <= 0
	case LessThan:
		return c < 0
	case Done:
		return x.Cmp(big.NewRat(1, 1)) >= 0
	}
	return false
}

func rat(a Amount) *big.Rat { return big.NewRat(int64(a), 1000) }

// A Figure is an exact result in the unit of its target. The zero Figure is no figure.
type Figure struct {
	rat     *big.Rat
	promise Amount
}

func figure(t Target, m Measurement) Figure {
	if t.Counted() {
		return Figure{rat(m.Numerator), t.Value}
	}
	share := new(big.Rat).Quo(rat(m.Numerator), rat(m.Denominator))
	if t.Unit == "%" {
		share.Mul(share, big.NewRat(100, 1))
	}
	return Figure{share, t.Value}
}

// Known says whether there is a figure.
func (f Figure) Known() bool { return f.rat != nil }

// Shown is the figure as a number to print, with one decimal. Where that would print 0, 100 or the promise itself although
// the figure is none of them (99.96 as 100), it has three, the last one on the true side.
func (f Figure) Shown() float64 {
	if f.rat == nil {
		return 0
	}
	tenths := thousandths(f.rat.FloatString(1))
	exact := f.rat.Cmp(rat(tenths)) == 0
	if exact || tenths != 0 && tenths != Whole(100) && tenths != f.promise {
		return tenths.Float()
	}
	fine := thousandths(f.rat.FloatString(3))
	if fine == tenths {
		fine += Amount(f.rat.Cmp(rat(tenths)))
	}
	return fine.Float()
}

// thousandths reads what FloatString wrote.
func thousandths(s string) Amount {
	f, _ := strconv.ParseFloat(s, 64) // it has just been written as a number
	return Amount(math.Round(f * 1000))
}
