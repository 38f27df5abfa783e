package fact

import (
	"slices"
	"strings"
	"sync"

	"banlang/internal/ethnic"
	"banlang/internal/i18n"
	"banlang/internal/place"
)

// words are the messages of the interface, read once.
var words = sync.OnceValue(func() *i18n.Bundle {
	b, err := i18n.Load()
	if err != nil {
		panic(err) // the embedded messages were broken by an edit
	}
	return b
})

// Label is the name of a member in a language of the interface: "xã Bắc Sơn", "quý 3 năm 2026", "Tày", "Nữ".
func (d *Desk) Label(m Member, lang string) string {
	say := func(key string, args ...any) string { return words().Text(lang, "fact.label."+key, args...) }
	switch {
	case m.Code == "" && m.Dim == ByPlace:
		return say("country")
	case m.Code == "" && m.Dim == ByAreaClass:
		return say("no_class")
	case m.Code == "":
		return say("all")
	}
	switch m.Dim {
	case ByIndicator:
		if i, err := d.Indicator(Code(m.Code)); err == nil {
			return i.Name(lang)
		}
	case ByPeriod:
		if x, err := ParsePeriod(m.Code); err == nil {
			key, args := x.Label()
			return words().Text(lang, key, args...)
		}
	case ByPlace:
		if u, err := d.places.ByID(place.ID(m.Code)); err == nil {
			return u.FullName()
		}
		if name, ok := d.geo.names.Load(m.Code); ok {
			return name.(string) //nolint:forcetypeassert // nothing else is stored
		}
		return say("village", "Code", m.Code)
	case ByGroup:
		return d.groupLabel(m.Code, lang, say)
	case BySex:
		if m.Code == "male" || m.Code == "female" {
			return say(m.Code)
		}
	case ByAge:
		if from, ok := strings.CutSuffix(m.Code, "+"); ok {
			return say("age_from", "From", from)
		}
		if from, to, ok := strings.Cut(m.Code, "-"); ok {
			return say("age", "From", from, "To", to)
		}
	case ByAreaClass:
		return say("class", "Class", m.Code)
	case ByLanguage:
		if l, err := d.groups.Language(m.Code); err == nil {
			if lang == "en" {
				return l.NameEN
			}
			return l.Name
		}
	case ByItem:
		_, item, ok := strings.Cut(m.Code, ":")
		if ok {
			return item
		}
	}
	return m.Code
}

func (d *Desk) groupLabel(code, lang string, say func(string, ...any) string) string {
	if slices.Contains([]string{string(OtherGroups), Minority, "foreign", "unknown"}, code) {
		return say("group_" + code)
	}
	g, err := d.groups.BySlug(ethnic.Slug(code))
	switch {
	case err != nil:
		return code
	case lang == "en" && g.NameEN != "":
		return g.NameEN
	}
	return g.Name
}

// String is the question as one line, for the record of who read what.
func (q Question) String() string {
	var parts []string
	add := func(name string, all []string) {
		if len(all) > 0 {
			parts = append(parts, name+" "+strings.Join(all[:min(len(all), 12)], ","))
		}
	}
	var periods []string
	for _, x := range q.Periods {
		periods = append(periods, x.String())
	}
	add("indicators", texts(q.Indicators))
	add("periods", periods)
	add("rows", texts(q.Rows))
	add("columns", texts(q.Cols))
	for _, d := range append([]Dim{ByPlace, ByAreaClass}, cutDims...) {
		add(string(d), q.Only[d])
	}
	if q.Geography != 0 {
		add("units of", []string{q.Geography.String()})
	}
	return strings.Join(parts, "; ")
}

func texts[T ~string](all []T) []string {
	some := make([]string, len(all))
	for i, s := range all {
		some[i] = string(s)
	}
	return some
}
