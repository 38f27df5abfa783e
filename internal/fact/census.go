package fact

import (
	"context"
	"fmt"

	"banlang/internal/place"
)

// Ready makes sure that the indicators, and the figures of the censuses and of the list of communes, are in the tables. Doing it
// again changes nothing.
func (d *Desk) Ready(ctx context.Context) error {
	if err := d.loadReference(ctx); err != nil {
		return err
	}
	if err := d.loadBatches(ctx, d.census1999, d.census2019, d.listed); err != nil {
		return fmt.Errorf("figures of censuses and lists: %w", err)
	}
	return d.reload(ctx)
}

// A brought batch is figures that the program's own lists give.
type brought struct {
	Batch
	facts []Fact
}

// census1999 is the population of the country by group and sex; foreigners and persons of no stated group are left out.
func (d *Desk) census1999(context.Context) (brought, error) {
	b := brought{Batch: Batch{ID: "census-1999", Origin: "census", Title: "Tổng điều tra dân số và nhà ở 1/4/1999", AsOf: 19990401, Method: "census"}}
	at := NewPeriod(FiveYear, 1999, 0)
	for _, g := range d.groups.Groups() {
		for measure, sex := range map[string]string{"population": "", "2171.male": "male", "2171.female": "female"} {
			if n, ok := d.groups.Measure1999(g.Slug, measure); ok {
				b.facts = append(b.facts, Fact{Key: Key{Indicator: "POP", Period: at, Cut: Cut{Group: g.Slug, Sex: sex}}, Value: int64(n), State: Known, Cell: "2171"})
			}
		}
	}
	return b, nil
}

// census2019 is the population of the 63 provinces of that time by group.
func (d *Desk) census2019(context.Context) (brought, error) {
	b := brought{Batch: Batch{ID: "census-2019", Origin: "census", Title: "Tổng điều tra dân số và nhà ở 1/4/2019", AsOf: 20190401, Method: "census"}}
	at := NewPeriod(FiveYear, 2019, 0)
	units := map[string]place.ID{}
	for _, u := range d.places.Units("", place.Province, place.FirstList) {
		units[u.Code] = u.ID
	}
	for _, g := range d.groups.Groups() {
		for _, s := range d.groups.Provinces2019(g.Slug) {
			if id, ok := units[s.Province]; ok && s.Known {
				b.facts = append(b.facts, Fact{Key: Key{Indicator: "POP", Place: id, Period: at, Cut: Cut{Group: g.Slug}}, Value: int64(s.Value), State: Known})
			}
		}
	}
	return b, nil
}

// listed is the population of the home province's communes as the list of units tells it. A figure that is doubtful there is no figure.
func (d *Desk) listed(ctx context.Context) (brought, error) {
	b := brought{Batch: Batch{ID: "list-communes", Origin: "list", Title: "Danh mục đơn vị hành chính: dân số của xã", Method: "list"}}
	for _, u := range d.places.Units(d.places.HomeUnit().ID, place.Commune, d.places.Today()) {
		p, err := d.places.Profile(ctx, u.ID)
		if err != nil {
			return b, err
		}
		n, ok := p.People()
		if !ok || p.AsOf == 0 {
			continue
		}
		b.AsOf, b.FileName = p.AsOf, p.Source
		half := 1 + (int(p.AsOf)/100%100-1)/6
		b.facts = append(b.facts, Fact{Key: Key{Indicator: "POP", Place: u.ID, Period: NewPeriod(Half, int(p.AsOf)/10000, half)}, Value: int64(n), State: Known, Cell: u.Code})
	}
	return b, nil
}
