package release

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// SeedDemo makes two releases, as a statistician proposes and a leader releases them: the census of 2019 by group and province, which
// is real, and one of made-up figures of the communes, which says so. The second is left out where there are no such figures. Doing
// it again changes nothing. Figures must have been built.
func (d *Desk) SeedDemo(ctx context.Context, proposer, leader duty.Actor) error {
	home := d.places.HomeUnit()
	census := Spec{
		Code: "dan-so-dan-toc-2019", Title: "Dân số theo dân tộc và tỉnh, 1/4/2019", TitleEN: "Population by ethnic group and province, 1 April 2019",
		Note:   "Theo 63 tỉnh, thành phố lúc điều tra. Không gồm người nước ngoài và người không rõ dân tộc.",
		NoteEN: "By the 63 provinces of that time. Foreigners and persons of no stated group are left out.",
		Source: "Tổng điều tra dân số và nhà ở năm 2019, Tổng cục Thống kê", Indicators: []fact.Code{"POP"},
		Periods: []fact.Period{fact.NewPeriod(fact.FiveYear, 2019, 0)}, Level: place.Province, Cuts: []fact.Dim{fact.ByGroup},
	}
	if err := d.seedRelease(ctx, proposer, leader, census); err != nil {
		return err
	}
	year := int(d.places.Today()) / 10000
	for _, at := range []fact.Period{fact.NewPeriod(fact.Half, year, 1), fact.NewPeriod(fact.Half, year-1, 2), fact.NewPeriod(fact.Half, year-1, 1)} {
		spec := Spec{
			Code: "dan-so-xa-minh-hoa", Title: "Dân số các xã theo dân tộc và giới", TitleEN: "Population of communes by ethnic group and sex",
			Note: "Số sinh bằng máy để thử hệ thống, không phải số thật.", NoteEN: "Made by a machine to try the system, not real.",
			Source: "Số minh hoạ của Bản Làng", Indicators: []fact.Code{"POP"}, Periods: []fact.Period{at}, Area: home.ID, Level: place.Commune,
			Cuts: []fact.Dim{fact.ByGroup, fact.BySex}, Demo: true,
		}
		sheet, err := d.exact(ctx, spec)
		switch {
		case fault.Is(err, fault.Invalid): // no figures of that period
		case err != nil:
			return err
		case len(sheet.axes[cutAxis].Members) > 3: // all, others, and groups: else nobody has reported by group
			return d.seedRelease(ctx, proposer, leader, spec)
		}
	}
	return nil
}

// seedRelease takes a release as far as it goes, from where it is.
func (d *Desk) seedRelease(ctx context.Context, proposer, leader duty.Actor, s Spec) error {
	all, err := d.releases(ctx, s.Code, 10)
	if err != nil {
		return err
	}
	var r Release
	if len(all) > 0 {
		r = all[0]
	} else {
		id, err := d.begin(ctx, proposer, "", s)
		if err != nil {
			return err
		}
		r.ID, r.State = id, Building
	}
	if r.State == Building {
		if err := d.build(ctx, r.ID); err != nil {
			return err
		}
		if r, err = releaseByID(ctx, d.db, r.ID); err != nil {
			return err
		}
	}
	if r.State == Draft && len(r.Lost.Exposed) == 0 {
		if err := d.Propose(ctx, proposer, r.ID); err != nil {
			return err
		}
		r.State = Proposed
	}
	if r.State == Proposed {
		return d.Release(ctx, leader, r.ID)
	}
	return nil
}
