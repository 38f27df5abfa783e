package plan_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/plan"
	"banlang/internal/web/webtest"
)

// mended is a target that its source had cut, as a planner completes it.
func mended(t plan.Target) plan.Target {
	t.TextVI, t.PopulationVI, t.NumeratorVI, t.DenominatorVI = "Hết năm 2023, chín phần mười xã có trang tin", "xã của tỉnh", "xã có trang tin", "xã của tỉnh"
	t.Methods, t.Operator, t.Value, t.Unit, t.Source = []plan.Method{plan.Count}, plan.AtLeast, plan.Whole(90), "%", "Kế hoạch 101/KH-UBND, mục I.2.a"
	return t
}

func TestWordingNeedsTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, desk := t.Context(), desk(d)
		cut, err := desk.Target(ctx, "KH101-2023-X")
		if err != nil || !cut.Cut() {
			t.Fatalf("Target = %+v, %v, want one that is cut", cut, err)
		}
		both := planner
		both.Grants = append([]duty.Grant{{Role: duty.ProvinceLeader, Area: province}}, planner.Grants...)
		number, err := desk.Edit(ctx, both, "k", mended(cut))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := desk.Edit(ctx, both, "k", mended(cut)); err != nil || again != number {
			t.Errorf("Edit with the same key = %d, %v, want %d", again, err, number)
		}
		if now, _ := desk.Target(ctx, cut.Code); !now.Cut() {
			t.Error("a draft changes the ledger")
		}
		if err := desk.Approve(ctx, both, cut.Code, number); !fault.Is(err, fault.Forbidden) {
			t.Errorf("approving one's own wording: %v, want forbidden", err)
		}
		if err := desk.Approve(ctx, planner, cut.Code, number); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a planner approves: %v, want forbidden", err)
		}
		for range 2 {
			if err := desk.Approve(ctx, leader, cut.Code, number); err != nil {
				t.Fatal(err)
			}
		}
		now, err := desk.Target(ctx, cut.Code)
		if err != nil || now.Cut() || now.Value != plan.Whole(90) || now.Number != number {
			t.Errorf("after the approval: %+v, %v", now, err)
		}
		title, err := db.Value[string](ctx, d, "SELECT title FROM search_entry WHERE id = $1", "target/"+cut.Code)
		if err != nil || title != now.TextVI {
			t.Errorf("the search holds %q, %v", title, err)
		}
	})
}

// A figure is held against the wording under which it was measured: another denominator makes it no proof.
func TestAnotherWordingIsAnotherMeasure(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx, desk := t.Context(), desk(d)
	id, err := desk.Measure(ctx, statistician, "", counted())
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Certify(ctx, leader, id); err != nil {
		t.Fatal(err)
	}
	waits, err := desk.Measure(ctx, statistician, "", counted())
	if err != nil {
		t.Fatal(err)
	}
	target, err := desk.Target(ctx, "KH101-2023-1")
	if err != nil {
		t.Fatal(err)
	}
	target.DenominatorVI = "người có uy tín đầu năm"
	number, err := desk.Edit(ctx, planner, "", target)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Approve(ctx, leader, target.Code, number); err != nil {
		t.Fatal(err)
	}
	l, err := desk.Line(ctx, target.Code)
	if err != nil || l.Judgement.Verdict != plan.NotEnough || l.Judgement.Figure.Known() {
		t.Errorf("Line = %+v, %v, want not enough without a figure", l.Judgement, err)
	}
	if err := desk.Certify(ctx, leader, waits); !fault.Is(err, fault.Conflict) {
		t.Errorf("certifying what was measured under the old wording: %v, want conflict", err)
	}
	past, err := desk.Published(ctx, target.Code)
	if err != nil || len(past) != 1 || past[0].Wording != 0 {
		t.Errorf("the history holds %v, %v, want the old figure", past, err)
	}
}

