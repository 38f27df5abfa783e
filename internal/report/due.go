package report

import (
	"banlang/internal/fact"
	"banlang/internal/place"
	"banlang/internal/report/form"
)

// A moment is a day told from the year of a period: so many years later, month, day.
type moment struct{ years, month, day int }

func (m moment) in(year int) place.Date {
	return place.Date((year+m.years)*10000 + m.month*100 + m.day)
}

// A calendar is when a period is opened, certified, sent and final.
type calendar struct{ opens, certify, send, final moment }

// Days that are the same for several forms: the final figures of a year stand on 31 January.
var lastOfJanuary = moment{1, 1, 31}

// calendars are the days of the forms that keep none of the usual ones, by form and number of the period. The source of each is in
// the catalogue of forms: 10 and 15 September and 25 and 31 January are Thông tư 01/2022/TT-UBDT; 15 October and 15 January are ours.
var calendars = map[string]map[int]calendar{
	"BM02": {0: {moment{0, 8, 1}, moment{0, 9, 10}, moment{0, 9, 15}, lastOfJanuary}},
	"BM03": {0: {moment{0, 9, 5}, moment{0, 10, 10}, moment{0, 10, 15}, lastOfJanuary}},
	"BM07": {
		3: {moment{0, 8, 20}, moment{0, 9, 10}, moment{0, 9, 15}, lastOfJanuary},
		4: {moment{0, 12, 31}, moment{1, 1, 25}, moment{1, 1, 31}, lastOfJanuary},
	},
}

// dues proposes the days of a form's period: its own calendar, else the usual one for how long the period is. The statistician may
// set others.
func dues(code string, p fact.Period) (opens, certify, send, final place.Date) {
	if c, ok := calendars[code][p.Number()]; ok {
		y := p.Year()
		return c.opens.in(y), c.certify.in(y), c.send.in(y), c.final.in(y)
	}
	opens = p.Last()
	next := opens.Time().AddDate(0, 0, 1)
	day := func(d int) place.Date { return place.DateOf(next.AddDate(0, 0, d-1)) }
	final = lastOfJanuary.in(opens.Time().Year())
	switch p.Kind() {
	case fact.Month: // BM08: by the 5th
		return opens, day(3), day(5), final
	case fact.Quarter: // by the 10th
		return opens, day(5), day(10), final
	case fact.SchoolYear:
		opens = p.First()
		return opens, moment{0, 10, 10}.in(p.Year()), moment{0, 10, 15}.in(p.Year()), lastOfJanuary.in(p.Year())
	}
	return opens, day(10), day(15), final // half-years and years: by the 15th
}

// latest is the newest period of a form that may be open on a day: the one that follows it opens later.
func latest(f form.Form, today place.Date) fact.Period {
	kind := fact.PeriodKind(f.Period)
	n := map[fact.PeriodKind]int{fact.Half: 2, fact.Quarter: 4, fact.Month: 12}[kind]
	p := fact.NewPeriod(kind, int(today)/10000, n)
	for range 30 {
		if opens, _, _, _ := dues(f.Code, p); opens <= today {
			return p
		}
		p = p.Before()
	}
	return p
}
