package plan

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"banlang/internal/fault"
)

// An Amount is a number with up to three decimals, kept as thousandths so that sums and comparisons are exact.
type Amount int64

// Whole makes the Amount of a whole number.
func Whole(n int64) Amount { return Amount(n * 1000) }

// Float is for bars and formatting, never for judging.
func (a Amount) Float() float64 { return float64(a) / 1000 }

// String writes a with a decimal point and no needless zeros: 84.2.
func (a Amount) String() string {
	return strconv.FormatFloat(a.Float(), 'f', -1, 64)
}

// The two ways in which an amount may be typed: 1.649 or 1649, each with an optional decimal comma. "84.5" is neither,
// because a reader of Vietnamese would take it for eight hundred and something.
var typed = regexp.MustCompile(`^(\d{1,3}(\.\d{3})+|\d+)(,\d{1,3})?$`)

// ParseAmount reads what an officer typed in the form field of that name, in Vietnamese writing: 1.649 or 84,2.
func ParseAmount(field, s string) (Amount, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, fault.Field(field, "plan."+field+".required")
	}
	if !typed.MatchString(s) {
		return 0, fault.Field(field, "plan.amount.form")
	}
	whole, part, _ := strings.Cut(strings.ReplaceAll(s, ".", ""), ",")
	n, err := strconv.ParseInt(whole+(part + "000")[:3], 10, 64)
	if err != nil || n > math.MaxInt64/200_000 { // so that a share of it, times 100, still fits
		return 0, fault.Field(field, "plan.amount.large")
	}
	return Amount(n), nil
}

// referenceAmount reads a number of the reference files: digits and at most a decimal point.
func referenceAmount(s string) (Amount, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", s, err)
	}
	return Amount(math.Round(f * 1000)), nil
}
