// Package sheet makes what is handed on by hand: sheets to print and hang up, A4 and A5, and the files for a chat group. It knows
// nothing of persons; what it prints it asks a delivery.Source for, and what does not hold any more it does not print.
package sheet

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"banlang/internal/delivery"
	"banlang/internal/fault"
)

// A sheet is one edition of an item with all the words that stand beside it.
type sheet struct {
	Item    delivery.Item
	Text    delivery.Edition // whose words are printed
	Sound   delivery.Edition // who is heard; no MP3: nobody
	Code    string           // by which somebody asks whether the sheet still holds
	Page    string           // absolute address of the page
	Hear    string           // absolute address of the sound, empty without
	Check   string           // absolute address that answers for the code
	Picture image.Image
	Words   words
}

// words are the labels, in the language of the installation.
type words struct {
	Marks                         []string // DIỄN TẬP, Minh hoạ
	Class, Topic                  string
	Place, Day, Until             string
	Given                         string // that another language stands here than the one asked for
	Read, Hear, Ask, Code, Issuer string
	ReadAt, HearAt                string // the same of an address instead of a square
	Leaf                          string // "Trang %d/%d"
}

// choose takes the words in a language, or in those that help its readers, at last in Vietnamese; and the sound likewise.
func choose(i delivery.Item, lang string, read, heard []string) (text, sound delivery.Edition) {
	told := func(tags []string, has func(delivery.Edition) bool) delivery.Edition {
		for _, tag := range tags {
			if e, ok := i.In(tag); ok && has(e) {
				return e
			}
		}
		return delivery.Edition{}
	}
	text = told(slices.Concat([]string{lang}, read, []string{source}), func(e delivery.Edition) bool { return e.Title != "" && e.Body != "" })
	sound = told(slices.Concat([]string{lang}, heard, []string{source}), func(e delivery.Edition) bool { return e.MP3 != "" })
	return text, sound
}

const source = "vi"

// An Ending says why a sheet is not to hang any more.
type ending string

const (
	holds    ending = ""
	recalled ending = "recalled"
	replaced ending = "replaced" // by another bulletin
	renewed  ending = "renewed"  // by a newer issue of the same
	expired  ending = "expired"
)

// ended says whether an issue of an item still holds.
func ended(i delivery.Item, version int64, now time.Time) ending {
	switch {
	case i.Recalled:
		return recalled
	case !i.Ended.IsZero() || i.ReplacedBy != "":
		return replaced
	case !i.Expires.IsZero() && !now.Before(i.Expires):
		return expired
	case version < i.Version:
		return renewed
	}
	return holds
}

// letters of a code are those that nobody takes for another: no 0 and O, no 1, I and L.
const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// codeOf makes the code of an issue: eight letters in two groups.
func codeOf(ref delivery.Ref, version int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "sheet %s %d", ref, version))
	n := uint64(0)
	for _, b := range sum[:8] {
		n = n<<8 | uint64(b)
	}
	var b strings.Builder
	for i := range 8 {
		if i == 4 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[n%uint64(len(letters))])
		n /= uint64(len(letters))
	}
	return b.String()
}

// readCode reads a code as somebody typed it.
func readCode(typed string) (string, error) {
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		if strings.ContainsRune(letters, r) {
			b.WriteRune(r)
		} else if r != '-' && r != ' ' && r != '.' {
			return "", fault.Field("ma", "leaflet.code.bad")
		}
	}
	if b.Len() != 8 {
		return "", fault.Field("ma", "leaflet.code.bad")
	}
	return b.String()[:4] + "-" + b.String()[4:], nil
}

// paragraphs are the lines of a text that say something.
func paragraphs(text string) []string {
	var all []string
	for line := range strings.Lines(norm.NFC.String(text)) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// wrap breaks a text into lines that measure no more than width. A word that is wider alone is broken within.
func wrap(text string, width float64, measure func(string) float64) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if longer := strings.TrimSpace(line + " " + word); measure(longer) <= width {
			line = longer
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if line != "" && measure(line+string(r)) > width {
				lines, line = append(lines, line), ""
			}
			line += string(r)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// item is the newest issue; what does not hold any more comes with its ending.
func (d *Desk) item(ctx context.Context, ref delivery.Ref) (delivery.Item, ending, error) {
	i, err := d.Source.Item(ctx, ref, 0)
	if err != nil {
		return i, holds, err
	}
	return i, ended(i, i.Version, d.Now()), nil
}

// coded is the item of a code, and whether the sheet that carries it still holds. An unknown code is a fault of the field.
func (d *Desk) coded(ctx context.Context, typed string) (delivery.Item, ending, error) {
	code, err := readCode(typed)
	if err != nil {
		return delivery.Item{}, holds, err
	}
	c, err := d.codes.byCode(ctx, code)
	if fault.Is(err, fault.NotFound) {
		return delivery.Item{}, holds, fault.Field("ma", "leaflet.code.unknown")
	}
	if err != nil {
		return delivery.Item{}, holds, err
	}
	i, err := d.Source.Item(ctx, c.ref, 0)
	return i, ended(i, c.version, d.Now()), err
}

// keep remembers the code of an issue that is about to be printed, so that the paper can be asked about for ever.
func (d *Desk) keep(ctx context.Context, i delivery.Item) (string, error) {
	c := coded{codeOf(i.Ref, i.Version), i.Ref, i.Version}
	before, err := d.codes.byCode(ctx, c.code)
	if fault.Is(err, fault.NotFound) {
		return c.code, d.codes.put(ctx, c, d.Now())
	}
	if err == nil && before != c {
		return "", errors.New("two issues have the same code " + c.code)
	}
	return c.code, err
}
