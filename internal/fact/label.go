package fact

import (
	"strings"
)

// String is the question as one line, for the record of who read what.
func (q Question) String() string {
	var parts []string
	add := func(name string, all []string) {
		if len(all) > 0 {
			parts = append(parts, name+" "+strings.Join(all[:min(len(all), 12)], ","))
		}
	}
	add("indicators", texts(q.Indicators))
	var periods []string
	for _, x := range q.Periods {
		periods = append(periods, x.String())
	}
	add("periods", periods)
	add("rows", texts(q.Rows))
	add("columns", texts(q.Cols))
	for _, d := range append([]Dim{ByPlace, ByAreaClass}, cutDims...) {
		add(string(d), q.Only[d])
	}
	if q.Geography != 0 {
		add("units of", []string{q.Geography.String()})
	}
	return strings.Join(parts, "; ")
}

func texts[T ~string](all []T) []string {
	some := make([]string, len(all))
	for i, s := range all {
		some[i] = string(s)
	}
	return some
}
