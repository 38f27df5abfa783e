package place_test

import (
	"context"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
)

const firstOf2027 place.Date = 20270101

var resolution = place.Decision{Number: "99/NQ-UBTVQH16", Day: 20260520}

// merger takes Bắc Sơn and Hưng Vũ into one commune that keeps the code of Bắc Sơn.
func merger(t testing.TB, d *place.Desk) place.Event {
	other := at(t, d, "06364", firstOf2027.Before())
	return place.Event{Kind: place.Merge, Decision: resolution, From: firstOf2027,
		Parts: []place.EventPart{{Old: bacSon, New: "06325"}, {Old: other.ID, New: "06325"}},
		New:   []place.NewUnit{{Code: "06325", Kind: "xã", Name: "Bắc Sơn Mới"}}}
}

// tables are what an event changes, as text.
func tables(t *testing.T, d *db.DB) string {
	t.Helper()
	all, err := d.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, table := range all {
		switch table.Name {
		case "place_unit", "place_lineage", "place_within", "place_profile":
			err := table.Rows(t.Context(), d, func(row []any) error { text = append(text, table.Name+fmt.Sprint(row)); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(text)
	return strings.Join(text, "\n")
}

// flows are the answers about every unit on a day.
func flows(d *place.Desk, on place.Date) map[place.ID][]place.Flow {
	all := map[place.ID][]place.Flow{}
	for _, day := range []place.Date{lastOfThreeTiers, firstOfTwoTiers, firstOf2027} {
		for _, u := range d.Units("", "", day) {
			for _, level := range []string{place.Commune, place.Province} {
				f, _ := d.Flows(u.ID, level, on)
				all[u.ID+place.ID(level)] = f
			}
		}
	}
	return all
}

func TestMergerIsEnteredConfirmedAndUndone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := langSon(t, database)
		if err := d.SeedDemo(t.Context()); err != nil {
			t.Fatal(err)
		}
		before, answers, revision := tables(t, database), flows(d, firstOf2027), d.Revision()
		if _, err := d.RecordEvent(t.Context(), leader, "", merger(t, d)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a leader records: %v, want forbidden", err)
		}
		id, err := d.RecordEvent(t.Context(), statistician, "k", merger(t, d))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := d.RecordEvent(t.Context(), statistician, "k", merger(t, d)); err != nil || again != id {
			t.Errorf("the same form again makes %s (%v), want %s", again, err, id)
		}
		if tables(t, database) != before {
			t.Fatal("a draft changed the units")
		}
		for name, who := range map[string]duty.Actor{"the one who entered it": statistician, "a leader of a commune": leader, "a planner": planner} {
			if err := d.DecideEvent(t.Context(), who, id, true); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s confirms: %v, want forbidden", name, err)
			}
		}
		if err := d.DecideEvent(t.Context(), province, id, true); err != nil {
			t.Fatal(err)
		}
		now := at(t, d, "06325", firstOf2027)
		if now.ID != "06325@20270101" || now.FullName() != "xã Bắc Sơn Mới" || d.Revision() == revision {
			t.Errorf("after the merger 06325 is %s %s, revision %d", now.ID, now.FullName(), d.Revision())
		}
		if n := len(d.Units("20@0", place.Commune, firstOf2027)); n != 64 {
			t.Errorf("%d communes, want 64", n)
		}
		sum := int64(0)
		for old, total := range map[place.ID]int64{bacSon: 100, "06364@20250701": 50} {
			f, known := d.Flows(old, place.Commune, firstOf2027)
			if !known || len(f) != 1 || f[0].To != now.ID {
				t.Fatalf("Flows(%s) = %v %v", old, f, known)
			}
			sum += place.Share(total, f)[0]
		}
		if sum != 150 {
			t.Errorf("100 + 50 = %d", sum)
		}
		if !d.Within(string(now.ID), string(bacSon), noon) || d.Within(string(bacSon), string(now.ID), noon) {
			t.Error("a right over the new unit must reach the old one, and not the other way round")
		}
		if villages, err := d.VillagesIn(t.Context(), now.ID, firstOf2027); err != nil || len(villages) != 3 || !villages[2].Hard {
			t.Errorf("VillagesIn(new) = %v (%v), want the three of Bắc Sơn, the third a difficult one", villages, err)
		}
		if classes, err := d.AreaClasses(t.Context(), firstOf2027); err != nil || classes[now.ID] != "" || classes[bacSon] != "" {
			t.Errorf("a merged commune has the class %q before anybody decided it (%v)", classes[now.ID], err)
		}
		if err := d.DecideEvent(t.Context(), province, id, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("confirmed twice: %v", err)
		}

		if err := d.UndoEvent(t.Context(), statistician, id, " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("undone without a reason: %v", err)
		}
		if err := d.DecideUndo(t.Context(), province, id, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("undone without a proposal: %v", err)
		}
		if err := d.UndoEvent(t.Context(), statistician, id, "Nghị quyết chưa có hiệu lực"); err != nil {
			t.Fatal(err)
		}
		d.Uses = func(_ context.Context, unit place.ID) error {
			return fault.New(fault.Conflict, "place.event.used", "Code", unit.Code(), "N", 1)
		}
		if err := d.DecideUndo(t.Context(), province, id, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("undone though a report speaks of it: %v", err)
		}
		d.Uses = nil
		if err := d.DecideUndo(t.Context(), province, id, true); err != nil {
			t.Fatal(err)
		}
		if after := tables(t, database); after != before {
			t.Errorf("tables differ after undoing")
		}
		if !reflect.DeepEqual(flows(d, firstOf2027), answers) {
			t.Error("flows differ after undoing")
		}
		if e, err := d.Event(t.Context(), id); err != nil || e.State != place.Undone || e.UndoneBy != "province" || e.UndoBy != "statistician" {
			t.Errorf("Event = %+v (%v)", e, err)
		}
	})
}

