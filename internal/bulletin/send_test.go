package bulletin

import (
	"strings"
	"testing"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// A drill carries its mark wherever a title goes, and the ledger is told apart from the title.
func TestDrill(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		text := h.fire()
		text.Drill = true
		id := h.published(text)
		public, err := h.Public(t.Context(), id)
		h.must(err)
		if e, _ := public.Told(Source); e.Title != "DIỄN TẬP: Phòng cháy rừng" {
			t.Errorf("the public reads %q", e.Title)
		}
		item, err := h.Item(t.Context(), delivery.Ref(id), 0)
		h.must(err)
		if e, _ := item.In(Source); !item.Drill || e.Title != "Phòng cháy rừng" {
			t.Errorf("the ledger is given %v %q", item.Drill, e.Title)
		}
		text.Drill, text.Title, text.Revision = false, public.Editions[0].Title, h.load(id).Editions[0].Revision
		h.wants("a drill that becomes real", h.Edit(t.Context(), h.as("e1", duty.Editor), "", id, text), fault.Invalid)
	})
}

// What was recalled is still told to the ledger, so that its recall goes wherever the bulletin went.
func TestItems(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id, other := h.published(h.fire()), h.published(h.fire())
		h.clock = h.clock.Add(time.Hour)
		h.must(h.Recall(t.Context(), h.as("e1", duty.Editor), "", id, "Tin này không đúng nữa."))
		refs := func(f delivery.Filter) string {
			items, err := h.Items(t.Context(), f)
			h.must(err)
			var all []string
			for _, i := range items {
				all = append(all, string(i.Ref))
			}
			return strings.Join(all, " ")
		}
		for _, c := range []struct {
			name   string
			filter delivery.Filter
			want   string
		}{
			{"in force", delivery.Filter{Size: 9}, string(other)},
			{"with what ended", delivery.Filter{Size: 9, Ended: true}, string(other) + " " + string(id)},
			{"ended since a moment", delivery.Filter{Size: 9, Ended: true, Since: h.clock}, string(id)},
			{"another topic", delivery.Filter{Size: 9, Ended: true, Topic: "market"}, ""},
			{"a commune within", delivery.Filter{Size: 9, Place: h.bacSon}, string(other)},
		} {
			if got := refs(c.filter); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		item, err := h.Item(t.Context(), delivery.Ref(id), 1)
		h.must(err)
		if !item.Recalled || item.Reason == "" || item.Ended.IsZero() {
			t.Errorf("the recalled item says %+v", item)
		}
	})
}
