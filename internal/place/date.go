package place

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"banlang/internal/fault"
	"banlang/internal/i18n"
)

// A Date is a calendar day written as a number, 20250701. Zero is "not known" as a start and "still in force" as an end.
type Date int

// DateOf is the day in Vietnam at t: a decree holds from midnight there.
func DateOf(t time.Time) Date {
	y, m, d := t.In(i18n.Zone).Date()
	return Date(y*10000 + int(m)*100 + d)
}

// ParseDate reads 2025-07-01, 1/7/2025 or 20250701.
func ParseDate(s string) (Date, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2006-1-2", "2/1/2006", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1900 && t.Year() < 2200 {
			return Date(t.Year()*10000 + int(t.Month())*100 + t.Day()), nil
		}
	}
	return 0, fault.New(fault.Invalid, "place.date.invalid", "Text", s)
}

// String is 2025-07-01, or "" for zero.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100)
}

// Time is midnight in Vietnam on that day; the zero time for zero.
func (d Date) Time() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, i18n.Zone)
}

// Before is the day before.
func (d Date) Before() Date { return DateOf(d.Time().AddDate(0, 0, -1)) }

// holds tells whether on lies in [from, until), where zero is an open side.
func holds(from, until, on Date) bool { return from <= on && (until == 0 || on < until) }

// overlap tells whether two such periods have a day in common.
func overlap(from, until, from2, until2 Date) bool {
	return (until2 == 0 || from < until2) && (until == 0 || from2 < until)
}

// An ID names one version of a unit: its code and the first day of the version, "05977@20250701". Codes are given again to other
// units (05977 was Vĩnh Trại and is Đông Kinh), so a code alone is no identifier. "05977@0" began on a day that is not known.
type ID string

// NewID joins a code and a first day.
func NewID(code string, from Date) ID { return ID(code + "@" + strconv.Itoa(int(from))) }

// Code is the official code of the unit.
func (id ID) Code() string {
	code, _, _ := strings.Cut(string(id), "@")
	return code
}