func TestEventsThatCannotBe(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	change := func(f func(*place.Event)) place.Event {
		e := merger(t, d)
		f(&e)
		return e
	}
	other := at(t, d, "06364", firstOf2027.Before()).ID
	for _, c := range []struct {
		name, key string
		event     place.Event
	}{
		{"no number", "place.decision.number", change(func(e *place.Event) { e.Number = "" })},
		{"no day", "place.decision.day", change(func(e *place.Event) { e.Day = 0 })},
		{"before its document", "place.event.from", change(func(e *place.Event) { e.From = 20260101 })},
		{"no kind", "place.event.kind", change(func(e *place.Event) { e.Kind = "" })},
		{"no old unit", "place.event.old.none", change(func(e *place.Event) { e.Parts = nil })},
		{"a unit that ended", "place.event.old", change(func(e *place.Event) { e.Parts[0].Old = "06325@0" })},
		{"a unit of another province", "place.event.apart", change(func(e *place.Event) { e.Parts[0].Old = "01@0" })},
		{"a code of another", "place.event.taken", change(func(e *place.Event) { e.New[0].Code = "06376"; e.Parts[0].New, e.Parts[1].New = "06376", "06376" })},
		{"a code that is none", "place.import.code", change(func(e *place.Event) { e.New[0].Code = "6325" })},
		{"no new kind", "place.event.new.kind", change(func(e *place.Event) { e.New[0].Kind = "thôn" })},
		{"nowhere to go", "place.event.nowhere", change(func(e *place.Event) { e.Parts[0].New = "99999" })},
		{"a merger of one", "place.event.shape.merge", change(func(e *place.Event) { e.Parts = e.Parts[:1] })},
		{"a split into one", "place.event.shape.split", change(func(e *place.Event) { e.Kind = place.Split })},
		{"a renaming that renames nothing", "place.event.shape.rename", place.Event{Kind: place.Rename, Decision: resolution, From: firstOf2027,
			Parts: []place.EventPart{{Old: other, New: "06364"}}, New: []place.NewUnit{{Code: "06364"}}}},
	} {
		_, err := d.RecordEvent(t.Context(), statistician, "", c.event)
		found := false
		for _, f := range fault.All(err) {
			found = found || f.Key == c.key
		}
		if !found {
			t.Errorf("%s: %v, want %s", c.name, err, c.key)
		}
	}
	confirm := func(e place.Event) string {
		t.Helper()
		id, err := d.RecordEvent(t.Context(), statistician, "", e)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.DecideEvent(t.Context(), province, id, true); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := confirm(merger(t, d))
	if _, err := d.RecordEvent(t.Context(), statistician, "", change(func(e *place.Event) { e.From = 20261201 })); !fault.Is(err, fault.Invalid) {
		t.Errorf("a change before a later one: %v, want invalid", err)
	}
	// A later change of the same unit must be undone first.
	later := confirm(place.Event{Kind: place.Rename, Decision: resolution, From: 20270601,
		Parts: []place.EventPart{{Old: "06325@20270101", New: "06325"}}, New: []place.NewUnit{{Code: "06325", Name: "Bắc Sơn Mới Nữa"}}})
	if err := d.UndoEvent(t.Context(), statistician, first, "thử"); !fault.Is(err, fault.Conflict) {
		t.Errorf("undone under a later change: %v", err)
	}
	if e, err := d.Event(t.Context(), later); err != nil || e.Title != "Đổi xã Bắc Sơn Mới thành xã Bắc Sơn Mới Nữa" {
		t.Errorf("title %q (%v)", e.Title, err)
	}
	// The class of a renamed commune goes on; a correction replaces the event as a whole.
	class := place.AreaClass{Unit: "06325@20270101", Class: "II", From: firstOf2027, Decision: resolution}
	id, err := d.EnterClass(t.Context(), statistician, "", class)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Decide(t.Context(), planner, "class", id, true); err != nil {
		t.Fatal(err)
	}
	if classes, err := d.AreaClasses(t.Context(), 20270701); err != nil || classes["06325@20270601"] != "II" {
		t.Errorf("AreaClasses = %v (%v)", classes, err)
	}
	confirm(place.Event{Kind: place.Rename, Decision: resolution, From: 20270601, Replaces: later,
		Parts: []place.EventPart{{Old: "06325@20270101", New: "06325"}}, New: []place.NewUnit{{Code: "06325", Name: "Bắc Sơn Đúng"}}})
	if u := at(t, d, "06325", 20270601); u.Name != "Bắc Sơn Đúng" || u.ID != "06325@20270601" {
		t.Errorf("after the correction: %s %s", u.ID, u.Name)
	}
	if e, err := d.Event(t.Context(), later); err != nil || e.State != place.Undone {
		t.Errorf("the corrected event is %s (%v)", e.State, err)
	}
	// A version that a class speaks of does not vanish.
	if err := d.UndoEvent(t.Context(), statistician, first, "thử"); !fault.Is(err, fault.Conflict) {
		t.Errorf("undone though a class rests on it: %v", err)
	}
}

func TestWeightsOfLangSon(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := langSon(t, database)
		binhXa, kienMocOld := place.ID("06622@0"), place.ID("06625@0")
		divided := d.Divided("20@0")
		if len(divided) != 2 || divided[0].ID != binhXa || divided[1].ID != kienMocOld {
			t.Fatalf("Divided = %v, want Bính Xá and Kiên Mộc", divided)
		}
		enter := func(who duty.Actor, old place.ID, measure string, n ...int64) error {
			w := place.Weighing{Old: old, Measure: measure, Source: "Số minh hoạ", AsOf: lastOfThreeTiers}
			for i, s := range d.After(old) {
				w.Parts = append(w.Parts, place.Amount{New: s.Unit.ID, Num: n[i]})
			}
			id, err := d.EnterWeights(t.Context(), who, "", w)
			if err != nil {
				return err
			}
			if err := d.Decide(t.Context(), who, "weight", id, true); !fault.Is(err, fault.Forbidden) {
				t.Errorf("who entered confirms: %v", err)
			}
			return d.Decide(t.Context(), province, "weight", id, true)
		}
		if err := enter(statistician, binhXa, place.ByPercent, 5000, 4000); !fault.Is(err, fault.Invalid) {
			t.Errorf("shares that are not 100%%: %v", err)
		}
		if err := enter(statistician, binhXa, place.ByPopulation, 0, 0); !fault.Is(err, fault.Invalid) {
			t.Errorf("nobody anywhere: %v", err)
		}
		if err := enter(leader, binhXa, place.ByPopulation, 1, 2); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a leader of a commune enters: %v", err)
		}
		if _, known := d.Flows(binhXa, place.Commune, firstOfTwoTiers); known {
			t.Error("a share is known before anybody entered one")
		}
		for old, n := range map[place.ID][]int64{binhXa: {300, 700}, kienMocOld: {400, 600}} {
			if err := enter(statistician, old, place.ByPopulation, n...); err != nil {
				t.Fatal(err)
			}
		}
		// Every total is conserved, and only the three that a divided one touches are estimated.
		total, arrived, estimated := int64(0), map[place.ID]int64{}, map[place.ID]bool{}
		for i, u := range d.Units("20@0", place.Commune, lastOfThreeTiers) {
			n := int64(i*i*7919%100_003 + 1)
			total += n
			f, known := d.Flows(u.ID, place.Commune, firstOfTwoTiers)
			if !known {
				t.Fatalf("Flows(%s) is not known", u.ID)
			}
			for k, part := range place.Share(n, f) {
				arrived[f[k].To] += part
				estimated[f[k].To] = estimated[f[k].To] || f[k].Estimated
			}
		}
		sum, three := int64(0), []string{}
		for id, n := range arrived {
			sum += n
			if estimated[id] {
				three = append(three, id.Code())
			}
		}
		slices.Sort(three)
		if want := []string{dinhLap, kienMoc, chauSon}; sum != total || len(arrived) != 65 || !slices.Equal(three, want) {
			t.Errorf("%d of %d arrived in %d communes, estimated %v; want %v", sum, total, len(arrived), three, want)
		}
	})
}

