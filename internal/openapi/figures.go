package openapi

import (
	"context"
	"time"

	"banlang/internal/fault"
	"banlang/internal/release"
	"banlang/internal/release/dataset"
)

// Figures are the releases that everybody may read.
type Figures interface {
	Public(ctx context.Context) ([]release.Release, error)
	Versions(ctx context.Context, code string) ([]release.Release, error)
	Table(ctx context.Context, r release.Release) (dataset.Table, error)
}

// DataSet is one released version of a data set.
type DataSet struct {
	Code          string   `json:"code"`
	Version       int      `json:"version"`
	Title         string   `json:"title"`
	TitleEN       string   `json:"title_en,omitempty"`
	Note          string   `json:"note,omitempty"`
	Source        string   `json:"source"`
	License       string   `json:"license"`
	Released      string   `json:"released"` // RFC 3339
	Indicators    []string `json:"indicators"`
	Periods       []string `json:"periods"`
	Demonstration bool     `json:"demonstration,omitempty"` // the figures are made up
	URL           string   `json:"url"`
	JSONStat      string   `json:"jsonstat"` // address of the figures themselves
}

// DataSetDetail is a data set with its dimensions and every format of its figures.
type DataSetDetail struct {
	DataSet
	Dimensions []DataDimension `json:"dimensions"`
	Cells      int             `json:"cells"`
	Hidden     int             `json:"hidden"` // cells that are not published, to protect small groups
	Files      []DataFile      `json:"files"`
}

// DataDimension is one way in which the figures are divided.
type DataDimension struct {
	Code    string       `json:"code"`
	Title   string       `json:"title"`
	TitleEN string       `json:"title_en,omitempty"`
	Members []DataMember `json:"members"`
}

// DataMember is one value of a dimension; "_T" stands for all.
type DataMember struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	NameEN string `json:"name_en,omitempty"`
	Parent string `json:"parent,omitempty"`
	Unit   string `json:"unit,omitempty"`
}

// DataFile is the same figures in one format. Every format hides the same cells.
type DataFile struct {
	Format string `json:"format"`
	Type   string `json:"type"`
	URL    string `json:"url"`
}

func newDataSet(r release.Release) DataSet {
	d := DataSet{
		Code: r.Spec.Code, Version: r.Version, Title: r.Spec.Title, TitleEN: r.Spec.TitleEN, Note: r.Spec.Note, Source: r.Spec.Source,
		License: release.License.ID, Released: r.ReleasedAt.UTC().Format(time.RFC3339), Demonstration: r.Demo, URL: "/so-lieu/" + r.Spec.Code,
		JSONStat: "/so-lieu/" + r.Spec.Code + ".jsonstat", Periods: []string{},
	}
	for _, code := range r.Spec.Indicators {
		d.Indicators = append(d.Indicators, string(code))
	}
	for _, p := range r.Spec.Periods {
		d.Periods = append(d.Periods, p.String())
	}
	return d
}

func dataSets(ctx context.Context, d Desks, q query) (any, error) {
	all, err := d.Figures.Public(ctx)
	if err != nil {
		return nil, err
	}
	var sets []DataSet
	for _, r := range all {
		if topic := q.text("topic"); topic == "" || topic == r.Topic {
			sets = append(sets, newDataSet(r))
		}
	}
	return page(q, sets), nil
}

func oneDataSet(ctx context.Context, d Desks, q query) (any, error) {
	versions, err := d.Figures.Versions(ctx, q.parts["code"])
	if err != nil {
		return nil, err
	}
	newest := versions[0]
	for _, v := range versions {
		if v.Version > newest.Version {
			newest = v
		}
	}
	if newest.State == release.Recalled {
		return nil, fault.New(fault.Gone, "stat.release.recalled")
	}
	t, err := d.Figures.Table(ctx, newest)
	if err != nil {
		return nil, err
	}
	detail := DataSetDetail{DataSet: newDataSet(newest), Cells: len(t.Cells)}
	for _, c := range t.Cells {
		if c.Status == dataset.Hidden {
			detail.Hidden++
		}
	}
	for _, dim := range t.Dims {
		out := DataDimension{Code: dim.Code, Title: dim.Title, TitleEN: dim.TitleEN, Members: []DataMember{}}
		for _, m := range dim.Members {
			out.Members = append(out.Members, DataMember{m.Code, m.Label, m.LabelEN, m.Parent, m.Unit})
		}
		detail.Dimensions = append(detail.Dimensions, out)
	}
	for _, f := range dataset.Formats {
		if f.Fits(t) {
			detail.Files = append(detail.Files, DataFile{f.Name, f.Type, "/so-lieu/" + t.ID + f.Ext})
		}
	}
	return detail, nil
}
