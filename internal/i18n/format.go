package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Zone is the civil time of Vietnam, which has known no summer time since 1975: days begin in it, whatever clock a server keeps.
var Zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// Number writes a whole or broken number: 1.234.567,8 in Vietnamese, 1,234,567.8 in English. Strings and other kinds of
// value come back as they are.
func Number(lang string, v any) string {
	var text string
	switch v := v.(type) {
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case float32:
		text = strconv.FormatFloat(float64(v), 'f', -1, 32)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		text = fmt.Sprintf("%d", v)
	default:
		return fmt.Sprint(v)
	}
	whole, part, broken := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	group, point := ".", ","
	if lang == "en" {
		group, point = ",", "."
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(digit)
	}
	if broken {
		b.WriteString(point + part)
	}
	return b.String()
}

// Percent writes v, already in hundredths, with at most one decimal: 93,5%.
func Percent(lang string, v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	text = strings.TrimSuffix(text, ".0")
	if lang != "en" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + "%"
}

// Day is a civil day as machines write it and order it: 2026-11-26.
func Day(t time.Time) string { return t.In(Zone).Format(time.DateOnly) }

// Date writes the day of t, in the zone that t is in: 5/5/2021 in Vietnamese, 5 May 2021 in English; nothing for the zero time.
func Date(lang string, t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case lang == "en":
		return t.Format("2 January 2006")
	}
	return t.Format("2/1/2006")
}

// DateTime writes the minute of t: 09:42 ngày 5/5/2021 in Vietnamese, 09:42 on 5 May 2021 in English.
func DateTime(lang string, t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case lang == "en":
		return t.Format("15:04 on ") + Date(lang, t)
	}
	return t.Format("15:04 ngày ") + Date(lang, t)
}

// Duration writes a length of sound or time by its two largest units: 3 phút 05 giây, 2 giờ 10 phút.
func Duration(lang string, d time.Duration) string {
	hour, minute, second := "giờ", "phút", "giây"
	if lang == "en" {
		hour, minute, second = "h", "min", "s"
	}
	d = d.Round(time.Second)
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case h > 0 && m > 0:
		return fmt.Sprintf("%d %s %02d %s", h, hour, m, minute)
	case h > 0:
		return fmt.Sprintf("%d %s", h, hour)
	case m > 0 && s > 0:
		return fmt.Sprintf("%d %s %02d %s", m, minute, s, second)
	case m > 0:
		return fmt.Sprintf("%d %s", m, minute)
	}
	return fmt.Sprintf("%d %s", s, second)
}

// Bytes writes a size as a reader pays for it, in thousands: 740 kB, 2,1 MB.
func Bytes(lang string, n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	case n < 10_000_000:
		return Number(lang, float64((n+50_000)/100_000)/10) + " MB"
	case n < 1_000_000_000:
		return fmt.Sprintf("%d MB", (n+500_000)/1_000_000)
	}
	return Number(lang, float64((n+50_000_000)/100_000_000)/10) + " GB"
}
