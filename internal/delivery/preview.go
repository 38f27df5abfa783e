package delivery

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/subscriber"
)

// Preview tells what an order would send, to how many, at what cost, and who is not reached by it. It writes nothing.
func (d *Desk) Preview(ctx context.Context, actor duty.Actor, o Order) (Preview, error) {
	item, err := d.check(ctx, actor, &o)
	if item.Ref == "" {
		return Preview{}, err
	}
	c := o.campaign(News, d.now())
	p := Preview{Item: item, Texts: map[string]Text{}, Plain: map[string]Text{}}
	providers, lookErr := d.read().providers(ctx)
	if lookErr != nil {
		return p, lookErr
	}
	lines := map[PreviewLine]*PreviewLine{}
	for after, more := subscriber.ID(""), true; more; {
		persons, err := d.read().persons(ctx, c, after, 2000)
		if err != nil {
			return p, err
		}
		for _, person := range persons {
			d.count(c, item, person, &p, lines)
		}
		if more = len(persons) == 2000; more {
			after = persons[len(persons)-1].ID
		}
	}
	for _, l := range lines {
		cost := int64(0)
		for _, pr := range providers {
			if pr.Channel == l.Channel && carries(pr.Mode, c.Demo) {
				l.Provider, cost = true, max(cost, pr.Cost)
			}
		}
		parts := l.Parts
		if l.Persons < least { // what it costs does not tell how few they are
			parts = l.Parts / l.Persons * (least - 1)
		}
		p.Cost += cost * parts
		p.Lines = append(p.Lines, *l)
	}
	slices.SortFunc(p.Lines, func(a, b PreviewLine) int {
		return cmp.Or(slices.Index(c.Channels, a.Channel)-slices.Index(c.Channels, b.Channel), strings.Compare(a.Lang, b.Lang), strings.Compare(a.Missing, b.Missing))
	})
	if p.Bare, lookErr = d.bare(ctx, c); lookErr != nil {
		return p, lookErr
	}
	return p, err
}

// count adds a person to a preview.
func (d *Desk) count(c Campaign, item Item, person subscriber.Person, p *Preview, lines map[PreviewLine]*PreviewLine) {
	p.Persons++
	lang, heard := d.readable(item, person.Read), d.hearable(item, person.Heard)
	missing := ""
	if !slices.Contains(person.Read, lang) {
		missing = person.Read[0]
	}
	text, ok := p.Texts[lang]
	if !ok {
		text = d.sms(c, item, lang, heard, nobody)
		p.Texts[lang] = text
		plain := c
		plain.Toneless = true
		p.Plain[lang] = d.sms(plain, item, lang, heard, nobody)
	}
	any := false
	for _, e := range person.Endpoints {
		if !slices.Contains(c.Channels, e.Channel) || e.Channel == subscriber.Call {
			continue
		}
		any = true
		key := PreviewLine{Channel: e.Channel, Lang: lang, Missing: missing}
		l := lines[key]
		if l == nil {
			l = &PreviewLine{Channel: e.Channel, Lang: lang, Missing: missing}
			lines[key] = l
		}
		l.Persons++
		l.Parts++
		if e.Channel == subscriber.SMS {
			l.Parts += int64(text.Parts) - 1
		}
	}
	if !any {
		p.Nobody++
	}
}

// connected are the channels by which something would leave now, made up or real, in the order of the ladder.
func (d *Desk) connected(ctx context.Context, demo bool) ([]subscriber.Channel, error) {
	providers, err := d.read().providers(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(Channels(), func(ch subscriber.Channel) bool {
		return !slices.ContainsFunc(providers, func(p Provider) bool { return p.Channel == ch && carries(p.Mode, demo) })
	}), nil
}

// carries tells whether a provider takes what is made up, or what is real.
func carries(m Mode, demo bool) bool {
	if demo {
		return m == Rehearsal
	}
	return m == Live || m == Dry
}

// bare counts the villages of the area in which nobody is subscribed: a phone reaches nobody there.
func (d *Desk) bare(ctx context.Context, c Campaign) (n int64, err error) {
	has, err := d.read().subscribed(ctx, c.Place, c.Demo)
	if err != nil {
		return 0, err
	}
	today := d.places.Today()
	for _, commune := range d.communes(c.Place) {
		villages, err := d.places.VillagesIn(ctx, commune, today)
		if err != nil {
			return 0, err
		}
		for _, v := range villages {
			if !has[v.ID] {
				n++
			}
		}
	}
	return n, nil
}
