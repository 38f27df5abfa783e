package fact

import (
	"fmt"
	"regexp"
	"strconv"

	"banlang/internal/fault"
	"banlang/internal/place"
)

// A PeriodKind is how long the periods of an indicator are.
type PeriodKind string

// The kinds of periods, in the words of the catalogue.
const (
	Month      PeriodKind = "month"       // tháng
	Quarter    PeriodKind = "quarter"     // quý
	Half       PeriodKind = "half"        // nửa năm
	Year       PeriodKind = "year"        // năm
	SchoolYear PeriodKind = "school_year" // năm học: September to August
	FiveYear   PeriodKind = "five_year"   // điều tra 5 năm một lần, named by its year
	Tenure     PeriodKind = "term"        // nhiệm kỳ of five years, named by its first
)

// A Period is a stretch of time that figures are about, packed into a number that sorts by year: year*1000 + kind*100 + number.
// Zero is none. Its text, which addresses and files use, is "2026", "2026H1", "2026Q3", "2026M09", "2026S" (school year 2026 to
// 2027), "2024F" (a survey every five years) or "2026T" (the term that begins in 2026).
type Period int

type periodKind struct {
	kind   PeriodKind
	letter string
	most   int // numbers 1..most within a year; 0: the period has none
}

var periodKinds = []periodKind{{Year, "", 0}, {Half, "H", 2}, {Quarter, "Q", 4}, {Month, "M", 12}, {SchoolYear, "S", 0}, {FiveYear, "F", 0}, {Tenure, "T", 0}}

// NewPeriod makes the n-th period of a kind in a year; n is 0 for kinds that have one a year.
func NewPeriod(kind PeriodKind, year, n int) Period {
	for i, k := range periodKinds {
		if k.kind == kind {
			return Period(year*1000 + i*100 + n)
		}
	}
	return 0
}

// PeriodAt is the period of a kind in which a day lies. Surveys every five years fell on 2024, terms begin in 2026.
func PeriodAt(kind PeriodKind, on place.Date) Period {
	year, month := int(on)/10000, int(on)/100%100
	switch kind {
	case Month:
		return NewPeriod(kind, year, month)
	case Quarter:
		return NewPeriod(kind, year, (month+2)/3)
	case Half:
		return NewPeriod(kind, year, (month+5)/6)
	case SchoolYear:
		if month < 9 {
			year--
		}
	case FiveYear:
		year -= (year + 1) % 5
	case Tenure:
		year -= (year + 4) % 5
	}
	return NewPeriod(kind, year, 0)
}

var periodText = regexp.MustCompile(`^(\d{4})([HQMSFT]?)(\d{0,2})$`)

// ParsePeriod reads the text of a period.
func ParsePeriod(text string) (Period, error) {
	if m := periodText.FindStringSubmatch(text); m != nil {
		year, _ := strconv.Atoi(m[1])
		n, _ := strconv.Atoi(m[3])
		for i, k := range periodKinds {
			if k.letter == m[2] && year >= 1900 && year < 2200 && (k.most == 0 && m[3] == "" || n >= 1 && n <= k.most) {
				return Period(year*1000 + i*100 + n), nil
			}
		}
	}
	return 0, fault.New(fault.Invalid, "fact.period.invalid", "Text", text)
}

// Year is the year by which the period is named.
func (p Period) Year() int { return int(p) / 1000 }

// Number is the period's place within its year; 0 where it has none.
func (p Period) Number() int { return int(p) % 100 }

// Kind is how long the period is.
func (p Period) Kind() PeriodKind { return periodKinds[int(p)/100%10].kind }

// String is the text that ParsePeriod reads; "" for none.
func (p Period) String() string {
	if p == 0 {
		return ""
	}
	k := periodKinds[int(p)/100%10]
	switch {
	case k.most == 12:
		return fmt.Sprintf("%d%s%02d", p.Year(), k.letter, p.Number())
	case k.most > 0:
		return fmt.Sprintf("%d%s%d", p.Year(), k.letter, p.Number())
	}
	return strconv.Itoa(p.Year()) + k.letter
}

// Label is the message key of the period's name, "fact.period.quarter", with its arguments Year, Next, Last and N.
func (p Period) Label() (key string, args []any) {
	key = "fact.period." + string(p.Kind())
	if p.Kind() == Half {
		key += strconv.Itoa(p.Number())
	}
	return key, []any{"Year", strconv.Itoa(p.Year()), "Next", strconv.Itoa(p.Year() + 1), "Last", strconv.Itoa(p.Year() + 4), "N", p.Number()}
}

// First and Last are the days on which the period begins and ends.
func (p Period) First() place.Date { return day(p.Year(), p.month(), 1) }

// Last is the day on which stock figures of the period stand.
func (p Period) Last() place.Date {
	switch y, m := p.Year(), p.month(); p.Kind() {
	case Month:
		return before(y, m+1)
	case Quarter:
		return before(y, m+3)
	case Half:
		return before(y, m+6)
	case SchoolYear:
		return before(y+1, 9)
	case Tenure:
		return before(y+5, 1)
	}
	return day(p.Year(), 12, 31)
}

func (p Period) month() int {
	switch p.Kind() {
	case Month:
		return p.Number()
	case Quarter:
		return p.Number()*3 - 2
	case Half:
		return p.Number()*6 - 5
	case SchoolYear:
		return 9
	}
	return 1
}

func day(y, m, d int) place.Date { return place.Date(y*10000 + m*100 + d) }

// before is the last day before a month; a month of 13 is January of the next year.
func before(y, m int) place.Date {
	if m > 12 {
		y, m = y+1, m-12
	}
	return day(y, m, 1).Before()
}

// Before is the period before this one; the one before a survey or a term lies five years back.
func (p Period) Before() Period {
	k := periodKinds[int(p)/100%10]
	switch {
	case k.most > 0 && p.Number() > 1:
		return p - 1
	case k.most > 0:
		return NewPeriod(k.kind, p.Year()-1, k.most)
	case k.kind == FiveYear || k.kind == Tenure:
		return p - 5000
	}
	return p - 1000
}

// within lists the periods of a kind that lie in this one; a school year, a survey or a term lies in the year that names it.
func (p Period) within(kind PeriodKind) (all []Period) {
	if p.Kind() == kind {
		return []Period{p}
	}
	most, parts := periodKinds[int(p)/100%10].most, 0
	for _, k := range periodKinds {
		if k.kind == kind {
			parts = k.most
		}
	}
	switch {
	case p.Kind() == Year && kind != Year && parts == 0:
		return []Period{NewPeriod(kind, p.Year(), 0)}
	case p.Kind() == Year:
		most = 1
	}
	if most == 0 || parts <= most {
		return nil
	}
	first := (max(p.Number(), 1) - 1) * parts / most
	for n := range parts / most {
		all = append(all, NewPeriod(kind, p.Year(), first+n+1))
	}
	return all
}

// YearBefore is the same period a year earlier.
func (p Period) YearBefore() Period { return p - 1000 }
