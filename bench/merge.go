package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"banlang/internal/duty"
	"banlang/internal/place"
)

// The change of units of 1 July 2025: 194 communes of Lạng Sơn became 65.
const (
	lastOld  place.Date = 20250630
	firstNew place.Date = 20250701
)

// merges is S6: figures are carried over changes of units without losing or making any, estimated only where a unit was divided,
// and a merger that is undone leaves every answer as it was.
func merges(ctx context.Context) ([]figure, error) {
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	d, err := migrated(ctx, "sqlite:"+filepath.Join(dir, "banlang.db"))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	now := time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)
	places := place.New(d, func() time.Time { return now })
	if err := places.ReadyOnly(ctx, place.LangSon); err != nil {
		return nil, err
	}
	blind, exact := carried(places, 1)
	m := merging{places, duty.Actor{ID: "a", Grants: []duty.Grant{{Role: duty.Statistician, Area: "20@0"}}},
		duty.Actor{ID: "b", Grants: []duty.Grant{{Role: duty.ProvinceLeader, Area: "20@0"}}}}
	if err := m.weigh(ctx); err != nil {
		return nil, err
	}
	const rounds = 1000
	lost, _ := carried(places, rounds)
	sum, changed, err := m.mergeAndUndo(ctx)
	if err != nil {
		return nil, err
	}
	const graphs = 10_000
	say("S6: %d random histories", graphs)
	wrong, err := histories(graphs)
	if err != nil {
		return nil, err
	}
	one := func(measure, unit string, got, want float64) figure {
		return figure{ID: "S6", Measure: measure, Unit: unit, Ours: got, Bar: number(want), Met: got == want}
	}
	return []figure{
		one("194 to 65: new communes that are exact sums", "communes", float64(exact), 62),
		one("194 to 65: old communes without a share before weights are entered", "communes", float64(blind), 2),
		one(fmt.Sprintf("194 to 65: totals of %d that were not conserved to the unit", rounds), "totals", float64(lost), 0),
		one("100 + 50 merged", "", float64(sum), 150),
		one("answers that differ after a merger was undone", "answers", float64(changed), 0),
		one(fmt.Sprintf("totals not conserved in %d random histories", graphs), "totals", float64(wrong), 0),
	}, nil
}

// carried adds up made-up totals of the old communes in the new ones. It counts the sums that are not the total, or, in one round
// without weights, the old communes that have no share; and the new communes that no divided one touches.
func carried(d *place.Desk, rounds int) (wrong, exact int) {
	olds, news := d.Units("20@0", place.Commune, lastOld), d.Units("20@0", place.Commune, firstNew)
	touched := map[place.ID]bool{}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made-up figures
	for range rounds {
		left := int64(0)
		for _, u := range olds {
			flows, known := d.Flows(u.ID, place.Commune, firstNew)
			if !known {
				wrong++
			}
			total := random.Int64N(1 << 40)
			left += total
			for i, n := range place.Share(total, flows) {
				left -= n
				touched[flows[i].To] = touched[flows[i].To] || !flows[i].Whole
			}
		}
		if rounds > 1 && left != 0 {
			wrong++
		}
	}
	for _, u := range news {
		if !touched[u.ID] {
			exact++
		}
	}
	return wrong, exact
}

// merging is two people who work on the units of Lạng Sơn.
type merging struct {
	places          *place.Desk
	officer, leader duty.Actor
}

// weigh enters made-up weights for the two units that were divided.
func (m merging) weigh(ctx context.Context) error {
	for _, u := range m.places.Divided("20@0") {
		w := place.Weighing{Old: u.ID, Measure: place.ByPopulation, Source: "số minh hoạ", AsOf: lastOld}
		for i, s := range m.places.After(u.ID) {
			w.Parts = append(w.Parts, place.Amount{New: s.Unit.ID, Num: int64(701 + 1013*i)})
		}
		id, err := m.places.EnterWeights(ctx, m.officer, "", w)
		if err != nil {
			return err
		}
		if err := m.places.Decide(ctx, m.leader, "weight", id, true); err != nil {
			return err
		}
	}
	return nil
}