func TestEditRefuses(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(d)
	whole := mended(plan.Target{Code: "KH101-2025-6", Plan: "KH101", Due: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)})
	with := func(change func(*plan.Target)) plan.Target {
		t := whole
		change(&t)
		return t
	}
	for _, c := range []struct {
		name  string
		actor duty.Actor
		t     plan.Target
		key   string
	}{
		{"a statistician", statistician, whole, "duty.forbidden"},
		{"a visitor", duty.Actor{}, whole, "duty.unauthenticated"},
		{"a wild code", planner, with(func(t *plan.Target) { t.Code = "../x" }), "plan.code.form"},
		{"an unknown plan", planner, with(func(t *plan.Target) { t.Plan = "X" }), "plan.plan.required"},
		{"no text", planner, with(func(t *plan.Target) { t.TextVI = " " }), "plan.text_vi.required"},
		{"no source", planner, with(func(t *plan.Target) { t.Source = "" }), "plan.source.required"},
		{"no method", planner, with(func(t *plan.Target) { t.Methods = nil }), "plan.methods.required"},
		{"no unit", planner, with(func(t *plan.Target) { t.Unit = "" }), "plan.unit.required"},
		{"a thing to be done with a unit", planner, with(func(t *plan.Target) { t.Operator = plan.Done }), "plan.unit.done"},
		{"more than all", planner, with(func(t *plan.Target) { t.Value = plan.Whole(120) }), "plan.value.hundred"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := desk.Edit(t.Context(), c.actor, "", c.t)
			if all := fault.All(err); len(all) != 1 || all[0].Key != c.key {
				t.Errorf("Edit = %v, want %s", err, c.key)
			}
		})
	}
	if _, err := desk.Edit(t.Context(), planner, "", whole); err != nil {
		t.Errorf("a whole new target is refused: %v", err)
	}
}

func TestEditForms(t *testing.T) {
	s, _ := site(t, dbtest.SQLite(t))
	officer, boss := webtest.New(t, s).As("planner"), webtest.New(t, s).As("leader")
	address := "/ban-lam-viec/muc-tieu/KH101-2023-X/sua"
	page := officer.Post(address, "plan", "KH101", "operator", ">=", "unit", "%", "due", "", "text_vi", "giữ lại")
	if page.Status != http.StatusUnprocessableEntity || !page.Has("Ghi hạn", "Chưa có mức đề ra", "giữ lại") {
		t.Fatalf("a wrong form: %d %s", page.Status, page.Text())
	}
	page = officer.Post(address, "plan", "KH101", "section", "I.2.a", "text_vi", "Chín phần mười xã có trang tin", "population", "xã",
		"numerator_vi", "xã có trang tin", "denominator_vi", "xã", "methods", "count", "methods", "certified", "operator", ">=", "value", "90",
		"unit", "%", "due", "31/12/2023", "source", "Kế hoạch 101/KH-UBND")
	if page.Status != http.StatusSeeOther {
		t.Fatalf("a right form: %d %s", page.Status, page.Text())
	}
	if page = officer.Follow(page); !page.Has("Bạn đã sửa bản này") {
		t.Errorf("the planner's page does not say who approves: %s", page.Text())
	}
	if page = boss.Get("/ban-lam-viec/muc-tieu/KH101-2023-X/ban/1"); !page.Has("Chín phần mười xã", "từ 90% trở lên", "Duyệt bản này") {
		t.Errorf("the look lacks what changes: %s", page.Text())
	}
	if page = officer.Post("/ban-lam-viec/muc-tieu/KH101-2023-X/ban/1/duyet"); page.Status != http.StatusForbidden {
		t.Errorf("the planner approves: %d, want 403", page.Status)
	}
	if page = boss.Post("/ban-lam-viec/muc-tieu/KH101-2023-X/ban/1/duyet"); page.Status != http.StatusSeeOther {
		t.Fatalf("the leader approves: %d %s", page.Status, page.Text())
	}
	if page = webtest.New(t, s).Get("/muc-tieu/KH101-2023-X"); !page.Has("Chín phần mười xã có trang tin", "từ 90% trở lên") || page.Has("Nguồn bị cắt") {
		t.Errorf("the public page: %s", page.Text())
	}
}

// An edit of the words does not hide that the sources differ over the promise; another promise is no longer the one they differ over.
func TestEditKeepsWhatOtherSourcesSay(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx, desk := t.Context(), desk(d)
	targets, err := desk.Targets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(targets, func(t plan.Target) bool { return t.OtherValue != "" })
	old := targets[i]
	edit := func(t2 plan.Target) plan.Wording {
		t2.OtherValue, t2.OtherSource = "", "" // no form asks for them
		number, err := desk.Edit(ctx, planner, "", t2)
		if err != nil {
			t.Fatal(err)
		}
		w, err := desk.Wording(ctx, planner, old.Code, number)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	words, promise := old, old
	words.Note = "khác"
	promise.Value++
	if w := edit(words); w.OtherValue != old.OtherValue || w.OtherSource != old.OtherSource {
		t.Errorf("other words: %q of %q, want %q of %q", w.OtherValue, w.OtherSource, old.OtherValue, old.OtherSource)
	}
	if w := edit(promise); w.OtherValue != "" {
		t.Errorf("another promise still differs from %q", w.OtherValue)
	}
}