// draw makes a world of communes and what befalls them, with weights of most divisions.
func draw(t *rapid.T) (units []place.Unit, events []place.Event, weights []place.Weight) {
	units = append(units, place.Unit{ID: "20@0", Code: "20", Level: place.Province, Kind: "tỉnh", Name: "P"})
	next := 0
	code := func() string { next++; return fmt.Sprintf("%05d", next) }
	var live []place.ID
	for range rapid.IntRange(2, 8).Draw(t, "communes") {
		c := code()
		units = append(units, place.Unit{ID: place.NewID(c, 0), Code: c, Level: place.Commune, Kind: "xã", Name: "X" + c, ParentCode: "20"})
		live = append(live, place.NewID(c, 0))
	}
	for n := range rapid.IntRange(0, 6).Draw(t, "events") {
		e := place.Event{From: place.Date(20260101 + 10000*n)}
		begin := func(c string) string {
			e.New = append(e.New, place.NewUnit{Code: c, Kind: "xã", Name: fmt.Sprint("X", c, n)})
			return c
		}
		go1 := func(old place.ID, to string) { e.Parts = append(e.Parts, place.EventPart{Old: old, New: to}) }
		shuffled := rapid.Permutation(live).Draw(t, "order")
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind == 0 && len(live) > 1: // merge two or more
			e.Kind = place.Merge
			c := begin(code())
			for _, id := range shuffled[:rapid.IntRange(2, len(shuffled)).Draw(t, "merged")] {
				go1(id, c)
			}
		case kind == 1: // split, the first part going on under the old code
			e.Kind = place.Split
			go1(shuffled[0], begin(shuffled[0].Code()))
			for range rapid.IntRange(1, 3).Draw(t, "pieces") {
				go1(shuffled[0], begin(code()))
			}
		case kind == 2 && len(live) > 1: // a part goes from one to another
			e.Kind = place.Transfer
			a, b := begin(shuffled[0].Code()), begin(shuffled[1].Code())
			go1(shuffled[0], a)
			go1(shuffled[0], b)
			go1(shuffled[1], b)
		default:
			e.Kind = place.Rename
			go1(shuffled[0], begin(code()))
		}
		olds := e.Olds()
		live = slices.DeleteFunc(live, func(id place.ID) bool { return slices.Contains(olds, id) })
		for _, u := range e.New {
			live = append(live, e.Begun(u.Code))
		}
		weighed := rapid.IntRange(0, 9).Draw(t, "weighed") > 0
		for _, old := range olds {
			var set []place.Weight
			sum := int64(0)
			for _, p := range e.Parts {
				if p.Old == old {
					set = append(set, place.Weight{Old: old, New: e.Begun(p.New), Measure: place.ByPopulation, Num: rapid.Int64Range(0, 1<<20).Draw(t, "people")})
					sum += set[len(set)-1].Num
				}
			}
			if !weighed || sum == 0 {
				continue
			}
			for i := range set {
				set[i].Den = sum
			}
			weights = append(weights, set...)
		}
		events = append(events, e)
	}
	return units, events, weights
}

