package sheet

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"banlang/internal/fold"
	"banlang/internal/report/form"
)

// dated is a text that is a date and never a number.
var dated = regexp.MustCompile(`^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}$|^\d{1,2}/\d{1,2}$|^\d{4}-\d{2}-\d{2}`)

// broken is an error of a formula that was pasted as text.
var broken = regexp.MustCompile(`^#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)$`)

// value reads a cell of the workbook as a cell of the form. Where it must not be believed, key is the message that says why.
// strict: nobody but the officer chose how the sheet writes numbers.
func (b *book) value(c raw, cell *form.Cell, strict bool) (v form.Value, key string, args []any) {
	var look style
	if c.style < len(b.styles) {
		look = b.styles[c.style]
	}
	said := c.text
	switch c.kind {
	case blank:
		if c.formula {
			return v, "sheet.value.uncalculated", nil
		}
		return v, "", nil
	case wrong:
		return v, "sheet.value.error", []any{"Text", clip(said)}
	case truth:
		if cell.Type != form.Bool {
			return v, "sheet.value.truth", []any{"Text", clip(said)}
		}
	case numeric:
		if said, key, args = b.number(said, c, look, cell, strict); key != "" {
			return v, key, args
		}
	case text:
		if said, key = typed(said, cell); key != "" {
			return v, key, []any{"Text", clip(said)}
		}
	}
	v = form.Parse(said, *cell)
	if v.State == form.Bad {
		return v, v.Key, []any{"Text", clip(c.text)}
	}
	if c.kind != numeric {
		v.Text = strings.TrimSpace(said)
	}
	return v, "", nil
}

// number reads what a workbook keeps as a number: with a point and no groups, a date as days since 1900.
func (b *book) number(said string, c raw, look style, cell *form.Cell, strict bool) (string, string, []any) {
	x, err := strconv.ParseFloat(strings.TrimSpace(said), 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return "", "sheet.value.error", []any{"Text", clip(said)}
	}
	switch {
	case cell.Type == form.Text || cell.Type == form.Choose:
		if look.date {
			return b.serial(x), "", nil
		}
		return strings.Replace(strconv.FormatFloat(x, 'f', -1, 64), ".", ",", 1), "", nil
	case look.date:
		return "", "sheet.value.date", []any{"Text", b.serial(x)}
	case look.percent && cell.Input != form.Typed:
		return "", "", nil // a rate, which is computed
	case look.percent:
		return "", "sheet.value.percent", []any{"Text", strings.Replace(strconv.FormatFloat(x*100, 'g', 6, 64), ".", ",", 1) + "%"}
	}
	whole := math.Round(x)
	if math.Abs(x-whole) <= 1e-9*max(1, math.Abs(x)) { // a sum of fractions in floating point
		if math.Abs(whole) > 1e15 {
			return "", "form.bad.large", []any{"Text", clip(said)}
		}
		return strconv.FormatInt(int64(whole), 10), "", nil
	}
	exact := math.Round(x*1000) / 1000
	shown := strings.Replace(strconv.FormatFloat(x, 'f', -1, 64), ".", ",", 1)
	kept := math.Abs(x-exact) <= 1e-9*max(1, math.Abs(x))
	three := math.Abs(exact*100-math.Round(exact*100)) > 1e-6 // decimals, as many as thousands have
	switch {
	case cell.Type != form.Decimal && kept && three:
		// 1.234 typed where Excel takes the point for decimals is kept as one and a bit.
		return "", "sheet.value.thousands", []any{"Text", shown, "Guess", strconv.FormatFloat(math.Round(x*1000), 'f', 0, 64)}
	case cell.Type != form.Decimal:
		return "", "form.bad.whole", []any{"Text", shown}
	case cell.Input == form.Typed && !kept: // a sum is compared as far as it is kept
		return "", "form.bad.decimals", []any{"Text", shown}
	case strict && three && !c.formula && cell.Input == form.Typed:
		return "", "sheet.value.thousands", []any{"Text", shown, "Guess", strconv.FormatFloat(math.Round(x*1000), 'f', 0, 64)}
	}
	shown = strings.Replace(strconv.FormatFloat(exact, 'f', -1, 64), ".", ",", 1)
	if three {
		shown += "0" // four decimals are no thousands
	}
	return shown, "", nil
}

// typed reads what a workbook keeps as a text.
func typed(said string, cell *form.Cell) (string, string) {
	switch cell.Type {
	case form.Text:
		if broken.MatchString(strings.TrimSpace(said)) {
			return said, "sheet.value.error"
		}
		said, _ = fold.Decode(said)
		return said, ""
	case form.Choose:
		return decode(said), ""
	case form.Bool:
		switch strings.TrimSpace(strings.ToLower(said)) {
		case "x", "×", "✓", "✔", "v", "√":
			return "1", ""
		}
		return decode(said), ""
	}
	tidy := strings.TrimSpace(strings.Map(space, said))
	switch {
	case dated.MatchString(tidy):
		return tidy, "sheet.value.date"
	case strings.HasSuffix(tidy, "%"):
		return tidy, "sheet.value.percent"
	case strings.EqualFold(tidy, "x"):
		return tidy, "sheet.value.cross"
	case strings.Trim(tidy, ".…") == "" && tidy != "":
		return tidy, "sheet.value.dots"
	case broken.MatchString(tidy):
		return tidy, "sheet.value.error"
	}
	if decoded := decode(tidy); hasLetter(decoded) {
		return decoded, "" // chưa biết, in whatever letters
	}
	return tidy, ""
}

func space(r rune) rune {
	if r == '\u00A0' || r == '\u202F' || r >= '\u2000' && r <= '\u200A' {
		return ' '
	}
	return r
}

// serial is the day of a date as a workbook keeps it. The year 1900 had a 29 February in the program that Excel copied.
func (b *book) serial(x float64) string {
	x += float64(b.since)
	if x < 61 || x > 2_958_465 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(x)).Format("02/01/2006")
}

// clip keeps so much of what stood in a cell as a message can show.
func clip(s string) string {
	const most = 60
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}

// figure tells whether a cell holds a number or looks as if it should: what a row without a name must not hide. A date under a
// signature begins with a word.
func figure(c raw) bool {
	switch c.kind {
	case numeric, wrong:
		return true
	case text:
		s := strings.TrimLeft(strings.Map(space, c.text), " +-(")
		return s != "" && s[0] >= '0' && s[0] <= '9' || broken.MatchString(s)
	}
	return c.formula && c.kind == blank
}
