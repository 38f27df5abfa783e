// Package i18n says things in the reader's interface language: messages with plurals, numbers, dates, lengths and sizes.
// It knows the words of Banlang's own interface, in Vietnamese and English. It does not know the languages that news is
// told in, nor time zones: a time is written as it is given.
package i18n

import (
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Default is the interface language that every message has; the others fall back to it.
const Default = "vi"

// Langs are the interface languages, the default first.
var Langs = []string{Default, "en"}

//go:embed message/*.csv
var messages embed.FS

// A Bundle holds every message of the interface. It is safe for concurrent use.
type Bundle struct {
	plain   map[string]map[string]string // language, key: messages without placeholders need no template
	speaker map[string]*goi18n.Localizer // language: the others
	keys    map[string]bool
}

// Load reads the embedded tables message/*.csv: columns key, vi, en and perhaps en_one, the English singular chosen by the
// argument N. A key stands once over all tables and always has its Vietnamese.
func Load() (*Bundle, error) {
	return load(messages)
}

func load(fsys fs.FS) (*Bundle, error) {
	b := &Bundle{
		plain:   map[string]map[string]string{},
		speaker: map[string]*goi18n.Localizer{},
		keys:    map[string]bool{},
	}
	rich := goi18n.NewBundle(language.MustParse(Default))
	for _, lang := range Langs {
		b.plain[lang] = map[string]string{}
		b.speaker[lang] = goi18n.NewLocalizer(rich, lang, Default)
	}
	files, err := fs.Glob(fsys, "message/*.csv")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if err := b.read(fsys, name, rich); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
	}
	return b, nil
}

func (b *Bundle) read(fsys fs.FS, name string, rich *goi18n.Bundle) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	if len(rows) == 0 || !slices.Contains(rows[0], "key") || !slices.Contains(rows[0], Default) {
		return fmt.Errorf("the first row must name the columns key and %s", Default)
	}
	column := map[string]int{}
	for i, title := range rows[0] {
		column[title] = i
	}
	cell := func(row []string, title string) string {
		if i, ok := column[title]; ok {
			return row[i]
		}
		return ""
	}
	for _, row := range rows[1:] {
		key := cell(row, "key")
		switch {
		case key == "":
			continue
		case b.keys[key]:
			return fmt.Errorf("%q is here or in another table already", key)
		case cell(row, Default) == "":
			return fmt.Errorf("%q has no Vietnamese", key)
		}
		b.keys[key] = true
		for _, lang := range Langs {
			if err := b.add(rich, lang, key, cell(row, lang), cell(row, lang+"_one")); err != nil {
				return fmt.Errorf("%q: %w", key, err)
			}
		}
	}
	return nil
}

func (b *Bundle) add(rich *goi18n.Bundle, lang, key, other, one string) error {
	if other == "" {
		return nil
	}
	if one == "" && !strings.Contains(other, "{{") {
		b.plain[lang][key] = other
		return nil
	}
	if one == "" && lang != Default {
		one = other // English has two forms; a message that differs in neither is written once
	}
	return rich.AddMessages(language.MustParse(lang), &goi18n.Message{ID: key, One: one, Other: other})
}

// Keys lists every message key in order.
func (b *Bundle) Keys() []string {
	return slices.Sorted(maps.Keys(b.keys))
}

// Has reports whether the key has a message.
func (b *Bundle) Has(key string) bool {
	return b.keys[key]
}

// Text is the message in the language, or in Vietnamese where the language has none. Args are pairs of a placeholder's
// name and its value; numbers and dates among the values are written in the manner of the language, so a year or a code is
// passed as a string. The value of N chooses the plural. An unknown key shows itself as ⟦key⟧, which tests refuse.
func (b *Bundle) Text(lang, key string, args ...any) string {
	if text, ok := b.plain[lang][key]; ok {
		return text
	}
	if !b.keys[key] {
		return "⟦" + key + "⟧"
	}
	speaker := b.speaker[lang]
	if speaker == nil {
		lang, speaker = Default, b.speaker[Default]
	}
	call := goi18n.LocalizeConfig{MessageID: key}
	data := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		name := fmt.Sprint(args[i])
		if name == "N" {
			call.PluralCount = count(args[i+1])
		}
		data[name] = written(lang, args[i+1])
	}
	call.TemplateData = data
	text, _, err := speaker.LocalizeWithTag(&call)
	if text == "" && err != nil {
		if text, ok := b.plain[Default][key]; ok {
			return text
		}
		return "⟦" + key + "⟧"
	}
	return text
}

// count is what go-i18n takes for a plural: a whole number or, for the rest, its text.
func count(v any) any {
	switch n := v.(type) {
	case int, int8, int16, int32, int64:
		return n
	}
	return fmt.Sprint(v)
}

func written(lang string, v any) any {
	switch v := v.(type) {
	case int, int32, int64, uint64, float64:
		return Number(lang, v)
	case time.Time:
		return Date(lang, v)
	case time.Duration:
		return Duration(lang, v)
	}
	return v
}
