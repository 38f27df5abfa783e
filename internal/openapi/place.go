package openapi

import (
	"context"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/place"
)

// Place is one version of an administrative unit.
type Place struct {
	ID     string `json:"id"`   // code and first day: codes are used again
	Code   string `json:"code"` // official code
	Level  string `json:"level"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	NameEN string `json:"name_en,omitempty"`
	Parent string `json:"parent,omitempty"` // code of the unit above
	From   string `json:"from,omitempty"`   // first day; absent: before the oldest list that is known
	Until  string `json:"until,omitempty"`  // first day on which it no longer holds; absent: in force
	Now    []Step `json:"now,omitempty"`    // of a unit that has ended: where it lies today
	URL    string `json:"url"`
}

// Step leads from one version to another.
type Step struct {
	ID    string `json:"id"`
	Code  string `json:"code"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Whole bool   `json:"whole"` // the older unit went into the newer one entirely
}

// PlaceDetail is a place with what was before it, what became of it and what its lists say of its size.
type PlaceDetail struct {
	Place
	Above       []Place `json:"above"`        // nearest first
	Before      []Step  `json:"before"`       // out of which it was made
	BeforeKnown bool    `json:"before_known"` // false: nothing older is on record
	After       []Step  `json:"after"`
	Exact       bool    `json:"exact"` // it is the exact sum of the units before it
	Size        *Size   `json:"size,omitempty"`
}

// Size is the area and population of a unit. A figure that cannot be right is absent, and its state says so.
type Size struct {
	AreaKm2    *float64 `json:"area_km2,omitempty"`
	AreaState  string   `json:"area_state"` // read, doubtful or missing
	Population *int     `json:"population,omitempty"`
	PeopleIs   string   `json:"population_state"`
	Longitude  *float64 `json:"longitude,omitempty"`
	Latitude   *float64 `json:"latitude,omitempty"`
	AsOf       string   `json:"as_of,omitempty"`
	Source     string   `json:"source,omitempty"`
	Note       string   `json:"note,omitempty"`
}

func newPlace(u place.Unit) Place {
	return Place{
		ID: string(u.ID), Code: u.Code, Level: u.Level, Kind: u.Kind, Name: u.Name, NameEN: u.NameEN, Parent: u.ParentCode,
		From: u.From.String(), Until: u.Until.String(), URL: placeURL(u),
	}
}

// placeURL is the page of a version, on a day on which it held.
func placeURL(u place.Unit) string {
	switch {
	case u.Until == 0:
		return "/dia-ban/" + u.Code
	case u.From == 0:
		return "/dia-ban/" + u.Code + "?ngay=" + u.Until.Before().String()
	}
	return "/dia-ban/" + u.Code + "?ngay=" + u.From.String()
}

func newSteps(steps []place.Step) []Step {
	all := make([]Step, len(steps))
	for i, s := range steps {
		all[i] = Step{ID: string(s.Unit.ID), Code: s.Unit.Code, Kind: s.Unit.Kind, Name: s.Unit.Name, Whole: s.Whole}
	}
	return all
}

// date is the day asked about, today unless given.
func (q query) date(d *place.Desk) (place.Date, error) {
	given := q.text("date")
	if given == "" {
		return d.Today(), nil
	}
	on, err := place.ParseDate(given)
	if err != nil {
		return 0, fault.Field("date", "openapi.param.date")
	}
	return on, nil
}

func places(_ context.Context, d Desks, q query) (any, error) {
	on, err := q.date(d.Places)
	if err != nil {
		return nil, err
	}
	var all []Place
	if name := q.text("q"); name != "" {
		for _, f := range d.Places.Find(name, on, 500) {
			if level := q.text("level"); level == "" || level == f.Unit.Level {
				p := newPlace(f.Unit)
				p.Now = newSteps(f.Now)
				all = append(all, p)
			}
		}
		return page(q, all), nil
	}
	var area place.ID
	if within := q.text("within"); within != "" {
		u, err := placeAt(d, within, on)
		if err != nil {
			return nil, err
		}
		area = u.ID
	}
	for _, u := range d.Places.Units(area, q.text("level"), on) {
		all = append(all, newPlace(u))
	}
	return page(q, all), nil
}

// placeAt finds a unit by its code on a day, or by the identifier of a version.
func placeAt(d Desks, code string, on place.Date) (place.Unit, error) {
	if strings.Contains(code, "@") {
		return d.Places.ByID(place.ID(code))
	}
	return d.Places.At(code, on)
}

func onePlace(ctx context.Context, d Desks, q query) (any, error) {
	on, err := q.date(d.Places)
	if err != nil {
		return nil, err
	}
	u, err := placeAt(d, q.parts["code"], on)
	if err != nil {
		return nil, err
	}
	if !u.In(on) { // asked for by its identifier: what stood above it then
		on = u.Until.Before()
	}
	before, known := d.Places.Before(u.ID)
	detail := PlaceDetail{
		Place: newPlace(u), Above: []Place{}, Before: newSteps(before), BeforeKnown: known, After: newSteps(d.Places.After(u.ID)),
		Exact: d.Places.Exact(u.ID),
	}
	for _, above := range d.Places.Parents(u.ID, on) {
		detail.Above = append(detail.Above, newPlace(above))
	}
	profile, err := d.Places.Profile(ctx, u.ID)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return nil, err
	case profile.Unit != "":
		detail.Size = newSize(profile)
	}
	return detail, nil
}

func newSize(p place.Profile) *Size {
	s := &Size{AreaState: p.AreaState, PeopleIs: p.PeopleState, AsOf: p.AsOf.String(), Source: p.Source, Note: p.Note}
	if area, ok := p.Area(); ok {
		s.AreaKm2 = &area
	}
	if people, ok := p.People(); ok {
		s.Population = &people
	}
	if p.Longitude != 0 || p.Latitude != 0 {
		s.Longitude, s.Latitude = &p.Longitude, &p.Latitude
	}
	return s
}