// Whatever befalls units, nothing is lost or made: the shares of a unit add up to it, on every day, there and back.
func TestFlowsConserve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units, events, weights := draw(t)
		d, err := place.Sketch(units, events, weights)
		if err != nil {
			t.Fatal(err)
		}
		var days []place.Date
		var all []place.ID
		for _, u := range units {
			all = append(all, u.ID)
		}
		for _, e := range events {
			days = append(days, e.From.Before(), e.From)
			for _, n := range e.New {
				all = append(all, e.Begun(n.Code))
			}
		}
		for _, on := range days {
			for _, id := range all {
				total := rapid.Int64Range(-1<<50, 1<<50).Draw(t, "total")
				f, known := d.Flows(id, place.Commune, on)
				if len(f) == 0 {
					t.Fatalf("Flows(%s, %v) leads nowhere", id, on)
				}
				sum, share := int64(0), new(big.Rat)
				for i, n := range place.Share(total, f) {
					sum += n
					if u, err := d.ByID(f[i].To); err != nil || !u.In(on) {
						t.Fatalf("Flows(%s, %v) leads to %s", id, on, f[i].To)
					}
					if known {
						share.Add(share, big.NewRat(f[i].Num, f[i].Den))
					}
				}
				if known && (sum != total || share.Cmp(big.NewRat(1, 1)) != 0) {
					t.Fatalf("Flows(%s, %v) = %v: %d of %d arrived", id, on, f, sum, total)
				}
				if up, known := d.Flows(id, place.Province, on); !known || len(up) != 1 || !up[0].Whole {
					t.Fatalf("Flows(%s, province) = %v %v", id, up, known)
				}
			}
		}
	})
}

