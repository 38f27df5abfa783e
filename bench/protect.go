package main

import (
	"context"
	"time"

	"banlang/internal/fact/disclosure"
	"banlang/internal/fact/disclosure/disclosuretest"
)

// protection is S7: glpsol attacks protected tables over all sums that were published, many small ones and one of a whole
// province, and must learn of no primary cell more than it may. What an earlier release gives away can no longer be protected:
// the attacker must find no cell lost that we do not report, and none to be saved that we do. The peer is the usual rule, two
// hidden cells in every line, on the first thousand tables.
func protection(ctx context.Context) ([]figure, error) {
	const tables, usual = 10_000, 1_000
	if err := need(ctx, map[string]string{"glpsol": "glpk-utils"}); err != nil {
		return nil, err
	}
	say("S7: protecting and attacking %d tables", tables)
	var ours, naive, lost []disclosuretest.Case
	var loss disclosure.Loss
	exposed, protected := 0, 0
	for seed := range uint64(tables) {
		t := disclosuretest.Random(seed)
		got, err := disclosure.Protect(ctx, t, nil)
		if err != nil {
			return nil, err
		}
		ours = append(ours, disclosuretest.Case{Table: t, Hidden: got.Hidden, Spared: got.Exposed})
		lost = append(lost, disclosuretest.Lost(t, got.Exposed))
		if seed < usual {
			naive = append(naive, disclosuretest.Case{Table: t, Hidden: disclosuretest.Naive(t), Spared: got.Exposed})
		}
		exposed += len(got.Exposed)
		protected += got.Loss.Primary
		loss = loss.And(got.Loss)
	}
	leaks, err := disclosuretest.Attack(ctx, ours)
	if err != nil {
		return nil, err
	}
	reallyLost, err := disclosuretest.Attack(ctx, lost)
	if err != nil {
		return nil, err
	}
	say("S7: attacking the usual rule on %d tables", usual)
	usualLeaks, err := disclosuretest.Attack(ctx, naive)
	if err != nil {
		return nil, err
	}
	say("S7: %d primary cells; the earlier releases gave away %d", protected, exposed)
	figures := []figure{
		{ID: "S7", Measure: "small tables in which glpsol learns too much, of a thousand; peer two hidden in each line", Ours: perThousand(leaks, tables), Peer: perThousand(usualLeaks, usual), Bar: "0, peer > 0", Met: len(leaks) == 0 && len(usualLeaks) > 0},
		{ID: "S7", Measure: "cells called lost to an earlier release that glpsol would still save", Ours: float64(exposed - len(reallyLost)), Bar: "0", Met: exposed == len(reallyLost)},
		{ID: "S7", Measure: "small tables: cells not shown", Unit: "%", Ours: share(loss.Hidden, loss.Cells), Bar: "reported", Met: true},
		{ID: "S7", Measure: "small tables: persons not shown", Unit: "%", Ours: share(loss.HiddenPersons, loss.Persons), Bar: "reported", Met: true},
	}

	weight, optimum, err := againstOptimum(ctx, 60)
	if err != nil {
		return figures, err
	}
	figures = append(figures, figure{ID: "S7", Measure: "60 squares of 5 x 5: weight hidden beside the primary cells, peer the optimum", Ours: weight, Peer: optimum, Bar: "reported", Met: true})

	const communes, groups = 65, 54
	say("S7: a table of %d communes, %d groups and 2 sexes with all totals; glpsol takes a minute", communes, groups)
	t := disclosuretest.Province(1, communes, groups)
	begin := time.Now()
	got, err := disclosure.Protect(ctx, t, nil)
	if err != nil {
		return figures, err
	}
	took := time.Since(begin).Seconds()
	leaks, err = disclosuretest.Attack(ctx, []disclosuretest.Case{{Table: t, Hidden: got.Hidden}})
	if err != nil {
		return figures, err
	}
	extra := got.Loss.Hidden - got.Loss.Primary
	return append(figures,
		figure{ID: "S7", Measure: "province 65 x 54 x 2: protected in", Unit: "s", Ours: took, Bar: "<= 10 s", Met: took <= 10},
		figure{ID: "S7", Measure: "province: primary cells of which glpsol learns too much", Ours: float64(len(leaks)), Bar: "0", Met: len(leaks) == 0 && len(got.Exposed) == 0},
		figure{ID: "S7", Measure: "province: cells hidden beside the primary ones, of all that hold anybody", Unit: "%", Ours: share(extra, got.Loss.Cells), Bar: "reported", Met: true},
		figure{ID: "S7", Measure: "province: cells not shown, primary ones among them", Unit: "%", Ours: share(got.Loss.Hidden, got.Loss.Cells), Bar: "reported", Met: true},
		figure{ID: "S7", Measure: "province: persons not shown", Unit: "%", Ours: share(got.Loss.HiddenPersons, got.Loss.Persons), Bar: "reported", Met: true},
	), nil
}

// againstOptimum adds up what is hidden beside the primary cells of some small tables, by us and by the best pattern there is.
func againstOptimum(ctx context.Context, tables uint64) (ours, best float64, err error) {
	for seed := range tables {
		t := disclosuretest.Square(seed)
		got, err := disclosure.Protect(ctx, t, nil)
		if err != nil {
			return 0, 0, err
		}
		for i, c := range t.Cells {
			if got.Hidden[i] && !c.Primary {
				ours += float64(c.Weight)
			}
		}
		least, err := disclosuretest.Optimum(ctx, t)
		if err != nil {
			return 0, 0, err
		}
		best += float64(least)
	}
	return ours, best, nil
}

// perThousand is how many of a thousand tables leak.
func perThousand(leaks []disclosuretest.Leak, tables int) float64 {
	leaking := map[int]bool{}
	for _, l := range leaks {
		leaking[l.Case] = true
	}
	return 1000 * float64(len(leaking)) / float64(tables)
}

// share is a part of a whole in per cent.
func share[N int | int64](part, whole N) float64 { return 100 * float64(part) / float64(whole) }
