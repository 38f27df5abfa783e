package outline

import (
	"reflect"
	"testing"
)

func TestRings(t *testing.T) {
	got := Outline{Path: "M106100 -21000l0 -100 -100 0 0 100 zM1 2l3 4 z"}.Rings()
	want := [][][2]int{{{106100, -21000}, {106100, -21100}, {106000, -21100}, {106000, -21000}}, {{1, 2}, {4, 6}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Rings = %v, want %v", got, want)
	}
	if got := (Outline{}).Rings(); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
