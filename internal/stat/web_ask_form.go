package stat

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fold"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
)

// form is what can be chosen, as it is chosen.
type form struct {
	Find      string
	Found     []web.Choice
	Chosen    []web.Choice
	Topics    []topic
	Rows      [2][]web.Choice
	Cols      [2][]web.Choice
	Areas     []web.Choice
	Levels    []web.Choice
	Periods   []web.Choice
	More      string // periods that are not among them
	Following bool   // periods move on with time
	Filters   []filter
	Geography []web.Choice
	Day       string // another day
	Shows     []web.Choice
	Totals    bool
	Top       string
	View      string
}

type topic struct {
	Name  string
	Items []web.Choice
}

type filter struct {
	Dim   string
	Open  bool
	Items []web.Choice
}

// words are the periods of the form in relative words, the latest first.
var words = []string{"nay", "nay-1", "nay-2", "nay-3", "nay-4", "nay-5", "nay-6", "nay-7"}

func (h handler) form(r *http.Request, a Ask) form {
	q := a.Question
	f := form{Find: r.URL.Query().Get("tim"), Totals: q.Totals, View: string(a.View)}
	if q.Top > 0 {
		f.Top = strconv.Itoa(q.Top)
	}
	h.indicatorChoices(r, &f, q.Indicators)
	for i := range 2 {
		f.Rows[i], f.Cols[i] = dimChoices(r, q.Rows, i), dimChoices(r, q.Cols, i)
	}
	h.areaChoices(r, &f, q)
	f.Levels = []web.Choice{{Text: web.T(r, "stat.level.below"), Chosen: q.Level == ""}}
	for _, level := range levels {
		f.Levels = append(f.Levels, web.Choice{Code: level, Text: web.T(r, "stat.level."+level), Chosen: level == q.Level})
	}
	h.periodChoices(r, &f, a)
	h.filterChoices(r, &f, q)
	days := []string{"", "nay", "2025-06-30"}
	for i, day := range days {
		f.Geography = append(f.Geography, web.Choice{Code: day, Text: web.T(r, []string{"stat.geography.reported", "stat.geography.today", "stat.geography.before"}[i]), Chosen: a.Day == day})
	}
	if !slices.Contains(days, a.Day) {
		f.Geography = append(f.Geography, web.Choice{Code: a.Day, Text: web.T(r, "stat.geography.day", "Date", i18n.Date(web.Reader(r).UI, q.Geography.Time())), Chosen: true})
	}
	for _, show := range shows {
		f.Shows = append(f.Shows, web.Choice{Code: string(show), Text: web.T(r, "stat.show."+cmp.Or(string(show), "values")), Chosen: show == q.Show})
	}
	return f
}

func (h handler) indicatorChoices(r *http.Request, f *form, chosen []fact.Code) {
	lang := web.Reader(r).UI
	find := fold.Key(f.Find)
	byTopic := map[string]int{}
	for _, i := range h.desk.facts.Indicators() {
		c := web.Choice{Code: string(i.Code), Text: i.Name(lang), Chosen: slices.Contains(chosen, i.Code)}
		switch {
		case c.Chosen:
			f.Chosen = append(f.Chosen, c)
			continue
		case find != "" && strings.Contains(fold.Key(i.NameVI+" "+i.NameEN+" "+string(i.Code)), find):
			f.Found = append(f.Found, c)
			continue
		}
		n, known := byTopic[i.Topic]
		if !known {
			n = len(f.Topics)
			byTopic[i.Topic], f.Topics = n, append(f.Topics, topic{Name: web.T(r, "stat.topic."+i.Topic)})
		}
		f.Topics[n].Items = append(f.Topics[n].Items, c)
	}
}

func dimChoices(r *http.Request, dims []fact.Dim, at int) []web.Choice {
	chosen := ""
	if at < len(dims) {
		chosen = string(dims[at])
	}
	all := []web.Choice{{Code: none, Text: web.T(r, "stat.dim.none"), Chosen: chosen == ""}}
	for _, dim := range laid {
		all = append(all, web.Choice{Code: string(dim), Text: web.T(r, "stat.dim."+string(dim)), Chosen: string(dim) == chosen})
	}
	return all
}

