package openapi

import (
	"context"

	"banlang/internal/ethnic"
	"banlang/internal/place"
)

// Group is an ethnic group. Its slug is its key: the two official lists of codes number 37 groups differently.
type Group struct {
	Slug              string   `json:"slug"`
	Name              string   `json:"name"`
	NameEN            string   `json:"name_en"`
	Code1979          string   `json:"code_1979"`
	Code2008          string   `json:"code_2008"`
	Code2008Certainty string   `json:"code_2008_certainty"` // read or inferred
	Aliases           []string `json:"aliases"`
	Family            string   `json:"family"`
	Languages         []string `json:"languages"` // BCP 47, the likeliest first
	Minority          bool     `json:"minority"`
	Population1999    int      `json:"population_1999"` // census of 1 April 1999
	Population2019    int      `json:"population_2019"` // census of 1 April 2019, sum of the provinces
	Note              string   `json:"note,omitempty"`
	Source            string   `json:"source"`
	Certainty         string   `json:"certainty"`
	URL               string   `json:"url"`
}

// GroupDetail is a group with its census of 2019 by the provinces of that year.
type GroupDetail struct {
	Group
	Provinces []Count `json:"provinces"`
}

// Count is a number of people in a province. Small numbers are hidden, so that nobody is recognised.
type Count struct {
	Province   string `json:"province"` // code
	Name       string `json:"name"`
	Population *int   `json:"population,omitempty"`
	Hidden     bool   `json:"hidden,omitempty"`
}

func newGroup(d *ethnic.Desk, g ethnic.Group) Group {
	return Group{
		Slug: string(g.Slug), Name: g.Name, NameEN: g.NameEN, Code1979: g.Code1979, Code2008: g.Code2008,
		Code2008Certainty: g.Code2008Certainty, Aliases: some(g.Aliases), Family: g.Family, Languages: some(g.Languages),
		Minority: g.Minority, Population1999: d.Country1999(g.Slug), Population2019: d.Country2019(g.Slug), Note: g.Note,
		Source: g.Source, Certainty: g.Certainty, URL: "/dan-toc/" + string(g.Slug),
	}
}

// some makes an empty list of none, so that it is written [].
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func groups(_ context.Context, d Desks, q query) (any, error) {
	var all []Group
	for _, g := range d.Groups.Groups() {
		if q.text("minority") == "" || (q.text("minority") == "true") == g.Minority {
			all = append(all, newGroup(d.Groups, g))
		}
	}
	return page(q, all), nil
}

func oneGroup(_ context.Context, d Desks, q query) (any, error) {
	g, err := d.Groups.BySlug(ethnic.Slug(q.parts["slug"]))
	if err != nil {
		return nil, err
	}
	detail := GroupDetail{Group: newGroup(d.Groups, g), Provinces: []Count{}}
	for _, p := range d.Places.Units("", place.Province, place.FirstList) {
		f := d.Groups.In2019(g.Slug, p.Code)
		if !f.Known {
			continue
		}
		c := Count{Province: p.Code, Name: p.Name, Hidden: f.Hidden}
		if f.Shown() {
			c.Population = &f.Value
		}
		detail.Provinces = append(detail.Provinces, c)
	}
	return detail, nil
}