// mergeAndUndo merges two communes that have 100 and 50 of something, and undoes it. It tells what the merged one has, and how
// many answers are not as they were before.
func (m merging) mergeAndUndo(ctx context.Context) (sum int64, changed int, err error) {
	const day place.Date = 20270101
	type answer struct {
		flows []place.Flow
		known bool
	}
	answers := func() map[string]answer {
		all := map[string]answer{}
		for _, from := range []place.Date{lastOld, firstNew} {
			for _, u := range m.places.Units("20@0", "", from) {
				for _, on := range []place.Date{lastOld, firstNew, day} {
					for _, level := range []string{place.Commune, place.District, place.Province} {
						flows, known := m.places.Flows(u.ID, level, on)
						all[fmt.Sprint(u.ID, on, level)] = answer{flows, known}
					}
				}
			}
		}
		return all
	}
	before := answers()
	pair := m.places.Units("20@0", place.Commune, firstNew)[:2]
	id, err := m.places.RecordEvent(ctx, m.officer, "", place.Event{Kind: place.Merge, Decision: place.Decision{Number: "00/NQ-MINHHOA", Day: 20260520}, From: day,
		Parts: []place.EventPart{{Old: pair[0].ID, New: pair[0].Code}, {Old: pair[1].ID, New: pair[0].Code}},
		New:   []place.NewUnit{{Code: pair[0].Code, Kind: "xã", Name: "Minh hoạ"}}})
	if err != nil {
		return 0, 0, err
	}
	if err := m.places.DecideEvent(ctx, m.leader, id, true); err != nil {
		return 0, 0, err
	}
	for i, total := range []int64{100, 50} {
		if flows, known := m.places.Flows(pair[i].ID, place.Commune, day); known {
			sum += place.Share(total, flows)[0]
		}
	}
	if err := m.places.UndoEvent(ctx, m.officer, id, "bench"); err != nil {
		return 0, 0, err
	}
	if err := m.places.DecideUndo(ctx, m.leader, id, true); err != nil {
		return 0, 0, err
	}
	after := answers()
	for key, was := range before {
		if !reflect.DeepEqual(after[key], was) {
			changed++
		}
	}
	return sum, changed + max(len(after)-len(before), 0), nil
}

// histories makes random histories of units, with weights of every division, and counts the totals that are not conserved from
// the first day to the last.
func histories(graphs int) (wrong int, err error) {
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // made-up histories
	for range graphs {
		h := history{random: random}
		units := []place.Unit{{ID: "20@0", Code: "20", Level: place.Province, Kind: "tỉnh", Name: "P"}}
		for range 2 + random.IntN(10) {
			c := h.code()
			units = append(units, place.Unit{ID: place.NewID(c, 0), Code: c, Level: place.Commune, Kind: "xã", Name: "X" + c, ParentCode: "20"})
			h.live = append(h.live, place.NewID(c, 0))
		}
		for range random.IntN(8) {
			h.happen()
		}
		d, err := place.Sketch(units, h.events, h.weights)
		if err != nil {
			return 0, err
		}
		left := int64(0)
		for _, u := range units[1:] {
			flows, known := d.Flows(u.ID, place.Commune, 20990101)
			if !known {
				wrong++
				continue
			}
			total := random.Int64N(1 << 40)
			left += total
			for _, n := range place.Share(total, flows) {
				left -= n
			}
		}
		if left != 0 {
			wrong++
		}
	}
	return wrong, nil
}

// A history grows by events.
type history struct {
	random  *rand.Rand
	live    []place.ID
	events  []place.Event
	weights []place.Weight
	codes   int
}

func (h *history) code() string {
	h.codes++
	return fmt.Sprintf("%05d", h.codes)
}

// happen merges some units, splits one, or gives a part of one to another.
func (h *history) happen() {
	e := place.Event{From: place.Date(20260101 + 10000*len(h.events))}
	begin := func(code string) string {
		e.New = append(e.New, place.NewUnit{Code: code, Kind: "xã", Name: "X" + code})
		return code
	}
	goes := func(old place.ID, codes ...string) {
		for _, code := range codes {
			e.Parts = append(e.Parts, place.EventPart{Old: old, New: code})
		}
	}
	h.random.Shuffle(len(h.live), func(i, j int) { h.live[i], h.live[j] = h.live[j], h.live[i] })
	switch kind := h.random.IntN(3); {
	case kind == 0 && len(h.live) > 1:
		e.Kind = place.Merge
		code := begin(h.code())
		for _, id := range h.live[:2+h.random.IntN(len(h.live)-1)] {
			goes(id, code)
		}
	case kind == 1 && len(h.live) > 1:
		e.Kind = place.Transfer
		goes(h.live[0], begin(h.live[0].Code()), begin(h.live[1].Code()))
		goes(h.live[1], h.live[1].Code())
	default:
		e.Kind = place.Split
		goes(h.live[0], begin(h.code()), begin(h.code()), begin(h.live[0].Code()))
	}
	olds := e.Olds()
	for _, old := range olds {
		h.weigh(e, old)
	}
	h.live = slices.DeleteFunc(h.live, func(id place.ID) bool { return slices.Contains(olds, id) })
	for _, u := range e.New {
		h.live = append(h.live, e.Begun(u.Code))
	}
	h.events = append(h.events, e)
}

// weigh makes up how much of a unit went where.
func (h *history) weigh(e place.Event, old place.ID) {
	var set []place.Weight
	sum := int64(0)
	for _, p := range e.Parts {
		if p.Old == old {
			set = append(set, place.Weight{Old: old, New: e.Begun(p.New), Measure: place.ByPopulation, Num: 1 + h.random.Int64N(100_000)})
			sum += set[len(set)-1].Num
		}
	}
	for i := range set {
		set[i].Den = sum
	}
	h.weights = append(h.weights, set...)
}