// areaChoices are the actor's own areas and what lies directly in them.
func (h handler) areaChoices(r *http.Request, f *form, q fact.Question) {
	places := h.desk.places
	on := cmp.Or(q.Geography, places.Today())
	var ids []place.ID
	add := func(id place.ID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, area := range h.desk.policy.Areas(web.Actor(r), duty.StatReadExact) {
		if add(place.ID(area)); area == "" {
			for _, u := range places.Units("", place.Province, on) {
				add(u.ID)
			}
			area = string(places.HomeUnit().ID)
		}
		if u, err := places.ByID(place.ID(area)); err == nil && u.Level == place.Province {
			for _, u := range places.Units(u.ID, place.Commune, on) {
				add(u.ID)
			}
		}
	}
	add(q.Area)
	for _, id := range ids {
		f.Areas = append(f.Areas, web.Choice{Code: h.desk.areaWord(id, q.Geography), Text: h.areaName(r, id), Chosen: id == q.Area})
	}
}

// following are the periods of a question in words that move on with time, as far as there are words.
func (d *Desk) following(q fact.Question) []string {
	texts, p := periodTexts(q.Periods), parser{desk: d}
	for _, word := range words {
		at, _ := p.period(word, d.kind(q.Indicators))
		if i := slices.Index(q.Periods, at); i >= 0 {
			texts[i] = word
		}
	}
	return texts
}

// periodChoices are the last periods of the first indicator's length; others that were asked for stand in a field of their own.
func (h handler) periodChoices(r *http.Request, f *form, a Ask) {
	p, q := parser{desk: h.desk}, a.Question
	f.Following = slices.ContainsFunc(a.Periods, func(word string) bool { return relative.MatchString(word) || latest.MatchString(word) })
	var shown []fact.Period
	for n, word := range words {
		at, _ := p.period(word, h.desk.kind(q.Indicators))
		c := web.Choice{Code: at.String(), Text: h.voice(r).Name(fact.Member{Dim: fact.ByPeriod, Code: at.String()}), Chosen: slices.Contains(q.Periods, at)}
		if n == 0 {
			c.Text += " (" + web.T(r, "stat.period.this") + ")"
		}
		f.Periods, shown = append(f.Periods, c), append(shown, at)
	}
	f.More = strings.Join(periodTexts(slices.DeleteFunc(slices.Clone(q.Periods), func(at fact.Period) bool { return slices.Contains(shown, at) })), ", ")
}

// members are those offered for a dimension that has few.
var members = map[fact.Dim][]string{
	fact.BySex:       {"female", "male"},
	fact.ByAge:       {"0-4", "5-14", "15-59", "60+"},
	fact.ByAreaClass: {"I", "II", "III"},
}

func (h handler) filterChoices(r *http.Request, f *form, q fact.Question) {
	dims := map[fact.Dim]bool{}
	for _, code := range q.Indicators {
		i, _ := h.desk.facts.Indicator(code) //nolint:errcheck // the question's own
		for _, dim := range i.Dims {
			dims[dim] = true
		}
	}
	for _, dim := range filtered {
		codes := slices.Clone(members[dim])
		switch dim {
		case fact.ByGroup:
			for _, g := range h.desk.groups.Groups() {
				codes = append(codes, string(g.Slug))
			}
			codes = append(codes, string(fact.OtherGroups))
		case fact.ByLanguage:
			for _, l := range h.desk.groups.Languages() {
				if l.LangSon {
					codes = append(codes, l.Tag)
				}
			}
		}
		for _, code := range q.Only[dim] {
			if !slices.Contains(codes, code) {
				codes = append(codes, code)
			}
		}
		if !dims[dim] && q.Only[dim] == nil || codes == nil {
			continue
		}
		one := filter{Dim: string(dim), Open: q.Only[dim] != nil}
		for _, code := range codes {
			one.Items = append(one.Items, web.Choice{Code: code, Text: h.desk.facts.Label(fact.Member{Dim: dim, Code: code}, web.Reader(r).UI), Chosen: slices.Contains(q.Only[dim], code)})
		}
		f.Filters = append(f.Filters, one)
	}
}
