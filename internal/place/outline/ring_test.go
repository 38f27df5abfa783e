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

func TestUnion(t *testing.T) {
	const (
		west   = "M0 0l20 0 0 20 -20 0 z"
		east   = "M20 0l0 20 20 0 0 -20 z" // the other way round
		corner = "M40 20l20 0 0 20 -20 0 z"
		holed  = "M0 0l60 0 0 60 -60 0 zM20 20l20 0 0 20 -20 0 z"
		inside = "M20 20l20 0 0 20 -20 0 z"
		askew  = "M20 0l20 0 0 20 -20 0 1 -10 z" // a hair beside the line of west
	)
	square := [][2]int{{0, 0}, {60, 0}, {60, 60}, {0, 60}}
	for _, c := range []struct {
		name  string
		areas []string
		want  [][][2]int
	}{
		{"none", nil, nil},
		{"one", []string{west}, [][][2]int{{{0, 0}, {20, 0}, {20, 20}, {0, 20}}}},
		{"two side by side", []string{west, east}, [][][2]int{{{0, 0}, {40, 0}, {40, 20}, {0, 20}}}},
		{"two that touch in a point", []string{east, corner}, [][][2]int{{{20, 0}, {20, 20}, {40, 20}, {40, 0}}, {{40, 20}, {60, 20}, {60, 40}, {40, 40}}}},
		{"one in the hole of the other", []string{holed, inside}, [][][2]int{square}},
		{"two that do not meet exactly", []string{west, askew}, nil},
	} {
		var areas []Outline
		for _, p := range c.areas {
			areas = append(areas, Outline{Path: p})
		}
		got := Union(areas...)
		if c.want != nil && !reflect.DeepEqual(got, c.want) || c.want == nil && c.areas == nil && got != nil {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		sum := 0
		for _, ring := range got {
			sum += size(ring)
		}
		if c.areas != nil && c.want == nil && (sum < 1580 || sum > 1620) {
			t.Errorf("%s: %v encloses %d, want about 1600", c.name, got, sum)
		}
	}
}