// With the numbers of all its old units a new commune is led back to them.
func TestImportWeights(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	before, _ := d.Before(bacSon)
	var file strings.Builder
	file.WriteString("old,new,number,source,as_of\n99999,06325,5,x,30/6/2025\n06622,06613,10,x,30/6/2025\n")
	for i, s := range before {
		file.WriteString(fmt.Sprintf("%s,06325,%d,Biểu số minh hoạ,30/6/2025\n", s.Unit.Code, 1000*(i+1)))
	}
	report := take(t, d, statistician, "weights", "dan-so-cu.csv", strings.NewReader(file.String()), false)
	equal(t, "refused", why(t, report), []string{"2 old place.weight.import", "3 part place.weight.parts"})
	if report = take(t, d, statistician, "weights", "dan-so-cu.csv", strings.NewReader(file.String()), false); report.Added != 0 || report.Same != len(before) {
		t.Errorf("the same file again: %s", sums(report))
	}
	if _, known := d.Flows(bacSon, place.Commune, lastOfThreeTiers); known {
		t.Error("drafts count already")
	}
	waiting, err := d.Waiting(t.Context(), province)
	if err != nil || len(waiting) != len(before) {
		t.Fatalf("Waiting = %d (%v), want %d", len(waiting), err, len(before))
	}
	for _, p := range waiting {
		if err := d.Decide(t.Context(), province, "weight", p.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	back, known := d.Flows(bacSon, place.Commune, lastOfThreeTiers)
	if !known || len(back) != len(before) {
		t.Fatalf("Flows(back) = %v %v", back, known)
	}
	for _, f := range back {
		if !f.Estimated || f.Whole {
			t.Errorf("%v is claimed to be exact", f)
		}
	}
	// One that went whole is still exact forward.
	if f, known := d.Flows(before[0].Unit.ID, place.Commune, firstOfTwoTiers); !known || !f[0].Whole {
		t.Errorf("Flows(%s) = %v", before[0].Unit.ID, f)
	}
}
